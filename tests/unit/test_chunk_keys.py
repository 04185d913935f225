"""Equal keys mean equal frames; what can be seen changes the key, what cannot be seen does not."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from renderer.assets.fonts import FontRequest, load_fonts
from renderer.render.video.keys import KeyBook
from renderer.render.video.score import (
    PhysicalSide,
    Property,
    Q,
    Score,
    ScoreBackdrop,
    ScoreLayer,
    ScoreTransition,
    Track,
    U,
)
from renderer.render.video.text import TextEngine
from tests.film_samples import box, one_scene, plan, text_layer
from tests.keyed_films import (
    HEIGHT,
    LOOK,
    PAPER,
    PROFILE,
    SECRET,
    WIDTH,
    film,
    films,
    frames_of,
    key,
    layer,
    pairs,
    rect,
    scene,
    text,
)

# ---------------------------------------------------------------- both directions, over films of all kinds


@given(pairs(), st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_equal_keys_promise_equal_frames_and_what_changes_frames_changes_the_key(
    pair: tuple[Score, Score], data: st.DataObject
) -> None:
    one, other = pair
    length = data.draw(st.integers(1, min(one.frames, other.frames)))
    starts = [data.draw(st.integers(0, score.frames - length)) for score in pair]
    if data.draw(st.booleans()):
        starts[1] = starts[0]
    keys = [key(score, start, start + length) for score, start in zip(pair, starts, strict=True)]
    seen = [frames_of(score, start, start + length) for score, start in zip(pair, starts, strict=True)]
    if keys[0].key == keys[1].key:
        assert seen[0] == seen[1]
    # (keys that differ may stand for equal frames: a layer behind another one, say)


@given(films(), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_cannot_be_seen_does_not_change_the_key(score: Score, data: st.DataObject) -> None:
    """Add a layer that is nowhere seen, at any height; rename everything."""
    hidden = data.draw(
        st.sampled_from(
            [
                layer(text("secret"), tracks={"opacity": ((0, 0),)}, sensitivity="secret"),
                layer(text("secret"), tracks={"opacity": ((0, 100),)}, sensitivity="personal"),
                layer(text("secret"), tracks={"reveal": ((0, 0),)}),
                layer(rect(), tracks={"scale": ((0, 0),)}),
                layer(rect(), at=(300, 0, 340, 40), sensitivity="personal"),
                layer(text("Ada"), tracks={"y": ((0, -200 * Q),)}),
                layer(text(" ", "secret"), sensitivity="personal"),
            ]
        )
    )
    first = score.scenes[0]
    stack = [replace(one, id=f"{one.id}-renamed", facts=("x",), messages=("y",)) for one in first.layers]
    stack.insert(data.draw(st.integers(0, len(stack))), hidden)
    other = replace(
        score,
        plan="1" * 64,
        locale="de",
        scenes=(replace(first, id=first.id, title="another", layers=tuple(stack)), *score.scenes[1:]),
    )
    assert key(other) == key(score)


@given(films(), st.binary(min_size=32, max_size=32))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_only_what_is_personal_depends_on_the_installation(score: Score, secret: bytes) -> None:
    here, there = key(score), key(score, secret=secret)
    assert here.personal == there.personal
    assert (here.key == there.key) == (not here.personal or secret == SECRET)


@given(films(), st.integers(1, 40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_run_has_its_key_wherever_in_the_film_it_stands(score: Score, later: int) -> None:
    moved = film(
        scene(frames=later), *(replace(one, first=one.first + later, id=f"{one.id}-later") for one in score.scenes)
    )
    assert key(moved, later).key == key(score).key


@given(st.lists(st.text("abcWM. ", min_size=0, max_size=40), min_size=2, max_size=2), st.integers(0, 40))
@example(["a", "WWWW " * 8], 22)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_shows_nothing_personal_is_the_same_for_everybody(names: list[str], first: int) -> None:
    """What stays when a name has gone was placed below it: that is personal as well, where names wrap or not."""
    layers = [
        text_layer(out_s=0.8),
        text_layer("after", copy="title", box=box(96, 20, 400, 90), below="headline", fit={"max_lines": 1}, out_s=1.6),
        {"kind": "counter", "id": "sum", "fact": "total", "style": "figure", "box": box(96, 440, 800, 140)},
    ]
    films = [one_scene(*layers, the_plan=plan(name=name or "x")) for name in names]
    keys = [KeyBook(score, PROFILE, SECRET).key(first, first + 10) for score in films]
    if not keys[0].personal and not keys[1].personal:
        assert keys[0] == keys[1]
    assert any(book.personal_spans() for book in (KeyBook(score, PROFILE, SECRET) for score in films))


# ---------------------------------------------------------------- one by one


def differ(one: ScoreLayer, other: ScoreLayer, first: int = 0, end: int = 12) -> bool:
    a, b = film(scene(one)), film(scene(other))
    keys, seen = (
        (key(a, first, end).key != key(b, first, end).key),
        frames_of(a, first, end) != frames_of(b, first, end),
    )
    assert keys or not seen
    return keys


@pytest.mark.parametrize(
    "other",
    [
        layer(text("Adam")),
        layer(text("Ada", look=replace(LOOK, weight=400))),
        layer(text("Ada", look=replace(LOOK, colour="#10262efe"))),
        layer(text("Ada"), at=(8, 9, 60, 30)),
        layer(text("Ada"), first=1, frames=11),
        layer(text("Ada"), tracks={"x": ((0, 1),)}),
        layer(text("Ada"), tracks={"opacity": ((0, U), (11, U // 2))}),
        layer(text("Ada"), tracks={"scale": ((0, U - 1),)}),
        layer(text("Ada"), tracks={"rotation": ((0, 1),)}),
        layer(text("Ada"), tracks={"reveal": ((0, U - 1),)}),
    ],
)
def test_each_cause_of_a_pixel_changes_the_key(other: ScoreLayer) -> None:
    assert differ(layer(text("Ada")), other)


def test_words_of_a_counter_enter_only_while_they_are_shown() -> None:
    steps: dict[Property, Track] = {"step": ((0, 0), (4, 1), (8, 2))}
    one, other = layer(text("0", "5", "9"), tracks=steps), layer(text("0", "6", "9"), tracks=steps)
    assert differ(one, other, 0, 12)
    assert differ(one, other, 3, 5)
    assert not differ(one, other, 0, 4)
    assert not differ(one, other, 8, 12)


def test_what_moves_while_it_is_transparent_does_not_enter() -> None:
    fade: Track = ((0, 0), (6, U))
    still, moving = layer(tracks={"opacity": fade}), layer(tracks={"opacity": fade, "x": ((0, 90), (5, 0))})
    assert not differ(still, moving)
    assert differ(still, layer(tracks={"opacity": fade, "x": ((0, 90), (7, 0))}))


def test_the_side_it_is_revealed_from_and_its_anchor_enter_only_when_used() -> None:
    used: list[tuple[dict[str, Any], Property]] = [({"reveal_from": "top"}, "reveal"), ({"anchor_q": (0, 0)}, "scale")]
    for other, name in used:
        assert not differ(layer(), layer(**other))
        moves: dict[Property, Track] = {name: ((0, U // 2), (3, U))}
        assert differ(layer(tracks=moves), layer(tracks=moves, **other))
        assert not differ(layer(tracks=moves), layer(tracks=moves, **other), 3)


def test_what_is_behind_a_layer_that_fills_the_frame_does_not_enter() -> None:
    cover = layer(at=(0, 0, WIDTH, HEIGHT), first=4, frames=8)
    one, other = (film(scene(layer(text(name), sensitivity="personal"), cover)) for name in ("Ada", "Bo"))
    assert key(one, 4) == key(other, 4) and not key(one, 4).personal
    assert frames_of(one, 4, 12) == frames_of(other, 4, 12)
    assert key(one, 3).key != key(other, 3).key and key(one, 3).personal
    assert KeyBook(one, PROFILE, SECRET).personal_spans() == ((0, 4),)
    blue = replace(one, scenes=(replace(one.scenes[0], backdrop=replace(PAPER, settings={"colour": "#0000ffff"})),))
    assert key(blue, 4).key == key(one, 4).key
    for see_through in (
        rect("#0b6e69fe"),
        rect(radii_q=(9, 0, 0, 0)),
        rect(None, stroke="#0b6e69ff", stroke_q=9),
    ):
        clear = replace(cover, content=see_through)
        assert key(film(scene(layer(text("Ada")), clear)), 4).key != key(film(scene(layer(text("Bo")), clear)), 4).key


def test_shadows_and_accents_beyond_a_rectangle_count_as_seen() -> None:
    """A card whose rectangle is just off the frame throws its shadow into it."""
    card = layer(rect(shadow="#000000ff", shadow_blur_q=8 * Q), at=(WIDTH + 6, 8, WIDTH + 40, 40))
    empty = film(scene())
    assert frames_of(film(scene(card)), 0, 1) != frames_of(empty, 0, 1)
    assert key(film(scene(card))).key != key(empty).key
    assert key(film(scene(replace(card, sensitivity="personal")))).personal


def test_marks_piled_on_a_letter_count_as_seen_however_high_they_reach() -> None:
    """A text below the frame, whose marks stand in it, in a font that piles marks."""
    noto = load_fonts([FontRequest("Noto Sans", (600,))], Path(gettempdir()) / "dearly-test-fonts")
    piled = replace(text("E" + ("\u0302" * 8 + "\u2060") * 4), look=replace(LOOK, families=("Noto Sans",)))
    top = TextEngine(noto).raster(piled, 0, 0, 0).y
    assert top < -2 * 14 - 8  # beyond the two ems that any text may reach: else this would prove nothing
    below = HEIGHT - top - 4
    tall = film(scene(layer(piled, at=(8, below, 60, below + 18), sensitivity="personal")))
    assert key(tall).key != key(film(scene())).key
    assert key(tall).personal


def test_when_something_came_does_not_enter_once_it_stands() -> None:
    early, late = layer(text("Ada"), tracks={"x": ((0, 9), (2, 0))}), layer(text("Ada"), first=3, frames=9)
    assert differ(early, late)
    assert not differ(early, late, 3)


def test_a_transition_enters_while_it_lasts() -> None:
    def two(kind: Literal["fade", "slide"], side: PhysicalSide, *amounts: int) -> Score:
        way = ScoreTransition(kind=kind, frames=len(amounts), side=side, amount=tuple(enumerate(amounts)))
        after = scene(layer(at=(50, 0, 90, 60)), first=12 - len(amounts), transition=way)
        return film(scene(layer(text("Ada")), backdrop=replace(PAPER, settings={"colour": "#10262eff"})), after)

    base = two("fade", "left", U // 3, U // 2)
    for other in (two("slide", "left", U // 3, U // 2), two("fade", "left", U // 3, U // 4)):
        assert key(base, 8, 16).key != key(other, 8, 16).key
        assert frames_of(base, 8, 16) != frames_of(other, 8, 16)
        assert key(base, 12, 16).key == key(other, 12, 16).key
    assert key(base, 8, 16).key == key(two("fade", "top", U // 3, U // 2), 8, 16).key
    sides: tuple[PhysicalSide, ...] = ("left", "top")
    slides = [two("slide", side, U // 3, U // 2) for side in sides]
    assert key(slides[0], 8, 16).key != key(slides[1], 8, 16).key


def test_size_rate_quality_and_engine_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    score = film(scene(layer()))
    keys = {key(score).key}
    for profile in (replace(PROFILE, crf=22), replace(PROFILE, fps=Fraction(12)), replace(PROFILE, preset="fast")):
        keys.add(KeyBook(score, profile, SECRET).key(0, 12).key)
    assert len(keys) == 4
    monkeypatch.setattr("renderer.render.video.keys.engine_digest", lambda: "another")
    assert key(score).key not in keys


def test_fonts_enter_where_text_is_drawn() -> None:
    words, bars = film(scene(layer(text("Ada")))), film(scene(layer()))
    assert key(replace(words, fonts="other")).key != key(words).key
    assert key(replace(bars, fonts="other")).key == key(bars).key


def test_footage_enters_with_the_picture_that_is_shown() -> None:
    footage = ScoreBackdrop(
        kind="footage", media="m", digest="d", moving=True, settings={"treatment": {"when_short": "hold"}}
    )
    score = film(scene(backdrop=footage))
    assert key(score, 0, 4).key != key(score, 1, 5).key
    assert key(film(scene(backdrop=replace(footage, media="elsewhere")))).key == key(score).key
    assert key(film(scene(backdrop=replace(footage, digest="e")))).key != key(score).key
    # A picture that zooms takes the whole scene for it.
    zoom = replace(footage, kind="image", settings={"zoom": {"from": U, "to": 2 * U}})
    assert key(film(scene(backdrop=zoom)), 0, 4).key != key(film(scene(backdrop=zoom, frames=20)), 0, 4).key
    assert key(film(scene(backdrop=footage, frames=20)), 0, 4).key == key(score, 0, 4).key
