"""Small films whose chunks are keyed and drawn: one of each kind by hand, and any by hypothesis."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from renderer.assets.door import AssetDoor
from renderer.labels import Sensitivity
from renderer.render.video.backdrops import Backdrop, Moving
from renderer.render.video.compose import Composer
from renderer.render.video.encode import EncodeProfile
from renderer.render.video.keys import ChunkKey, KeyBook
from renderer.render.video.mezzanine import Mezzanine
from renderer.render.video.score import (
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
from tests.film_samples import engine, fonts

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
