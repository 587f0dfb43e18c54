"""What else belongs to a member: apps above register here to have their rows moved when two members become one."""

from typing import Protocol

from members.models import Member


class Mover(Protocol):
    """Give the absorbed member's rows to the kept one and say how many moved.

    Runs inside the transaction of the merge, with both members locked; called again, it finds nothing left to move.
    """

    def __call__(self, *, kept: Member, absorbed: Member) -> int: ...


_movers: dict[str, tuple[str, Mover]] = {}


def register(key: str, label: str, mover: Mover) -> None:
    """Call from `AppConfig.ready()`; `key` names the count in `MemberMerge.moved`, `label` is its Chinese name."""
    _movers[key] = (label, mover)


def movers() -> dict[str, Mover]:
    """Every registered mover by its key, in the order of registration."""
    return {key: mover for key, (_, mover) in _movers.items()}


def labels() -> dict[str, str]:
    """The Chinese name of each count, for the page that explains a merge."""
    return {key: label for key, (label, _) in _movers.items()}
