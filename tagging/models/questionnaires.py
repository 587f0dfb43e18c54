"""Questionnaires: what is asked, which answer means which tag or fact, and what members answered."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tagging.models.scripts import MemberFact
from tagging.models.segments import Tag


class Questionnaire(models.Model):
    """A set of questions, open to answers from its publication until it is closed or its time is over.

    Once published its questions stay as they are: answers point at them. A new version is a copy.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        OPEN = "open", "收集中"
        CLOSED = "closed", "已结束"

    title = models.CharField("标题", max_length=40)
    intro = models.CharField("开头的话", max_length=200, blank=True, default="")
    thanks = models.CharField("结束语", max_length=100, blank=True, default="")
    # Stands in links that were posted: never changes.
    token = models.CharField("链接", max_length=16, unique=True)
    state = models.CharField("状态", max_length=8, choices=State, default=State.DRAFT)
    by = models.ForeignKey("stores.Staff", on_delete=models.PROTECT, related_name="+", verbose_name="创建人")
    changed_at = models.DateTimeField("修改时间")
    published_at = models.DateTimeField("发布时间", null=True)
    ends_at = models.DateTimeField("截止时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "问卷"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="draft", published_at=None) | ~Q(state="draft") & Q(published_at__isnull=False),
                name="published_questionnaire_says_when",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Question(models.Model):
    """One question; `code` is what the code-book calls it (3 = 皮肤)."""

    class Kind(models.TextChoices):
        ONE = "one", "单选"
        MANY = "many", "多选"

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField("次序")
    code = models.CharField("编码", max_length=8)
    text = models.CharField("题目", max_length=60)
    kind = models.CharField("题型", max_length=4, choices=Kind, default=Kind.ONE)
    is_optional = models.BooleanField("选填", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "题目"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["questionnaire", "position"], name="one_question_per_place"),
            models.UniqueConstraint(fields=["questionnaire", "code"], name="question_code_is_used_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Choice(models.Model):
    """One answer to choose: its code, and the tag and the fact it means."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="choices")
    position = models.PositiveSmallIntegerField("次序")
    code = models.CharField("编码", max_length=8)
    text = models.CharField("选项", max_length=30)
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="标签")
    fact_key = models.CharField("事实", max_length=16, choices=MemberFact.Key, blank=True, default="")
    fact_value = models.CharField("事实内容", max_length=32, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "选项"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["question", "code"], name="choice_code_is_used_once"),
            models.CheckConstraint(
                condition=Q(fact_key="", fact_value="") | ~Q(fact_key="") & ~Q(fact_value=""),
                name="choice_that_means_a_fact_says_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Response(models.Model):
    """One member's answers. Answering again replaces them; what was replaced stays.

    `group_id` is the customer group whose link she came by; `communities` knows it.
    """

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, related_name="responses")
    member = models.ForeignKey("members.Member", on_delete=models.CASCADE, related_name="responses")
    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, null=True, related_name="+")
    group_id = models.BigIntegerField("客户群", null=True)
    # Whether tags and facts were learnt from it: not of who wants no profile.
    is_encoded = models.BooleanField("已编码")
    at = models.DateTimeField("时间")
    replaced_at = models.DateTimeField("被替换时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "答卷"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["questionnaire", "member"], condition=Q(replaced_at=None), name="one_live_response_per_member"
            ),
            models.CheckConstraint(
                condition=Q(replaced_at=None) | Q(replaced_at__gte=F("at")), name="replaced_after_it_was_given"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["questionnaire", "store"], condition=Q(replaced_at=None), name="responses_by_store")
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire_id} {self.member_id}"


class Answer(models.Model):
    """One choice of a response."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="answers")
    choice = models.ForeignKey(Choice, on_delete=models.PROTECT, related_name="answers")

    class Meta:
        verbose_name = verbose_name_plural = "答案"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["response", "choice"], name="choice_once_per_response")
        ]

    def __str__(self) -> str:
        return f"{self.response_id} {self.choice_id}"
