"""What the signals count before anything was learnt: enough for a chain on its first day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tagging.recommending.signals import SIGNALS

if TYPE_CHECKING:
    from tagging.recommending.facts import Floats

_SEASONAL_DAYS = 120  # beyond this the season of one moment says less than the habit
_NEW = {"season": 0.95, "crowd": 0.3, "category": 0.15, "taste": 0.6}
_REPEAT_SOON = {"season": 0.8, "own_season": 0.15, "habit": 0.25, "gap": -0.1, "times": 0.15}
_REPEAT_EVER = {"season": 0.3, "habit": 0.3, "times": 0.3}


def prior_weights(*, repeats: bool, horizon_days: int) -> Floats:
    """One weight per signal of `signals.SIGNALS`."""
    if not repeats:
        chosen = _NEW
    elif horizon_days <= _SEASONAL_DAYS:
        chosen = _REPEAT_SOON
    else:
        chosen = _REPEAT_EVER
    return np.asarray([chosen.get(name, 0.0) for name in SIGNALS], dtype=np.float32)
