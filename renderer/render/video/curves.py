"""Smooth curves through points that never go beyond them (F. N. Fritsch and R. E. Carlson, "Monotone piecewise cubic
interpolation", SIAM J. Numer. Anal. 17, 1980). Points rise in x."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]


def slopes(points: Sequence[Point]) -> list[float]:
    """The curve's slope at each point."""
    steps = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in pairwise(points)]
    if not steps:
        return [0.0] * len(points)
    found = [steps[0], *((one + two) / 2 if one * two > 0 else 0.0 for one, two in pairwise(steps)), steps[-1]]
    for index, step in enumerate(steps):
        if step == 0:
            found[index] = found[index + 1] = 0.0
            continue
        a, b = found[index] / step, found[index + 1] / step
        size = (a * a + b * b) ** 0.5
        if size > 3:
            found[index], found[index + 1] = 3 * a / size * step, 3 * b / size * step
    return found


def height_at(points: Sequence[Point], x: float, smooth: bool) -> float:
    """The curve's (or the straight line's) y at ``x``; beyond its ends that of the end."""
    if x <= points[0][0] or len(points) == 1:
        return points[0][1]
    if x >= points[-1][0]:
        return points[-1][1]
    index = bisect_right([one for one, _ in points], x) - 1
    (x1, y1), (x2, y2) = points[index], points[index + 1]
    width = x2 - x1
    t = (x - x1) / width
    if not smooth:
        return y1 + (y2 - y1) * t
    tangents = slopes(points)
    return (
        (1 + 2 * t) * (1 - t) ** 2 * y1
        + t * (1 - t) ** 2 * width * tangents[index]
        + t * t * (3 - 2 * t) * y2
        + t * t * (t - 1) * width * tangents[index + 1]
    )
