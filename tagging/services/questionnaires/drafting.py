"""Questionnaires are drafted, checked, published and ended."""

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from string import ascii_lowercase, ascii_uppercase, digits

from django.db import transaction

from stores.models import Staff
from tagging.models import Choice, MemberFact, Question, Questionnaire, Tag
from tagging.restraint import WEEKDAYS

MOST_QUESTIONS, MOST_CHOICES, LEAST_CHOICES = 20, 12, 2
_SIGNS = digits + ascii_lowercase
_TOKEN = 8
_TITLE, _INTRO, _THANKS, _TEXT, _CHOICE, _CODE, _FACT = 40, 200, 100, 60, 30, 8, 32


class QuestionnaireRefused(ValueError):
    """What is wrong with it, in Chinese."""


@dataclass(frozen=True, slots=True)
class DraftChoice:
    """`tag` and `fact_key` are what it means; an empty code is numbered A, B, …, an empty fact is the text."""

    text: str
    code: str = ""
    tag_id: int | None = None
    fact_key: str = ""
    fact_value: str = ""


@dataclass(frozen=True, slots=True)
class DraftQuestion:
    """An empty code is numbered 1, 2, …"""

    text: str
    choices: Sequence[DraftChoice]
    code: str = ""
    kind: str = Question.Kind.ONE
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    title: str
    intro: str = ""
    thanks: str = ""
    ends_at: datetime | None = None
    questions: Sequence[DraftQuestion] = field(default_factory=tuple)


@transaction.atomic
def save_draft(*, questionnaire: Questionnaire | None, draft: Draft, by: Staff, at: datetime) -> Questionnaire:
    """Write a draft down, its questions anew. It may still lack questions; what it has must fit together.

    :raises QuestionnaireRefused: something is missing, too long or contradictory, or it is published already
    """
    sound = _checked(draft)
    if questionnaire is None:
        row = Questionnaire(by=by, token="".join(secrets.choice(_SIGNS) for _ in range(_TOKEN)))
    else:
        row = Questionnaire.objects.select_for_update().get(pk=questionnaire.pk)
        if row.state != Questionnaire.State.DRAFT:
            raise QuestionnaireRefused("已经发布，题目不能再改；请复制一份再改")
    row.title, row.intro, row.thanks = sound.title, sound.intro, sound.thanks
    row.ends_at, row.changed_at = sound.ends_at, at
    row.save()
    row.questions.all().delete()
    for place, question in enumerate(sound.questions, start=1):
        made = Question.objects.create(
            questionnaire=row, position=place, code=question.code, text=question.text, kind=question.kind,
            is_optional=question.is_optional,
        )  # fmt: skip
        Choice.objects.bulk_create(
            Choice(question=made, position=number, code=choice.code, text=choice.text, tag_id=choice.tag_id,
                   fact_key=choice.fact_key, fact_value=choice.fact_value)
            for number, choice in enumerate(question.choices, start=1)
        )  # fmt: skip
    return row


def publish(*, questionnaire: Questionnaire, at: datetime) -> None:
    """Open it to answers; opened already, nothing changes.

    :raises QuestionnaireRefused: no questions, or its time is over
    """
    if not questionnaire.questions.exists():
        raise QuestionnaireRefused("问卷还没有题目，不能发布")
    if questionnaire.ends_at is not None and questionnaire.ends_at <= at:
        raise QuestionnaireRefused("截止时间已经过去，请改到以后")
    Questionnaire.objects.filter(pk=questionnaire.pk, state=Questionnaire.State.DRAFT).update(
        state=Questionnaire.State.OPEN, published_at=at
    )


def close(*, questionnaire: Questionnaire) -> None:
    """End it; a second tap changes nothing."""
    Questionnaire.objects.filter(pk=questionnaire.pk, state=Questionnaire.State.OPEN).update(
        state=Questionnaire.State.CLOSED
    )


def copy(*, questionnaire: Questionnaire, by: Staff, at: datetime) -> Questionnaire:
    """A draft with the same questions."""
    return save_draft(questionnaire=None, draft=draft_of(questionnaire, title=f"{questionnaire.title[:36]}（副本）"),
                      by=by, at=at)  # fmt: skip


def draft_of(questionnaire: Questionnaire, *, title: str = "") -> Draft:
    """What it holds, to be changed."""
    questions = questionnaire.questions.order_by("position").prefetch_related("choices__tag")
    return Draft(
        title=title or questionnaire.title, intro=questionnaire.intro, thanks=questionnaire.thanks,
        ends_at=None if title else questionnaire.ends_at,
        questions=[
            DraftQuestion(
                text=question.text, code=question.code, kind=question.kind, is_optional=question.is_optional,
                choices=[
                    DraftChoice(one.text, one.code,
                                one.tag_id if one.tag is not None and one.tag.archived_at is None else None,
                                one.fact_key, one.fact_value)
                    for one in sorted(question.choices.all(), key=lambda one: one.position)
                ],
            )
            for question in questions
        ],
    )  # fmt: skip


