"""What one store's members bought day by day, and sums of it over any stretch of days."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NEVER = -1


class BadShop(ValueError):
    """The arrays do not belong together."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The members of one store over a period of `days` business days, numbered from 0; money in fen.

    `member`, `day` and `spend` are parallel: what a member paid there on a day, less what she gave back, one entry
    per member and day. `since` and `joined` are per member: the day she became one (negative before the period), and
    the day she joined a group for the first time (`NEVER`, or negative before the period).
    """

    days: int
    member: Ints
    day: Ints
    spend: Floats
    since: Ints
    joined: Ints
    is_before: Flags  # who had joined before the period: neither a joiner nor a control

    @classmethod
    def of(
        cls,
        *,
        days: int,
        member: Sequence[int] | Ints,
        day: Sequence[int] | Ints,
        spend: Sequence[float] | Floats,
        since: Sequence[int] | Ints,
        joined: Sequence[int | None],
    ) -> "Shop":
        """Sort the entries and check them; `joined` is None for who never did.

        :raises BadShop: lengths differ, a day or a member outside, or two entries for one member and day
        """
        who, when, paid = np.asarray(member, np.int64), np.asarray(day, np.int64), np.asarray(spend, np.float64)
        known_since = np.asarray(since, np.int64)
        count = len(known_since)
        if not len(who) == len(when) == len(paid) or len(joined) != count or days < 1:
            raise BadShop("数组长度不一致")
        if len(who) and (who.min() < 0 or who.max() >= count or when.min() < 0 or when.max() >= days):
            raise BadShop("有不在时间段或会员名单里的记录")
        order = np.argsort(who * days + when, kind="stable")
        who, when, paid = who[order], when[order], paid[order]
        if len(who) and (np.diff(who * days + when) == 0).any():
            raise BadShop("同一会员同一天有两条记录")
        joins = np.array([NEVER if one is None or one < 0 else one for one in joined], np.int64)
        before = np.array([one is not None and one < 0 for one in joined], bool)
        return cls(days, who, when, paid, known_since, joins, before)

    def sums(self) -> "Sums":
        """An index for sums over stretches of days."""
        return Sums(self)


class Sums:
    """Spend of members over stretches of days, in logarithmic time each."""

    def __init__(self, shop: Shop, *, weight: Floats | None = None) -> None:
        self._width = shop.days + 1
        self._keys = shop.member * self._width + shop.day
        self._spend = np.concatenate([[0.0], np.cumsum(shop.spend if weight is None else shop.spend * weight)])
        self._days = shop.day

    def spend(self, member: Ints, start: Ints, end: Ints) -> Floats:
        """What each member paid on days `start` ≤ day < `end`, in fen."""
        low, high = self._places(member, start), self._places(member, np.maximum(start, end))
        found: Floats = self._spend[high] - self._spend[low]
        return found

    def visits(self, member: Ints, start: Ints, end: Ints) -> Ints:
        """On how many of these days each came."""
        return self._places(member, np.maximum(start, end)) - self._places(member, start)

    def last_before(self, member: Ints, day: Ints) -> Ints:
        """The day of each one's last visit before `day`, or `NEVER`."""
        place = self._places(member, day)
        first = self._places(member, np.zeros_like(day))
        found = np.full(len(member), NEVER, np.int64)
        some = place > first
        found[some] = self._days[place[some] - 1]
        return found

    def _places(self, member: Ints, day: Ints) -> Ints:
        return np.searchsorted(self._keys, member * self._width + np.clip(day, 0, self._width - 1), side="left")
