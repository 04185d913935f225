"""Pictures as small pictures: scaled into their rectangle, cut, with round corners and a shadow, or moving inside it.

In: content, its rectangle, a picture's bytes. Out: a :class:`~.raster.Raster`.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from functools import lru_cache

import cairocffi
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from renderer.errors import RenderError
from renderer.render.video.raster import Raster, drawn, trimmed
from renderer.render.video.score import ImageContent, Q, Rect, U
from renderer.render.video.shapes import over, rounded_rect, shadow_of

MAX_PIXELS = 50_000_000
FINER = 1.25
"""How much finer than its closest view a picture that moves is kept. At 1, frames between two pixels are softer than
those on one, and the picture pulses: by 18 % of its finest detail; at 1.25 by 0.1 %."""


@dataclass(frozen=True)
class View:
    """What is seen of a picture that moves inside its rectangle: how much larger than covering it, and the point in the
    middle; all in 1/65536."""

    zoom: int
    focus_x: int
    focus_y: int


@dataclass(frozen=True)
class Picture:
    """A premultiplied RGBa picture, as fine as it must be to move."""

    image: Image.Image

    @classmethod
    def covering(cls, image: Image.Image, rect_q: Rect, zoom: int) -> Picture:
        """``image`` for views that cover the rectangle at up to ``zoom`` (1/65536)."""
        _, _, width, height = _pixels(rect_q)
        scale = max(width / image.width, height / image.height) * zoom / U * FINER
        size = math.ceil(image.width * scale), math.ceil(image.height * scale)
        return cls(image.resize(size, Image.Resampling.LANCZOS))

    @property
    def nbytes(self) -> int:
        return self.image.width * self.image.height * 4


def read_picture(data: bytes) -> Image.Image:
    """A picture from its bytes, upright, premultiplied so that edges do not darken. Raises RenderError
    ``render.media``."""
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise RenderError("render.media", "An image has more pixels than a film may use.")
            return ImageOps.exif_transpose(opened).convert("RGBa")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RenderError("render.media", "An image could not be read.", hint="Use PNG, JPEG or WebP.") from error


def image_raster(content: ImageContent, rect_q: Rect, picture: Image.Image) -> Raster:
    """A picture scaled into its rectangle, which is rounded to whole pixels."""
    left, top, width, height = _pixels(rect_q)
    if width <= 0 or height <= 0:
        return Raster(left, top, np.zeros((0, 0, 4), np.uint8))
    if content.scaling == "cover":
        centre = content.focus_u[0] / U, content.focus_u[1] / U
        fitted = ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS, centering=centre)
    else:
        fitted = ImageOps.contain(picture, (width, height), Image.Resampling.LANCZOS)
        left += (width - fitted.width) * content.place_u[0] // U
        top += (height - fitted.height) * content.place_u[1] // U
    return _finished(content, Raster(left, top, _bgra(fitted)))


def view_raster(content: ImageContent, rect_q: Rect, source: Picture, view: View) -> Raster:
    """A moment of a picture that moves inside its rectangle, resampled at fractions of a pixel."""
    left, top, width, height = _pixels(rect_q)
    if width <= 0 or height <= 0:
        return Raster(left, top, np.zeros((0, 0, 4), np.uint8))
    box = window(source.image.size, (width, height), view.zoom / U, (view.focus_x / U, view.focus_y / U))
    seen = source.image.resize((width, height), Image.Resampling.BICUBIC, box=box)
    return _finished(content, Raster(left, top, _bgra(seen)))


def window(
    picture: tuple[int, int], size: tuple[int, int], zoom: float, focus: tuple[float, float]
) -> tuple[float, float, float, float]:
    """The part (left, top, right, bottom) of a picture that covers ``size`` at ``zoom``, with the point ``focus``
    (parts of the picture) in the middle as far as the picture reaches."""
    share = min(picture[0] / size[0], picture[1] / size[1]) / zoom
    wide, high = size[0] * share, size[1] * share
    left = min(max(focus[0] * picture[0] - wide / 2, 0.0), picture[0] - wide)
    top = min(max(focus[1] * picture[1] - high / 2, 0.0), picture[1] - high)
    # Rounding must not reach beyond the picture.
    return max(left, 0.0), max(top, 0.0), min(left + wide, picture[0]), min(top + high, picture[1])


def _pixels(rect_q: Rect) -> tuple[int, int, int, int]:
    """Left, top, width and height in whole pixels."""
    left, top, right, bottom = (math.floor(value / Q + 0.5) for value in rect_q)
    return left, top, right - left, bottom - top


def _bgra(image: Image.Image) -> NDArray[np.uint8]:
    pixels = np.asarray(cv2.cvtColor(np.asarray(image), cv2.COLOR_RGBA2BGRA), np.uint8)
    if int(pixels[:, :, 3].min()) < 255:
        np.minimum(pixels[:, :, :3], pixels[:, :, 3:], out=pixels[:, :, :3])  # resampling may overshoot
    return pixels


def _finished(content: ImageContent, raster: Raster) -> Raster:
    """Round corners, no empty borders, the shadow."""
    pixels = _rounded(raster.pixels, content.radius_q / Q) if content.radius_q else raster.pixels
    done = trimmed(Raster(raster.x, raster.y, pixels))
    if content.shadow is None or done.empty:
        return done
    lower = shadow_of(done, content.shadow, content.shadow_blur_q)
    return over(done, Raster(lower.x, lower.y + round(content.shadow_offset_q / Q), lower.pixels))


def _rounded(pixels: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    """``pixels`` with round corners."""
    height, width = pixels.shape[:2]
    radius = min(radius, width / 2, height / 2)
    mask, found, high = _corners(width, height, radius), pixels.copy(), math.ceil(radius)
    for rows in (slice(0, high), slice(max(high, height - high), height)):  # nothing between them is cut
        found[rows] = (pixels[rows] * mask[rows] + 127) // 255
    return found


@lru_cache(maxsize=16)
def _corners(width: int, height: int, radius: float) -> NDArray[np.uint16]:
    """The opacity, 0 to 255, of each pixel of a rectangle with round corners."""

    def draw(context: cairocffi.Context) -> None:
        rounded_rect(context, (0, 0, width, height), [radius] * 4)
        context.set_source_rgba(0, 0, 0, 1)
        context.fill()

    mask = drawn((0, 0, width, height), draw)
    alpha = np.zeros((height, width, 1), np.uint16)
    alpha[mask.y : mask.y + mask.pixels.shape[0], mask.x : mask.x + mask.pixels.shape[1], 0] = mask.pixels[:, :, 3]
    return alpha
