"""The editor of a questionnaire: one form; buttons named `action` change its shape only, without one it is saved."""

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods

from members.services.partitions import BUSINESS_ZONE
from stores.requests import StaffRequest
from tagging.models import MemberFact, Question, Questionnaire, Tag
from tagging.services.questionnaires import drafting
from tagging.services.questionnaires.drafting import Draft, DraftChoice, DraftQuestion, QuestionnaireRefused

Form = dict[str, Any]
_PAGE = "tagging/questionnaire_edit.html"


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a draft."""
    if not request.user.is_hq:
        raise Http404("没有这个页面")
    drafts = Questionnaire.objects.filter(state=Questionnaire.State.DRAFT)
    row = get_object_or_404(drafts, pk=pk) if pk is not None else None
    problem, form = "", _shown(drafting.draft_of(row) if row else Draft("", questions=[_blank()]))
    if request.method == "POST":
        form = _read(request.POST)
        if "action" in request.POST:
            _reshape(form, request.POST["action"])
        else:
            try:
                draft = _draft(form)
                saved = drafting.save_draft(questionnaire=row, draft=draft, by=request.user, at=timezone.now())
            except QuestionnaireRefused as refused:
                problem = str(refused)
            else:
                messages.success(request, "已保存")
                return redirect("questionnaires:detail", pk=saved.pk)
    context = {
        "questionnaire": row, "form": form, "problem": problem, "kinds": Question.Kind.choices,
        "facts": MemberFact.Key.choices,
        "tags": [(str(tag.pk), str(tag)) for tag in Tag.objects.filter(archived_at=None).order_by("group", "name")],
    }  # fmt: skip
    template = f"{_PAGE}#form" if request.htmx else _PAGE  # type: ignore[attr-defined]
    return render(request, template, context, status=422 if problem else 200)


def _read(data: QueryDict) -> Form:
    """What the form holds, unchecked; questions and choices are numbered from 0."""
    questions = []
    for q in range(drafting.MOST_QUESTIONS):
        if f"q{q}-text" not in data:
            break
        choices = []
        for c in range(drafting.MOST_CHOICES):
            if f"q{q}-{c}-text" not in data:
                break
            choices.append({name: data.get(f"q{q}-{c}-{name}", "") for name in ("text", "code", "tag", "fact")})
        questions.append({
            **{name: data.get(f"q{q}-{name}", "") for name in ("text", "code", "kind")},
            "optional": f"q{q}-optional" in data, "choices": choices,
        })  # fmt: skip
    names = ("title", "intro", "thanks", "ends_on")
    return {**{name: data.get(name, "") for name in names}, "questions": questions}


def _reshape(form: Form, action: str) -> None:
    """Add or drop a question or a choice: "question", "choice-0", "drop-0", "drop-0-2"."""
    word, _, where = action.partition("-")
    places = [int(one) for one in where.split("-") if one.isascii() and one.isdigit() and len(one) < 4]  # noqa: PLR2004 -- digits
    questions = form["questions"]
    if word == "question" and len(questions) < drafting.MOST_QUESTIONS:
        questions.append(_blank_form())
    elif places and places[0] < len(questions):
        choices = questions[places[0]]["choices"]
        if word == "choice" and len(choices) < drafting.MOST_CHOICES:
            choices.append(_blank_choice())
        elif word == "drop" and len(places) > 1:
            del choices[places[1] : places[1] + 1]
        elif word == "drop":
            del questions[places[0]]


def _draft(form: Form) -> Draft:
    """:raises QuestionnaireRefused: no such day"""
    ends_on = None
    if form["ends_on"]:
        try:
            ends_on = parse_date(form["ends_on"])
        except ValueError:
            ends_on = None
        if ends_on is None:
            raise QuestionnaireRefused("截止日期不对，请写成 2026-12-31")
    return Draft(
        title=form["title"], intro=form["intro"], thanks=form["thanks"],
        ends_at=datetime.combine(ends_on + timedelta(days=1), time.min, BUSINESS_ZONE) if ends_on else None,
        questions=[
            DraftQuestion(
                one["text"],
                [
                    DraftChoice(choice["text"], choice["code"], _number(choice["tag"]), choice["fact"])
                    for choice in one["choices"] if any(choice.values())
                ],
                one["code"], one["kind"] or Question.Kind.ONE, one["optional"],
            )
            for one in form["questions"]
        ],
    )  # fmt: skip


def _shown(draft: Draft) -> Form:
    last = timezone.localtime(draft.ends_at) - timedelta(days=1) if draft.ends_at else None
    return {
        "title": draft.title, "intro": draft.intro, "thanks": draft.thanks,
        "ends_on": f"{last:%Y-%m-%d}" if last else "",
        "questions": [
            {
                "text": one.text, "code": one.code, "kind": one.kind, "optional": one.is_optional,
                "choices": [
                    {"text": choice.text, "code": choice.code, "tag": str(choice.tag_id or ""),
                     "fact": choice.fact_key}
                    for choice in one.choices
                ],
            }
            for one in draft.questions
        ],
    }  # fmt: skip


def _blank() -> DraftQuestion:
    return DraftQuestion("", [DraftChoice(""), DraftChoice("")])


def _blank_form() -> Form:
    return {"text": "", "code": "", "kind": "one", "optional": False, "choices": [_blank_choice(), _blank_choice()]}


def _blank_choice() -> Form:
    return {"text": "", "code": "", "tag": "", "fact": ""}


def _number(text: str) -> int | None:
    """A tag's number; what is none is a tag nobody knows."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0  # noqa: PLR2004 -- a bigint
