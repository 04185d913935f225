"""Which names a film's voice would guess at: counted by fact, told by record, never by value."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from renderer.plan.model import RenderPlan
from renderer.preflight.model import Doubt
from renderer.template.model import Template

if TYPE_CHECKING:
    from renderer.render.video.speech import SpeakingVoice
    from renderer.render.voice import VoiceSettings


class Listener:
    """Hears the plans of one template, one after the other. Nothing is synthesised: only spelling is looked at.

    Raises EnvironmentFault ``environment.voice`` when a film must speak and cannot.
    """

    def __init__(self, template: Template, voices: VoiceSettings, cache: Path) -> None:
        self._template, self._voices, self._cache = template, voices, cache
        self._by_locale: dict[str, SpeakingVoice | None] = {}
        self._known: dict[tuple[str, str], bool] = {}
        self._found: dict[tuple[str, str], list[int]] = {}

    def hear(self, record: int, plan: RenderPlan) -> None:
        """Look at the texts of a record that the voice would say."""
        voice = self._voice(plan.locale)
        if voice is None:
            return
        for name in sorted(self._said(plan)):
            fact = plan.facts[name]
            if fact.kind != "text":
                continue
            key = (plan.locale, fact.spoken)
            if key not in self._known:
                self._known[key] = voice.unsure(fact.spoken, plan.locale)
            if self._known[key]:
                self._found.setdefault((name, plan.locale), []).append(record)

    def doubts(self) -> tuple[Doubt, ...]:
        """What was found, by fact and locale."""
        return tuple(
            Doubt(fact=fact, locale=locale, records=len(records), example=records[0])
            for (fact, locale), records in sorted(self._found.items())
        )

    def _voice(self, locale: str) -> SpeakingVoice | None:
        if locale not in self._by_locale:
            from renderer.render.video.voices import film_voice

            self._by_locale[locale] = film_voice(self._template, locale, self._voices, self._cache)
        return self._by_locale[locale]

    def _said(self, plan: RenderPlan) -> set[str]:
        """The facts in what this film says."""
        board, video = self._template.storyboard, self._template.config.channels.video
        if board is None or video is None:
            return set()
        found: set[str] = set()
        for scene in board.scenes:
            for one in scene.voice if scene.id in plan.scenes else ():
                message = plan.copy.get(one.say or "")
                if message is not None and (message.sensitivity != "secret" or video.voice.say_secrets):
                    found |= set(message.facts)
        return found
