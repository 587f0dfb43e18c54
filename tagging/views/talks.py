"""今日可聊 on the board, and 怎么聊 on a member's page."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from members.models import Member
from members.views.access import member_or_404
from stores.models import Staff, Store
from stores.requests import StaffRequest
from stores.selectors import stores_for
from tagging.models import Complaint, MemberFact, Talk
from tagging.restraint import WEEKDAYS, is_quiet
from tagging.selectors.talks import advice_for, talks_by_colleague, talks_of
from tagging.services import touching
from tagging.services.talks import TalkClosed, answer_talk

_ANSWERS = [choice for choice in Talk.State.choices if choice[0] != Talk.State.OPEN]


@require_GET
@login_required
def mine(request: StaffRequest) -> HttpResponse:
    """The part of the board: one's own talks, or for those who look on (`?store=`) how each colleague stands."""
    at = timezone.now()
    asked = request.GET.get("store", "")
    if asked.isascii() and asked.isdigit() and int(asked[:18]) != request.user.store_id:
        store = get_object_or_404(stores_for(request.user), pk=int(asked[:18]))
        return render(request, "tagging/talks.html", {"colleagues": talks_by_colleague(store, at=at), "looks_on": True})
    if request.user.role not in {Staff.Role.MANAGER, Staff.Role.GUIDE}:
        raise Http404("没有这个页面")
    return _shown(request)


def _shown(request: StaffRequest) -> HttpResponse:
    at = timezone.now()
    talks = talks_of(request.user, at=at)
    done = sum(talk.state != Talk.State.OPEN for talk in talks)
    context: dict[str, Any] = {"talks": talks, "done": done, "answers": _ANSWERS, "is_quiet": is_quiet(at)}
    response = render(request, "tagging/talks.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@login_required
def outcome(request: StaffRequest, pk: int) -> HttpResponse:
    """已聊, 成交, 不感兴趣 or 稍后, in one tap; the same list comes back."""
    talk = get_object_or_404(Talk.objects.filter(store__in=stores_for(request.user)), pk=pk, staff=request.user)
    said, is_error = "已记下", False
    try:
        answer_talk(talk=talk, state=request.POST.get("state", ""), by=request.user, at=timezone.now())
    except ValueError:
        return HttpResponseBadRequest("没有这种结果")
    except TalkClosed:
        said, is_error = "这是前几天的，已经不能再改", True
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("dashboard:today")
    return trigger_client_event(_shown(request), "toast", {"text": said, "error": is_error})


@require_GET
@login_required
def member(request: StaffRequest, pk: int) -> HttpResponse:
    """怎么聊: the sentence for one member, what it stands on, or why to wait."""
    return _panel(request, member_or_404(request, pk))


def _panel(request: StaffRequest, person: Member) -> HttpResponse:
    facts = {fact.key: fact for fact in MemberFact.objects.filter(member=person)}
    context = {
        "member": person,
        "advice": advice_for(person, at=timezone.now()),
        "facts": [(key, label, facts.get(key)) for key, label in MemberFact.Key.choices],
        "weekdays": WEEKDAYS,
        "complaints": Complaint.objects.filter(member=person).order_by("-at")[:5],
    }
    response = render(request, "tagging/member_talk.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@login_required
def fact(request: StaffRequest, pk: int) -> HttpResponse:
    """What she said of herself, as a colleague heard it."""
    person = member_or_404(request, pk)
    try:
        touching.record_fact(
            member=person, key=request.POST.get("key", ""), value=request.POST.get("value", ""),
            source=f"员工登记：{request.user.name}", by=request.user, at=timezone.now(),
        )  # fmt: skip
    except ValueError:
        return HttpResponseBadRequest("不认识的事实，或不是周一到周日")
    return _after(request, person)


@require_POST
@login_required
def complain(request: StaffRequest, pk: int) -> HttpResponse:
    """登记投诉: until it is settled, nobody sells to her."""
    person = member_or_404(request, pk)
    if person.home_store is None:
        raise Http404("她还没有归属门店")
    try:
        touching.record_complaint(
            member=person, store=_store_of(request, person.home_store), note=request.POST.get("note", ""),
            by=request.user, at=timezone.now(),
        )  # fmt: skip
    except ValueError:
        return HttpResponseBadRequest("请写一句投诉的内容")
    return _after(request, person)


@require_POST
@login_required
def settle(request: StaffRequest, pk: int, complaint: int) -> HttpResponse:
    """投诉已处理."""
    person = member_or_404(request, pk)
    row = get_object_or_404(Complaint, pk=complaint, member=person)
    touching.settle_complaint(complaint=row, at=timezone.now())
    return _after(request, person)


def _store_of(request: StaffRequest, home: Store) -> Store:
    return request.user.store or home


def _after(request: StaffRequest, person: Member) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("members:detail", pk=person.pk)
    return _panel(request, person)
