"""The number a line goes by where its receipt gives none."""

import numpy as np
import numpy.typing as npt

# Content hashes lie above every real line number, so the two never meet.
FIRST_CONTENT_LINE = 1 << 62
NO_PRICE = -(1 << 62)  # stands for the unit price of a line without one
_MIX_1, _MIX_2, _STEP = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0x9E3779B97F4A7C15)

Integers = npt.NDArray[np.int64]


def mix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014): each input bit moves half of the output's."""
    state = state + _STEP
    state = (state ^ (state >> np.uint64(30))) * _MIX_1
    state = (state ^ (state >> np.uint64(27))) * _MIX_2
    return state ^ (state >> np.uint64(31))


def content_lines(
    *,
    products: Integers,
    quantities: Integers,
    unit_prices: Integers,
    paid: Integers,
) -> Integers:
    """One number a line, from its product, signed quantity (ten-thousandths), unit price (or `NO_PRICE`), signed paid.

    The same content gives the same number in every file and release; two contents of one receipt give the same one
    once in 2⁶² pairs. A repetition that counts separately is this number plus 1, 2, … (62 bits are room enough).
    """
    state = np.zeros(len(products), dtype=np.uint64)
    for column in (products, quantities, unit_prices, paid):
        state = mix(state ^ column.view(np.uint64))
    return ((state >> np.uint64(2)) | np.uint64(FIRST_CONTENT_LINE)).view(np.int64)
