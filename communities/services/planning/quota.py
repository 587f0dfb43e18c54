"""WeCom's limit of group-sends, as the company has it: dated rows that HQ keeps (wecom.md §3.8)."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from communities.models import QuotaRule
from communities.services.planning.errors import PlanRefused
from stores.models import Staff
from stores.services.auditing import audit

MOST_RESERVE = 30


@transaction.atomic
def set_quota_rule(*, rule: str, valid_from: date, reserve: int, by: Staff, at: datetime) -> QuotaRule:
    """State the rule from a day on; a second word for the same day replaces the first.

    :raises PlanRefused: a day gone by: what was counted then was counted by the rule of then
    """
    if valid_from < timezone.localdate(at):
        raise PlanRefused("生效日期不能早于今天：过去按当时的规则计算")
    row, _ = QuotaRule.objects.update_or_create(
        valid_from=valid_from, defaults={"rule": rule, "reserve": reserve, "set_by": by, "set_at": at}
    )
    audit(
        actor=by, action="quota.rule_set", at=at, target=f"quota:{valid_from}",
        detail={"rule": rule, "reserve": reserve},
    )  # fmt: skip
    return row


@transaction.atomic
def remove_quota_rule(*, row: QuotaRule, by: Staff, at: datetime) -> None:
    """Take back a rule that has not begun. :raises PlanRefused: it counts already"""
    if row.valid_from <= timezone.localdate(at):
        raise PlanRefused("已经生效的规则不能删除：添加一条新的即可")
    audit(actor=by, action="quota.rule_removed", at=at, target=f"quota:{row.valid_from}", detail={"rule": row.rule})
    row.delete()
