"""Runs in a ledger for tests of what is asked about them: filled through the doors that real ones come by."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from sqlalchemy import insert, update

from renderer.ledger.database import Database
from renderer.ledger.intake import Intake
from renderer.ledger.leader import Leader, Roll
from renderer.ledger.model import Claim, Fault, Outcome, Produced, Submission, artefact_key, new_id
from renderer.ledger.reader import Reader
from renderer.ledger.summary import Summary
from renderer.ledger.tables import artefacts, engines, parts, requests, runs, set_aside
from renderer.ledger.transitions import Ledger
from renderer.ledger.walk import Walk
from renderer.store.base import Store
from renderer.template.model import Channel
from renderer.units import sha256

if TYPE_CHECKING:
    from renderer.bootstrap import Services

GLYPH = Fault(code="render.glyph", message="A glyph is missing.")
FULL = Fault(code="environment.disk", message="The disk is full.")

FILES: dict[Channel, tuple[tuple[str, str], ...]] = {
    "microsite": (("index.html", "page"), ("site.css", "asset")),
    "statement": (("statement.pdf", "pdf"),),
    "video": (
        ("film.mp4", "mp4"),
        ("captions.vtt", "captions"),
        ("chapters.vtt", "chapters"),
        ("transcript.txt", "transcript"),
        ("poster.jpg", "poster"),
        ("score.json", "score"),
    ),
}
"""What each channel makes, by name and kind: as much as a verified run must have."""

ENGINE = "e" * 64


class Bench:
    """A ledger with a clock that a test turns, and one run of it."""

    def __init__(self, url: str, store: Store | None = None, *, kind: str = "batch") -> None:
        self.now = 1_763_800_000_000
        clock = lambda: self.now  # noqa: E731
        self.database = Database(url, upgrade=True)
        self.store = store
        self.intake = Intake(self.database, clock)
        self.ledger = Ledger(self.database, clock)
        self.leader = Leader(self.database, clock)
        self.roll = Roll(self.database, clock)
        self.reader = Reader(self.database, clock)
        self.summary = Summary(self.database, clock)
        self.walk = Walk(self.database)
        # As much of the services as questions about runs need.
        self.services = cast(
            "Services",
            SimpleNamespace(summary=self.summary, walk=self.walk, reader=self.reader, store=store, roll=self.roll),
        )
        self.run = self.open(kind)

    def open(self, kind: str = "batch", hold_after: int | None = None) -> str:
        self.now += 1
        return self.intake.open_run(kind, template="energy-bill", release="r" * 64, hold_after=hold_after)

    def submit(self, record: int, *channels: Channel, run: str | None = None, plan: bool = True) -> str:
        """A request, planned unless told otherwise."""
        request_id = new_id(self.now)
        item = Submission(
            id=request_id,
            recipient=f"recipient {record}",
            idempotency=request_id,
            template="energy-bill",
            release="r" * 64,
            channels=channels or ("statement",),
            sealed=b"sealed",
            record=record,
        )
        assert self.intake.submit(run or self.run, [item]) == 1
        if plan:
            assert self.ledger.planned(self.claim(request_id, "plan"), "digest", b"plan")
        return request_id

    def claim(self, request_id: str, work: str) -> Claim:
        part_id = f"{request_id}-{work}"
        with self.database.writing() as connection:
            connection.execute(
                update(parts)
                .where(parts.c.id == part_id, parts.c.state == "submitted")
                .values(state="dispatched", lease_until_ms=self.now + 1000)
            )
        claim = self.ledger.claim(part_id, "owner", 60_000)
        assert claim is not None
        return claim

    def finish(self, request_id: str, *channels: Channel, seconds: str = "0.50", size: int = 0) -> None:
        """Make channels with the files that each has, at least so large, in the store if there is one."""
        for channel in sorted(channels or ("statement",), key="microsite".__eq__):  # it embeds the others
            made = []
            for name, kind in FILES[channel]:
                content = f"{request_id} {channel} {name}".encode().ljust(size)
                key = artefact_key(request_id, f"{channel}/{name}")
                if self.store is not None:
                    self.store.put_if_absent(key, content)
                made.append(
                    Produced(
                        path=f"{channel}/{name}",
                        kind=kind,
                        media_type="text/plain",
                        bytes=len(content),
                        sha256=sha256(content),
                        key=key,
                    )
                )
            figures: dict[str, int | str] = {"pages": 2, "cpu_s": seconds}
            assert self.ledger.finish(
                self.claim(request_id, channel), Outcome(artefacts=tuple(made), figures=figures, warnings=())
            )

    def done(self, record: int, *channels: Channel) -> str:
        request_id = self.submit(record, *channels)
        self.finish(request_id, *channels)
        return request_id

    def failed(self, record: int, fault: Fault = GLYPH) -> str:
        request_id = self.submit(record)
        assert self.ledger.fail(self.claim(request_id, "statement"), fault)
        return request_id

    def suppressed(self, record: int, reason: str = "opt-out") -> str:
        request_id = self.submit(record, plan=False)
        assert self.ledger.suppress(self.claim(request_id, "plan"), reason)
        return request_id

    def aside(self, record: int, code: str = "profile.missing", field: str | None = "bill.total") -> None:
        with self.database.writing() as connection:
            connection.execute(
                insert(set_aside).values(
                    run_id=self.run, record=record, line=record + 1, field=field, code=code, faults="[]", at_ms=self.now
                )
            )

    def settle(self, totals: str | None = None, *, state: str = "complete", why: str | None = None) -> None:
        """End the run as if it had been settled."""
        with self.database.writing() as connection:
            connection.execute(
                update(runs)
                .where(runs.c.id == self.run)
                .values(state=state, totals=totals, why=why, finished_ms=self.now, sealed_ms=self.now)
            )

    def set_run(self, **values: object) -> None:
        with self.database.writing() as connection:
            connection.execute(update(runs).where(runs.c.id == self.run).values(**values))

    def set_request(self, request_id: str, **values: object) -> None:
        with self.database.writing() as connection:
            connection.execute(update(requests).where(requests.c.id == request_id).values(**values))

    def set_engine(self, versions: str) -> None:
        """Say that one engine made everything so far."""
        with self.database.writing() as connection:
            connection.execute(insert(engines).values(digest=ENGINE, versions=versions))
            connection.execute(update(artefacts).values(engine=ENGINE))

    def files(self, request_id: str) -> Sequence[Produced]:
        return self.reader.artefacts(request_id)


class Seen:
    """Keeps the progress that was told."""

    def __init__(self) -> None:
        self.at: list[int] = []

    def __call__(self, done: int) -> None:
        self.at.append(done)
