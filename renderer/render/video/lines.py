"""Line charts as plain layers: grid, line with the ground under it, dots, labels and values; the line is drawn in.

A series runs in reading order: in right-to-left locales from the right. The axis is that of the plan's ticks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from renderer.plan.model import Fact, Point, Series, Tick
from renderer.render.video.curves import height_at
from renderer.render.video.fit import Room
from renderer.render.video.geometry import Align
from renderer.render.video.layering import SceneWork, box_rect, growth, layer_span, placed, text_content
from renderer.render.video.motion import easing, frames_of, sampled
from renderer.render.video.score import PathContent, Property, Q, Rect, ScoreLayer, ShapeContent, Track, U, value_at
from renderer.template.graphics import LineChartLayer

SMALLEST_TEXT = Fraction(7, 10)
LABEL_GAP_PX, VALUE_GAP_PX, TICK_GAP_PX, GRID_PX = 12, 10, 16, 1.5
POP_S = 0.3
"""How long a dot takes to come when the line reaches it."""
FADE_S = 0.25
Tracks = dict[Property, Track]


@dataclass(frozen=True)
class _Dot:
    """One point in the frame (1/256 px), None in y for a gap, and when the line reaches it (a part of its growth)."""

    point: Point
    index: int
    x: int
    y: int | None
    reached: float


@dataclass(frozen=True)
class _Plot:
    """The chart's places. ``area`` holds the points, ``pad`` is half a stroke beyond it."""

    box: Rect
    area: Rect
    dots: tuple[_Dot, ...]
    pad: int
    low: Fraction
    high: Fraction
    mirrored: bool

    def height(self, value: Fraction) -> int:
        """Where a value lies."""
        part = (value - self.low) / (self.high - self.low)
        return self.area[3] - round((self.area[3] - self.area[1]) * part)

    @property
    def runs(self) -> list[list[_Dot]]:
        """The line's unbroken pieces, each from left to right."""
        found: list[list[_Dot]] = [[]]
        for dot in sorted(self.dots, key=lambda one: one.x):
            if dot.y is None:
                found.append([])
            else:
                found[-1].append(dot)
        return [run for run in found if run]


def line_layers(work: SceneWork, layer: LineChartLayer) -> tuple[ScoreLayer, ...]:
    """The layers of a line chart, from bottom to top."""
    fact = work.fact(layer, layer.series)
    if not isinstance(fact.value, Series):
        raise work.fail("render.layout", layer, f"the fact '{fact.id}' is no series.")
    if not fact.value.points:
        return ()
    plot = _plot(work, layer, fact.value)
    grown = growth(work, layer, layer.start_s, layer.duration_s, layer.easing)
    return (
        *_grid(work, layer, plot, fact, fact.value.ticks),
        *_labels(work, layer, plot, fact),
        *_line(work, layer, plot, fact, grown),
        *_dots(work, layer, plot, fact, grown),
        *_head(work, layer, plot, fact, grown),
        *_values(work, layer, plot, fact, grown),
    )


# ---------------------------------------------------------------- places


