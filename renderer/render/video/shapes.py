"""Shapes and images as small pictures. In: content and its rectangle. Out: a :class:`~.raster.Raster`."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import cairocffi
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from renderer.errors import RenderError
from renderer.render.video.raster import Raster, drawn, rgba, trimmed
from renderer.render.video.score import ImageContent, Q, Rect, ShapeContent, U

MAX_PIXELS = 50_000_000
Draw = Callable[[cairocffi.Context], None]


def shape_raster(content: ShapeContent, rect_q: Rect) -> Raster:
    """A shape in its rectangle (1/256 px), with its shadow."""
    left, top, right, bottom = (value / Q for value in rect_q)
    room = content.stroke_q / Q if content.shape == "line" else 0.0

    def draw(context: cairocffi.Context) -> None:
        if content.fill is not None:
            _outline(context, content, (left, top, right, bottom))
            context.set_source_rgba(*rgba(content.fill))
            context.fill()
        if content.stroke is not None:
            width = content.stroke_q / Q
            inset = 0.0 if content.shape == "line" else width / 2
            _outline(context, content, (left + inset, top + inset, right - inset, bottom - inset))
            context.set_line_width(width)
            context.set_line_cap(cairocffi.LINE_CAP_ROUND)
            context.set_source_rgba(*rgba(content.stroke))
            context.stroke()

    raster = drawn((left - room, top - room, right + room, bottom + room), draw)
    if content.shadow is None:
        return raster
    return _over(raster, _shadow(content, (left, top, right, bottom)))


def image_raster(content: ImageContent, rect_q: Rect, data: bytes) -> Raster:
    """A picture scaled into its rectangle, which is rounded to whole pixels. Raises RenderError ``render.media``."""
    left, top, right, bottom = (math.floor(value / Q + 0.5) for value in rect_q)
    width, height = right - left, bottom - top
    if width <= 0 or height <= 0:
        return Raster(left, top, np.zeros((0, 0, 4), np.uint8))
    focus = content.focus_u[0] / U, content.focus_u[1] / U
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise RenderError("render.media", "An image has more pixels than a film may use.")
            picture = ImageOps.exif_transpose(opened).convert("RGBa")  # premultiplied, so edges do not darken
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RenderError("render.media", "An image could not be read.", hint="Use PNG, JPEG or WebP.") from error
    if content.scaling == "cover":
        fitted = ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS, centering=focus)
        x, y = left, top
    else:
        fitted = ImageOps.contain(picture, (width, height), Image.Resampling.LANCZOS)
        x, y = left + (width - fitted.width) // 2, top + (height - fitted.height) // 2
    pixels = np.ascontiguousarray(np.asarray(fitted)[:, :, [2, 1, 0, 3]])
    np.minimum(pixels[:, :, :3], pixels[:, :, 3:], out=pixels[:, :, :3])  # Lanczos may overshoot
    if content.radius_q:
        pixels = _rounded(pixels, content.radius_q / Q)
    return trimmed(Raster(x, y, pixels))


def _outline(context: cairocffi.Context, content: ShapeContent, rect: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = rect
    context.new_path()
    if content.shape == "line":
        context.move_to(left, top if content.falling else bottom)
        context.line_to(right, bottom if content.falling else top)
    elif content.shape == "ellipse":
        _ellipse(context, rect)
    else:
        _rounded_rect(context, rect, [radius / Q for radius in content.radii_q])


def _ellipse(context: cairocffi.Context, rect: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = rect
    if right <= left or bottom <= top:
        return
    context.save()
    context.translate((left + right) / 2, (top + bottom) / 2)
    context.scale((right - left) / 2, (bottom - top) / 2)
    context.arc(0, 0, 1, 0, 2 * math.pi)
    context.restore()


def _rounded_rect(context: cairocffi.Context, rect: tuple[float, float, float, float], radii: list[float]) -> None:
    left, top, right, bottom = rect
    quarter = math.pi / 2
    corners = ((left, top, 1, 1), (right, top, -1, 1), (right, bottom, -1, -1), (left, bottom, 1, -1))
    for turn, ((x, y, inward_x, inward_y), radius) in enumerate(zip(corners, radii, strict=True)):
        if radius > 0:
            start = math.pi + turn * quarter
            context.arc(x + inward_x * radius, y + inward_y * radius, radius, start, start + quarter)
        else:
            context.line_to(x, y)
    context.close_path()


def _shadow(content: ShapeContent, rect: tuple[float, float, float, float]) -> Raster:
    """The shape's silhouette, blurred. As in CSS, the standard deviation is half the blur."""
    sigma, offset = content.shadow_blur_q / Q / 2, content.shadow_offset_q / Q
    reach = math.ceil(3 * sigma)
    left, top, right, bottom = rect[0], rect[1] + offset, rect[2], rect[3] + offset

    def draw(context: cairocffi.Context) -> None:
        _outline(context, content, (left, top, right, bottom))
        context.set_source_rgba(0, 0, 0, 1)
        context.fill()

    solid = drawn((left, top, right, bottom), draw)
    if solid.empty:
        return solid
    alpha = np.pad(solid.pixels[:, :, 3], reach).astype(np.float32)
    if sigma > 0:
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), sigma), np.float32)
    red, green, blue, opacity = rgba(content.shadow or "#00000000")
    tint = np.array([blue * opacity, green * opacity, red * opacity, opacity], np.float32)
    pixels = (alpha[:, :, None] * tint + np.float32(0.5)).astype(np.uint8)
    return Raster(solid.x - reach, solid.y - reach, pixels)


def _over(upper: Raster, lower: Raster) -> Raster:
    """One picture over another (Porter and Duff, premultiplied)."""
    if lower.empty or upper.empty:
        return upper if lower.empty else lower
    left, top = min(upper.x, lower.x), min(upper.y, lower.y)
    right = max(upper.x + upper.pixels.shape[1], lower.x + lower.pixels.shape[1])
    bottom = max(upper.y + upper.pixels.shape[0], lower.y + lower.pixels.shape[0])
    canvas = np.zeros((bottom - top, right - left, 4), np.uint8)
    _part(canvas, lower, left, top)[...] = lower.pixels
    under = _part(canvas, upper, left, top)
    keep = 255 - upper.pixels[:, :, 3:].astype(np.uint32)
    under[...] = (upper.pixels + (under * keep + 127) // 255).astype(np.uint8)
    return Raster(left, top, canvas)


def _part(canvas: NDArray[np.uint8], raster: Raster, left: int, top: int) -> NDArray[np.uint8]:
    height, width = raster.pixels.shape[:2]
    return canvas[raster.y - top : raster.y - top + height, raster.x - left : raster.x - left + width]


def _rounded(pixels: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    """``pixels`` with round corners."""
    height, width = pixels.shape[:2]
    radius = min(radius, width / 2, height / 2)

    def draw(context: cairocffi.Context) -> None:
        _rounded_rect(context, (0, 0, width, height), [radius] * 4)
        context.set_source_rgba(0, 0, 0, 1)
        context.fill()

    mask = drawn((0, 0, width, height), draw)
    alpha = np.zeros((height, width, 1), np.uint16)
    alpha[mask.y : mask.y + mask.pixels.shape[0], mask.x : mask.x + mask.pixels.shape[1], 0] = mask.pixels[:, :, 3]
    return np.asarray((pixels * alpha + 127) // 255, np.uint8)
