"""What to change in a template so that its films cost less, in sentences, from an estimate."""

from __future__ import annotations

from collections.abc import Iterator

from renderer.preflight.estimate import Estimate, SceneCost
from renderer.preflight.survey import SceneCause

WORTH_PART = 0.08
"""Scenes below this part of the films' cost are not worth a word."""
MOST = 3


def advice(found: Estimate) -> Iterator[str]:
    """The costliest scenes first; nothing about those that cost little."""
    said = 0
    for scene in found.scenes:
        if scene.part < WORTH_PART or said == MOST:
            break
        if not scene.causes:
            continue
        line = _about(scene, scene.causes[0][1])
        if line is not None:
            said += 1
            yield f"{scene.scene} ({scene.part:.0%} of the cost): {line}"


def _about(scene: SceneCost, cause: SceneCause) -> str | None:
    who, moves = cause.cause, cause.cause.mover
    shown = f"'{who.layer}' ({who.shows}) is in the picture for {cause.layer_s:.1f} of {cause.scene_s:.1f} s"
    if moves is not None and not who.mover_personal:
        thing = "the backdrop" if moves == "backdrop" else f"'{moves}'"
        return (
            f"{shown} while {thing} moves, so {cause.changing_s:.1f} s are encoded frame by frame for each recipient. "
            f"Let it come later or go earlier, or let {thing} come to rest before it comes."
        )
    if moves is not None and cause.changing_s > 0.5 * cause.personal_s:
        return (
            f"{shown}, and '{moves}' moves by itself for most of {cause.changing_s:.1f} s. A shorter way in, or a "
            "shorter count, costs less; what has come to rest costs next to nothing."
        )
    if cause.changing_s > 1:
        return f"{shown}; {cause.changing_s:.1f} s of it change. What has come to rest costs next to nothing."
    return None
