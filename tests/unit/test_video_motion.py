"""Easings and tracks: they start and end where they must, and numbers per frame are whole."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from renderer.render.video.motion import easing, frames_of, keyframed, layer_tracks, sampled
from renderer.render.video.score import Q, U, value_at
from renderer.template.layers import EASINGS, Easing, ShapeLayer

FPS = Fraction(25)
MONOTONE = [name for name in EASINGS if "back" not in name]


def layer(**more: Any) -> ShapeLayer:
    box = {"x": 0, "y": 0, "width": 10, "height": 10}
    return ShapeLayer.model_validate({"kind": "shape", "id": "a", "shape": "rect", "fill": "ink", "box": box, **more})


@pytest.mark.parametrize("name", [*EASINGS, "cubic-bezier(0.2, 0, 0, 1)", "cubic-bezier(.5,-1,.5,2)"])
def test_every_easing_starts_at_0_and_ends_at_1(name: str) -> None:
    curve = easing(name)
    assert curve(0) == pytest.approx(0, abs=1e-12)
    assert curve(1) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", MONOTONE)
def test_easings_without_overshoot_only_rise(name: str) -> None:
    values = [easing(name)(step / 200) for step in range(201)]
    assert values == sorted(values)


@given(st.sampled_from(["sine", "quad", "cubic", "quart", "quint", "expo", "circ", "back"]), st.floats(0, 1))
def test_out_is_in_turned_round_and_in_out_is_symmetric(curve: str, at: float) -> None:
    assert easing(f"{curve}-out")(at) == pytest.approx(1 - easing(f"{curve}-in")(1 - at), abs=1e-9)
    both = easing(f"{curve}-in-out")
    assert both(at) == pytest.approx(1 - both(1 - at), abs=1e-9)


def test_bezier_curves_are_those_of_css() -> None:
    assert easing("cubic-bezier(0.25, 0.1, 0.25, 1)")(0.3) == pytest.approx(easing("ease")(0.3))
    assert easing("ease-in-out")(0.5) == pytest.approx(0.5)
    assert easing("ease")(0.5) == pytest.approx(0.8024, abs=1e-4)  # value browsers give


def test_an_unknown_easing_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValidationError, match="Did you mean 'cubic-out'"):
        TypeAdapter(Easing).validate_python("cubic-ou")


@given(st.decimals(0, 60, places=3), st.sampled_from([Fraction(24), Fraction(25), Fraction(30000, 1001)]))
def test_seconds_become_the_nearest_frame(seconds: Any, fps: Fraction) -> None:
    assert abs(frames_of(float(seconds), fps) - Fraction(seconds) * fps) <= Fraction(1, 2)


def test_keyframes_hold_before_and_after_and_meet_each_value() -> None:
    keyframes = [(0.4, 10.0, "linear"), (0.8, 30.0, "cubic-out"), (1.0, 0.0, "hold")]
    assert [keyframed(keyframes, at) for at in (0, 0.4, 0.8, 0.9, 1.0, 5)] == [10, 10, 30, 30, 0, 0]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40))
def test_a_track_gives_back_every_frame(values: list[int]) -> None:
    track = sampled(lambda frame: float(values[frame]), len(values), 1)
    assert [value_at(track, frame, 0) for frame in range(len(values))] == values


def test_what_rests_has_no_track() -> None:
    assert layer_tracks(layer(), 50, FPS, Fraction(1), False) == {}


def test_an_entrance_ends_in_place_and_an_exit_leaves() -> None:
    tracks = layer_tracks(
        layer(enter={"motion": "rise", "duration_s": 0.4}, exit={"motion": "fade", "duration_s": 0.4}),
        50,
        FPS,
        Fraction(1),
        False,
    )
    opacity = [value_at(tracks["opacity"], frame, U) for frame in range(50)]
    assert (opacity[0], opacity[10], opacity[40]) == (0, U, U)
    assert opacity[49] < U // 2
    assert value_at(tracks["y"], 0, 0) == 28 * Q
    assert value_at(tracks["y"], 10, 0) == 0


def test_motion_along_the_line_is_mirrored_and_other_motion_is_not() -> None:
    moving = layer(
        keyframes={
            "position": [{"at_s": 0, "value": [100, 20]}, {"at_s": 1, "value": [0, 0]}],
            "rotation": [{"at_s": 0, "value": 90}],
        }
    )
    plain, mirrored = (layer_tracks(moving, 50, FPS, Fraction(3, 2), flag) for flag in (False, True))
    assert value_at(plain["x"], 0, 0) == 150 * Q == -value_at(mirrored["x"], 0, 0)
    assert plain["y"] == mirrored["y"]
    assert (plain["rotation"], mirrored["rotation"]) == (((0, U // 4),), ((0, -U // 4),))


@given(st.floats(0, 1), st.sampled_from(EASINGS))
def test_opacity_never_leaves_its_range(base: float, name: str) -> None:
    moving = layer(
        opacity=base,
        enter={"motion": "pop", "easing": name},
        keyframes={"opacity": [{"at_s": 0, "value": -1}, {"at_s": 0.5, "value": 2, "easing": name}]},
    )
    track = layer_tracks(moving, 40, FPS, Fraction(1), False).get("opacity", ((0, U),))
    assert all(0 <= value <= U for _, value in track)
