"""A lift study as a page shows it: the verdict in words, the chart, the table behind it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from metrics.models import LiftStudy


@dataclass(frozen=True, slots=True)
class Verdict:
    """`tone` is good, warn or bad; `word` one of the few everybody learns; `text` says it in a sentence."""

    tone: str
    word: str
    text: str


def studies() -> QuerySet[LiftStudy]:
    """The newest first."""
    return LiftStudy.objects.select_related("region", "made_by").order_by("-made_at", "-pk")


def verdict(study: LiftStudy) -> Verdict:
    """What the figures allow to say, and no more."""
    if study.state == LiftStudy.State.WAITING:
        return Verdict("info", "计算中", "正在逐店读取购买与入群记录，一般几分钟内完成")
    if study.state == LiftStudy.State.THIN:
        return Verdict("warn", "样本不足", f"{study.said}。换长一点的时间段或大一点的范围再试")
    found = study.figures["lift"]
    effect = found["effect"]
    low, high = _yuan(effect["low"]), _yuan(effect["high"])
    if not study.figures["is_sound"]:
        return Verdict(
            "warn", "不能下结论",
            "检查没有通过：进群的人在进群之前就和对照走得不一样，进群后的差别不能算在群的头上",
        )  # fmt: skip
    if effect["low"] > 0:
        return Verdict(
            "good", "有提升",
            f"进群让每位进群会员每月多花约 {_yuan(effect['value'])} 元，95% 的把握在 {low} 到 {high} 元之间",
        )  # fmt: skip
    if effect["high"] < 0:
        return Verdict("bad", "反而减少", f"进群后每月少花约 {_yuan(-effect['value'])} 元（{low} 到 {high} 元）")
    return Verdict("info", "看不出", f"差别在 {low} 到 {high} 元之间，含 0：这些数据分不清有没有提升")


def chart(study: LiftStudy) -> dict[str, Any]:
    """The event study: what joiners spent beyond what was to be expected, month by month, with intervals."""
    months = study.figures["lift"]["months"]
    return {
        "unit": "元",
        "categories": [month_name(one["month"]) for one in months],
        "series": [{
            "name": "比预期多花", "values": [_cent(one["effect"]["value"]) for one in months],
            "low": [_cent(one["effect"]["low"]) for one in months],
            "high": [_cent(one["effect"]["high"]) for one in months],
        }],
    }  # fmt: skip


def month_name(month: int) -> str:
    return f"前{-month}月" if month < 0 else f"后{month}月"


def _cent(fen: float) -> float:
    return round(fen / 100, 2)


def _yuan(fen: float) -> str:
    return f"{fen / 100:,.1f}"
