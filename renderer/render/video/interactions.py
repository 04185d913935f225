"""Calls to action and hotspots: when they are there, where, and what they lead to. Nothing of it is drawn.

In: storyboard scenes with the scored ones, the plan. Out: :class:`.score.ScoreInteraction` values, and the file that a
player reads, ``interactions.json``; its schema is ``docs/interactions.schema.json``.

A hotspot is there while the layer it follows can be seen, but not while scenes cross. Its rectangle is kept at
keyframes between which it moves evenly, so that a player needs no more than two of them at a time.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from renderer.errors import Place, RenderError, TemplateError
from renderer.plan.model import RenderPlan
from renderer.render.video.geometry import Stage
from renderer.render.video.motion import frames_of, keyframed
from renderer.render.video.score import BoxKeyframe, Q, Rect, Score, ScoreInteraction, ScoreLayer, ScoreScene, U
from renderer.template.beside import Action, Hotspot, Interaction
from renderer.template.model import FormatName, Margins
from renderer.template.storyboard import Scene

INTERACTIONS_SCHEMA = 1
"""Number of the file's shape. A reader refuses a number it does not know."""
SMALLEST = Fraction(24, 320)
"""A hotspot's least width and height, as part of the frame's width: 24 CSS pixels (WCAG 2.2, 2.5.8) at 320."""
TOLERANCE_U = U // 500
"""How far a rectangle between keyframes may be from where it should be: a fifth of a percent of the frame."""
_ACTION_BOX = (Fraction(36, 100), Fraction(12, 100))
"""Room for a button, as parts of the frame's width and height; wider where the frame is upright."""
_MICRO = 1_000_000

Box4 = NDArray[np.float64]
"""left, top, right, bottom in output pixels."""


@dataclass(frozen=True, kw_only=True)
class Crew:
    """What all interactions of one film share."""

    plan: RenderPlan
    stage: Stage
    fps: Fraction
    format: FormatName
    margins: Margins


def interactions(crew: Crew, chosen: Sequence[Scene], scenes: Sequence[ScoreScene]) -> tuple[ScoreInteraction, ...]:
    """The interactions of a film, in order of time. One that would never be there is left out.

    Raises RenderError ``render.layout`` for a label or link that the plan lacks, TemplateError ``template.unsafe`` for
    one that carries something secret.
    """
    shown = {*crew.plan.scenes, *crew.plan.blocks, *crew.plan.offers.values()}
    found: list[ScoreInteraction] = []
    ends = [scene.first for scene in scenes[1:]] + [scenes[-1].end]
    for scene, scored, alone_until in zip(chosen, scenes, ends, strict=True):
        for one in scene.interactions:
            if one.shown_with is not None and shown.isdisjoint(one.shown_with):
                continue
            made = _made(crew, scene, scored, alone_until, one)
            if made is not None:
                found.append(made)
    return tuple(sorted(found, key=lambda one: (one.first, one.end)))


def _made(crew: Crew, scene: Scene, scored: ScoreScene, alone_until: int, one: Interaction) -> ScoreInteraction | None:
    first = scored.first + frames_of(one.in_s, crew.fps)
    end = scored.end if one.out_s is None else min(scored.end, scored.first + frames_of(one.out_s, crew.fps))
    boxes: tuple[BoxKeyframe, ...]
    if isinstance(one, Action):
        place: str | None = _physical(one.place, crew.stage.rtl)
        boxes = (BoxKeyframe(frame=first, box_u=action_box(place or "", crew.margins, crew.stage)),)
    else:
        place = None
        # While scenes cross, what is seen is not where its layer is.
        first, end = max(first, scored.first + scored.transition.frames), min(end, alone_until)
        rects = _following(crew, scene, scored, one) if one.layer is not None else _of_box(crew, scored, one)
        seen = [(frame, _room(crew.stage, one, rect)) for frame, rect in rects if first <= frame < end]
        if not seen:
            return None
        boxes = tuple(_thinned(seen, crew.stage))
        first, end = seen[0][0], seen[-1][0] + 1
    if first >= end:
        return None
    at = Place(scene=scene.id, channel="video")
    label, link = crew.plan.copy.get(one.label), crew.plan.links.get(one.link)
    for what, key, value in (("copy", one.label, label), ("link", one.link, link)):
        if value is None:
            raise RenderError(
                "render.layout",
                f"Interaction '{one.id}': this plan has no {what} '{key}'.",
                place=at,
                hint="A fact in it is missing for this profile; see shown_with.",
            )
        if value.sensitivity == "secret":
            raise TemplateError(
                "template.unsafe",
                f"Interaction '{one.id}' would carry something secret in its {what} '{key}'.",
                place=at,
                hint="Links and labels of interactions name no secret facts.",
            )
    assert label is not None and link is not None
    return ScoreInteraction(
        id=one.id,
        kind=one.kind,
        scene=scene.id,
        first=first,
        end=end,
        label=label.text.translate(dict.fromkeys(range(0x2066, 0x206A))),
        message=label.id,
        link=link.id,
        href=link.href,
        place=place,
        boxes=boxes,
        sensitivity="personal" if "personal" in (label.sensitivity, link.sensitivity) else "public",
    )


# ---------------------------------------------------------------- actions


def _physical(place: str, rtl: bool) -> str:
    names = {"start": "right", "end": "left"} if rtl else {"start": "left", "end": "right"}
    return "-".join(names.get(word, word) for word in place.split("-"))


def action_box(place: str, margins: Margins, stage: Stage) -> Rect:
    """The room for a button at a physical place (``bottom-right``), in 1/65536 of the frame, inside the safe area."""
    start, end = (margins.end, margins.start) if stage.rtl else (margins.start, margins.end)
    left, right = start * U, (1 - end) * U
    top, bottom = margins.top * U, (1 - margins.bottom) * U
    part_x, part_y = _ACTION_BOX
    width = min(float(part_x * U * max(Fraction(1), Fraction(stage.height, stage.width))), right - left)
    height = float(part_y * U * min(Fraction(1), Fraction(stage.width, stage.height)))
    words = place.split("-")
    x = left if "left" in words else right - width if "right" in words else (left + right - width) / 2
    y = top if "top" in words else bottom - height if "bottom" in words else (top + bottom - height) / 2
    return int(x + 0.5), int(y + 0.5), int(x + width + 0.5), int(y + height + 0.5)


# ---------------------------------------------------------------- hotspots


def _following(crew: Crew, scene: Scene, scored: ScoreScene, one: Hotspot) -> Iterator[tuple[int, Box4]]:
    """The film frames in which a layer can be seen, and the rectangle around all its parts."""
    ids = sorted((layer.id for layer in scene.layers), key=len, reverse=True)
    parts = [layer for layer in scored.layers if _owner(layer.id, ids) == one.layer]
    for frame in range(scored.frames):
        rects = [
            rect
            for layer in parts
            if layer.first <= frame < layer.first + layer.frames
            and (rect := drawn_rect(layer, frame - layer.first, crew.stage.width, crew.stage.height)) is not None
        ]
        if rects:
            every = np.array(rects)
            yield scored.first + frame, np.concatenate([every[:, :2].min(axis=0), every[:, 2:].max(axis=0)])


def _owner(part: str, ids: Iterable[str]) -> str | None:
    """Which layer of the storyboard a score layer is a part of; ``ids`` the longest first."""
    return next((one for one in ids if part == one or part.startswith(f"{one}-")), None)


def drawn_rect(layer: ScoreLayer, frame: int, width: int, height: int) -> Box4 | None:
    """The upright rectangle around what a layer draws at one of its frames, cut to the frame; None if it draws nothing.

    Output pixels.
    """
    opacity, scale, reveal = (layer.at(name, frame) for name in ("opacity", "scale", "reveal"))
    if not (opacity and scale and reveal):
        return None
    left, top, right, bottom = (side / Q for side in layer.rect_q)
    if reveal < U:
        hidden_x, hidden_y = (right - left) * (1 - reveal / U), (bottom - top) * (1 - reveal / U)
        match layer.reveal_from:
            case "left":
                right -= hidden_x
            case "right":
                left += hidden_x
            case "top":
                bottom -= hidden_y
            case "bottom":
                top += hidden_y
    anchor_x, anchor_y = layer.anchor_q[0] / Q, layer.anchor_q[1] / Q
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)]) - (anchor_x, anchor_y)
    turn = layer.at("rotation", frame) / U * 2 * math.pi
    turned = corners @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) * (scale / U)
    turned += (anchor_x + layer.at("x", frame) / Q, anchor_y + layer.at("y", frame) / Q)
    low = np.maximum(turned.min(axis=0), 0)
    high = np.minimum(turned.max(axis=0), (width, height))
    return np.concatenate([low, high]) if (high - low > 0.5).all() else None


def _of_box(crew: Crew, scored: ScoreScene, one: Hotspot) -> Iterator[tuple[int, Box4]]:
    """Where a box is at each film frame from its in point on."""
    box, keyframes = one.box, one.keyframes
    if crew.format != "16:9":
        special = one.formats.get(crew.format)
        if special is None:
            return
        box, keyframes = special.box, special.keyframes
    assert box is not None
    stage = crew.stage
    rest = np.array(stage.rect(box, one.mirror)) / Q
    side = -1 if stage.mirrored(one.mirror) else 1
    x = [(frame.at_s, frame.value[0], frame.easing) for frame in keyframes.position]
    y = [(frame.at_s, frame.value[1], frame.easing) for frame in keyframes.position]
    size = [(frame.at_s, frame.value, frame.easing) for frame in keyframes.scale]
    start = frames_of(one.in_s, crew.fps)
    for frame in range(start, scored.frames):
        second = float((frame - start) / crew.fps)
        dx, dy = (keyframed(track, second) * float(stage.scale) if track else 0.0 for track in (x, y))
        grown = keyframed(size, second) if size else 1.0
        middle, half = (rest[:2] + rest[2:]) / 2 + (dx * side, dy), (rest[2:] - rest[:2]) / 2 * grown
        low, high = np.maximum(middle - half, 0), np.minimum(middle + half, (stage.width, stage.height))
        if (high - low > 0.5).all():
            yield scored.first + frame, np.concatenate([low, high])


def _room(stage: Stage, one: Hotspot, rect: Box4) -> Box4:
    """With its padding, at least as large as a finger needs, and inside the frame; parts of the frame."""
    frame = np.array([stage.width, stage.height], dtype=np.float64)
    pad = np.array(one.padding_px) * float(stage.scale)
    low, high = rect[:2] - pad, rect[2:] + pad
    lacking = np.maximum(float(SMALLEST * stage.width) - (high - low), 0)
    low, high = low - lacking / 2, high + lacking / 2
    shift = np.maximum(-low, 0) - np.maximum(high - frame, 0)
    low, high = low + shift, high + shift
    return np.concatenate([np.maximum(low, 0) / frame, np.minimum(high, frame) / frame])


def _thinned(seen: Sequence[tuple[int, Box4]], stage: Stage) -> Iterator[BoxKeyframe]:
    """Keyframes of rectangles by frame. A run of frames without one ends with a keyframe that has no box."""
    run: list[tuple[int, Box4]] = []
    for frame, rect in seen:
        if run and run[-1][0] + 1 != frame:
            yield from _run(run)
            yield BoxKeyframe(frame=run[-1][0] + 1, box_u=None)
            run = []
        run.append((frame, rect))
    yield from _run(run)


def _run(run: Sequence[tuple[int, Box4]]) -> Iterator[BoxKeyframe]:
    """As few keyframes as keep every rectangle between them within the tolerance (Ramer, Douglas, Peucker in time)."""
    frames = np.array([frame for frame, _ in run], dtype=np.float64)
    rects = np.floor(np.array([rect for _, rect in run]) * U + 0.5)
    kept = {0, len(run) - 1}
    open_ends = [(0, len(run) - 1)]
    while open_ends:
        start, stop = open_ends.pop()
        if stop - start < 2:
            continue
        passed = ((frames[start : stop + 1] - frames[start]) / (frames[stop] - frames[start]))[:, None]
        away = np.abs(rects[start] + (rects[stop] - rects[start]) * passed - rects[start : stop + 1]).max(axis=1)
        worst = int(away.argmax())
        if away[worst] > TOLERANCE_U:
            kept.add(start + worst)
            open_ends += [(start, start + worst), (start + worst, stop)]
    last: Rect | None = None
    for index in sorted(kept):
        left, top, right, bottom = (int(value) for value in rects[index])
        if (left, top, right, bottom) != last or index != len(run) - 1:
            yield BoxKeyframe(frame=run[index][0], box_u=(left, top, right, bottom))
        last = left, top, right, bottom


def box_at(one: ScoreInteraction, frame: int) -> tuple[float, float, float, float] | None:
    """Where an interaction is at a film frame, in 1/65536 of the frame; None while it is not there."""
    if not one.first <= frame < one.end:
        return None
    before = [keyframe for keyframe in one.boxes if keyframe.frame <= frame]
    if not before or before[-1].box_u is None:
        return None
    after = next((keyframe for keyframe in one.boxes if keyframe.frame > frame), None)
    start = before[-1]
    assert start.box_u is not None
    if after is None or after.box_u is None:
        left, top, right, bottom = start.box_u
        return left, top, right, bottom
    part = (frame - start.frame) / (after.frame - start.frame)
    one_box, other = np.array(start.box_u), np.array(after.box_u)
    moved = one_box + (other - one_box) * part
    return float(moved[0]), float(moved[1]), float(moved[2]), float(moved[3])


# ---------------------------------------------------------------- the file


def interactions_json(score: Score) -> bytes:
    """``interactions.json`` of a film. Seconds are rounded up to a millionth, so that a player which is at that time
    shows that frame; boxes are [x, y, width, height] as parts of the picture, from its top left corner."""
    fps = Fraction(score.fps_num, score.fps_den)
    content: Mapping[str, object] = {
        "schema": INTERACTIONS_SCHEMA,
        "film": {
            "width": score.width,
            "height": score.height,
            "frames": score.frames,
            "fps": [score.fps_num, score.fps_den],
            "seconds": _seconds(score.frames, fps),
            "locale": score.locale,
            "direction": score.direction,
        },
        "interactions": [
            {
                "id": f"{one.scene}.{one.id}",
                "kind": one.kind,
                "scene": one.scene,
                "start": _seconds(one.first, fps),
                "end": _seconds(one.end, fps),
                "start_frame": one.first,
                "end_frame": one.end,
                "label": one.label,
                "link": one.link,
                "href": one.href,
                **({} if one.place is None else {"place": one.place}),
                "keyframes": [
                    {"at": _seconds(key.frame, fps), "frame": key.frame, "box": _box(key.box_u)} for key in one.boxes
                ],
            }
            for one in score.interactions
        ],
    }
    return (json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _seconds(frame: int, fps: Fraction) -> float:
    return math.ceil(frame / fps * _MICRO) / _MICRO


def _box(rect: Rect | None) -> list[float] | None:
    if rect is None:
        return None
    left, top, right, bottom = rect
    return [round(part / U, 5) for part in (left, top, right - left, bottom - top)]
