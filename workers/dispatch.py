"""The dispatcher: keeps a small window of parts in the broker, and takes back what nobody works on.

However large a run is, the broker holds a few messages of it; a cancelled run or a wiped broker needs no repair. Of
several dispatchers one leads and the others wait. It runs in the supervisor, or by itself as
``python -m workers.dispatch`` where operators start the workers.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event
from typing import Any

import structlog
from celery import Celery

from renderer.batch.balance import Settler
from renderer.bootstrap import Services
from renderer.errors import EnvironmentFault
from renderer.installation import check_clock
from renderer.ledger.holds import Holds
from renderer.ledger.leader import LATE_MS, NEVER_MS, NotLeader
from renderer.ledger.model import Fence, Ready
from renderer.operations.upkeep import Caretaker
from workers import log
from workers.app import WORK
from workers.heart import BEAT_S, CALM_S
from workers.lanes import LANES, MESSAGE_S, SENT_MS
from workers.leash import is_dead, this_owner
from workers.post import Post

TICK_S = 0.05
"""How often the urgent lane is looked at."""

FILL_S = 0.2
"""How often the other windows are looked at."""

SWEEP_S = 1.0
"""How often processes of this machine are looked at, and runs that may have ended."""

UPKEEP_S = 1.0
"""How often a little is done of what has time."""

BURY_S = 5.0
"""How often the workers' heartbeats are looked at."""

LEAD_S = 2.0
LEAD_MS = 8_000
"""How often the leader renews its lease, and how long the lease is."""

LOST_S = 5.0
"""After so long without any movement in a queue the broker is asked whether it still has the messages."""

CALMER_S = CALM_S + 3 * BEAT_S
"""For so long the ledger must have been there before this takes back what goes on for too long: workers do it first,
and only they can end the process."""

QUIET_MS = round(2 * BEAT_S * 1000)
"""When nobody was heard of for so long, nobody can be. It is less than a worker may be silent, by more than ``BURY_S``,
so that it is noticed before anybody looks dead."""

AWAY = ("environment.store", "environment.ledger")
AWAY_S = 1.0
"""What is waited for when a service starts, and how often it is looked at."""

FAULT_S = 1.0
"""How long is waited after a fault that nobody has thought of."""

events = structlog.get_logger("dearly")


