"""Why, in the words of the shop: what she leans to, what a product has of it, how sure we are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEANS = 0.25  # standard deviations from which a leaning is worth saying
SURE = 0.7
_MOST_WORDS = 4
_MOST_AVOIDED = 3
_HAS = 0.4  # standard deviations above what is usually bought: the product has it
_SURE_WORDS = ((0.75, "高"), (0.45, "中"), (0.0, "低"))
_EVIDENCE_HALF = 6  # purchases at which confidence in a list stands at a half


@dataclass(frozen=True, slots=True)
class AxisWords:
    """An axis' name and what is said of one who likes it, and of one who does not."""

    name: str
    liked: str
    disliked: str


def liked_axes(leaning: Sequence[float], sure: Sequence[float]) -> list[int]:
    """The axes she leans to for certain, strongest first."""
    found = [place for place, value in enumerate(leaning) if value >= LEANS and sure[place] >= SURE]
    return sorted(found, key=lambda place: -leaning[place])[:_MOST_WORDS]


def avoided_axes(leaning: Sequence[float], sure: Sequence[float]) -> list[int]:
    """The axes she stays away from for certain, strongest first."""
    found = [place for place, value in enumerate(leaning) if value <= -LEANS and sure[place] >= SURE]
    return sorted(found, key=lambda place: leaning[place])[:_MOST_AVOIDED]


def profile_sentence(leaning: Sequence[float], sure: Sequence[float], words: Sequence[AxisWords]) -> str:
    """“偏甜、爽脆、多汁；不爱酸”, or that too little is known."""
    liked = "、".join(words[place].liked for place in liked_axes(leaning, sure))
    avoided = "、".join(words[place].disliked for place in avoided_axes(leaning, sure))
    return "；".join(part for part in (liked, avoided) if part) or "买得还少，看不出偏好"


def new_sentence(
    *,
    leaning: Sequence[float],
    sure: Sequence[float],
    taste: Sequence[float],
    words: Sequence[AxisWords],
    companion: str,
    in_season: bool,
) -> str:
    """Why a product she has not bought may be for her: what it shares with her taste, what she buys beside it."""
    shared = [words[place].name for place in liked_axes(leaning, sure) if taste[place] >= _HAS]
    spared = [words[place].disliked.removeprefix("不爱") for place in avoided_axes(leaning, sure)
              if taste[place] <= -_HAS and words[place].disliked.startswith("不爱")]  # fmt: skip
    parts = []
    if shared:
        parts.append(f"她爱的{'、'.join(shared)}它都有" if len(shared) > 1 else f"她爱的{shared[0]}它有")
    if spared:
        parts.append(f"不{'也不'.join(spared)}")
    if companion:
        parts.append(f"常买{companion}的人也买它")
    if in_season:
        parts.append("正当季")
    return "，".join(parts) or "店里卖得好"


def repeat_sentence(*, times: int, interval: int, overdue: int) -> str:
    """Why it may be time to buy again; `overdue` days since it ran out, negative while it should last."""
    if times <= 1:
        return "买过 1 次"
    usual = f"买过 {times} 次，大约 {interval} 天一次"
    if overdue > 0:
        return f"{usual}，该补了（晚了 {overdue} 天）"
    return f"{usual}，今天该补了" if overdue == 0 else f"{usual}，还能吃 {-overdue} 天"


def confidence(evidence: int) -> float:
    """0 to 1: how much a list rests on the member rather than on the crowd."""
    return evidence / (evidence + _EVIDENCE_HALF)


def confidence_word(value: float) -> str:
    return next(word for least, word in _SURE_WORDS if value >= least)
