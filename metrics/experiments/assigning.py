"""Which arm a unit belongs to: decided by a hash, so that anybody can work it out again and nobody can choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

_SIZE = 2**64


class BadArms(ValueError):
    """The arms cannot share the units out; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm and its share of the units, as a whole number: shares count against their sum."""

    key: str
    weight: int


def check(arms: Sequence[Arm]) -> None:
    """:raises BadArms: fewer than two arms with a share, a share below 0, or a name twice"""
    if any(arm.weight < 0 for arm in arms):
        raise BadArms("份额不能是负数")
    if sum(arm.weight for arm in arms) == 0:
        raise BadArms("各组份额都是 0，没有人会参加实验")
    if sum(arm.weight > 0 for arm in arms) < 2:  # noqa: PLR2004 -- something to compare
        raise BadArms("至少要两组有份额，才有得比")
    if len({arm.key for arm in arms}) < len(arms):
        raise BadArms("组名重复")


def place(*, salt: str, unit: int) -> float:
    """Where a unit stands in an experiment: from 0 up to 1, uniform, and unrelated to where another salt puts it."""
    return int.from_bytes(sha256(f"{salt}:{unit}".encode()).digest()[:8]) / _SIZE


def arm_of(*, salt: str, unit: int, arms: Sequence[Arm], known: Mapping[int, str] | None = None) -> str:
    """The arm of a unit; a `known` one stays where it is, whatever the weights are by now. :raises BadArms:"""
    if known is not None and unit in known:
        return known[unit]
    check(arms)
    point = place(salt=salt, unit=unit) * sum(arm.weight for arm in arms)
    for arm in arms:
        if point < arm.weight:
            return arm.key
        point -= arm.weight
    return next(arm.key for arm in reversed(arms) if arm.weight)  # rounding at the very end
