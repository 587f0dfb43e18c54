"""Reads of entry codes: what a store has, what came through, what is wrong."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from communities.models import CodeAdd, CodeAlert, CodeBatch, CodeScan, EntryCode, GroupMembership
from stores.models import Staff, Store
from stores.selectors import stores_for

WEEK = timedelta(days=7)

_PATIENCE = timedelta(minutes=2)  # a message that was sent arrives long before


def forgotten_codes(*, at: datetime, limit: int) -> list[int]:
    """Codes to be made whose message or worker seems lost."""
    waiting = EntryCode.objects.takeable(at).filter(created_at__lte=at - _PATIENCE)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:limit])


def group_code_of(store: Store) -> EntryCode | None:
    """The group code a welcome offers: the oldest that works."""
    return EntryCode.objects.live().filter(store=store, kind=EntryCode.Kind.GROUP).order_by("pk").first()


def codes_for(user: Staff) -> QuerySet[EntryCode]:
    """The codes of the stores this person may see, but for retired ones."""
    return EntryCode.objects.kept().filter(store__in=stores_for(user)).select_related("store")


def may_change_codes(user: Staff, store: Store) -> bool:
    """Managers order their own store's codes, HQ and region leads those of theirs; guides only look."""
    return user.role != Staff.Role.GUIDE and stores_for(user).filter(pk=store.pk).exists()


def code_rows(codes: QuerySet[EntryCode], *, at: datetime) -> QuerySet[EntryCode]:
    """Codes as a list shows them: what came in the last seven days, and whether something is wrong. Worst first."""
    since = at - WEEK
    mine = OuterRef("pk")
    alerts = CodeAlert.objects.filter(code=mine, cleared_at=None, raised_at__isnull=False)
    return codes.annotate(
        adds_week=_count(CodeAdd.objects.filter(code=mine, at__gt=since)),
        joins_week=_count(joins(since).filter(state=OuterRef("token"))),
        scans_week=Coalesce(
            Subquery(
                CodeScan.objects.filter(code=mine, day__gt=timezone.localdate(since))
                .order_by().values("code").annotate(n=Sum("times")).values("n")
            ), 0,
        ),
        alert=Subquery(alerts.order_by("raised_at").values("message")[:1]),
    ).order_by(F("alert").asc(nulls_last=True), "store__code", "scene", "kind", "label", "pk")  # fmt: skip


def joins(since: datetime) -> QuerySet[GroupMembership]:
    """Customers who joined a group since a moment, whether still there or not."""
    return GroupMembership.objects.filter(joined_at__gt=since, is_staff=False)


def _count(rows: QuerySet[Any]) -> Coalesce:
    key = "state" if rows.model is GroupMembership else "code"
    return Coalesce(Subquery(rows.order_by().values(key).annotate(n=Count("pk")).values("n")), 0)


@dataclass(frozen=True, slots=True)
class Day:
    """What came through a code on a business day."""

    day: date
    scans: int
    adds: int
    joins: int


def days_of(code: EntryCode, *, last: date, count: int = 14) -> list[Day]:
    """The days up to the last one, oldest first, quiet days among them."""
    first = last - timedelta(days=count - 1)
    since = timezone.make_aware(datetime.combine(first, time.min)) - timedelta(microseconds=1)
    scans = dict(code.scans.filter(day__gte=first).values_list("day", "times"))
    adds = _by_day(code.adds.filter(at__gt=since), "at")
    joined = _by_day(joins(since).filter(state=code.token), "joined_at")
    days = [first + timedelta(days=n) for n in range(count)]
    return [Day(day, scans.get(day, 0), adds.get(day, 0), joined.get(day, 0)) for day in days]


def _by_day(rows: QuerySet[Any], moment: str) -> dict[date, int]:
    counted = rows.annotate(day=TruncDate(moment)).order_by().values("day").annotate(n=Count("pk"))
    return dict(counted.values_list("day", "n"))


def open_alerts(user: Staff) -> QuerySet[CodeAlert]:
    """Raised and not cleared, in the stores this person may see, newest first."""
    raised = CodeAlert.objects.filter(cleared_at=None, raised_at__isnull=False, code__store__in=stores_for(user))
    return raised.select_related("code__store").order_by("-raised_at", "pk")


def batch_rows(*, limit: int = 10) -> list[CodeBatch]:
    """The latest batches with how far each is."""
    counts = {
        f"n_{status}": Count("codes", filter=Q(codes__status=status))
        for status in ("creating", "live", "failed", "lost")
    }
    return list(
        CodeBatch.objects.select_related("ordered_by").annotate(total=Count("codes"), **counts).order_by("-pk")[:limit]
    )