class Dispatcher:
    """One dispatcher, known by its ``owner``: as a rule this process."""

    def __init__(
        self,
        services: Services,
        app: Celery,
        now: Callable[[], float] = time.monotonic,
        owner: str | None = None,
        post: Post | None = None,
    ) -> None:
        self._services = services
        self._app = app
        self._post = post or Post(app)
        self._now = now
        self._owner = owner or this_owner()
        self._fence: Fence | None = None
        self._settler = Settler(services, now)
        self._next: dict[str, float] = {}
        self._calm: float | None = None  # since when the ledger has answered
        self._heard: float | None = None  # since when somebody's heartbeats have come
        self._moved: dict[str, tuple[tuple[int, int], float]] = {}
        self._caretaker = Caretaker(services, now)
        self._holds = Holds(services.database)

    def tick(self) -> int:
        """Lead if nobody does, sweep when it is time, fill the windows; the number of parts sent. Raises nothing that
        will pass."""
        try:
            if self._now() < self._next.get("tick", float("-inf")):
                return 0
            return self._lead()
        except NotLeader:
            self._fence = None
        except EnvironmentFault as error:
            self._calm = None
            events.error("dispatcher waits", code=error.code)
            self._next["tick"] = self._now() + FAULT_S
        except Exception as error:  # a broker that is away or full has many ways to say so; the service must not end
            events.error(
                "dispatcher waits", code="environment.broker", error=type(error).__name__, where=log.where(error)
            )
            self._next["tick"] = self._now() + FAULT_S
        return 0

    def _lead(self) -> int:
        if self._due("lead", LEAD_S):
            fence = self._services.leader.lead("dispatcher", self._owner, LEAD_MS, is_dead)
            if fence != self._fence:
                self._moved.clear()  # another one may have led meanwhile
                self._heard = None
            self._fence = fence
            if self._calm is None:
                self._calm = self._now()
        if self._fence is None:
            return 0
        calm_s = 0.0 if self._calm is None else self._now() - self._calm
        if self._due("bury", BURY_S):
            self._bury(calm_s >= CALM_S)
        if self._due("sweep", SWEEP_S):
            late_ms = LATE_MS if calm_s >= CALMER_S else NEVER_MS
            back = self._services.leader.sweep(is_dead, fence=self._fence, late_ms=late_ms)
            if back:
                events.warning("taken back", parts=back)
            for run in self._services.leader.settle(self._fence):
                events.info("run has ended", run=run)
            for run in self._holds.tell(self._fence):
                events.info("run waits for an approval", run=run)
        if self._settler.busy or self._due("settle", SWEEP_S):
            for run in self._settler.settle(self._fence):
                events.info("run has ended", run=run)
        sent = self._fill("urgent", self._fence)
        if self._due("fill", FILL_S):
            sent += sum(self._fill(queue, self._fence) for queue in LANES if queue != "urgent")
        if self._due("upkeep", UPKEEP_S):
            self._caretaker.tick(self._fence)
        return sent

    def _bury(self, calm: bool) -> None:
        """Declare workers dead, and send again what was sent to their queues: a message that one of them had fetched
        is out of the broker, and would be missed only once nothing else moves. Sent twice it does no harm.

        A disk that is nearly full takes what the leader writes and no heartbeat. Once it takes them, one worker is
        heard of before the others: each has time for a beat before silence says anything about it."""
        if self._services.roll.quiet_ms() > QUIET_MS:
            self._heard = None
        elif self._heard is None:
            self._heard = self._now()
        heard = self._heard is not None and self._now() - self._heard >= CALM_S
        gone = self._services.roll.bury(is_dead, silent=calm and heard)
        for worker in gone:
            events.error("worker is dead", worker=worker)
        queues = self._services.reader.queues_of(gone)
        for queue in [name for name in LANES if name in queues]:
            back = self._services.leader.undispatch(self._services.reader.sent(queue))
            if back:
                events.warning("sent again", queue=queue, parts=back)

    def resign(self) -> None:
        """Leave the lead to another one at once."""
        if self._fence is not None:
            self._services.leader.resign(self._fence)
            self._fence = None

    def _due(self, what: str, every_s: float) -> bool:
        now = self._now()
        if now < self._next.get(what, float("-inf")):
            return False
        self._next[what] = now + every_s
        return True

    def _fill(self, queue: str, fence: Fence) -> int:
        lane = LANES[queue]
        # A queue that was never looked at may hold what an earlier dispatcher has sent.
        if queue in self._moved and self._moved[queue][0] == (0, 0) and not self._services.reader.waiting(queue):
            return 0
        flight = self._services.reader.in_flight(queue)
        if self._lost(queue, flight):
            flight = (0, 0)
        children = 1 if lane.single else self._services.settings.lane_children
        sent = sum(flight)
        if sent >= lane.low * children * lane.shard:
            return 0
        room = lane.high * children * lane.shard - sent
        ready = self._services.leader.dispatch(queue, room, SENT_MS, fence)
        messages = shards(ready, lane.shard, children)
        for count, ids in enumerate(messages):
            try:
                self._post.send(WORK, queue, args=[ids], time_limit=MESSAGE_S)
            except Exception:
                self._services.leader.undispatch([part_id for unsent in messages[count:] for part_id in unsent])
                raise
        if ready:
            self._moved[queue] = ((flight[0] + len(ready), flight[1]), self._now())
        return len(ready)

    def _lost(self, queue: str, flight: tuple[int, int]) -> bool:
        """Whether the messages of a queue are gone, as after a broker was flushed: parts are marked as sent, nobody
        works, nothing has moved for a while and the broker has none. Then they are taken back."""
        seen, since = self._moved.get(queue, ((-1, -1), 0.0))
        if flight != seen:
            self._moved[queue] = (flight, self._now())
            return False
        dispatched, running = flight
        if not dispatched or running or self._now() - since < LOST_S:
            return False
        self._moved[queue] = (flight, self._now())
        with self._app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1)  # or it would be tried for ever
            channel: Any = connection.default_channel
            try:
                if channel.queue_declare(queue, passive=True).message_count:
                    return False
            except connection.channel_errors:  # to Redis, a queue without messages is no queue
                pass
        back = self._services.leader.undispatch(self._services.reader.sent(queue))
        events.warning("messages lost", queue=queue, parts=back)
        return True


def proven(services: Services) -> bool:
    """Whether the store has shown that it is the ledger's and keeps the first of two writers; False while it is away.
    Raises EnvironmentFault when it is not, or does not, or when this machine's clock is wrong."""
    try:
        check_clock(services.database)
        services.store_care.prove()
    except EnvironmentFault as error:
        if error.code not in AWAY:
            raise
        what = "the ledger is away" if error.code == "environment.ledger" else "the store is away"
        events.error(what, code=error.code, why=error.message)
        return False
    return True


def shards(ready: Sequence[Ready], size: int, children: int) -> list[list[str]]:
    """The ids of each message: so many that every worker process gets two, at most ``size``, and those that must be
    alone, alone."""
    alone = [[part.part_id] for part in ready if part.alone]
    rest = [part.part_id for part in ready if not part.alone]
    width = max(1, min(size, -(-len(rest) // (2 * children))))
    return [rest[start : start + width] for start in range(0, len(rest), width)] + alone


def main() -> int:
    """Dispatch until SIGTERM or SIGINT; the exit code."""
    from renderer.bootstrap import build
    from renderer.settings import Settings
    from workers.app import make_app

    log.set_up()
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        settings = Settings()
        services = build(settings, quick=True)
        while not proven(services) and not stopping.wait(AWAY_S):
            pass
    except EnvironmentFault as error:
        print(error, file=sys.stderr)
        return error.exit_code
    dispatcher = Dispatcher(services, make_app(settings, lambda: services))
    while not stopping.wait(TICK_S):
        dispatcher.tick()
    with suppress(EnvironmentFault):
        dispatcher.resign()
    return 0


if __name__ == "__main__":
    sys.exit(main())
