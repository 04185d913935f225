"""The parts of one message, one after the other: each is claimed with the end of the one before, in one folder, and
none has to answer for another. A real ledger, an engine that renders next to nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from renderer.bootstrap import Services, build
from renderer.errors import EnvironmentFault, RenderError
from renderer.ledger.model import Claim, Counts, Outcome, Part, Wish
from renderer.ledger.transitions import Ledger
from renderer.orders import Order, submission
from renderer.settings import Settings
from renderer.template.release import Release
from tests.integration.queue_app import NothingEngine
from workers.lanes import SENT_MS
from workers.leash import this_owner
from workers.tasks import work_on

COUNT = 4


class Engine(NothingEngine):
    """Notes what it finds in its folder; leaves something there; fails where it is told to."""

    def __init__(self, journal: Path) -> None:
        super().__init__(journal)
        self.found: list[tuple[Path, list[str]]] = []
        self.fails_at: set[int] = set()

    def render(self, release: Any, plan: Any, channel: Any, out: Path, *rest: Any) -> Any:
        self.found.append((out, sorted(path.name for path in out.rglob("*") if not path.is_dir())))
        (out / channel / "deep" / "er").mkdir(parents=True)
        (out / channel / "deep" / "er" / "left").write_text("somebody's")
        (out / "beside").write_text("somebody's")
        if len(self.found) - 1 in self.fails_at:
            raise RenderError("render.glyph", "A glyph is missing.")
        return super().render(release, plan, channel, out, *rest)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path / "journal")


@pytest.fixture
def services(tmp_path: Path, engine: Engine) -> Services:
    return build(Settings(home=tmp_path / "home", broker_url="", database_url=""), engine)


@pytest.fixture
def run(services: Services) -> str:
    release = services.releases.publish(Release({"template.yaml": b"id: nothing"}))
    run = services.intake.open_run("test")
    services.intake.submit(
        run,
        [
            submission(
                services.vault,
                Order(profile=f'{{"do": "go", "name": "n", "n": {number}}}'),
                recipient="r",
                idempotency=(run, str(number)),
                template="nothing",
                release=release,
                channels=("statement",),
                record=number + 1,
            )
            for number in range(COUNT)
        ],
    )
    services.intake.seal_run(run, COUNT)
    return run


def send(services: Services, queue: str) -> list[str]:
    return [part.part_id for part in services.leader.dispatch(queue, 10, SENT_MS)]


def parts(services: Services, run: str, ids: Sequence[str]) -> list[Part]:
    known = {part.id: part for part in services.reader.parts(run)}
    return [known[part_id] for part_id in ids]


def test_one_is_claimed_with_the_end_of_another_and_no_file_of_one_is_there_for_the_next(
    services: Services, run: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims: list[str] = []
    real = Ledger.claim

    def claim(self: Ledger, part_id: str, *rest: Any) -> Claim | None:
        claims.append(part_id)
        return real(self, part_id, *rest)

    monkeypatch.setattr(Ledger, "claim", claim)
    plans = send(services, "control")
    work_on(services, plans)
    ids = send(services, "statement")
    engine.fails_at = {1}
    work_on(services, ids)
    assert claims == [plans[0], ids[0], ids[2]]  # a failure ends by itself
    assert services.reader.counts(run) == Counts(input=COUNT, done=COUNT - 1, failed=1)
    assert [found for _, found in engine.found] == [[]] * COUNT
    assert len({folder for folder, _ in engine.found}) == 2  # what failed had the last of its folder
    assert list(services.settings.work.iterdir()) == []


def test_only_the_part_at_work_answers_for_a_death(
    services: Services, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_on(services, send(services, "control"))
    ids = send(services, "statement")

    class Death(BaseException):
        pass

    def die(self: NothingEngine, *_: Any) -> None:
        raise Death

    real = Ledger.finish_and_claim

    def then_die(self: Ledger, claim: Claim, outcome: Outcome, wish: Wish) -> tuple[bool, Claim | None]:
        found = real(self, claim, outcome, wish)
        monkeypatch.setattr(Engine, "render", die)
        return found

    monkeypatch.setattr(Ledger, "finish_and_claim", then_die)
    with pytest.raises(Death):
        work_on(services, ids)
    assert services.leader.sweep(lambda owner: owner == this_owner()) == 1
    found = parts(services, run, ids)
    assert [part.state for part in found] == ["done", "submitted", "dispatched", "dispatched"]
    assert [part.crashes for part in found] == [0, 1, 0, 0]
    assert [part.attempts for part in found] == [1, 1, 0, 0]


def test_an_end_whose_answer_was_lost_counts_and_the_claim_with_it_is_given_back(
    services: Services, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_on(services, send(services, "control"))
    ids = send(services, "statement")
    real = Ledger.finish_and_claim

    def lost(self: Ledger, claim: Claim, outcome: Outcome, wish: Wish) -> tuple[bool, Claim | None]:
        monkeypatch.setattr(Ledger, "finish_and_claim", real)
        real(self, claim, outcome, wish)
        raise EnvironmentFault("environment.ledger", "The answer did not come.")

    monkeypatch.setattr(Ledger, "finish_and_claim", lost)
    work_on(services, ids)
    found = parts(services, run, ids)
    assert [part.state for part in found] == ["done", "submitted", "done", "done"]
    assert [part.attempts for part in found] == [1, 0, 1, 1]
    work_on(services, send(services, "statement"))
    assert services.reader.counts(run) == Counts(input=COUNT, done=COUNT)
    assert {part.attempts for part in services.reader.parts(run)} == {1}
    files = [file for request in services.reader.requests(run) for file in services.reader.artefacts(request.id)]
    assert len(files) == COUNT
    assert all((services.settings.store / file.key).stat().st_size == file.bytes for file in files)
    assert os.listdir(services.settings.work) == []


def test_who_stops_claims_no_more(services: Services, run: str) -> None:
    work_on(services, send(services, "control"))
    ids = send(services, "statement")
    begun = iter([False, False, True])
    work_on(services, ids, stopping=lambda: next(begun, True))
    assert [part.state for part in parts(services, run, ids)] == ["done", "done", "submitted", "submitted"]
    assert [part.attempts for part in parts(services, run, ids)] == [1, 1, 0, 0]
