"""What a picture looks like in 64 bits: saved again, shrunk or brightened it stays within a few of them."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

_SIDE, _KEPT = 32, 8
_PLAIN = 6.0  # grey levels of spread, below which a picture has nothing to be known by

Matrix = npt.NDArray[np.float64]


@lru_cache(maxsize=1)
def _cosines() -> Matrix:
    """The DCT-II as a matrix; constant factors do not matter to a comparison with the median."""
    steps = np.arange(_SIDE)
    return np.cos(np.pi / _SIDE * np.outer(steps[:_KEPT], steps + 0.5))


def perceptual_hash(picture: Image.Image) -> int | None:
    """The DCT hash of a picture as a signed 64-bit number; None for one that is nearly a single tone.

    Each bit says whether one of the 64 lowest frequencies is stronger than the middle one.
    """
    grey = np.asarray(picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS), dtype=np.float64)
    if grey.std() < _PLAIN:
        return None
    low = (_cosines() @ grey @ _cosines().T).ravel()
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big", signed=True)


def bits_apart(one: int, other: int) -> int:
    """How many of the 64 bits of two hashes differ."""
    return ((one ^ other) & (2**64 - 1)).bit_count()
