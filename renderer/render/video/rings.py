"""Progress rings and donut charts as plain layers: arcs that grow, what stands in the middle, a legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from renderer.plan.model import Fact, Message, Series
from renderer.render.video.fit import Fitted, Room
from renderer.render.video.geometry import Align
from renderer.render.video.layering import (
    SceneWork,
    box_rect,
    counted,
    grown_part,
    growth,
    layer_span,
    placed,
    text_content,
)
from renderer.render.video.motion import sampled
from renderer.render.video.score import ArcContent, Property, Rect, ScoreLayer, ShapeContent, Track, U, value_at
from renderer.template.graphics import DonutLayer, RingLayer

SMALLEST_VALUE, SMALLEST_LABEL = Fraction(2, 5), Fraction(7, 10)
"""How far the value in the middle and the words of a legend may shrink, as part of their size."""
MIDDLE = Fraction(17, 20)
"""The part of a ring's inner diameter that a text may take; one line at its middle has no more."""
LEGEND_GAP_PX, ROW_GAP_PX, LEAST_GAP_PX, KEY_PX, KEY_GAP_PX = 44, 20, 4, 6, 16
"""Between ring and legend, between its rows (and at least), width of a row's colour, between that and its words."""
Tracks = dict[Property, Track]


# ---------------------------------------------------------------- ring


