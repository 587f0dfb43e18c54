"""Every night: count the last days again by other queries than the roll-up's, and say where the two disagree.

The roll-up is SQL over temporary tables; this is the ORM straight over the facts, posts by the execution page's own
measures. The flows of a day are compared for every store, the thirty-day figures for one store in a hundred, others
each night: they cost as much as the roll-up itself.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from campaigns.models import Order
from communities.models import CodeScan, GroupMembership, PostTask
from communities.selectors.measures import EXPECTED, MISSED, Tally, counted
from members.models import Purchase
from metrics.models import DirtyDay, RolledDay, StoreTally, TallyDifference

DAYS = 2  # those that were counted last
_SAMPLE = 100
_BACK = timedelta(hours=24)
_WINDOW = timedelta(days=30)
_DAY = timedelta(days=1)
Facts = dict[int, dict[str, int]]


def check_last_days(*, at: datetime) -> int:
    """Compare the days counted last with the facts; how many numbers differ."""
    newest = RolledDay.objects.aggregate(last=Max("day"))["last"]
    if newest is None:
        return 0
    return sum(check_day(day=newest - n * _DAY, at=at) for n in range(DAYS))


@transaction.atomic
def check_day(*, day: date, at: datetime) -> int:
    """Compare one counted day with the facts, keep what differs in place of what was kept before; how many.

    A store with a fact still to be counted is left out. What differs is noted to be counted again.
    """
    if not RolledDay.objects.filter(day=day).exists():
        return 0
    waiting = set(DirtyDay.objects.filter(day__lte=day).values_list("store_id", flat=True))
    flows = _flows(day)
    sample = [pk for pk in StoreTally.objects.filter(day=day).values_list("store_id", flat=True)
              if pk % _SAMPLE == day.toordinal() % _SAMPLE]  # fmt: skip
    windows = _windows(day, sample)
    compared, found = 0, []
    names = (*_FLOWS, *_WINDOWS)
    for row in StoreTally.objects.filter(day=day).exclude(store__in=waiting).values("store_id", *names):
        store = row["store_id"]
        expected = {name: flows[store].get(name, 0) for name in _FLOWS}
        if store in windows:
            expected |= {name: windows[store].get(name, 0) for name in _WINDOWS}
        compared += len(expected)
        found += [
            TallyDifference(store_id=store, day=day, component=name, kept=row[name], facts=facts, found_at=at)
            for name, facts in expected.items()
            if row[name] != facts
        ]
    TallyDifference.objects.filter(day=day).delete()
    TallyDifference.objects.bulk_create(found, batch_size=5_000)
    DirtyDay.objects.bulk_create(
        DirtyDay(store_id=store, day=day, cause=DirtyDay.Cause.REST, noted_at=at)
        for store in sorted({one.store_id for one in found})
    )
    RolledDay.objects.filter(day=day).update(checked_at=at, compared=compared)
    return len(found)


_FLOWS = (
    "members_end", "joins", "quits", "dissolved", "planned", "expected", "on_time", "missed", "sent_verified",
    "sent_client", "sent_declared", "orders", "paid_fen", "refunded_fen", "claims", "scans",
)  # fmt: skip
_WINDOWS = ("buyers_30d", "repeat_buyers_30d", "orders_30d", "people_end")


def _flows(day: date) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = defaultdict(dict)
    since = _midnight(day)
    until = since + _DAY
    for source in (_posts(day, until), _sales(since, until), _stays(since, until), _plays(day, since, until)):
        for store, name, number in source:
            found[store][name] = int(number or 0)
    return found


def _posts(day: date, until: datetime) -> Iterable[tuple[int, str, int]]:
    rows = PostTask.objects.filter(day=day).order_by().values("store_id").annotate(**counted(at=until))
    for row in rows:
        tally = Tally.of(row)
        yield row["store_id"], "planned", tally["total"]
        yield row["store_id"], "expected", sum(tally[name] for name in EXPECTED)
        yield row["store_id"], "on_time", tally["on_time"]
        yield row["store_id"], "missed", sum(tally[name] for name in MISSED)
        yield row["store_id"], "sent_verified", tally["api_verified"]
        yield row["store_id"], "sent_client", tally["client_callback"]
        yield row["store_id"], "sent_declared", tally["self_declared"]


def _sales(since: datetime, until: datetime) -> Iterable[tuple[int, str, int]]:
    lines = Purchase.objects.filter(bought_at__gte=since, bought_at__lt=until).order_by()
    for row in lines.values("store_id").annotate(
        paid=Sum("paid_fen", filter=Q(paid_fen__gt=0)), back=Sum("paid_fen", filter=Q(paid_fen__lt=0))
    ):
        yield row["store_id"], "paid_fen", row["paid"]
        yield row["store_id"], "refunded_fen", -(row["back"] or 0)
    orders: dict[int, int] = defaultdict(int)
    receipts = lines.values("store_id", "source", "receipt").annotate(fen=Sum("paid_fen")).filter(fen__gt=0)
    for store in receipts.values_list("store_id", flat=True):
        orders[store] += 1
    yield from ((store, "orders", number) for store, number in orders.items())


def _stays(since: datetime, until: datetime) -> Iterable[tuple[int, str, int]]:
    stays = GroupMembership.objects.filter(is_staff=False, group__store__isnull=False).order_by()
    again = GroupMembership.objects.filter(
        group=OuterRef("group"), who=OuterRef("who"), joined_at__gte=OuterRef("left_at"),
        joined_at__lte=OuterRef("left_at") + _BACK,
    ).exclude(pk=OuterRef("pk"))  # fmt: skip
    before = GroupMembership.objects.filter(
        group=OuterRef("group"), who=OuterRef("who"), left_at__gte=OuterRef("joined_at") - _BACK,
        left_at__lte=OuterRef("joined_at"),
    ).exclude(pk=OuterRef("pk"))  # fmt: skip
    left = stays.filter(left_at__gte=since, left_at__lt=until).filter(~Exists(again))
    there = stays.filter(joined_at__lt=until).filter(Q(left_at=None) | Q(left_at__gte=until))
    # Out at midnight, and back within a day of having left: she was never gone.
    between = stays.filter(left_at__lt=until, left_at__gte=until - _BACK).filter(
        Exists(again.filter(joined_at__gte=until)), ~Exists(again.filter(joined_at__lt=until))
    )
    yield from _by_store(stays.filter(joined_at__gte=since, joined_at__lt=until).filter(~Exists(before)), "joins")
    yield from _by_store(left.exclude(left_at=F("group__dismissed_at")), "quits")
    yield from _by_store(left.filter(left_at=F("group__dismissed_at")), "dissolved")
    number: dict[int, int] = defaultdict(int)
    for rows in (there, between):
        for store, _, count in _by_store(rows, "members_end"):
            number[store] += count
    yield from ((store, "members_end", count) for store, count in number.items())


def _by_store(stays: QuerySet[GroupMembership], name: str) -> Iterable[tuple[int, str, int]]:
    rows = stays.values("group__store_id").annotate(n=Count("pk")).values_list("group__store_id", "n")
    return ((store, name, number) for store, number in rows)


def _plays(day: date, since: datetime, until: datetime) -> Iterable[tuple[int, str, int]]:
    orders = Order.objects.filter(reserved_at__gte=since, reserved_at__lt=until).order_by()
    for row in orders.values("store_id").annotate(n=Count("pk")):
        yield row["store_id"], "claims", row["n"]
    scans = CodeScan.objects.filter(day=day).order_by().values("code__store_id").annotate(n=Sum("times"))
    for store, number in scans.values_list("code__store_id", "n"):
        yield store, "scans", number


def _windows(day: date, stores: list[int]) -> Facts:
    """Thirty days of these stores, counted person by person."""
    until = _midnight(day) + _DAY
    orders: dict[tuple[int, int], int] = defaultdict(int)
    lines = Purchase.objects.filter(
        store__in=stores, member__isnull=False, bought_at__gte=until - _WINDOW, bought_at__lt=until
    ).order_by()
    receipts = lines.values("store_id", "member_id", "source", "receipt").annotate(fen=Sum("paid_fen"))
    for receipt in receipts:
        orders[receipt["store_id"], receipt["member_id"]] += receipt["fen"] > 0
    facts: Facts = {store: dict.fromkeys(_WINDOWS, 0) for store in stores}
    for (store, _), number in orders.items():
        facts[store]["orders_30d"] += number
        facts[store]["buyers_30d"] += number > 0
        facts[store]["repeat_buyers_30d"] += number > 1
    back = GroupMembership.objects.filter(
        group=OuterRef("group"), who=OuterRef("who"), joined_at__gte=until, joined_at__lte=OuterRef("left_at") + _BACK
    )
    inside = GroupMembership.objects.filter(is_staff=False, group__store__in=stores, joined_at__lt=until).filter(
        Q(left_at=None) | Q(left_at__gte=until) | Q(left_at__gte=until - _BACK) & Exists(back)
    )
    people = inside.order_by().values("group__store_id").annotate(n=Count("who", distinct=True))
    for store, number in people.values_list("group__store_id", "n"):
        facts[store]["people_end"] = number
    return facts


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())
