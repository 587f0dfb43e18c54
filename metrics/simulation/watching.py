"""What is watched over in the sample chain: alerts, goals, places in the league, and one case that was shared."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from communities.models import Material
from metrics.goal_kinds import last_day, month_before, month_of
from metrics.models import Alert, Case, Goal, RolledDay
from metrics.services.alerting.passing import DAILY, pass_daily, pass_hourly, settle
from metrics.services.alerting.rules import current_rules
from metrics.services.cases.expecting import post_records, post_units
from metrics.services.cases.finding import LOOK_BACK, find_cases
from metrics.services.cases.sharing import CaseRefused, Words, copy_case, edit_case, share_case
from metrics.services.goals.making import make_goals
from metrics.services.goals.progress import count_month
from metrics.services.ranking_peers import rank_month
from metrics.services.rolling.days import roll_day
from metrics.surprise import ordinary
from stores.models import Staff, Store

_ROLLED = 125  # days: the three months before last month's goals, nearly
_WATCHED = 6  # days of daily passes before today
_LEAST_PEOPLE = 200
_COPIES = 2
_NEAREST = 2  # stores of a kind
_WHY = "晚上八点大家都在家，店长用自己的话说、配当天的实物图，比通稿更可信；文案里只讲一种水果，下单只要一步。"


def add_sample_watch(*, at: datetime) -> bool:
    """Bring the sample chain's watch up to date once; False where it is there already or there is no HQ."""
    hq = Staff.objects.filter(role=Staff.Role.HQ, is_active=True).order_by("pk").first()
    if hq is None or Goal.objects.exists() or Alert.objects.exists():
        return False
    today = timezone.localdate(at)
    first = today - timedelta(days=_ROLLED)
    known = set(RolledDay.objects.filter(day__gte=first).values_list("day", flat=True))
    for day in (first + timedelta(days=n) for n in range(_ROLLED)):
        if day not in known:
            roll_day(day=day, at=at)
    this, yesterday = month_of(today), today - timedelta(days=1)
    for month in (month_before(this), this):
        make_goals(month=month, at=at)
        if month <= yesterday:
            through = min(yesterday, last_day(month))
            count_month(month=month, through=through)
            rank_month(month=month, through=through)
    for back in range(_WATCHED, -1, -1):
        morning = datetime.combine(today - timedelta(days=back), time(7, 42), tzinfo=timezone.get_default_timezone())
        pass_daily(at=min(morning, at))
    pass_hourly(at=at)
    _raise_the_nearest(at)
    find_cases(at=at)
    _share_one(hq, at)
    return True


def _raise_the_nearest(at: datetime) -> None:
    """Show what came nearest to each line too: a chain of thirty shops is seldom bad enough for a full list."""
    last = timezone.localdate(at) - timedelta(days=1)
    shown = Store.objects.filter(staff__username="manager").values_list("pk", flat=True).first()
    for kind, measure in DAILY.items():
        rule = current_rules()[kind]
        near = {pk: found for pk, found in measure(last=last, least=0).items() if 2 * found.badness >= rule.raise_at}
        worst = sorted(near, key=lambda pk: (pk != shown, -near[pk].badness, pk))[:_NEAREST]
        low = min((near[pk].badness for pk in worst), default=0.0)
        rule.raise_at, rule.clear_at, rule.raise_after = low, low / 2, 1  # for this look alone: it is not saved
        settle(rule=rule, findings={pk: near[pk] for pk in worst}, look_name=last.isoformat(), at=at)


def _share_one(hq: Staff, at: datetime) -> None:
    """Write up and share the best draft; where nothing stands out, what came nearest to it."""
    case = Case.objects.filter(kind=Case.Kind.POST, material__archived_at=None).order_by("-lift_low").first()
    case = case or _nearest(at)
    if case is None or case.material is None or case.material.current is None:
        return
    did = f"20 点发这一条，店长先自己拍一张实物图：\n{case.material.current.text}"
    edit_case(case=case, words=Words(title=case.title, did=did[:2_000], why=_WHY), by=hq, at=at)
    share_case(case=case, scope=Case.Scope.ALL, by=hq, at=at)
    managers = Staff.objects.filter(role=Staff.Role.MANAGER, is_active=True, store__isnull=False).order_by("-pk")
    for manager in managers.select_related("store")[:_COPIES]:
        try:
            copy_case(case=case, store=manager.store, by=manager, at=at)  # type: ignore[arg-type]  # asked for above
        except CaseRefused:
            continue


def _nearest(at: datetime) -> Case | None:
    last = timezone.localdate(at) - timedelta(days=1)
    records = post_records(post_units(first=last - timedelta(days=LOOK_BACK - 1), last=last))
    usual = ordinary(record for record, _ in records.values())
    materials = Material.objects.filter(archived_at=None, current__isnull=False).in_bulk(list(records))
    found = [
        (usual.lift(record), record, people, materials[pk])
        for pk, (record, people) in records.items()
        if pk in materials and people >= _LEAST_PEOPLE
    ]
    if not found:
        return None
    lift, record, people, material = max(found, key=lambda one: (one[0].low, one[3].pk))
    return Case.objects.create(
        kind=Case.Kind.POST, material=material, store=material.store, title=material.name, observed=record.observed,
        expected=record.expected, exposure=people, units=record.units, lift_low=lift.low, lift=lift.point,
        lift_high=lift.high, found_at=at, counted_at=at,
    )  # fmt: skip
