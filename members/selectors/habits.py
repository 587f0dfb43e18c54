"""What a member's purchases tell: months, usual hour, favourites; counted in the database, returns net of sales.

Every function takes lines already narrowed to one member and to the stores the user may see (`purchases_for`).
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Func, Max, Min, Q, QuerySet, Sum, TextField
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, TruncMonth
from django.utils import timezone

from members.models import Purchase

# Below this a "usual day" would be chance.
USUAL_NEEDS = 4
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

_RECEIPT = Func(F("store"), F("source"), F("receipt"), function="ROW", output_field=TextField())
_SALE = Q(paid_fen__gte=0)


@dataclass(frozen=True)
class Totals:
    """A member's purchases in one line; money in fen, `net_fen` after returns."""

    receipts: int
    net_fen: int
    returned_fen: int
    first_at: datetime | None
    last_at: datetime | None

    @property
    def average_fen(self) -> int:
        """What one visit left in the till, after returns, to the nearest fen."""
        return round(self.net_fen / self.receipts) if self.receipts else 0


@dataclass(frozen=True)
class Month:
    first_day: date
    receipts: int
    net_fen: int


@dataclass(frozen=True)
class Usual:
    """When a member comes; `weekday` (1 = Monday) and `hour` are None while there are too few visits to say."""

    visits: int
    by_weekday: list[int]
    weekday: int | None
    weekday_visits: int
    hour: int | None
    hour_visits: int

    @property
    def weekday_name(self) -> str:
        return WEEKDAYS[self.weekday - 1] if self.weekday else ""


@dataclass(frozen=True)
class Favourite:
    product_id: int
    name: str
    receipts: int
    net_fen: int


def totals(lines: QuerySet[Purchase]) -> Totals:
    found = lines.aggregate(
        receipts=Count(_RECEIPT, distinct=True, filter=_SALE),
        net=Sum("paid_fen", default=0),
        returned=Sum("paid_fen", filter=~_SALE, default=0),
        first=Min("bought_at", filter=_SALE),
        last=Max("bought_at", filter=_SALE),
    )
    return Totals(found["receipts"], found["net"], -found["returned"], found["first"], found["last"])


def months(lines: QuerySet[Purchase], *, until: datetime, count: int = 12) -> list[Month]:
    """The last `count` calendar months (Asia/Shanghai) up to the month of `until`, empty ones as zeros."""
    today = timezone.localdate(until)
    serials = [today.year * 12 + today.month - 1 - back for back in range(count - 1, -1, -1)]
    days = [date(serial // 12, serial % 12 + 1, 1) for serial in serials]
    start = timezone.make_aware(datetime.combine(days[0], datetime.min.time()))
    found = {
        timezone.localdate(row["month"]): row
        for row in lines.filter(bought_at__gte=start)
        .annotate(month=TruncMonth("bought_at"))
        .values("month")
        .annotate(receipts=Count(_RECEIPT, distinct=True, filter=_SALE), net=Sum("paid_fen"))
    }
    return [Month(day, found[day]["receipts"], found[day]["net"]) if day in found else Month(day, 0, 0) for day in days]


def usual(lines: QuerySet[Purchase]) -> Usual:
    """The weekday and the hour most visits fall on; the earlier one where two are equal."""
    by_weekday, by_hour = [0] * 7, [0] * 24
    visits = (
        lines.filter(_SALE)
        .annotate(weekday=ExtractIsoWeekDay("bought_at"), hour=ExtractHour("bought_at"))
        .values_list("weekday", "hour")
        .annotate(receipts=Count(_RECEIPT, distinct=True))
    )
    for weekday, hour, receipts in visits:
        by_weekday[weekday - 1] += receipts
        by_hour[hour] += receipts
    total = sum(by_weekday)
    known = total >= USUAL_NEEDS
    return Usual(
        visits=total,
        by_weekday=by_weekday,
        weekday=by_weekday.index(max(by_weekday)) + 1 if known else None,
        weekday_visits=max(by_weekday),
        hour=by_hour.index(max(by_hour)) if known else None,
        hour_visits=max(by_hour),
    )


def favourites(lines: QuerySet[Purchase], *, limit: int = 8) -> list[Favourite]:
    """The products bought most often, by receipts and then by money."""
    return [
        Favourite(*row)
        for row in lines.values_list("product", "product__name")
        .annotate(receipts=Count(_RECEIPT, distinct=True, filter=_SALE), net=Sum("paid_fen"))
        .filter(receipts__gt=0)
        .order_by("-receipts", "-net", "product")[:limit]
    ]
