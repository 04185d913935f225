"""Webhooks for tests as they go out: a home with endpoints, things that happen, and real couriers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from renderer.bootstrap import Services, build
from renderer.ledger.database import Database
from renderer.ledger.delivery_log import Logged
from renderer.operations.webhooks import Webhooks, make_sender
from renderer.settings import Settings
from tests.receivers import LOOPBACK
from workers.courier import Courier

PATIENCE_S = 120.0
ROOT = Path(__file__).resolve().parents[1]


class Office:
    """A home with endpoints, and things that happen."""

    def __init__(self, home: Path, database_url: str = "", **settings: Any) -> None:
        self.settings = Settings(
            home=home, broker_url="", database_url=database_url, **{"webhook_allow": LOOPBACK, **settings}
        )
        self.services: Services = build(self.settings)
        self.webhooks = Webhooks(self.settings, self.services.endpoints, self.services.vault)
        self.secrets: dict[str, str] = {}

    def add(self, url: str, **wants: Any) -> str:
        made = self.webhooks.add(url, **wants)
        self.secrets[made.endpoint.id] = made.secret
        return made.endpoint.id

    def happen(self, count: int = 1) -> list[str]:
        """Let runs be called off; the ids of the messages that tell of it."""
        ids = []
        for _ in range(count):
            run = self.services.intake.open_run("demo")
            self.services.intake.cancel_run(run)
            ids.append(f"run-{run}")
        return ids

    def log(self, endpoint: str, limit: int = 1000) -> list[Logged]:
        return self.services.delivery_log.of(endpoint, limit)

    def codes(self, endpoint: str) -> list[str | None]:
        return [attempt.code for one in reversed(self.log(endpoint)) for attempt in one.attempts]

    @contextmanager
    def courier(self, owner: str = "courier", chance: Callable[[], float] = lambda: 0.0) -> Iterator[None]:
        """A courier in an event loop of its own, in a thread, while the block lasts; stopped in order."""
        import threading

        loop, stop = asyncio.new_event_loop(), asyncio.Event()
        database = Database(self.settings.database)

        async def run() -> None:
            from renderer.ledger.deliveries import Deliveries

            courier = Courier(
                Deliveries(database),
                self.services.vault,
                make_sender(self.settings),
                connections=self.settings.webhook_connections,
                owner=owner,
                chance=chance,
            )
            await courier.run(stop)

        thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
        thread.start()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(60)
            assert not thread.is_alive()
            loop.close()
            database.close()

    def process(self, home_database: str = "", last_s: float | None = None) -> subprocess.Popen[bytes]:
        """A courier as an operator starts one, or one that goes on for ``last_s`` once it was told to stop."""
        environment = {
            "DEARLY_HOME": str(self.settings.home),
            "DEARLY_DATABASE_URL": home_database,
            "DEARLY_WEBHOOK_ALLOW": LOOPBACK,
            "PATH": "/usr/bin:/bin",
        }
        command = [sys.executable, "-m", "workers.courier"]
        if last_s is not None:
            patient = f"from workers import courier; courier.LAST_S = {last_s}; raise SystemExit(courier.main())"
            command = [sys.executable, "-c", patient]
        with (self.settings.home / "courier.log").open("ab") as out:
            return subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd=ROOT)

    def close(self) -> None:
        self.services.database.close()


@contextmanager
def office_at(home: Path, database_url: str = "", **settings: Any) -> Iterator[Office]:
    """An office that closes with the block."""
    made = Office(home, database_url, **settings)
    try:
        yield made
    finally:
        made.close()


def until(true: Callable[[], Any], what: Callable[[], object] = lambda: None) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, what()
        time.sleep(0.02)
