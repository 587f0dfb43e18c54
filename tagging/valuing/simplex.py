"""Nelder and Mead's search for a minimum: enough for four parameters, and no library to keep."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def minimum(of: Callable[[Floats], float], start: Floats, *, steps: int = 600, tolerance: float = 1e-7) -> Floats:
    """The point where `of` is least, near `start`; deterministic."""
    size = len(start)
    points = np.vstack([start, *(start + 0.4 * np.eye(size)[axis] for axis in range(size))])
    heights = np.array([of(point) for point in points])
    for _ in range(steps):
        order = np.argsort(heights, kind="stable")
        points, heights = points[order], heights[order]
        if abs(heights[-1] - heights[0]) <= tolerance * (abs(heights[0]) + tolerance):
            break
        middle = points[:-1].mean(axis=0)
        tried = middle + (middle - points[-1])
        height = of(tried)
        if height < heights[0]:
            further = middle + 2 * (middle - points[-1])
            reached = of(further)
            points[-1], heights[-1] = (further, reached) if reached < height else (tried, height)
        elif height < heights[-2]:
            points[-1], heights[-1] = tried, height
        else:
            outside = height < heights[-1]
            nearer = middle + 0.5 * ((tried if outside else points[-1]) - middle)
            reached = of(nearer)
            if reached < min(height, heights[-1]):
                points[-1], heights[-1] = nearer, reached
            else:
                points[1:] = points[0] + 0.5 * (points[1:] - points[0])
                heights[1:] = [of(point) for point in points[1:]]
    found: Floats = points[np.argmin(heights)]
    return found
