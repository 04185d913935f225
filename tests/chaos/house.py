"""A whole service on a home of its own: supervisor, broker, workers and their children as real processes, and a hand in
its ledger. Everything that was started ends with :meth:`House.close`, whatever happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, select, update

from renderer.bootstrap import Services, build
from renderer.ledger.database import Database
from renderer.ledger.model import Counts
from renderer.ledger.tables import parts, requests
from renderer.orders import submission
from renderer.settings import Settings
from renderer.template.model import Channel
from renderer.template.release import read_folder
from tests.brokers import Own
from tests.chaos import customers, processes
from tests.chaos.processes import Process
from tests.listening import listen
from tests.stores import REGION, Bucket, Seaweed
from workers.leash import is_dead

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 150.0
"""How long anything may take that should take seconds: other tests run beside."""

SERVICE = "workers.supervisor"
FAULTY = "tests.chaos.app"


class House:
    """``database`` is the ledger's address, empty for SQLite; ``bucket`` has the files, or one of a ``store`` that
    the test started, else a folder of the home has them.
    ``broker`` is one that the test started, or its address; none for the embedded one. ``environment`` is for its
    processes only. ``key_file`` is for machines that share the rest. Commands begin with the words of ``within``, such
    as those that enter a machine, and then end with that one."""

    def __init__(
        self,
        home: Path,
        database: str = "",
        *,
        module: str = SERVICE,
        broker: str | Own = "",
        bucket: Bucket | None = None,
        store: Seaweed | None = None,
        environment: Mapping[str, str] | None = None,
        key_file: Path | None = None,
        children: int = 2,
        within: Sequence[str] = (),
    ) -> None:
        self.module = module
        self.own_broker = broker if isinstance(broker, Own) else None
        address = broker.url if isinstance(broker, Own) else broker
        self.own_store = store
        kept: dict[str, Any] = {}
        if store is not None:
            bucket = store.bucket()
        if bucket is not None:
            kept |= {"store_url": bucket.url, "s3_endpoint": bucket.endpoint, "s3_region": REGION}
        if key_file is not None:
            kept |= {"key_file": key_file}
        self.settings = Settings(home=home, children=children, broker_url=address, database_url=database, **kept)
        self.environment = {
            "DEARLY_HOME": str(home),
            "DEARLY_CHILDREN": str(children),
            "DEARLY_KEY_FILE": str(self.settings.key_file),
            "DEARLY_BROKER_URL": address,
            "DEARLY_DATABASE_URL": database,
            **(bucket.environment if bucket is not None else {}),
            **(environment or {}),
        }
        self.within = tuple(within)
        self.services: Services = build(self.settings)
        if key_file is None:  # what ends is announced, and waits; of several machines the first has seen to it
            with self.services.database.writing() as connection:
                listen(connection)
        (home / "longer").touch()
        self.release = self.services.releases.publish(read_folder(customers.template(home / "template")))
        self.started: list[subprocess.Popen[bytes]] = []
        self.family: set[Process] = set()
        self.supervisor: subprocess.Popen[bytes] | None = None

    # ---- Processes

    def start(self) -> None:
        """Start the supervisor, as an operator's process manager does."""
        self.supervisor = self.run(self.module)

    def run(self, module: str, *arguments: str, log: str = "supervisor") -> subprocess.Popen[bytes]:
        """``python -m module arguments…`` for this home, ended with us."""
        with (self.settings.home / f"{log}.log").open("ab") as out:
            tied = () if self.within else ("-m", "tests.chaos.tied", str(os.getpid()), module)
            process = subprocess.Popen(
                [*self.within, sys.executable, *(tied or ("-m", module)), *arguments],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        self.started.append(process)
        return process

    def hurry(self) -> None:
        """Let statements take no longer than they need (:mod:`tests.chaos.app`): what a test waited to meet has been
        met."""
        (self.settings.home / "longer").unlink(missing_ok=True)

    def hold(self, number: int) -> None:
        """Let statements of customers from this number on not end, until somebody says otherwise: somebody is at work,
        however fast the machine is and however long the test sleeps. Whoever is to go on needs a process more than
        there are such customers."""
        new = self.settings.home / "longer-new"
        new.write_text(str(number))
        new.replace(self.settings.home / "longer")

    def whole(self) -> list[Process]:
        """What there is below all that was started, once all workers of the supervisor are there with children."""

        def there() -> bool:
            family = self.look()
            workers = [process.pid for process in family if processes.kind_of(process, family) == "worker"]
            return len(workers) >= 4 and {*workers} <= {process.parent for process in family}

        self.until(there)
        return self.look()

    def look(self) -> list[Process]:
        """What there is now below all that was started; kept in mind for :meth:`close`."""
        found = [process for started in self.started if started.poll() is None for process in below(started)]
        self.family.update(found)
        return found

    def stop(self) -> int:
        """Stop the supervisor in order; its exit code."""
        assert self.supervisor is not None
        self.look()
        if self.within:  # the command that entered the machine would die and leave it running there
            processes.descendants(self.supervisor.pid)[0].signal(signal.SIGTERM)
        else:
            self.supervisor.terminate()
        return self.supervisor.wait(PATIENCE_S)

    def close(self) -> None:
        """End all that is left, by id."""
        self.look()
        for started in self.started:
            if started.poll() is None:
                started.kill()
            started.wait()
        for process in self.family:
            process.kill()
        self.services.reader._database.close()
        until(lambda: not self.left(), lambda: f"still there: {self.left()}")

    def left(self) -> list[Process]:
        """Those of the processes seen that have not ended."""
        return [process for process in self.family if process.alive()]

    # ---- Work

    def submit(
        self,
        numbers: Iterable[int],
        *,
        notes: Mapping[int, str] | None = None,
        lines: int = 25,
        channels: Sequence[Channel] = ("microsite", "statement"),
        priority: int = 0,
    ) -> str:
        """A run with these customers, put into the ledger directly."""
        run = self.services.intake.open_run("test", template="small", release=self.release)
        wanted = list(numbers)

        def one(place: int, number: int) -> Any:
            text = json.dumps(customers.profile(number, lines=lines, note=(notes or {}).get(number, "")))
            taken = self.services.engine.take(self.services.releases.get(self.release), text)
            return submission(
                self.services.vault,
                taken.order,
                recipient=taken.recipient,
                idempotency=(run, str(number)),
                template="small",
                release=self.release,
                channels=channels,
                priority=priority,
                record=place,
            )

        new = self.services.intake.submit(run, (one(place, number) for place, number in enumerate(wanted, 1)))
        self.services.intake.seal_run(run, new)
        return run

    def put_off(self, run: str, record: int) -> None:
        """Let a run's requests from this record on wait for :meth:`begin`: something is left to do."""
        self._available(run, parts.c.record >= record, 2**60)

    def begin(self, run: str, record: int) -> None:
        """Let a run's requests up to this record be made."""
        self._available(run, parts.c.record <= record, 0)

    def _available(self, run: str, which: ColumnElement[bool], at_ms: int) -> None:
        plans = (parts.c.channel == "plan") & (parts.c.state == "submitted") & which
        ours = parts.c.request_id.in_(select(requests.c.id).where(requests.c.run_id == run))
        with closing(Database(self.settings.database)) as database, database.writing() as connection:
            connection.execute(update(parts).where(plans, ours).values(available_ms=at_ms))

    def counts(self, run: str) -> Counts:
        return self.services.reader.counts(run)

    def records(self, run: str) -> dict[str, int]:
        """The record of each request of a run."""
        with closing(Database(self.settings.database)) as database, database.reading() as connection:
            rows = connection.execute(select(requests.c.id, requests.c.record).where(requests.c.run_id == run))
            return {row.id: row.record for row in rows}

    def at_work(self) -> bool:
        """Whether a process that lives is making something."""
        with closing(Database(self.settings.database)) as database, database.reading() as connection:
            owners = connection.scalars(select(parts.c.lease_owner).where(parts.c.state == "running")).all()
        return any(not is_dead(owner) for owner in owners)

    def until(self, true: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
        """Wait for something. On failure the end of the logs is shown."""
        until(true, self.tail, patience_s)

    def finished(self, run: str, patience_s: float = PATIENCE_S) -> Counts:
        """Wait until nothing of a run is open and the run has ended."""
        self.until(lambda: self.services.reader.run_state(run) not in ("open", "running"), patience_s)
        return self.counts(run)

    def tail(self) -> str:
        """What the service said last."""
        said = []
        for log in [*self.settings.home.glob("*.log"), *self.settings.logs.iterdir()]:
            lines = log.read_text("utf-8", "replace").splitlines()[-12:]
            said += [f"--- {log.name}", *(line[:600] for line in lines)]
        return "\n".join(said)


def below(started: subprocess.Popen[bytes]) -> list[Process]:
    """A process that was started and all that it started."""
    root = processes.of(started.pid)
    return ([root] if root is not None else []) + processes.descendants(started.pid)


def until(true: Callable[[], Any], or_say: Callable[[], str], patience_s: float = PATIENCE_S) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end, or_say()
        time.sleep(0.05)
