"""Cutting a line into goods, counts, weights and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from campaigns.pasting import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaigns.pasting.lines import Goods

Kind = Literal["item", "count", "weight", "note"]


@dataclass(frozen=True, slots=True)
class Token:
    """`value` of a count; `bare`: a number without unit or sign; `ambiguous`: a name two goods share."""

    kind: Kind
    start: int
    end: int
    key: str = ""
    value: float = 0.0
    bare: bool = False
    ambiguous: bool = False


def tokens_of(text: str, goods: Sequence[Goods]) -> list[Token]:
    """Goods, counts and weights of a text in order, none overlapping; notes are numbers that count nothing."""
    taken = [False] * len(text)
    found = _items(text, goods, taken)
    for match in words.NOT_A_COUNT.finditer(text):
        if not any(taken[match.start() : match.end()]):
            _take(taken, match.start(), match.end())
            found.append(Token("note", match.start(), match.end()))
    found += _counts(text, taken)
    return sorted(found, key=lambda token: token.start)


def _items(text: str, goods: Sequence[Goods], taken: list[bool]) -> list[Token]:
    owners: dict[str, list[str]] = {}
    for each in goods:
        for name in each.names:
            owners.setdefault(words.plain(name).lower(), []).append(each.key)
    found = []
    lowered = text.lower()
    for name in sorted(owners, key=len, reverse=True):
        at = lowered.find(name)
        while name and at >= 0:
            if not any(taken[at : at + len(name)]):
                _take(taken, at, at + len(name))
                keys = owners[name]
                found.append(Token("item", at, at + len(name), key=keys[0], ambiguous=len(set(keys)) > 1))
            at = lowered.find(name, at + len(name))
    return found


def _counts(text: str, taken: list[bool]) -> list[Token]:
    found = []
    for match in words.QUANTITY.finditer(text):
        if any(taken[match.start() : match.end()]):
            continue
        if match["weight"]:
            found.append(Token("weight", match.start(), match.end()))
            continue
        value = words.number(match["signed"] or match["counted"] or match["bare"])
        if value is None:
            continue
        found.append(Token("count", match.start(), match.end(), value=value, bare=bool(match["bare"])))
    return found


def _take(taken: list[bool], start: int, end: int) -> None:
    taken[start:end] = [True] * (end - start)
