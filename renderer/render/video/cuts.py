"""Where chunks begin and end. In: scenes and the frames in which something personal shows. Out: borders.

A film is cut at scenes first: a *stretch* runs from where a scene comes in to where the next one does. Each stretch is
then cut alone, so the same scene with the same personal moments is cut in the same way whatever stands around it, and
two recipients share it. Within a stretch the borders are those of least cost (dynamic programming over every frame):

- a frame of a chunk that shows something personal is encoded again for every recipient: 1;
- a frame of a chunk that reaches into a transition is encoded again for every pair of scenes: a quarter;
- a chunk costs what its key frame and its handling cost more: :data:`CHUNK_PRICE`.

Chunks have 0.5 to 6 s where the stretch allows it. Of equally good borders the later ones are taken, so that a stretch
that ends a little later for one recipient is cut in the same way up to there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np

from renderer.render.video.visible import Span, union

MIN_CHUNK_S = Fraction(1, 2)
MAX_CHUNK_S = Fraction(6)

CHUNK_PRICE = 4
"""What one more chunk costs, in encoded frames: x264 takes two to three times as long for a key frame, and each chunk
has a place in index and store."""

# Costs count in quarters of an encoded frame, so that they are whole numbers.
_FRAME, _PAIR, _CHUNK = 4, 1, 4 * CHUNK_PRICE


@dataclass(frozen=True)
class SceneSpan:
    """A scene of the film: its first frame, the one after its last, and how many of its frames are a transition."""

    first: int
    end: int
    overlap: int = 0


@dataclass(frozen=True)
class Stretch:
    """A part of the film that is cut alone. ``pair`` frames at its start show the scene before as well; ``personal``
    are spans within it, in order."""

    frames: int
    pair: int = 0
    personal: tuple[Span, ...] = ()


def film_cuts(frames: int, scenes: Sequence[SceneSpan], personal: Iterable[Span], fps: Fraction) -> tuple[int, ...]:
    """Borders 0 … ``frames`` of a film's chunks. ``personal`` are the spans in which something personal can be seen.

    Every chunk has at least 0.5 s unless the film is shorter, and at most 6 s.
    """
    least, most = limits(fps)
    firsts = [0]
    for scene in scenes:
        # A stretch too short for a chunk goes with the one before.
        if scene.first - firsts[-1] >= least and frames - scene.first >= least:
            firsts.append(scene.first)
    pairs = {scene.first: scene.overlap for scene in scenes}
    spans = union(personal)
    borders = [0]
    for start, stop in pairwise([*firsts, frames]):
        inside = [(max(first, start) - start, min(end, stop) - start) for first, end in spans]
        stretch = Stretch(
            frames=stop - start,
            pair=min(pairs.get(start, 0), stop - start),
            personal=tuple((first, end) for first, end in inside if first < end),
        )
        borders += [start + border for border in cut(stretch, least, most)[1:]]
    return tuple(borders)


def limits(fps: Fraction) -> tuple[int, int]:
    """The fewest and the most frames of a chunk."""
    return max(1, int(MIN_CHUNK_S * fps)), max(2, int(MAX_CHUNK_S * fps))


@lru_cache(maxsize=1024)
def cut(stretch: Stretch, least: int, most: int) -> tuple[int, ...]:
    """The best borders of one stretch, from 0 to its length. One chunk if it is shorter than two of ``least``."""
    size = stretch.frames
    if size < 2 * least:
        return 0, size
    # For each frame the next personal one at or after it: a chunk from i to j is personal if that is before j.
    following = _following(stretch)
    best = np.full(size + 1, np.iinfo(np.int64).max // 2, np.int64)
    best[size] = 0
    ends = np.zeros(size + 1, np.int64)
    for start in range(size - least, -1, -1):
        low, high = start + least, min(start + most, size)
        stops = np.arange(low, high + 1)
        cost = best[low : high + 1] + _CHUNK
        shared = max(0, min(int(following[start]) + 1, high + 1) - low)  # the first so many stops leave it shared
        cost[shared:] += _FRAME * (stops[shared:] - start)
        if start < stretch.pair:
            cost[:shared] += _PAIR * (stops[:shared] - start)
        # The last of the cheapest: it reaches furthest.
        chosen = len(cost) - 1 - int(np.argmin(cost[::-1]))
        best[start], ends[start] = cost[chosen], low + chosen
    borders = [0]
    while borders[-1] < size:
        borders.append(int(ends[borders[-1]]))
    return tuple(borders)


def cost_of(stretch: Stretch, borders: Sequence[int]) -> Fraction:
    """What some borders of a stretch cost, in encoded frames."""
    following = _following(stretch)
    total = 0
    for start, stop in pairwise(borders):
        if following[start] < stop:
            total += _FRAME * (stop - start)
        elif start < stretch.pair:
            total += _PAIR * (stop - start)
        total += _CHUNK
    return Fraction(total, _FRAME)


def _following(stretch: Stretch) -> list[int]:
    """For each frame the first personal one from there on; the stretch's length if there is none."""
    found = [stretch.frames] * (stretch.frames + 1)
    for first, end in reversed(stretch.personal):
        for frame in range(end):
            found[frame] = max(first, frame)
    return found
