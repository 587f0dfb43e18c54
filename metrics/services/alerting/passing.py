"""One pass over all stores: look, count the look once, raise and clear.

A pass is one transaction per kind behind an advisory lock, and a handful of statements however many stores there are;
`one_open_alert_per_rule_and_subject` holds even against what does not take the lock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from communities.models import CodeAlert
from metrics.hysteresis import Watch, look
from metrics.models import Alert, AlertRule
from metrics.services.alerting import measures, words
from metrics.services.alerting.measures import Finding
from metrics.services.alerting.rules import current_rules
from stores.models import Store

Kind, Ending = AlertRule.Kind, Alert.Ending
Measure = Callable[..., Mapping[int, Finding]]
DAILY: dict[AlertRule.Kind, Measure] = {
    Kind.EXECUTION_DROP: measures.execution_drop,
    Kind.QUIT_SPIKE: measures.quit_spike,
    Kind.SALES_GAP: measures.sales_gap,
}
_LOCK = 0xA1E7  # the class of our advisory locks
_BATCH = 2_000
_FIGURES = ["badness", "cause", "advice", "link", "hits", "misses", "looked", "seen_at", "raised_at", "cleared_at",
            "ending"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Passed:
    """Of one pass: how many alerts were raised, and how many ended."""

    raised: int = 0
    ended: int = 0

    def __add__(self, other: "Passed") -> "Passed":
        return Passed(self.raised + other.raised, self.ended + other.ended)


def pass_daily(*, at: datetime) -> Passed:
    """Look at yesterday and the days before it; a look counts once a business day, however often this is called."""
    last = timezone.localdate(at) - timedelta(days=1)
    rules = current_rules()
    whole = Passed()
    for kind, measure in DAILY.items():
        rule = rules[kind]
        found = measure(last=last, least=rule.least) if rule.is_on else {}
        whole += settle(rule=rule, findings=found, look_name=last.isoformat(), at=at)
    return whole


def pass_hourly(*, at: datetime) -> Passed:
    """What cannot wait for the night: planned goods that are sold out, and codes with something wrong."""
    rules = current_rules()
    rule = rules[Kind.STOCK_OUT]
    hour = f"{timezone.localtime(at):%Y-%m-%d %H}"
    found = measures.stock_out(at=at) if rule.is_on else {}
    return settle(rule=rule, findings=found, look_name=hour, at=at) + follow_codes(rule=rules[Kind.CODE], at=at)


@transaction.atomic
def settle(*, rule: AlertRule, findings: Mapping[int, Finding], look_name: str, at: datetime) -> Passed:
    """Bring the alerts of a kind in line with what a look found, by store id; a store without a finding is not judged.

    Alerts of stores that trade no longer, and all of a rule that is switched off, end as 不再适用.
    """
    _one_at_a_time(rule)
    watched = set(Store.objects.exclude(stage=Store.Stage.SUSPENDED).values_list("pk", flat=True)) if rule.is_on else ()
    standing = {alert.store_id: alert for alert in Alert.objects.standing().filter(kind=rule.kind)}
    # Who said today that it is dealt with is not told again today.
    resolved = Alert.objects.filter(kind=rule.kind, ending=Ending.RESOLVED, looked__gte=look_name[:10])
    hushed = set(resolved.values_list("store_id", flat=True))
    fresh: list[Alert] = []
    changed: list[Alert] = []
    forgotten: list[Alert] = []
    for store_id, finding in findings.items():
        alert = standing.pop(store_id, None)
        if store_id not in watched:
            if alert is not None:
                standing[store_id] = alert
            continue
        if alert is None:
            is_bad = look(Watch(), finding.badness, rule.thresholds).hits > 0
            if is_bad and store_id not in hushed:
                alert = Alert(kind=rule.kind, store_id=store_id)
                _note(alert, finding, rule, look_name=look_name, at=at)
                fresh.append(alert)
        elif alert.looked < look_name:
            _note(alert, finding, rule, look_name=look_name, at=at)
            (changed if alert.raised_at or alert.hits else forgotten).append(alert)
    for store_id, alert in standing.items():
        if store_id not in watched and alert.raised_at is None:
            forgotten.append(alert)
        elif store_id not in watched:
            alert.cleared_at, alert.ending = at, Ending.NOT_APPLICABLE
            changed.append(alert)
    # A pass that takes no lock may have been faster: its row counts, ours is the repetition.
    Alert.objects.bulk_create(fresh, batch_size=_BATCH, ignore_conflicts=True)
    Alert.objects.bulk_update(changed, _FIGURES, batch_size=_BATCH)
    Alert.objects.filter(pk__in=[alert.pk for alert in forgotten]).delete()
    return Passed(
        raised=sum(alert.raised_at == at and alert.cleared_at is None for alert in (*fresh, *changed)),
        ended=sum(alert.cleared_at is not None for alert in changed),
    )


@transaction.atomic
def follow_codes(*, rule: AlertRule, at: datetime) -> Passed:
    """Put what communities found wrong with codes into the list, and take it out when it is over there.

    Each finding comes in once: resolved by hand here, it does not come back; a new one of the same code does.
    """
    _one_at_a_time(rule)
    known = Alert.objects.filter(code_alert__isnull=False)
    raised = CodeAlert.objects.filter(raised_at__isnull=False, cleared_at=None).select_related("code__store")
    unseen = raised.exclude(pk__in=known.values("code_alert")) if rule.is_on else raised.none()
    fresh = [_of_a_code(one, at) for one in unseen]
    Alert.objects.bulk_create(fresh, batch_size=_BATCH, ignore_conflicts=True)
    still_open = known.filter(cleared_at=None)
    if not rule.is_on:
        return Passed(ended=still_open.update(cleared_at=at, ending=Ending.NOT_APPLICABLE))
    over = still_open.filter(code_alert__cleared_at__isnull=False)
    return Passed(raised=len(fresh), ended=over.update(cleared_at=at, ending=Ending.BY_ITSELF))


def _of_a_code(found: CodeAlert, at: datetime) -> Alert:
    return Alert(
        kind=Kind.CODE, store=found.code.store, code_alert=found, badness=1, hits=1, raised_at=found.raised_at,
        looked=f"{timezone.localtime(at):%Y-%m-%d %H}", seen_at=at, link=f"/codes/{found.code_id}/",
        cause=f"{found.code}：{found.message}"[: words.CAUSE], advice=found.fix[: words.ADVICE],
    )  # fmt: skip


def _note(alert: Alert, finding: Finding, rule: AlertRule, *, look_name: str, at: datetime) -> None:
    """Take over a finding: the state after one more look, and its words."""
    watch = look(alert.watch, finding.badness, rule.thresholds)
    alert.badness, alert.looked, alert.seen_at = finding.badness, look_name, at
    if finding.badness >= rule.clear_at:  # of what is well again, the last bad figures stay
        alert.cause, alert.advice, alert.link = words.of(AlertRule.Kind(alert.kind), alert.store_id, finding)
    alert.follow(watch, at=at)


def _one_at_a_time(rule: AlertRule) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, str(rule.kind)])
