"""What is wrong or doubtful in what stands beside a film: its teaser and its interactions.

:func:`lint_beside` looks at a storyboard without any profile; :func:`seen` at one film, since texts, and so the
hotspots that follow them, differ from recipient to recipient.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations

from renderer.errors import DearlyError, TemplateError
from renderer.plan.build import Planner
from renderer.preflight.model import Finding
from renderer.render.video.interactions import box_at
from renderer.render.video.score import Score, ScoreInteraction, U
from renderer.template.beside import Action, Hotspot, Interaction
from renderer.template.formats import composition
from renderer.template.layers import Box
from renderer.template.model import FormatName, Margins
from renderer.template.references import layer_names
from renderer.template.storyboard import Scene, Storyboard

SHORTEST_S = 1.5
"""Less is too short to read a label and to reach for it."""
_CROWDED = 0.25
"""Two interactions are in each other's way if they share so much of the smaller one."""


def lint_beside(planner: Planner) -> Iterator[Finding]:
    """Findings about a template's teaser and interactions, in the order of the storyboard."""
    board, video = planner.template.storyboard, planner.template.config.channels.video
    if board is None or video is None:
        return
    lines = planner.template.lines[video.storyboard]
    safe = {name: video.margins(name) for name in video.formats}
    for number, scene in enumerate(board.scenes):
        for index, one in enumerate(scene.interactions):
            place = lines.place(("scenes", number, "interactions", index))
            yield from (Finding(error.at(file=place.file, line=place.line)) for error in _secret_label(planner, one))
            for doubt in (*_short(scene, one), *_outside(one, safe), *_same_place(scene, index)):
                yield Finding(TemplateError("template.value", doubt, place=place), severe=False)
    for index, part in enumerate(board.teaser.parts):
        for fact in _secrets(planner, board, part.scene, part.from_s, part.to_s):
            yield Finding(
                TemplateError(
                    "template.unsafe",
                    f"This part of the teaser draws the secret '{fact}'.",
                    place=lines.place(("teaser", "parts", index)),
                    hint="Choose another part: a mail can be read by others.",
                )
            )


def _secret_label(planner: Planner, one: Interaction) -> Iterator[DearlyError]:
    book = planner.template.copy[planner.template.config.locales[0]]
    for fact in book.sentences[one.label].facts:
        if planner.facts.labels.get(fact) == "secret":
            yield TemplateError(
                "template.unsafe",
                f"The label of interaction '{one.id}' says the secret '{fact}'.",
                hint="A label says what happens next, and nothing that is secret.",
            )


def _short(scene: Scene, one: Interaction) -> Iterator[str]:
    shown = (scene.duration_s if one.out_s is None else one.out_s) - one.in_s
    if shown < SHORTEST_S:
        yield f"Interaction '{one.id}' is there for {shown:g} s; people need {SHORTEST_S:g} s to read and reach it."


def _outside(one: Interaction, safe: dict[FormatName, Margins]) -> Iterator[str]:
    """A box that players' controls or a phone's rounded corners may cover. Those that move must be inside at rest."""
    if not isinstance(one, Hotspot) or one.box is None:
        return
    boxes: dict[FormatName, Box] = {"16:9": one.box, **{name: other.box for name, other in one.formats.items()}}
    for name, box in boxes.items():
        if name not in safe:
            continue
        width, height = composition(name)
        margins = safe[name]
        if (
            box.x < margins.start * width
            or box.x + box.width > (1 - margins.end) * width
            or box.y < margins.top * height
            or box.y + box.height > (1 - margins.bottom) * height
        ):
            yield f"The box of interaction '{one.id}' reaches out of the safe area of {name}."


def _same_place(scene: Scene, index: int) -> Iterator[str]:
    """Buttons that would lie on one another."""
    one = scene.interactions[index]
    for other in scene.interactions[:index]:
        together = one.in_s < (other.out_s or scene.duration_s) and other.in_s < (one.out_s or scene.duration_s)
        # Two conditions may well exclude each other.
        together = together and (one.shown_with == other.shown_with or None in (one.shown_with, other.shown_with))
        if isinstance(one, Action) and isinstance(other, Action) and one.place == other.place and together:
            yield f"Interactions '{other.id}' and '{one.id}' are in one place at one time."


def _secrets(
    planner: Planner, board: Storyboard, scene_id: str, from_s: float | None, to_s: float | None
) -> Iterator[str]:
    """Secret facts that a scene draws between two moments. Without both the engine chooses a moment without them."""
    scene = board.scene(scene_id)
    if scene is None or from_s is None or to_s is None:
        return
    book = planner.template.copy[planner.template.config.locales[0]]
    for layer in scene.layers:
        if layer.in_s >= to_s or (layer.out_s or scene.duration_s) <= from_s:
            continue
        for use in layer_names(layer):
            facts = book.sentences[use.name].facts if use.kind == "copy" else (use.name,)
            yield from (fact for fact in facts if planner.facts.labels.get(fact) == "secret")


# ---------------------------------------------------------------- one film


def seen(score: Score, margins: Margins) -> Iterator[tuple[str, str, str]]:
    """(scene, interaction, what is doubtful) in one film: too short, hard to reach, or under one another."""
    fps = Fraction(score.fps_num, score.fps_den)
    for one in score.interactions:
        there = [box for frame in range(one.first, one.end) if (box := box_at(one, frame)) is not None]
        shown = float(len(there) / fps)
        if shown < SHORTEST_S:
            yield one.scene, one.id, f"there for {shown:.1f} s only"
        elif max(_safe_part(box, margins, score.direction == "rtl") for box in there) < 0.5:
            yield one.scene, one.id, "outside the safe area"
    for one, other in combinations(score.interactions, 2):
        if any(_shared(one, other, frame) > _CROWDED for frame in range(max(one.first, other.first), one.end, 5)):
            yield one.scene, one.id, f"in the way of '{other.id}'"


def _safe_part(box: tuple[float, float, float, float], margins: Margins, rtl: bool) -> float:
    left, right = (margins.end, margins.start) if rtl else (margins.start, margins.end)
    safe = left * U, margins.top * U, (1 - right) * U, (1 - margins.bottom) * U
    return _overlap(box, safe) / max(1.0, _area(box))


def _shared(one: ScoreInteraction, other: ScoreInteraction, frame: int) -> float:
    boxes = box_at(one, frame), box_at(other, frame)
    if boxes[0] is None or boxes[1] is None:
        return 0
    return _overlap(boxes[0], boxes[1]) / max(1.0, min(_area(boxes[0]), _area(boxes[1])))


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0.0) * max(down, 0.0)
