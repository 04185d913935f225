"""Names that a voice would guess at are counted by fact, and never shown."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from renderer.errors import EnvironmentFault
from renderer.plan.build import Planner
from renderer.plan.model import RenderPlan
from renderer.preflight.pronounce import Listener
from renderer.profile.load import read_one
from renderer.render.video.voices import film_voice
from renderer.render.voice import VoiceSettings
from renderer.template.lexicon import Lexicon, Pronunciation
from renderer.template.load import HOME
from renderer.template.model import Template

SAMPLE = HOME / "energy-bill" / "samples" / "11-typical.json"
NOBODY = VoiceSettings(models={"en": None})


def speaking(template: Template, lexicon: Mapping[str, Pronunciation] | None = None, **options: object) -> Template:
    """The template, with any voice or another lexicon."""
    video = template.config.channels.video
    assert video is not None
    voice = video.voice.model_copy(update=options)
    channels = template.config.channels.model_copy(update={"video": video.model_copy(update={"voice": voice})})
    return replace(
        template,
        config=template.config.model_copy(update={"channels": channels}),
        lexicons={"en": Lexicon(MappingProxyType(dict(lexicon or {})))},
    )


def named(planner: Planner, name: str) -> RenderPlan:
    plan = planner.plan(read_one(SAMPLE, planner.template.contract), locale="en")
    fact = replace(plan.facts["given_name"], text=name, spoken=name)
    return replace(plan, facts={**plan.facts, "given_name": fact})


def test_doubtful_names_are_counted_by_fact_and_record(energy_bill: Planner, tmp_path: Path) -> None:
    listener = Listener(speaking(energy_bill.template, quality="any"), NOBODY, tmp_path)
    for record, name in enumerate(("Sarah", "Szczepański", "يوسف", "Szczepański", "Tom"), 1):
        listener.hear(record, named(energy_bill, name))
    (doubt,) = listener.doubts()
    assert (doubt.fact, doubt.locale, doubt.records, doubt.example) == ("given_name", "en", 3, 2)
    assert "Szczepański" not in repr(doubt)


def test_the_lexicon_takes_the_doubt_away(energy_bill: Planner, tmp_path: Path) -> None:
    knows = speaking(energy_bill.template, {"szczepański": Pronunciation(say="Shchepanski")}, quality="any")
    listener = Listener(knows, NOBODY, tmp_path)
    listener.hear(1, named(energy_bill, "Szczepański"))
    assert listener.doubts() == ()


def test_a_film_that_will_not_speak_has_no_doubts(energy_bill: Planner, tmp_path: Path) -> None:
    listener = Listener(speaking(energy_bill.template), NOBODY, tmp_path)
    listener.hear(1, named(energy_bill, "يوسف"))
    assert listener.doubts() == ()


def test_a_film_that_must_speak_and_cannot_is_a_clear_error(energy_bill: Planner, tmp_path: Path) -> None:
    must = speaking(energy_bill.template, required=True)
    with pytest.raises(EnvironmentFault, match="no good voice for 'en'") as caught:
        Listener(must, NOBODY, tmp_path).hear(1, named(energy_bill, "Sarah"))
    assert caught.value.code == "environment.voice"
    assert film_voice(speaking(energy_bill.template), "en", NOBODY, tmp_path) is None
    assert film_voice(speaking(energy_bill.template, quality="any"), "ro", NOBODY, tmp_path) is not None


def test_the_energy_bill_finds_words_for_its_voice_in_every_locale(energy_bill: Planner) -> None:
    profile = read_one(SAMPLE, energy_bill.template.contract)
    for locale in energy_bill.template.config.locales:
        plan = energy_bill.plan(profile, locale=locale)
        assert energy_bill.template.storyboard is not None
        for scene in energy_bill.template.storyboard.scenes:
            for one in scene.voice if scene.id in plan.scenes else ():
                said = plan.copy[one.say or ""].spoken
                assert said and not any(character in "0123456789€\u2068\u2069" for character in said), said
