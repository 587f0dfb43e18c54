"""The script ladder ①–⑥ (M13): what each rung needs to know, and the sentence it then says.

A rung stands on facts, not on the rung below: who comes every Friday for her durian is on ⑥ though nobody ever chatted
with her. In a wording, `{称呼}` is filled in; what stands between [ ] is left out where a fact in it is unknown.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

RUNGS = 6
_PLACE = re.compile(r"\{([^{}]*)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")

LIKES, CHATS, CONCERN, BOUGHT, REASON, HABIT = "品类", "聊过", "顾虑", "商品", "理由", "星期"
ALWAYS = frozenset({"称呼", "店名"})
PLACES = ALWAYS | {LIKES, CONCERN, BOUGHT, REASON, HABIT, "时段", "上次"}


class WordingRefused(ValueError):
    """A wording that could not be filled; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: its needs are names of facts."""

    number: int
    name: str
    needs: frozenset[str]
    text: str

    @property
    def sign(self) -> str:
        return "①②③④⑤⑥"[self.number - 1]


LADDER = (
    Rung(1, "知道爱吃什么", frozenset({LIKES}), "{称呼}，{品类}到新货了，今天这批看着不错，想要的话跟我说一声～"),
    Rung(
        2, "还聊过天", frozenset({LIKES, CHATS}),
        "{称呼}，上次跟您聊过，知道您爱吃{品类}，今天到的这批不错，帮您挑一份？",
    ),
    Rung(
        3, "还知道顾虑", frozenset({LIKES, CONCERN}),
        "{称呼}，知道您爱吃{品类}、又{顾虑}，今天这批可以先少拿一点，我跟您说说怎么搭着吃。",
    ),
    Rung(4, "知道买的是哪一款", frozenset({BOUGHT}), "{称呼}，您[{上次}]买的{商品}今天又到了，要不要给您留一份？"),
    Rung(
        5, "知道为什么喜欢", frozenset({BOUGHT, REASON}),
        "{称呼}，您喜欢{商品}的{理由}，今天这批正是这个口感，给您挑一份？",
    ),
    Rung(
        6, "知道什么时候来", frozenset({BOUGHT, HABIT}),
        "{称呼}，{星期}啦，{商品}到了[，还是您喜欢的{理由}]，留了一个给您[，{时段}过来拿就好]～",
    ),
)  # fmt: skip

QUESTIONS = {
    LIKES: "平时最爱吃什么水果？",
    REASON: "喜欢它什么？甜、脆还是香？",
    CONCERN: "有没有忌口，比如怕上火、怕酸？",
    HABIT: "一般周几方便过来？",
    "家庭": "家里几口人一起吃？",
}


@dataclass(slots=True)
class Known:
    """What is known of a member: values by place, and for each fact a line that says how we know."""

    values: dict[str, str] = field(default_factory=dict)
    because: list[tuple[str, str]] = field(default_factory=list)

    def learn(self, name: str, value: str, label: str, how: str) -> None:
        self.values[name] = value
        self.because.append((label, how))


@dataclass(frozen=True, slots=True)
class Script:
    """The sentence of the highest rung, what it stands on, and the one question that would lift it."""

    rung: Rung
    text: str
    used: list[tuple[str, str]]
    ask: str


def checked(text: str, *, rung: int) -> str:
    """A wording that every member on this rung can be told, blanks cut off. :raises WordingRefused:"""
    text = text.strip()
    if not text:
        raise WordingRefused("话术不能为空")
    bare = _OPTIONAL.sub("", text)
    unknown = sorted(set(_PLACE.findall(text)) - PLACES)
    if unknown:
        raise WordingRefused(f"不认识的占位：{'、'.join(unknown)}。可用：{'、'.join(sorted(PLACES))}")
    if re.search(r"[\[\]{}]", _PLACE.sub("", bare)):
        raise WordingRefused("括号没有成对")
    needs = LADDER[rung - 1].needs
    extra = sorted(set(_PLACE.findall(bare)) - ALWAYS - needs)
    if extra:
        raise WordingRefused(f"这一级不一定知道：{'、'.join(extra)}，请放进方括号 [ ] 里")
    return text


def script_for(known: Known, wordings: Mapping[int, str]) -> Script | None:
    """What to say: the highest rung whose needs are all known; None where not even ① is."""
    have = known.values.keys()
    for rung in reversed(LADDER):
        if rung.needs <= have:
            text = filled(wordings.get(rung.number, rung.text), known.values)
            return Script(rung, text, known.because, _worth_asking(have))
    return None


def filled(text: str, values: Mapping[str, str]) -> str:
    """The wording with its places filled; optional parts with a gap fall away."""

    def part(found: re.Match[str]) -> str:
        return found[1] if all(values.get(name) for name in _PLACE.findall(found[1])) else ""

    return _PLACE.sub(lambda found: values.get(found[1], ""), _OPTIONAL.sub(part, text))


def _worth_asking(have: Iterable[str]) -> str:
    """The reason first: it is what the next offer can be built on."""
    known = set(have)
    order = (REASON, HABIT, CONCERN, "家庭") if BOUGHT in known else (LIKES, CONCERN, HABIT, "家庭")
    return next((QUESTIONS[name] for name in order if name not in known), "")
