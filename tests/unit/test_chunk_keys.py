"""Equal keys mean equal frames; what can be seen changes the key, what cannot be seen does not."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import renderer.render.video as video
from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontRequest, load_fonts
from renderer.labels import Sensitivity
from renderer.render.video import fingerprint
from renderer.render.video.backdrops import Backdrop, Moving
from renderer.render.video.compose import Composer
from renderer.render.video.encode import EncodeProfile
from renderer.render.video.keys import ChunkKey, KeyBook
from renderer.render.video.mezzanine import Mezzanine
from renderer.render.video.score import (
    PhysicalSide,
    Property,
    Q,
    Score,
    ScoreBackdrop,
    ScoreLayer,
    ScoreScene,
    ScoreTransition,
    ShapeContent,
    TextContent,
    TextLook,
    Track,
    U,
)
from renderer.render.video.text import TextEngine
from tests.film_samples import box, engine, fonts, one_scene, plan, text_layer

WIDTH, HEIGHT = 96, 64
PROFILE = EncodeProfile(width=WIDTH, height=HEIGHT, fps=Fraction(10))
SECRET = bytes(range(32))
LOOK = TextLook(
    families=("IBM Plex Sans",),
    weight=600,
    size_q=14 * Q,
    line_height_q=18 * Q,
    letter_spacing_q=0,
    colour="#10262eff",
    tabular=False,
    align="left",
    direction="ltr",
    language="en",
)


def text(*texts: str, **more: Any) -> TextContent:
    values: dict[str, Any] = {"texts": texts, "look": LOOK, "column_q": 0, "width_q": 80 * Q, "lines": 1, **more}
    return TextContent(**values)


def rect(fill: str | None = "#0b6e69ff", **more: Any) -> ShapeContent:
    values: dict[str, Any] = {
        "shape": "rect",
        "fill": fill,
        "stroke": None,
        "stroke_q": 0,
        "radii_q": (0, 0, 0, 0),
        **more,
    }
    return ShapeContent(**values)


def layer(
    content: TextContent | ShapeContent | None = None,
    *,
    first: int = 0,
    frames: int = 12,
    at: tuple[int, int, int, int] = (8, 8, 60, 30),
    tracks: Mapping[Property, Track] | None = None,
    sensitivity: Sensitivity = "public",
    **more: Any,
) -> ScoreLayer:
    """A layer; ``at`` in pixels."""
    left, top, right, bottom = (value * Q for value in at)
    values: dict[str, Any] = {
        "id": "a",
        "anchor_q": ((left + right) // 2, (top + bottom) // 2),
        "reveal_from": "left",
        **more,
    }
    return ScoreLayer(
        first=first,
        frames=frames,
        rect_q=(left, top, right, bottom),
        content=content or rect(),
        tracks=tracks or {},
        sensitivity=sensitivity,
        **values,
    )


PAPER = ScoreBackdrop(kind="colour", media=None, digest=None, moving=False, settings={"colour": "#fbf8f2ff"})
CUT = ScoreTransition(kind="cut", frames=0, side="left", amount=())


def scene(*layers: ScoreLayer, first: int = 0, frames: int = 12, **more: Any) -> ScoreScene:
    values: dict[str, Any] = {"id": f"scene-{first}", "title": "", "transition": CUT, "backdrop": PAPER, **more}
    return ScoreScene(first=first, frames=frames, layers=layers, **values)


def film(*scenes: ScoreScene, **more: Any) -> Score:
    values: dict[str, Any] = {
        "width": WIDTH,
        "height": HEIGHT,
        "fps_num": 10,
        "fps_den": 1,
        "frames": scenes[-1].end,
        "locale": "en",
        "direction": "ltr",
        "plan": "0" * 64,
        "fonts": fonts().digest,
        "captions": (),
        "chapters": (),
        "music": None,
        "sounds": (),
        "texts": (),
        "fits": (),
        "personal_frames": 0,
        "personal_spans": (),
        "poster_frame": 0,
        **more,
    }
    return Score(scenes=scenes, **values)


def key(score: Score, first: int = 0, end: int | None = None, secret: bytes = SECRET) -> ChunkKey:
    return KeyBook(score, PROFILE, secret).key(first, score.frames if end is None else end)


@cache
def clouds() -> Mezzanine:
    rng = np.random.default_rng(5)
    pixels = rng.integers(16, 235, (7, WIDTH * HEIGHT * 3 // 2), dtype=np.uint8)
    return Mezzanine(width=WIDTH, height=HEIGHT, frames=7, pixels=pixels)


def frames_of(score: Score, first: int, end: int) -> str:
    """A digest of the composed frames."""
    backdrops: dict[str, Backdrop] = {
        one.id: Moving(footage=clouds(), when_short=one.backdrop.settings["treatment"]["when_short"])
        for one in score.scenes
        if one.backdrop.kind == "footage"
    }
    composer = Composer(score, backdrops, fonts(), AssetDoor({}), text=engine())
    hashed = hashlib.blake2b(digest_size=16)
    for number in range(first, end):
        hashed.update(composer.frame(number).data.tobytes())
    return hashed.hexdigest()


# ---------------------------------------------------------------- both directions, over films of all kinds


def tracks(frames: int) -> st.SearchStrategy[dict[Property, Track]]:
    """Some properties that change now and then, with values at and beside the ones that matter."""
    values: dict[Property, st.SearchStrategy[int]] = {
        "opacity": st.sampled_from([0, 100, U // 2, U]),
        "x": st.sampled_from([-200 * Q, 0, 1, 2 * Q, 3 * Q + 7, 150 * Q]),
        "y": st.sampled_from([0, 5, 4 * Q, -90 * Q]),
        "scale": st.sampled_from([0, U // 2, U]),
        "rotation": st.sampled_from([0, U // 8]),
        "reveal": st.sampled_from([0, U // 3, U]),
        "step": st.sampled_from([0, 1, 2]),
    }
    one = [
        st.tuples(st.just(name), st.dictionaries(st.integers(0, frames), each, min_size=1, max_size=3))
        for name, each in values.items()
    ]
    return st.lists(st.one_of(one), max_size=3).map(
        lambda found: {name: tuple(sorted(track.items())) for name, track in found}
    )


contents = st.one_of(
    st.tuples(st.sampled_from(["Ada", "Bo", ""]), st.sampled_from(["Ada", "x"])).map(lambda t: text(*t, "end")),
    st.builds(rect, st.sampled_from(["#0b6e69ff", "#f4a52a80", None])),
    st.just(rect("#f4a52aff", radii_q=(900, 900, 0, 0), shadow="#00000080", shadow_blur_q=500)),
    st.just(rect(None, stroke="#b5402fff", stroke_q=300, shape="ellipse")),
)
places = st.sampled_from([(8, 8, 60, 30), (0, 0, WIDTH, HEIGHT), (-80, 4, -40, 20), (90, 50, 130, 70)])


@st.composite
def layers(draw: st.DrawFn, frames: int = 12) -> ScoreLayer:
    first = draw(st.integers(0, frames - 1))
    length = draw(st.integers(1, frames - first))
    return layer(
        draw(contents),
        first=first,
        frames=length,
        at=draw(places),
        tracks=draw(tracks(length)),
        reveal_from=draw(st.sampled_from(["left", "top"])),
        sensitivity=draw(st.sampled_from(["public", "personal"])),
        id=draw(st.sampled_from("ab")),
    )


backdrops = st.sampled_from(
    [
        PAPER,
        replace(PAPER, settings={"colour": "#d9eceaff"}),
        ScoreBackdrop(
            kind="footage", media="m", digest="d", moving=True, settings={"treatment": {"when_short": "loop"}}
        ),
        ScoreBackdrop(
            kind="gradient",
            media=None,
            digest=None,
            moving=False,
            settings={"stops": [["#d9eceaff", 0], ["#fbf8f2ff", U]], "angle_u": 0},
        ),
    ]
)


@st.composite
def films(draw: st.DrawFn) -> Score:
    scenes = [scene(*draw(st.lists(layers(), max_size=3)), backdrop=draw(backdrops))]
    if draw(st.booleans()):
        overlap = draw(st.integers(0, 4))
        amount = tuple((frame, (frame + 1) * U // (overlap + 1)) for frame in range(overlap))
        way = ScoreTransition(
            kind=draw(st.sampled_from(["fade", "slide"])) if overlap else "cut",
            frames=overlap,
            side="right",
            amount=amount,
        )
        second = draw(st.lists(layers(), max_size=2))
        scenes.append(scene(*second, first=12 - overlap, transition=way, backdrop=draw(backdrops)))
    return film(*scenes)


def changed(draw: st.DrawFn, score: Score) -> Score:
    """The film with one thing of one scene made anew."""
    scenes = list(score.scenes)
    index = draw(st.integers(0, len(scenes) - 1))
    one = scenes[index]
    kept = list(one.layers)
    what = draw(st.sampled_from(["layer", "less", "more", "track", "backdrop", "name"]))
    where = draw(st.integers(0, max(0, len(kept) - 1)))
    if what == "backdrop":
        one = replace(one, backdrop=draw(backdrops))
    elif what == "more" or not kept:
        kept.insert(where, draw(layers()))
    elif what == "less":
        del kept[where]
    elif what == "track":
        kept[where] = replace(kept[where], tracks={**kept[where].tracks, **draw(tracks(kept[where].frames))})
    elif what == "name":
        kept[where] = replace(kept[where], id="other", facts=("f",), sensitivity="public")
    else:
        kept[where] = draw(layers())
    scenes[index] = replace(one, layers=tuple(kept))
    return replace(score, scenes=tuple(scenes))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Score, Score]:
    score = draw(films())
    return score, changed(draw, score)


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


def test_no_module_that_draws_is_left_out_of_the_fingerprint() -> None:
    """What the composer, the backdrops and the encoder's stillness import from this package, over any number of
    steps."""
    folder = Path(video.__file__).parent
    data = {"score", "geometry", "visible", "cache"}  # values and places; no pixel

    def imports(name: str) -> set[str]:
        tree = ast.parse((folder / f"{name}.py").read_text("utf-8"))
        lines = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        named = {f"{line.module}.{alias.name}" for line in lines for alias in line.names}
        named = {name.removeprefix("renderer.render.video.").split(".")[0] for name in named}
        return {name for name in named if (folder / f"{name}.py").exists()}

    found: set[str] = set()
    todo = {"compose", "backdrops", "stillness"}
    while todo:
        found.add(name := todo.pop())
        todo |= imports(name) - found - data
    assert {"sprites", "blend", "text", "prepare", "mezzanine"} <= found
    assert not found & fingerprint.NOT_DRAWING


@pytest.mark.parametrize(
    ("module", "counts"), [("assets/fonts.py", True), ("render/video/blend.py", True), ("render/video/hls.py", False)]
)
def test_what_draws_enters_the_fingerprint_by_its_source_wherever_it_is(
    monkeypatch: pytest.MonkeyPatch, module: str, counts: bool
) -> None:
    read, before = Path.read_bytes, fingerprint._source_digest()
    changed = Path(video.__file__).parents[2] / module
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path.resolve() == changed.resolve()))
    assert (fingerprint._source_digest() != before) is counts


def test_the_fingerprint_names_encoder_and_text_libraries() -> None:
    found = fingerprint.engine_fingerprint()
    assert str(found["encoder"]).startswith("x264 - core ")
    assert {"pango", "cairo"} <= set(found["text"])  # type: ignore[call-overload]
    assert "unknown" not in found["shaping"].values()  # type: ignore[attr-defined]
