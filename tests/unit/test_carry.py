"""What travels through the queue comes out as it went in: a profile, and a plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer import pipeline
from renderer.errors import ErrorList
from renderer.plan.build import Planner
from renderer.plan.read import read_plan
from renderer.profile import carry
from renderer.profile.load import BadRecord
from renderer.template.load import load_release
from renderer.template.release import Release, read_folder
from tests.filmless import without_film

TEMPLATE = Path(__file__).resolve().parents[2] / "templates/energy-bill"


@pytest.fixture(scope="module")
def planner() -> Planner:
    return Planner(load_release(without_film(read_folder(TEMPLATE))))


def samples() -> list[Path]:
    return sorted((TEMPLATE / "samples").glob("*.json"))


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.stem)
def test_profile_and_plan_survive_the_journey(path: Path, planner: Planner) -> None:
    (profile,) = pipeline.profiles(path, planner)
    assert not isinstance(profile, BadRecord)
    again = carry.from_text(carry.to_text(profile), planner.template.contract, profile.record, profile.images)
    assert again == profile
    plan = pipeline.plan(planner, profile)
    assert pipeline.plan(planner, again).data == plan.data
    read = read_plan(plan.data)
    assert read.digest == plan.digest
    assert (read.facts, read.copy, read.links) == (plan.facts, plan.copy, plan.links)
    assert (read.scenes, read.blocks, read.as_of) == (plan.scenes, plan.blocks, plan.as_of)


def test_a_picture_that_did_not_come_along_is_refused(planner: Planner) -> None:
    for path in samples():
        (profile,) = pipeline.profiles(path, planner)
        assert not isinstance(profile, BadRecord)
        if profile.images:
            with pytest.raises(ErrorList) as caught:
                carry.from_text(carry.to_text(profile), planner.template.contract, 1, {})
            assert caught.value.code == "profile.image"
            return
    pytest.fail("no sample has a picture")


def test_a_release_is_what_its_files_are() -> None:
    assert Release({"template.yaml": b"a"}).files_digest != Release({"template.yaml": b"b"}).files_digest
