"""A questionnaire on a member's phone: large answers, one thumb, and changed as often as she likes."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from campaigns.h5.pages import gone, member_page
from campaigns.h5.session import MemberRequest
from communities.models import CustomerGroup
from members.models import Consent
from members.selectors.consents import consent_state
from stores.models import Store
from tagging.models import Answer, Questionnaire
from tagging.places import read_place
from tagging.services.questionnaires.answering import AnswerRefused, QuestionnaireOver, answer, takes_answers

_DIGITS = 18


@require_http_methods(["GET", "POST"])
@member_page
def ask(request: MemberRequest, token: str, place: str = "") -> HttpResponse:
    """The questions, with what she said before; what is missing is said beside its question."""
    published = Questionnaire.objects.exclude(state=Questionnaire.State.DRAFT)
    row = get_object_or_404(published, token=token)
    store, group_id = _place(place)
    if not takes_answers(row, at=timezone.now()):
        return _over(request)
    ticked = _by_question(request)
    chosen = _before(request, row) if request.method == "GET" else {pk for each in ticked.values() for pk in each}
    problem: AnswerRefused | None = None
    if request.method == "POST":
        try:
            answer(
                questionnaire=row, member=request.member, chosen=ticked, at=timezone.now(),
                store=store or request.member.home_store, group_id=group_id,
            )  # fmt: skip
        except QuestionnaireOver:
            return _over(request)
        except AnswerRefused as refused:
            problem = refused
        else:
            where = reverse("h5:asked", args=[row.token])
            return redirect(f"{where}?again={request.path}")
    consent = consent_state(request.member)[Consent.Purpose.PROFILING]
    questions = [
        (question, sorted(question.choices.all(), key=lambda one: one.position))
        for question in row.questions.order_by("position").prefetch_related("choices")
    ]
    context: dict[str, Any] = {
        "questionnaire": row, "questions": questions, "chosen": chosen, "problem": problem,
        "has_answered": request.method == "GET" and bool(chosen),
        "is_silent": consent is not None and consent.decision == Consent.Decision.WITHDRAWN,
    }  # fmt: skip
    return render(request, "h5/ask.html", context, status=422 if problem else 200)


@require_http_methods(["GET"])
@member_page
def asked(request: MemberRequest, token: str) -> HttpResponse:
    """Thanks, and the way back to change something."""
    row = get_object_or_404(Questionnaire.objects.exclude(state=Questionnaire.State.DRAFT), token=token)
    again = request.GET.get("again", "")
    here = reverse("h5:ask", args=[row.token])
    return render(request, "h5/asked.html", {"questionnaire": row, "again": again if again.startswith(here) else here})


def _over(request: MemberRequest) -> HttpResponse:
    return gone(request, title="问卷已经结束", text="谢谢您来填。有新的问卷，店长会在群里发。", status=410)


def _place(place: str) -> tuple[Store | None, int | None]:
    """The store and the group of a link. :raises Http404: there is none such"""
    if not place:
        return None, None
    found = read_place(place)
    if found is None:
        raise Http404
    sign, number = found
    if sign == "s":
        return get_object_or_404(Store, pk=number), None
    group = get_object_or_404(CustomerGroup.objects.select_related("store"), pk=number)
    return group.store, group.pk


def _before(request: MemberRequest, row: Questionnaire) -> set[int]:
    mine = Answer.objects.filter(
        response__questionnaire=row, response__member=request.member, response__replaced_at=None
    )
    return set(mine.values_list("choice", flat=True))


def _by_question(request: MemberRequest) -> dict[int, list[int]]:
    """What was ticked, by question; nothing for 不想说, and what is no number is no choice of ours."""
    return {
        int(name[1:]): [int(one) if _is_number(one) else 0 for one in request.POST.getlist(name) if one]
        for name in request.POST
        if name.startswith("q") and _is_number(name[1:])
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS
