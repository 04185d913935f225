"""When things can be seen: the drawn-text record, personal frames. Reads finished layers only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from renderer.render.video.score import DrawnText, Property, Q, ScoreLayer, ScoreScene, TextContent, blank

Span = tuple[int, int]
"""(first frame, frame after the last)."""

_SHOWING: tuple[Property, ...] = ("opacity", "reveal", "scale", "x", "y")


def visible_frames(layer: ScoreLayer, width: int, height: int) -> Iterator[int]:
    """The frames of a layer (counted from its first) in which it is neither transparent, hidden nor off the frame."""
    left, top, right, bottom = layer.rect_q
    turns = "rotation" in layer.tracks or "scale" in layer.tracks
    # Tracks have an entry wherever they change, so between two entries of any of them nothing does.
    changes = {at for name in _SHOWING for at, _ in layer.tracks.get(name, ()) if 0 < at < layer.frames}
    for first, end in pairwise([0, *sorted(changes), layer.frames]):
        if not (layer.at("opacity", first) and layer.at("reveal", first) and layer.at("scale", first)):
            continue
        x, y = layer.at("x", first), layer.at("y", first)
        if turns or (left + x < width * Q and right + x > 0 and top + y < height * Q and bottom + y > 0):
            yield from range(first, end)


def spans(frames: Iterable[int]) -> tuple[Span, ...]:
    """Runs of consecutive frames, of frames in rising order."""
    found: list[list[int]] = []
    for frame in frames:
        if found and found[-1][1] == frame:
            found[-1][1] = frame + 1
        else:
            found.append([frame, frame + 1])
    return tuple((first, end) for first, end in found)


def union(many: Iterable[Span]) -> tuple[Span, ...]:
    """Spans merged where they touch or overlap, in order."""
    merged: list[Span] = []
    for first, end in sorted(many):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((first, end))
    return tuple(merged)


def personal_spans(scenes: Iterable[ScoreScene], width: int, height: int) -> tuple[Span, ...]:
    """The film's frames in which anything personal can be seen."""
    return union(
        (scene.first + layer.first + first, scene.first + layer.first + end)
        for scene in scenes
        for layer in scene.layers
        if layer.personal
        for first, end in spans(visible_frames(layer, width, height))
    )


def drawn_texts(scene: ScoreScene, width: int, height: int) -> Iterator[DrawnText]:
    """Every text of a scene that can be seen, with the film frames in which it is. Each step of a counter counts."""
    for layer in scene.layers:
        content = layer.content
        if not isinstance(content, TextContent) or content.shown == "marked":
            continue  # marked words stand in the text they are marked in
        start = scene.first + layer.first
        seen: dict[int, Span] = {}
        for frame in visible_frames(layer, width, height):
            step = layer.at("step", frame)
            seen[step] = (seen.get(step, (frame, frame))[0], frame)
        for step, (first, last) in seen.items():
            if not blank(content.texts[step]):
                yield DrawnText(
                    scene=scene.id,
                    layer=layer.id,
                    text=content.texts[step],
                    first=start + first,
                    last=start + last,
                    sensitivity=layer.sensitivity,
                )
