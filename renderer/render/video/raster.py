"""Small pictures drawn with cairo: premultiplied BGRA, sRGB values, 8 bit, with their place in the frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cairocffi
import numpy as np
from numpy.typing import NDArray

from renderer.errors import RenderError

MAX_SIDE = 16_384
"""Pixels. Pictures beyond it are a fault of the template, not something to try."""


@dataclass(frozen=True)
class Raster:
    """``pixels`` has shape (height, width, 4), uint8, premultiplied BGRA. ``x`` and ``y`` are the place of its top left
    pixel in the frame; both may be negative. It may be empty (height or width 0)."""

    x: int
    y: int
    pixels: NDArray[np.uint8]

    @property
    def empty(self) -> bool:
        return self.pixels.size == 0


def drawn(bounds: tuple[float, float, float, float], draw: Callable[[cairocffi.Context], None]) -> Raster:
    """What ``draw`` paints inside ``bounds`` (left, top, right, bottom in frame pixels), one pixel more on each side.

    The context's coordinates are the frame's. Raises RenderError ``render.layout`` when the bounds are absurd.
    """
    left, top = math.floor(bounds[0]) - 1, math.floor(bounds[1]) - 1
    right, bottom = math.ceil(bounds[2]) + 1, math.ceil(bounds[3]) + 1
    if bounds[2] <= bounds[0] or bounds[3] <= bounds[1]:
        return Raster(left, top, np.zeros((0, 0, 4), np.uint8))
    width, height = right - left, bottom - top
    if max(width, height) > MAX_SIDE:
        raise RenderError("render.layout", "A drawing is larger than any picture may be.")
    surface = cairocffi.ImageSurface(cairocffi.FORMAT_ARGB32, width, height)
    context = cairocffi.Context(surface)
    context.translate(-left, -top)
    draw(context)
    surface.flush()
    # ARGB32 is a native-endian word: in memory B, G, R, A on every machine that runs x264 today.
    stride = surface.get_stride()
    rows = np.frombuffer(surface.get_data(), np.uint8).reshape(height, stride // 4, 4)
    return trimmed(Raster(left, top, rows[:, :width].copy()))


def trimmed(raster: Raster) -> Raster:
    """The same picture without empty borders."""
    alpha = raster.pixels[:, :, 3]
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if rows.size == 0:
        return Raster(raster.x, raster.y, np.zeros((0, 0, 4), np.uint8))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    return Raster(raster.x + left, raster.y + top, np.ascontiguousarray(raster.pixels[top:bottom, left:right]))


def rgba(colour: str) -> tuple[float, float, float, float]:
    """A colour #rrggbb or #rrggbbaa as parts of 1 for cairo."""
    digits = colour.removeprefix("#")
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue, int(digits[6:8], 16) / 255 if len(digits) == 8 else 1.0
