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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from renderer.render.video.cuts import SceneSpan, film_cuts
from renderer.render.video.encode import EncodeProfile
from renderer.render.video.fingerprint import engine_digest
from renderer.render.video.score import Score, ScoreScene, Track, U, score_plain, value_at
from renderer.render.video.seen import LayerBook, short_digest, without
from renderer.render.video.visible import Span, union
from renderer.units import canonical_json

KEY_SCHEMA = 1
SECRET_BYTES = 32
_SHARED, _PERSONAL = b"dearly shared", b"dearly personal"


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
        self._base = [
            "dearly chunk",
            KEY_SCHEMA,
            engine_digest(),
            short_digest(canonical_json(profile.fingerprint)),
        ]
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
        self._layers = [LayerBook(layer, width, height) for layer in scene.layers]
        backdrop = scene.backdrop
        self._ground = short_digest(canonical_json([backdrop.kind, backdrop.digest, score_plain(backdrop.settings)]))
        # What is behind a layer that fills the frame is not seen. ``free`` are the frames in which the backdrop is.
        self._free: list[Span] = [(0, scene.frames)]
        covered: list[Span] = []
        for book in reversed(self._layers):
            if covered:
                book.hide(covered)
            covered = list(union([*covered, *book.covering()]))
        for span in covered:
            self._free = [part for one in self._free for part in without(one, span)]
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


def _clipped(track: Track, first: int, end: int, shift: int) -> list[list[int]]:
    """A track's values in frames ``first`` to ``end`` - 1, with times moved by ``shift``."""
    found = [[first + shift, value_at(track, first, U)]]
    for frame, value in track:
        if first < frame < end and value != found[-1][1]:
            found.append([frame + shift, value])
    return found
