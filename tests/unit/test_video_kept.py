"""Sprites between films: the same frames as without, nothing made twice, nothing personal kept, and room for all."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from renderer.render.video import sprites, text
from renderer.render.video.blend import Picture
from renderer.render.video.compose import Composer, frame_digest
from renderer.render.video.kept import Shared
from renderer.render.video.score import ScoreLayer
from renderer.render.video.text import text_engine
from tests.film_samples import box, composer, fonts, one_scene, plan, text_layer

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


def test_a_thread_opens_a_font_set_once_and_measures_a_bounded_number_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = text_engine(fonts())
    assert text_engine(fonts()) is engine
    with ThreadPoolExecutor(1) as other:
        assert other.submit(text_engine, fonts()).result() is not engine  # Pango's are not for two threads at once
    monkeypatch.setattr(text, "KEPT_SIZES", 50)
    looks = [layer.content.look for layer in one_scene(LAYERS[0]).scenes[0].layers if hasattr(layer.content, "look")]
    for number in range(120):
        engine.measure(f"Text {number}", looks[0], None)
    assert len(engine._sizes) <= 50


def test_only_what_changes_is_drawn_and_frames_stay_those_drawn_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    order = [*range(40), 12, 13, 30, 5, 6, 7, 39]
    whole = {number: frame_digest(film("Ada").frame(number)) for number in set(order)}
    drawn: list[int] = []
    copy = Picture.copy

    def watched(picture: Picture, planes: Sequence[NDArray[np.uint8]]) -> None:
        drawn.append(picture.data.size)
        copy(picture, planes)

    monkeypatch.setattr(Picture, "copy", watched)
    ada = film("Ada")
    assert [frame_digest(ada.frame(number)) for number in order] == [whole[number] for number in order]
    assert len(drawn) < 16  # instead of one a frame
