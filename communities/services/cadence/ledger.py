"""The quota ledger: what each group's window holds, and the life of one count from held to spent or freed."""

import calendar
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q

from communities.models import Broadcast, QuotaRule, QuotaUse
from communities.services.cadence.choosing import Budget

State = QuotaUse.State
_WEEK, _MONTH_OLD = 7, 4


@dataclass(frozen=True, slots=True)
class Window:
    """How many group-sends a group may get from one day to another, both included."""

    rule: str
    most: int
    first: date
    last: date


def rule_on(day: date) -> QuotaRule:
    """The rule that counts on a day. There is one: the migration sets WeCom's documented default from 2022 on."""
    return QuotaRule.objects.filter(valid_from__lte=day).latest("valid_from")


def window_of(rule: str, day: date) -> Window:
    """The window of a rule around a day; weeks begin on Monday."""
    month = calendar.monthrange(day.year, day.month)[1]
    if rule == QuotaRule.Rule.DAY_1:
        return Window(rule, 1, day, day)
    if rule == QuotaRule.Rule.WEEK_7:
        monday = day - timedelta(days=day.weekday())
        return Window(rule, _WEEK, monday, monday + timedelta(days=6))
    most = _MONTH_OLD if rule == QuotaRule.Rule.MONTH_4 else month
    return Window(rule, most, day.replace(day=1), day.replace(day=month))


def budgets(*, group_ids: Collection[int], day: date) -> dict[int, Budget]:
    """What each of the groups may still get on a day; one query for the counts."""
    rule = rule_on(day)
    window = window_of(rule.rule, day)
    counts = Q(state__in=[State.HELD, State.SPENT])
    uses = (
        QuotaUse.objects.filter(group__in=group_ids, day__range=(window.first, window.last))
        .values_list("group_id")
        .annotate(
            used=Count("pk", filter=counts),
            today=Count("pk", filter=counts & Q(day=day)),
            exhausted=Count("pk", filter=Q(state=State.EXHAUSTED)),
        )
    )
    found = {group: (used, today, bool(exhausted)) for group, used, today, exhausted in uses}
    reserve = min(rule.reserve, window.most)
    return {group: Budget(rule.rule, window.most, reserve, *found.get(group, (0, 0, False))) for group in group_ids}


def hold(*, day: date, places: Iterable[tuple[int, int]], at: datetime) -> None:
    """Count a group-send, given as (group, broadcast), before it is asked for."""
    QuotaUse.objects.bulk_create(
        [QuotaUse(group_id=group, broadcast_id=send, day=day, state=State.HELD, at=at) for group, send in places],
        ignore_conflicts=True,
    )


def free(*, broadcast: Broadcast, group_ids: Collection[int] | None = None, at: datetime) -> int:
    """Give back what was held for groups, or all, of a group-send that will not reach them."""
    held = QuotaUse.objects.filter(broadcast=broadcast, state=State.HELD)
    if group_ids is not None:
        held = held.filter(group__in=group_ids)
    return held.update(state=State.FREED, at=at)


def settle(*, broadcast: Broadcast, group_ids: Collection[int], state: State, day: date, at: datetime) -> None:
    """What WeCom reported: spent or exhausted on a day, which a late tap may put into the next window; or freed."""
    QuotaUse.objects.filter(broadcast=broadcast, group__in=group_ids).exclude(state=state, day=day).update(
        state=state, day=day, msgid=broadcast.msgid, at=at
    )


def adopt(*, msgid: str) -> None:
    """A group-send that was read as somebody else's turns out to be ours: it is counted once, as held by us."""
    QuotaUse.objects.filter(msgid=msgid, broadcast=None).delete()
