"""What a film would cost, told from its score alone: its chunks by key and kind, and what keeps frames from being
shared. Nothing is drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from renderer.preflight.cost import ChunkKind
from renderer.render.video.encode import EncodeProfile
from renderer.render.video.keys import ChunkKey, KeyBook, SceneChanges
from renderer.render.video.score import Score, ScoreScene
from renderer.render.video.visible import Span

_CHART_PART = re.compile(r"-[a-z]+[0-9]+$")
"""What the score adds to a layer's name for one piece of a chart."""
_SECRET = bytes(32)
"""Keys are only compared with one another here."""


@dataclass(frozen=True)
class ChunkUse:
    """One chunk of one film."""

    name: bytes
    kind: ChunkKind
    key: ChunkKey


@dataclass(frozen=True)
class Cause:
    """Why frames of a scene are one recipient's own: the personal layer that is seen longest, what it shows, and what
    moves most while something personal is seen (None: nothing; a backdrop is called ``backdrop``)."""

    layer: str
    shows: str
    mover: str | None
    mover_personal: bool


@dataclass(frozen=True)
class SceneCause:
    """How long that lasts, in seconds: the scene, the longest layer, anything personal, and frames that change then."""

    scene: str
    cause: Cause
    scene_s: float
    layer_s: float
    personal_s: float
    changing_s: float


@dataclass(frozen=True)
class Survey:
    """One film in one format."""

    seconds: float
    chunks: tuple[ChunkUse, ...]
    causes: tuple[SceneCause, ...]


def survey(score: Score, format_name: str) -> Survey:
    """What the film of ``score`` consists of."""
    fps = Fraction(score.fps_num, score.fps_den)
    book = KeyBook(score, EncodeProfile(width=score.width, height=score.height, fps=fps), _SECRET)
    parts = book.changes()
    changed = _changed(parts, score.frames)
    megapixels = score.width * score.height / 1e6
    uses = []
    for key in book.keys(book.borders()):
        inside = changed[key.first : key.end].copy()
        inside[0] = True
        scene = next(one for one in reversed(score.scenes) if one.first <= key.first)
        kind = ChunkKind(
            format=format_name,
            scene=scene.id,
            personal=key.personal,
            frames=key.frames,
            changing=int(inside.sum()),
            megapixels=megapixels,
        )
        uses.append(ChunkUse(bytes.fromhex(key.key), kind, key))
    causes = (
        cause
        for scene, part in zip(score.scenes, parts, strict=True)
        if (cause := _cause(scene, part, score.frames, fps)) is not None
    )
    return Survey(seconds=float(score.frames / fps), chunks=tuple(uses), causes=tuple(causes))


def _changed(parts: Iterable[SceneChanges], frames: int) -> NDArray[np.bool_]:
    """For each film frame whether it differs from the one before."""
    found = np.zeros(frames + 1, dtype=bool)
    for part in parts:
        for first, end in (part.crossing, *(span for spans in part.moves.values() for span in spans)):
            found[max(first, 0) : end] = True
    return found[:frames]


def _cause(scene: ScoreScene, part: SceneChanges, frames: int, fps: Fraction) -> SceneCause | None:
    lengths = {layer: sum(end - first for first, end in spans) for layer, spans in part.personal.items()}
    if not any(lengths.values()):
        return None
    shows = {layer.id: ", ".join(layer.facts) for layer in scene.layers}
    # What shows a fact says more than a shape that only follows it.
    longest = max(lengths, key=lambda layer: (bool(shows.get(layer)), lengths[layer], layer))
    own = _mask((span for spans in part.personal.values() for span in spans), frames)
    moves = {mover: int((_mask(spans, frames) & own).sum()) for mover, spans in part.moves.items()}
    mover = max(moves, key=lambda one: (moves[one], one or ""))
    every = _mask((span for spans in part.moves.values() for span in spans), frames) & own
    cause = Cause(
        layer=_CHART_PART.sub("", longest),
        shows=shows.get(longest) or "something personal",
        # What only comes and goes does not keep frames from repeating.
        mover=None if moves[mover] * 4 < own.sum() else _CHART_PART.sub("", mover or "backdrop"),
        mover_personal=mover in part.personal,
    )
    return SceneCause(
        scene=scene.id,
        cause=cause,
        scene_s=float(scene.frames / fps),
        layer_s=float(lengths[longest] / fps),
        personal_s=float(int(own.sum()) / fps),
        changing_s=float(int(every.sum()) / fps),
    )


def _mask(spans: Iterable[Span], frames: int) -> NDArray[np.bool_]:
    found = np.zeros(frames, dtype=bool)
    for first, end in spans:
        found[max(first, 0) : end] = True
    return found


def kinds_of(surveys: Mapping[str, Survey]) -> set[ChunkKind]:
    """All kinds of chunks of some films."""
    return {use.kind for one in surveys.values() for use in one.chunks}
