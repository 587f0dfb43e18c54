"""A member answers: once, or again in its place; it becomes tags and facts unless she wants no profile."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from members.models import Consent, Member
from members.selectors.consents import consent_state
from stores.models import Store
from tagging.models import Answer, Choice, MemberTag, Question, Questionnaire, Response
from tagging.services import tags
from tagging.services.touching import record_fact

Chosen = Mapping[int, Collection[int]]  # choices by question


class AnswerRefused(ValueError):
    """Why an answer cannot be taken, in Chinese; `question` is the one it is about, where it is about one."""

    def __init__(self, message: str, *, question: int | None = None) -> None:
        super().__init__(message)
        self.question = question


class QuestionnaireOver(AnswerRefused):
    """It takes no answers any more."""


def takes_answers(questionnaire: Questionnaire, *, at: datetime) -> bool:
    """Whether it is published, not ended, and its time is not over."""
    in_time = questionnaire.ends_at is None or at < questionnaire.ends_at
    return questionnaire.state == Questionnaire.State.OPEN and in_time


def answer(
    *, questionnaire: Questionnaire, member: Member, chosen: Chosen, store: Store | None, group_id: int | None = None,
    at: datetime,
) -> Response:  # fmt: skip
    """Take a member's answers. The same again changes nothing; others replace hers, and the earlier ones are kept.

    :raises QuestionnaireOver:
    :raises AnswerRefused: a question without its answer, two answers to one, or a choice of another question
    """
    if not takes_answers(questionnaire, at=at):
        raise QuestionnaireOver("这份问卷已经结束，谢谢您")
    picked = _checked(questionnaire, chosen)
    try:
        return _replace(questionnaire, member, picked, store=store, group_id=group_id, at=at)
    except IntegrityError:  # she answered on two phones in the same moment: the second replaces the first
        return _replace(questionnaire, member, picked, store=store, group_id=group_id, at=at)


@transaction.atomic
def _replace(
    questionnaire: Questionnaire, member: Member, picked: list[Choice], *, store: Store | None, group_id: int | None,
    at: datetime,
) -> Response:  # fmt: skip
    live = Response.objects.select_for_update().filter(questionnaire=questionnaire, member=member, replaced_at=None)
    before = live.first()
    earlier = {one.choice_id: one.choice for one in before.answers.select_related("choice")} if before else {}
    if before is not None:
        if earlier.keys() == {choice.pk for choice in picked}:
            return before
        Response.objects.filter(pk=before.pk).update(replaced_at=max(at, before.at))
    consent = consent_state(member)[Consent.Purpose.PROFILING]
    may_encode = consent is None or consent.decision != Consent.Decision.WITHDRAWN
    response = Response.objects.create(
        questionnaire=questionnaire, member=member, store=store, group_id=group_id, is_encoded=may_encode, at=at
    )
    Answer.objects.bulk_create(Answer(response=response, choice=choice) for choice in picked)
    if may_encode:
        _encode(questionnaire, member, picked, list(earlier.values()), at=at)
    return response


def _encode(
    questionnaire: Questionnaire, member: Member, picked: list[Choice], earlier: list[Choice], *, at: datetime
) -> None:  # fmt: skip
    meant = {
        choice.tag_id: choice.tag for choice in picked if choice.tag is not None and choice.tag.archived_at is None
    }
    by_people = set(
        MemberTag.objects.filter(member=member, tag__in=meant, source__in=tags.BY_PEOPLE).values_list("tag", flat=True)
    )
    for pk, tag in meant.items():
        if pk not in by_people:
            tags.put_on(member=member, tag=tag, source=MemberTag.Source.QUESTIONNAIRE, by=None, at=at)
    tags.withdraw_answers(member=member, tag_ids={one.tag_id for one in earlier if one.tag_id} - meant.keys())
    for choice in picked:
        if choice.fact_key:
            record_fact(
                member=member, key=choice.fact_key, value=choice.fact_value, source=f"问卷 {questionnaire.title}",
                by=None, at=at,
            )  # fmt: skip


def _checked(questionnaire: Questionnaire, chosen: Chosen) -> list[Choice]:
    picked: list[Choice] = []
    questions = questionnaire.questions.order_by("position").prefetch_related("choices__tag")
    for number, question in enumerate(questions, start=1):
        known = {choice.pk: choice for choice in question.choices.all()}
        wanted = set(chosen.get(question.pk, ()))
        if wanted - known.keys():
            raise AnswerRefused(f"第 {number} 题的选项不对，请重新选", question=question.pk)
        if not wanted and not question.is_optional:
            raise AnswerRefused(f"第 {number} 题还没有选", question=question.pk)
        if len(wanted) > 1 and question.kind == Question.Kind.ONE:
            raise AnswerRefused(f"第 {number} 题只能选一个", question=question.pk)
        picked += [known[pk] for pk in sorted(wanted, key=lambda pk: known[pk].position)]
    if not picked:
        raise AnswerRefused("一题都还没有选")
    return picked


@transaction.atomic
def move_to_survivor(*, kept: Member, absorbed: Member) -> int:
    """Give an absorbed member's answers to the kept one; of two live ones the newer stays live."""
    hers = {row.questionnaire_id: row for row in Response.objects.filter(member=kept, replaced_at=None)}
    for row in Response.objects.filter(member=absorbed, replaced_at=None, questionnaire__in=hers):
        older, newer = sorted([row, hers[row.questionnaire_id]], key=lambda one: one.at)
        Response.objects.filter(pk=older.pk).update(replaced_at=newer.at)
    return Response.objects.filter(member=absorbed).update(member=kept)
