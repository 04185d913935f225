"""The energy bill's narration, with a voice that speaks at a reader's pace: nothing overlaps, captions can be read and
no film drags."""

from __future__ import annotations

from itertools import pairwise

import pytest

from renderer.assets.door import AssetDoor
from renderer.plan.build import Planner
from renderer.profile.load import read_one
from renderer.render.video.captions import MAX_COLUMNS, caption_cues, columns
from renderer.render.video.score import Score
from renderer.render.video.scoring import build_score
from renderer.render.video.speech import Sound, Speech
from renderer.render.video.telling import RATE
from renderer.template.load import HOME
from tests.film_samples import engine, fonts

SAMPLES = ("01-longest-name", "07-credit", "10-first-bill", "12-high-user-ev")
LETTERS_A_SECOND = 15


class Reader:
    """Fifteen letters a second, which is what voices need; nothing sounds."""

    def speak(self, text: str, language: str, *, personal: bool = False) -> Speech:
        begins, at = [], 0
        for word in text.split(" "):
            begins.append((at, word))
            at += (len(word) + 1) * RATE // LETTERS_A_SECOND
        return Speech("0" * 64, at, tuple(begins))

    def sound(self, pcm_digest: str) -> Sound:
        raise AssertionError("nothing is mixed here")


@pytest.fixture(scope="module", params=[(sample, locale) for sample in SAMPLES for locale in ("en", "it", "ar")])
def score(request: pytest.FixtureRequest, energy_bill: Planner) -> Score:
    sample, locale = request.param
    template = energy_bill.template
    profile = read_one(HOME / "energy-bill" / "samples" / f"{sample}.json", template.contract)
    plan = energy_bill.plan(profile, locale=locale)
    door = AssetDoor(template.release.files, images=dict(profile.images))
    return build_score(plan, template, fonts(), door, engine(), voice=Reader())


def test_every_scene_says_something_and_nothing_overlaps(score: Score) -> None:
    assert {cue.scene for cue in score.voice} == {scene.id for scene in score.scenes}
    assert all(after.first >= before.end for before, after in pairwise(score.voice))
    scenes = {scene.id: scene for scene in score.scenes}
    for cue in score.voice:
        scene = scenes[cue.scene]
        assert scene.first / 25 <= cue.first / RATE < cue.end / RATE <= scene.end / 25 - 0.4


def test_a_film_that_speaks_is_not_much_longer(score: Score) -> None:
    assert 25 <= score.frames / 25 <= 52
    said = sum(cue.samples for cue in score.voice) / RATE
    assert said / (score.frames / 25) > 0.4


def test_captions_of_the_voice_can_be_read(score: Score) -> None:
    cues = caption_cues(score)
    assert all(before.end <= after.first for before, after in pairwise(cues))
    for cue in cues:
        assert len(cue.lines) <= 2 and max(map(columns, cue.lines)) <= MAX_COLUMNS
        seconds = (cue.end - cue.first) / 25
        assert seconds >= 1
        assert sum(map(columns, cue.lines)) / seconds < 20
