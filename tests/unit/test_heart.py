"""When a worker's heart ends a child whose part takes too long. A real ledger and a real process; the clock is in the
test's hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from renderer.bootstrap import Services
from renderer.errors import EnvironmentFault
from renderer.ledger import leader
from renderer.ledger.database import Database
from renderer.ledger.leader import Leader
from renderer.ledger.model import Claim
from renderer.settings import Settings
from tests.integration.queue_app import build_nothing
from tests.unit.test_dispatch import submit
from workers import leash
from workers.heart import BEAT_S, CALM_S, Heart

WORKER = "nobody:1:1"


class Beating:
    """A heart that beats when it is told to."""

    def __init__(self, services: Services) -> None:
        self._settings = services.settings
        self.now = 1000.0
        self._heart = Heart(services.settings, WORKER, "pages", ["control"], 1, lambda: self.now)

    def become_calm(self) -> None:
        """Beat until a child that is late is ended."""
        for _ in range(4):
            self.beat()

    def beat(self, *, after_s: float = BEAT_S) -> None:
        self.now += after_s
        with closing(Database(self._settings.database, pooled=False)) as database:
            self._heart._beat(database)


def owner_of(process: subprocess.Popen[bytes]) -> str:
    return f"{leash._node()}:{process.pid}:{leash._started(process.pid)}"


def give_late_part(services: Services, child: subprocess.Popen[bytes]) -> Claim:
    """A part whose time is up at once."""
    submit(services, 1)
    (part,) = services.leader.dispatch("control", 1, 60_000)
    claim = services.ledger.claim(part.part_id, owner_of(child), -1, WORKER)
    assert claim is not None
    return claim


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return build_nothing(Settings(home=tmp_path / "home", children=1, broker_url="memory://", database_url=""))


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until it is ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_a_child_that_is_late_since_the_ledger_was_away_has_time_to_say_that_it_is_done(
    services: Services, child: subprocess.Popen[bytes]
) -> None:
    beating = Beating(services)
    beating.become_calm()
    give_late_part(services, child)

    beating.beat(after_s=60)
    beating.beat()
    beating.beat()
    assert child.poll() is None and services.reader.in_flight("control") == (0, 1)

    beating.beat(after_s=CALM_S - 2 * BEAT_S)  # it had time
    assert child.wait(30) == -9


def test_a_child_that_is_done_at_the_last_moment_is_left_its_next_part(
    services: Services, child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    beating = Beating(services)
    beating.become_calm()
    claim = give_late_part(services, child)
    submit(services, 1)
    (following,) = services.leader.dispatch("control", 1, 60_000)

    def done_since(_: Any, is_dead: Any, late_ms: int) -> str | None:
        meanwhile.undo()
        assert services.ledger.planned(claim, "digest", b"plan")
        assert services.ledger.claim(following.part_id, owner_of(child), 60_000, WORKER) is not None
        return "late"

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(leader, "_ended", done_since)
        beating.beat()
    beating.beat()
    assert child.poll() is None and services.reader.in_flight("control") == (0, 1)


def test_whose_part_is_taken_back_for_its_time_is_ended(
    services: Services, child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the ledger goes away just after: the process would go on with what is nobody's any more, and keep its
    place from all others."""
    beating = Beating(services)
    beating.become_calm()
    give_late_part(services, child)
    sweep = Leader.sweep

    def away_after(ours: Leader, *arguments: Any, **named: Any) -> int:
        sweep(ours, *arguments, **named)
        raise EnvironmentFault("environment.ledger", "Away.")

    monkeypatch.setattr(Leader, "sweep", away_after)
    with pytest.raises(EnvironmentFault):
        beating.beat()
    assert child.wait(30) == -9 and services.reader.in_flight("control") == (0, 0)