def ring_layers(work: SceneWork, layer: RingLayer) -> tuple[ScoreLayer, ...]:
    """Track, ring, value and label, from bottom to top."""
    fact = work.fact(layer, layer.fact)
    if fact.ratio is None:
        raise work.fail("render.layout", layer, f"the fact '{fact.id}' has no ratio.", "Give it `of` in facts.yaml.")
    rect = _square(box_rect(work, layer))
    thickness = min(work.stage.length(layer.thickness_px), (rect[2] - rect[0]) // 2)
    grown = growth(work, layer, layer.start_s, layer.duration_s, layer.easing)
    found = []
    if layer.track is not None:
        found.append(placed(work, layer, rect, _whole(work, layer.track, thickness), (), part="-track"))
    sweep = round(min(max(Fraction(fact.ratio), Fraction(0)), Fraction(1)) * U)
    if sweep:
        arc = ArcContent(
            colour=work.look.colour(layer.colour),
            thickness_q=thickness,
            start_u=0,
            sweep_u=sweep,
            round_caps=layer.caps == "round",
        )
        found.append(placed(work, layer, rect, arc, (fact,), tracks={"reveal": grown}))
    return (*found, *_ring_texts(work, layer, rect, thickness, fact, grown))


def _ring_texts(
    work: SceneWork, layer: RingLayer, rect: Rect, thickness: int, fact: Fact, grown: Track
) -> list[ScoreLayer]:
    """Value over label, the two in the middle of the ring."""
    inner = rect[2] - rect[0] - 2 * thickness
    column = int(inner * MIDDLE)
    parts: list[tuple[Fitted, tuple[Fact | Message, ...], str, Tracks]] = []
    if layer.value_style is not None:
        shown = work.fact(layer, layer.value_fact) if layer.value_fact else fact
        texts = shown.steps or (shown.text,)
        look = work.text_look(layer, layer.value_style, "centre")
        room = Room(column, 0, 1, int(look.size_q * SMALLEST_VALUE), False)
        value = work.fitted(layer, [texts], look, room, "-value")
        step: Tracks = {"step": counted(grown, len(texts), layer_span(work, layer)[1])} if len(texts) > 1 else {}
        parts.append((value, (shown,), "-value", step))
    if layer.label is not None and layer.label_style is not None:
        label = work.message(layer, layer.label)
        look = work.text_look(layer, layer.label_style, "centre")
        taken = parts[0][0].look.line_height_q if parts else 0
        # Under the value the ring is narrower: a chord through the middle of the label's first line.
        below = (taken + look.line_height_q) / 2
        chord = 2 * math.sqrt(max((inner / 2) ** 2 - below**2, (inner / 4) ** 2))
        room = Room(int(chord * MIDDLE), 0, 2, int(look.size_q * SMALLEST_LABEL), True)
        parts.append((work.fitted(layer, [(label.text,)], look, room, "-label"), (label,), "-label", {}))
    height = sum(found.lines * found.look.line_height_q for found, _, _, _ in parts)
    top, layers = (rect[1] + rect[3] - height) // 2, []
    middle = (rect[0] + rect[2]) // 2
    for found, sources, part, tracks in parts:
        half = max(found.column_q, found.width_q) // 2 + 1
        at, content = text_content(found, (middle - half, top, middle + half, top), top)
        layers.append(placed(work, layer, at, content, sources, part=part, tracks=tracks))
        top += found.lines * found.look.line_height_q
    return layers


def _square(rect: Rect) -> Rect:
    """The largest square in the middle of a rectangle."""
    left, top, right, bottom = rect
    side = min(right - left, bottom - top)
    x, y = (left + right - side) // 2, (top + bottom - side) // 2
    return x, y, x + side, y + side


def _whole(work: SceneWork, token: str, thickness: int) -> ArcContent:
    return ArcContent(colour=work.look.colour(token), thickness_q=thickness, start_u=0, sweep_u=U)


# ---------------------------------------------------------------- donut


@dataclass(frozen=True)
class _Share:
    """One part of the circle with its words."""

    share: Fraction
    colour: str
    label: str
    value: str
    sources: tuple[Fact | Message, ...]


def donut_layers(work: SceneWork, layer: DonutLayer) -> tuple[ScoreLayer, ...]:
    """Track, parts, middle and legend, from bottom to top."""
    shares = _of_series(work, layer) if layer.series is not None else _of_facts(work, layer)
    ring, legend = _areas(work, layer, len(shares))
    thickness = min(work.stage.length(layer.thickness_px), (ring[2] - ring[0]) // 2)
    whole = growth(work, layer, layer.start_s, layer.duration_s, layer.easing)
    frames = layer_span(work, layer)[1]
    every = tuple(dict.fromkeys(source for share in shares for source in share.sources if isinstance(source, Fact)))
    found, words = [], []
    if layer.track is not None:
        found.append(placed(work, layer, ring, _whole(work, layer.track, thickness), (), part="-track"))
    total, before = sum((share.share for share in shares), Fraction(0)), Fraction(0)
    for index, share in enumerate(shares):
        first, after = round(before * U), round((before + share.share) * U)
        length = float(share.share / total) if total else 0.0
        grown = grown_part(whole, float(before / total) if total else 0.0, length, frames)
        if after > first:
            # Where a part begins depends on all before it, so it derives from all of them.
            arc = _arc(work, layer, share.colour, thickness, ring, (first, after - first), len(shares))
            found.append(placed(work, layer, ring, arc, every, part=f"-part{index}", tracks={"reveal": grown}))
        words += _row(work, layer, legend, shares, index, {"opacity": _soon(grown, frames)})
        before += share.share
    return (*found, *_middle(work, layer, ring, thickness), *words)


def _arc(
    work: SceneWork, layer: DonutLayer, colour: str, thickness: int, ring: Rect, arc: tuple[int, int], count: int
) -> ArcContent:
    start, sweep = arc
    along = math.pi * (ring[2] - ring[0] - thickness) * sweep / U  # its length, 1/256 px
    inset = min(work.stage.length(layer.gap_px) // 2, int(along * 0.3)) if count > 1 else 0
    return ArcContent(colour=colour, thickness_q=thickness, start_u=start, sweep_u=sweep, inset_q=inset)


def _of_series(work: SceneWork, layer: DonutLayer) -> list[_Share]:
    fact = work.fact(layer, layer.series or "")
    if not isinstance(fact.value, Series):
        raise work.fail("render.layout", layer, f"the fact '{fact.id}' is no series.")
    points = [point for point in fact.value.points if point.y.value is not None]
    sizes = [max(Fraction(point.y.value), Fraction(0)) for point in points]
    total = sum(sizes, Fraction(0))
    return [
        _Share(
            share=size / total if total else Fraction(0),
            colour=work.look.colour(layer.colours[index % len(layer.colours)]),
            label=point.x.text,
            value=point.y.text,
            sources=(fact,),
        )
        for index, (point, size) in enumerate(zip(points, sizes, strict=True))
    ]


def _of_facts(work: SceneWork, layer: DonutLayer) -> list[_Share]:
    found = []
    for part in layer.parts:
        fact = work.fact(layer, part.fact)
        if fact.ratio is None:
            raise work.fail(
                "render.layout", layer, f"the fact '{fact.id}' has no ratio.", "Give it `of` in facts.yaml."
            )
        shown = work.fact(layer, part.value_fact) if part.value_fact else fact
        label = work.message(layer, part.label) if part.label else None
        found.append(
            _Share(
                share=min(max(Fraction(fact.ratio), Fraction(0)), Fraction(1)),
                colour=work.look.colour(part.colour),
                label=label.text if label else "",
                value=shown.text,
                sources=(fact, shown, *((label,) if label else ())),
            )
        )
    total = sum((one.share for one in found), Fraction(0))
    if total <= 1:
        return found
    return [_Share(one.share / total, one.colour, one.label, one.value, one.sources) for one in found]


def _areas(work: SceneWork, layer: DonutLayer, count: int) -> tuple[Rect, Rect]:
    """Where the ring is, and where its legend."""
    box = box_rect(work, layer)
    left, top, right, bottom = box
    gap, row = work.stage.length(LEGEND_GAP_PX), _row_height(work, layer)
    if layer.legend == "none" or not row or not count:
        return _square(box), (left, top, left, bottom)
    if layer.legend == "below":
        side = min(right - left, bottom - top - gap - row)
        ring = _square((left, top, right, top + side))
        legend = (left, top + side + gap, right, bottom)
    else:
        side = min(bottom - top, (right - left - gap) // 2)
        across = (right - side, right) if work.stage.mirrored(layer.mirror) else (left, left + side)
        ring = _square((across[0], top, across[1], bottom))
        legend = (left, top, ring[0] - gap, bottom) if across[0] != left else (ring[2] + gap, top, right, bottom)
        if count * row + (count - 1) * work.stage.length(LEAST_GAP_PX) > bottom - top:
            side = 0
    if side <= 2 * work.stage.length(layer.thickness_px):
        raise work.fail("render.overflow", layer, "its legend does not fit its box.", "Enlarge the box.")
    return ring, legend


def _row_height(work: SceneWork, layer: DonutLayer) -> int:
    styles = [style for style in (layer.value_style, layer.label_style) if style is not None]
    return sum(work.text_look(layer, style, "left").line_height_q for style in styles)


def _row(
    work: SceneWork, layer: DonutLayer, legend: Rect, shares: Sequence[_Share], index: int, tracks: Tracks
) -> list[ScoreLayer]:
    """A row of the legend: its colour, the value, the label under it. All values have one size, and all labels."""
    height, count, share = _row_height(work, layer), len(shares), shares[index]
    if layer.legend == "none" or not height:
        return []
    left, top, right, bottom = legend
    mirrored = work.stage.mirrored(layer.mirror)
    gap = work.stage.length(ROW_GAP_PX)
    if layer.legend == "end" and count > 1:
        gap = min(gap, (bottom - top - count * height) // (count - 1))
    if layer.legend == "below":
        pitch = (right - left + gap) // count
        start = left + (count - 1 - index if mirrored else index) * pitch
        cell = (start, top, start + pitch - gap, top + height)
    else:
        start = (top + bottom - count * height - (count - 1) * gap) // 2 + index * (height + gap)
        cell = (left, start, right, start + height)
    key, beside = work.stage.length(KEY_PX), work.stage.length(KEY_GAP_PX)
    edge = (cell[2] - key, cell[1], cell[2], cell[3]) if mirrored else (cell[0], cell[1], cell[0] + key, cell[3])
    column = (cell[0], cell[1], edge[0] - beside, cell[3]) if mirrored else (edge[2] + beside, *cell[1:])
    mark = ShapeContent(
        shape="rect", fill=share.colour, stroke=None, stroke_q=0, radii_q=(key // 2, key // 2, key // 2, key // 2)
    )
    found = [placed(work, layer, edge, mark, share.sources, part=f"-key{index}", tracks=tracks)]
    align: Align = "right" if mirrored else "left"
    at = cell[1]
    for texts, style, part in (
        (tuple(one.value for one in shares), layer.value_style, f"-value{index}"),
        (tuple(one.label for one in shares), layer.label_style, f"-label{index}"),
    ):
        if style is None:
            continue
        look = work.text_look(layer, style, align)
        if texts[index]:
            room = Room(column[2] - column[0], 0, 1, int(look.size_q * SMALLEST_LABEL), True)
            fitted = work.fitted(layer, [texts], look, room, part)
            rect, content = text_content(
                replace(fitted, texts=(texts[index],)),
                column,
                at + (look.line_height_q - fitted.look.line_height_q) // 2,
            )
            # The size depends on the words of every row.
            sources = tuple(dict.fromkeys(source for one in shares for source in one.sources))
            found.append(placed(work, layer, rect, content, sources, part=part, tracks=tracks))
        at += look.line_height_q
    return found


def _middle(work: SceneWork, layer: DonutLayer, ring: Rect, thickness: int) -> Sequence[ScoreLayer]:
    if layer.middle_fact is None or layer.middle_style is None:
        return ()
    fact = work.fact(layer, layer.middle_fact)
    look = work.text_look(layer, layer.middle_style, "centre")
    column = int((ring[2] - ring[0] - 2 * thickness) * MIDDLE)
    room = Room(column, 0, 1, int(look.size_q * SMALLEST_VALUE), False)
    found = work.fitted(layer, [(fact.text,)], look, room, "-middle")
    middle, top = (ring[0] + ring[2]) // 2, (ring[1] + ring[3] - found.look.line_height_q) // 2
    half = max(found.column_q, found.width_q) // 2 + 1
    rect, content = text_content(found, (middle - half, top, middle + half, top), top)
    return (placed(work, layer, rect, content, (fact,), part="-middle"),)


def _soon(grown: Track, frames: int) -> Track:
    """The opacity of a row: it comes while the first half of its part grows."""
    return sampled(lambda frame: min(1.0, 2 * value_at(grown, frame, U) / U), frames, U)
