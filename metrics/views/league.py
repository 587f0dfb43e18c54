"""同伴榜: where the stores one sees stand among their peers this month, and who is to be praised."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from metrics.registry import metric
from metrics.selectors import league as selectors
from metrics.services.ranking_peers import EVENTS
from metrics.views.alerts import refuse_guides
from metrics.views.goals import asked_month, month_links
from stores.models import Store
from stores.partials import render_page
from stores.requests import StaffRequest
from stores.selectors import stores_for

ROWS_A_PAGE = 30


@require_GET
@login_required
def league(request: StaffRequest) -> HttpResponse:
    """A manager's own place, or the table of the stores one sees."""
    user = request.user
    refuse_guides(user)
    if user.store_id is not None:
        return _store_page(request, get_object_or_404(stores_for(user), pk=user.store_id))
    month = asked_month(request)
    places = selectors.places_for(user, month=month)
    peers, text, sort = (request.GET.get(name, "")[:64] for name in ("peers", "q", "sort"))
    leagues = selectors.leagues_of(places)
    peers = peers if peers in dict(leagues) else ""
    rows = selectors.place_rows(places, peers=peers, text=text, sort=sort)
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "rows": [(place, selectors.cells_of(place)) for place in page], "leagues": leagues,
        "events": [metric(code) for code in EVENTS],
        "peers": peers, "q": text, "sort": sort, "praised": selectors.praised(month=month, peers=peers),
        **month_links(month),
    }  # fmt: skip
    return render_page(request, "metrics/league/list.html", context, partial="rows")


@require_GET
@login_required
def store_league(request: StaffRequest, pk: int) -> HttpResponse:
    """One store's place, as its manager sees it."""
    refuse_guides(request.user)
    return _store_page(request, get_object_or_404(stores_for(request.user), pk=pk))


def _store_page(request: StaffRequest, store: Store) -> HttpResponse:
    month = asked_month(request)
    place = selectors.place_of(store, month=month)
    context = {
        "store": store, "place": place, "parts": selectors.parts_of(place) if place else [],
        "praised": selectors.praised(month=month, peers=place.peers if place else ""),
        "is_own": request.user.store_id == store.pk, **month_links(month),
    }  # fmt: skip
    return render(request, "metrics/league/store.html", context)
