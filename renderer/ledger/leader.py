"""What one process at a time does: mark parts as sent, take back what nobody works on, end runs.

Whoever has the lease is the leader. The lease has a token that rises with each holder, and every change made here asks
for it: one who was stopped and wakes up after another has taken over changes nothing (:class:`NotLeader`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, and_, exists, func, select, update

from renderer.ledger.database import Database, insert_new, server_ms
from renderer.ledger.endings import POISON, TOO_LATE, TOO_OFTEN, end_attempts, fail, lock, note, request_of
from renderer.ledger.events import announce_run
from renderer.ledger.model import (
    ALONE_AFTER,
    DEAD_MS,
    MAX_ATTEMPTS,
    MAX_LOSSES,
    OPEN,
    POISON_AFTER,
    Clock,
    Fence,
    Ready,
    wall_clock,
)
from renderer.ledger.tables import LEASED, READY, leases, parts, pauses, requests, runs, workers

PROBE_MS = 10_000
"""How long the probe of a paused queue may take before another one is sent."""

LATE_MS = 15_000
"""How long after a lease its part is left to the worker, which ends the process first."""

NEVER_MS = 10**15
"""As ``late_ms``: nobody is late."""


class NotLeader(Exception):
    """Another process leads now."""


class Leader:
    """The leader's side. Without a fence nothing is asked for: for tests, and for a service that stops."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def lead(
        self, name: str, holder: str, lease_ms: int, is_dead: Callable[[str], bool] = lambda _: False
    ) -> Fence | None:
        """Be the leader of that name, or stay it, for ``lease_ms``; None when another one is, and may be alive."""
        with self._database.writing(durable=False) as connection:
            now = self._clock()
            connection.execute(insert_new(connection, leases, "name").values(name=name, holder="", token=0, until_ms=0))
            found = connection.execute(select(leases).where(leases.c.name == name).with_for_update()).one()
            stays = found.holder == holder and found.until_ms > now
            if not stays and found.until_ms > now and not is_dead(found.holder):
                return None
            token: int = found.token + (0 if stays else 1)
            connection.execute(
                update(leases).where(leases.c.name == name).values(holder=holder, token=token, until_ms=now + lease_ms)
            )
            return Fence(name=name, holder=holder, token=token)

    def resign(self, fence: Fence) -> None:
        """Let another one lead at once."""
        with self._database.writing(durable=False) as connection:
            connection.execute(
                update(leases).where(leases.c.name == fence.name, leases.c.token == fence.token).values(until_ms=0)
            )

    def _guard(self, connection: Connection, fence: Fence | None) -> None:
        if fence is None:
            return
        ours = (leases.c.name == fence.name) & (leases.c.token == fence.token) & (leases.c.holder == fence.holder)
        statement = select(leases.c.token).where(ours, leases.c.until_ms > self._clock()).with_for_update(read=True)
        if connection.scalar(statement) is None:
            raise NotLeader

    # ---- Sending

    def dispatch(self, queue: str, room: int, lease_ms: int, fence: Fence | None = None) -> list[Ready]:
        """Up to ``room`` parts of a queue that are ready, marked as sent for ``lease_ms``; of a paused queue one at
        most, when it is time to try. Publish them after this. Raises NotLeader."""
        if room <= 0:
            return []
        with self._database.writing(durable=False) as connection:
            self._guard(connection, fence)
            now = self._clock()
            pause = connection.execute(select(pauses.c.until_ms).where(pauses.c.queue == queue)).one_or_none()
            if pause is not None and pause.until_ms > now:
                return []
            found = connection.execute(
                select(parts.c.id, parts.c.crashes)
                .where(READY, parts.c.queue == queue, parts.c.available_ms <= now)
                .order_by(parts.c.priority.desc(), parts.c.record, parts.c.id)
                .limit(room if pause is None else 1)
                .with_for_update(skip_locked=True)
            ).all()
            if not found:
                return []
            connection.execute(
                update(parts)
                .where(parts.c.id.in_([row.id for row in found]), parts.c.state == "submitted")
                .values(state="dispatched", lease_until_ms=now + lease_ms)
            )
            if pause is not None:
                connection.execute(update(pauses).where(pauses.c.queue == queue).values(until_ms=now + PROBE_MS))
            return [Ready(part_id=row.id, alone=row.crashes >= ALONE_AFTER) for row in found]

    def undispatch(self, part_ids: Sequence[str]) -> int:
        """Take back what was marked as sent and could not be, or could not be done with its message."""
        if not part_ids:
            return 0
        with self._database.writing(durable=False) as connection:
            return connection.execute(
                update(parts)
                .where(parts.c.id.in_(part_ids), parts.c.state == "dispatched")
                .values(state="submitted", lease_until_ms=None)
            ).rowcount

    # ---- Taking back

    def sweep(
        self,
        is_dead: Callable[[str], bool],
        *,
        fence: Fence | None = None,
        worker: str | None = None,
        counted: bool = True,
        late_ms: int = LATE_MS,
        on_late: Callable[[str], object] = lambda _: None,
    ) -> int:
        """Take back what nobody works on: sent and never claimed, or claimed by a process or worker that is dead, or
        for longer than it may (and ``late_ms``). The number of parts that changed.

        ``is_dead`` knows the processes of this machine; of others, the workers' heartbeats tell. With ``worker`` only
        parts of that worker are looked at. With ``counted`` false (an orderly stop) the attempts are given back.
        ``on_late`` is told each process that went on for too long, once its part is nobody's. Raises NotLeader.
        """
        now = self._clock()
        at_work = and_(LEASED, parts.c.state == "running")
        if worker is not None:
            at_work &= parts.c.lease_worker == worker
        with self._database.reading() as connection:
            running = connection.execute(
                select(
                    parts.c.id,
                    parts.c.attempts,
                    parts.c.crashes,
                    parts.c.losses,
                    parts.c.lease_token,
                    parts.c.lease_worker,
                    parts.c.lease_owner,
                    parts.c.lease_until_ms,
                    workers.c.dead_ms,
                )
                .outerjoin(workers, workers.c.id == parts.c.lease_worker)
                .where(at_work)
            ).all()
            late = worker is None and connection.scalar(
                select(exists().where(LEASED, parts.c.state == "dispatched", parts.c.lease_until_ms < now))
            )
        lost = [(row, how) for row in running if (how := _ended(row, is_dead, now - late_ms)) is not None]
        changed = 0
        if late:
            with self._database.writing(durable=False) as connection:
                self._guard(connection, fence)
                changed += connection.execute(
                    update(parts)
                    .where(LEASED, parts.c.state == "dispatched", parts.c.lease_until_ms < now)
                    .values(state="submitted", lease_until_ms=None)
                ).rowcount
        for row, how in lost:
            with self._database.writing(durable=False) as connection:
                self._guard(connection, fence)
                back = self._take_back(connection, row, how, counted)
            changed += back
            if back and how == "late":
                on_late(row.lease_owner)
        return changed

    def _take_back(self, connection: Connection, row: Any, how: str, counted: bool) -> bool:
        now = self._clock()
        crashes, losses = row.crashes + (how == "crashed"), row.losses + (how == "lost")
        fault = None
        if counted and crashes >= POISON_AFTER:
            fault = POISON
        elif counted and losses >= MAX_LOSSES:
            fault = TOO_OFTEN
        elif counted and row.attempts - crashes - losses >= MAX_ATTEMPTS:
            fault = TOO_LATE
        request_id = request_of(row.id)
        lock(connection, request_id)
        ours = (parts.c.id == row.id) & (parts.c.lease_token == row.lease_token) & (parts.c.state == "running")
        if fault is not None:
            connection.execute(update(parts).where(ours).values(crashes=crashes, losses=losses))
            return fail(connection, now, row.id, row.lease_token, fault, how)
        end_attempts(connection, now, ours, how)
        back = connection.execute(
            update(parts)
            .where(ours)
            .values(
                state="submitted",
                lease_worker=None,
                lease_owner=None,
                lease_until_ms=None,
                begun_ms=None,
                available_ms=now,
                attempts=row.attempts - (not counted),
                crashes=crashes if counted else row.crashes,
                losses=losses if counted else row.losses,
            )
        ).rowcount
        if back:
            note(
                connection,
                now,
                "taken back",
                request_id=request_id,
                part_id=row.id,
                token=row.lease_token,
                code=how if counted else "stopped",
            )
        return back == 1

    # ---- Ending

    @contextmanager
    def leading(self, fence: Fence | None = None) -> Iterator[Connection]:
        """A transaction of the leader's. Raises NotLeader."""
        with self._database.writing(durable=False) as connection:
            self._guard(connection, fence)
            yield connection

    def settle(self, fence: Fence | None = None) -> list[str]:
        """End runs all of whose input was read and has ended: complete when every request is accounted for, otherwise
        unbalanced, with the reason. The ids of those that ended now. Batches have more to be summed
        (:mod:`renderer.batch.balance`). Raises NotLeader."""
        with self._database.reading() as connection:
            still_open = exists().where(requests.c.run_id == runs.c.id, requests.c.state.in_(OPEN))
            ours = (runs.c.state == "running") & (runs.c.kind != "batch")
            ended = connection.scalars(select(runs.c.id).where(ours, ~still_open)).all()
        settled = []
        for run_id in ended:
            with self._database.writing(durable=False) as connection:
                self._guard(connection, fence)
                now = self._clock()
                expected = connection.scalar(select(runs.c.expected).where(runs.c.id == run_id))
                states = select(requests.c.state, func.count()).where(requests.c.run_id == run_id)
                counts = {row[0]: row[1] for row in connection.execute(states.group_by(requests.c.state))}
                there = sum(counts.values())
                state = "complete" if there == expected else "unbalanced"
                why = None if state == "complete" else json.dumps({"input": expected, "requests": there})
                changed = connection.execute(
                    update(runs)
                    .where(runs.c.id == run_id, runs.c.state == "running")
                    .values(state=state, why=why, finished_ms=now)
                )
                if changed.rowcount == 1:
                    note(connection, now, state, run_id=run_id)
                    told = {"input": expected or 0, **counts}
                    announce_run(connection, now, run_id, state, counts=told)
                    settled.append(run_id)
        return settled


