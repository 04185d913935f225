"""Real customers: the data is whole, the samples are what the importer writes, and everybody gets a plan.

All 23,570 plans take minutes, so one customer in forty stands for them, unless CDNOW_EVERY says otherwise:
``CDNOW_EVERY=1 ./run test tests/integration/test_cdnow_import.py -o timeout=0`` plans everybody.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
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
    pytest.mark.slow,
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


EVERY = int(os.environ.get("CDNOW_EVERY", "40"))
STORIES = {f"story-{name}" for name in ("big-spender", "newcomer", "slipping", "long-gone", "regular", "listener")}


@dataclass(frozen=True)
class Outcome:
    """What is looked at of a plan; whole plans of everybody would not fit into memory."""

    suppression: str | None
    locale: str
    stories: tuple[str, ...]
    unexplained: tuple[str, ...]


@pytest.fixture(scope="module")
def some(imported: Path) -> Path:
    """Some of the customers, the first and the last among them."""
    lines = (imported / "all.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    assert len(lines) == CUSTOMERS
    (imported / "some.jsonl").write_text("".join([*lines[:-1:EVERY], lines[-1]]), encoding="utf-8")
    return imported / "some.jsonl"


@pytest.fixture(scope="module")
def outcomes(some: Path) -> list[Outcome]:
    planner = open_template("loyalty-year")
    made = []
    for profile in profiles(some, planner):
        assert isinstance(profile, Profile), profile
        made.append(outcome(plan(planner, profile)))
    return made


def outcome(made: RenderPlan) -> Outcome:
    chosen = [*made.offers.values(), *made.scenes, *made.blocks]
    reasons = {one for decision in made.decisions for one in decision.chosen}
    return Outcome(
        suppression=made.suppression,
        locale=made.locale,
        stories=tuple(scene for scene in made.scenes if scene in STORIES),
        unexplained=tuple(one for one in chosen if one not in reasons),
    )


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


def test_everybody_gets_a_plan_and_nobody_is_left_out(outcomes: list[Outcome]) -> None:
    assert len(outcomes) == len(range(0, CUSTOMERS - 1, EVERY)) + 1
    assert {made.suppression for made in outcomes} == {None}


def test_everybody_has_one_story_and_every_story_is_told(outcomes: list[Outcome]) -> None:
    assert {len(made.stories) for made in outcomes} == {1}
    told = Counter(made.stories[0] for made in outcomes)
    assert set(told) == STORIES
    assert told.most_common(1)[0][0] == "story-long-gone"
    assert {made.locale for made in outcomes} == {"en", "it", "fr", "ro"}


def test_every_choice_has_a_reason(outcomes: list[Outcome]) -> None:
    assert {made.unexplained for made in outcomes} == {()}
