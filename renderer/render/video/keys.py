"""Chunk keys: names of what can be seen. Equal keys promise equal composed frames, encoded with equal settings.

In: a score and its encoding profile. Out: for any run of frames a key, and whether it shows something personal. A key
is BLAKE2b-256 over canonical data: the engine's fingerprint, the profile, and of each scene what is seen of it in the
run, with times counted from the run's first frame. What is not seen does not enter: layers that are hidden,
transparent, off the frame or behind a layer that fills it, the steps of a counter that are not shown, names of scenes
and layers, references to media (their content enters), words of which nothing is drawn.

The key of a run that shows something personal is keyed with a secret of the installation, because what is behind it (a
name, a balance) could be guessed and tried otherwise. All other runs have the same key everywhere.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from itertools import pairwise
from typing import Any, cast

from renderer.render.video.cuts import SceneSpan, film_cuts
from renderer.render.video.encode import EncodeProfile
from renderer.render.video.fingerprint import engine_digest
from renderer.render.video.score import (
    REST,
    ImageContent,
    Property,
    Q,
    Score,
    ScoreLayer,
    ScoreScene,
    ShapeContent,
    TextContent,
    Track,
    U,
    score_plain,
    value_at,
)
from renderer.render.video.visible import Span, union
from renderer.units import canonical_json

KEY_SCHEMA = 1
SECRET_BYTES = 32
_OPAQUE = 256
_SHARED, _PERSONAL = b"dearly shared", b"dearly personal"
_OTHERWISE = {"rect_q", "anchor_q", "reveal_from", "content", "tracks", "first", "frames"}
_NOT_SEEN = {"id", "facts", "messages", "links", "sensitivity"}
"""Fields of a layer that enter in another way, and those that do not. Every other field enters as it is."""
_PROPERTIES = cast("tuple[Property, ...]", tuple(REST))
_PLAIN = ("opacity", "reveal", "scale", "rotation", "x", "y", "step")
_MORE = tuple(sorted(name for name in _PROPERTIES if name not in _PLAIN))
"""Properties that enter as they are, wherever they are not at rest."""

State = list[Any]
"""How a layer is drawn at some frame, as JSON data."""
Steps = list[tuple[int, State | None]]
"""States by the scene frame from which they hold; None while nothing is seen."""


@dataclass(frozen=True, kw_only=True)
class ChunkKey:
    """A run of film frames, ``first`` to ``end`` - 1, and its name (64 hex digits)."""

    key: str
    personal: bool
    first: int
    end: int

    @property
    def frames(self) -> int:
        return self.end - self.first


@dataclass(frozen=True, kw_only=True)
class SceneChanges:
    """The film frames in which a scene's picture differs from the one before, as spans, by what moves: the backdrop
    (None) or a layer by its id; ``crossing`` are those of its transition. ``personal`` are the spans in which each
    personal layer is drawn."""

    scene: str
    crossing: Span
    moves: Mapping[str | None, tuple[Span, ...]]
    personal: Mapping[str, tuple[Span, ...]]


class KeyBook:
    """Makes the keys of one film. Everything that is not of a single run is worked out once.

    ``secret`` keys what is personal (see :meth:`~.chunks.ChunkShelf`); any 32 bytes.
    """

    def __init__(self, score: Score, profile: EncodeProfile, secret: bytes) -> None:
        self.score = score
        self._secret = secret
        self._base = ["dearly chunk", KEY_SCHEMA, engine_digest(), _digest(canonical_json(profile.fingerprint))]
        self._scenes = [_SceneBook(scene, score.width, score.height) for scene in score.scenes]

    def key(self, first: int, end: int) -> ChunkKey:
        """The key of frames ``first`` to ``end`` - 1."""
        scenes, personal, texts = [], False, False
        for book in self._scenes:
            start, stop = max(first, book.scene.first), min(end, book.scene.end)
            if start < stop:
                seen = book.seen(start - book.scene.first, stop - book.scene.first, start - first)
                scenes.append(seen.data)
                personal, texts = personal or seen.personal, texts or seen.texts
        data = [*self._base, end - first, self.score.fonts if texts else None, scenes]
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        secret, person = (self._secret, _PERSONAL) if personal else (b"", _SHARED)
        name = hashlib.blake2b(text, digest_size=32, key=secret, person=person).hexdigest()
        return ChunkKey(key=name, personal=personal, first=first, end=end)

    def keys(self, borders: Sequence[int]) -> tuple[ChunkKey, ...]:
        """The keys of all runs between neighbouring borders."""
        return tuple(self.key(first, end) for first, end in pairwise(borders))

    def personal_spans(self) -> tuple[Span, ...]:
        """The film's frames in which anything personal is drawn."""
        return union(span for book in self._scenes for span in book.personal_spans())

    def borders(self) -> tuple[int, ...]:
        """Where the film is cut (:mod:`.cuts`)."""
        return _borders(self.score, self._scenes)

    def changes(self) -> tuple[SceneChanges, ...]:
        """For each scene what changes the picture, and in which film frames it differs from the frame before."""
        return tuple(book.changes() for book in self._scenes)


