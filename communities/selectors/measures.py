"""What is counted of posts, each thing under one name for the boards, the exports and the roll-up's columns.

Evidence is three numbers, never one: WeCom's word, the client's and the store's are not the same thing.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q

from communities.models import PostTask

PROMPT = timedelta(minutes=15)  # after the slot's hour: until then a post is on time, and nobody is reminded
_S, _Skip, _Miss, _Evidence = PostTask.State, PostTask.SkipReason, PostTask.MissReason, PostTask.Evidence

LABELS = {
    "total": "应发", "on_time": "准时", "late": "迟发", "made_up": "补发", "waiting": "待发送", "upcoming": "未到点",
    "blocked": "已拦截", "failed": "发送失败",
    "missed_not_sent": "错过：到点未发", "missed_not_released": "错过：系统未按时发布",
    "skipped_out_of_stock": "跳过：缺货", "skipped_not_arrived": "跳过：未到货",
    "skipped_short_handed": "跳过：人手不足",
    "skipped_unsuitable": "跳过：内容不合适", "skipped_other": "跳过：其他",
    "api_verified": "企微核实", "client_callback": "客户端回执", "self_declared": "店长自报",
}  # fmt: skip
MEASURES = tuple(LABELS)
MISSED = tuple(name for name in MEASURES if name.startswith("missed_"))
SKIPPED = tuple(name for name in MEASURES if name.startswith("skipped_"))
EVIDENCE = ("api_verified", "client_callback", "self_declared")
# Of what could have been sent and whose hour has come: a skip and a block have their reason and stand apart.
EXPECTED = ("on_time", "late", "made_up", "waiting", "failed", *MISSED)


def counted(*, at: datetime) -> dict[str, Any]:
    """The measures as aggregates over posts, as things stand at this moment; withdrawn posts count nowhere."""
    return {name: Count("pk", filter=condition) for name, condition in _conditions(at).items()}


def _conditions(at: datetime) -> dict[str, Q]:
    sent, open_ = Q(state=_S.SENT), Q(state__in=[_S.PLANNED, _S.RELEASED])
    prompt = Q(done_at__lte=F("due_at") + PROMPT)
    made_up = ~Q(miss_reason="") | ~Q(failure="")
    return {
        "total": ~Q(state=_S.WITHDRAWN),
        "on_time": sent & prompt & ~made_up,
        "late": sent & ~prompt & ~made_up,
        "made_up": sent & made_up,
        "waiting": open_ & Q(due_at__lte=at),
        "upcoming": open_ & Q(due_at__gt=at),
        "blocked": Q(state=_S.BLOCKED),
        "failed": Q(state=_S.FAILED),
        "missed_not_sent": Q(state=_S.MISSED, miss_reason=_Miss.NOT_SENT),
        "missed_not_released": Q(state=_S.MISSED, miss_reason=_Miss.NOT_RELEASED),
        "skipped_out_of_stock": Q(state=_S.SKIPPED, skip_reason=_Skip.OUT_OF_STOCK),
        "skipped_not_arrived": Q(state=_S.SKIPPED, skip_reason=_Skip.NOT_ARRIVED),
        "skipped_short_handed": Q(state=_S.SKIPPED, skip_reason=_Skip.SHORT_HANDED),
        "skipped_unsuitable": Q(state=_S.SKIPPED, skip_reason=_Skip.UNSUITABLE),
        "skipped_other": Q(state=_S.SKIPPED, skip_reason=_Skip.OTHER),
        "api_verified": sent & Q(evidence=_Evidence.API_VERIFIED),
        "client_callback": sent & Q(evidence=_Evidence.CLIENT_CALLBACK),
        "self_declared": sent & Q(evidence=_Evidence.SELF_DECLARED),
    }


class Tally(dict[str, int]):
    """The measures of some posts; a template may ask for the sums as well."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Tally":
        return cls({name: row[name] for name in MEASURES})

    @classmethod
    def sum_of(cls, tallies: Collection["Tally"]) -> "Tally":
        return cls({name: sum(tally[name] for tally in tallies) for name in MEASURES})

    @property
    def sent(self) -> int:
        return self["on_time"] + self["late"] + self["made_up"]

    @property
    def missed(self) -> int:
        return sum(self[name] for name in MISSED)

    @property
    def skipped(self) -> int:
        return sum(self[name] for name in SKIPPED)

    @property
    def expected(self) -> int:
        return sum(self[name] for name in EXPECTED)

    @property
    def share(self) -> float | None:
        """On time of what was expected, 0 to 1; None where nothing was."""
        expected = self.expected
        return self["on_time"] / expected if expected else None

    @property
    def percent(self) -> int | None:
        """The share in whole percent, never rounded up to a hundred or down to nought."""
        share = self.share
        if share is None:
            return None
        rounded = round(100 * share)
        return min(max(rounded, 1), 99) if 0 < share < 1 else rounded
