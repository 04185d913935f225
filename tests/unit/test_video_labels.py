"""What takes its size or place from something personal is personal too: it would tell, and no two people share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from renderer.labels import Sensitivity
from renderer.render.video.score import Score
from tests.film_samples import box, fact, one_scene, plan, text_layer


def labels(score: Score) -> dict[str, Sensitivity]:
    return {layer.id: layer.sensitivity for scene in score.scenes for layer in scene.layers}


def chip(around: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "shape",
        "id": "chip",
        "shape": "rect",
        "around": around,
        "box": box(0, 0, 0, 0),
        "fill": "accent",
        **more,
    }


@pytest.mark.parametrize("label", ["public", "personal", "secret"])
def test_a_shape_around_a_text_and_what_stands_below_it_carry_its_label(label: Sensitivity) -> None:
    shown = fact("name", "Maria", sensitivity=label)
    under = text_layer("under", copy="title", box=box(96, 20, 400, 80), below="headline", fit={"max_lines": 1})
    bar: dict[str, Any] = {"kind": "shape", "id": "bar", "shape": "rect", "fill": "sun", "box": box(96, 9, 40, 9)}
    bars: dict[str, Any] = {
        "kind": "bars",
        "id": "both",
        "colour": "accent",
        "box": box(96, 9, 300, 150),
        "value_style": "label",
        "baseline": "line",
        "bars": [{"fact": "total"}, {"fact": "neighbours"}],
        "below": "under",
    }
    score = one_scene(
        chip("headline"),
        text_layer(copy=None, fact="name"),
        under,
        {**bar, "below": "under"},
        {**bar, "id": "apart"},
        bars,
        the_plan=plan(facts={"name": shown}),
    )
    found = labels(score)
    derived = "public" if label == "public" else "personal"
    assert found.pop("headline") == label
    assert found.pop("apart") == "public"
    assert set(found) >= {"chip", "under", "bar", "both-bar0", "both-value1", "both-baseline"}
    assert set(found.values()) == {derived}


@pytest.mark.parametrize("name", ["total", "neighbours"])
def test_values_of_a_chart_make_room_for_each_other(name: str) -> None:
    facts: Mapping[str, Any] = {name: fact(name, "9 kWh", ratio="0.5", sensitivity="personal")}
    bars: dict[str, Any] = {
        "kind": "bars",
        "id": "both",
        "colour": "accent",
        "box": box(96, 90, 300, 350),
        "value_style": "label",
        "baseline": "line",
        "bars": [{"fact": "total"}, {"fact": "neighbours"}],
    }
    found = labels(one_scene(bars, the_plan=plan(facts=facts)))
    assert found["both-value0"] == found["both-value1"] == "personal"
    assert found["both-baseline"] == "public"
