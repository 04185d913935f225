"""What can be seen of a layer, frame by frame, as data that chunk keys are made of.

In: a score's layer and the size of the frame. Out: its *look* (all that holds for every frame) and its *states* (what
changes), quantised as they are drawn. Two layers of equal look and states draw the same; what is transparent, hidden or
off the frame has no state.
"""

from __future__ import annotations

import hashlib
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from itertools import pairwise
from typing import Any, cast

from renderer.render.video.score import (
    REST,
    ImageContent,
    Property,
    Q,
    ScoreLayer,
    ShapeContent,
    TextContent,
    Track,
    U,
    score_plain,
)
from renderer.render.video.visible import Span
from renderer.units import canonical_json

_OPAQUE = 256
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


class LayerBook:
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
        self.look = short_digest(canonical_json([shown, layer.rect_q, others]))
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
                for part in without((first, end), (start, stop)):
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
        # Two ems hold every accent and swash, and the lines of a text that is taller than its line height; marks that
        # are piled on one letter reach further.
        piled = max(map(_piled, content.texts), default=0)
        return (2 + piled) * content.look.size_q + 2 * Q
    if isinstance(content, ShapeContent):
        return content.stroke_q + 3 * content.shadow_blur_q + abs(content.shadow_offset_q) + 4 * Q
    if isinstance(content, ImageContent):
        return 3 * content.shadow_blur_q + abs(content.shadow_offset_q) + 2 * Q
    return None


@lru_cache(maxsize=4096)
def _piled(text: str) -> int:
    """How many marks stand on one letter at most, beyond two; what is only format does not part them. An em for each
    holds any pile."""
    if text.isascii():
        return 0
    most = run = 0
    for kind in map(unicodedata.category, unicodedata.normalize("NFD", text)):
        if kind in ("Mn", "Me"):
            run += 1
        elif kind != "Cf":
            run = 0
        most = max(most, run)
    return max(0, most - 2)


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


def without(one: Span, other: Span) -> list[Span]:
    """The parts of a span that are outside another."""
    parts = [(one[0], min(one[1], other[0])), (max(one[0], other[1]), one[1])]
    return [(first, end) for first, end in parts if first < end]


def short_digest(data: bytes) -> str:
    """A name for a part of a key."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
