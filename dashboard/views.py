"""Where people land, and the numbers of a store that need more than the store's own tables."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from communities.selectors.execution import day_total
from dashboard import selectors
from stores.models import Staff, Store
from stores.requests import StaffRequest
from stores.selectors import stores_for

CITIES = 10
IMPORTS = 5


@require_GET
@login_required
def home(request: StaffRequest) -> HttpResponse:
    """The overview for HQ and region leads; store staff go straight to their day."""
    if request.user.role in {Staff.Role.MANAGER, Staff.Role.GUIDE}:
        return redirect("dashboard:today")
    at = timezone.now()
    stores = stores_for(request.user)
    stages = selectors.stores_by_stage(stores)
    cities = selectors.stores_by_city(stores, top=CITIES)
    context = {
        "at": at,
        "stages": stages,
        "store_count": sum(stages.values()),
        "trading_count": stages[Store.Stage.RUNNING] + stages[Store.Stage.OPENING],
        "members": selectors.members_of(stores, everyone=request.user.is_hq),
        "cities": cities,
        "city_chart": {
            "unit": "家",
            "categories": [city for city, _ in cities],
            "series": [{"name": "营业门店", "values": [count for _, count in cities]}],
        },
        "imports": selectors.recent_imports(request.user, top=IMPORTS),
        "todos": selectors.todos(stores, at=at),
        "execution": day_total(day=timezone.localdate(at), stores=stores, everyone=request.user.is_hq, at=at),
    }
    return render(request, "dashboard/home.html", context)


@require_GET
@login_required
def store_sales(request: StaffRequest, pk: int) -> HttpResponse:
    """The strip of numbers on a store's page, fetched by it so that the page itself never waits for them."""
    store = get_object_or_404(stores_for(request.user), pk=pk)
    context = {
        "sales": selectors.store_sales(store, at=timezone.now()),
        "members": selectors.members_of(stores_for(request.user).filter(pk=pk)),
    }
    return render(request, "dashboard/store_sales.html", context)
