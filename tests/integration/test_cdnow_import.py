"""Real customers: the data is whole, the samples are what the importer writes, and everybody gets a plan.

All 23,570 plans take minutes; one customer in forty, the samples and both ends of the data stand for them here.
``docs/loyalty-year.md`` says how to run them all.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from importlib import metadata
from pathlib import Path

import pytest

from renderer.pipeline import open_template, plan, profiles
from renderer.plan.model import RenderPlan
from renderer.profile.model import Profile

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "templates/loyalty-year"
CUSTOMERS, ORDERS, SPENT = 23_570, 69_659, Decimal("2500315.63")


def has_data() -> bool:
    try:
        return bool(metadata.files("lifetimes"))
    except metadata.PackageNotFoundError:
        return False


pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not has_data(), reason="the extra 'demo' is not installed"),
]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all profiles and the samples, made as the documentation says."""
    folder = tmp_path_factory.mktemp("cdnow")
    (folder / "samples").mkdir()
    importer = str(TEMPLATE / "import_cdnow.py")
    subprocess.run([sys.executable, importer, "--out", "all.jsonl", "--samples", "samples"], check=True, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def some(imported: Path) -> Path:
    """One customer in forty, and both ends of the data."""
    lines = (imported / "all.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(lines) == CUSTOMERS
    (imported / "some.jsonl").write_text("".join([*lines[::40], lines[-1]]), encoding="utf-8")
    return imported / "some.jsonl"


@pytest.fixture(scope="module")
def plans(some: Path) -> list[RenderPlan]:
    planner = open_template("loyalty-year")
    made = []
    for profile in profiles(some, planner):
        assert isinstance(profile, Profile), profile
        made.append(plan(planner, profile))
    return made


def test_the_samples_are_what_the_importer_writes(imported: Path) -> None:
    committed = {file.name: file.read_bytes() for file in TEMPLATE.glob("samples/*.json")}
    assert committed == {file.name: file.read_bytes() for file in imported.glob("samples/*.json")}


def test_no_order_is_lost_and_no_cent(imported: Path) -> None:
    customers, orders, spent = 0, 0, Decimal(0)
    with (imported / "all.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line, parse_float=Decimal)
            customers += 1
            orders += len(record["orders"])
            spent += record["totals"]["spent"]
            assert record["totals"]["spent"] == sum(order["amount"] for order in record["orders"])
    assert (customers, orders, spent) == (CUSTOMERS, ORDERS, SPENT)


def test_everybody_gets_a_plan_and_nobody_is_left_out(plans: list[RenderPlan]) -> None:
    assert len(plans) == CUSTOMERS // 40 + 2
    assert {made.suppression for made in plans} == {None}


def test_every_story_is_told_and_every_locale_spoken(plans: list[RenderPlan]) -> None:
    stories = Counter(scene for made in plans for scene in made.scenes if scene.startswith("story-"))
    assert set(stories) == {
        f"story-{name}" for name in ("big-spender", "newcomer", "slipping", "long-gone", "regular", "listener")
    }
    assert stories.most_common(1)[0][0] == "story-long-gone"
    assert {made.locale for made in plans} == {"en", "it", "fr", "ro"}


def test_a_decision_can_be_explained(plans: list[RenderPlan]) -> None:
    for made in plans:
        story = next(one for one in made.decisions if one.id == "story" and one.kind == "scene")
        assert len(story.chosen) == 1
