"""What a worker does when its environment fails in the middle of something. A real ledger, an engine that fails."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from renderer.bootstrap import Services, build
from renderer.errors import EnvironmentFault
from renderer.ledger.model import Claim, Counts
from renderer.ledger.transitions import Ledger
from renderer.orders import Order, submission
from renderer.settings import Settings
from renderer.template.release import Release
from tests.integration.queue_app import NothingEngine
from workers import log
from workers.lanes import SENT_MS
from workers.leash import sweep_old, sweep_work, this_owner
from workers.tasks import work_on

PROFILE = '{"do": "go", "name": "n"}'


class Engine(NothingEngine):
    """Fails once with what it is given."""

    fault: BaseException | None = None

    def render(self, *arguments: Any) -> Any:
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        return super().render(*arguments)


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
    item = submission(
        services.vault,
        Order(profile=PROFILE),
        recipient="r",
        idempotency=(run, "1"),
        template="nothing",
        release=release,
        channels=("statement",),
    )
    services.intake.submit(run, [item])
    services.intake.seal_run(run, 1)
    return run


def send(services: Services, queue: str) -> list[str]:
    """Dispatch a queue; the ids of a message."""
    return [part.part_id for part in services.leader.dispatch(queue, 10, SENT_MS)]


def test_a_claim_whose_answer_was_lost_is_given_back_and_costs_no_attempt(
    services: Services, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_on(services, send(services, "control"))
    real = Ledger.claim

    def lost(self: Ledger, *arguments: Any) -> Claim | None:
        real(self, *arguments)
        raise EnvironmentFault("environment.ledger", "The server closed the connection.")

    with monkeypatch.context() as away:
        away.setattr(Ledger, "claim", lost)
        work_on(services, send(services, "statement"))
    (part,) = services.reader.parts(run)
    assert (part.state, part.attempts, part.owner) == ("submitted", 0, None)
    work_on(services, send(services, "statement"))
    assert services.reader.counts(run) == Counts(input=1, done=1)
    (part,) = services.reader.parts(run)
    assert part.attempts == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_a_library_found_full_costs_no_attempt(
    services: Services, engine: Engine, run: str, number: int
) -> None:
    work_on(services, send(services, "control"))
    wrapped = RuntimeError("what a library makes of it")
    wrapped.__cause__ = OSError(number, os.strerror(number))
    engine.fault = wrapped
    work_on(services, send(services, "statement"))
    (part,) = services.reader.parts(run)
    assert (part.state, part.attempts, part.faults) == ("submitted", 0, 1)
    assert part.fault is not None and part.fault.code == "environment.disk"
    assert [pause.queue for pause in services.reader.pauses()] == ["statement"]


def test_other_faults_of_the_system_are_tried_again_and_counted(services: Services, engine: Engine, run: str) -> None:
    work_on(services, send(services, "control"))
    engine.fault = OSError(errno.EINVAL, "invalid")
    work_on(services, send(services, "statement"))
    (part,) = services.reader.parts(run)
    assert (part.state, part.attempts, part.faults) == ("submitted", 1, 0)


class Full:
    """A stderr on a full disk."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def logged() -> Iterator[None]:
    import logging

    import structlog

    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    log.set_up()
    yield
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_log_that_cannot_be_written_ends_nothing(
    services: Services, run: str, monkeypatch: pytest.MonkeyPatch, logged: None
) -> None:
    import logging

    monkeypatch.setattr("sys.stderr", Full())
    work_on(services, send(services, "control"))
    work_on(services, send(services, "statement"))
    logging.getLogger("dearly").error("said to nobody")
    assert services.reader.counts(run) == Counts(input=1, done=1)


def test_what_dead_processes_left_at_work_is_removed_and_nothing_else(tmp_path: Path) -> None:
    ours = this_owner().replace(":", "-")
    node = ours.partition("-")[0]
    names = {f"{ours}-abc": True, f"{node}-{os.getpid()}-1-abc": False, "elsewhere-1-1-abc": True, "other": True}
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.html").write_text("somebody's")
    sweep_work(tmp_path)
    assert {name: (tmp_path / name).exists() for name in names} == names
    sweep_work(tmp_path / "not-there")


def test_what_was_at_work_when_the_machine_went_down_goes_after_an_hour(tmp_path: Path) -> None:
    elsewhere = "0123456789ab-17-4711-"
    ours = f"{this_owner().replace(':', '-')}-"
    left = {f"{elsewhere}old": False, f"{elsewhere}new": True, f"{ours}old": True, "0123456789ab": True, "other": True}
    for name in left:
        (tmp_path / name).mkdir()
        (tmp_path / name / "statement.pdf").write_text("somebody's")
        if not name.endswith("new"):
            os.utime(tmp_path / name, (0, time.time() - 3700))
    sweep_work(tmp_path)
    assert {name: (tmp_path / name).exists() for name in left} == left
    assert (tmp_path / f"{ours}old").stat().st_mtime > time.time() - 60, "another one would take it for left over"


def test_what_a_killed_put_left_goes_after_an_hour(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for path in (old, new):
        path.write_text("half")
    os.utime(old, (0, time.time() - 3700))
    sweep_old(tmp_path)
    assert not old.exists() and new.exists()
    sweep_old(tmp_path / "not-there")
