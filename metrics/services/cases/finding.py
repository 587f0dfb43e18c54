"""Find what beat expectation and draft cases of it; and bring the figures of cases and copies up to date. Nightly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from campaigns.models import Campaign
from communities.models import Material
from metrics.goal_kinds import month_of
from metrics.models import Case, CaseCopy
from metrics.services.cases.expecting import campaign_records, post_records, post_units, store_records
from metrics.surprise import Lift, Record, ordinary
from stores.models import Store

LOOK_BACK = 56  # days
STORE_DAYS = 28
BEATS = 1.15  # times expectation, which the interval must lie above
NEW_CASES = 10  # of a kind in one night: HQ reads them all
_BATCH = 1_000
Kind = Case.Kind
Records = Mapping[int, tuple[Record, int]]


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a subject must have behind it before it may become a case."""

    people: int
    units: int
    expected: float


LEAST = {
    Kind.POST: Exposure(people=500, units=3, expected=5),
    Kind.CAMPAIGN: Exposure(people=200, units=1, expected=10),
    Kind.STORE: Exposure(people=100, units=4, expected=100_000),  # fen
}


@dataclass(frozen=True, slots=True)
class Found:
    """One subject that may be worth a case."""

    subject: int
    record: Record
    people: int
    lift: Lift


def find_cases(*, at: datetime) -> int:
    """Draft a case of each new subject whose interval lies above expectation; how many are new. Safe to repeat.

    Known cases, drafts and shared ones alike, get the figures of tonight; a dismissed one stays dismissed.
    """
    last = timezone.localdate(at) - timedelta(days=1)
    posts = post_records(post_units(first=last - timedelta(days=LOOK_BACK - 1), last=last))
    campaigns = campaign_records(first=last - timedelta(days=LOOK_BACK - 1), last=last)
    stores = store_records(first=last - timedelta(days=STORE_DAYS - 1), last=last)
    made = sum((
        _take(Kind.POST, posts, at=at, month=None),
        _take(Kind.CAMPAIGN, campaigns, at=at, month=None),
        _take(Kind.STORE, stores, at=at, month=month_of(last)),
    ))  # fmt: skip
    _count_copies(posts, at=at, kind_of_subject="material_id")
    _count_copies(campaigns, at=at, kind_of_subject="campaign_id")
    return made


def above(kind: Case.Kind, records: Records) -> list[Found]:
    """The subjects that beat expectation for sure and with enough behind them, the surest first."""
    usual = ordinary(record for record, _ in records.values())
    least = LEAST[kind]
    found = [
        Found(subject, record, people, usual.lift(record))
        for subject, (record, people) in records.items()
        if people >= least.people and record.units >= least.units and record.expected >= least.expected
    ]
    return sorted((one for one in found if one.lift.low > BEATS), key=lambda one: (-one.lift.low, one.subject))


@transaction.atomic
def _take(kind: Case.Kind, records: Records, *, at: datetime, month: date | None) -> int:
    column = {Kind.POST: "material_id", Kind.CAMPAIGN: "campaign_id", Kind.STORE: "store_id"}[kind]
    known = {getattr(case, column): case for case in Case.objects.filter(kind=kind, month=month)}
    usual = ordinary(record for record, _ in records.values())
    for subject, case in known.items():
        if subject in records:
            record, people = records[subject]
            _measure(case, Found(subject, record, people, usual.lift(record)), at)
    fields = ["observed", "expected", "exposure", "units", "lift", "lift_low", "lift_high", "counted_at"]
    Case.objects.bulk_update(known.values(), fields, batch_size=_BATCH)
    copied = set(CaseCopy.objects.filter(material__isnull=False).values_list("material", flat=True))
    copied_campaigns = set(CaseCopy.objects.filter(campaign__isnull=False).values_list("campaign", flat=True))
    spoken_for = set(known) | {Kind.POST: copied, Kind.CAMPAIGN: copied_campaigns, Kind.STORE: set()}[kind]
    fresh = [one for one in above(kind, records) if one.subject not in spoken_for][:NEW_CASES]
    cases = _drafts(kind, fresh, month=month, at=at)
    Case.objects.bulk_create(cases, ignore_conflicts=True)
    return len(cases)


def _drafts(kind: Case.Kind, found: list[Found], *, month: date | None, at: datetime) -> list[Case]:
    subjects = [one.subject for one in found]
    cases = []
    match kind:
        case Kind.POST:
            materials = Material.objects.select_related("store", "current").in_bulk(subjects)
            for one in found:
                material = materials[one.subject]
                did = material.current.text if material.current else ""
                cases.append(Case(kind=kind, material=material, store=material.store, title=material.name, did=did))
        case Kind.CAMPAIGN:
            campaigns = Campaign.objects.select_related("store").prefetch_related("items").in_bulk(subjects)
            for one in found:
                campaign = campaigns[one.subject]
                goods = "、".join(item.name for item in campaign.items.all())
                did = f"{campaign.get_play_display()}：{goods}"
                cases.append(Case(kind=kind, campaign=campaign, store=campaign.store, title=campaign.title, did=did))
        case _:
            stores = Store.objects.in_bulk(subjects)
            for one in found:
                title = f"{stores[one.subject].name}为什么卖得好"
                cases.append(Case(kind=kind, store=stores[one.subject], month=month, title=title))
    for case_, one in zip(cases, found, strict=True):
        case_.found_at = at
        _measure(case_, one, at)
    return cases


def _measure(case: Case, found: Found, at: datetime) -> None:
    case.observed, case.expected, case.units = found.record.observed, found.record.expected, found.record.units
    case.exposure, case.counted_at = found.people, at
    case.lift_low, case.lift, case.lift_high = found.lift.low, found.lift.point, found.lift.high


@transaction.atomic
def _count_copies(records: Records, *, at: datetime, kind_of_subject: str) -> None:
    """Each copy's own record, kept when its posts are too old to be looked at, and what a case's copies came to."""
    usual = ordinary(record for record, _ in records.values())
    copies = list(CaseCopy.objects.filter(**{f"{kind_of_subject}__isnull": False}).select_related("case"))
    whole: dict[int, Record] = {}
    for copy in copies:
        subject = getattr(copy, kind_of_subject)
        if subject in records:
            record, copy.exposure = records[subject]
            copy.observed, copy.expected = record.observed, record.expected
            copy.units, copy.scatter, copy.counted_at = record.units, record.scatter, at
        if copy.units:
            mine = Record(copy.observed, copy.expected, copy.units, copy.scatter)
            whole[copy.case_id] = whole[copy.case_id] + mine if copy.case_id in whole else mine
    fields = ["exposure", "observed", "expected", "units", "scatter", "counted_at"]
    CaseCopy.objects.bulk_update([copy for copy in copies if copy.counted_at == at], fields, batch_size=_BATCH)
    cases = list(Case.objects.filter(pk__in=whole))
    for case in cases:
        lift = usual.lift(whole[case.pk])
        case.copies_low, case.copies_lift, case.copies_high = lift.low, lift.point, lift.high
    Case.objects.bulk_update(cases, ["copies_low", "copies_lift", "copies_high"], batch_size=_BATCH)
