"""Forgetting a recipient in the ledger: what is sealed and the rows of files go, requests and records stay as numbers.

An erasure is a row that is there before anything goes and is finished when all has gone, so that one which was cut
short is known and goes on. Its counts grow in the transactions that remove things. The recipient is a keyed digest
throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from renderer.ledger.database import Database
from renderer.ledger.endings import end_request, lock, note
from renderer.ledger.model import OPEN, Clock, Fence, new_id, wall_clock
from renderer.ledger.tables import artefacts, chunk_uses, erasures, parts, requests, runs, sealed, set_aside
from renderer.ledger.tallies import add
from renderer.ledger.upkeep import STEP, guard

Sum = Callable[[str, bytes | None, str], str | None]
"""A run's sums (JSON), once the amounts are erased that are sealed under a name; None where nothing is to be added. The
amounts are None where a record has none."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the ledger has of a recipient: requests (``open`` of them have not ended), records that were set aside and
    are kept, files, and uses of chunks by what was made without a request."""

    requests: int = 0
    open: int = 0
    records: int = 0
    files: int = 0
    uses: int = 0

    @property
    def nothing(self) -> bool:
        return not (self.requests or self.records or self.uses)


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """One erasure: what it has removed so far, and when it was finished."""

    id: str
    recipient: str
    at_ms: int
    requests: int
    records: int
    artefacts: int
    bytes: int
    chunks: int
    finished_ms: int | None
    checked_ms: int | None


class Erasing:
    """The ledger's side of forgetting. Each method is one short transaction and may come a second time."""

    def __init__(self, database: Database, clock: Clock = wall_clock) -> None:
        self._database = database
        self._clock = clock

    def known(self, recipient: str, use: str) -> Known:
        """What there is to forget; ``use`` is the recipient's name for chunks (renderer/bootstrap.py)."""
        his = (requests.c.recipient == recipient) & requests.c.forgotten_ms.is_(None)
        aside = (set_aside.c.recipient == recipient) & set_aside.c.data.is_not(None)
        with self._database.reading() as connection:
            return Known(
                requests=connection.scalar(select(func.count()).where(his)) or 0,
                open=connection.scalar(select(func.count()).where(his, requests.c.state.in_(OPEN))) or 0,
                records=connection.scalar(select(func.count()).where(aside)) or 0,
                files=connection.scalar(
                    select(func.count())
                    .select_from(artefacts.join(parts).join(requests, requests.c.id == parts.c.request_id))
                    .where(requests.c.recipient == recipient)
                )
                or 0,
                uses=connection.scalar(select(func.count()).where(chunk_uses.c.use == use)) or 0,
            )

    def last(self, recipient: str) -> Erasure | None:
        """The last erasure of a recipient, finished or not."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(erasures).where(erasures.c.recipient == recipient).order_by(erasures.c.id.desc()).limit(1)
            ).one_or_none()
            return None if row is None else Erasure(**row._mapping)

    def begin(self, recipient: str) -> Erasure:
        """A new erasure, or the one that was begun and not finished."""
        with self._database.writing() as connection:
            now = self._clock()
            row = connection.execute(
                select(erasures).where(erasures.c.recipient == recipient, erasures.c.finished_ms.is_(None)).limit(1)
            ).one_or_none()
            if row is None:
                nothing = {"requests": 0, "records": 0, "artefacts": 0, "bytes": 0, "chunks": 0}
                new = {"id": new_id(now), "recipient": recipient, "at_ms": now, **nothing}
                connection.execute(insert(erasures).values(new))
                row = connection.execute(select(erasures).where(erasures.c.id == new["id"])).one()
            return Erasure(**row._mapping)

    def requests(self, recipient: str, after: str = "") -> list[str]:
        """Some of a recipient's requests, forgotten or not, in the order of their ids after ``after``."""
        with self._database.reading() as connection:
            wanted = (requests.c.recipient == recipient) & (requests.c.id > after)
            return list(connection.scalars(select(requests.c.id).where(wanted).order_by(requests.c.id).limit(STEP)))

    def forget(self, erasure_id: str, request_id: str, add_up: Sum | None = None) -> list[str]:
        """Take a request's data and files from the ledger; the ids of its parts. One that is open is cancelled first:
        work under way loses its lease with it, and nothing that it makes is taken any more. Its amounts go into one sum
        of its run, in the same transaction."""
        with self._database.writing() as connection:
            now = self._clock()
            of = (sealed.c.request_id == request_id) & (sealed.c.kind == "amounts")
            if add_up is not None and connection.scalar(select(exists().where(of))):
                run_id = connection.scalars(select(requests.c.run_id).where(requests.c.id == request_id)).one()
                totals = _lock_run(connection, run_id)  # before the request, as who opens a run again does
                amounts = connection.scalar(select(sealed.c.data).where(of))
                if totals is not None and amounts is not None:
                    _add_up(connection, now, run_id, add_up(totals, amounts, f"amounts {request_id}"))
            lock(connection, request_id)
            end_request(connection, now, request_id, "cancelled")
            part_ids = list(connection.scalars(select(parts.c.id).where(parts.c.request_id == request_id)))
            files, size = connection.execute(
                select(func.count(), func.coalesce(func.sum(artefacts.c.bytes), 0)).where(
                    artefacts.c.part_id.in_(part_ids)
                )
            ).one()
            connection.execute(delete(artefacts).where(artefacts.c.part_id.in_(part_ids)))
            connection.execute(delete(sealed).where(sealed.c.request_id == request_id))
            new = connection.execute(
                update(requests)
                .where(requests.c.id == request_id, requests.c.forgotten_ms.is_(None))
                .values(forgotten_ms=now, dropped_ms=func.coalesce(requests.c.dropped_ms, now), plan_digest=None)
            ).rowcount
            if new:
                note(connection, now, "forgotten", request_id=request_id)
            _count(connection, erasure_id, requests=new, artefacts=files, bytes=int(size))
            if files:
                add(connection, [("removed", "forget", 0, files, int(size))])
            return part_ids

    def forget_records(self, erasure_id: str, recipient: str, add_up: Sum | None = None) -> int:
        """Drop some of a recipient's records that were set aside, of one run; of how many. The rows stay: they count.
        Their amounts go into one sum of the run, in the same transaction."""
        his = (set_aside.c.recipient == recipient) & set_aside.c.data.is_not(None)
        with self._database.writing() as connection:
            now = self._clock()
            run_id = connection.scalar(select(set_aside.c.run_id).where(his).limit(1))
            if run_id is None:
                return 0
            totals = _lock_run(connection, run_id)
            found = connection.execute(
                select(set_aside.c.record, set_aside.c.amounts).where(his, set_aside.c.run_id == run_id).limit(STEP)
            ).all()
            for record, amounts in found:
                if totals is not None and add_up is not None:
                    totals = add_up(totals, amounts, f"amounts {run_id} {record}") or totals
                connection.execute(
                    update(set_aside)
                    .where(set_aside.c.run_id == run_id, set_aside.c.record == record)
                    .values(data=None, amounts=None)
                )
            if found and add_up is not None:
                _add_up(connection, now, run_id, totals)
            _count(connection, erasure_id, records=len(found))
            return len(found) or 1  # another one has dropped them meanwhile: look again

    def count_chunks(self, erasure_id: str, chunks: int) -> None:
        """Say that pieces of film were removed."""
        if chunks:
            with self._database.writing() as connection:
                _count(connection, erasure_id, chunks=chunks)

    def finish(self, erasure_id: str) -> Erasure:
        """Everything is gone."""
        with self._database.writing() as connection:
            connection.execute(
                update(erasures)
                .where(erasures.c.id == erasure_id, erasures.c.finished_ms.is_(None))
                .values(finished_ms=self._clock())
            )
            return Erasure(**connection.execute(select(erasures).where(erasures.c.id == erasure_id)).one()._mapping)

    def unchecked(self, before_ms: int) -> list[Erasure]:
        """Erasures that were finished before then, and nobody has looked since whether work under way left anything."""
        wanted = erasures.c.checked_ms.is_(None) & (erasures.c.finished_ms < before_ms)
        with self._database.reading() as connection:
            rows = connection.execute(select(erasures).where(wanted).order_by(erasures.c.id).limit(STEP))
            return [Erasure(**row._mapping) for row in rows]

    def checked(self, erasure_id: str, fence: Fence | None = None) -> None:
        """Somebody has looked. Raises NotLeader."""
        with self._database.writing() as connection:
            now = self._clock()
            guard(connection, fence, now)
            connection.execute(update(erasures).where(erasures.c.id == erasure_id).values(checked_ms=now))

    def forgotten(self, request_id: str) -> bool:
        """Whether a request's recipient was forgotten."""
        with self._database.reading() as connection:
            found = connection.scalar(select(requests.c.forgotten_ms).where(requests.c.id == request_id))
            return found is not None

    def parts(self, request_id: str) -> Sequence[str]:
        """The ids of a request's parts."""
        with self._database.reading() as connection:
            return list(connection.scalars(select(parts.c.id).where(parts.c.request_id == request_id)))


def _lock_run(connection: Connection, run_id: str) -> str | None:
    """Keep a run's sums as they are, to the end of the transaction; they themselves."""
    return connection.scalar(select(runs.c.totals).where(runs.c.id == run_id).with_for_update())


def _add_up(connection: Connection, now_ms: int, run_id: str, totals: str | None) -> None:
    """Write a run's sums. The note has sums begin anew that are being made (renderer/batch/balance.py)."""
    if totals is not None:
        connection.execute(update(runs).where(runs.c.id == run_id).values(totals=totals))
        note(connection, now_ms, "amounts erased", run_id=run_id)


def _count(connection: Connection, erasure_id: str, **more: int) -> None:
    added = {name: erasures.c[name] + count for name, count in more.items() if count}
    if added:
        connection.execute(update(erasures).where(erasures.c.id == erasure_id).values(added))
