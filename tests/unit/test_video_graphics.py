"""Progress rings, donuts and line charts: figures as lengths, growth, both directions of reading."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.errors import RenderError
from renderer.plan.model import Cell, Fact, Point, Series, Tick
from renderer.render.video.colour import yuv_of
from renderer.render.video.compose import Frame
from renderer.render.video.curves import height_at
from renderer.render.video.graphics import arc_raster
from renderer.render.video.score import (
    ArcContent,
    PathContent,
    Q,
    Score,
    ScoreLayer,
    ShapeContent,
    TextContent,
    U,
)
from renderer.render.video.scoring import FilmFormat
from tests.film_samples import COLOURS, STYLES, box, composer, fact, history, plan, scene, score, storyboard

SQUARE = box(500, 200, 320, 320)
MIDDLE = (660, 360)
RING = {"kind": "ring", "id": "ring", "fact": "part", "box": SQUARE, "colour": "accent", "track": "line"}


def film(*layers: dict[str, Any], facts: dict[str, Fact] | None = None, size: Any = None, **more: Any) -> Score:
    the_plan = plan(scenes=("one",), facts=facts or {}, copy={"green": "energia verde"}, **more)
    board = storyboard(scene("one", list(layers)), styles=STYLES)
    return score(the_plan, board, size) if size else score(the_plan, board)


def layers_of(found: Score) -> dict[str, ScoreLayer]:
    return {layer.id: layer for layer in found.scenes[0].layers}


def colour_at(frame: Frame, x: float, y: float) -> str:
    """The palette's colour that is nearest to a pixel."""
    luma, u, v = frame.planes
    at = int(luma[int(y), int(x)]), int(u[int(y) // 2, int(x) // 2]), int(v[int(y) // 2, int(x) // 2])
    return min(COLOURS, key=lambda token: sum(abs(a - b) for a, b in zip(yuv_of(COLOURS[token]), at, strict=True)))


def around(frame: Frame, turn: float, radius: float) -> str:
    """The colour at a part of a turn, clockwise from the top, about the ring's middle."""
    angle = turn * 2 * math.pi
    return colour_at(frame, MIDDLE[0] + radius * math.sin(angle), MIDDLE[1] - radius * math.cos(angle))


# ---------------------------------------------------------------- rings


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("ratio", ["0", "0.01", "0.25", "0.64", "1"])
def test_a_ring_covers_as_much_of_its_turn_as_the_ratio_says(ratio: str, direction: Any) -> None:
    ring = {**RING, "mirror": False, "caps": "flat", "duration_s": 1}
    found = film(ring, facts={"part": fact("part", "", ratio=ratio)}, direction=direction)
    frame = composer(found).frame(49)
    for turn in np.arange(0.005, 1, 0.01):
        if abs(turn - float(ratio)) > 0.004:
            assert around(frame, turn, 148) == ("accent" if turn < float(ratio) else "line"), turn
    assert around(frame, 0.1, 120) == "paper" and around(frame, 0.1, 166) == "paper"


def test_a_ring_grows_from_the_top_and_its_value_counts_along() -> None:
    steps = tuple(f"{index} %" for index in range(65))
    part = fact("part", "64 %", ratio="0.64", steps=steps, sensitivity="personal")
    found = film(
        {**RING, "easing": "linear", "duration_s": 1, "start_s": 0.4, "value_style": "figure", "label": "green",
         "label_style": "label"},
        facts={"part": part},
    )  # fmt: skip
    drawn = composer(found)
    shown = {text.first: text.text for text in found.texts if text.layer == "ring-value"}
    for frame, turn in ((10, 0.0), (22, 0.32), (35, 0.64)):
        picture = drawn.frame(frame)
        assert around(picture, turn + 0.04, 148) == "line"
        assert turn == 0 or around(picture, turn - 0.04, 148) == "accent"
    assert shown[0] == "0 %" and shown[max(shown)] == "64 %"
    layers = layers_of(found)
    assert layers["ring-track"].sensitivity == "public" and layers["ring"].sensitivity == "personal"
    value, label = layers["ring-value"].rect_q, layers["ring-label"].rect_q
    assert value[3] <= label[1] and (value[0] + value[2]) // 2 == pytest.approx(MIDDLE[0] * Q, abs=2 * Q)


def test_round_ends_reach_beyond_the_ring_by_half_its_thickness() -> None:
    rect = (0, 0, 200 * Q, 200 * Q)
    arc = ArcContent(colour="#000000ff", thickness_q=20 * Q, start_u=0, sweep_u=U // 2)
    flat, round_ = arc_raster(arc, rect, 1), arc_raster(replace(arc, round_caps=True), rect, 1)
    assert (flat.x, round_.x) == (100, 90)
    more = float(round_.pixels[:, :, 3].sum() - float(flat.pixels[:, :, 3].sum())) / 255
    assert more == pytest.approx(math.pi * 100, rel=0.02), "two halves of a circle"


@pytest.mark.parametrize("width", [1280, 1920])
def test_a_ring_is_smooth_at_its_edge(width: int) -> None:
    """Its area is right to a part in a thousand and its edge one pixel soft, at 720 and at 1080 lines."""
    side, thick = width // 4, width // 64
    arc = ArcContent(colour="#000000ff", thickness_q=thick * Q, start_u=0, sweep_u=U)
    alpha = arc_raster(arc, (0, 0, side * Q, side * Q), 1).pixels[:, :, 3] / 255
    assert float(alpha.sum()) == pytest.approx(math.pi * ((side / 2) ** 2 - (side / 2 - thick) ** 2), rel=1e-3)
    soft = int(((alpha > 0.02) & (alpha < 0.98)).sum())
    assert 0.8 * math.pi * (2 * side - 2 * thick) < soft < 2.2 * math.pi * (2 * side - 2 * thick)


def test_a_fact_without_a_ratio_makes_no_ring() -> None:
    with pytest.raises(RenderError) as caught:
        film(RING, facts={"part": fact("part", "64 %")})
    assert caught.value.code == "render.layout" and "'ring'" in str(caught.value)


# ---------------------------------------------------------------- donuts


def donut(**more: Any) -> dict[str, Any]:
    parts = [{"fact": name, "colour": colour} for name, colour in (("a", "accent"), ("b", "sun"), ("c", "up"))]
    return {"kind": "donut", "id": "donut", "box": SQUARE, "parts": parts, "legend": "none", "gap_px": 0, **more}


def parts(*ratios: str) -> dict[str, Fact]:
    return {name: fact(name, name.upper() * 3, ratio=one) for name, one in zip("abc", ratios, strict=True)}


@pytest.mark.parametrize(
    ("ratios", "ends"),
    [
        (("0.5", "0.3", "0.2"), (0.5, 0.8, 1.0)),
        (("0.25", "0", "0.25"), (0.25, 0.25, 0.5)),
        (("1", "0.5", "0.5"), (0.5, 0.75, 1.0)),
    ],
)
def test_a_donuts_parts_are_as_long_as_their_ratios(ratios: tuple[str, ...], ends: tuple[float, ...]) -> None:
    frame = composer(film(donut(track="line"), facts=parts(*ratios))).frame(49)
    for turn in np.arange(0.01, 1, 0.02):
        if min(abs(turn - end) for end in ends) > 0.008:
            expected = next((c for c, end in zip(("accent", "sun", "up"), ends, strict=True) if turn < end), "line")
            assert around(frame, turn, 134) == expected, turn


def test_a_donuts_parts_come_one_after_another() -> None:
    found = film(donut(easing="linear", duration_s=1), facts=parts("0.5", "0.25", "0.25"))
    frame = composer(found).frame(15)  # 60 % of the way
    assert around(frame, 0.45, 134) == "accent" and around(frame, 0.57, 134) == "sun"
    assert around(frame, 0.65, 134) == "paper" and around(frame, 0.9, 134) == "paper"


def test_a_series_makes_shares_of_its_sum_and_every_part_is_as_personal_as_all() -> None:
    values = replace(history(4), sensitivity="personal")
    assert isinstance(values.value, Series)
    amounts = [float(point.y.value) for point in values.value.points]
    found = layers_of(film(donut(parts=[], series="history", colours=["accent", "sun"]), facts={"history": values}))
    arcs = [layer for name, layer in found.items() if "-part" in name]
    sweeps = [layer.content.sweep_u / U for layer in arcs if isinstance(layer.content, ArcContent)]
    assert sweeps == pytest.approx([amount / sum(amounts) for amount in amounts], abs=1e-4)
    assert {layer.sensitivity for layer in arcs} == {"personal"}
    mixed = {**parts("0.5", "0.25", "0.25"), "a": fact("a", "A", ratio="0.5", sensitivity="personal")}
    assert layers_of(film(donut(), facts=mixed))["donut-part2"].personal, "it begins where the others end"


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("legend", ["end", "below"])
def test_a_legend_stands_beside_or_below_its_ring_in_reading_order(legend: str, direction: Any) -> None:
    wide = donut(
        box=box(80, 100, 620, 400), legend=legend, label_style="label", value_style="on-accent", thickness_px=40
    )
    for part in wide["parts"]:
        part["label"] = "you"
    found = layers_of(
        film(wide, facts=parts("0.5", "0.3", "0.2"), direction=direction, locale="ar" if direction == "rtl" else "it")
    )
    ring, keys = found["donut-part0"].rect_q, [found[f"donut-key{index}"].rect_q for index in range(3)]
    if legend == "below":
        assert all(key[1] > ring[3] for key in keys)
        assert sorted((key[0] for key in keys), reverse=direction == "rtl") == [key[0] for key in keys]
    else:
        assert all((key[2] < ring[0]) if direction == "rtl" else (key[0] > ring[2]) for key in keys)
        assert [key[1] for key in keys] == sorted(key[1] for key in keys)
    sizes = {
        layer.content.look.size_q
        for name, layer in found.items()
        if "-value" in name and isinstance(layer.content, TextContent)
    }
    assert len(sizes) == 1


def test_a_legend_without_room_is_an_error() -> None:
    with pytest.raises(RenderError) as caught:
        film(donut(box=box(80, 100, 300, 90), legend="end", label_style="label"), facts=parts("0.5", "0.3", "0.2"))
    assert caught.value.code == "render.overflow"


# ---------------------------------------------------------------- lines

LINE = {
    "kind": "line",
    "id": "line",
    "series": "history",
    "box": box(100, 100, 800, 400),
    "colour": "accent",
    "width_px": 8,
    "mark_colour": "up",
    "easing": "linear",
    "duration_s": 1,
}


def series(*values: float | None, mark: int | None = None) -> dict[str, Fact]:
    points = tuple(
        Point(
            x=Cell(value=str(index), text=f"{index}."),
            y=Cell(value=None if value is None else str(value), text="" if value is None else f"{value} kWh"),
            mark=index == mark,
        )
        for index, value in enumerate(values)
    )
    ticks = tuple(Tick(value=str(at), text=str(at)) for at in (0, 50, 100))
    return {"history": fact("history", "", kind="series", value=Series(points=points, ticks=ticks))}


@given(st.lists(st.integers(0, 100), min_size=2, max_size=12), st.floats(0, 1))
def test_a_smooth_line_never_leaves_the_points_it_joins(values: list[int], part: float) -> None:
    points = [(float(10 * index), float(value)) for index, value in enumerate(values)]
    x = part * points[-1][0]
    left = min(int(x // 10), len(points) - 2)
    ends = sorted((points[left][1], points[left + 1][1]))
    assert ends[0] - 1e-6 <= height_at(points, x, True) <= ends[1] + 1e-6


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_line_goes_through_its_points_in_reading_order(direction: Any) -> None:
    values = (20, 80, 40, 100, 0)
    found = film({**LINE, "area": 0, "dots": "none", "head": False}, facts=series(*values), direction=direction)
    path = layers_of(found)["line-line"]
    assert isinstance(path.content, PathContent)
    (run,) = path.content.runs
    frame = composer(found).frame(49)
    assert [x for x, _ in run] == sorted(x for x, _ in run)
    heights = [y for _, y in run] if direction == "ltr" else [y for _, y in reversed(run)]
    low, high = heights[4], heights[3]
    for value, y in zip(values, heights, strict=True):
        assert y == pytest.approx(low + (high - low) * value / 100, abs=2)
    for x, y in run:
        edge = 3 if x < run[-1][0] else -3
        assert colour_at(frame, (path.rect_q[0] + x) / Q + edge * 0.4, (path.rect_q[1] + y) / Q) == "accent"


def test_a_line_is_drawn_in_from_the_side_where_reading_starts() -> None:
    for direction in ("ltr", "rtl"):
        found = film({**LINE, "curve": "straight", "area": 0}, facts=series(50, 50, 50), direction=direction)
        frame = composer(found).frame(12)  # half of the way
        dots = layers_of(found)["line-line"].rect_q
        y = (dots[1] + dots[3]) / 2 / Q
        near, far = (220, 780) if direction == "ltr" else (1280 - 220, 1280 - 780)
        assert colour_at(frame, near, y) == "accent" and colour_at(frame, far, y) == "paper"


def test_the_head_runs_along_the_line_and_rests_at_its_end() -> None:
    found = layers_of(film({**LINE, "dots": "none"}, facts=series(0, 100, 0, 100)))
    head, path = found["line-head"], found["line-line"]
    assert isinstance(path.content, PathContent)
    points = [(float(path.rect_q[0] + x), float(path.rect_q[1] + y)) for x, y in path.content.runs[0]]
    for frame in range(1, 26):
        x, y = (
            (head.rect_q[0] + head.rect_q[2]) / 2 + head.at("x", frame),
            (head.rect_q[1] + head.rect_q[3]) / 2 + head.at("y", frame),
        )
        assert y == pytest.approx(height_at(points, x, True), abs=Q), frame
    assert head.at("opacity", 0) == 0 and (head.at("x", 40), head.at("y", 40), head.at("opacity", 40)) == (0, 0, U)


def test_gaps_part_the_line_and_points_alone_have_their_dots() -> None:
    found = layers_of(film({**LINE, "dots": "all"}, facts=series(10, 20, None, 30, None, 40, 50)))
    path = found["line-line"].content
    assert isinstance(path, PathContent) and [len(run) for run in path.runs] == [2, 2]
    assert [name for name in found if "-dot" in name] == [f"line-dot{index}" for index in (0, 1, 3, 5, 6)]
    for values in ((), (None, None), (5,), (0, 0)):
        film(LINE, facts=series(*values))  # nothing to draw is no error


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_values_lie_over_the_line_and_labels_and_ticks_inside_the_box(direction: Any) -> None:
    words = {"value_style": "label", "label_style": "label", "tick_style": "label", "grid": "line", "values": "marked"}
    steep = series(90, 90, 10, *[90] * 8, mark=2)  # the line rises beside the point, into its value if that let it
    found = layers_of(film({**LINE, **words}, facts=steep, direction=direction))
    line, value = found["line-line"], found["line-value2"].rect_q
    assert isinstance(line.content, PathContent)
    points = [(float(line.rect_q[0] + x), float(line.rect_q[1] + y)) for x, y in line.content.runs[0]]
    for x in np.linspace(value[0], value[2], 20):
        if points[0][0] <= x <= points[-1][0]:
            assert value[3] <= height_at(points, x, True)
    limits = LINE["box"]
    assert isinstance(limits, dict)
    left, right = (100, 900) if direction == "ltr" else (380, 1180)
    for name, layer in found.items():
        if isinstance(layer.content, TextContent):
            assert left * Q - Q <= layer.rect_q[0] and layer.rect_q[2] <= right * Q + Q, name
            assert layer.rect_q[3] <= 500 * Q + Q
    assert isinstance(found["line-grid0"].content, ShapeContent)
    assert all(edge % Q == 0 for edge in (found["line-grid1"].rect_q[1], found["line-grid1"].rect_q[3])), "crisp"


def test_a_dot_comes_when_the_line_reaches_it() -> None:
    found = layers_of(film({**LINE, "dots": "all", "value_style": "label", "values": "all"}, facts=series(10, 50, 90)))
    comes = [next(frame for frame, value in found[f"line-dot{index}"].tracks["scale"] if value) for index in range(3)]
    assert comes[0] <= 2 and comes[1] == pytest.approx(13, abs=1) and comes[2] == pytest.approx(26, abs=1)
    assert found["line-value1"].at("opacity", 10) == 0 and found["line-value1"].at("opacity", 30) == U


def test_graphics_are_the_same_film_at_another_size() -> None:
    layers = (RING, LINE, donut())
    facts = {"part": fact("part", "", ratio="0.4"), **series(10, 40, 90), **parts("0.5", "0.3", "0.2")}
    small, large = (
        layers_of(film(*layers, facts=facts, size=FilmFormat(width=width, height=width * 9 // 16, fps=Fraction(25))))
        for width in (1280, 1920)
    )
    for name, layer in small.items():
        for one, other in zip(layer.rect_q, large[name].rect_q, strict=True):
            assert other == pytest.approx(one * 1.5, abs=2 * Q), name


def test_a_legend_moves_together_before_it_is_too_long() -> None:
    tight = donut(box=box(80, 100, 500, 100), label_style="label", legend="end", thickness_px=20)
    found = layers_of(film(tight, facts=parts("0.5", "0.3", "0.2")))
    keys = [found[f"donut-key{index}"].rect_q for index in range(3)]
    assert keys[0][1] >= 100 * Q and keys[2][3] <= 200 * Q
    assert all(above[3] < below[1] for above, below in pairwise(keys))


def test_a_level_line_is_uncovered_bit_by_bit() -> None:
    half = {"reveal": [{"at_s": 0, "value": 0.5}]}
    rule = {"kind": "shape", "id": "rule", "shape": "line", "stroke": "ink", "stroke_px": 8, "keyframes": half}
    luma = composer(film({**rule, "box": box(200, 300, 600, 0)})).frame(5).planes[0]
    dark = np.flatnonzero(luma[300] < 90)
    assert [int(dark[0]), int(dark[-1])] == pytest.approx([196, 499], abs=6)


def test_the_ground_under_a_line_fades_without_bands() -> None:
    """A fifth of 8 bits has 51 steps for 380 rows: undithered, rows would be of one colour by eights."""
    found = film({**LINE, "head": False, "dots": "none"}, facts=series(100, 100, 100))
    rows = composer(found).frame(49).planes[0][120:480, 200:800].astype(float).mean(axis=1)
    runs = [len(list(same)) for _, same in groupby(np.round(rows, 3))]
    assert len(runs) > 110
    eighths = rows.reshape(-1, 24).mean(axis=1)
    assert (np.diff(eighths) > 0).all() and eighths[-1] - eighths[0] > 20
