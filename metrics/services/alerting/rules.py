"""The rules alerts go by: what they start with, and HQ's changes to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from metrics.models import AlertRule
from stores.models import Staff
from stores.services.auditing import audit

Kind = AlertRule.Kind


@dataclass(frozen=True, slots=True)
class Terms:
    """What a kind's figures mean, for the page on which they are changed."""

    meaning: str
    unit: str
    looks: str  # what one look is: 天 or 次
    least: str = ""  # what `least` counts


TERMS: dict[AlertRule.Kind, Terms] = {
    Kind.EXECUTION_DROP: Terms(
        "近 7 天准时率，比自己前 4 周和同伴里较高的一个低多少", "个百分点", "天", "7 天至少应发几条"
    ),
    Kind.QUIT_SPIKE: Terms(
        "近 3 天退群人数，是按前 4 周推算的多少倍（人少的门店往 1 倍靠）", "倍", "天", "3 天至少退群几人"
    ),
    Kind.SALES_GAP: Terms(
        "近 14 天每百位群成员的销售，比同伴低多少（单少的门店往同伴靠）", "%", "天", "14 天至少几单"
    ),
    Kind.STOCK_OUT: Terms("今明两天计划要发、本店却没有库存的商品有几个", "个", "次"),
    Kind.CODE: Terms("渠道码自己每小时的检查：安静得反常、失效、群满、群主离职", "个", "次"),
}  # fmt: skip
_DEFAULTS: dict[AlertRule.Kind, dict[str, Any]] = {
    Kind.EXECUTION_DROP: {"raise_at": 15, "clear_at": 8, "raise_after": 2, "clear_after": 2, "least": 20},
    Kind.QUIT_SPIKE: {"raise_at": 2.5, "clear_at": 1.5, "raise_after": 1, "clear_after": 2, "least": 8},
    Kind.SALES_GAP: {"raise_at": 30, "clear_at": 18, "raise_after": 3, "clear_after": 3, "least": 10},
    Kind.STOCK_OUT: {"raise_at": 1, "clear_at": 1, "raise_after": 1, "clear_after": 1, "least": 0},
    Kind.CODE: {"raise_at": 1, "clear_at": 1, "raise_after": 1, "clear_after": 1, "least": 0},
}
TUNABLE = tuple(kind for kind in Kind if kind != Kind.CODE)  # of codes' checks only the switch is ours


def current_rules() -> dict[AlertRule.Kind, AlertRule]:
    """Each kind's rule as it stands, in the order of the kinds; those never changed are not in the database."""
    saved = {rule.kind: rule for rule in AlertRule.objects.select_related("changed_by")}
    return {kind: saved.get(kind) or AlertRule(kind=kind, **_DEFAULTS[kind]) for kind in Kind}


@transaction.atomic
def tune_rule(*, rule: AlertRule, by: Staff, at: datetime) -> AlertRule:
    """Keep HQ's word on a kind; the next pass goes by it.

    :raises IntegrityError: the line of clearing lies above that of raising (the form refuses it first)
    """
    rule.changed_by, rule.changed_at = by, at
    rule.save()
    figures = ("is_on", "raise_at", "clear_at", "raise_after", "clear_after", "least")
    detail = {name: getattr(rule, name) for name in figures}
    audit(actor=by, action="alerts.rule_changed", at=at, target=str(rule.kind), detail=detail)
    return rule