def _checked(draft: Draft) -> Draft:
    title = draft.title.strip()
    if not title:
        raise QuestionnaireRefused("请填问卷标题")
    for label, text, most in (
        ("标题", title, _TITLE), ("开头的话", draft.intro, _INTRO), ("结束语", draft.thanks, _THANKS),
    ):  # fmt: skip
        if len(text) > most:
            raise QuestionnaireRefused(f"{label}最多 {most} 个字")
    if len(draft.questions) > MOST_QUESTIONS:
        raise QuestionnaireRefused(f"最多 {MOST_QUESTIONS} 道题，手机上填得完才有人填")
    tags = set(Tag.objects.filter(archived_at=None).values_list("pk", flat=True))
    questions = [_question(number, one, tags) for number, one in enumerate(draft.questions, start=1)]
    _once((one.code for one in questions if one.code), "题目编码“{}”用了两次")
    numbered = _filled([one.code for one in questions], (str(number) for number in count(1)))
    questions = [replace(one, code=code) for one, code in zip(questions, numbered, strict=True)]
    _one_source_per_fact(questions)
    return Draft(title, draft.intro.strip(), draft.thanks.strip(), draft.ends_at, questions)


def _question(number: int, question: DraftQuestion, tags: set[int]) -> DraftQuestion:
    text = question.text.strip()
    if not text:
        raise QuestionnaireRefused(f"第 {number} 题没有写题目")
    if len(text) > _TEXT:
        raise QuestionnaireRefused(f"第 {number} 题的题目最多 {_TEXT} 个字")
    if question.kind not in Question.Kind.values:
        raise QuestionnaireRefused(f"第 {number} 题请选单选或多选")
    if not LEAST_CHOICES <= len(question.choices) <= MOST_CHOICES:
        raise QuestionnaireRefused(f"第 {number} 题要有 {LEAST_CHOICES} 到 {MOST_CHOICES} 个选项")
    choices = [_choice(number, place, one, tags) for place, one in enumerate(question.choices)]
    _once((one.code for one in choices if one.code), f"第 {number} 题的选项编码“{{}}”用了两次")
    lettered = _filled([one.code for one in choices], iter(ascii_uppercase))
    choices = [replace(one, code=code) for one, code in zip(choices, lettered, strict=True)]
    _once((one.text for one in choices), f"第 {number} 题有两个选项都叫“{{}}”")
    if question.kind == Question.Kind.MANY:
        values = {(one.fact_key, one.fact_value) for one in choices if one.fact_key}
        keys = Counter(key for key, _ in values)
        clash = next((key for key, times in keys.items() if times > 1), None)
        if clash:
            raise QuestionnaireRefused(
                f"第 {number} 题是多选，选项对“{MemberFact.Key(clash).label}”的说法互相矛盾；请改成单选，或只留一个"
            )
    return DraftQuestion(text, choices, question.code.strip()[:_CODE], question.kind,
                         question.is_optional)  # fmt: skip


def _choice(number: int, place: int, choice: DraftChoice, tags: set[int]) -> DraftChoice:
    text = choice.text.strip()
    if not text:
        raise QuestionnaireRefused(f"第 {number} 题第 {place + 1} 个选项是空的")
    if len(text) > _CHOICE:
        raise QuestionnaireRefused(f"第 {number} 题的选项最多 {_CHOICE} 个字")
    if choice.tag_id is not None and choice.tag_id not in tags:
        raise QuestionnaireRefused(f"第 {number} 题选项“{text}”的标签已停用，请另选")
    if choice.fact_key and choice.fact_key not in MemberFact.Key.values:
        raise QuestionnaireRefused(f"第 {number} 题选项“{text}”的事实不认识")
    value = (choice.fact_value.strip() or text)[:_FACT] if choice.fact_key else ""
    if choice.fact_key == MemberFact.Key.WEEKDAY and value not in WEEKDAYS:
        raise QuestionnaireRefused(f"第 {number} 题选项“{text}”：“一般周几来”要写成周一到周日")
    return DraftChoice(text, choice.code.strip()[:_CODE], choice.tag_id,
                       choice.fact_key, value)  # fmt: skip


def _filled(codes: Sequence[str], free: Iterator[str]) -> list[str]:
    """The codes, each empty one the next that is not used."""
    used = set(codes)
    unused = (one for one in free if one not in used)
    return [code or next(unused) for code in codes]


def _once(words: Iterable[str], said: str) -> None:
    """:raises QuestionnaireRefused: a word stands twice"""
    twice = next((word for word, times in Counter(words).items() if times > 1), None)
    if twice is not None:
        raise QuestionnaireRefused(said.format(twice))


def _one_source_per_fact(questions: Sequence[DraftQuestion]) -> None:
    first: dict[str, int] = {}
    for number, question in enumerate(questions, start=1):
        for key in sorted({choice.fact_key for choice in question.choices if choice.fact_key}):
            if key in first:
                raise QuestionnaireRefused(
                    f"第 {first[key]} 题和第 {number} 题都在问“{MemberFact.Key(key).label}”，两个答案会互相矛盾"
                )
            first[key] = number
