"""Arcs, paths and QR codes as small pictures. In: content and its rectangle. Out: a :class:`~.raster.Raster`."""

from __future__ import annotations

import math
from itertools import pairwise

import cairocffi
import numpy as np

from renderer.render.video.curves import slopes
from renderer.render.video.grounds import thresholds
from renderer.render.video.raster import Raster, drawn, rgba
from renderer.render.video.score import ArcContent, PathContent, Q, QrContent, Rect, U
from renderer.render.video.shapes import over


def arc_raster(content: ArcContent, rect_q: Rect, reveal: float) -> Raster:
    """The part ``reveal`` (0 to 1) of an arc, from its start."""
    left, top, right, bottom = (value / Q for value in rect_q)
    thick = content.thickness_q / Q
    radius = (min(right - left, bottom - top) - thick) / 2
    if radius <= 0:
        return drawn((0, 0, 0, 0), lambda context: None)
    middle = (left + right) / 2, (top + bottom) / 2
    inset = content.inset_q / Q / radius
    start = content.start_u / U * 2 * math.pi - math.pi / 2 + inset
    sweep = max(content.sweep_u / U * 2 * math.pi - 2 * inset, 0.0) * reveal
    whole = content.sweep_u >= U and reveal >= 1 and not inset

    def draw(context: cairocffi.Context) -> None:
        context.set_source_rgba(*rgba(content.colour))
        context.set_line_width(thick)
        context.set_line_cap(cairocffi.LINE_CAP_ROUND if content.round_caps else cairocffi.LINE_CAP_BUTT)
        context.set_tolerance(0.02)
        context.new_path()
        context.arc(*middle, radius, start, start + (2 * math.pi if whole else sweep))
        if whole:
            context.close_path()
        context.stroke()

    return drawn((left, top, right, bottom), draw)


def path_raster(content: PathContent, rect_q: Rect) -> Raster:
    """A line with the ground under it, fading out towards its base."""
    left, top = rect_q[0] / Q, rect_q[1] / Q
    runs = [[(left + x / Q, top + y / Q) for x, y in run] for run in content.runs]
    half = content.stroke_q / Q / 2
    across, down = [x for run in runs for x, _ in run], [y for run in runs for _, y in run]

    def draw(context: cairocffi.Context) -> None:
        context.set_tolerance(0.02)
        context.set_source_rgba(*rgba(content.stroke))
        context.set_line_width(2 * half)
        context.set_line_cap(cairocffi.LINE_CAP_ROUND)
        context.set_line_join(cairocffi.LINE_JOIN_ROUND)
        for run in runs:
            context.new_path()
            _curve(context, run, content.smooth)
            context.stroke()

    line = drawn((min(across) - half, min(down) - half, max(across) + half, max(down) + half), draw)
    if content.area is None:
        return line
    return over(line, _area(content.area, runs, content.smooth, top + content.base_q / Q))


def _area(colour: str, runs: list[list[tuple[float, float]]], smooth: bool, base: float) -> Raster:
    """What is between a line and its base. It fades out towards the base, dithered, so that it shows no bands."""
    across, down = [x for run in runs for x, _ in run], [y for run in runs for _, y in run]

    def draw(context: cairocffi.Context) -> None:
        context.set_tolerance(0.02)
        context.set_source_rgba(0, 0, 0, 1)
        for run in runs:
            context.new_path()
            _curve(context, run, smooth)
            context.line_to(run[-1][0], base)
            context.line_to(run[0][0], base)
            context.close_path()
            context.fill()

    solid = drawn((min(across), min(*down, base), max(across), max(*down, base)), draw)
    if solid.empty:
        return solid
    red, green, blue, opacity = rgba(colour)
    height, width = solid.pixels.shape[:2]
    away = np.abs(np.arange(height) + solid.y + 0.5 - base) / max(*(abs(y - base) for y in down), 1.0)
    alpha = solid.pixels[:, :, 3] * (np.minimum(away, 1.0) * opacity)[:, None]
    tint = np.array([blue, green, red, 1.0])
    pixels = alpha[:, :, None] * tint + thresholds(height, width)[:, :, None]
    return Raster(solid.x, solid.y, np.where(alpha[:, :, None] > 0, pixels, 0).astype(np.uint8))


def _curve(context: cairocffi.Context, run: list[tuple[float, float]], smooth: bool) -> None:
    tangents = slopes(run)
    context.move_to(*run[0])
    for index, ((x1, y1), (x2, y2)) in enumerate(pairwise(run)):
        third = (x2 - x1) / 3
        if smooth:  # Hermite's form as Bézier's
            context.curve_to(
                x1 + third, y1 + third * tangents[index], x2 - third, y2 - third * tangents[index + 1], x2, y2
            )
        else:
            context.line_to(x2, y2)


def qr_raster(content: QrContent, rect_q: Rect) -> Raster:
    """A QR code in the middle of its ground. All edges lie between pixels; only the round corners are soft."""
    left, top, right, bottom = (value // Q for value in rect_q)
    module, count = content.module_q // Q, len(content.rows)
    x, y = left + (right - left - module * count) // 2, top + (bottom - top - module * count) // 2
    radius = content.radius_q / Q

    def draw(context: cairocffi.Context) -> None:
        context.new_path()
        for turn, (at_x, at_y) in enumerate(
            ((left + radius, top + radius), (right - radius, top + radius), (right - radius, bottom - radius),
             (left + radius, bottom - radius))
        ):  # fmt: skip
            context.arc(at_x, at_y, radius, math.pi + turn * math.pi / 2, math.pi + (turn + 1) * math.pi / 2)
        context.close_path()
        context.set_source_rgba(*rgba(content.ground))
        context.fill()
        context.set_source_rgba(*rgba(content.colour))
        for row, modules in enumerate(content.rows):
            for column, dark in enumerate(modules):
                if dark == "1":
                    context.rectangle(x + column * module, y + row * module, module, module)
        context.fill()

    return drawn((left, top, right, bottom), draw)
