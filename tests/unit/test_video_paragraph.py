"""Paragraphs: where marked words lie, how they are marked, and that shaping survives it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import RenderError
from renderer.render.video.paragraph import _places
from renderer.render.video.score import Q, Score, ScoreLayer, ShapeContent, TextContent, TextLook, TextMark, U
from tests.film_samples import STYLES, box, composer, engine, fact, plan, scene, score, storyboard

BODY = {"weight": 400, "size_px": 40, "line_height": 1.3, "colour": "ink"}
COPY = {
    "why": "La bolletta di \u2068Maria\u2069 sale di \u206818,20\u00a0€\u2069. Il freddo conta più del prezzo.",
    "more": "Da ottobre il gas costa meno.",
    "key": "più del prezzo",
    "short": "Sale di \u206818,20\u00a0€\u2069.",
}
ARABIC = "فاتورة \u2068ليلى\u2069 أعلى بمقدار \u206818.20\u00a0يورو\u2069 هذا الشهر بسبب البرد الشديد"


def paragraph(**more: Any) -> dict[str, Any]:
    layer = {"kind": "paragraph", "id": "why", "copy": ["why"], "style": "body", "box": box(96, 120, 620, 0), **more}
    return {key: value for key, value in layer.items() if value is not None}


def film(*layers: dict[str, Any], copy: dict[str, str] | None = None, **more: Any) -> Score:
    board = storyboard(scene("one", list(layers)), styles={**STYLES, "body": BODY})
    facts = {"rise": fact("rise", more.pop("rise", "18,20\u00a0€"), sensitivity="personal")}
    return score(plan(scenes=("one",), copy={**COPY, **(copy or {})}, facts=facts, **more), board)


def layers_of(found: Score) -> dict[str, ScoreLayer]:
    return {layer.id: layer for layer in found.scenes[0].layers}


def text_of(layer: ScoreLayer) -> TextContent:
    assert isinstance(layer.content, TextContent)
    return layer.content


def rtl_plan(**more: Any) -> dict[str, Any]:
    return {"direction": "rtl", "locale": "ar", "copy": {"why": ARABIC}, "rise": "18.20\u00a0يورو", **more}


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_marker_lies_behind_the_words_it_marks_and_no_others(direction: str) -> None:
    more = rtl_plan() if direction == "rtl" else {}
    found = layers_of(film(paragraph(highlights=[{"fact": "rise", "marker": "sun"}]), **more))
    text = text_of(found["why"])
    words = "\u206818.20\u00a0يورو\u2069" if direction == "rtl" else "\u206818,20\u00a0€\u2069"
    start = text.texts[0].index(words) + 1
    marked = replace(
        text, marks=(TextMark(start=start, end=start + len(words) - 2, colour="#ff0000ff"),), shown="marked"
    )
    ink = engine().raster(marked, 0, *found["why"].rect_q[:2])
    left, top, right, bottom = (value / Q for value in found["why-mark0-0"].rect_q)
    assert left <= ink.x and ink.x + ink.pixels.shape[1] <= right
    assert top <= ink.y and ink.y + ink.pixels.shape[0] <= bottom
    assert right - left < ink.pixels.shape[1] + 16 and bottom - top < 60
    assert found["why-mark0-0"].reveal_from == ("right" if direction == "rtl" else "left")


def test_arabic_letters_stay_joined_where_the_colour_changes_inside_a_word() -> None:
    style = TextLook(
        families=("IBM Plex Sans", "IBM Plex Sans Arabic"), weight=400, size_q=48 * Q, line_height_q=60 * Q,
        letter_spacing_q=0, colour="#10262eff", tabular=False, align="right", direction="rtl", language="ar",
    )  # fmt: skip
    word = "فاتورتك"
    plain = TextContent(texts=(word,), look=style, column_q=0, width_q=400 * Q, lines=1)
    split = replace(plain, marks=(TextMark(start=2, end=5, colour="#b5402fff"),))
    one, two = (engine().raster(content, 0, 0, 0) for content in (plain, split))
    assert one.pixels.shape == two.pixels.shape
    assert np.abs(one.pixels[:, :, 3].astype(int) - two.pixels[:, :, 3]).mean() < 0.5
    assert (two.pixels[:, :, 2].astype(int) - two.pixels[:, :, 0] > 60).any(), "some of it is red"


def test_words_in_another_weight_are_whole_words_and_take_their_room() -> None:
    highlight = [{"fact": "rise", "weight": 700}]
    plain, bold = (text_of(layers_of(film(paragraph(highlights=h)))["why"]) for h in ([], highlight))
    sizes = [engine().measure(one.texts[0], one.look, None, marks=one.marks).width_q for one in (plain, bold)]
    assert sizes[1] > sizes[0]
    attached = "ب\u206818.20\u2069ليرة".replace("\u2068", "").replace("\u2069", "")
    found = film(
        paragraph(highlights=[{"copy": "key", "weight": 700}]),
        direction="rtl", locale="ar", copy={"why": f"هذا الشهر {attached} فقط", "key": "18.20ل"},
    )  # fmt: skip
    (mark,) = text_of(layers_of(found)["why"]).marks
    assert text_of(layers_of(found)["why"]).texts[0][mark.start : mark.end] == attached
    assert found.fits[0].lines >= 1


def test_a_pen_goes_from_line_to_line_in_reading_order() -> None:
    everything = {"key": COPY["why"]}
    marks = [{"copy": "key", "marker": "sun", "start_s": 0.4, "duration_s": 0.8, "easing": "linear"}]
    for more in ({"copy": everything}, rtl_plan(copy={"why": ARABIC, "key": ARABIC})):
        found = layers_of(film(paragraph(highlights=marks), **more))
        pens = [layer for name, layer in found.items() if "-mark" in name]
        assert len(pens) == text_of(found["why"]).lines >= 2
        assert [pen.rect_q[1] for pen in pens] == sorted(pen.rect_q[1] for pen in pens)
        starts = [next(frame for frame, value in pen.tracks["reveal"] if value) for pen in pens]
        ends = [next(frame for frame, value in pen.tracks["reveal"] if value == U) for pen in pens]
        assert starts[0] == 11 and ends[-1] == 30
        assert all(end <= start + 1 for end, start in zip(ends, starts[1:], strict=False))


def test_a_colour_that_has_come_leaves_nothing_of_the_one_before() -> None:
    """The letters' edges are those of the new colour alone."""
    come, at_once = (
        composer(film(paragraph(highlights=[{"fact": "rise", "colour": "up", "start_s": start, "duration_s": length}])))
        for start, length in ((0.3, 0.5), (0, 0))
    )
    first, last = come.frame(0).data.copy(), come.frame(49).data.copy()
    assert np.array_equal(last, at_once.frame(49).data)
    before = composer(film(paragraph())).frame(0).data
    assert np.abs(first.astype(int) - before).max() <= 4, "the text of before, drawn in two parts"
    assert not np.array_equal(first, last)


