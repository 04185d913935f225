"""When each caption of a film stands: as long as it is said, as its storyboard says, or as long as reading it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from renderer.errors import Place, RenderError
from renderer.plan.model import Message, RenderPlan
from renderer.render.video.audio import RATE
from renderer.render.video.motion import frames_of
from renderer.render.video.score import ScoreCaption, ScoreScene
from renderer.render.video.telling import Said, utterances, withholds
from renderer.template.storyboard import Scene

ISOLATES = dict.fromkeys(range(0x2066, 0x206A))
READ_A_SECOND = 17
"""Characters that people read in a second."""
CAPTION_LEAST_S = 1.0
"""A caption that would stand shorter beside what is said is left out."""
CAPTION_STAYS_S = 0.4
"""So long a spoken caption stays after its last word, if nothing else is said."""


def samples_at(frame: int, fps: Fraction) -> int:
    """The sample at 48 kHz that sounds when a frame is shown."""
    return round(frame / fps * RATE)


def said_by(plan: RenderPlan, key: str, scene: Scene) -> Message:
    """A sentence that a scene names. Raises RenderError when the plan lacks it."""
    if key not in plan.copy:
        raise RenderError(
            "render.layout", f"This plan has no copy '{key}'.", place=Place(scene=scene.id, channel="video")
        )
    return plan.copy[key]


def scene_captions(
    plan: RenderPlan,
    chosen: Sequence[Scene],
    scenes: Sequence[ScoreScene],
    told: Sequence[Sequence[Said]],
    fps: Fraction,
) -> tuple[ScoreCaption, ...]:
    """All captions in order. One that would run into the next, because scenes overlap, ends where that one begins."""
    found: list[ScoreCaption] = []
    for scene, scored, said in zip(chosen, scenes, told, strict=True):
        spoken = [one for one in said if one.caption is not None]
        if not spoken:
            found += _written_captions(plan, scene, scored, fps)
            continue
        captions = [*_spoken_captions(scored, spoken, fps)]
        if scene.captions and withholds(plan, scene, said):
            captions = _with_unsaid(
                captions, _written_captions(plan, scene, scored, fps), frames_of(CAPTION_LEAST_S, fps)
            )
        found += captions
    starts = [caption.first for caption in found[1:]] + [scenes[-1].end]
    return tuple(
        replace(one, end=max(one.first + 1, min(one.end, start))) for one, start in zip(found, starts, strict=False)
    )


def _with_unsaid(spoken: Sequence[ScoreCaption], written: Iterable[ScoreCaption], least: int) -> list[ScoreCaption]:
    """Captions of what is said, and those that the storyboard wrote of what is not: in the time that the voice leaves
    free, if that is ``least`` frames or all of their own."""
    found = [*spoken]
    said = {one.message for one in spoken}
    for one in written:
        if one.message in said:
            continue
        first = max([one.first, *(other.end for other in spoken if other.first <= one.first < other.end)])
        end = min([one.end, *(other.first for other in spoken if first <= other.first)])
        if end - first >= min(least, one.end - one.first):
            found.append(replace(one, first=first, end=end))
    return sorted(found, key=lambda one: one.first)


def _spoken_captions(scored: ScoreScene, spoken: Sequence[Said], fps: Fraction) -> Iterator[ScoreCaption]:
    """Captions that stand as long as they are said, and a little longer."""
    start = samples_at(scored.first, fps)

    def frame(sample: int) -> int:
        return int(Fraction(start + sample, RATE) * fps)

    for one in spoken:
        assert one.caption is not None
        cue = one.cue
        yield ScoreCaption(
            first=frame(cue.first),
            end=min(frame(cue.end) + frames_of(CAPTION_STAYS_S, fps), scored.end),
            text=one.text,
            message=one.caption.id,
            sensitivity=one.caption.sensitivity,
            words=tuple(frame(cue.first + word) for word in one.words),
        )


def _written_captions(plan: RenderPlan, scene: Scene, scored: ScoreScene, fps: Fraction) -> Iterator[ScoreCaption]:
    """The scene's own captions; without any, what its voice would say, one sentence after the other."""
    if not scene.captions:
        yield from _unspoken_captions(plan, scene, scored, fps)
    for caption in scene.captions:
        message = said_by(plan, caption.copy_, scene)
        yield ScoreCaption(
            first=scored.first + frames_of(caption.in_s, fps),
            end=min(scored.first + max(1, frames_of(caption.out_s, fps)), scored.end),
            text=message.text.translate(ISOLATES),
            message=message.id,
            sensitivity=message.sensitivity,
        )


def _unspoken_captions(plan: RenderPlan, scene: Scene, scored: ScoreScene, fps: Fraction) -> Iterator[ScoreCaption]:
    free = 0.0
    for one in utterances(plan, scene):
        key = one.say or one.copy_
        if key is None or not one.caption:
            continue
        message = said_by(plan, key, scene)
        begin = max(free, one.at_s or 0.0)
        free = begin + max(1.2, len(message.text) / READ_A_SECOND) + 0.1
        first = scored.first + frames_of(begin, fps)
        if first < scored.end:
            yield ScoreCaption(
                first=first,
                end=min(scored.first + frames_of(free, fps), scored.end),
                text=message.text.translate(ISOLATES),
                message=message.id,
                sensitivity=message.sensitivity,
            )
