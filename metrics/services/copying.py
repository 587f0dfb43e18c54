"""Copy WeCom's daily figures of each colleague before they vanish (wecom.md §3.10: 180 days, 30 at a time)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from metrics.models import OwnerDay, RolledDay
from metrics.services.rolling.days import recount_staff
from stores.models import Staff
from wecom.client.errors import WeComRefused
from wecom.client.statistics import Behaviour, GroupFigures
from wecom.gateway import WeCom

REACH = timedelta(days=30)  # what was missed is fetched as far back as one question may ask
_OWNERS = 100  # at once
_DAY = timedelta(days=1)


def copy_figures(*, gateway: WeCom, at: datetime) -> int:
    """Copy every day of the last thirty that is not here yet, of everybody at work; how many rows were new.

    Repeating it asks only for what is missing, and a killed copy goes on there. Whom WeCom refuses to tell about (not
    visible to the app, no licence) is left out. The figures then enter the staff's tallies of those days.

    :raises WeComError: WeCom cannot say now; what was copied is kept
    """
    yesterday = timezone.localdate(at) - _DAY
    missing = _missing(first=yesterday - REACH + _DAY, last=yesterday)
    by_day: dict[date, list[str]] = defaultdict(list)
    for userid, days in missing.items():
        for day in days:
            by_day[day].append(userid)
    of_groups: dict[tuple[str, date], GroupFigures] = {}
    for day, userids in sorted(by_day.items()):
        for start in range(0, len(userids), _OWNERS):
            for owner, figures in _groups_of(userids[start : start + _OWNERS], day=day, gateway=gateway):
                of_groups[owner.lower(), day] = figures
    copied = 0
    days_touched: set[date] = set()
    for userid, days in missing.items():
        rows = [
            _row(userid, day, of_groups.get((userid, day)), behaviour, at=at)
            for day, behaviour in _behaviour_of(userid, days=days, gateway=gateway)
        ]
        copied += len(OwnerDay.objects.bulk_create(rows, ignore_conflicts=True))
        days_touched.update(row.day for row in rows)
    for day in RolledDay.objects.filter(day__in=days_touched).order_by("day").values_list("day", flat=True):
        recount_staff(day=day, at=at)
    return copied


def _missing(*, first: date, last: date) -> dict[str, list[date]]:
    known = set(OwnerDay.objects.filter(day__range=(first, last)).values_list("userid", "day"))
    at_work = Staff.objects.filter(is_active=True).exclude(wecom_userid="").order_by("wecom_userid")
    days = [first + n * _DAY for n in range((last - first).days + 1)]
    wanted = {
        userid: [day for day in days if (userid, day) not in known]
        for userid in at_work.values_list("wecom_userid", flat=True)
    }
    return {userid: days for userid, days in wanted.items() if days}


def _groups_of(userids: Sequence[str], *, day: date, gateway: WeCom) -> Iterator[tuple[str, GroupFigures]]:
    """The day's figures of those of them who own groups; one whom WeCom refuses hides nobody else."""
    midnight = _midnight(day)
    try:
        pages = list(gateway.statistics.by_owner_pages(owners=userids, since=midnight, until=midnight))
    except WeComRefused:
        if len(userids) > 1:
            middle = len(userids) // 2
            yield from _groups_of(userids[:middle], day=day, gateway=gateway)
            yield from _groups_of(userids[middle:], day=day, gateway=gateway)
        return
    yield from ((one["owner"], one["data"]) for page in pages for one in page.items)


def _behaviour_of(userid: str, *, days: Sequence[date], gateway: WeCom) -> Iterable[tuple[date, Behaviour]]:
    try:
        told = gateway.statistics.behaviour(userid=userid, since=_midnight(days[0]), until=_midnight(days[-1]))
    except WeComRefused:
        return []
    of_day = {timezone.localdate(datetime.fromtimestamp(one["stat_time"], UTC)): one for one in told}
    return [(day, of_day[day]) for day in days if day in of_day]


def _row(userid: str, day: date, groups: GroupFigures | None, own: Behaviour, *, at: datetime) -> OwnerDay:
    row = OwnerDay(
        userid=userid, day=day, read_at=at, chats=own.get("chat_cnt", 0), messages=own.get("message_cnt", 0),
        applications=own.get("new_apply_cnt", 0), contacts=own.get("new_contact_cnt", 0),
        blocked_by=own.get("negative_feedback_cnt", 0),
    )  # fmt: skip
    if groups is not None:
        row.groups, row.talking_groups = groups["chat_total"], groups["chat_has_msg"]
        row.members, row.new_members = groups["member_total"], groups["new_member_cnt"]
        row.speakers, row.group_messages = groups["member_has_msg"], groups["msg_total"]
    return row


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
