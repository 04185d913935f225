"""Charts: right shapes in the right places, for hard series too, and no more than SVG that a strict policy allows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.plan.model import Cell, Direction, Fact, Point, Series, Tick
from renderer.render.chart import Drawing
from renderer.units import Money

Values = Sequence[int | None]


def series(values: Values, ticks: Sequence[int] = (0, 200, 400), marked: int | None = -1, unit: str = "kWh") -> Fact:
    mark = None if marked is None else marked % len(values)
    points = tuple(
        Point(
            x=Cell(value=f"m{place}", text=f"M{place}"),
            y=Cell(value=None if value is None else str(value), text="" if value is None else f"{value} {unit}"),
            mark=place == mark,
        )
        for place, value in enumerate(values)
    )
    value = Series(points=points, ticks=tuple(Tick(value=str(tick), text=f"{tick}") for tick in ticks))
    return Fact(id="h", kind="series", value=value, text="", spoken="", sensitivity="personal")


def money(name: str, amount: str, ratio: str | None = None) -> Fact:
    value = Money(amount=Decimal(amount), currency="EUR")
    return Fact(id=name, kind="money", value=value, text=amount, spoken=amount, sensitivity="personal", ratio=ratio)


def parsed(svg: object) -> ElementTree.Element:
    return ElementTree.fromstring(str(svg))


def classed(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [item for item in root.iter() if name in (item.get("class") or "").split()]


def box(path: str) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a bar's path."""
    found = re.fullmatch(r"M(\S+) (\S+)V\S+Q\S+ (\S+) \S+ \S+H\S+Q(\S+) \S+ \S+ \S+V\S+Z", path)
    assert found, path
    left, base, end, right = map(float, found.groups())
    return left, min(base, end), right, max(base, end)


def draw(fact: Fact, direction: Direction = "ltr", **options: object) -> ElementTree.Element:
    return parsed(Drawing(direction=direction).chart(fact, **options))  # type: ignore[arg-type]


def test_bars_stand_on_zero_in_proportion_and_in_order() -> None:
    root = draw(series([100, 200, 400]))
    boxes = [box(bar.get("d") or "") for bar in classed(root, "chart-bar")]
    heights = [bottom - top for _, top, _, bottom in boxes]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.05)
    assert heights[2] == pytest.approx(4 * heights[0], abs=0.05)
    assert len({round(bottom, 2) for *_, bottom in boxes}) == 1
    assert boxes[0][0] < boxes[1][0] < boxes[2][0]
    (base,) = classed(root, "chart-base")
    assert float(base.get("y1") or 0) == pytest.approx(boxes[0][3])


def test_the_marked_bar_is_in_the_accent_and_says_its_value() -> None:
    drawing = Drawing(direction="ltr", colours={"accent": "#012345"})
    root = parsed(drawing.chart(series([100, 200, 150])))
    (bar,) = classed(root, "chart-bar-mark")
    assert bar.get("fill") == "#012345"
    assert [text.text for text in classed(root, "chart-value")] == ["150 kWh"]
    assert [text.text for text in classed(root, "chart-tick")] == ["0", "200", "400"]
    assert classed(root, "chart-x-mark")[0].text == "M2"


def test_a_label_goes_above_higher_neighbours() -> None:
    root = draw(series([200] * 11 + [390, 100]), width=340)
    label, halo = classed(root, "chart-value")[0], classed(root, "chart-halo")[0]
    bottom = float(halo.get("y") or 0) + float(halo.get("height") or 0)
    neighbours = [box(bar.get("d") or "")[1] for bar in classed(root, "chart-bar")]
    assert bottom <= neighbours[-2] + 1
    assert classed(root, "chart-leader")
    assert float(label.get("x") or 0) <= 340


def test_right_to_left_mirrors_time_and_axis() -> None:
    left_to_right, mirrored = draw(series([100, 200, 300])), draw(series([100, 200, 300]), "rtl")
    for normal, other in zip(classed(left_to_right, "chart-bar"), classed(mirrored, "chart-bar"), strict=True):
        left, _, right, _ = box(normal.get("d") or "")
        other_left, _, other_right, _ = box(other.get("d") or "")
        assert (other_left, other_right) == pytest.approx((640 - right, 640 - left), abs=0.02)
    assert {tick.get("text-anchor") for tick in classed(left_to_right, "chart-tick")} == {"end"}
    assert {tick.get("text-anchor") for tick in classed(mirrored, "chart-tick")} == {"start"}


def test_right_to_left_texts_are_isolated_and_anchors_stay_physical() -> None:
    root = draw(series([100], unit="كيلوواط"), "rtl")
    assert root.get("direction") == "ltr"
    assert classed(root, "chart-value")[0].text == "\u2068100 كيلوواط\u2069"
    assert classed(root, "chart-x")[0].text == "M0"


