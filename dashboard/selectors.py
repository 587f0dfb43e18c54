"""What the landing pages count. Only numbers that are facts today; metrics with a definition live in `metrics`."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils import timezone

from members.models import Member, Purchase
from stores.models import ImportJob, Staff, Store
from stores.selectors import stores_for, stores_without_manager

COUNTED_EXACTLY = 20_000
FITOUT_IS_LONG = timedelta(days=45)


@dataclass(frozen=True)
class StoreSales:
    """A store's sales of this business month so far and of the last one whole; returns are taken off."""

    this_month_fen: int
    this_month_receipts: int
    last_month_fen: int
    newest_at: datetime | None


def store_sales(store: Store, *, at: datetime) -> StoreSales:
    """Read off the purchases, in one query over two months of one store."""
    this_month = timezone.localdate(at).replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    is_now = Q(bought_at__gte=_midnight(this_month))
    found = Purchase.objects.filter(store=store, bought_at__gte=_midnight(last_month), bought_at__lte=at).aggregate(
        this_fen=Sum("paid_fen", filter=is_now),
        receipts=Count("receipt", distinct=True, filter=is_now),
        last_fen=Sum("paid_fen", filter=~is_now),
        newest=Max("bought_at"),
    )
    return StoreSales(
        this_month_fen=found["this_fen"] or 0,
        this_month_receipts=found["receipts"],
        last_month_fen=found["last_fen"] or 0,
        newest_at=found["newest"],
    )


@dataclass(frozen=True)
class Headcount:
    """A number of members, counted or, where counting would take long, estimated by the database's planner."""

    number: int
    is_estimate: bool


def members_of(stores: QuerySet[Store], *, everyone: bool = False) -> Headcount:
    """The members at home in these stores; `everyone` adds those with no home store."""
    members = Member.objects.filter(merged_into=None)
    if not everyone:
        members = members.filter(home_store__in=stores)
    plan = json.loads(members.explain(format="json"))
    expected = int(plan[0]["Plan"]["Plan Rows"])
    if expected > COUNTED_EXACTLY:
        return Headcount(number=expected, is_estimate=True)
    return Headcount(number=members.count(), is_estimate=False)


def stores_by_stage(stores: QuerySet[Store]) -> dict[str, int]:
    """How many stores stand in each stage; every stage is there."""
    counted = dict(stores.order_by().values_list("stage").annotate(Count("pk")))
    return {stage.value: counted.get(stage.value, 0) for stage in Store.Stage}


def stores_by_city(stores: QuerySet[Store], *, top: int) -> list[tuple[str, int]]:
    """The cities with the most stores that trade."""
    trading = stores.filter(stage__in=[Store.Stage.OPENING, Store.Stage.RUNNING]).exclude(city="")
    return list(trading.order_by().values_list("city").annotate(n=Count("pk")).order_by("-n", "city")[:top])


def recent_imports(user: Staff, *, top: int) -> QuerySet[ImportJob]:
    """The newest import jobs that concern this person: all for HQ, else their own and their stores'."""
    jobs = ImportJob.objects.select_related("uploaded_by", "store").order_by("-created_at")
    if not user.is_hq:
        jobs = jobs.filter(Q(uploaded_by=user) | Q(store__in=stores_for(user)))
    return jobs[:top]


@dataclass(frozen=True)
class Todo:
    """Something to put right, and where."""

    count: int
    text: str
    hint: str
    query: str


def todos(stores: QuerySet[Store], *, at: datetime) -> list[Todo]:
    """What needs a hand among these stores, nothing that is fine."""
    stale = timezone.localdate(at) - FITOUT_IS_LONG
    found = [
        Todo(stores_without_manager(stores).count(), "家门店还没有店长", "没有店长就没人发群、管库存", "manager=none"),
        Todo(
            stores.filter(stage=Store.Stage.FITOUT, fitout_on__lt=stale).count(),
            f"家门店装修超过 {FITOUT_IS_LONG.days} 天", "核对开业时间，或转为开业", "stage=fitout&sort=opened_on",
        ),
    ]  # fmt: skip
    return [todo for todo in found if todo.count]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
