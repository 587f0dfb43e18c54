"""What a rule may ask about a member. Every answer is a Django condition: values reach the database as parameters only.

An app above adds kinds of its own (`register`), as communities does for groups.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, F, Func, OuterRef, Q, QuerySet, Sum, TextField

from members.models import Contact, Purchase
from members.selectors.scope import purchases_for
from stores.models import Product, Staff
from tagging.models import MemberFact, MemberTag, MemberValue, Tag

Rule = dict[str, Any]
Choices = list[tuple[str, str]]
_RECEIPT = Func(F("store"), F("source"), F("receipt"), function="ROW", output_field=TextField())


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks and when: purchases count as far as she may see the stores they were made in."""

    user: Staff | AnonymousUser
    at: datetime


@dataclass(frozen=True, slots=True)
class Kind:
    """One question. Inputs are asked for by name; `limits` bounds the number, `exclusive` says one choice at a time."""

    key: str
    label: str
    inputs: tuple[str, ...]  # of choice, text, compare, number, days
    condition: Callable[[Rule, Scope], Any]
    choices: Callable[[], Choices] = list
    limits: tuple[int, int] = (0, 0)
    unit: str = ""
    exclusive: bool = False


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Call from `AppConfig.ready()`."""
    _kinds[kind.key] = kind


def kinds() -> dict[str, Kind]:
    return dict(_kinds)


def _value(column: str) -> Callable[[Rule, Scope], Any]:
    def condition(rule: Rule, _scope: Scope) -> Exists:
        sign = "gte" if rule["compare"] == "ge" else "lte"
        hers = MemberValue.objects.filter(member=OuterRef("pk")).exclude(stage="")
        return Exists(hers.filter(**{f"{column}__{sign}": rule["number"]}))

    return condition


def _stage(rule: Rule, _scope: Scope) -> Exists:
    return Exists(MemberValue.objects.filter(member=OuterRef("pk"), stage=rule["choice"]))


def _lines(rule: Rule, scope: Scope) -> QuerySet[Purchase]:
    since = scope.at - timedelta(days=rule["days"])
    return purchases_for(scope.user).filter(member=OuterRef("pk"), bought_at__gt=since, bought_at__lte=scope.at)


def _times(lines: QuerySet[Purchase], times: int) -> Exists:
    sales = lines.filter(paid_fen__gte=0)
    if times <= 1:
        return Exists(sales)
    return Exists(sales.values("member").annotate(receipts=Count(_RECEIPT, distinct=True)).filter(receipts__gte=times))


def _spent(rule: Rule, scope: Scope) -> Any:
    fen = rule["number"] * 100
    sums = _lines(rule, scope).values("member").annotate(fen=Sum("paid_fen"))
    if rule["compare"] == "ge":
        return Exists(sums.filter(fen__gte=fen)) if fen else Q(pk__gt=0)
    return ~Exists(sums.filter(fen__gt=fen))


def _joined(rule: Rule, scope: Scope) -> Q:
    moment = scope.at - timedelta(days=rule["number"])
    return Q(joined_at__lte=moment) if rule["compare"] == "ge" else Q(joined_at__gte=moment)


def _tag(rule: Rule, scope: Scope) -> Exists:
    worn = MemberTag.objects.filter(member=OuterRef("pk"), tag=int(rule["choice"]))
    return Exists(worn.filter(Q(expires_at=None) | Q(expires_at__gt=scope.at)))


def _tags() -> Choices:
    rows = Tag.objects.filter(archived_at=None).order_by("group", "name")
    return [(str(tag.pk), str(tag)) for tag in rows]


def _categories() -> Choices:
    names = Product.objects.exclude(category="").order_by("category").values_list("category", flat=True).distinct()
    return [(name, name) for name in names]


def _fact(rule: Rule, _scope: Scope) -> Exists:
    said = MemberFact.objects.filter(member=OuterRef("pk"), key=rule["choice"])
    return Exists(said.filter(value__contains=rule["text"]))


def _contact(_rule: Rule, _scope: Scope) -> Exists:
    return Exists(Contact.objects.filter(member=OuterRef("pk"), ended_at=None, lost_at=None))


def _month() -> Choices:
    return [(str(month), f"{month} 月") for month in range(1, 13)]


_LONG = (0, 10_000_000)
_BUILT_IN = (
    Kind("stage", "阶段", ("choice",), _stage, lambda: list(MemberValue.Stage.choices), exclusive=True),
    Kind("alive", "还会来的可能", ("compare", "number"), _value("alive"), limits=(0, 100), unit="%"),
    Kind("recency", "R（最近）", ("compare", "number"), _value("recency"), limits=(1, 5), unit="分"),
    Kind("frequency", "F（次数）", ("compare", "number"), _value("frequency"), limits=(1, 5), unit="分"),
    Kind("monetary", "M（金额）", ("compare", "number"), _value("monetary"), limits=(1, 5), unit="分"),
    Kind("tag", "标签", ("choice",), _tag, _tags),
    Kind(
        "category", "买过品类", ("choice", "days", "number"),
        lambda rule, scope: _times(_lines(rule, scope).filter(product__category=rule["choice"]), rule["number"]),
        _categories, limits=(1, 1_000), unit="次以上",
    ),
    Kind(
        "product", "买过商品（名称含）", ("text", "days", "number"),
        lambda rule, scope: _times(_lines(rule, scope).filter(product__name__contains=rule["text"]), rule["number"]),
        limits=(1, 1_000), unit="次以上",
    ),
    Kind(
        "visits", "来过", ("days", "number"), lambda rule, scope: _times(_lines(rule, scope), rule["number"]),
        limits=(1, 1_000), unit="次以上",
    ),
    Kind("spent", "花了", ("days", "compare", "number"), _spent, limits=_LONG, unit="元"),
    Kind("fact", "她说过", ("choice", "text"), _fact, lambda: list(MemberFact.Key.choices)),
    Kind(
        "gender", "性别", ("choice",), lambda rule, _scope: Q(gender=rule["choice"]),
        lambda: [("f", "女"), ("m", "男")], exclusive=True,
    ),
    Kind(
        "birthday", "生日月份", ("choice",), lambda rule, _scope: Q(birthday__month=int(rule["choice"])), _month,
        exclusive=True,
    ),
    Kind("joined", "入会天数", ("compare", "number"), _joined, limits=(0, 36_500), unit="天"),
    Kind("contact", "加了同事企业微信", (), _contact),
)  # fmt: skip
for _kind in _BUILT_IN:
    register(_kind)
