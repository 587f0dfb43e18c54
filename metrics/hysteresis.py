"""When a figure becomes an alert, and when it is none any more: two thresholds, and so many looks in a row at each.

A figure is *badness*: the higher, the worse. Between the two thresholds nothing changes, so a figure that trembles
around either of them raises once at most (docs/decisions/0033-alerts-and-goals.md).
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Raise after `raise_after` looks in a row at `raise_at` or above, clear after `clear_after` below `clear_at`."""

    raise_at: float
    clear_at: float
    raise_after: int = 1
    clear_after: int = 1

    def __post_init__(self) -> None:
        if self.clear_at > self.raise_at or min(self.raise_after, self.clear_after) < 1:
            raise ValueError("an alert is cleared at or below where it is raised, after one look at least")


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known after some looks: how many in a row were bad, how many good, and whether the alert stands."""

    hits: int = 0
    misses: int = 0
    is_raised: bool = False


def look(watch: Watch, badness: float | None, thresholds: Thresholds) -> Watch:
    """The state after one more look; without a figure nothing is learnt and nothing changes."""
    if badness is None:
        return watch
    if badness >= thresholds.raise_at:
        seen = replace(watch, hits=watch.hits + 1, misses=0)
        return replace(seen, is_raised=True) if seen.hits >= thresholds.raise_after else seen
    if badness >= thresholds.clear_at:
        return replace(watch, hits=0, misses=0)
    seen = replace(watch, hits=0, misses=watch.misses + 1)
    return Watch() if watch.is_raised and seen.misses >= thresholds.clear_after else seen