class Roll:
    """The workers and their heartbeats. Where the ledger has a server the beats of all machines are on its clock, so
    that a machine whose own is wrong looks dead to nobody and takes nobody for dead; ``clock`` is for tests."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock

    def _now(self, connection: Connection) -> int:
        if self._clock is not None:
            return self._clock()
        found = server_ms(connection)
        return wall_clock() if found is None else found

    def beat(self, worker: str, *, name: str = "", queues: Iterable[str] = (), children: int = 0) -> None:
        """Say that a worker lives. One that was declared dead comes back so; what it had is no longer its own."""
        with self._database.writing(durable=False) as connection:
            now = self._now(connection)
            changed = connection.execute(
                update(workers).where(workers.c.id == worker).values(beat_ms=now, dead_ms=None)
            )
            if changed.rowcount == 0:
                connection.execute(
                    insert_new(connection, workers, "id").values(
                        id=worker,
                        name=name,
                        queues=",".join(sorted(queues)),
                        children=children,
                        started_ms=now,
                        beat_ms=now,
                    )
                )

    def stop(self, worker: str) -> None:
        """A worker has ended in order."""
        with self._database.writing(durable=False) as connection:
            connection.execute(
                update(workers)
                .where(workers.c.id == worker, workers.c.dead_ms.is_(None))
                .values(dead_ms=self._now(connection))
            )

    def quiet_ms(self) -> int:
        """For how long nobody who lives was heard of."""
        with self._database.reading() as connection:
            last = connection.scalar(select(func.max(workers.c.beat_ms)).where(workers.c.dead_ms.is_(None)))
            return self._now(connection) - (last or 0)

    def bury(self, is_dead: Callable[[str], bool] = lambda _: False, *, silent: bool = True) -> list[str]:
        """Declare dead whoever is known to be, and with ``silent`` whoever has not been heard of for DEAD_MS; their
        ids.

        Where nobody is heard of at all, it is the ledger that does not take what they say (a disk that is nearly full
        takes one row and not another), and silence says nothing. Nobody could take over either.
        """
        with self._database.reading() as connection:
            living = connection.execute(
                select(workers.c.id, workers.c.beat_ms).where(workers.c.dead_ms.is_(None))
            ).all()
            now = self._now(connection)
        silent = silent and any(row.beat_ms >= now - DEAD_MS for row in living)
        gone = [row for row in living if (silent and row.beat_ms < now - DEAD_MS) or is_dead(row.id)]
        buried = []
        for row in gone:
            with self._database.writing(durable=False) as connection:
                changed = connection.execute(
                    update(workers)
                    .where(workers.c.id == row.id, workers.c.beat_ms == row.beat_ms, workers.c.dead_ms.is_(None))
                    .values(dead_ms=now)
                )
                if changed.rowcount == 1:
                    buried.append(str(row.id))
        return buried


def _ended(row: Any, is_dead: Callable[[str], bool], late_ms: int) -> str | None:
    """How the attempt of a running part ended, None while it may go on; its lease was over at ``late_ms``."""
    if row.lease_worker is not None and (row.dead_ms is not None or is_dead(row.lease_worker)):
        return "lost"
    if is_dead(row.lease_owner):
        return "crashed"
    if row.lease_until_ms < late_ms:
        return "late"
    return None