def test_the_text_is_on_record_once_and_its_marks_are_as_personal_as_it() -> None:
    marks = [{"fact": "rise", "marker": "sun", "colour": "up"}, {"copy": "key", "colour": "accent"}]
    found = film(paragraph(highlights=marks))
    assert [drawn.text for drawn in found.texts] == [COPY["why"]]
    assert {layer.sensitivity for layer in found.scenes[0].layers} == {"personal"}
    assert len(found.scenes[0].layers) == 6, "a pen, the rest, and two wordings of each coloured phrase"


def test_sentences_that_begin_a_line_have_their_own_room() -> None:
    flat = film(paragraph(copy=["why", "more"], each="line"))
    wide = film(paragraph(copy=["why", "more"], each="line", gap_px=24))
    heights = [layers_of(one)["why"].rect_q for one in (flat, wide)]
    assert heights[1][3] - heights[0][3] == 24 * Q
    below = [
        engine().spans(text_of(layers_of(one)["why"]), len(COPY["why"]) + 1, len(COPY["why"]) + 3)
        for one in (flat, wide)
    ]
    assert round((below[1][0].baseline_q - below[0][0].baseline_q) / Q) == 24
    loose = text_of(layers_of(film(paragraph(line_height=2)))["why"])
    assert loose.look.line_height_q == 80 * Q


