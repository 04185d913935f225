"""Whatever happens in whatever order, the ledger's sums stay right: all transitions at random, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select, text

from renderer.errors import UsageError
from renderer.ledger.database import Database
from renderer.ledger.intake import Intake
from renderer.ledger.leader import LATE_MS, Leader, NotLeader, Roll
from renderer.ledger.model import (
    DEAD_MS,
    MAX_ATTEMPTS,
    MAX_LOSSES,
    NEEDS,
    OPEN,
    POISON_AFTER,
    Claim,
    Fault,
    Fence,
    Outcome,
    Produced,
    Submission,
    Wish,
    new_id,
)
from renderer.ledger.reader import Reader
from renderer.ledger.tables import artefacts, attempts, history, metadata, outbox, parts, pauses, requests, runs, sealed
from renderer.ledger.transitions import Ledger
from renderer.template.model import CHANNELS, Channel
from tests.ledgers import KINDS, Postgres
from tests.listening import listen

T = TypeVar("T")

LEASE = 1000
QUEUES = ("control", "site", "statement", "video", "urgent")
FAULT = Fault(code="render.glyph", message="A glyph is missing.")
FULL = Fault(code="environment.disk", message="The disk is full.")
NUMBERS = st.integers(0, 11)
HOW = st.sampled_from(["finish"] * 4 + ["go on"] * 3 + ["beat", "suppress", "fail", "retry", "give back"])
ENDS = ("done", "failed", "suppressed", "cancelled")


class LedgerMachine(RuleBasedStateMachine):
    """Any part's message may come at any time, late or twice; whoever once had a claim or a fence may come back with
    it. Numbers say which: low ones mean what is due just now, so that most sequences get far."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        with self.database.writing() as connection:
            _empty(connection)
            listen(connection)
        self.now = 1_000_000
        self.intake = Intake(self.database, lambda: self.now)
        self.ledger = Ledger(self.database, lambda: self.now)
        self.leader = Leader(self.database, lambda: self.now)
        self.roll = Roll(self.database, lambda: self.now)
        self.reader = Reader(self.database)
        self.seen: dict[str, Any] = {}
        self.number = 0
        self.runs = [self.intake.open_run("test")]
        self.claims: list[Claim] = []
        self.fences: list[Fence] = []
        self.submit(0, CHANNELS, False, None)
        self.submit(0, ["statement"], True, None)
        self.lead("one", False)
        self.dispatch(0, 5)

    # ---- What senders do

    @rule(hold=st.none() | st.integers(0, 3), key=st.none() | st.sampled_from("ab"))
    def open_run(self, hold: int | None, key: str | None) -> None:
        self.runs.append(self.intake.open_run("test", hold_after=hold, idempotency=key))
        self.submit(0, ["statement", "microsite"], False, None)
        self.submit(0, ["video"], False, None)

    @rule(
        run=NUMBERS,
        channels=st.lists(st.sampled_from(CHANNELS), min_size=1, unique=True),
        urgent=st.booleans(),
        key=st.none() | st.sampled_from("xyz"),
    )
    def submit(self, run: int, channels: Sequence[Channel], urgent: bool, key: str | None) -> None:
        self.number += 1
        item = Submission(
            id=new_id(self.now),
            recipient="r",
            idempotency=key or str(self.number),
            template="t",
            release="d",
            channels=channels,
            sealed=b"",
            priority=2 if urgent else 0,
            record=self.number,
            notify=True,
        )
        try:
            self.intake.submit(_pick(self.runs, run), [item])
        except UsageError:
            assert self.reader.run_state(_pick(self.runs, run)) != "open"

    @rule(run=NUMBERS, what=st.integers(0, 7))
    def steer(self, run: int, what: int) -> None:
        chosen = _pick(self.runs, run)
        if what == 0:
            self.intake.cancel_run(chosen)
        elif what < 4:
            self.intake.approve(chosen)
        elif what < 6:
            with self.database.reading() as connection:
                there = len(connection.execute(select(requests.c.id).where(requests.c.run_id == chosen)).all())
            self.intake.seal_run(chosen, there + (what == 5))

    # ---- What leaders do

    @rule(holder=st.sampled_from(["one", "two"]), dead=st.booleans())
    def lead(self, holder: str, dead: bool) -> None:
        found = self.leader.lead("dispatcher", holder, 60 * LEASE, lambda _: dead)
        if found is not None:
            self.fences.append(found)

    @rule(fence=NUMBERS, room=st.integers(1, 5))
    def dispatch(self, fence: int, room: int) -> None:
        with suppress(NotLeader):
            for queue in QUEUES:
                self.leader.dispatch(queue, room, LEASE, _pick(self.fences, fence))

    @rule(part=NUMBERS)
    def undispatch(self, part: int) -> None:
        self.leader.undispatch([self._message(part)])

    @rule(fence=NUMBERS, dead=st.sets(st.sampled_from(["o1", "o2", "w1", "w2"])), counted=st.booleans())
    def sweep(self, fence: int, dead: set[str], counted: bool) -> None:
        with suppress(NotLeader):
            self.leader.sweep(lambda owner: owner in dead, fence=_pick(self.fences, fence), counted=counted)
            self.leader.settle(_pick(self.fences, fence))

    @rule(worker=st.sampled_from(["w1", "w2", None]))
    def beat(self, worker: str | None) -> None:
        if worker is None:
            self.roll.bury()
        else:
            self.roll.beat(worker)

    @rule(step=st.sampled_from([1, LEASE, LEASE + LATE_MS, DEAD_MS]))
    def wait(self, step: int) -> None:
        self.now += step

    # ---- What workers do

    @rule(part=NUMBERS, owner=st.sampled_from(["o1", "o2"]), worker=st.sampled_from([None, "w1", "w2"]))
    def claim(self, part: int, owner: str, worker: str | None) -> None:
        found = self.ledger.claim(self._message(part), owner, LEASE, worker)
        if found is not None:
            self.claims.append(found)

    @rule(part=NUMBERS, dead=st.booleans())
    def take(self, part: int, dead: bool) -> None:
        """The usual way on: sent and claimed; perhaps after all that was at work has been taken back."""
        self.lead("one", True)
        if dead:
            self.sweep(0, {"o1", "o2"}, part % 4 > 0)
            self.now += 10 * LEASE
        self.dispatch(0, 3)
        self.claim(part, "o1", None)

    @rule(part=NUMBERS, dead=st.booleans(), how=HOW)
    def turn(self, part: int, dead: bool, how: str) -> None:
        self.take(part, dead)
        self.end(0, how)

    @rule(part=NUMBERS, how=HOW)
    def overtake(self, part: int, how: str) -> None:
        """One wakes up when another has its part."""
        self.take(part, False)
        if not self.claims:
            return
        late = self.claims[-1]
        fence = self.fences[-1]
        self.leader.sweep(lambda _: True, fence=fence, counted=False)
        ready = [found.part_id for queue in QUEUES for found in self.leader.dispatch(queue, 50, LEASE, fence)]
        for part_id in ready:
            found = self.ledger.claim(part_id, "o2", LEASE, "w2")
            assert found is not None
            self.claims.append(found)
        self._end(late, how)

    @rule(claim=NUMBERS, how=HOW)
    def end_again(self, claim: int, how: str) -> None:
        if self.claims:
            self._end(self.claims[claim % len(self.claims)], how)

    @rule(claim=NUMBERS, how=HOW)
    def end(self, claim: int, how: str) -> None:
        if self.claims:
            self._end(_pick(self.claims, claim), how)

    def _end(self, claim: Claim, how: str) -> None:
        act: Callable[[], bool]
        match how:
            case "beat":
                act = lambda: self.ledger.beat(claim, 1, 2)  # noqa: E731
            case "fail":
                act = lambda: self.ledger.fail(claim, FAULT)  # noqa: E731
            case "retry":
                act = lambda: self.ledger.retry(claim, FAULT, LEASE)  # noqa: E731
            case "give back":
                act = lambda: self.ledger.give_back(claim, FULL)  # noqa: E731
            case "suppress" if claim.channel == "plan":
                act = lambda: self.ledger.suppress(claim, "opted-out")  # noqa: E731
            case "go on":
                act = lambda: self._go_on(claim)  # noqa: E731
            case _ if claim.channel == "plan":
                act = lambda: self.ledger.planned(claim, "digest", b"")  # noqa: E731
            case _:
                act = lambda: self.ledger.finish(claim, _made(claim))  # noqa: E731
        held = self._held(claim)
        assert act() == held

    def _go_on(self, claim: Claim) -> bool:
        """End a part and claim another, perhaps one of the same request, in one transaction."""
        wish = Wish(part_id=self._message(self.number), owner=claim.owner, lease_ms=LEASE, worker=claim.worker)
        if claim.channel == "plan":
            kept, found = self.ledger.planned_and_claim(claim, "digest", b"", wish)
        else:
            kept, found = self.ledger.finish_and_claim(claim, _made(claim), wish)
        if found is not None:
            assert self._held(found)
            self.claims.append(found)
        return kept

    def _message(self, number: int) -> str:
        with self.database.reading() as connection:
            rows = connection.execute(select(parts.c.id, parts.c.state).order_by(parts.c.id)).all()
        due: list[str] = [row.id for row in rows if row.state == "dispatched"]
        every: list[str] = [row.id for row in rows]
        return _pick(due or every if number < 8 else every, number)

    def _held(self, claim: Claim) -> bool:
        with self.database.reading() as connection:
            row = connection.execute(select(parts).where(parts.c.id == claim.part_id)).one()
        return bool(row.state == "running" and row.lease_token == claim.token)

    # ---- What must always hold

    @invariant()
    def all_is_accounted_for(self) -> None:
        with self.database.reading() as connection:
            every = {row.id: row for row in connection.execute(select(parts))}
            asked = {row.id: row for row in connection.execute(select(requests))}
            batches = connection.execute(select(runs)).all()
            files = {row.part_id for row in connection.execute(select(artefacts))}
            tried = connection.execute(select(attempts)).all()
            told = connection.execute(select(outbox)).all()
            plans = {row.request_id for row in connection.execute(select(sealed)) if row.kind == "plan"}
            submitted = [row for row in connection.execute(select(history)) if row.event == "submitted"]
        assert len({row.idempotency for row in asked.values()}) == len(asked) == len(submitted)
        for request in asked.values():
            of_it = {row.channel: row for row in every.values() if row.request_id == request.id}
            states = {row.state for row in of_it.values()}
            self._check_request(request, of_it, states)
            assert (request.id in plans) == (request.plan_digest is not None) == (of_it["plan"].state == "done")
        for part in every.values():
            self._check_part(part, [row for row in tried if row.part_id == part.id])
        assert files == {row.id for row in every.values() if row.state == "done" and row.channel != "plan"}
        announced = [json.loads(row.payload)["request"] for row in told if row.topic.startswith("request.")]
        assert sorted(announced) == sorted(row.id for row in asked.values() if row.state in ENDS)
        for run in batches:
            mine = [row for row in asked.values() if row.run_id == run.id]
            if run.state in ("complete", "unbalanced", "cancelled"):
                assert all(row.state in ENDS for row in mine)
                assert (run.state == "complete") <= (run.expected == len(mine))
        # What has ended stays as it is.
        for row in (*every.values(), *asked.values()):
            if row.state in ENDS:
                assert self.seen.setdefault(row.id, row.state) == row.state
            else:
                assert row.id not in self.seen

    def _check_request(self, request: Any, of_it: dict[str, Any], states: set[str]) -> None:
        if request.state in OPEN:
            assert states & set(OPEN)
        else:
            assert not states & set(OPEN)
            if request.state == "done":
                assert states == {"done"}
            elif request.state == "failed":
                assert "failed" in states
            else:
                assert request.state in states
        for channel, part in of_it.items():
            if part.state in ("dispatched", "running", "done") and channel != "plan":
                assert of_it["plan"].state == "done"
                needed = [of_it[other] for other in NEEDS.get(channel, ()) if other in of_it]  # type: ignore[call-overload]
                assert all(other.state == "done" for other in needed)

    def _check_part(self, part: Any, tried: list[Any]) -> None:
        ended = [row.token for row in tried]
        assert len(set(ended)) == len(ended)
        # Every claim has ended in the book of attempts, but the one that is at work.
        assert len(ended) == part.lease_token - (part.state == "running")
        assert 0 <= part.attempts <= MAX_ATTEMPTS + POISON_AFTER + MAX_LOSSES
        assert part.attempts - part.crashes - part.losses <= MAX_ATTEMPTS
        assert sum(row.outcome == "done" for row in tried) == (part.state == "done")
        if part.state not in ("running", "dispatched", "submitted"):
            assert part.finished_ms is not None
        if part.state == "submitted":
            assert part.lease_owner is None and part.lease_until_ms is None

    def teardown(self) -> None:
        """Once nothing goes wrong any more, everything ends by itself and every run adds up."""
        for run in [*self._ids()]:
            self.intake.approve(run)
            with self.database.reading() as connection:
                there = len(connection.execute(select(requests.c.id).where(requests.c.run_id == run)).all())
            self.intake.seal_run(run, there)
        self.now += 10 * DEAD_MS
        self._wake_up_late()
        for _ in range(40):
            fence = self.leader.lead("dispatcher", "last", LEASE, lambda _: True)
            self.leader.sweep(lambda _: True, fence=fence)
            ready = [ready.part_id for queue in QUEUES for ready in self.leader.dispatch(queue, 50, LEASE, fence)]
            for part in ready:
                claim = self.ledger.claim(part, "last", LEASE)
                assert claim is not None
                self._end(claim, "finish")
            self.leader.settle(fence)
            self.now += 5 * LEASE
        with self.database.reading() as connection:
            assert not connection.execute(select(parts).where(parts.c.state.in_(OPEN))).all()
        assert all(self.reader.run_state(run) in ("complete", "unbalanced", "cancelled") for run in self._ids())
        self.all_is_accounted_for()

    def _wake_up_late(self) -> None:
        """Of a plan, and of a channel, somebody ends a claim that was taken back while another is at work on it."""
        with self.database.writing() as connection:
            connection.execute(delete(pauses))
        self.runs.append(self.intake.open_run("test"))
        self.submit(0, ["statement"], False, None)
        self.intake.seal_run(self.runs[-1], 1)
        (request,) = self.reader.requests(self.runs[-1])
        for kind in ("plan", "statement"):
            fence = self.leader.lead("dispatcher", "last", LEASE, lambda _: True)
            for owner in ("late", "now"):
                self.leader.sweep(lambda _: True, fence=fence, counted=False)
                for queue in QUEUES:
                    self.leader.dispatch(queue, 500, LEASE, fence)
                claim = self.ledger.claim(f"{request.id}-{kind}", owner, LEASE)
                assert claim is not None
                self.claims.append(claim)
            late, now = self.claims[-2:]
            for how in ("finish", "go on"):
                self._end(late, how)
                assert self._held(now)
            self._end(now, "finish")

    def _ids(self) -> list[str]:
        with self.database.reading() as connection:
            return list(connection.scalars(select(runs.c.id)))


def _pick(known: Sequence[T], number: int) -> T:
    """Low numbers are the latest, high ones come round to the first."""
    return known[-1 - number % len(known)] if number < 8 else known[number % len(known)]


def _made(claim: Claim) -> Outcome:
    file = Produced(path="p", kind="page", media_type="text/plain", bytes=1, sha256="00", key=f"key/{claim.part_id}")
    return Outcome(artefacts=(file,))


def _empty(connection: Any) -> None:
    """Empty every table, the append-only ones too."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("set local session_replication_role = replica"))  # no trigger fires
        connection.execute(text("truncate " + ", ".join(metadata.tables)))
        return
    triggers = connection.execute(text("select name, sql from sqlite_master where type = 'trigger'")).all()
    for name, _ in triggers:
        connection.execute(text(f"drop trigger {name}"))
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table))
    for _, sql in triggers:
        connection.execute(text(sql))


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.ledger()
    made = Database(url)
    yield made
    made.close()


def test_nothing_is_lost_or_doubled_under_any_order_of_events(database: Database) -> None:
    LedgerMachine.database = database
    examples = 10 if database.engine.dialect.name == "sqlite" else 4
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),  # a failing sequence is printed as it is: to make it short takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