def test_negative_values_hang_below_zero() -> None:
    root = draw(series([100, -50, 0], ticks=(-100, 0, 100)))
    above, below, nothing = (box(bar.get("d") or "") for bar in classed(root, "chart-bar"))
    zero = float(classed(root, "chart-base")[0].get("y1") or 0)
    assert above[3] == pytest.approx(zero) and above[1] < zero
    assert below[1] == pytest.approx(zero) and below[3] > zero
    assert nothing[3] - nothing[1] == pytest.approx(1.5, abs=0.01)


def test_gaps_leave_room_and_break_the_line() -> None:
    values = [100, None, 200, 300, None, 50]
    assert len(classed(draw(series(values)), "chart-bar")) == 4
    root = draw(series(values), kind="line")
    assert len(classed(root, "chart-curve")) == 1
    assert len(classed(root, "chart-dot")) == 3  # two lonely points and the marked one


@pytest.mark.parametrize("values", [[5], [0], [None], [0, 0], list(range(13)), [10**7, 1], [-3]])
@pytest.mark.parametrize("kind", ["bars", "line"])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_every_series_can_be_drawn_within_its_box(values: Values, kind: str, direction: Direction) -> None:
    for ticks in ((), (0,), (0, 10)):
        root = draw(series(values, ticks=ticks), direction, kind=kind, width=340, height=220)
        for name in ("x", "x1", "x2", "cx"):
            assert all(-6 <= float(item.get(name) or 0) <= 346 for item in root.iter())


def test_labels_below_never_touch() -> None:
    root = draw(series(list(range(13))), width=340, size=12)
    places = sorted(float(text.get("x") or 0) for text in classed(root, "chart-x"))
    assert len(places) < 13
    assert all(right - left >= 24 for left, right in pairwise(places))


def test_it_is_named_for_those_who_do_not_see_it() -> None:
    drawing = Drawing(direction="ltr")
    first = parsed(drawing.chart(series([1]), title="Usage <b>", desc="Bars & more"))
    second = parsed(drawing.chart(series([1]), title="Again"))
    names = (first.get("aria-labelledby") or "").split()
    assert first.get("role") == "img"
    assert [item.text for item in first.iter() if item.get("id") in names] == ["Usage <b>", "Bars & more"]
    assert set(names).isdisjoint((second.get("aria-labelledby") or "").split())
    assert draw(series([1])).get("aria-hidden") == "true"


def test_a_waterfall_starts_where_the_one_before_ended() -> None:
    facts = [money("a", "12"), money("b", "-5"), money("total", "7")]
    drawn = Drawing(direction="ltr").bars(facts, kind="waterfall", total="total", width=240)
    spans = {}
    for name, svg in drawn.items():
        (bar,) = classed(parsed(svg), "rowbar-part")
        spans[name] = (float(bar.get("x") or 0), float(bar.get("width") or 0), (bar.get("class") or "").split()[1])
    assert spans == {"a": (0, 240, "rowbar-up"), "b": (140, 100, "rowbar-down"), "total": (0, 140, "rowbar-total")}


def test_row_bars_share_a_scale_and_mirror() -> None:
    facts = [money("a", "100"), money("b", "50")]
    drawn = Drawing(direction="rtl").bars(facts, mark="a")
    a, b = (classed(parsed(drawn[name]), "rowbar-part")[0] for name in ("a", "b"))
    assert (a.get("x"), a.get("width"), a.get("class")) == ("0%", "100%", "rowbar-part rowbar-mark")
    assert (b.get("x"), b.get("width"), b.get("class")) == ("50%", "50%", "rowbar-part rowbar-plain")


RINGS = [("0", 0, 1), ("0.62", 1, 1), ("1", 0, 2), (None, 0, 1), ("7", 0, 2)]


@pytest.mark.parametrize(("ratio", "paths", "circles"), RINGS)
def test_a_ring_shows_its_share(ratio: str | None, paths: int, circles: int) -> None:
    root = parsed(Drawing(direction="ltr").ring(money("g", "1", ratio)))
    assert len([item for item in root.iter() if item.tag == "path"]) == paths
    assert len([item for item in root.iter() if item.tag == "circle"]) == circles


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=20), st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**6)), min_size=1, max_size=13))
def test_nothing_inline_and_no_text_breaks_out(text: str, values: list[int | None]) -> None:
    printable = "".join(character for character in text if character.isprintable())
    svg = str(Drawing(direction="ltr").chart(series(values, unit=printable), title=printable, desc="d"))
    tags = set(re.findall(r"<([a-z]+)", svg))
    assert tags <= {"svg", "title", "desc", "path", "line", "text", "rect", "circle"}
    assert not re.search(r'\s(style|on\w+|href)="', svg)
    assert ElementTree.fromstring(svg) is not None
