"""The plan as one store meets it: HQ looks ahead for any store, a manager at the own days."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from communities.models import CalendarDay, Material, StorePost, Theme
from communities.services.planning import own_posts as services
from communities.services.planning.previewing import offers, store_day
from communities.views.planning.access import refuse_strangers, slot_or_404
from stores.models import Staff, Store
from stores.requests import StaffRequest
from stores.selectors import stores_for, stores_matching

MOST_STORES = 12


@require_GET
@login_required
def preview(request: StaffRequest) -> HttpResponse:
    """What a store's groups will get, day by day for a week."""
    refuse_strangers(request)
    stores = stores_for(request.user).exclude(stage=Store.Stage.SUSPENDED)
    text = request.GET.get("q", "").strip()[:64]
    code = request.GET.get("store", "")
    store = get_object_or_404(stores.select_related("region"), code=code) if code else None
    if store is None and not text:
        store = stores.filter(groups__dismissed_at=None).select_related("region").order_by("code").first()
    context: dict[str, Any] = {"q": text, "store": store}
    if text:
        context["found"] = stores_matching(stores, text=text).order_by("code")[:MOST_STORES]
    if store is not None:
        context |= _days(request) | _store_day(request, store)
    return render(request, "communities/plan/preview.html", context)


@require_GET
@login_required
def mine(request: StaffRequest) -> HttpResponse:
    """My store's coming days; a manager may change what is not must-do."""
    store = _own_store(request)
    context = _days(request) | _store_day(request, store) | {"store": store, "limit": services.day_limit()}
    return render(request, "communities/plan/mine.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def pick(request: StaffRequest, day: str, number: int) -> HttpResponse:
    """Choose what goes out in one slot: one tap on a material."""
    store = _own_store(request)
    if request.user.role != Staff.Role.MANAGER:
        raise Http404
    on, slot, now = _day_or_404(day), slot_or_404(str(number)), timezone.now()
    if request.method == "POST":
        material = get_object_or_404(_materials(store), pk=request.POST.get("material") or 0)
        try:
            put = services.put_own_post(store=store, day=on, slot=slot, material=material, by=request.user, at=now)
        except services.OwnPostRefused as refused:
            messages.error(request, str(refused))
        else:
            kept = f"；{put.kept_must_do} 个群仍发总部的必做内容" if put.kept_must_do else ""
            messages.success(request, f"{slot} 换成「{material.name}」{kept}")
        return _back(on)
    theme, own_only = request.GET.get("theme", ""), request.GET.get("from") == "own"
    today = store_day(store=store, day=on, at=now)
    place = next((one for one in today.slots if one.slot.pk == slot.pk), None)
    context = {
        "store": store, "day": on, "slot": slot, "place": place, "theme": theme, "own_only": own_only,
        "themes": Theme.choices,
        "offers": offers(store=store, day=on, slot=slot, theme=theme, own_only=own_only, at=now),
    }  # fmt: skip
    return render(request, "communities/plan/pick.html", context)


@require_POST
@login_required
def put_back(request: StaffRequest, pk: int) -> HttpResponse:
    """Take the store's own post back; what HQ planned counts again."""
    store = _own_store(request)
    if request.user.role != Staff.Role.MANAGER:
        raise Http404
    post = get_object_or_404(StorePost.objects.select_related("store", "slot"), pk=pk, store=store)
    try:
        services.remove_own_post(post=post, at=timezone.now())
    except services.OwnPostRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{post.slot} 已恢复成总部的安排")
    return _back(post.day)


def _own_store(request: StaffRequest) -> Store:
    if request.user.store_id is None:
        raise Http404
    return get_object_or_404(stores_for(request.user).select_related("region"), pk=request.user.store_id)


def _materials(store: Store) -> Any:
    return Material.objects.filter(store=None) | Material.objects.filter(store=store)


def _days(request: StaffRequest) -> dict[str, Any]:
    """The strip of days, and which one is open."""
    today = timezone.localdate()
    days = [today + timedelta(days=number) for number in range(services.DAYS_AHEAD)]
    notes = dict(CalendarDay.objects.filter(day__in=days).values_list("day", "name"))
    wanted = _day_or_404(request.GET["day"]) if request.GET.get("day") else today
    if wanted not in days:
        raise Http404
    return {"days": [(day, notes.get(day, "")) for day in days], "today": today, "open_day": wanted}


def _store_day(request: StaffRequest, store: Store) -> dict[str, Any]:
    wanted = _day_or_404(request.GET["day"]) if request.GET.get("day") else timezone.localdate()
    return {"planned": store_day(store=store, day=wanted, at=timezone.now())}


def _back(day: date) -> HttpResponse:
    return redirect(f"{reverse('plan:mine')}?day={day}")


def _day_or_404(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404 from None
