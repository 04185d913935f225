"""A scene that waits for its voice: everything after its moment of rest happens later by what it lasts longer.

The moment is the scene's ``hold_at_s``, or one second before its planned end. What lies before it stays where the
storyboard has it: in points, keyframes, sounds. What lies after it, the out points and last moves, keeps its distance
to the end. Footage plays on.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from renderer.template.storyboard import Scene

LAST_S = 1.0
"""Without ``hold_at_s`` so much of a scene's end is its end."""

Clock = Callable[[float], float]


def held(scene: Scene, longer_s: Fraction) -> Scene:
    """``scene`` made longer by so many seconds; itself for 0."""
    if not longer_s:
        return scene
    rest = scene.hold_at_s if scene.hold_at_s is not None else max(scene.duration_s - LAST_S, scene.duration_s / 2)
    longer = float(longer_s)

    def later(at: float) -> float:
        return at + longer if at > rest else at

    return scene.model_copy(
        update={
            "duration_s": scene.duration_s + longer,
            "layers": tuple(_moved(layer, later) for layer in scene.layers),
            "captions": tuple(_moved(caption, later) for caption in scene.captions),
            "interactions": tuple(_moved(one, later) for one in scene.interactions),
            "sounds": tuple(sound.model_copy(update={"at_s": later(sound.at_s)}) for sound in scene.sounds),
        }
    )


def _moved(part: Any, later: Clock) -> Any:
    """A layer, caption or interaction with its points, and with the keyframes that count from its in point."""
    changes: dict[str, Any] = {"in_s": later(part.in_s)}
    if part.out_s is not None:
        changes["out_s"] = later(part.out_s)
    keyframes = getattr(part, "keyframes", None)
    if isinstance(keyframes, BaseModel):
        start = part.in_s

        def inside(at: float) -> float:
            return later(start + at) - later(start)

        changes["keyframes"] = keyframes.model_copy(
            update={
                name: tuple(one.model_copy(update={"at_s": inside(one.at_s)}) for one in getattr(keyframes, name))
                for name in type(keyframes).model_fields
            }
        )
    return part.model_copy(update=changes)