def film_borders(score: Score) -> tuple[int, ...]:
    """Where a film is cut, for whoever needs no keys."""
    return _borders(score, [_SceneBook(scene, score.width, score.height) for scene in score.scenes])


def _borders(score: Score, books: Sequence[_SceneBook]) -> tuple[int, ...]:
    scenes = [SceneSpan(scene.first, scene.end, scene.transition.frames) for scene in score.scenes]
    personal = union(span for book in books for span in book.personal_spans())
    return film_cuts(score.frames, scenes, personal, Fraction(score.fps_num, score.fps_den))


@dataclass(frozen=True)
class _Seen:
    data: list[Any]
    personal: bool
    texts: bool


class _SceneBook:
    """What can be seen of one scene, by its frames."""

    def __init__(self, scene: ScoreScene, width: int, height: int) -> None:
        self.scene = scene
        self._layers = [_LayerBook(layer, width, height) for layer in scene.layers]
        backdrop = scene.backdrop
        self._ground = _digest(canonical_json([backdrop.kind, backdrop.digest, score_plain(backdrop.settings)]))
        # What is behind a layer that fills the frame is not seen. ``free`` are the frames in which the backdrop is.
        self._free: list[Span] = [(0, scene.frames)]
        covered: list[Span] = []
        for book in reversed(self._layers):
            if covered:
                book.hide(covered)
            covered = list(union([*covered, *book.covering()]))
        for span in covered:
            self._free = [part for one in self._free for part in _without(one, span)]
        transition = scene.transition
        self._way = [transition.kind, None if transition.kind == "fade" else transition.side, transition.softness_q]

    def seen(self, first: int, end: int, offset: int) -> _Seen:
        """What is seen in scene frames ``first`` to ``end`` - 1; times count from ``offset`` frames before."""
        shift = offset - first
        ground: list[Any] = []
        for start, stop in self._free:
            start, stop = max(start, first), min(stop, end)
            if start < stop:
                ground.append([start + shift, stop + shift, *self._pace(start)])
        data: list[Any] = [offset, end + shift, [self._ground, ground] if ground else None]
        transition = self.scene.transition
        if first < transition.frames:
            amounts = _clipped(transition.amount, first, min(end, transition.frames), shift)
            data.append([*self._way, min(end, transition.frames) + shift, amounts])
        else:
            data.append(None)
        layers, personal, texts = [], False, False
        for book in self._layers:
            steps = book.steps_in(first, end, shift)
            if steps:
                layers.append([book.look, steps])
                personal, texts = personal or book.layer.personal, texts or book.texts
        data.append(layers)
        return _Seen(data, personal, texts)

    def personal_spans(self) -> list[Span]:
        """Film frames in which a personal layer of the scene is drawn."""
        first = self.scene.first
        return [
            (first + start, first + stop)
            for book in self._layers
            if book.layer.personal
            for start, stop in book.drawn_spans()
        ]

    def changes(self) -> SceneChanges:
        """See :class:`SceneChanges`."""
        first, moves = self.scene.first, dict[str | None, tuple[Span, ...]]()
        moving = self.scene.backdrop.moving
        # Without motion it still comes into view and goes out of it, behind layers that fill the frame.
        seen = self._free if moving else [(at, at + 1) for span in self._free for at in span]
        moves[None] = union((first + start, first + end) for start, end in seen)
        for book in self._layers:
            steps = union((first + frame, first + frame + 1) for frame, _ in book.steps if frame >= 0)
            moves[book.layer.id] = union([*moves.get(book.layer.id, ()), *steps])
        personal = {
            book.layer.id: tuple((first + start, first + end) for start, end in book.drawn_spans())
            for book in self._layers
            if book.layer.personal
        }
        # When a transition is over, the scene before is gone.
        crossing = (first, first + self.scene.transition.frames + 1 if self.scene.transition.frames else first + 1)
        return SceneChanges(scene=self.scene.id, crossing=crossing, moves=moves, personal=personal)

    def _pace(self, start: int) -> list[int]:
        """Which picture of a moving backdrop is the first. A picture that zooms takes the whole scene for it."""
        backdrop = self.scene.backdrop
        if not backdrop.moving:
            return []
        return [start] if backdrop.kind == "footage" else [start, self.scene.frames]


