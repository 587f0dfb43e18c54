"""A sum or difference of components, written once and read by Python, SQL and people."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.models.expressions import Combinable

from metrics.registry.components import LABELS

_TERM = re.compile(r"([+-]?)\s*([a-z][a-z0-9_]*)\s*")


@dataclass(frozen=True, slots=True)
class Expression:
    """`paid_fen - refunded_fen`, as its terms with their signs."""

    terms: tuple[tuple[str, int], ...]

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """:raises ValueError: it is no sum of known components"""
        terms, at = [], 0
        while at < len(text):
            found = _TERM.match(text, at)
            if found is None or (at > 0 and not found[1]) or found[2] not in LABELS:
                raise ValueError(text)
            terms.append((found[2], -1 if found[1] == "-" else 1))
            at = found.end()
        if not terms:
            raise ValueError(text)
        return cls(tuple(terms))

    @property
    def components(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.terms)

    def of(self, values: Mapping[str, int | None]) -> int | None:
        """The sum over values already read; None where one of them is not known."""
        total = 0
        for name, sign in self.terms:
            value = values[name]
            if value is None:
                return None
            total += sign * value
        return total

    def sql(self, column: Callable[[str], Combinable]) -> Combinable:
        """The same as a database expression, each component as `column` has it."""
        (name, sign), *others = self.terms
        made = column(name) if sign > 0 else column(name) * -1
        for other, other_sign in others:
            made = made + column(other) if other_sign > 0 else made - column(other)
        return made

    def __str__(self) -> str:
        (name, sign), *others = self.terms
        first = LABELS[name] if sign > 0 else f"-{LABELS[name]}"
        return first + "".join(f" {'+' if sign > 0 else '-'} {LABELS[name]}" for name, sign in others)
