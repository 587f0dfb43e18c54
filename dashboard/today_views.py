"""今日: what a store posts today, and the taps that send it. Whose store it is, the session says, never the address."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from communities.models import Material, PostTask
from communities.services.cadence import proving, swapping
from dashboard import today_board
from stores.models import Staff, Store
from stores.partials import render_page
from stores.requests import StaffRequest
from stores.selectors import stores_for

_NUMBER = re.compile(r"[0-9]{1,18}")
_CALLS = frozenset({"openExistedChatWithMsg", "sendChatMessage"})
_REASONS = [choice for choice in PostTask.SkipReason.choices if choice[0] != PostTask.SkipReason.OTHER]


@require_GET
@login_required
def today(request: StaffRequest) -> HttpResponse:
    """The board of one's own store; people without one go to the execution board."""
    if request.user.store_id is None:
        return redirect("dashboard:execution")
    return _board(request, own_store(request))


@require_GET
@login_required
def store_today(request: StaffRequest, pk: int) -> HttpResponse:
    """Any store's board one may see, to look at."""
    return _board(request, get_object_or_404(stores_for(request.user), pk=pk))


def _board(request: StaffRequest, store: Store) -> HttpResponse:
    at = timezone.now()
    context = today_board.board(store, viewer=request.user, at=at) | {"at": at}
    if not request.htmx:  # type: ignore[attr-defined]
        groups = today_board.groups_of(store, at=at)
        context |= {
            "numbers": today_board.numbers_of(store, at=at),
            "groups": groups,
            "people": sum(group.member_count for group, _, _ in groups),
            "reasons": _REASONS,
        }
    return render_page(request, "dashboard/today.html", context, partial="slots")


def own_store(request: StaffRequest) -> Store:
    """The store of the person who asks. :raises Http404: she has none"""
    if request.user.role not in {Staff.Role.MANAGER, Staff.Role.GUIDE}:
        raise Http404("没有这个页面")
    return get_object_or_404(stores_for(request.user))


@require_POST
@login_required
def declare(request: StaffRequest, pk: int) -> HttpResponse:
    """已发: the store's own word."""
    task = own_task(request, pk)
    return _after(
        request,
        lambda: proving.declare_sent(task=task, staff=request.user, at=timezone.now()),
        said=f"{task.group}：已记下",
    )


@require_POST
@login_required
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """The WeCom client took the message over; the page passes on its word."""
    task = own_task(request, pk)
    call = request.POST.get("call", "")
    if call not in _CALLS:
        raise Http404("没有这种回执")
    return _after(
        request,
        lambda: proving.confirm_client_send(task=task, staff=request.user, detail={"call": call}, at=timezone.now()),
        said=f"{task.group}：已发送",
    )


@require_POST
@login_required
def take_back(request: StaffRequest, pk: int) -> HttpResponse:
    """撤销 of 已发 or of 跳过."""
    task = own_task(request, pk)
    return _after(
        request,
        lambda: proving.take_back(task=task, staff=request.user, at=timezone.now()),
        said=f"{task.group}：已撤销",
    )


@require_POST
@login_required
def skip(request: StaffRequest) -> HttpResponse:
    """跳过 for the groups of one material, with a reason."""
    tasks = own_tasks(request)
    reason, note = request.POST.get("reason", ""), request.POST.get("note", "")
    if reason not in PostTask.SkipReason.values:
        raise Http404("没有这种原因")
    return _after(
        request,
        lambda: proving.skip(tasks=tasks, staff=request.user, reason=reason, note=note, at=timezone.now()),
        said="已跳过，原因已记下",
    )


@require_POST
@login_required
def tapped(request: StaffRequest) -> HttpResponse:
    """我已在群发助手点了发送: WeCom is asked soon, so that the board need not wait for the next round."""
    proving.ask_soon(tasks=own_tasks(request), at=timezone.now())
    return _after(request, lambda: None, said="正在向企业微信核实，稍等片刻就会变绿")


@require_POST
@login_required
def swap(request: StaffRequest, pk: int) -> HttpResponse:
    """换素材: another one of the rotation, where a check holds the post back."""
    task = own_task(request, pk)
    chosen = request.POST.get("material", "")
    material = get_object_or_404(
        Material, pk=int(chosen[:18]) if chosen.isascii() and chosen.isdigit() else 0, store=None
    )
    return _after(
        request,
        lambda: swapping.swap(task=task, material=material, staff=request.user, at=timezone.now()),
        said=f"已换成“{material.name}”",
    )


def own_task(request: StaffRequest, pk: int) -> PostTask:
    """A post of one's own store. :raises Http404: another store's, or none"""
    return get_object_or_404(
        PostTask.objects.select_related("group", "store", "slot", "version", "content"), pk=pk, store=own_store(request)
    )


def own_tasks(request: StaffRequest) -> list[PostTask]:
    """The posts named in the request, all of one's own store. :raises Http404: one is not"""
    wanted = numbers_in(request, "task")
    found = list(PostTask.objects.filter(pk__in=wanted, store=own_store(request)))
    if not wanted or len(found) != len(wanted):
        raise Http404("没有这条任务")
    return found


def numbers_in(request: StaffRequest, name: str) -> set[int]:
    """The ids posted under a name; what is no number of a row is left out."""
    return {int(one) for one in request.POST.getlist(name) if _NUMBER.fullmatch(one)}


def _after(request: StaffRequest, act: Callable[[], Any], *, said: str) -> HttpResponse:
    """Act, and show the slots as they stand then: what came too late is said, not thrown."""
    is_error = True
    try:
        act()
    except proving.NotSendable:
        said = "这条已经结束，不能再改了"
    except proving.NothingToTakeBack:
        said = "没有可以撤销的"
    except swapping.NotInRotation:
        said = "这条不能再换了，请刷新后再看"
    except proving.SkipNeedsWords:
        said = "选“其他”时请写一句原因"
    else:
        is_error = False
    if not request.htmx:  # type: ignore[attr-defined]
        (messages.error if is_error else messages.success)(request, said)
        return redirect("dashboard:today")
    at = timezone.now()
    context = today_board.board(own_store(request), viewer=request.user, at=at) | {"at": at}
    response = render(request, "dashboard/today.html#slots", context)
    return trigger_client_event(response, "toast", {"text": said, "error": is_error})