def _plot(work: SceneWork, layer: LineChartLayer, series: Series) -> _Plot:
    box = left, top, right, bottom = box_rect(work, layer)
    mirrored = work.stage.mirrored(layer.mirror)
    dot = work.stage.length(max(layer.dot_px, layer.width_px)) // 2
    top += dot + (_line_height(work, layer, layer.value_style) + work.stage.length(VALUE_GAP_PX)) * bool(
        layer.value_style
    )
    bottom -= (_line_height(work, layer, layer.label_style) + work.stage.length(LABEL_GAP_PX)) * bool(layer.label_style)
    ticks = 0
    if layer.tick_style:
        look = work.text_look(layer, layer.tick_style, "left")
        widths = [work.measure.measure(tick.text, look, None).width_q for tick in series.ticks]
        ticks = max(widths, default=0) + work.stage.length(TICK_GAP_PX)
    left, right = (left + dot, right - ticks - dot) if mirrored else (left + ticks + dot, right - dot)
    if right - left < Q or bottom - top < Q:
        raise work.fail("render.overflow", layer, "its labels leave no room for the line.", "Enlarge the box.")
    values = [Fraction(point.y.value) for point in series.points if point.y.value is not None]
    marks = [Fraction(tick.value) for tick in series.ticks]
    low, high = min([*values, *marks, Fraction(0)]), max([*values, *marks, Fraction(0)])
    last = max(len(series.points) - 1, 1)
    plot = _Plot(box, (left, top, right, bottom), (), work.stage.length(layer.width_px) // 2 + Q, low, high, mirrored)
    if high == low:
        plot = _Plot(plot.box, plot.area, (), plot.pad, low, low + 1, mirrored)
    width = right - left
    dots = []
    for index, point in enumerate(series.points):
        along = width * index // last
        x = right - along if mirrored else left + along
        y = None if point.y.value is None else plot.height(Fraction(point.y.value))
        reached = (along + plot.pad) / (width + 2 * plot.pad)
        dots.append(_Dot(point, index, x, y, reached))
    return _Plot(plot.box, plot.area, tuple(dots), plot.pad, plot.low, plot.high, mirrored)


def _line_height(work: SceneWork, layer: LineChartLayer, style: str | None) -> int:
    return work.text_look(layer, style, "centre").line_height_q if style else 0


def _crisp(top: int, thick: int) -> tuple[int, int]:
    """A thin horizontal line on whole pixels."""
    height = max(Q, (thick + Q // 2) // Q * Q)
    start = (top - height // 2 + Q // 2) // Q * Q
    return start, start + height


# ---------------------------------------------------------------- what is drawn


def _grid(
    work: SceneWork, layer: LineChartLayer, plot: _Plot, fact: Fact, ticks: Sequence[Tick]
) -> Iterator[ScoreLayer]:
    left, _, right, _ = plot.box
    for index, tick in enumerate(ticks):
        y = plot.height(Fraction(tick.value))
        if layer.grid is not None:
            top, bottom = _crisp(y, work.stage.length(GRID_PX))
            edges = (left, plot.area[2] + plot.pad) if plot.mirrored else (plot.area[0] - plot.pad, right)
            line = ShapeContent(
                shape="rect", fill=work.look.colour(layer.grid), stroke=None, stroke_q=0, radii_q=(0, 0, 0, 0)
            )
            yield placed(work, layer, (edges[0], top, edges[1], bottom), line, (fact,), part=f"-grid{index}")
        if layer.tick_style is not None:
            align: Align = "left" if plot.mirrored else "right"
            look = work.text_look(layer, layer.tick_style, align)
            gap = work.stage.length(TICK_GAP_PX)
            column = (
                (plot.area[2] + plot.pad + gap // 2, y, right, y)
                if plot.mirrored
                else (left, y, plot.area[0] - plot.pad - gap // 2, y)
            )
            room = Room(column[2] - column[0], 0, 1, int(look.size_q * SMALLEST_TEXT), True)
            found = work.fitted(layer, [(tick.text,)], look, room, f"-tick{index}")
            rect, content = text_content(found, column, y - found.look.line_height_q // 2)
            yield placed(work, layer, rect, content, (fact,), part=f"-tick{index}")


def _labels(work: SceneWork, layer: LineChartLayer, plot: _Plot, fact: Fact) -> Iterator[ScoreLayer]:
    if layer.label_style is None:
        return
    look = work.text_look(layer, layer.label_style, "centre")
    last = len(plot.dots) - 1
    pitch = (plot.area[2] - plot.area[0]) // max(last, 1) * layer.label_every
    top = plot.area[3] + work.stage.length(LABEL_GAP_PX)
    for dot in plot.dots:
        if (last - dot.index) % layer.label_every == 0 and dot.point.x.text:
            room = Room(min(max(pitch, Q), plot.box[2] - plot.box[0]), 0, 1, int(look.size_q * SMALLEST_TEXT), True)
            part = f"-label{dot.index}"
            found = work.fitted(layer, [(dot.point.x.text,)], look, room, part)
            rect, content = text_content(found, _about(dot.x, found.width_q, plot.box, top), top)
            yield placed(work, layer, rect, content, (fact,), part=part)


def _about(x: int, width: int, box: Rect, top: int) -> Rect:
    """A column of that width about ``x``, but inside the box."""
    start = min(max(x - width // 2, box[0]), max(box[2] - width, box[0]))
    return start, top, start + width, top


def _line(work: SceneWork, layer: LineChartLayer, plot: _Plot, fact: Fact, grown: Track) -> Iterator[ScoreLayer]:
    runs = [run for run in plot.runs if len(run) > 1]
    if not runs:
        return
    left, top, right, bottom = plot.area
    rect = (left - plot.pad, top - plot.pad, right + plot.pad, bottom + plot.pad)
    base = min(max(plot.height(Fraction(0)), top), bottom)
    path = PathContent(
        runs=tuple(tuple((dot.x - rect[0], (dot.y or 0) - rect[1]) for dot in run) for run in runs),
        smooth=layer.curve == "smooth",
        stroke=work.look.colour(layer.colour),
        stroke_q=work.stage.length(layer.width_px),
        area=work.look.colour(layer.colour, layer.area) if layer.area else None,
        base_q=base - rect[1],
    )
    side: Literal["end", "start"] = "start"
    drawn = layer.model_copy(update={"reveal_from": side})
    yield placed(work, drawn, rect, path, (fact,), part="-line", tracks={"reveal": grown})


def _dots(work: SceneWork, layer: LineChartLayer, plot: _Plot, fact: Fact, grown: Track) -> Iterator[ScoreLayer]:
    if layer.dots == "none":
        return
    for dot in plot.dots:
        if dot.y is not None and (layer.dots == "all" or dot.point.mark):
            pop = _since(work, layer, grown, dot.reached, POP_S, "back-out")
            yield _dot(work, layer, dot.x, dot.y, dot.point.mark, fact, f"-dot{dot.index}", {"scale": pop})


def _dot(
    work: SceneWork, layer: LineChartLayer, x: int, y: int, mark: bool, fact: Fact, part: str, tracks: Tracks
) -> ScoreLayer:
    half = work.stage.length(layer.dot_px) // 2
    colour = work.look.colour(layer.mark_colour if mark and layer.mark_colour else layer.colour)
    circle = ShapeContent(
        shape="ellipse",
        fill=work.look.colour(layer.dot_fill) if layer.dot_fill else colour,
        stroke=colour if layer.dot_fill else None,
        stroke_q=work.stage.length(layer.width_px),
        radii_q=(0, 0, 0, 0),
    )
    own = layer.model_copy(update={"anchor": "centre"})
    return placed(work, own, (x - half, y - half, x + half, y + half), circle, (fact,), part=part, tracks=tracks)


def _head(work: SceneWork, layer: LineChartLayer, plot: _Plot, fact: Fact, grown: Track) -> Iterator[ScoreLayer]:
    """The dot at the line's end. It is away before the line begins and in its gaps, and rests at the last point."""
    runs = [run for run in plot.runs if len(run) > 1]
    if not layer.head or not runs:
        return
    frames = layer_span(work, layer)[1]
    left, right = plot.area[0], plot.area[2]
    smooth = layer.curve == "smooth"
    paths = [[(float(dot.x), float(dot.y or 0)) for dot in run] for run in runs]
    rest = plot.dots[-1]
    end_y = rest.y if rest.y is not None else round((paths[0] if plot.mirrored else paths[-1])[-1][1])

    def at(frame: int) -> tuple[float, float | None]:
        part = value_at(grown, frame, U) / U
        along = part * (right - left + 2 * plot.pad) - plot.pad
        x = min(max(right - along if plot.mirrored else left + along, left), right)
        on = next((path for path in paths if path[0][0] <= x <= path[-1][0]), None)
        return x, None if on is None or part <= 0 else height_at(on, x, smooth)

    way = [at(frame) for frame in range(frames)]
    tracks: Tracks = {
        "x": sampled(lambda frame: way[frame][0] - rest.x, frames, 1),
        "y": sampled(lambda frame: 0.0 if way[frame][1] is None else (way[frame][1] or 0) - end_y, frames, 1),
        "opacity": sampled(lambda frame: float(way[frame][1] is not None), frames, U),
    }
    yield _dot(work, layer, rest.x, end_y, rest.point.mark, fact, "-head", tracks)


def _values(work: SceneWork, layer: LineChartLayer, plot: _Plot, fact: Fact, grown: Track) -> Iterator[ScoreLayer]:
    if layer.value_style is None:
        return
    look = work.text_look(layer, layer.value_style, "centre")
    width = plot.box[2] - plot.box[0]
    room_q = width if layer.values == "marked" else max(width // max(len(plot.dots), 1), Q)
    smooth = layer.curve == "smooth"
    half = work.stage.length(layer.dot_px) // 2 + work.stage.length(VALUE_GAP_PX)
    for dot in plot.dots:
        if dot.y is None or not (layer.values == "all" or dot.point.mark):
            continue
        part = f"-value{dot.index}"
        room = Room(min(room_q, width), 0, 1, int(look.size_q * SMALLEST_TEXT), True)
        found = work.fitted(layer, [(dot.point.y.text,)], look, room, part)
        column = _about(dot.x, found.width_q, plot.box, dot.y)
        # Over the point, and over the line wherever the text stands over it.
        over = [dot.y, *_heights(plot.runs, column, smooth)]
        top = max(min(over) - half - found.look.line_height_q, plot.box[1])
        rect, content = text_content(found, column, top)
        fade: Tracks = {"opacity": _since(work, layer, grown, dot.reached, FADE_S, "sine-out")}
        yield placed(work, layer, rect, content, (fact,), part=part, tracks=fade)


def _heights(runs: Sequence[Sequence[_Dot]], column: Rect, smooth: bool) -> Iterator[int]:
    for run in runs:
        path = [(float(dot.x), float(dot.y or 0)) for dot in run]
        for step in range(9):
            x = column[0] + (column[2] - column[0]) * step / 8
            if path[0][0] <= x <= path[-1][0]:
                yield round(height_at(path, x, smooth))


def _since(
    work: SceneWork, layer: LineChartLayer, grown: Track, reached: float, duration_s: float, curve: str
) -> Track:
    """0 until the line has grown to ``reached``, then up to 1."""
    frames, pace = layer_span(work, layer)[1], easing(curve)
    length = max(1, frames_of(duration_s, work.fps))
    first = next((at for at in range(frames) if value_at(grown, at, U) / U >= min(reached, 0.999)), frames)
    return sampled(lambda frame: max(0.0, pace(min(max((frame - first) / length, 0.0), 1.0))), frames, U)
