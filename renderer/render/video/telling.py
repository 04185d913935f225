"""What a scene says, placed in time: utterances of the storyboard → cues in samples, and how long the scene must last.

In: a scene, the plan's sentences, a :class:`.speech.Voice` or none. Out: :class:`.score.VoiceCue`, counted from the
scene's start. Two things never sound at once: what would begin before the last one ended begins after it.

Where no voice speaks, a scene that has anything to speak is silent as a whole, recorded clips too: half a sequence
would be nonsense.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from fractions import Fraction

from renderer.errors import Place, RenderError
from renderer.plan.model import Message, RenderPlan
from renderer.render.video.score import U, VoiceCue
from renderer.render.video.speech import Voice
from renderer.template.model import VoiceOptions
from renderer.template.speech import Utterance
from renderer.template.storyboard import Scene

RATE = 48_000
BREATH_S = Fraction(3, 20)
"""Between the last word of a scene and the first of the next one lies at least so much."""
STEP_S = Fraction(1, 2)
"""A scene that waits for its voice lasts a multiple of this longer, so that recipients share backdrops and pictures."""

ClipLength = Callable[[str], tuple[str, int]]
"""Gives the digest of a recorded clip and its length in samples."""


@dataclass(frozen=True)
class Said:
    """One utterance of a scene: its cue, and what its caption shows, with the sample at which each word begins."""

    cue: VoiceCue
    caption: Message | None
    text: str
    words: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Teller:
    """Says one film. ``clip`` is only asked for clips that sound."""

    plan: RenderPlan
    voice: Voice | None
    clip: ClipLength
    options: VoiceOptions = field(default_factory=VoiceOptions)

    def tell(self, scene: Scene, not_before: int = 0) -> tuple[Said, ...]:
        """What the scene says, in order. ``not_before``: the sample of the scene before which nothing may begin.

        Raises RenderError ``render.layout`` for copy that the plan lacks, and what :class:`.speech.Voice` raises.
        """
        if self.voice is None and any(one.say is not None for one in scene.voice):
            return ()
        found: list[Said] = []
        free = max(0, not_before)
        for one in utterances(self.plan, scene):
            wish = round(one.at_s * RATE) if one.at_s is not None else 0
            pause = round(one.pause_s * RATE) if found else 0
            said = self._said(scene, one, max(wish, free + (0 if one.at_s is not None and not found else pause)))
            if said is not None:
                found.append(said)
                free = said.cue.first + said.cue.samples
        return tuple(found)

    def _said(self, scene: Scene, one: Utterance, first: int) -> Said | None:
        if one.say is not None:
            return self._spoken(scene, one, one.say, first)
        media = one.clip.get(self.plan.locale) if isinstance(one.clip, Mapping) else one.clip
        if media is None:
            return None
        message = None if one.copy_ is None else _copy(self.plan, one.copy_, scene)
        digest, samples = self.clip(media)
        cue = VoiceCue(
            scene=scene.id,
            message=None if message is None else message.id,
            first=first,
            samples=samples,
            pcm=digest,
            media=media,
            gain_u=round(one.gain_db * U),
            sensitivity="public" if message is None else message.sensitivity,
        )
        text = "" if message is None else flat(message.text)
        # A recording tells nothing of its words: they share its time by their letters.
        return Said(cue, message if one.caption else None, text, tuple(_shares(text, samples)))

    def _spoken(self, scene: Scene, one: Utterance, key: str, first: int) -> Said | None:
        message = _copy(self.plan, key, scene)
        if message.spoken is None or self.voice is None:
            raise RenderError(
                "render.layout", f"This plan has no words for '{key}'.", place=Place(scene=scene.id, channel="video")
            )
        if message.sensitivity == "secret" and not self.options.say_secrets:
            return None
        speech = self.voice.speak(message.spoken, self.plan.locale, personal=message.sensitivity != "public")
        cue = VoiceCue(
            scene=scene.id,
            message=message.id,
            first=first,
            samples=speech.samples,
            pcm=speech.pcm_digest,
            media=None,
            gain_u=0,
            sensitivity=message.sensitivity,
        )
        text = flat(message.text)
        return Said(cue, message if one.caption else None, text, word_times(text, speech.marks, speech.samples))


def utterances(plan: RenderPlan, scene: Scene) -> list[Utterance]:
    """What the scene has to say in this plan's film, whether or not there is a voice to say it."""
    chosen = {*plan.scenes, *plan.blocks, *plan.offers.values()}
    return [one for one in scene.voice if one.shown_with is None or not chosen.isdisjoint(one.shown_with)]


def withholds(plan: RenderPlan, scene: Scene, said: Sequence[Said]) -> bool:
    """Whether the scene has a sentence that is not said although others are: a secret one."""
    heard = {one.cue.message for one in said}
    return any(one.say is not None and one.say not in heard for one in utterances(plan, scene))


def speech_s(said: Sequence[Said]) -> Fraction:
    """When the last word of a scene has been said, in seconds from its start; 0 for a silent one."""
    return Fraction(max((one.cue.first + one.cue.samples for one in said), default=0), RATE)


def lengthened_s(scene: Scene, said: Sequence[Said]) -> Fraction:
    """By how much the scene must be longer than the storyboard says, so that it ends ``tail_s`` after its last word."""
    if not said:
        return Fraction(0)
    missing = speech_s(said) + Fraction(scene.tail_s) - Fraction(scene.duration_s)
    return max(Fraction(0), -(-missing // STEP_S) * STEP_S)


def word_times(text: str, marks: Sequence[tuple[int, str]], samples: int) -> tuple[int, ...]:
    """The sample at which each word of the written text is said, from those of the spoken one.

    Words that are written as they are said take their own times; what is written otherwise (figures, mostly) shares the
    time of the words between.
    """
    written = text.split(" ")
    begins = [begin for begin, _ in marks] + [samples]
    matcher = SequenceMatcher(
        None, [_plain(word) for word in written], [_plain(word) for _, word in marks], autojunk=False
    )
    times: list[int] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "insert":
            continue
        for index in range(i1, i2):
            place = Fraction((index - i1) * (j2 - j1), i2 - i1) + j1
            low = int(place)
            high = min(low + 1, len(begins) - 1)
            times.append(begins[low] + int((begins[high] - begins[low]) * (place - low)))
    return tuple(max(times[: index + 1]) for index in range(len(times)))


def flat(text: str) -> str:
    """Without isolates and line breaks: words with single spaces between them (no-break spaces stay)."""
    return " ".join(part for part in text.translate(_ISOLATES).replace("\n", " ").split(" ") if part)


_ISOLATES = dict.fromkeys(range(0x2066, 0x206A))


def _plain(word: str) -> str:
    return "".join(one for one in word.casefold() if one.isalnum())


def _shares(text: str, samples: int) -> list[int]:
    words = text.split(" ") if text else []
    letters = [len(word) + 1 for word in words]
    return [samples * sum(letters[:index]) // sum(letters) for index in range(len(words))]


def _copy(plan: RenderPlan, key: str, scene: Scene) -> Message:
    if key not in plan.copy:
        raise RenderError(
            "render.layout",
            f"This plan has no copy '{key}'.",
            place=Place(scene=scene.id, channel="video"),
            hint="The copy, or a fact in it, is missing for this profile; see shown_with.",
        )
    return plan.copy[key]
