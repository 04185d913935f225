"""``estimate`` against what rendering really does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from renderer import pipeline
from renderer.plan.build import Planner
from renderer.preflight.advice import advice
from renderer.preflight.calibrate import EncodedShelf, calibrate
from renderer.preflight.cost import DEFAULT
from renderer.preflight.estimate import Estimate, estimate
from renderer.profile.load import BadRecord
from renderer.render.voice import VoiceSettings
from tests.small_template import FILES, drawable, load, profile_with

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Planner:
    """The small template; the name is shown in two scenes, and something moves in the last one."""
    moving = (
        "      - {kind: shape, id: ball, shape: ellipse, fill: ink, box: {x: 40, y: 400, width: 200, height: 200},\n"
        "         keyframes: {position: [{at_s: 0, value: [0, 0]}, {at_s: 2, value: [900, 0]}]}}\n"
    )
    board = FILES["video/storyboard.yaml"] + moving
    board = board.replace("copy: hello", "fact: name", 2).replace("copy: hello", "copy: doc-title")
    return Planner(load(tmp_path_factory.mktemp("template"), drawable({"video/storyboard.yaml": board})))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def people(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Records with keys of their own."""
    return [profile_with(**{"customer__id": f"C-{number}", **one}) for number, one in enumerate(changes, start=1)]


NAMED = people(
    {"customer__name": "Anna"},
    {"customer__name": "Bruno"},
    {"customer__name": "Anna"},
    {"customer__name": "Carla", "bill__total": 2000},
    {"customer__name": "Dario", "bill__total": -5},
)


def written(folder: Path, records: Sequence[dict[str, Any]], name: str = "people.jsonl") -> Path:
    file = folder / name
    file.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return file


def told(planner: Planner, cache: Path, source: Path, **more: Any) -> Estimate:
    return estimate(planner, source, cache, DEFAULT, **{"channels": ("video",), **more})


def test_it_counts_the_chunks_that_rendering_encodes(planner: Planner, cache: Path, tmp_path: Path) -> None:
    source = written(tmp_path, NAMED)
    found = told(planner, cache, source)
    shelf, uses, seconds = EncodedShelf(), 0, 0.0
    for person in pipeline.profiles(source, planner):
        assert not isinstance(person, BadRecord)
        plan = pipeline.plan(planner, person)
        job = pipeline.prepare_job(planner.template, plan, dict(person.images), cache, chunks=shelf)
        film = pipeline.render_channel("video", job, tmp_path / "out")
        uses += int(film.figures["chunks"])
        seconds += int(film.figures["frames_total"]) / 25
    assert found.uses == uses
    assert found.unique_chunks == len(shelf.kept)
    assert found.own_chunks and found.shared_chunks
    assert found.recipients == 5 and found.film_s * 5 == pytest.approx(seconds)
    assert found.shared_part == pytest.approx(1 - len(shelf.kept) / uses)


def test_records_that_get_nothing_are_counted_by_reason(planner: Planner, cache: Path, tmp_path: Path) -> None:
    records = [*NAMED, *people({"bill__total": "much"}, {"consent__post": False}, {"bill__total": 0})]
    found = told(planner, cache, written(tmp_path, [*records, NAMED[0]]))
    assert (found.records, found.bad, found.recipients) == (9, 1, 6)
    assert found.suppressed == {"no-consent": 1, "nothing-due": 1}
    assert found.duplicates == 3, "two of those that get nothing have the ids of others"


def test_children_find_what_one_process_finds(planner: Planner, cache: Path, tmp_path: Path) -> None:
    source = written(tmp_path, people(*({"customer__name": f"Name {number % 30}"} for number in range(45))))
    steps: list[int] = []
    here = told(planner, cache, source)
    there = told(planner, cache, source, processes=2, progress=lambda done, total: steps.append(done))
    for name in ("recipients", "uses", "own_chunks", "shared_chunks", "own_s", "film_s", "records"):
        assert getattr(there, name) == pytest.approx(getattr(here, name)), name
    assert [(one.scene, one.plays, round(one.part, 6)) for one in there.scenes] == [
        (one.scene, one.plays, round(one.part, 6)) for one in here.scenes
    ]
    assert steps == sorted(steps) and steps[-1] == 45