class _LayerBook:
    """What can be seen of one layer, by frames of its scene."""

    def __init__(self, layer: ScoreLayer, width: int, height: int) -> None:
        self.layer = layer
        content = layer.content
        self.texts = not isinstance(content, ShapeContent | ImageContent)
        shown = {
            field.name: score_plain(getattr(content, field.name))
            for field in fields(content)
            if field.name != "media" and not (field.name == "texts" and isinstance(content, TextContent))
        }
        others = {
            field.name: score_plain(getattr(layer, field.name))
            for field in fields(layer)
            if field.name not in _OTHERWISE | _NOT_SEEN
        }
        self.look = _digest(canonical_json([shown, layer.rect_q, others]))
        self._steps = _steps(layer, width, height)
        self._fills = _fills(layer, width, height)

    def steps_in(self, first: int, end: int, shift: int) -> list[list[Any]]:
        """The states that hold in scene frames ``first`` to ``end`` - 1, with their times moved by ``shift``. Empty if
        nothing is seen."""
        steps = self._steps
        index = max(bisect_right(steps, first, key=_frame) - 1, 0)
        stop = bisect_left(steps, end, key=_frame)
        found: list[list[Any]] = []
        for frame, state in steps[index:stop]:
            if state is None and not found:
                continue
            found.append([max(frame, first) + shift, state])
        return found

    @property
    def steps(self) -> Steps:
        """The states by the scene frame from which they hold."""
        return self._steps

    def drawn_spans(self) -> list[Span]:
        """The scene frames in which it is drawn."""
        return [(first, end) for (first, state), (end, _) in pairwise(self._steps) if state is not None]

    def covering(self) -> list[Span]:
        """The scene frames in which it fills the frame and lets nothing through."""
        if not self._fills:
            return []
        plain = [_OPAQUE, 0, 0, None, None, None, None]
        return [(first, end) for (first, state), (end, _) in pairwise(self._steps) if state == plain]

    def hide(self, spans: Sequence[Span]) -> None:
        """Have nothing be seen of it in ``spans``."""
        for start, stop in spans:
            steps: Steps = []
            for (first, state), (end, _) in pairwise(self._steps):
                for part in _without((first, end), (start, stop)):
                    steps.append((part[0], state))
                if first < stop and start < end:
                    steps.append((max(first, start), None))
            steps.append(self._steps[-1])
            self._steps = _merged(sorted(steps, key=_frame))


def _frame(step: tuple[int, State | None]) -> int:
    return step[0]


def _steps(layer: ScoreLayer, width: int, height: int) -> Steps:
    """The layer's states from scene frame to scene frame. Begins and ends with a state that is None."""
    content, tracks = layer.content, layer.tracks
    inside = _stays(layer, width, height)
    texts = content.texts if isinstance(content, TextContent) else None
    found: Steps = [(-1, None)]
    times = sorted({0, *(frame for track in tracks.values() for frame, _ in track if 0 < frame < layer.frames)})
    paths: dict[Property, _Path] = {name: _Path(tracks.get(name, ()), REST[name]) for name in _PROPERTIES}
    for frame in times:
        at = {name: path.at(frame) for name, path in paths.items()}
        found.append((layer.first + frame, _state(layer, at, texts, inside, width, height)))
    found.append((layer.first + layer.frames, None))
    return _merged(found)


