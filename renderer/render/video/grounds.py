"""Plain colours and gradients as backdrops; they need no preparation. See :mod:`.backdrops` for the protocol."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from renderer.render.video.colour import KB, KG, KR, yuv_of
from renderer.render.video.raster import rgba
from renderer.render.video.score import ScoreBackdrop, U

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
    """The ground for a backdrop of kind ``colour`` or ``gradient``. Raises KeyError for another kind."""
    if backdrop.kind == "colour":
        return Ground(_plain(backdrop.settings["colour"], width, height))
    return Ground(_gradient(backdrop.settings["stops"], backdrop.settings["angle_u"], width, height))


def _plain(colour: str, width: int, height: int) -> Planes:
    y, u, v = yuv_of(colour)
    half = (height // 2, width // 2)
    return np.full((height, width), y, np.uint8), np.full(half, u, np.uint8), np.full(half, v, np.uint8)


def _gradient(stops: list[tuple[str, int]], angle_u: int, width: int, height: int) -> Planes:
    """A linear gradient as CSS Images Level 3, section 3.1, draws it, between sRGB values."""
    places = np.array([at / U for _, at in stops])
    colours = np.array([rgba(colour)[:3] for colour, _ in stops])
    angle = angle_u / U * 2 * math.pi
    planes = []
    for step, row in ((1, "y"), (2, "u"), (2, "v")):
        # Centres of the pixels, or of the 2 by 2 pixels that one chroma value is for.
        x = np.arange(step / 2, width, step) - width / 2
        y = np.arange(step / 2, height, step) - height / 2
        length = abs(width * math.sin(angle)) + abs(height * math.cos(angle))
        along = (x[None, :] * math.sin(angle) - y[:, None] * math.cos(angle)) / length + 0.5
        red, green, blue = (np.interp(along, places, colours[:, channel]) for channel in range(3))
        luma = KR * red + KG * green + KB * blue
        values = {
            "y": 16 + 219 * luma,
            "u": 128 + 224 * (blue - luma) / (2 * (1 - KB)),
            "v": 128 + 224 * (red - luma) / (2 * (1 - KR)),
        }
        planes.append(_dithered(values[row]))
    return planes[0], planes[1], planes[2]


def _dithered(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Rounded with an ordered 8 by 8 threshold (Bayer), so that slow gradients show no bands."""
    threshold = np.array([[0.0]])
    for _ in range(3):
        threshold = np.block([[4 * threshold, 4 * threshold + 2], [4 * threshold + 3, 4 * threshold + 1]])
    pattern = (threshold + 0.5) / 64
    height, width = values.shape
    tiled = np.tile(pattern, (-(-height // 8), -(-width // 8)))[:height, :width]
    return np.clip(np.floor(values + tiled), 0, 255).astype(np.uint8)