def test_a_sample_stands_for_all(planner: Planner, cache: Path, tmp_path: Path) -> None:
    source = written(tmp_path, people(*({"customer__name": f"Somebody {number}"} for number in range(60))))
    whole, part = told(planner, cache, source), told(planner, cache, source, sample=12)
    assert part.planned == 12 and part.records == 60
    assert part.recipients == 60 and part.uses == pytest.approx(whole.uses)
    assert part.own_chunks == pytest.approx(whole.own_chunks)
    assert part.shared_chunks == whole.shared_chunks, "what all have is not multiplied"
    assert part.scenes == told(planner, cache, source, sample=12).scenes, "the same ones every time"


def test_costs_are_counted_by_channel_and_by_scene(planner: Planner, cache: Path, tmp_path: Path) -> None:
    found = told(planner, cache, written(tmp_path, NAMED), channels=("video", "statement", "microsite"))
    assert found.cpu["statements"] == pytest.approx(5 * DEFAULT.statement_s)
    assert found.cpu_s == pytest.approx(sum(found.cpu.values())) and found.disk_bytes > 5 * DEFAULT.film_bytes
    assert sum(one.part for one in found.scenes) == pytest.approx(1)
    opening = next(one for one in found.scenes if one.scene == "opening")
    assert opening.plays == 5 and opening.own_s == pytest.approx(2 * 4), "two of the five have one name"
    (causes,) = ([cause for _, cause in one.causes] for one in found.scenes if one.scene == "opening")
    assert causes[0].cause.layer == "words" and causes[0].cause.shows == "name"
    assert not told(planner, cache, written(tmp_path, NAMED), channels=("statement",)).scenes


def test_advice_names_what_is_seen_too_long_over_what_moves(cache: Path, tmp_path: Path) -> None:
    board = FILES["video/storyboard.yaml"].replace("copy: hello", "fact: name", 1).replace(
        "    layers:\n",
        "    layers:\n      - {kind: shape, id: ball, shape: ellipse, fill: ink,"
        " box: {x: 40, y: 400, width: 200, height: 200},\n"
        "         keyframes: {position: [{at_s: 0, value: [0, 0]}, {at_s: 2, value: [900, 0]}]}}\n",
        1,
    )  # fmt: skip
    planner = Planner(load(tmp_path / "template", drawable({"video/storyboard.yaml": board})))
    (line,) = advice(told(planner, cache, written(tmp_path, NAMED)))
    assert line.startswith("opening (") and "'words' (name) is in the picture for 2.0 of 2.0 s" in line
    assert "'ball' moves" in line


def test_measured_costs_tell_what_rendering_takes(planner: Planner, cache: Path, tmp_path: Path) -> None:
    model = calibrate(planner, written(tmp_path, NAMED), cache, channels=("video",), films=2)
    assert model.films_measured == 2 and set(model.scenes) >= {"opening", "closing"}
    assert 0.15 <= model.margin < 2 and 0 < model.unit_s < 0.2 and model.film_s > 0
    found = estimate(planner, written(tmp_path, NAMED), cache, model, channels=("video",), measured=True)
    assert 0.01 < found.cpu_s < 60


def test_a_film_that_speaks_is_spoken_since_scenes_wait_for_it(cache: Path, tmp_path: Path) -> None:
    board = FILES["video/storyboard.yaml"].replace("    layers:\n", "    voice: [{say: hello}]\n    layers:\n", 1)
    config = FILES["template.yaml"].replace("  video:\n", "  video:\n    voice: {quality: any}\n")
    files = drawable({"video/storyboard.yaml": board, "template.yaml": config})
    planner, source = Planner(load(tmp_path / "template", files)), written(tmp_path, NAMED[:3])
    silent = told(planner, cache, source)
    spoken = told(planner, cache, source, voices=VoiceSettings(models={"en": None}, key=bytes(32)))
    assert "speech" not in silent.cpu
    said = spoken.cpu["speech"] / DEFAULT.speech_s
    assert 1 < said < 8, "two different names were said, each in a second or two"
    assert spoken.recipients == 3 and spoken.film_s >= silent.film_s
