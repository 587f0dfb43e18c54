"""The number a line goes by where its receipt gives none."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# Content hashes lie above every real line number, so the two never meet.
FIRST_CONTENT_LINE = 1 << 62
_NO_PRICE = -(1 << 62)
_MIX_1, _MIX_2, _STEP = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0x9E3779B97F4A7C15)

Integers = npt.NDArray[np.int64]


def _mix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014): each input bit moves half of the output's."""
    state = state + _STEP
    state = (state ^ (state >> np.uint64(30))) * _MIX_1
    state = (state ^ (state >> np.uint64(27))) * _MIX_2
    return state ^ (state >> np.uint64(31))


def content_lines(
    *,
    products: Sequence[int],
    quantities: Sequence[int],
    unit_prices: Sequence[int | None],
    paid: Sequence[int],
) -> Integers:
    """One number a line, from its product, signed quantity (ten-thousandths), unit price and signed paid amount.

    The same content gives the same number in every file and release; two contents of one receipt give the same one
    once in 2⁶² pairs. A repetition that counts separately is this number plus 1, 2, … (62 bits are room enough).
    """
    prices = [_NO_PRICE if price is None else price for price in unit_prices]
    state = np.zeros(len(products), dtype=np.uint64)
    for column in (products, quantities, prices, paid):
        state = _mix(state ^ np.array(column, dtype=np.int64).view(np.uint64))
    return ((state >> np.uint64(2)) | np.uint64(FIRST_CONTENT_LINE)).view(np.int64)
