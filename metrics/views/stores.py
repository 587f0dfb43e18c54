"""A store's own page, beside its peers; its groups, and whatever else it is made of."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from communities.models import PostTask
from communities.selectors.groups import groups_for
from metrics.asking import Wish
from metrics.registry.components import Grain
from metrics.selectors import parts, reading
from metrics.selectors.advice import advice_for
from metrics.selectors.alerts import open_alerts
from metrics.selectors.periods import Period
from metrics.selectors.standing import standings_of
from metrics.tables import group as group_tables
from metrics.tables import store as tables
from metrics.views.access import OFFICE, no_guides
from metrics.views.pages import chooser, heat_by_day, tiles, trend_of
from stores.models import Store
from stores.requests import StaffRequest
from stores.selectors import stores_for

TILES = ("net_sales", "orders", "members", "net_growth", "on_time_rate", "repurchase_rate")
_TREND = "net_sales"
_POSTS, _ALERTS = 60, 3
_WEEK = timedelta(days=6)


def _store(request: StaffRequest, pk: int) -> Store:
    return get_object_or_404(stores_for(request.user).select_related("region"), pk=pk)


@require_GET
@no_guides
def store(request: StaffRequest, pk: int) -> HttpResponse:
    """One store: its figures, how it stands among its peers, what to do next, its days and its parts."""
    found = _store(request, pk)
    at = timezone.now()
    wish = Wish(request.user, request.GET, today=timezone.localdate(at), preset="7", codes=tables.DAYS)
    wish.stores = stores_for(request.user).filter(pk=found.pk)
    shown = wish.trend(_TREND)
    standings = standings_of(found, wish.period)
    is_office = request.user.role in OFFICE
    day_page = reverse("dashboard:execution_store", args=[found.pk]) if is_office else ""
    slots, week = parts.slots(), Period(wish.period.last - _WEEK, wish.period.last)
    context: dict[str, Any] = {
        "store": found, "here": "store", "tiles": tiles(wish, TILES, wish.stores),
        "trend": trend_of(wish, shown, wish.stores), "shown": shown, "standings": standings,
        "alerts": open_alerts(wish.stores, _ALERTS), "slots": slots,
        "advice": advice_for(request.user, found, standings),
        "heat": heat_by_day(week, slots, parts.slots_of_store(found, week, at=at), page=day_page),
        "parts": list(tables.PARTS.values()),
        "is_mine": not is_office,
    }  # fmt: skip
    return render(request, "metrics/store.html", context | chooser(wish))


@require_GET
@no_guides
def store_part(request: StaffRequest, pk: int, name: str) -> HttpResponse:
    """A table of the store's groups, campaigns, codes or colleagues; a page of its own without htmx."""
    found = _store(request, pk)
    part = tables.PARTS.get(name)
    if part is None:
        raise Http404("没有这个表")
    wish = Wish(request.user, request.GET, today=timezone.localdate(timezone.now()), preset="7")
    table = tables.part_table(wish, stores_for(request.user).filter(pk=found.pk), part, name=found.name)
    is_part = bool(request.htmx)  # type: ignore[attr-defined]
    context = chooser(wish) | {"store": found, "part": part, "table": table, "parts": list(tables.PARTS.values())}
    return render(request, "metrics/store_part.html#rows" if is_part else "metrics/store_part.html", context)


@require_GET
@no_guides
def group(request: StaffRequest, pk: int) -> HttpResponse:
    """One group by day, and its posts of the period, each with its life behind it."""
    found = get_object_or_404(groups_for(request.user).select_related("store", "owner"), pk=pk)
    today = timezone.localdate(timezone.now())
    wish = Wish(request.user, request.GET, today=today, preset="7", codes=group_tables.DAYS, grain=Grain.GROUP)
    own = reading.of_groups(wish.codes, wish.period, stores_for(request.user).filter(groups=found))
    posts = (
        PostTask.objects.filter(group=found, day__range=(wish.period.first, wish.period.last))
        .exclude(state=PostTask.State.WITHDRAWN)
        .select_related("slot", "version__material")
        .order_by("-day", "-slot_id")[:_POSTS]
    )
    context = chooser(wish) | {
        "group": found, "here": "store", "table": group_tables.days_table(wish, found),
        "own": own.get(found.pk, {}), "posts": posts, "is_office": request.user.role in OFFICE,
    }  # fmt: skip
    return render(request, "metrics/group.html", context)