class _Path:
    """A track that is read at rising frames."""

    def __init__(self, track: Track, rest: int) -> None:
        self._track, self._next = track, 0
        self._value = track[0][1] if track else rest

    def at(self, frame: int) -> int:
        track = self._track
        while self._next < len(track) and track[self._next][0] <= frame:
            self._value = track[self._next][1]
            self._next += 1
        return self._value


def _state(
    layer: ScoreLayer, at: dict[Property, int], texts: tuple[str, ...] | None, inside: bool, width: int, height: int
) -> State | None:
    """How the layer is drawn with these values, quantised as it is drawn; None if nothing is seen of it."""
    opacity = (at["opacity"] * _OPAQUE + U // 2) // U
    reveal, scale, rotation = at["reveal"], at["scale"], at["rotation"]
    if opacity <= 0 or reveal <= 0 or scale <= 0:
        return None
    text = None if texts is None else texts[at["step"]]
    if text is not None and not text.strip():
        return None
    turned = scale != U or rotation != 0
    if not (inside or turned) and _outside(layer, at["x"], at["y"], width, height):
        return None
    return [
        min(opacity, _OPAQUE),
        at["x"],
        at["y"],
        [reveal, layer.reveal_from] if reveal < U else None,
        [scale, rotation, *layer.anchor_q] if turned else None,
        text,
        [[name, at[name]] for name in _MORE if at[name] != REST[name]] or None,
    ]


def _reach(layer: ScoreLayer) -> int | None:
    """How far a layer's drawing may lie beyond its rectangle; None where that is not known."""
    content = layer.content
    if isinstance(content, TextContent):
        # Two ems hold every accent and swash, and the lines of a text that is taller than its line height.
        return 2 * content.look.size_q + 2 * Q
    if isinstance(content, ShapeContent):
        return content.stroke_q + 3 * content.shadow_blur_q + abs(content.shadow_offset_q) + 4 * Q
    if isinstance(content, ImageContent):
        return 3 * content.shadow_blur_q + abs(content.shadow_offset_q) + 2 * Q
    return None


def _outside(layer: ScoreLayer, x: int, y: int, width: int, height: int) -> bool:
    """Whether a layer that is neither scaled nor turned lies off the frame for certain."""
    reach = _reach(layer)
    if reach is None:
        return False
    left, top, right, bottom = layer.rect_q
    return (
        left + x - reach >= width * Q
        or right + x + reach <= 0
        or top + y - reach >= height * Q
        or bottom + y + reach <= 0
    )


def _stays(layer: ScoreLayer, width: int, height: int) -> bool:
    """Whether no shift of the layer takes it off the frame, so that no frame need be looked at alone."""
    across = [value for _, value in layer.tracks.get("x", ())] or [0]
    down = [value for _, value in layer.tracks.get("y", ())] or [0]
    corners = [(x, y) for x in (min(across), max(across)) for y in (min(down), max(down))]
    return not any(_outside(layer, x, y, width, height) for x, y in corners)


def _fills(layer: ScoreLayer, width: int, height: int) -> bool:
    """Whether the layer, at rest, hides everything behind it: an opaque rectangle over the whole frame."""
    content = layer.content
    if not isinstance(content, ShapeContent) or content.shape != "rect" or any(content.radii_q):
        return False
    left, top, right, bottom = layer.rect_q
    whole = left <= 0 and top <= 0 and right >= width * Q and bottom >= height * Q
    return whole and content.fill is not None and content.fill[7:9] in ("", "ff")


def _merged(steps: Steps) -> Steps:
    """Steps without those that change nothing, and without those that last no frame."""
    found: Steps = []
    for step in steps:
        if found and found[-1][0] == step[0]:
            found.pop()
        if not found or found[-1][1] != step[1]:
            found.append(step)
    return found


def _without(one: Span, other: Span) -> list[Span]:
    """The parts of a span that are outside another."""
    parts = [(one[0], min(one[1], other[0])), (max(one[0], other[1]), one[1])]
    return [(first, end) for first, end in parts if first < end]


def _clipped(track: Track, first: int, end: int, shift: int) -> list[list[int]]:
    """A track's values in frames ``first`` to ``end`` - 1, with times moved by ``shift``."""
    found = [[first + shift, value_at(track, first, U)]]
    for frame, value in track:
        if first < frame < end and value != found[-1][1]:
            found.append([frame + shift, value])
    return found


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
