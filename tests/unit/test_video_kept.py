"""Sprites between films: the same frames as without, nothing made twice, nothing personal kept, and room for all."""

from __future__ import annotations

import pytest

from renderer.render.video import sprites
from renderer.render.video.compose import Composer, frame_digest
from renderer.render.video.kept import Shared
from renderer.render.video.score import ScoreLayer
from tests.film_samples import box, composer, one_scene, plan, text_layer

LAYERS = (
    text_layer("title", copy="title", box=box(96, 100, 600, 0), enter={"motion": "rise", "duration_s": 0.6}),
    text_layer("name", copy=None, fact="name", box=box(96, 300, 600, 0), enter={"motion": "rise", "duration_s": 0.6}),
    {
        "kind": "shape",
        "id": "disc",
        "shape": "rect",
        "fill": "accent",
        "box": box(1100, 600, 300, 300),
        "radius_px": 40,
    },
)


def film(name: str) -> Composer:
    return composer(one_scene(*LAYERS, the_plan=plan(name=name)))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of layers whose sprites are made from now on; nothing is shared yet."""
    found: list[str] = []
    make = sprites.SpriteRoom._sprite

    def watched(room: sprites.SpriteRoom, layer: ScoreLayer, *rest: object) -> object:
        found.append(layer.id)
        return make(room, layer, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(sprites.SpriteRoom, "_sprite", watched)
    monkeypatch.setattr(sprites, "_SHARED", Shared())
    return found


def test_another_film_makes_only_what_is_personal(made: list[str]) -> None:
    numbers = range(0, 30)
    ada = film("Ada")
    first = [frame_digest(ada.frame(number)) for number in numbers]
    assert {"title", "name", "disc"} == set(made)
    made.clear()
    second = film("Bo")
    after = [frame_digest(second.frame(number)) for number in numbers]
    assert set(made) == {"name"} and after != first
    made.clear()
    again = film("Ada")
    assert [frame_digest(again.frame(number)) for number in numbers] == first
    assert set(made) == {"name"}  # of a person nothing is kept beyond the film


def test_a_value_gives_way_only_when_films_no_longer_use_it() -> None:
    shared: Shared[str] = Shared(10)
    shared.begin()
    for key in "abcde":
        shared.offer(key, key, 3)
    assert [shared.find(key) for key in "abcde"] == [("a",), ("b",), ("c",), None, None] and shared.size == 9
    for _ in range(2):
        shared.begin()
        assert shared.find("a") == ("a",)
    shared.offer("d", "d", 3)  # two films went by without b and c
    assert [shared.find(key) for key in "abcd"] == [("a",), None, ("c",), ("d",)]
    shared.offer("huge", "huge", 11)
    assert shared.find("huge") is None and shared.size <= 10
