"""Bar charts as plain layers: bars, a baseline, labels and values, each with its own growth.

The plan gives every text and every figure; here they are only placed. A series stands upright in reading order, so in
right-to-left locales its first point is at the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from renderer.plan.model import Fact, Message, Series
from renderer.render.video.fit import Fitted, Room
from renderer.render.video.geometry import Align
from renderer.render.video.layering import SceneWork, box_rect, layer_span, placed, text_content
from renderer.render.video.motion import easing, frames_of, sampled
from renderer.render.video.score import Property, Rect, ScoreLayer, ShapeContent, Track, U, value_at
from renderer.template.layers import BarChartLayer

SMALLEST_LABEL = Fraction(7, 10)
"""How far labels and values may shrink, as part of their size, before they end in an ellipsis."""
LABEL_GAP_PX = 8
VALUE_GAP_PX = 6
LYING_GAP_PX = 6
VALUE_FADE = Fraction(1, 2)
"""A value appears in the last part of its bar's growth."""
Tracks = dict[Property, Track]


@dataclass(frozen=True)
class _BarData:
    """One bar: its share of the full length (0 to 1), texts and colour."""

    share: Fraction
    label: str
    value: str
    colour: str
    sources: tuple[Fact | Message, ...]
    labelled: bool
    valued: bool


@dataclass(frozen=True)
class _Slot:
    """Where one bar goes: its full-length rectangle, and the columns of its label and value."""

    full: Rect
    pitch: int


def chart_layers(work: SceneWork, layer: BarChartLayer) -> tuple[ScoreLayer, ...]:
    """The layers of a chart, from bottom to top: bars, baseline, labels, values."""
    bars = _series(work, layer) if layer.series is not None else _facts(work, layer)
    if not bars:
        return ()
    upright = layer.orientation == "upright"
    area = _area(work, layer, upright)
    slots = [_slot(work, layer, area, index, len(bars), upright) for index in range(len(bars))]
    rects = [_grown(work, layer, slot.full, bar.share, upright) for slot, bar in zip(slots, bars, strict=True)]
    found: list[ScoreLayer] = []
    texts: list[ScoreLayer] = []
    for index, (bar, slot, rect) in enumerate(zip(bars, slots, rects, strict=True)):
        growth = _growth(work, layer, index)
        if rect[0] < rect[2] and rect[1] < rect[3]:
            found.append(_bar(work, layer, rect, bar, index, growth, upright))
        if bar.labelled and layer.label_style:
            texts.append(_label(work, layer, slot, bar, index, upright))
        if bar.valued and layer.value_style:
            fade: Tracks = {"opacity": _late(work, layer, growth)}
            texts.append(
                _value_over(work, layer, slot, rects, bar, index, fade)
                if upright
                else _value_beside(work, layer, slot, bar, index, fade)
            )
    if layer.baseline is not None:
        found.append(_baseline(work, layer, area, upright))
    return (*found, *texts)


def _series(work: SceneWork, layer: BarChartLayer) -> list[_BarData]:
    fact = work.fact(layer, layer.series or "")
    if not isinstance(fact.value, Series):
        raise work.fail("render.layout", layer, f"the fact '{fact.id}' is no series.")
    points, ticks = fact.value.points, fact.value.ticks
    values = [Fraction(point.y.value) if point.y.value is not None else Fraction(0) for point in points]
    top = max([*values, *(Fraction(tick.value) for tick in ticks), Fraction(0)])
    colour, marked = work.look.colour(layer.colour), work.look.colour(layer.mark_colour or layer.colour)
    last = len(points) - 1
    return [
        _BarData(
            share=max(value, Fraction(0)) / top if top else Fraction(0),
            label=point.x.text,
            value=point.y.text,
            colour=marked if point.mark else colour,
            sources=(fact,),
            labelled=(last - index) % layer.label_every == 0,
            valued=(layer.values == "all" or point.mark) and point.y.value is not None,
        )
        for index, (point, value) in enumerate(zip(points, values, strict=True))
    ]


