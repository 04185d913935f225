"""Shapes and shadows as small pictures. In: content and its rectangle. Out: a :class:`~.raster.Raster`."""

from __future__ import annotations

import math
from collections.abc import Callable

import cairocffi
import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.render.video.raster import Raster, drawn, rgba
from renderer.render.video.score import Q, Rect, ShapeContent

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
    shadow = _shadow(content, (left, top, right, bottom))
    if content.fill is not None and content.fill[7:9] not in ("", "ff"):
        shadow = _outside(shadow, content, (left, top, right, bottom))
    return over(raster, shadow)


def _outline(context: cairocffi.Context, content: ShapeContent, rect: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = rect
    context.new_path()
    if content.shape == "line":
        context.move_to(left, top if content.falling else bottom)
        context.line_to(right, bottom if content.falling else top)
    elif content.shape == "ellipse":
        _ellipse(context, rect)
    else:
        rounded_rect(context, rect, [radius / Q for radius in content.radii_q])


def _ellipse(context: cairocffi.Context, rect: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = rect
    if right <= left or bottom <= top:
        return
    context.save()
    context.translate((left + right) / 2, (top + bottom) / 2)
    context.scale((right - left) / 2, (bottom - top) / 2)
    context.arc(0, 0, 1, 0, 2 * math.pi)
    context.restore()


def rounded_rect(context: cairocffi.Context, rect: tuple[float, float, float, float], radii: list[float]) -> None:
    """A path around a rectangle; ``radii`` as those of a shape, in pixels."""
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


def _outside(shadow: Raster, content: ShapeContent, rect: tuple[float, float, float, float]) -> Raster:
    """A shadow without what lies under the shape: through a fill that lets light through it would be seen. As in CSS
    (Backgrounds and Borders Level 3, section 6.1)."""

    def draw(context: cairocffi.Context) -> None:
        _outline(context, content, rect)
        context.set_source_rgba(0, 0, 0, 1)
        context.fill()

    solid = drawn(rect, draw)
    keep = np.full((*shadow.pixels.shape[:2], 1), 255, np.uint16)
    height, width = solid.pixels.shape[:2]
    top, left = max(solid.y - shadow.y, 0), max(solid.x - shadow.x, 0)
    part = keep[top : solid.y - shadow.y + height, left : solid.x - shadow.x + width, 0]
    first_y, first_x = max(shadow.y - solid.y, 0), max(shadow.x - solid.x, 0)
    under = solid.pixels[first_y : first_y + part.shape[0], first_x : first_x + part.shape[1], 3]
    part[: under.shape[0], : under.shape[1]] -= under
    return Raster(shadow.x, shadow.y, np.asarray((shadow.pixels * keep + 127) // 255, np.uint8))


def _shadow(content: ShapeContent, rect: tuple[float, float, float, float]) -> Raster:
    """The shape's silhouette, blurred."""
    offset = content.shadow_offset_q / Q
    left, top, right, bottom = rect[0], rect[1] + offset, rect[2], rect[3] + offset

    def draw(context: cairocffi.Context) -> None:
        _outline(context, content, (left, top, right, bottom))
        context.set_source_rgba(0, 0, 0, 1)
        context.fill()

    return shadow_of(drawn((left, top, right, bottom), draw), content.shadow or "#00000000", content.shadow_blur_q)


def shadow_of(solid: Raster, colour: str, blur_q: int) -> Raster:
    """The shadow of a picture's outline. As in CSS, the standard deviation is half the blur."""
    if solid.empty:
        return solid
    sigma = blur_q / Q / 2
    reach = math.ceil(3 * sigma)
    alpha = np.pad(solid.pixels[:, :, 3], reach).astype(np.float32)
    if sigma > 0:
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), sigma), np.float32)
    red, green, blue, opacity = rgba(colour)
    tint = np.array([blue * opacity, green * opacity, red * opacity, opacity], np.float32)
    pixels = (alpha[:, :, None] * tint + np.float32(0.5)).astype(np.uint8)
    return Raster(solid.x - reach, solid.y - reach, pixels)


def over(upper: Raster, lower: Raster) -> Raster:
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