def test_a_text_below_a_paragraph_and_a_shape_around_it_follow_what_it_draws() -> None:
    shape = {"kind": "shape", "id": "card", "shape": "rect", "fill": "card", "around": "why", "box": box(0, 0, 0, 0)}
    note = {
        "kind": "text",
        "id": "note",
        "copy": "title",
        "style": "label",
        "box": box(96, 10, 500, 30),
        "below": "why",
    }
    found = layers_of(film(shape, paragraph(), note))
    left, top, right, bottom = found["why"].rect_q
    assert found["note"].rect_q[1] == bottom + 10 * Q
    assert found["card"].rect_q == (left - 20 * Q, top - 12 * Q, right + 20 * Q, bottom + 12 * Q)


def test_a_shorter_wording_is_taken_whole_with_the_words_it_has() -> None:
    tight = {"fit": {"max_lines": 1}, "variants": ["short"]}
    marks = [{"fact": "rise", "marker": "sun"}, {"copy": "key", "marker": "accent-soft"}]
    found = film(paragraph(**tight, highlights=marks))
    assert found.fits[0].variant == 1
    assert [name for name in layers_of(found) if "-mark" in name] == ["why-mark0-0"]


def test_what_does_not_fit_is_an_error_without_the_text() -> None:
    with pytest.raises(RenderError) as caught:
        film(paragraph(fit={"max_lines": 1}))
    assert caught.value.code == "render.overflow" and "Maria" not in str(caught.value)
    with pytest.raises(RenderError) as caught:
        film(paragraph(highlights=[{"fact": "rise", "weight": 800}]))
    assert caught.value.code == "render.face"


def test_words_are_looked_for_as_words() -> None:
    assert list(_places("gasolina y gas", ("gas", ""))) == [(11, 14)]
    assert list(_places("والغاز", ("غاز", ""))) == [(3, 6)], "attached, and found nowhere else"
    assert list(_places("18,20\u00a0€", ("18,20\u00a0€", "\u2068\u2069"))) == [(0, 7)]
    assert list(_places("3 e \u20683\u2069", ("3", "\u2068\u2069"))) == [(5, 6)], "the figure, not the author's digit"
    assert list(_places("nothing", ("", ""))) == []


@given(
    text=st.text(st.sampled_from("ab \u0645\u062d\u0020\u06f1é\u2068\u2069,🙂"), min_size=1, max_size=40),
    cut=st.tuples(st.integers(0, 40), st.integers(0, 40)),
    direction=st.sampled_from(["ltr", "rtl"]),
)
@settings(max_examples=30, deadline=None)
def test_any_range_lies_inside_the_column(text: str, cut: tuple[int, int], direction: Any) -> None:
    start, end = sorted(min(one, len(text)) for one in cut)
    style = TextLook(
        families=("IBM Plex Sans", "IBM Plex Sans Arabic", "Noto Color Emoji"), weight=400, size_q=24 * Q,
        line_height_q=30 * Q, letter_spacing_q=0, colour="#10262eff", tabular=False,
        align="left" if direction == "ltr" else "right", direction=direction, language="en",
    )  # fmt: skip
    content = TextContent(texts=(text,), look=style, column_q=0, width_q=200 * Q, lines=9, wrap="anywhere")
    spans = engine().spans(content, start, end)
    assert all(-Q <= span.left_q < span.right_q <= 201 * Q for span in spans)
    whole = engine().spans(content, 0, len(text))
    assert sum(s.right_q - s.left_q for s in spans) <= sum(s.right_q - s.left_q for s in whole) + Q


def test_the_same_paragraph_has_the_same_bytes() -> None:
    marks = [{"fact": "rise", "marker": "sun", "weight": 600}]
    one, two = (film(paragraph(highlights=marks)) for _ in range(2))
    assert one.data == two.data and isinstance(one.scenes[0].layers[0].content, ShapeContent)