def _facts(work: SceneWork, layer: BarChartLayer) -> list[_BarData]:
    bars = []
    for bar in layer.bars:
        fact = work.fact(layer, bar.fact)
        if fact.ratio is None:
            raise work.fail(
                "render.layout", layer, f"the fact '{fact.id}' has no ratio.", "Give it `of` in facts.yaml."
            )
        shown = work.fact(layer, bar.value_fact) if bar.value_fact else fact
        label = work.message(layer, bar.label) if bar.label else None
        bars.append(
            _BarData(
                share=min(max(Fraction(fact.ratio), Fraction(0)), Fraction(1)),
                label=label.text if label else "",
                value=shown.text,
                colour=work.look.colour(bar.colour or layer.colour),
                sources=(fact, shown, *((label,) if label else ())),
                labelled=label is not None,
                valued=True,
            )
        )
    return bars


def _line_height(work: SceneWork, layer: BarChartLayer, style: str | None) -> int:
    return work.text_look(layer, style, "centre").line_height_q if style else 0


def _area(work: SceneWork, layer: BarChartLayer, upright: bool) -> Rect:
    """The part of the box that bars of full length take: the box without the room of labels and values."""
    left, top, right, bottom = box_rect(work, layer)
    label, value = (_line_height(work, layer, style) for style in (layer.label_style, layer.value_style))
    gap, near = work.stage.length(LABEL_GAP_PX), work.stage.length(VALUE_GAP_PX)
    if upright:
        return left, top + (value + near if value else 0), right, bottom - (label + gap if label else 0)
    return left, top, right, bottom


def _slot(work: SceneWork, layer: BarChartLayer, area: Rect, index: int, count: int, upright: bool) -> _Slot:
    left, top, right, bottom = area
    thick = Fraction(repr(1 - layer.gap))
    if upright:
        pitch = (right - left) // count
        place = count - 1 - index if work.stage.mirrored(layer.mirror) else index
        start = left + place * pitch + int(pitch * (1 - thick) / 2)
        return _Slot((start, top, start + int(pitch * thick), bottom), pitch)
    pitch = (bottom - top) // count
    label = max(_line_height(work, layer, style) for style in (layer.label_style, layer.value_style))
    label += work.stage.length(LYING_GAP_PX) if label else 0
    start = top + index * pitch + label
    return _Slot((left, start, right, start + int((pitch - label) * thick)), pitch)


def _grown(work: SceneWork, layer: BarChartLayer, full: Rect, share: Fraction, upright: bool) -> Rect:
    left, top, right, bottom = full
    if upright:
        return left, bottom - int((bottom - top) * share), right, bottom
    length = int((right - left) * share)
    if work.stage.mirrored(layer.mirror):
        return right - length, top, right, bottom
    return left, top, left + length, bottom


def _growth(work: SceneWork, layer: BarChartLayer, index: int) -> Track:
    _, frames = layer_span(work, layer)
    start = frames_of(layer.start_s, work.fps) + frames_of(layer.stagger_s * index, work.fps)
    length = max(1, frames_of(layer.duration_s, work.fps))
    curve = easing(layer.easing)
    return sampled(lambda frame: min(max(curve(min(max((frame - start) / length, 0.0), 1.0)), 0.0), 1.0), frames, U)


