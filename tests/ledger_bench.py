"""A ledger for tests of its transitions, with a clock that a test turns."""

from __future__ import annotations

from sqlalchemy import select, update

from renderer.ledger.database import Database
from renderer.ledger.intake import Intake
from renderer.ledger.leader import Leader, Roll
from renderer.ledger.model import (
    Claim,
    Fault,
    Outcome,
    Produced,
    Submission,
    new_id,
)
from renderer.ledger.reader import Reader
from renderer.ledger.tables import attempts, parts
from renderer.ledger.transitions import Ledger
from renderer.template.model import Channel

LEASE = 1000


FAULT = Fault(code="render.glyph", message="A glyph is missing.")


FULL = Fault(code="environment.disk", message="The disk is full.")


class Bench:
    """A ledger with a clock that a test turns."""

    def __init__(self, url: str) -> None:
        self.now = 1_000_000
        self.database = Database(url)
        self.intake = Intake(self.database, lambda: self.now)
        self.ledger = Ledger(self.database, lambda: self.now)
        self.leader = Leader(self.database, lambda: self.now)
        self.roll = Roll(self.database, lambda: self.now)
        self.reader = Reader(self.database)
        self.run = self.intake.open_run("test")

    def submission(self, *channels: Channel, idempotency: str | None = None, **more: int) -> Submission:
        request_id = new_id(self.now)
        return Submission(
            id=request_id,
            recipient="r",
            idempotency=idempotency or request_id,
            template="t",
            release="d",
            channels=channels or ("microsite", "statement", "video"),
            sealed=b"sealed",
            **more,  # type: ignore[arg-type]
        )

    def submit(self, *channels: Channel, plan: bool = True) -> str:
        item = self.submission(*channels)
        assert self.intake.submit(self.run, [item]) == 1
        if plan:
            assert self.ledger.planned(self.claim(f"{item.id}-plan"), "digest", b"plan")
        return item.id

    def sent(self, queue: str, room: int = 10) -> list[str]:
        return [ready.part_id for ready in self.leader.dispatch(queue, room, LEASE)]

    def mark(self, part_id: str) -> None:
        """Mark one part as sent, as the leader would."""
        with self.database.writing() as connection:
            connection.execute(
                update(parts)
                .where(parts.c.id == part_id, parts.c.state == "submitted", parts.c.waits == 0)
                .values(state="dispatched", lease_until_ms=self.now + LEASE)
            )

    def claim(self, part_id: str, owner: str = "me", worker: str | None = None) -> Claim:
        self.mark(part_id)
        claim = self.ledger.claim(part_id, owner, LEASE, worker)
        assert claim is not None
        return claim

    def state(self, part_id: str) -> str:
        with self.database.reading() as connection:
            return str(connection.scalar(select(parts.c.state).where(parts.c.id == part_id)))

    def outcomes(self, part_id: str) -> list[str]:
        with self.database.reading() as connection:
            wanted = select(attempts.c.outcome).where(attempts.c.part_id == part_id).order_by(attempts.c.token)
            return list(connection.scalars(wanted))


def outcome(part_id: str) -> Outcome:
    file = Produced(path="p", kind="page", media_type="text/plain", bytes=1, sha256="00", key=f"key/{part_id}")
    return Outcome(artefacts=(file,))


def nobody(_owner: str) -> bool:
    return False
