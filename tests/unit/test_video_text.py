"""Text: it always fits or fails, in every script, from the listed faces only."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.errors import RenderError
from renderer.render.video.fit import Room, fit
from renderer.render.video.raster import Raster
from renderer.render.video.score import Q, TextContent, TextLook
from tests.film_samples import engine, fonts, one_scene, plan, text_layer

LOOK = TextLook(
    families=fonts().families,
    weight=600,
    size_q=48 * Q,
    line_height_q=58 * Q,
    letter_spacing_q=0,
    colour="#10262eff",
    tabular=False,
    align="left",
    direction="ltr",
    language="it",
)
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
LONG_NAME = "Maximiliana Alessandra Bartolomea Wolfeschlegelsteinhausenbergerdorff"[:60]


def drawn(text: str, look: TextLook = LOOK, width: int = 1200) -> Raster:
    return engine().raster(
        TextContent(texts=(text,), look=look, column_q=0, width_q=width * Q, lines=1), 0, 40 * Q, 40 * Q
    )


def ink(raster: Raster) -> float:
    return float(raster.pixels[:, :, 3].sum()) / 255


def test_the_column_decides_the_lines() -> None:
    text = "Quattro parole in fila"
    assert engine().measure(text, LOOK, None).lines == 1
    narrow = engine().measure(text, LOOK, 300 * Q)
    assert narrow.lines > 1
    assert narrow.width_q <= 300 * Q


def test_text_is_aligned_in_its_column() -> None:
    left, right = (drawn("Ciao", replace(LOOK, align=align)) for align in ("left", "right"))
    assert abs(left.x - 40) < 8
    assert abs(right.x + right.pixels.shape[1] - 1240) < 8


def test_tabular_figures_have_one_width() -> None:
    tabular = replace(LOOK, tabular=True)
    assert len({engine().measure(digit * 6, tabular, None).width_q for digit in "0123456789"}) == 1


def test_arabic_is_joined_and_runs_from_the_right_with_its_digits_in_order() -> None:
    look = replace(LOOK, direction="rtl", align="right", language="ar")
    joined, apart = drawn("فاتورة", look), drawn("ف ا ت و ر ة".replace(" ", "\u200c"), look)
    assert joined.pixels.shape[1] < apart.pixels.shape[1] * 0.9
    # «word 12»: the word begins at the right edge and the number stands left of it, its digits from left to right.
    both, word, number = drawn("فاتورة 12", look), drawn("فاتورة", look), drawn("12", look)
    right_part = both.pixels[:, -word.pixels.shape[1] :, 3]
    assert ink(both) == pytest.approx(ink(word) + ink(number), rel=0.02)
    assert float(right_part.sum()) / 255 == pytest.approx(ink(word), rel=0.05)
    left = both.pixels[:, : number.pixels.shape[1], 3]
    shared = left[left.any(axis=1)]
    assert shared.shape == number.pixels[:, :, 3].shape
    assert np.abs(shared.astype(int) - number.pixels[:, :, 3]).mean() < 12


def test_isolates_take_no_room() -> None:
    assert engine().measure("\u2068Ciao\u2069", LOOK, None) == engine().measure("Ciao", LOOK, None)


def test_joining_scripts_ignore_letter_spacing_and_latin_does_not() -> None:
    spaced = replace(LOOK, letter_spacing_q=4 * Q)
    assert engine().measure("فاتورة", spaced, None) == engine().measure("فاتورة", LOOK, None)
    assert engine().measure("Ciao", spaced, None).width_q > engine().measure("Ciao", LOOK, None).width_q


@pytest.mark.parametrize("emoji", ["\U0001f600", FAMILY])
def test_emoji_are_pictures_of_the_size_of_their_text(emoji: str) -> None:
    for size in (24, 48, 96):
        raster = drawn(emoji, replace(LOOK, size_q=size * Q))
        height, width = raster.pixels.shape[:2]
        assert 0.7 * size < height < 1.5 * size
        assert 0.7 * size < width < 1.6 * size, "one picture, not four people in a row or an empty box"
        assert len(np.unique(raster.pixels[:, :, :3].reshape(-1, 3), axis=0)) > 50, "many colours, not an outlined box"


def test_a_missing_glyph_is_an_error_that_does_not_repeat_the_text() -> None:
    with pytest.raises(RenderError) as caught:
        one_scene(text_layer(copy="hello"), the_plan=plan(name="日本太郎"))
    assert caught.value.code == "render.glyph"
    assert caught.value.place.scene == "one"
    assert "headline" in str(caught.value)
    assert "日" not in str(caught.value)


def test_a_weight_that_is_not_listed_is_an_error() -> None:
    from tests.film_samples import STYLES, look, scene, score, storyboard

    styles = {**STYLES, "headline": {**STYLES["headline"], "weight": 300}}
    board = storyboard(scene("one", [text_layer()]), styles=styles)
    assert look(board).styles["headline"].weight == 300
    with pytest.raises(RenderError) as caught:
        score(replace(plan(), scenes=("one",)), board)
    assert caught.value.code == "render.face"


def headline(name: str, **more: Any) -> Any:
    score = one_scene(text_layer(**more), the_plan=plan(name=name))
    return score.scenes[0].layers[0], score.fits[0]


def test_a_short_name_keeps_its_size() -> None:
    layer, fitted = headline("Li")
    assert (fitted.changed, fitted.lines, layer.content.look.size_q) == (False, 1, 64 * Q)


def test_a_long_name_wraps_first_then_shrinks() -> None:
    layer, fitted = headline(LONG_NAME)
    assert fitted.lines == 2
    assert 36 * Q <= fitted.size_q < 64 * Q
    assert layer.rect_q[2] - layer.rect_q[0] <= 900 * Q + Q


def test_lines_are_of_about_one_length() -> None:
    text = "Una frase che va appena a capo con una parola"
    width = engine().measure(text, LOOK, None).width_q - 2 * Q
    found = fit(engine(), [(text,)], LOOK, Room(width, 0, 2, 0, False))
    assert found is not None
    assert found.lines == 2
    assert found.width_q < width * 0.7, "not one full line and a lonely word"
    assert engine().measure(text, LOOK, found.column_q).lines == 2


def test_a_long_name_takes_the_shorter_variant_when_shrinking_is_not_enough() -> None:
    layer, fitted = headline(LONG_NAME, variants=["hello-short"], box={"x": 0, "y": 0, "width": 760, "height": 90})
    assert fitted.variant == 1
    assert layer.messages == ("hello-short",)


def test_a_word_without_breaks_is_broken_only_at_the_smallest_size() -> None:
    layer, fitted = headline("n" * 60, copy=None, fact="name")
    assert fitted.broken
    assert fitted.size_q == 36 * Q
    assert layer.content.wrap == "anywhere"


def test_an_ellipsis_is_a_last_resort_and_is_recorded() -> None:
    _, fitted = headline("W" * 400, fit={"max_lines": 2, "min_size_px": 36, "ellipsis": True})
    assert fitted.ellipsized


def test_what_no_rule_solves_is_an_error_that_names_scene_and_layer_but_not_the_text() -> None:
    with pytest.raises(RenderError) as caught:
        headline("W" * 400)
    assert caught.value.code == "render.overflow"
    assert caught.value.place.scene == "one"
    assert "'headline'" in caught.value.message
    assert "WW" not in str(caught.value)


def test_a_text_without_end_is_refused_at_once() -> None:
    before = time.process_time()
    with pytest.raises(RenderError) as caught:
        headline("n " * 500_000, fit={"max_lines": 2, "ellipsis": True})
    assert caught.value.code == "render.overflow"
    assert time.process_time() - before < 2


def test_text_that_would_leave_the_frame_is_an_error() -> None:
    with pytest.raises(RenderError, match="out of the frame"):
        one_scene(text_layer(box={"x": 1120, "y": 640, "width": 900, "height": 0}, style="label"))


def test_an_empty_text_draws_nothing_and_takes_no_height() -> None:
    score = one_scene(
        text_layer(copy="empty"),
        text_layer("next", copy="title", below="headline", box={"x": 96, "y": 0, "width": 600, "height": 0}),
        the_plan=plan(copy={"empty": ""}),
    )
    empty, below = score.scenes[0].layers
    assert empty.rect_q[1] == empty.rect_q[3] == below.rect_q[1]
    assert [text.layer for text in score.texts] == ["next"]


NAMES = st.text(st.sampled_from(list("aàbcWMil .'-éßñ€فاتورةليلى١٢3\u2068\u2069\u200f\U0001f600")), max_size=90)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NAMES, st.integers(80, 900), st.integers(1, 3), st.booleans(), st.sampled_from(["ltr", "rtl"]))
def test_whatever_is_fitted_fits(text: str, width: int, lines: int, ellipsis: bool, direction: Any) -> None:
    look = replace(LOOK, direction=direction)
    found = fit(engine(), [(text,)], look, Room(width * Q, 0, lines, 20 * Q, ellipsis))
    if found is None:
        assert not ellipsis or width < 120, "with an ellipsis almost everything fits"
        return
    assert found.lines <= lines
    assert found.width_q <= width * Q + Q
    assert 20 * Q <= found.look.size_q <= 48 * Q
    raster = engine().raster(
        TextContent(
            texts=found.texts,
            look=found.look,
            column_q=0,
            width_q=found.column_q,
            lines=found.lines,
            wrap=found.wrap,
            ellipsis=found.ellipsis,
        ),
        0,
        0,
        0,
    )
    # Letters may reach a little beyond their advance (italic ends, marks), never by a letter.
    assert raster.empty or raster.x + raster.pixels.shape[1] <= width + 12
