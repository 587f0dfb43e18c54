"""Questionnaires as staff see them: the list, the counts of each choice, and every answer as a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from stores.models import Staff
from stores.selectors import stores_for
from stores.sheets.writing import Cell
from tagging.models import Answer, Choice, Question, Questionnaire, Response

_STORES = 20
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class ChoiceCount:
    choice: Choice
    count: int
    percent: int  # of those who answered the questionnaire


@dataclass(frozen=True, slots=True)
class QuestionCount:
    question: Question
    rows: list[ChoiceCount]
    skipped: int


def questionnaires_for(user: Staff) -> QuerySet[Questionnaire]:
    """HQ sees all; everybody else what was published."""
    rows = Questionnaire.objects.all()
    return rows if user.is_hq else rows.exclude(state=Questionnaire.State.DRAFT)


def responses_for(user: Staff, questionnaire: Questionnaire) -> QuerySet[Response]:
    """The live answers somebody may see: HQ's are all, others' those of their stores."""
    live = Response.objects.filter(questionnaire=questionnaire, replaced_at=None)
    return live if user.is_hq else live.filter(store__in=stores_for(user))


def listed(user: Staff) -> QuerySet[Questionnaire]:
    """The list, newest first, each with how many live answers there are."""
    seen = Q(responses__replaced_at=None)
    if not user.is_hq:
        seen &= Q(responses__store__in=stores_for(user))
    return (
        questionnaires_for(user)
        .annotate(answered=Count("responses", filter=seen, distinct=True), asked=Count("questions", distinct=True))
        .order_by("-changed_at", "-pk")
    )


def counted(user: Staff, questionnaire: Questionnaire) -> tuple[int, list[QuestionCount]]:
    """How many answered, and how often each choice was taken; three queries."""
    live = responses_for(user, questionnaire)
    total = live.count()
    counts = dict(
        Answer.objects.filter(response__in=live).values_list("choice").annotate(many=Count("*"))
    )  # fmt: skip
    answered = dict(
        Answer.objects.filter(response__in=live)
        .values_list("choice__question")
        .annotate(many=Count("response", distinct=True))
    )
    found = []
    for question in questionnaire.questions.order_by("position").prefetch_related("choices__tag"):
        rows = [
            ChoiceCount(one, counts.get(one.pk, 0), round(100 * counts.get(one.pk, 0) / total) if total else 0)
            for one in sorted(question.choices.all(), key=lambda one: one.position)
        ]
        found.append(QuestionCount(question, rows, total - answered.get(question.pk, 0)))
    return total, found


def by_store(user: Staff, questionnaire: Questionnaire) -> list[tuple[str, int]]:
    """The stores with the most answers."""
    rows = responses_for(user, questionnaire).exclude(store=None).values_list("store__name")
    return list(rows.annotate(many=Count("*")).order_by("-many", "store__name")[:_STORES])


def columns(questionnaire: Questionnaire) -> tuple[str, ...]:
    """The heads of the table: who, where, when, and each question by its code."""
    questions = questionnaire.questions.order_by("position")
    return ("会员编号", "姓名", "门店", "时间", *(f"{one.code} {one.text}" for one in questions))


def export_rows(user: Staff, questionnaire: Questionnaire) -> Iterator[tuple[Cell, ...]]:
    """Each live response, its answers as code and words; flat memory."""
    order = list(questionnaire.questions.order_by("position").values_list("pk", flat=True))
    last = 0
    while True:
        rows: list[Any] = list(
            responses_for(user, questionnaire).filter(pk__gt=last).order_by("pk")
            .values_list("pk", "member", "member__name", "store__name", "at")[:_BATCH]
        )  # fmt: skip
        said: dict[int, dict[int, list[str]]] = {}
        answers = Answer.objects.filter(response__in=[row[0] for row in rows]).order_by("choice__position")
        for response, question, code, text in answers.values_list(
            "response", "choice__question", "choice__code", "choice__text"
        ):
            said.setdefault(response, {}).setdefault(question, []).append(f"{code} {text}")
        for pk, member, name, store, at in rows:
            mine = said.get(pk, {})
            yield (member, name, store or "", at, *("；".join(mine.get(question, ())) for question in order))
        if len(rows) < _BATCH:
            return
        last = rows[-1][0]
