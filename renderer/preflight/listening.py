"""A voice that speaks as another does, and writes down what it said and what that cost. For estimates."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import process_time

from renderer.render.video.audio import RATE
from renderer.render.video.speech import Sound, Speech, Voice


@dataclass
class ListeningVoice:
    """See :class:`~renderer.render.video.speech.Voice`. ``said`` is (digest of the sound, seconds, whether it names
    somebody) of each text spoken, ``spent_s`` the processor time that speaking took."""

    voice: Voice
    said: list[tuple[str, float, bool]] = field(default_factory=list)
    spent_s: float = 0.0

    def speak(self, text: str, language: str, *, personal: bool = False) -> Speech:
        """As the voice does."""
        started = process_time()
        speech = self.voice.speak(text, language, personal=personal)
        self.spent_s += process_time() - started
        self.said.append((speech.pcm_digest, speech.samples / RATE, personal))
        return speech

    def sound(self, pcm_digest: str) -> Sound:
        """As the voice does."""
        return self.voice.sound(pcm_digest)
