"""Who stays a control: the chance not to have joined by a day, from what is seen of each member.

Controls are watched until they join themselves. Who comes more often than before joins sooner, so those left would
seem to buy less and less. Each day of a control therefore counts by the inverse of the chance that she was still
there to be seen (inverse probability of censoring).
"""

import numpy as np

from metrics.lift.shops import NEVER, Floats, Shop

_TENURE = np.array([60, 150, 400])  # days: band edges
_RECENT = 60  # days
_OFTEN = np.array([2, 5, 9])  # visits in that time
_PRIOR = 200  # days' or visits' worth of the store's own mean, where a band has few
_LEAST = 0.1  # a chance below counts as this


def still_there(shop: Shop) -> Floats:
    """Per member and day (one more than the period has): the chance of not having joined before it."""
    count, days = len(shop.since), shop.days
    came = np.zeros((count, days), bool)
    came[shop.member, shop.day] = True
    visits = np.concatenate([np.zeros((count, 1), np.int32), np.cumsum(came, axis=1, dtype=np.int32)], axis=1)
    day = np.arange(days)
    recent = visits[:, :-1] - visits[:, np.maximum(day - _RECENT, 0)]
    tenure = day - shop.since[:, None]
    band = np.searchsorted(_TENURE, tenure, side="right") * 4 + np.searchsorted(_OFTEN, recent, side="right")
    last = np.where(shop.joined == NEVER, days, shop.joined)
    at_risk = (tenure >= 0) & (day <= last[:, None]) & ~shop.is_before[:, None]
    joins = np.zeros((count, days), bool)
    joined = np.flatnonzero(shop.joined != NEVER)
    joins[joined, shop.joined[joined]] = True
    first, final = (int(shop.joined[joined].min()), int(shop.joined[joined].max())) if len(joined) else (0, -1)
    at_risk &= (day >= first) & (day <= final)  # nobody was asked before the first or after the last
    hazard = np.zeros((count, days))
    for kind in (came, ~came):
        mine = at_risk & kind
        asked = np.bincount(band[mine], minlength=16)
        said_yes = np.bincount(band[mine & joins], minlength=16)
        mean = said_yes.sum() / max(asked.sum(), 1)
        chance = (said_yes + _PRIOR * mean) / (asked + _PRIOR)
        hazard[mine] = chance[band[mine]]
    chances = np.cumprod(1 - hazard, axis=1)
    return np.concatenate([np.ones((count, 1)), np.maximum(chances, _LEAST)], axis=1)
