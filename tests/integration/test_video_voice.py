"""A film that speaks, from record to MP4: recorded greeting, spoken name, recorded rest, then an amount."""

from __future__ import annotations

import io
import json
import os
import tempfile
import wave
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import webvtt
from numpy.typing import NDArray

from renderer import pipeline
from renderer.errors import EnvironmentFault, ErrorList
from renderer.plan.build import Planner
from renderer.profile.load import parse_record
from renderer.profile.model import Profile
from renderer.render.model import RenderJob, RenderResult
from renderer.render.video.audio import PEAK_DBTP, RATE, TARGET_LUFS, Pcm, measure
from renderer.render.video.render import render_video
from renderer.render.voice import VoiceSettings
from renderer.template.load import load_release
from renderer.template.release import Release

pytestmark = pytest.mark.integration

FPS = 25
FONTS = Path(tempfile.gettempdir()) / f"dearly-test-fonts-{os.getuid()}"
ROBOT = VoiceSettings(models={"en": None}, key=b"this installation")


def wav(mono: NDArray[np.float64]) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((mono * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def recording(seconds: float) -> bytes:
    at = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(7).standard_normal(len(at)) * 0.003
    return wav(0.15 * np.sin(2 * np.pi * 180 * at) * (np.sin(2 * np.pi * 4 * at) > 0) + noise)


def bed() -> bytes:
    at = np.arange(6 * RATE) / RATE
    return wav(0.08 * (np.sin(2 * np.pi * 220 * at) + np.sin(2 * np.pi * 277 * at)))


def files(voice: str = "{quality: any}", **changes: str) -> dict[str, bytes]:
    texts = {
        "template.yaml": f"""
id: voice-test
title: Voice test
locales: [en]
fonts: [{{family: IBM Plex Sans, weights: [400]}}]
brand:
  name: Nobody
  colours:
    ink: {{light: "#10262E"}}
    paper: {{light: "#FBF8F2"}}
channels:
  video: {{fps: {FPS}, formats: {{"16:9": {{width: 320, height: 180}}}}, voice: {voice}}}
""",
        "contract.json": json.dumps(
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "additionalProperties": False,
                "required": ["id", "name", "total", "as_of"],
                "properties": {
                    "id": {"type": "string", "x-role": "recipient", "x-sensitivity": "personal"},
                    "name": {"type": "string", "x-sensitivity": "personal"},
                    "total": {"type": "number", "x-sensitivity": "personal"},
                    "as_of": {"type": "string", "format": "date", "x-role": "as_of", "x-sensitivity": "public"},
                },
            }
        ),
        "facts.yaml": "name: {value: name, as: text}\ntotal: {value: total, as: money, currency: \"'EUR'\"}\n",
        "decisions.yaml": "scenes:\n  - {id: hello}\n  - {id: amount}\n",
        "copy/en.ftl": "greeting = Hello\nname = { $name }\nrest = here is your bill.\n"
        "amount = The total is { $total }, and it is due by the end of this month.\ntitle = A scene\n",
        "voice/lexicon.en.yaml": 'Siobhán: {say: Shivawn, espeak: "SIv\'O:n"}\n',
        "video/storyboard.yaml": """
music: {media: media/music.wav, gain_db: -12, fade_in_s: 0.2, fade_out_s: 1}
scenes:
  - id: hello
    title: title
    duration_s: 2
    backdrop: {kind: colour, colour: paper}
    voice:
      - {clip: {en: media/hello.wav}, copy: greeting, at_s: 0.4}
      - {say: name, pause_s: 0.02}
      - {clip: media/rest.wav, copy: rest, pause_s: 0.02}
  - id: amount
    title: title
    duration_s: 2
    transition: {kind: fade, duration_s: 0.4}
    backdrop: {kind: colour, colour: ink}
    voice: [{say: amount, at_s: 0.3}]
""",
        **changes,
    }
    media = {
        "media/hello.wav": recording(0.8),
        "media/rest.wav": recording(1.6),
        "media/music.wav": bed(),
    }
    return {name: text.encode() for name, text in texts.items()} | media


def person(planner: Planner) -> Profile:
    record = {"id": "1", "name": "Siobhán", "total": 66.9, "as_of": "2026-11-01"}
    found = parse_record(json.dumps(record), planner.template.contract)
    assert isinstance(found, Profile)
    return found


def job(cache: Path, voices: VoiceSettings = ROBOT, **more: str) -> RenderJob:
    planner = Planner(load_release(Release(files(**more))))
    profile = person(planner)
    (cache / "fonts").parent.mkdir(parents=True, exist_ok=True)
    return pipeline.prepare_job(planner.template, planner.plan(profile, locale="en"), {}, cache, voices=voices)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RenderResult]:
    folder = tmp_path_factory.mktemp("voice")
    return folder, render_video(job(folder / "cache"), folder / "out", processes=1)


def heard(path: Path) -> Pcm:
    with av.open(str(path)) as container:
        frames = [np.asarray(frame.to_ndarray(), np.float32) for frame in container.decode(audio=0)]
    return np.ascontiguousarray(np.concatenate(frames, axis=1).T)


