"""Webhooks in the ledger for tests: a bench of batches with a clock, endpoints, and couriers that are no processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from renderer.ledger.deliveries import Deliveries, Load, Tried
from renderer.ledger.delivery_log import DeliveryLog
from renderer.ledger.endpoints import Endpoints, SealedSecret
from renderer.ledger.health import Health
from renderer.ledger.model import Claim, Submission, new_id
from renderer.ledger.tables import outbox, parts
from tests.batches import Bench

PLANTED = "Quastenflosser"


class Post:
    """A bench of batches with a clock, endpoints and couriers."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.database = bench.services.database
        self.now = 1_700_000_000_000
        services = bench.services
        self.intake, self.ledger, self.leader = services.intake, services.ledger, services.leader
        for part in (self.intake, self.ledger, self.leader, services.batches, services.browse):
            part._clock = self.clock
        self.endpoints = Endpoints(self.database, self.clock)
        self.deliveries = Deliveries(self.database, self.clock)
        self.log = DeliveryLog(self.database, self.clock)
        self.run = self.intake.open_run("api", template="small")

    def clock(self) -> int:
        return self.now

    def endpoint(self, **wants: Any) -> str:
        made = self.endpoints.new_id()
        secret = SealedSecret(id=self.endpoints.new_id(), sealed=b"sealed")
        given = {"topics": None, "templates": None, **wants}
        self.endpoints.add(made, secret, name="crm", url="https://crm.example/", **given)
        return made

    def request(self, template: str = "small", *, notify: bool = True) -> str:
        self.now += 1
        item = Submission(
            id=new_id(self.now),
            recipient=self.bench.services.vault.keyed("recipient", PLANTED),
            idempotency=new_id(self.now),
            template=template,
            release="d",
            channels=("statement",),
            sealed=b"",
            notify=notify,
        )
        self.intake.submit(self.run, [item])
        return item.id

    def ended(self, template: str = "small", **more: Any) -> str:
        """A request that was called off: it has ended."""
        request = self.request(template, **more)
        self.bench.services.browse.cancel(request)
        return request

    def claim(self, request: str) -> Claim:
        """The plan of a request, taken as a worker does."""
        ours = parts.c.id == f"{request}-plan"
        with self.database.writing() as connection:
            connection.execute(update(parts).where(ours).values(state="dispatched", lease_until_ms=2**50))
        claim = self.ledger.claim(f"{request}-plan", "me", 1000)
        assert claim is not None
        return claim

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        with self.database.reading() as connection:
            rows = connection.execute(select(outbox).order_by(outbox.c.id)).all()
        return [(row.topic, json.loads(row.payload)) for row in rows]

    def take(self, owner: str = "one", room: int = 100) -> list[Load]:
        self.deliveries.fan_out()
        due = self.deliveries.due()
        return self.deliveries.take(owner, 60_000, dict.fromkeys(due, room)) if due else []

    def settle(self, load: Load, code: str | None = None, again_ms: int | None = None, **health: Any) -> None:
        tried = [
            Tried(
                delivery=one,
                endpoint_id=load.endpoint.id,
                at_ms=self.now,
                took_ms=7,
                status=200 if code is None else 500,
                code=code,
                again_ms=again_ms,
            )
            for one in load.deliveries
        ]
        self.deliveries.settle(tried, {load.endpoint.id: Health(through=code is None, **health)})

    def count(self, table: Any) -> int:
        with self.database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(table)) or 0


@contextmanager
def post_at(folder: Path, ledger_url: str) -> Iterator[Post]:
    """All of it, on a ledger."""
    with Bench(folder, ledger_url) as bench:
        yield Post(bench)
