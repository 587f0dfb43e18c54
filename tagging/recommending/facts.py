"""What the recommender knows: who bought which product on which day, and what the products are.

Everything is an array and an index, so that a shard of a store and a folder of research data are the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The products, by index.

    `category` numbers the categories from 0; `taste` is (products, axes), 0 to 10, NaN where nobody knows;
    `offered` is false for what must never be recommended (labels such as "apple, other").
    """

    category: Ints
    taste: Floats
    offered: Bools

    @property
    def size(self) -> int:
        return len(self.category)

    @property
    def categories(self) -> int:
        return int(self.category.max(initial=-1)) + 1


@dataclass(frozen=True, slots=True)
class History:
    """Purchases: member `member[i]` bought `product[i]` on day `day[i]` (days since some epoch); in any order.

    A product bought twice on one day may stand twice. Members are numbered 0 … `members` - 1.
    """

    member: Ints
    product: Ints
    day: Ints
    members: int

    @classmethod
    def of(cls, member: npt.ArrayLike, product: npt.ArrayLike, day: npt.ArrayLike, *, members: int) -> Self:
        return cls(np.asarray(member, np.int32), np.asarray(product, np.int32), np.asarray(day, np.int32), members)

    def where(self, kept: Bools) -> History:
        return History(self.member[kept], self.product[kept], self.day[kept], self.members)

    def until(self, day: int) -> History:
        """What was known on the evening of `day`."""
        return self.where(self.day <= day)

    def between(self, after: int, until: int) -> History:
        return self.where((self.day > after) & (self.day <= until))

    def of_members(self, first: int, last: int) -> History:
        """Members `first` … `last` - 1, renumbered from 0; the rows must lie in the order of members."""
        low, high = np.searchsorted(self.member, [first, last])
        return History(self.member[low:high] - first, self.product[low:high], self.day[low:high], last - first)

    def table(self, products: int, weights: Floats | None = None) -> Floats:
        """(members, products): how often each bought each, or the sum of the weights."""
        key = self.member.astype(np.int64) * products + self.product
        counts = np.bincount(key, weights=weights, minlength=self.members * products)
        return counts.reshape(self.members, products).astype(np.float32)
