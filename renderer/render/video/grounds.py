"""Plain colours and gradients as backdrops; they need no preparation. See :mod:`.backdrops` for the protocol."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from renderer.render.video.colour import exact_yuv, yuv_of
from renderer.render.video.score import ScoreBackdrop, U

_BAND = 64
"""Rows that are worked out at a time, a multiple of the threshold's eight: a whole picture of floats takes 60 MB."""

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


class Ground:
    """One picture that never changes. Implements :class:`~.backdrops.Backdrop`."""

    def __init__(self, planes: Planes) -> None:
        self._planes = planes

    def planes(self, frame: int) -> Planes:
        """Y, U, V; not to be written to."""
        return self._planes

    def key(self, frame: int) -> int:
        """Always 0: all frames are equal."""
        return 0


def ground(backdrop: ScoreBackdrop, width: int, height: int) -> Ground:
    """The ground for a backdrop of kind ``colour`` or ``gradient``. Raises KeyError for another kind.

    The last few are kept: the films of one template share them.
    """
    if backdrop.kind == "colour":
        return Ground(_plain(backdrop.settings["colour"], width, height))
    stops = tuple((colour, at) for colour, at in backdrop.settings["stops"])
    return Ground(_gradient(stops, backdrop.settings["angle_u"], width, height))


def _plain(colour: str, width: int, height: int) -> Planes:
    y, u, v = yuv_of(colour)
    half = (height // 2, width // 2)
    return np.full((height, width), y, np.uint8), np.full(half, u, np.uint8), np.full(half, v, np.uint8)


@lru_cache(maxsize=8)
def _gradient(stops: tuple[tuple[str, int], ...], angle_u: int, width: int, height: int) -> Planes:
    """A linear gradient as CSS Images Level 3, section 3.1, draws it, between sRGB values."""
    places = [at / U for _, at in stops]
    # Y'CbCr is linear in sRGB values, so going between stops there is the same.
    colours = np.array([exact_yuv(colour) for colour, _ in stops])
    angle = angle_u / U * 2 * math.pi
    length = abs(width * math.sin(angle)) + abs(height * math.cos(angle))
    planes = []
    for channel, step in enumerate((1, 2, 2)):
        # Centres of the pixels, or of the 2 by 2 pixels that one chroma value is for.
        across = (np.arange(step / 2, width, step) - width / 2) * (math.sin(angle) / length)
        down = (np.arange(step / 2, height, step) - height / 2) * (math.cos(angle) / length)
        plane = np.empty((len(down), len(across)), np.uint8)
        for top in range(0, len(down), _BAND):
            along = across[None, :] - down[top : top + _BAND, None] + 0.5
            plane[top : top + _BAND] = _dithered(np.interp(along, places, colours[:, channel]))
        plane.flags.writeable = False  # shared between films
        planes.append(plane)
    return planes[0], planes[1], planes[2]


def _dithered(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Rounded so that slow gradients show no bands."""
    values += thresholds(*values.shape)
    return values.astype(np.uint8)  # values are positive: this rounds down


def thresholds(height: int, width: int) -> NDArray[np.float64]:
    """An ordered 8 by 8 threshold (Bayer), 0 to 1, for every pixel."""
    threshold = np.array([[0.0]])
    for _ in range(3):
        threshold = np.block([[4 * threshold, 4 * threshold + 2], [4 * threshold + 3, 4 * threshold + 1]])
    return np.tile((threshold + 0.5) / 64, (height // 8 + 1, width // 8 + 1))[:height, :width]
