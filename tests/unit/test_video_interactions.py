"""Calls to action and hotspots: the right time to the frame, the right place in every direction and format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
from pydantic import ValidationError

from renderer.errors import RenderError, TemplateError
from renderer.plan.model import Direction, Link, RenderPlan
from renderer.render.video.interactions import box_at, interactions_json
from renderer.render.video.score import Score, ScoreInteraction, U
from renderer.render.video.scoring import FilmFormat, score_film
from renderer.template.formats import in_format
from renderer.template.model import FormatName, Margins
from tests import film_samples as samples
from tests.film_samples import box, scene, storyboard, text_layer

SCHEMA = jsonschema_rs.validator_for(
    json.loads((Path(__file__).parents[2] / "docs/interactions.schema.json").read_text("utf-8"))
)
WIDTH, HEIGHT = 1280, 720


def plan(direction: Direction = "ltr", **more: Any) -> RenderPlan:
    made = samples.plan(direction=direction, locale="ar" if direction == "rtl" else "it", scenes=("one",), **more)
    links = {
        "pay": Link(id="pay", href="https://example.org/pay/7?a=1&b=2", sensitivity="personal"),
        "help": Link(id="help", href="https://example.org/help", sensitivity="public"),
        "hidden": Link(id="hidden", href="https://example.org/1", sensitivity="secret"),
    }
    return replace(made, links=links)


def film(
    *interactions: Mapping[str, Any],
    layers: list[dict[str, Any]] | None = None,
    the_plan: RenderPlan | None = None,
    fps: int = 25,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    name: FormatName = "16:9",
    **more: Any,
) -> Score:
    """A film of one scene of four seconds with these interactions."""
    the_plan = the_plan or plan()
    scenes = [scene("one", layers or [], duration_s=4, interactions=list(interactions), **more)]
    if len(the_plan.scenes) > 1:
        scenes += [scene("two", [], transition={"kind": "fade", "duration_s": 1})]
    board = in_format(storyboard(*scenes), name, Margins())
    film_format = FilmFormat(width=size[0], height=size[1], fps=Fraction(fps), name=name)
    return score_film(
        the_plan, board, samples.look(board), film_format, samples.engine(), lambda ref: ref, samples.fonts().digest
    )


def hotspot(**more: Any) -> dict[str, Any]:
    given = {"id": "spot", "kind": "hotspot", "link": "help", "label": "title", **more}
    return given if "layer" in given else {"box": box(320, 180, 320, 180), **given}


def action(**more: Any) -> dict[str, Any]:
    return {"id": "act", "kind": "action", "link": "pay", "label": "title", "in_s": 1, "out_s": 3, **more}


def shape(layer_id: str = "card", **more: Any) -> dict[str, Any]:
    return {
        "kind": "shape", "id": layer_id, "shape": "rect", "fill": "accent", "box": box(320, 180, 320, 180), **more,
    }  # fmt: skip


def only(score: Score) -> ScoreInteraction:
    (one,) = score.interactions
    return one


def pixels(one: ScoreInteraction, frame: int) -> tuple[float, ...] | None:
    """Where it is at a frame, in pixels of the sample frame."""
    found = box_at(one, frame)
    return None if found is None else tuple(
        part / U * side for part, side in zip(found, (WIDTH, HEIGHT, WIDTH, HEIGHT), strict=True)
    )  # fmt: skip


def read(score: Score) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(interactions_json(score))
    SCHEMA.validate(found)
    return found


# ---------------------------------------------------------------- times


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
def test_times_name_their_frames_exactly(fps: int) -> None:
    score = film(action(in_s=1.03, out_s=2.97), fps=fps)
    one, entry = only(score), read(score)["interactions"][0]
    assert (entry["start_frame"], entry["end_frame"]) == (one.first, one.end)
    for seconds, frame in ((entry["start"], one.first), (entry["end"], one.end)):
        assert int(Fraction(str(seconds)) * fps) == frame, "a player at this time shows this frame"
        assert int((Fraction(str(seconds)) - Fraction(2, 1_000_000)) * fps) == frame - 1 or frame == 0
    assert abs(one.first / fps - 1.03) <= 0.5001 / fps


def test_an_action_says_what_a_player_needs() -> None:
    score = film(action())
    found = read(score)
    assert found["film"] == {
        "width": 1280, "height": 720, "frames": 100, "fps": [25, 1], "seconds": 4.0, "locale": "it", "direction": "ltr",
    }  # fmt: skip
    (entry,) = found["interactions"]
    assert {key: entry[key] for key in ("id", "kind", "label", "link", "href", "place", "start", "end")} == {
        "id": "one.act", "kind": "action", "label": "La bolletta", "link": "pay", "place": "bottom-right",
        "href": "https://example.org/pay/7?a=1&b=2", "start": 1.0, "end": 3.0,
    }  # fmt: skip
    (key,) = entry["keyframes"]
    left, top, width, height = key["box"]
    assert left + width == pytest.approx(0.95) and top + height == pytest.approx(0.95), "it keeps to the safe area"


def test_an_action_is_mirrored_where_reading_starts_right() -> None:
    entry = read(film(action(), the_plan=plan("rtl")))["interactions"][0]
    assert entry["place"] == "bottom-left" and entry["keyframes"][0]["box"][0] == pytest.approx(0.05)


# ---------------------------------------------------------------- hotspots


def test_a_hotspot_with_a_box_is_that_part_of_the_frame() -> None:
    assert read(film(hotspot(in_s=0.2)))["interactions"][0]["keyframes"] == [
        {"at": 0.2, "frame": 5, "box": [0.25, 0.25, 0.25, 0.25]}
    ]


def test_a_box_is_mirrored_where_reading_starts_right() -> None:
    assert pixels(only(film(hotspot(), the_plan=plan("rtl"))), 9) == pytest.approx((640, 180, 960, 360), abs=0.1)
    assert pixels(only(film(hotspot(mirror=False), the_plan=plan("rtl"))), 9) == pytest.approx((320, 180, 640, 360))


def test_a_box_moves_by_its_keyframes() -> None:
    moves = {"position": [{"at_s": 0, "value": [0, 0]}, {"at_s": 2, "value": [400, 80], "easing": "linear"}]}
    one = only(film(hotspot(keyframes=moves)))
    assert pixels(one, 0) == pytest.approx((320, 180, 640, 360), abs=0.1)
    assert pixels(one, 25) == pytest.approx((520, 220, 840, 400), abs=0.1)
    assert pixels(one, 70) == pytest.approx((720, 260, 1040, 440), abs=0.1)
    assert len(one.boxes) <= 4, "even motion needs no keyframe in between"


def test_a_hotspot_follows_its_layer_with_every_motion() -> None:
    """The rectangle is that of what is drawn: compared with the composed picture itself."""
    card = shape(
        keyframes={
            "position": [{"at_s": 0, "value": [0, 0]}, {"at_s": 2, "value": [380, -60], "easing": "back-in-out"}],
            "rotation": [{"at_s": 0, "value": 0}, {"at_s": 2, "value": 40}],
            "scale": [{"at_s": 0, "value": 1}, {"at_s": 2, "value": 1.4}],
        }
    )
    score = film(hotspot(layer="card", out_s=3.9), layers=[card])
    one = only(score)
    composer = samples.composer(score)
    ground = composer.frame(0).planes[0][0, 0]
    for frame in (1, 10, 23, 31, 44, 60):
        drawn = np.abs(composer.frame(frame).planes[0].astype(int) - int(ground)) > 60
        rows, columns = np.nonzero(drawn)
        wanted = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        assert pixels(one, frame) == pytest.approx(wanted, abs=4), frame  # 2 pixels of tolerance, and soft edges


def test_a_hotspot_is_there_only_while_its_layer_can_be_seen() -> None:
    card = shape(in_s=0.4, out_s=3.2, keyframes={"opacity": [
        {"at_s": 0, "value": 1}, {"at_s": 1, "value": 0, "easing": "hold"}, {"at_s": 1.6, "value": 1, "easing": "hold"},
    ]})  # fmt: skip
    one = only(film(hotspot(layer="card"), layers=[card]))
    assert (one.first, one.end) == (10, 80)
    there = [frame for frame in range(100) if box_at(one, frame) is not None]
    assert there == [*range(10, 35), *range(50, 80)]
    entry = read(film(hotspot(layer="card"), layers=[card]))["interactions"][0]
    assert [key["box"] is None for key in entry["keyframes"]] == [False, True, False]


def test_a_hotspot_of_a_layer_off_the_frame_or_not_shown_is_not_there() -> None:
    assert film(hotspot(layer="card"), layers=[shape(box=box(1400, 10, 200, 200))]).interactions == ()
    assert film(hotspot(layer="card"), layers=[shape(shown_with="two")]).interactions == ()
    assert film(hotspot(layer="card"), layers=[shape(opacity=0)]).interactions == ()
    assert film(hotspot(shown_with="two")).interactions == ()
    assert film(hotspot(shown_with="two"), the_plan=plan(blocks=("two",))).interactions


def test_a_hotspot_follows_the_drawn_text_and_all_bars_of_a_chart() -> None:
    words = text_layer("words", copy="title", box=box(96, 100, 900, 200))
    wide = pixels(only(film(hotspot(layer="words"), layers=[words])), 50)
    assert wide is not None and wide[0] == pytest.approx(96, abs=1) and wide[2] < 700, "not its box: its letters"
    bars = {"kind": "bars", "id": "year", "series": "history", "colour": "accent", "box": box(120, 140, 640, 440),
            "label_style": "label", "duration_s": 0.2, "stagger_s": 0}  # fmt: skip
    around = pixels(only(film(hotspot(layer="year"), layers=[bars, shape("year-x")])), 90)
    assert around is not None
    assert around[0] == pytest.approx(120, abs=20) and around[2] == pytest.approx(760, abs=20)


def test_a_small_hotspot_is_as_large_as_a_finger_needs_and_inside_the_frame() -> None:
    left, top, right, bottom = pixels(only(film(hotspot(box=box(1270, 300, 10, 10)))), 9) or ()
    assert right - left == pytest.approx(96, abs=0.1) and bottom - top == pytest.approx(96, abs=0.1)
    assert right == pytest.approx(1280, abs=0.1) and (top + bottom) / 2 == pytest.approx(305, abs=0.1)


def test_padding_makes_room_around_a_layer() -> None:
    assert pixels(only(film(hotspot(layer="card", padding_px=[20, 10]), layers=[shape()])), 9) == pytest.approx(
        (300, 170, 660, 370), abs=0.1
    )


def test_hotspots_wait_until_scenes_have_crossed() -> None:
    both = replace(plan(), scenes=("one", "two"))
    score = film(hotspot(), action(out_s=4), the_plan=both)
    ends = {one.id: one.end for one in score.interactions}
    assert ends == {"spot": score.scenes[1].first, "act": 100}


# ---------------------------------------------------------------- formats


def test_in_another_format_hotspots_follow_their_layers_and_boxes_need_a_place_of_their_own() -> None:
    tall: dict[str, Any] = {"size": (720, 1280), "name": "9:16"}
    following = film(hotspot(layer="card"), layers=[shape()], **tall)
    found = box_at(only(following), 9)
    layer = following.scenes[0].layers[0]
    assert found is not None
    assert found[0] / U * 720 == pytest.approx(layer.rect_q[0] / 256, abs=1)
    assert film(hotspot(), **tall).interactions == ()
    special = hotspot(formats={"9:16": {"box": box(72, 128, 360, 640)}})
    assert read(film(special, **tall))["interactions"][0]["keyframes"][0]["box"] == pytest.approx(
        [0.1, 0.1, 0.5, 0.5], abs=1e-4
    )


# ---------------------------------------------------------------- refusals


def test_what_is_secret_is_refused() -> None:
    with pytest.raises(TemplateError) as caught:
        film(action(link="hidden"))
    assert caught.value.code == "template.unsafe" and caught.value.place.scene == "one"
    secret = plan()
    label = replace(secret.copy["title"], sensitivity="secret")
    with pytest.raises(TemplateError):
        film(action(), the_plan=replace(secret, copy={**secret.copy, "title": label}))


def test_a_link_or_label_that_this_plan_lacks_is_an_error_that_names_the_scene() -> None:
    for missing in (action(link="nowhere"), hotspot(label="nothing")):
        with pytest.raises(RenderError) as caught:
            film(missing)
        assert caught.value.code == "render.layout" and caught.value.place.scene == "one"


@pytest.mark.parametrize(
    "wrong",
    [
        hotspot(layer="nothing"),
        {**hotspot(), "layer": "card"},
        {"id": "spot", "kind": "hotspot", "link": "help", "label": "title"},
        hotspot(layer="card", keyframes={"position": [{"at_s": 0, "value": [0, 0]}]}),
        action(in_s=3, out_s=3),
        action(out_s=5),
        {key: value for key, value in action().items() if key != "label"},
        action(place="somewhere"),
    ],
)
def test_interactions_that_make_no_sense_are_refused_when_the_storyboard_is_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        storyboard(scene("one", [shape()], duration_s=4, interactions=[wrong]))


def test_two_of_one_scene_need_two_names() -> None:
    with pytest.raises(ValidationError, match="same id"):
        storyboard(scene("one", [], duration_s=4, interactions=[action(), action()]))


def test_a_film_without_interactions_has_an_empty_list() -> None:
    assert read(film())["interactions"] == []