def test_the_film_lasts_as_long_as_it_speaks(made: tuple[Path, RenderResult]) -> None:
    folder, _ = made
    score = json.loads((folder / "out/video/score.json").read_text())
    cues = score["voice"]
    assert [(cue["media"], cue["message"]) for cue in cues] == [
        ("media/hello.wav", "greeting"),
        (None, "name"),
        ("media/rest.wav", "rest"),
        (None, "amount"),
    ]
    assert all(after["first"] >= before["first"] + before["samples"] for before, after in pairwise(cues))
    last = cues[-1]["first"] + cues[-1]["samples"]
    assert score["frames"] / FPS >= last / RATE + 0.5
    assert score["scenes"][1]["frames"] > 2 * FPS
    with av.open(str(folder / "out/video/film.mp4")) as film:
        assert film.streams.video[0].frames == score["frames"]
    assert abs(len(heard(folder / "out/video/film.mp4")) / RATE - score["frames"] / FPS) <= 1024 / RATE


def test_it_is_as_loud_as_promised_in_the_mp4(made: tuple[Path, RenderResult]) -> None:
    found = measure(heard(made[0] / "out/video/film.mp4"))
    assert abs(found.integrated - TARGET_LUFS) <= 1.5
    assert found.true_peak <= PEAK_DBTP


def test_what_is_said_is_heard_when_the_score_says(made: tuple[Path, RenderResult]) -> None:
    folder, _ = made
    pcm = heard(folder / "out/video/film.mp4")[:, 0]
    score = json.loads((folder / "out/video/score.json").read_text())
    first = score["voice"][0]["first"]
    onset = int(np.argmax(np.abs(pcm) > 0.25 * np.abs(pcm[first : first + RATE // 2]).max()))
    assert abs(onset - first) <= 0.005 * RATE


def test_captions_and_transcript_have_what_is_said_as_it_is_written(made: tuple[Path, RenderResult]) -> None:
    folder, _ = made
    captions = webvtt.read(str(folder / "out/video/captions.vtt")).captions
    assert " ".join(caption.text.replace("\n", " ") for caption in captions) == (
        "Hello Siobhán here is your bill. The total is €66.90, and it is due by the end of this month."
    )
    score = json.loads((folder / "out/video/score.json").read_text())
    amount = next(caption for caption in captions if caption.text.startswith("The total"))
    minutes, seconds = amount.start.split(":")[1:]
    assert abs(int(minutes) * 60 + float(seconds) - score["voice"][3]["first"] / RATE) < 2 / FPS
    transcript = (folder / "out/video/transcript.txt").read_text("utf-8")
    assert "The total is €66.90" in transcript and "Siobhán" in transcript


def test_nothing_that_is_kept_tells_the_name(made: tuple[Path, RenderResult]) -> None:
    cache = made[0] / "cache"
    kept = [path for path in cache.rglob("*") if path.is_file() and "fonts" not in path.parts]
    assert any("personal" in path.parts for path in kept)
    assert not list(cache.rglob("*.m4a"))
    assert not [path for path in kept if b"Siobh" in path.read_bytes() or "Siobh" in path.name]


def test_the_same_record_gives_the_same_film(made: tuple[Path, RenderResult], tmp_path: Path) -> None:
    again = render_video(job(tmp_path / "cache"), tmp_path / "out", processes=1)
    assert {one.path: one.sha256 for one in again.artefacts} == {one.path: one.sha256 for one in made[1].artefacts}


def test_without_a_good_voice_the_film_is_silent_and_captioned(tmp_path: Path) -> None:
    silent = job(tmp_path, voice="{quality: good}")
    assert silent.voice is None
    with pytest.raises(EnvironmentFault, match="must speak") as caught:
        job(tmp_path, voice="{quality: good, required: true}")
    assert (caught.value.code, caught.value.exit_code) == ("environment.voice", 3)
    assert "DEARLY_VOICES" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"voice/lexicon.it.yaml": "a: b\n"}, "does not speak 'it'"),
        ({"voice/lexicon.en.yaml": "a: {sya: b}\n"}, "sya"),
    ],
)
def test_a_lexicon_that_would_never_be_read_is_an_error(change: dict[str, str], said: str) -> None:
    with pytest.raises(ErrorList) as caught:
        load_release(Release(files(**change)))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("{en: media/hello.wav}", "{fr: media/hello.wav}", "does not speak 'fr'"),
        ("media/rest.wav", "media/gone.wav", "no media 'media/gone.wav'"),
        ("say: name", "say: nmae", "no copy 'nmae'"),
        ("say: name", "sya: name", "sya"),
        ("{say: name, pause_s: 0.02}", "{pause_s: 0.02}", "either 'say' or 'clip'"),
        ("{say: name, pause_s: 0.02}", "{say: name, gain_db: 3}", "Only a clip has 'gain_db'"),
        ("{say: name, pause_s: 0.02}", "{say: name, copy: rest}", "Only a clip has 'copy'"),
        ("duration_s: 2\n    transition", "duration_s: 2\n    hold_at_s: 2\n    transition", "hold_at_s"),
    ],
)
def test_faults_of_a_voice_are_told_with_their_line(before: str, after: str, said: str) -> None:
    board = files()["video/storyboard.yaml"].decode()
    assert before in board
    with pytest.raises(ErrorList) as caught:
        load_release(Release(files() | {"video/storyboard.yaml": board.replace(before, after).encode()}))
    assert any(said in error.message for error in caught.value.errors), caught.value
    assert all(error.place.line for error in caught.value.errors)
