"""Chunk keys of the richer layers: whatever their pixels are made from is in the key, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

import pytest

from renderer.plan.model import Link
from renderer.render.video.encode import EncodeProfile
from renderer.render.video.keys import KeyBook
from renderer.render.video.score import ImageContent, Property, Score, ScoreLayer, TextContent, TextMark, Track
from tests.film_samples import STYLES, box, fact, plan, scene, score, storyboard

PROFILE = EncodeProfile(width=1280, height=720, fps=Fraction(25))
BOX = box(200, 120, 420, 360)
KINDS: dict[str, dict[str, Any]] = {
    "ring": {"kind": "ring", "fact": "part", "colour": "accent", "track": "line"},
    "donut": {"kind": "donut", "parts": [{"fact": "part", "colour": "accent"}], "legend": "none"},
    "line": {"kind": "line", "series": "history", "colour": "accent"},
    "qr": {"kind": "qr", "link": "pay", "colour": "ink", "ground": "card"},
    "paragraph": {
        "kind": "paragraph", "copy": ["hello", "caption"], "each": "line", "gap_px": 20, "style": "label",
        "highlights": [{"fact": "name", "weight": 700, "marker": "sun", "colour": "accent"}],
    },
    "image": {"kind": "image", "fact": "photo", "zoom": {"from": 1, "to": 1.2}, "shadow": {"colour": "ink"}},
}  # fmt: skip


def film(kind: str, *, href: str = "https://energy.example/a", link: Any = "public") -> Score:
    facts = {
        "part": fact("part", "40 %", ratio="0.4", sensitivity="personal"),
        "photo": fact("photo", "", kind="image", value="a" * 64),
    }
    the_plan = replace(plan(scenes=("one",), facts=facts), links={"pay": Link(id="pay", href=href, sensitivity=link)})
    layer = {"id": "it", "box": BOX, **KINDS[kind]}
    return score(the_plan, storyboard(scene("one", [layer]), styles=STYLES))


def key(found: Score, first: int = 20, end: int = 45, secret: bytes = b"s" * 32) -> Any:
    return KeyBook(found, PROFILE, secret).key(first, end)


def with_layer(found: Score, index: int, layer: ScoreLayer) -> Score:
    only = found.scenes[0]
    layers = (*only.layers[:index], layer, *only.layers[index + 1 :])
    return replace(found, scenes=(replace(only, layers=layers),))


def other(value: Any) -> Any:
    """A value that differs."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 256
    if isinstance(value, str):
        return value[:-1] + ("1" if value[-1] != "1" else "0")
    if value == ():
        return (TextMark(start=0, end=2, weight=600),)
    if isinstance(value, TextMark):
        return replace(value, start=value.start + 1)
    return (other(value[0]), *value[1:]) if isinstance(value, tuple) else "#12345678"


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_that_draws_is_in_the_key(kind: str) -> None:
    found = film(kind)
    before = key(found).key
    for index, layer in enumerate(found.scenes[0].layers):
        content = layer.content
        for field in fields(content):
            if field.name in ("kind", "media", "look", "scaling", "wrap", "shown", "shape"):
                continue  # names, words of a fixed list, and what has tests of its own
            changed = replace(content, **{field.name: other(getattr(content, field.name))})
            assert key(with_layer(found, index, replace(layer, content=changed))).key != before, (layer.id, field.name)
        if isinstance(content, TextContent):
            for shown in ("marked", "unmarked"):
                if shown != content.shown:
                    changed = replace(content, shown=shown)
                    assert key(with_layer(found, index, replace(layer, content=changed))).key != before
        if isinstance(content, ImageContent) and content.zoom_u:
            still: dict[Property, Track] = {**layer.tracks, "zoom": ((0, content.zoom_u),)}
            assert key(with_layer(found, index, replace(layer, tracks=still))).key != before
        named = replace(layer, id="other", facts=("a",), messages=("b",), links=("c",))
        assert key(with_layer(found, index, named)).key == before, "where it comes from is not seen"


@pytest.mark.parametrize("kind", ["ring", "donut", "paragraph"])
def test_what_shows_something_personal_has_a_key_of_the_installation(kind: str) -> None:
    one, two = (key(film(kind), secret=secret) for secret in (b"a" * 32, b"b" * 32))
    assert one.personal and one.key != two.key


def test_a_code_is_as_personal_as_its_link_and_its_key_as_its_address() -> None:
    shared = [key(film("qr"), secret=secret) for secret in (b"a" * 32, b"b" * 32)]
    assert not shared[0].personal and shared[0] == shared[1]
    assert key(film("qr", link="personal")).personal
    assert key(film("qr", href="https://energy.example/b")).key != shared[0].key


def test_growth_enters_while_it_lasts_and_not_afterwards() -> None:
    ring = film("ring")
    assert key(ring, 0, 12).key != key(ring, 12, 24).key
    assert key(ring, 36, 42).key == key(ring, 40, 46).key, "it stands"


def test_how_soft_a_wipe_is_enters_while_it_lasts() -> None:
    def wiped(softness: int) -> Score:
        way = {"kind": "wipe", "duration_s": 0.8, "softness_px": softness}
        return score(plan(), storyboard(scene("one", []), scene("two", [], transition=way)))

    hard, soft = wiped(0), wiped(120)
    first = hard.scenes[1].first
    assert key(hard, first, first + 10).key != key(soft, first, first + 10).key
    assert key(hard, first + 25, first + 35).key == key(soft, first + 25, first + 35).key
