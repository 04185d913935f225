"""A worker's heartbeat: a thread of the process that has the children, so that nothing that they or the broker do can
stop it. It also ends children whose part takes too long, and takes back at once what a dead child had.

A process that forks must not be in the middle of anything: the thread holds a lock while it beats, forks wait for the
lock, and no connection to the database outlives a beat.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress

import structlog

from renderer.errors import EnvironmentFault
from renderer.ledger.database import Database
from renderer.ledger.leader import NEVER_MS, Leader, Roll
from renderer.settings import Settings
from renderer.store.local import INCOMING
from workers import log
from workers.leash import is_dead, sweep_old, sweep_work

BEAT_S = 3.0

CALM_S = 2.5 * BEAT_S
"""For so long the ledger must have been there before silence says anything about a worker, and lateness about a child:
while it is away nobody can say that he lives, and nobody can end a part."""

events = structlog.get_logger("dearly")


class Heart(threading.Thread):
    """Beats for ``worker`` (its owner's name) until :meth:`stop`."""

    def __init__(
        self,
        settings: Settings,
        worker: str,
        name: str,
        queues: Sequence[str],
        children: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="heart", daemon=True)
        self._settings = settings
        self._worker = worker
        self._about = {"name": name, "queues": queues, "children": children}
        self._now = now
        self._stopped = threading.Event()
        self._heard = float("-inf")  # when the ledger last answered
        self._since = 0.0  # and since when it has done so without a pause
        self._calm = threading.Lock()
        os.register_at_fork(
            before=self._calm.acquire, after_in_parent=self._calm.release, after_in_child=self._calm.release
        )

    def run(self) -> None:
        while True:
            self._carefully(self._beat)
            if self._stopped.wait(BEAT_S):
                return

    def stop(self) -> None:
        """Beat no more; the worker has ended in order."""
        self._stopped.set()
        self.join(2 * BEAT_S)
        self._carefully(lambda database: Roll(database).stop(self._worker))

    def _carefully(self, act: Callable[[Database], None]) -> None:
        try:
            with self._calm, closing(Database(self._settings.database, pooled=False)) as database:
                act(database)
        except EnvironmentFault as error:
            events.error("no heartbeat", code=error.code)
        except Exception as error:  # the heart must not stop for it
            events.error("no heartbeat", error=type(error).__name__, where=log.where(error))

    def _beat(self, database: Database) -> None:
        sweep_work(self._settings.work)
        sweep_old(self._settings.store / INCOMING)
        Roll(database).beat(self._worker, **self._about)  # type: ignore[arg-type]
        # Where the ledger was away, or this process stopped, nobody is late: a part that is done could not say so, and
        # does not do so at once.
        now = self._now()
        if now - self._heard >= 3 * BEAT_S:
            self._since = now
        self._heard = now
        calm = now - self._since >= CALM_S
        late: list[str] = []
        try:
            limit = 0 if calm else NEVER_MS
            back = Leader(database).sweep(is_dead, worker=self._worker, late_ms=limit, on_late=late.append)
            if back:
                events.warning("taken back", parts=back)
        finally:  # the ledger may go away in the middle, and would not tell of them again
            for owner in late:
                if not is_dead(owner):
                    with suppress(ProcessLookupError):
                        os.kill(int(owner.split(":")[1]), signal.SIGKILL)
                    events.error("child killed", owner=owner)
