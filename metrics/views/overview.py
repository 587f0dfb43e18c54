"""经营总览: the whole chain, or one region of it, on a period beside the one before."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from metrics.asking import Wish
from metrics.selectors import parts
from metrics.selectors.alerts import open_alerts
from metrics.selectors.periods import Period
from metrics.tables import overview as tables
from metrics.tables import ranking
from metrics.views.access import office_only
from metrics.views.pages import HeatRow, chooser, heat_by_day, tiles, trend_of
from stores.models import Region
from stores.requests import StaffRequest
from stores.selectors import regions_for

_ENDS = 5  # stores at either end of the ranking
_WEEK, _MONTH = 7, 31
_TREND = "net_sales"


@require_GET
@office_only
def overview(request: StaffRequest) -> HttpResponse:
    """Everything this person may see, or the region, tier and stage asked for."""
    return _page(request, _wish(request), heading="经营总览")


@require_GET
@office_only
def region(request: StaffRequest, pk: int) -> HttpResponse:
    """One region with all below it."""
    found = regions_for(request.user).select_related("parent").filter(pk=pk).first()
    if found is None:
        raise Http404("没有这个区域")
    wish = _wish(request, region=str(found.pk))
    return _page(request, wish, heading=found.name, region=found)


def _wish(request: StaffRequest, **fixed: str) -> Wish:
    query = request.GET.copy()
    for name, value in fixed.items():
        query[name] = value
    today = timezone.localdate(timezone.now())
    return Wish(request.user, query, today=today, codes=tables.OF_REGIONS)


def _page(request: StaffRequest, wish: Wish, *, heading: str, region: Region | None = None) -> HttpResponse:
    stores = wish.stores
    shown = wish.trend(_TREND)
    context: dict[str, Any] = {
        "heading": heading, "region": region, "here": "overview", "scope": _scope(wish),
        "store_count": stores.count(), "tiles": tiles(wish, tables.USUAL, stores), "shown": shown,
        "alerts": open_alerts(stores, _ENDS),
    }  # fmt: skip
    return render(request, "metrics/overview.html", context | chooser(wish, page="overview"))


@require_GET
@office_only
def trend(request: StaffRequest) -> HttpResponse:
    """The part with the chart, fetched by the page so that the figures above never wait for sixty days of a chain."""
    wish = _wish(request)
    return render(request, "metrics/trend.html", {"trend": trend_of(wish, wish.trend(_TREND), wish.stores)})


@require_GET
@office_only
def places(request: StaffRequest) -> HttpResponse:
    """The part with both ends of the ranking, the regions and the city tiers."""
    wish = _wish(request)
    best, worst = ranking.ends(wish, "net_sales", "on_time_rate", most=_ENDS)
    context = {
        "wish": wish, "best": best, "worst": worst, "tiers": tables.tiers_table(wish),
        "regions": tables.regions_table(wish, parts.regions_below(request.user, wish.region)),
    }  # fmt: skip
    return render(request, "metrics/places.html", context)


def _scope(wish: Wish) -> str:
    if wish.region is not None:
        return wish.region.name
    return wish.user.region.name if wish.user.region else "全国"


def _week_of(wish: Wish) -> Period:
    """The days of the map: those of the period, at least a week of them and at most a month."""
    days = min(max(len(wish.period), _WEEK), _MONTH)
    return Period(wish.period.last - timedelta(days=days - 1), wish.period.last)


@require_GET
@office_only
def heat(request: StaffRequest) -> HttpResponse:
    """The part with the heat map of the slots: by day, or by region. Tier and stage do not narrow it."""
    wish = _wish(request)
    by_region = request.GET.get("by") == "region"
    mine = regions_for(request.user)
    regions = mine.filter(path__startswith=wish.region.path) if wish.region else mine
    slots = parts.slots()
    if by_region:
        below = parts.regions_below(request.user, wish.region)
        shares = parts.slots_by_region(wish.period, regions, below)
        pages = [reverse("metrics:region", args=[one.pk]) for one in below]
        rows = [
            HeatRow(one.name, [shares.get((one.pk, slot.number)) for slot in slots], page)
            for one, page in zip(below, pages, strict=True)
        ]
    else:
        period = _week_of(wish)
        rows = heat_by_day(period, slots, parts.slots_by_day(period, regions), page=reverse("dashboard:execution"))
    context = {"slots": slots, "rows": rows, "by_region": by_region, "wish": wish}
    return render(request, "metrics/heat.html", context)
