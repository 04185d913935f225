"""Plan + storyboard → score: frames, places, provenance, records."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.errors import RenderError
from renderer.plan.model import Series
from renderer.render.video.geometry import Stage
from renderer.render.video.score import SCORE_SCHEMA, ImageContent, Q, Score, ScoreLayer, ShapeContent
from renderer.render.video.scoring import FilmFormat
from renderer.render.video.visible import spans, union
from renderer.template.layers import Box
from tests.film_samples import box, fact, history, one_scene, plan, scene, score, storyboard, text_layer

ROOT = Path(__file__).resolve().parents[2]


def shape(layer_id: str = "shape", **more: Any) -> dict[str, Any]:
    return {"kind": "shape", "id": layer_id, "shape": "rect", "fill": "ink", "box": box(100, 50, 200, 80), **more}


def layer_of(found: Score, layer_id: str) -> ScoreLayer:
    return next(layer for one in found.scenes for layer in one.layers if layer.id == layer_id)


def test_the_score_is_canonical_json_without_floats() -> None:
    found = score()

    def no_float(text: str) -> None:
        raise AssertionError(f"a float in the score: {text}")

    assert json.loads(found.data, parse_float=no_float)["schema"] == SCORE_SCHEMA
    assert found.data == score().data


def test_equal_inputs_give_equal_bytes_in_another_process_with_another_hash_seed_and_locale() -> None:
    code = "from tests.film_samples import score; print(score().digest)"
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
            env={
                "PYTHONHASHSEED": seed,
                "LC_ALL": locale,
                "TZ": "Asia/Tokyo",
                "PATH": "/usr/bin:/bin",
                "HOME": "/none",
            },
        ).stdout
        for seed, locale in (("1", "C"), ("2", "C.UTF-8"))
    }
    assert digests == {score().digest + "\n"}


def test_scenes_play_in_the_plans_order_and_overlap_by_their_transition() -> None:
    found = score()
    one, two = found.scenes
    assert (one.first, one.frames, two.first, two.frames, found.frames) == (0, 50, 40, 50, 90)
    assert (two.transition.kind, two.transition.frames) == ("fade", 10)
    turned = score(plan(scenes=("two", "one")))
    assert [one.id for one in turned.scenes] == ["two", "one"]
    assert turned.scenes[0].transition.frames == 0, "the first scene comes in at once"
    assert turned.frames == 100


def test_a_scene_the_storyboard_lacks_is_an_error() -> None:
    with pytest.raises(RenderError) as caught:
        score(plan(scenes=("three",)))
    assert caught.value.place.scene == "three"


def test_no_scene_is_no_film() -> None:
    with pytest.raises(RenderError) as caught:
        score(plan(scenes=()))
    assert caught.value.code == "render.suppressed"


def test_captions_follow_each_other_and_chapters_leave_no_gap() -> None:
    captions = [{"copy": "hello", "in_s": 0, "out_s": 2}]
    board = storyboard(
        scene("one", [], captions=captions),
        scene("two", [], captions=captions, transition={"kind": "slide", "duration_s": 1}),
    )
    found = score(plan(), board)
    assert [(one.first, one.end) for one in found.captions] == [(0, 25), (25, 75)]
    assert [(one.first, one.end) for one in found.chapters] == [(0, 25), (25, 75)]
    assert "\u2068" not in found.captions[0].text
    assert found.captions[0].sensitivity == "personal"


def test_provenance_and_personal_frames_are_those_in_which_something_personal_shows() -> None:
    found = one_scene(
        text_layer(in_s=0.4, out_s=1.2),
        text_layer("public", copy="title", box=box(96, 400, 600, 0)),
        text_layer("hidden", opacity=0, box=box(96, 500, 900, 200)),
        text_layer(
            "away",
            mirror=False,
            box=box(96, 300, 900, 200),
            in_s=1.6,
            keyframes={"position": [{"at_s": 0, "value": [2000, 0]}]},
        ),
    )
    assert (layer_of(found, "headline").facts, layer_of(found, "headline").messages) == (("name",), ("hello",))
    assert [layer.personal for layer in found.scenes[0].layers] == [True, False, True, True]
    assert found.personal_spans == ((10, 30),)
    assert found.personal_frames == 20
    assert {text.layer for text in found.texts} == {"headline", "public"}


def test_drawn_texts_say_when_each_step_of_a_counter_shows() -> None:
    found = score(replace(plan(), scenes=("one",)))
    steps = [text for text in found.texts if text.layer == "amount"]
    assert steps[-1].text == "142,60 €"
    assert (steps[0].first, steps[-1].last) == (0, 49)
    assert [text.first for text in steps[1:]] == [text.last + 1 for text in steps[:-1]]
    assert steps[-1].first <= 25, "it has arrived when counting ends"


def test_a_counter_has_one_size_that_its_widest_step_fits() -> None:
    wide = fact("total", "1 €", steps=("1 €", "999.999.999,99 €", "1 €"))
    found = one_scene(
        {
            "kind": "counter",
            "id": "amount",
            "fact": "total",
            "style": "figure",
            "box": box(0, 0, 500, 0),
            "fit": {"min_size_px": 40},
        },
        the_plan=plan(facts={"total": wide}),
    )
    layer = layer_of(found, "amount")
    assert found.fits[0].size_q < 120 * Q
    assert layer.rect_q[2] - layer.rect_q[0] <= 501 * Q


def test_shapes_follow_the_text_they_surround_and_texts_stand_below_texts() -> None:
    def film(name: str) -> Any:
        return one_scene(
            shape("chip", around="headline", padding_px=[20, 10]),
            text_layer(),
            text_layer("next", copy="title", below="headline", box=box(96, 24, 600, 0)),
            the_plan=plan(name=name),
        )

    short, long = film("Li"), film("Maximiliana Alessandra Bartolomea von Hohenberg")
    for found in (short, long):
        text, chip = layer_of(found, "headline").rect_q, layer_of(found, "chip").rect_q
        assert chip == (text[0] - 20 * Q, text[1] - 10 * Q, text[2] + 20 * Q, text[3] + 10 * Q)
        assert layer_of(found, "next").rect_q[1] == text[3] + 24 * Q
    assert layer_of(long, "next").rect_q[1] > layer_of(short, "next").rect_q[1]


def test_layers_are_shown_with_what_the_plan_chose() -> None:
    layers = (
        text_layer("top", copy="title", shown_with="portrait", box=box(96, 100, 600, 0)),
        shape("chip", around="top"),
        text_layer("next", copy="title", below="top", box=box(96, 10, 600, 0)),
        {"kind": "image", "id": "photo", "fact": "photo", "shown_with": "portrait", "box": box(0, 0, 90, 90)},
    )
    photo = {"photo": fact("photo", "", kind="image", value="abc", sensitivity="personal")}
    without, with_it = one_scene(*layers), one_scene(*layers, the_plan=plan(blocks=("portrait",), facts=photo))
    assert [layer.id for layer in without.scenes[0].layers] == ["next"]
    assert layer_of(without, "next").rect_q[1] == 110 * Q, "it moves up into the free place"
    assert [layer.id for layer in with_it.scenes[0].layers] == ["top", "chip", "next", "photo"]
    content = layer_of(with_it, "photo").content
    assert isinstance(content, ImageContent)
    assert content.media == "image:abc"
    assert layer_of(with_it, "photo").personal


@pytest.mark.parametrize(
    "layer",
    [
        text_layer(copy="nothing"),
        text_layer(copy=None, fact="nothing"),
        text_layer(below="nothing"),
        text_layer(style="nothing"),
    ],
)
def test_a_name_the_plan_lacks_is_an_error_with_scene_and_layer(layer: dict[str, Any]) -> None:
    with pytest.raises(RenderError, match="'headline'") as caught:
        one_scene(layer)
    assert caught.value.place.scene == "one"


@given(st.integers(-200, 1400), st.integers(0, 1280), st.booleans())
def test_a_mirrored_box_is_as_far_from_the_right_as_the_plain_one_from_the_left(x: int, width: int, wide: bool) -> None:
    scale = Fraction(3, 2) if wide else Fraction(1)
    size = int(1280 * scale)
    plain, mirrored = (
        Stage(size, 720, scale, rtl).rect(Box(x=x, y=5, width=width, height=7), True) for rtl in (False, True)
    )
    assert (mirrored[0], mirrored[2]) == (size * Q - plain[2], size * Q - plain[0])
    assert (mirrored[1], mirrored[3]) == (plain[1], plain[3])


def test_right_to_left_mirrors_places_sides_and_alignment_unless_told_not_to() -> None:
    arabic = plan(direction="rtl", locale="ar", copy={"title": "فاتورتك"})
    title = text_layer("title", copy="title", box=box(96, 100, 600, 0))
    found = one_scene(
        shape(anchor="top-start"),
        shape("fixed", mirror=False),
        title,
        the_plan=arabic,
        backdrop={
            "kind": "gradient",
            "angle_deg": 90,
            "stops": [{"colour": "ink", "at": 0}, {"colour": "sun", "at": 1}],
        },
    )
    assert layer_of(found, "shape").rect_q == (980 * Q, 50 * Q, 1180 * Q, 130 * Q)
    assert layer_of(found, "shape").anchor_q == (1180 * Q, 50 * Q)
    assert layer_of(found, "shape").reveal_from == "right"
    assert layer_of(found, "fixed").rect_q == (100 * Q, 50 * Q, 300 * Q, 130 * Q)
    assert abs(layer_of(found, "title").rect_q[2] - (1280 - 96) * Q) <= Q
    assert found.scenes[0].backdrop.settings["angle_u"] == 65536 * 270 // 360


def test_bars_have_the_length_of_their_figures_and_stand_in_reading_order() -> None:
    chart = {
        "kind": "bars",
        "id": "year",
        "series": "history",
        "colour": "accent-soft",
        "mark_colour": "accent",
        "box": box(100, 100, 650, 400),
    }
    for direction in ("ltr", "rtl"):
        found = one_scene(chart, the_plan=plan(direction=direction))
        bars = found.scenes[0].layers
        assert len(bars) == 13
        lengths = [bar.rect_q[3] - bar.rect_q[1] for bar in bars]
        assert lengths[:2] == [80 * Q, 200 * Q], "120 and 300 of an axis that ends at 600, in a chart 400 high"
        lefts = [bar.rect_q[0] for bar in bars]
        assert lefts == sorted(lefts, reverse=direction == "rtl")
        marked = bars[-1].content
        assert isinstance(marked, ShapeContent)
        assert marked.fill == "#0b6e69ff"


def test_a_value_lies_on_no_bar_and_inside_the_chart() -> None:
    chart = {
        "kind": "bars",
        "id": "year",
        "series": "history",
        "colour": "accent-soft",
        "value_style": "label",
        "box": box(100, 100, 400, 400),
    }
    for direction in ("ltr", "rtl"):
        for marked in range(13):
            fact_of_all, series = history(), history().value
            assert isinstance(series, Series)
            points = tuple(replace(point, mark=i == marked) for i, point in enumerate(series.points))
            found = one_scene(
                chart,
                the_plan=plan(
                    direction=direction, facts={"history": replace(fact_of_all, value=replace(series, points=points))}
                ),
            )
            *bars, value = found.scenes[0].layers
            left, top, right, bottom = value.rect_q
            start = 1280 - 500 if direction == "rtl" else 100
            assert start * Q - 1 <= left < right <= (start + 400) * Q + 1
            assert top >= 100 * Q
            assert all(bar.rect_q[1] >= bottom for bar in bars if bar.rect_q[0] < right and bar.rect_q[2] > left), (
                marked
            )


def test_bars_over_facts_take_their_ratios_and_their_texts() -> None:
    found = score(replace(plan(), scenes=("two",)))
    first, second = layer_of(found, "both-bar0").rect_q, layer_of(found, "both-bar1").rect_q
    assert (first[2] - first[0]) * 10 == (second[2] - second[0]) * 6
    assert {text.text for text in found.texts if text.layer.startswith("both-value")} == {"142,60 €", "230 kWh"}


def test_a_chart_of_nothing_draws_no_bars() -> None:
    zero = fact("total", "0 kWh", ratio="0")
    found = one_scene(
        {
            "kind": "bars",
            "id": "b",
            "bars": [{"fact": "total"}],
            "colour": "ink",
            "box": box(0, 0, 300, 200),
            "value_style": "label",
        },
        the_plan=plan(facts={"total": zero}),
    )
    assert [layer.id for layer in found.scenes[0].layers] == ["b-value0"]


def test_another_size_is_the_same_film_scaled() -> None:
    small, large = score(), score(film=FilmFormat(width=1920, height=1080, fps=Fraction(25)))
    for one, other in zip(small.scenes[1].layers, large.scenes[1].layers, strict=True):
        assert all(abs(a * 3 - b * 2) <= 4 * Q for a, b in zip(one.rect_q, other.rect_q, strict=True)), one.id


def test_the_poster_is_the_moment_asked_for() -> None:
    board = storyboard(poster={"scene": "two", "at_s": 1})
    assert score(plan(), board).poster_frame == 40 + 25
    assert score(plan(scenes=("one",)), board).poster_frame == 25


@given(st.lists(st.integers(0, 60), unique=True))
def test_spans_cover_exactly_their_frames(frames: list[int]) -> None:
    found = spans(sorted(frames))
    assert [frame for first, end in found for frame in range(first, end)] == sorted(frames)
    assert union(found) == found


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 15))))
def test_a_union_covers_each_frame_once(parts: list[tuple[int, int]]) -> None:
    wanted = {frame for first, length in parts for frame in range(first, first + length)}
    merged = union((first, first + length) for first, length in parts)
    assert [frame for first, end in merged for frame in range(first, end)] == sorted(wanted)
