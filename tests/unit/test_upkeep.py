"""Sums, retention and old rows: what the leader does seldom, once, in small steps, and by a clock that may be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from renderer.api import entry as api_entry
from renderer.bootstrap import Services, build, release_key
from renderer.ledger.leader import Leader, NotLeader
from renderer.ledger.model import Claim, Fault, Fence, Outcome, Produced, Submission, artefact_key, new_id
from renderer.ledger.tables import (
    artefacts,
    attempts,
    ended_sessions,
    history,
    outbox,
    parts,
    pauses,
    requests,
    runs,
    sealed,
    set_aside,
    workers,
)
from renderer.ledger.tallies import LAG_MS, Tallies
from renderer.ledger.upkeep import DEAD_DAYS, Upkeep
from renderer.operations import upkeep as upkeep_module
from renderer.operations.retention import DEFAULT_DAYS
from renderer.operations.upkeep import HOLD_MARK, HOLD_MS, ROUND_MARK, Caretaker
from renderer.settings import Settings
from renderer.template.model import Channel
from renderer.template.release import Release
from renderer.times import DAY_MS
from workers import door

START = 1_700_000_000_000
SHORT = Release({"template.yaml": b"id: short\nretention_days: 10\n"})
SILENT = Release({"template.yaml": b"id: silent\n"})


class Bench:
    """A real home with a clock that a test turns, and a second one that only the time that passes turns."""

    def __init__(self, home: Path, url: str) -> None:
        self.now, self.running = START, 0.0
        self.services: Services = build(Settings(home=home, database_url=url, broker_url=""))
        self.database = self.services.database
        for part in (self.services.intake, self.services.ledger, self.services.leader):
            part._clock = lambda: self.now
        self.tallies = Tallies(self.database, lambda: self.now)
        self.upkeep = Upkeep(self.database, lambda: self.now)
        self.caretaker = self.new_caretaker()

    def new_caretaker(self) -> Caretaker:
        return Caretaker(self.services, lambda: self.running, lambda: self.now)

    def run(self, kind: str = "batch") -> str:
        return self.services.intake.open_run(kind)

    def submit(self, run: str, release: Release = SHORT, *channels: Channel) -> str:
        self.services.releases.publish(release)
        request_id = new_id(self.now)
        item = Submission(
            id=request_id,
            recipient="keyed",
            idempotency=request_id,
            template="t",
            release=release.files_digest,
            channels=channels or ("statement",),
            sealed=b"profile",
        )
        assert self.services.intake.submit(run, [item]) == 1
        return request_id

    def claim(self, part_id: str) -> Claim:
        with self.database.writing() as connection:
            connection.execute(
                update(parts).where(parts.c.id == part_id).values(state="dispatched", lease_until_ms=self.now + 1000)
            )
        claim = self.services.ledger.claim(part_id, "me", 1000)
        assert claim is not None
        return claim

    def finish(self, request_id: str, took_ms: int = 30) -> None:
        plan = self.claim(f"{request_id}-plan")
        assert self.services.ledger.planned(plan, "digest", b"plan")
        claim = self.claim(f"{request_id}-statement")
        self.now += took_ms
        file = Produced(path="p", kind="page", media_type="text/plain", bytes=100, sha256="00", key=f"k/{request_id}")
        assert self.services.ledger.finish(claim, Outcome(artefacts=(file,)))

    def done(self, release: Release = SHORT, run: str | None = None, settle: bool = True) -> str:
        run = run or self.run()
        request_id = self.submit(run, release)
        self.finish(request_id)
        if settle:
            self.settle(run)
        return request_id

    def settle(self, run: str) -> None:
        with self.database.writing() as connection:
            connection.execute(
                update(runs).where(runs.c.id == run).values(state="complete", finished_ms=self.now, sealed_ms=self.now)
            )

    def kept(self, request_id: str) -> set[str]:
        with self.database.reading() as connection:
            return set(connection.scalars(select(sealed.c.kind).where(sealed.c.request_id == request_id)))

    def pass_time(self, days: float) -> None:
        """Both clocks go on."""
        self.now += int(days * DAY_MS)
        self.running += days * 86_400

    def look(self, fence: Fence | None = None, ticks: int = 400) -> None:
        for _ in range(ticks):
            self.caretaker.tick(fence)
            self.running += 0.01
            self.now += 10


@pytest.fixture
def bench(tmp_path: Path, ledger_url: str) -> Iterator[Bench]:
    made = Bench(tmp_path / "home", ledger_url)
    yield made
    made.database.close()


def sums(bench: Bench) -> dict[tuple[str, str, int], tuple[int, int]]:
    return {(one.name, one.label, one.place): (one.count, one.total) for one in bench.tallies.read()}


# ---------------------------------------------------------------- Sums


def test_what_has_ended_is_summed_up_once(bench: Bench) -> None:
    for took in (30, 60, 400_000):
        bench.finish(bench.submit(bench.run()), took)
    bench.now += LAG_MS + 1
    assert bench.tallies.fold() is False
    found = sums(bench)
    assert found["attempts", "statement done", 50] == (1, 30)
    assert found["attempts", "statement done", 100] == (1, 60)
    assert found["attempts", "statement done", 0] == (1, 400_000)  # longer than the last bucket
    assert found["requests", "t done", 0] == (3, 0)
    assert found["artefacts", "statement", 0] == (3, 300)
    bench.tallies.fold()
    bench.now += 60_000
    bench.tallies.fold()
    assert sums(bench) == found


def test_sums_are_made_in_steps_and_leave_nothing_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.ledger.tallies.ROWS", 4)
    rows = [
        {
            "part_id": f"{n:032x}-video",
            "token": 1,
            "owner": "o",
            "begun_ms": 0,
            "ended_ms": START + at,
            "outcome": "done",
        }
        for n, at in enumerate([1, 1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 4, 9])  # many in one millisecond
    ]
    with bench.database.writing() as connection:
        connection.execute(insert(attempts), rows)
    bench.now += LAG_MS + 100
    steps = 1
    while bench.tallies.fold():
        steps += 1
    assert steps > 2
    assert sum(count for key, (count, _) in sums(bench).items() if key[0] == "attempts") == len(rows)


def test_what_ended_just_now_waits_for_the_next_time(bench: Bench) -> None:
    bench.finish(bench.submit(bench.run()))
    bench.tallies.fold()
    assert sums(bench) == {}
    bench.now += LAG_MS + 1
    bench.tallies.fold()
    assert ("requests", "t done", 0) in sums(bench)


def test_a_clock_that_goes_back_does_not_stop_the_sums(bench: Bench) -> None:
    bench.now += 365 * DAY_MS
    bench.tallies.fold()
    bench.now = START
    bench.tallies.fold()
    bench.now += 1000
    bench.finish(bench.submit(bench.run()))
    bench.now += LAG_MS + 1
    bench.tallies.fold()
    assert sums(bench)["requests", "t done", 0] == (1, 0)


def test_of_two_leaders_one_sums(bench: Bench) -> None:
    bench.finish(bench.submit(bench.run()))
    bench.now += LAG_MS + 1
    leader = Leader(bench.database, lambda: bench.now)
    old = leader.lead("dispatcher", "first", 1000)
    bench.now += 2000
    assert leader.lead("dispatcher", "second", 1000) is not None
    with pytest.raises(NotLeader):
        bench.tallies.fold(old)
    assert sums(bench) == {}


# ---------------------------------------------------------------- Retention


def test_data_is_dropped_when_its_templates_days_are_over(bench: Bench) -> None:
    short, silent = bench.done(), bench.done(SILENT)
    bench.look()
    assert bench.kept(short) == {"profile", "plan"}
    bench.pass_time(9.9)
    bench.look()
    assert bench.kept(short) == {"profile", "plan"}
    bench.pass_time(0.2)
    bench.look()
    assert bench.kept(short) == set()
    assert bench.kept(silent) == {"profile", "plan"}
    bench.pass_time(DEFAULT_DAYS)
    bench.look()
    assert bench.kept(silent) == set()
    with bench.database.reading() as connection:
        assert connection.scalar(select(func.count()).where(requests.c.dropped_ms.is_not(None))) == 2
        assert connection.scalar(select(func.count()).select_from(artefacts)) == 2  # files stay


def test_a_published_release_says_its_days_in_the_ledger(bench: Bench) -> None:
    from renderer.ledger.tables import releases

    request = bench.done(SILENT)
    bench.services.store.delete(release_key(SILENT.files_digest))
    values = {"template": "silent", "digest": SILENT.files_digest, "contract": "c", "retention_days": 3, "title": "t"}
    with bench.database.writing() as connection:
        connection.execute(insert(releases).values(files=1, bytes=1, engine="e", published_ms=1, **values))
    bench.pass_time(3.1)
    bench.look()
    assert bench.kept(request) == set()


def test_nothing_of_what_is_open_is_dropped(bench: Bench) -> None:
    run = bench.run()
    ended, waiting = bench.done(run=run, settle=False), bench.submit(run)
    bench.look()
    bench.pass_time(40)
    bench.look()
    assert bench.kept(ended) == {"profile", "plan"}  # its run is not settled: its sums are still needed
    assert bench.kept(waiting) == {"profile"}
    bench.settle(run)
    bench.pass_time(0.1)
    bench.look()
    assert bench.kept(ended) == set()
    assert bench.kept(waiting) == {"profile"}


@pytest.mark.parametrize("kind", [api_entry.KIND, door.KIND])
def test_requests_of_a_run_without_end_are_dropped_one_by_one(bench: Bench, kind: str) -> None:
    run = bench.run(kind)
    ended, waiting = bench.done(run=run, settle=False), bench.submit(run)
    bench.look()
    bench.pass_time(11)
    bench.look()
    assert (bench.kept(ended), bench.kept(waiting)) == (set(), {"profile"})


def test_a_request_that_is_opened_again_is_left_alone(bench: Bench) -> None:
    request = bench.done()
    bench.pass_time(11)
    due = bench.upkeep.due(SHORT.files_digest, bench.now - 10 * DAY_MS)
    assert due == [request]
    with bench.database.writing() as connection:  # meanwhile
        connection.execute(update(requests).where(requests.c.id == request).values(state="running", finished_ms=None))
    assert bench.upkeep.drop(due) == 0
    assert bench.kept(request) == {"profile", "plan"}


def test_a_leader_that_was_replaced_drops_nothing(bench: Bench) -> None:
    request = bench.done()
    old = bench.services.leader.lead("dispatcher", "first", 1000)
    bench.pass_time(11)
    assert bench.services.leader.lead("dispatcher", "second", 1000) is not None
    with pytest.raises(NotLeader):
        bench.upkeep.drop([request], old)
    assert bench.kept(request) == {"profile", "plan"}


def test_records_that_were_set_aside_lose_their_data_and_stay_as_numbers(bench: Bench) -> None:
    run = bench.run()
    with bench.database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == run).values(release=SHORT.files_digest))
        row = {"run_id": run, "code": "profile.kind", "faults": "[]", "data": b"sealed", "amounts": b"x", "at_ms": 1}
        connection.execute(insert(set_aside), [{**row, "record": n} for n in range(250)])
    bench.services.releases.publish(SHORT)

    def kept() -> int:
        with bench.database.reading() as connection:
            return connection.scalar(select(func.count()).where(set_aside.c.data.is_not(None))) or 0

    bench.look()
    bench.pass_time(40)
    bench.look()
    assert kept() == 250  # the run is open
    bench.settle(run)
    bench.pass_time(9)
    bench.look()
    assert kept() == 250
    bench.pass_time(1.1)
    bench.look()
    assert kept() == 0
    with bench.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(set_aside)) == 250


def test_a_clock_that_jumps_a_year_erases_nothing_and_leaves_a_trace(bench: Bench) -> None:
    request = bench.done()
    bench.look()
    bench.now += 365 * DAY_MS  # the wall's clock alone
    bench.running += 61
    bench.look()
    assert bench.kept(request) == {"profile", "plan"}
    with bench.database.reading() as connection:
        assert "retention held" in connection.scalars(select(history.c.event)).all()
    bench.now -= 365 * DAY_MS  # put right within a day
    bench.running += 61
    bench.look()
    assert bench.kept(request) == {"profile", "plan"}
    bench.pass_time(11)  # and time passes as it should
    bench.look()
    assert bench.kept(request) == set()


def test_a_clock_that_stays_where_it_jumped_to_is_believed_after_a_day(bench: Bench) -> None:
    request = bench.done()
    bench.look()
    bench.now += 365 * DAY_MS
    bench.pass_time(0.5)
    bench.look()
    assert bench.kept(request) == {"profile", "plan"}
    bench.pass_time(1.1)
    bench.look()
    assert bench.kept(request) == set()


@pytest.mark.parametrize(("days", "wait"), [(20, 0.01), (365, 1.01)])
def test_a_service_that_rested_waits_a_moment_or_a_day(bench: Bench, days: int, wait: float) -> None:
    request = bench.done()
    bench.look()
    bench.now += days * DAY_MS
    bench.running = 0.0
    bench.caretaker = bench.new_caretaker()  # started again
    bench.look()
    assert bench.kept(request) == {"profile", "plan"}
    bench.pass_time(wait)
    bench.look()
    assert bench.kept(request) == set()


def test_one_round_drops_no_more_than_it_may(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep_module, "ROUND", 3)
    run = bench.run()
    ids = [bench.done(run=run, settle=False) for _ in range(5)]
    bench.settle(run)
    bench.look()
    bench.pass_time(11)
    bench.look(ticks=100)
    assert sum(bench.kept(one) == set() for one in ids) == 3
    assert [bench.kept(one) == set() for one in ids] == [True] * 3 + [False] * 2  # those that ended first
    bench.running += 61
    bench.now += 61_000
    bench.look(ticks=100)
    assert not any(bench.kept(one) for one in ids)


# ---------------------------------------------------------------- Old rows, and what is left over


def test_old_rows_are_put_away_and_those_that_count_stay(bench: Bench) -> None:
    day = DAY_MS
    with bench.database.writing() as connection:
        message: dict[str, Any] = {"topic": "t", "payload": "{}", "sent_ms": None}
        old = bench.now - bench.services.settings.webhook_days * day - 1
        for name, created in (("old", old), ("new", bench.now - day)):
            connection.execute(insert(outbox).values(dedupe=name, created_ms=created, **message))
        worker: dict[str, Any] = {"name": "w", "queues": "site", "children": 1, "started_ms": 1, "beat_ms": 1}
        for name, dead in (("gone", bench.now - DEAD_DAYS * day - 1), ("late", bench.now - day), ("alive", None)):
            connection.execute(insert(workers).values(id=name, dead_ms=dead, **worker))
        pause: dict[str, Any] = {"faults": 1, "since_ms": 1, "fault_ms": 1, "code": "environment.disk", "message": "m"}
        connection.execute(insert(pauses).values(queue="video", until_ms=bench.now - day, **pause))
        connection.execute(insert(pauses).values(queue="control", until_ms=bench.now - day, **pause))
        for nonce, until in (("over", bench.now - day - 1), ("late", bench.now - day + 60_000)):
            connection.execute(insert(ended_sessions).values(nonce=nonce, until_ms=until))
    bench.submit(bench.run())  # its plan waits in 'control': that pause ends when it gets through
    bench.look(ticks=20)
    with bench.database.reading() as connection:
        assert set(connection.scalars(select(outbox.c.dedupe))) == {"new"}
        assert set(connection.scalars(select(workers.c.id))) == {"late", "alive"}
        assert set(connection.scalars(select(pauses.c.queue))) == {"control"}
        assert set(connection.scalars(select(ended_sessions.c.nonce))) == {"late"}


def test_files_that_nobody_counted_are_swept_a_day_after_their_request_ended(bench: Bench) -> None:
    store = bench.services.store
    request, waiting = bench.done(), bench.submit(bench.run())
    counted = artefact_key(request, "statement/counted.pdf")
    with bench.database.writing() as connection:
        connection.execute(update(artefacts).values(key=counted))
    lost = artefact_key(request, "statement/lost.pdf")
    at_work = artefact_key(waiting, "statement/bill.pdf")
    elsewhere = artefact_key("0" * 32, "statement/bill.pdf")  # of another ledger
    for key in (counted, lost, at_work, elsewhere):
        store.put_if_absent(key, b"x")

    def sweep() -> set[str]:
        for _ in range(256):
            for _ in bench.caretaker.abandoned(None):
                pass
        return set(store.list("artefacts"))

    assert lost in sweep()
    bench.pass_time(1.01)
    assert sweep() == {counted, at_work, elsewhere}


def test_a_fault_of_one_kind_of_work_stops_no_other(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(bench.caretaker._tallies, "fold", broken)
    request = bench.done()
    bench.look()
    bench.pass_time(11)
    bench.look()
    assert bench.kept(request) == set()


def test_a_tick_takes_little_time_however_much_there_is_to_do(bench: Bench) -> None:
    """The steps that a tick makes end with its time; the clock of the test stands in for slow work."""
    calls = 0

    def slow(_fence: Fence | None) -> Iterator[None]:
        nonlocal calls
        for _ in range(1000):
            calls += 1
            bench.running += 0.02
            yield

    bench.caretaker._every = {slow: 1.0}  # type: ignore[dict-item]
    bench.caretaker._due = {slow: 0.0}  # type: ignore[dict-item]
    bench.caretaker.tick(None)
    assert calls == 2


def test_marks_are_kept(bench: Bench) -> None:
    assert bench.upkeep.mark(ROUND_MARK) is None
    bench.upkeep.put_mark(HOLD_MARK, 5)
    bench.upkeep.put_mark(HOLD_MARK, 7)
    assert bench.upkeep.mark(HOLD_MARK) == 7
    assert HOLD_MS >= DAY_MS


def test_a_failed_attempt_is_told_apart(bench: Bench) -> None:
    request = bench.submit(bench.run())
    assert bench.services.ledger.fail(bench.claim(f"{request}-plan"), Fault(code="profile.kind", message="m"))
    bench.now += LAG_MS + 1
    bench.tallies.fold()
    found = sums(bench)
    assert found["requests", "t failed", 0] == (1, 0)
    assert {key[1] for key in found if key[0] == "attempts"} == {"plan failed"}
