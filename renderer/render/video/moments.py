"""Which moments of a film may stand for it elsewhere: frames for the poster and stretches for the teaser.

In: resolved scenes. Out: frame numbers of the film. What stands for a film is shown where nobody has proved who they
are (a mail, a link's preview), so no moment with anything secret in it is ever among them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from renderer.render.video.motion import frames_of
from renderer.render.video.score import Q, Score, ScoreLayer, ScoreScene, TextContent, U
from renderer.render.video.visible import Span, union
from renderer.template.beside import Teaser

DEFAULT_PARTS = 3
"""So many scenes are shown where the storyboard names none."""
SETTLED_S = Fraction(4, 5)
"""A scene has come together so long after its last layer came in."""
MARK_DIAMETER = Fraction(22, 100)
"""The play mark, as part of the frame's shorter side."""
_MARK_ROOM = Fraction(115, 100)
_AWAY = 1.6
"""Elsewhere than in the middle a mark is well away from a text at so many times its own reach."""
# Where a play mark may stand, best first, as hundredths of the frame in reading order.
_MARK_PLACES = ((50, 50), (75, 50), (50, 72), (50, 28), (75, 30), (75, 72), (25, 50), (86, 80), (86, 20))


def secret_spans(scenes: Iterable[ScoreScene]) -> tuple[Span, ...]:
    """The film frames in which a secret layer is there, whether it can be seen or not."""
    return union(
        (scene.first + layer.first, scene.first + layer.first + layer.frames)
        for scene in scenes
        for layer in scene.layers
        if layer.sensitivity == "secret"
    )


def without(span: Span, holes: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of ``span`` outside ``holes``, in order."""
    left = [span]
    for first, end in holes:
        left = [
            part for start, stop in left for part in ((start, min(stop, first)), (max(start, end), stop))
            if part[0] < part[1]
        ]  # fmt: skip
    return tuple(left)


def teaser_spans(wish: Teaser, scenes: Sequence[ScoreScene], poster: int, fps: Fraction) -> tuple[Span, ...]:
    """The stretches of the film that a teaser shows, in its order; together at most as long as the wish says.

    Empty if nothing of the film may be shown.
    """
    holes, playing = secret_spans(scenes), {scene.id: scene for scene in scenes}
    budget = frames_of(wish.seconds, fps)
    parts = [part for part in wish.parts if part.scene in playing]
    found: list[Span] = []
    if parts:
        fixed = sum(
            max(0, frames_of(part.to_s, fps) - frames_of(part.from_s or 0, fps))
            for part in parts
            if part.to_s is not None and part.from_s is not None
        )
        open_ends = sum(part.to_s is None or part.from_s is None for part in parts)
        share = max(1, (budget - fixed) // max(1, open_ends))
        for part in parts:
            scene = playing[part.scene]
            start = None if part.from_s is None else scene.first + min(frames_of(part.from_s, fps), scene.frames - 1)
            end = None if part.to_s is None else scene.first + min(frames_of(part.to_s, fps), scene.frames)
            if start is None and end is None:
                start, end = _together(scene, share, fps)
            elif start is None and end is not None:
                start = max(scene.first, end - share)
            elif start is not None and end is None:
                end = min(scene.end, start + share)
            assert start is not None and end is not None
            found += without((start, end), holes)
    if not found:
        announced = [scene for scene in scenes if scene.first <= poster < scene.end]
        others = [scene for scene in scenes if scene not in announced]
        found = _highlights(others, budget, holes, fps) or _highlights(announced, budget, holes, fps)
    return tuple(_cut(found, budget))


def _highlights(scenes: Sequence[ScoreScene], budget: int, holes: Sequence[Span], fps: Fraction) -> list[Span]:
    """One stretch of each of the first scenes that may be shown."""
    free = [scene for scene in scenes if without((scene.first, scene.end), holes)][:DEFAULT_PARTS]
    found = []
    for scene in free:
        left = without(_together(scene, budget // len(free), fps), holes) or without((scene.first, scene.end), holes)
        found.append(max(left, key=lambda span: span[1] - span[0]))
    return found


def _together(scene: ScoreScene, frames: int, fps: Fraction) -> Span:
    """The stretch of a scene in which it comes together: so many frames until shortly after its last layer came in."""
    last = max((layer.first for layer in scene.layers), default=0) + int(SETTLED_S * fps)
    start = max(scene.transition.frames, min(last, scene.frames) - frames)
    return scene.first + start, min(scene.first + start + frames, scene.end)


def _cut(spans: Iterable[Span], budget: int) -> Iterator[Span]:
    for first, end in spans:
        if budget > 0:
            yield first, min(end, first + budget)
            budget -= end - first


def mark_place(score: Score, frame: int) -> tuple[int, int]:
    """Where a play mark stands on a still of ``frame``, its middle in 1/65536 of the frame: where the storyboard says,
    else at the first place that is well away from all texts, else at the farthest that covers none."""
    if score.poster_mark is not None:
        return score.poster_mark
    width, height = score.width, score.height
    texts = [
        _drawn_rect(layer, frame - scene.first - layer.first)
        for scene in score.scenes
        for layer in scene.layers
        if isinstance(layer.content, TextContent)
        and 0 <= frame - scene.first - layer.first < layer.frames
        and layer.at("opacity", frame - scene.first - layer.first)
    ]
    reach = float(MARK_DIAMETER * _MARK_ROOM * min(width, height) / 2)
    room: list[tuple[float, tuple[float, float]]] = []
    for x_part, y_part in _MARK_PLACES:
        x, y = (100 - x_part if score.direction == "rtl" else x_part) * width / 100, y_part * height / 100
        free = min((_distance(rect, x, y) for rect in texts), default=math.inf)
        if free >= _AWAY * reach or (not room and free >= reach):  # the middle may be near: it is where people look
            return int(x / width * U + 0.5), int(y / height * U + 0.5)
        room.append((free, (x, y)))
    free, (x, y) = max(room, key=lambda place: place[0])  # of equals the first
    if free < reach:
        return U // 2, U // 2
    return int(x / width * U + 0.5), int(y / height * U + 0.5)


def _drawn_rect(layer: ScoreLayer, frame: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = layer.rect_q
    x, y = layer.at("x", frame), layer.at("y", frame)
    return (left + x) / Q, (top + y) / Q, (right + x) / Q, (bottom + y) / Q


def _distance(rect: tuple[float, float, float, float], x: float, y: float) -> float:
    """How far a point is from a rectangle; 0 inside it."""
    left, top, right, bottom = rect
    return math.hypot(max(left - x, 0, x - right), max(top - y, 0, y - bottom))