def _bar(
    work: SceneWork, layer: BarChartLayer, rect: Rect, bar: _BarData, index: int, growth: Track, upright: bool
) -> ScoreLayer:
    radius = min(work.stage.length(layer.radius_px), (rect[2] - rect[0]) // 2, (rect[3] - rect[1]) // 2)
    from_left = not work.stage.mirrored(layer.mirror)
    radii = (radius, radius, 0, 0) if upright else (0, radius, radius, 0) if from_left else (radius, 0, 0, radius)
    content = ShapeContent(shape="rect", fill=bar.colour, stroke=None, stroke_q=0, radii_q=radii, rising=True)
    side = "bottom" if upright else "start"
    grown = layer.model_copy(update={"reveal_from": side})
    return placed(work, grown, rect, content, bar.sources, part=f"-bar{index}", tracks={"reveal": growth})


def _baseline(work: SceneWork, layer: BarChartLayer, area: Rect, upright: bool) -> ScoreLayer:
    left, top, right, bottom = area
    thick = work.stage.length(2)
    if upright:
        rect = (left, bottom, right, bottom + thick)
    else:
        edge = right if work.stage.mirrored(layer.mirror) else left - thick
        rect = (edge, top, edge + thick, bottom)
    content = ShapeContent(
        shape="rect",
        fill=work.look.colour(layer.baseline or layer.colour),
        stroke=None,
        stroke_q=0,
        radii_q=(0, 0, 0, 0),
    )
    return placed(work, layer, rect, content, (), part="-baseline")


def _label(work: SceneWork, layer: BarChartLayer, slot: _Slot, bar: _BarData, index: int, upright: bool) -> ScoreLayer:
    left, top, right, bottom = slot.full
    if upright:
        middle, half = (left + right) // 2, slot.pitch * layer.label_every // 2
        column = (middle - half, bottom + work.stage.length(LABEL_GAP_PX), middle + half, bottom)
        return _text(
            work, layer, column, column[1], bar, bar.label, layer.label_style or "", "centre", f"-label{index}"
        )
    align: Align = "right" if work.stage.mirrored(layer.mirror) else "left"
    at = top - work.stage.length(LYING_GAP_PX) - _line_height(work, layer, layer.label_style)
    return _text(work, layer, slot.full, at, bar, bar.label, layer.label_style or "", align, f"-label{index}")


def _late(work: SceneWork, layer: BarChartLayer, growth: Track) -> Track:
    """The opacity of a value: it appears in the last part of its bar's growth."""
    _, frames = layer_span(work, layer)
    return sampled(
        lambda frame: max(0.0, (value_at(growth, frame, U) / U - float(VALUE_FADE)) / float(1 - VALUE_FADE)), frames, U
    )


def _value_over(
    work: SceneWork,
    layer: BarChartLayer,
    slot: _Slot,
    rects: Sequence[Rect],
    bar: _BarData,
    index: int,
    tracks: Tracks,
) -> ScoreLayer:
    """A value over its upright bar and over every other bar it reaches across, but never out of the chart's box."""
    left, _, right, _ = box_rect(work, layer)
    room = slot.pitch if layer.values == "all" else min(slot.pitch * 5, right - left)
    style = layer.value_style or ""
    found = _fitted(work, layer, bar.value, style, "centre", room, f"-value{index}")
    width = min(found.width_q, room)
    middle = (rects[index][0] + rects[index][2]) // 2
    start = min(max(middle - width // 2, left), right - width)
    tops = [rect[1] for rect in rects if rect[0] < start + width and rect[2] > start]
    top = min(tops, default=rects[index][1]) - work.stage.length(VALUE_GAP_PX) - _line_height(work, layer, style)
    rect, content = text_content(found, (start, top, start + width, top), top)
    return placed(work, layer, rect, content, bar.sources, part=f"-value{index}", tracks=tracks)


def _value_beside(
    work: SceneWork, layer: BarChartLayer, slot: _Slot, bar: _BarData, index: int, tracks: Tracks
) -> ScoreLayer:
    """A value on the line of its lying bar's label, at the far end."""
    line = max(_line_height(work, layer, style) for style in (layer.label_style, layer.value_style))
    align: Align = "left" if work.stage.mirrored(layer.mirror) else "right"
    top = slot.full[1] - work.stage.length(LYING_GAP_PX) - line
    return _text(work, layer, slot.full, top, bar, bar.value, layer.value_style or "", align, f"-value{index}", tracks)


def _text(
    work: SceneWork,
    layer: BarChartLayer,
    column: Rect,
    top: int,
    bar: _BarData,
    text: str,
    style: str,
    align: Align,
    part: str,
    tracks: Tracks | None = None,
) -> ScoreLayer:
    found = _fitted(work, layer, text, style, align, column[2] - column[0], part)
    rect, content = text_content(found, column, top)
    return placed(work, layer, rect, content, bar.sources, part=part, tracks=tracks)


def _fitted(
    work: SceneWork, layer: BarChartLayer, text: str, style: str, align: Align, width: int, part: str
) -> Fitted:
    look = work.text_look(layer, style, align)
    return work.fitted(layer, [(text,)], look, Room(width, 0, 1, int(look.size_q * SMALLEST_LABEL), True), part)
