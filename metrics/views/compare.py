"""对比: a period beside the one before it, or a few stores side by side."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from metrics.asking import Wish
from metrics.tables import compare as tables
from metrics.tables import ranking
from metrics.views.access import office_only
from metrics.views.pages import chooser
from stores.requests import StaffRequest
from stores.selectors import stores_matching

_FOUND = 8


@require_GET
@office_only
def compare(request: StaffRequest) -> HttpResponse:
    """Periods unless stores are asked for."""
    wish = Wish(request.user, request.GET, today=timezone.localdate(timezone.now()), preset="7", codes=tables.USUAL)
    by_store = request.GET.get("view") == "stores"
    stores = tables.chosen_stores(wish) if by_store else []
    text = request.GET.get("find", "").strip()[:64]
    found = stores_matching(wish.everywhere, text=text) if by_store and text else wish.everywhere.none()
    context = chooser(wish, page="compare", without={"m"}) | {
        "here": "compare", "by_store": by_store, "stores": stores, "find": text,
        "found": [store for store in found.select_related("region").order_by("code")[:_FOUND] if store not in stores],
        "may_add": len(stores) < tables.STORES_AT_MOST, "most": tables.STORES_AT_MOST,
        "table": tables.side_by_side(wish, stores) if by_store else tables.periods(wish),
        "choices": ranking.choices(wish.choices),
    }  # fmt: skip
    return render(request, "metrics/compare.html", context)
