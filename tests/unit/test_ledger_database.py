"""The ledger and its database: what that refuses, how long it keeps anybody waiting, what is on the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, text, update
from sqlalchemy.exc import IntegrityError

from renderer.errors import EnvironmentFault
from renderer.ledger.database import Database
from renderer.ledger.endings import lock, request_of
from renderer.ledger.model import (
    Wish,
)
from renderer.ledger.tables import attempts, history, parts
from tests.ledger_bench import FULL, LEASE, Bench, nobody, outcome


@pytest.fixture
def bench(ledger_url: str) -> Iterator[Bench]:
    made = Bench(ledger_url)
    yield made
    made.database.close()


def test_the_database_itself_refuses_what_must_not_be(bench: Bench) -> None:
    bench.submit("statement")
    acts: list[Callable[[], object]] = [
        lambda: delete(history),
        lambda: update(history).values(event="x"),
        lambda: delete(attempts),
        lambda: update(attempts).values(outcome="done"),
        lambda: update(parts).values(state="lost"),
        lambda: update(parts).where(parts.c.waits == 0).values(state="running"),
        lambda: update(parts).values(waits=1),  # the plan is made
    ]
    for act in acts:
        with pytest.raises(IntegrityError), bench.database.writing() as connection:
            connection.execute(act())  # type: ignore[call-overload]
    with bench.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(history)) == 3  # opened, submitted, planned


def test_nobody_else_can_read_the_ledger(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}").close()
    assert (tmp_path / "ledger.sqlite").stat().st_mode & 0o077 == 0


def test_a_file_that_is_damaged_is_a_fault_of_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no ledger " * 1000)
    with pytest.raises(EnvironmentFault, match="is damaged, or is no ledger"):
        Database(f"sqlite:///{path}")
    path.unlink()
    Database(f"sqlite:///{path}").close()
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))  # a disk that forgot
    with pytest.raises(EnvironmentFault, match="is damaged, or is no ledger"):
        Database(f"sqlite:///{path}")


def test_a_part_ends_and_the_next_is_claimed_in_one_step(bench: Bench) -> None:
    first, second = (bench.submit("statement", plan=False) for _ in range(2))
    bench.sent("control")
    claim = bench.ledger.claim(f"{first}-plan", "me", LEASE, "w")
    assert claim is not None and claim.sealed == b"sealed"
    wish = Wish(part_id=f"{second}-plan", owner="me", lease_ms=LEASE, worker="w")
    kept, after = bench.ledger.planned_and_claim(claim, "digest", b"plan", wish)
    assert kept and after is not None
    assert (after.part_id, after.owner, after.worker, after.attempt) == (f"{second}-plan", "me", "w", 1)
    # It was not sent, so it is not to be had; the plan is made all the same.
    ready = Wish(part_id=f"{first}-statement", owner="me", lease_ms=LEASE)
    assert bench.ledger.planned_and_claim(after, "digest", b"plan", ready) == (True, None)
    bench.sent("statement")
    one = bench.ledger.claim(f"{first}-statement", "me", LEASE)
    assert one is not None and one.sealed == b"plan"
    two = Wish(part_id=f"{second}-statement", owner="me", lease_ms=LEASE)
    kept, claimed = bench.ledger.finish_and_claim(one, outcome(one.part_id), two)
    assert kept and claimed is not None and claimed.sealed == b"plan"
    # Whoever comes too late ends nothing, and may go on with something else all the same.
    assert bench.ledger.finish_and_claim(one, outcome(one.part_id), two) == (False, None)
    assert bench.ledger.finish(claimed, outcome(claimed.part_id))
    assert bench.reader.counts(bench.run).done == 2


def test_a_claim_with_an_end_waits_for_nobody(bench: Bench) -> None:
    """Two who each end a part and want the other's request would else wait for each other for ever."""
    if bench.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    one, other = (f"{bench.submit('statement')}-statement" for _ in range(2))
    claim = bench.claim(one)
    bench.mark(other)
    wish = Wish(part_id=other, owner="me", lease_ms=LEASE)
    with bench.database.writing() as connection:
        lock(connection, request_of(other))
        assert bench.ledger.finish_and_claim(claim, outcome(one), wish) == (True, None)
    assert bench.state(other) == "dispatched"
    assert bench.ledger.claim(other, "me", LEASE) is not None


def test_no_question_of_every_tick_looks_through_the_table(bench: Bench) -> None:
    """It would take a second with a million requests: SQLite uses a partial index only where a question names it."""
    if bench.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's planner looks at how large a table is")
    asked: list[tuple[str, Any]] = []
    claim = bench.claim(f"{bench.submit('statement')}-statement", worker="w")
    bench.submit("statement")
    bench.sent("statement", 1)
    bench.now += LEASE + 1
    engine = bench.database.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _k, said, given, *_: asked.append((said, given)))
    bench.reader.in_flight("statement")
    bench.reader.waiting("statement")
    bench.reader.sent("statement")
    bench.leader.dispatch("statement", 5, LEASE)
    bench.leader.sweep(nobody)
    bench.leader.sweep(nobody, worker="w")
    bench.leader.settle()
    bench.ledger.give_back(claim, FULL)
    with engine.connect() as connection:
        plans = [
            str(row[-1])
            for said, given in asked
            if said.startswith(("SELECT", "UPDATE"))
            for row in connection.exec_driver_sql(f"explain query plan {said}", given)
        ]
    assert any("USING INDEX parts_leased" in step for step in plans)
    assert any("USING INDEX parts_ready" in step for step in plans)
    assert [step for step in plans if step.startswith(("SCAN parts", "SCAN requests")) and "USING" not in step] == []


def test_a_connection_that_has_rested_is_tried_before_it_is_used(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server may have been started again meanwhile."""
    if bench.database.engine.dialect.name == "sqlite":
        pytest.skip("a file's connection does not go away")

    def lose() -> None:
        with bench.database.reading() as connection:
            pid = connection.scalar(text("select pg_backend_pid()"))
        other = Database(str(bench.database.engine.url.render_as_string(hide_password=False)), pooled=False)
        with other.reading() as connection:
            connection.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        other.close()

    bench.reader.workers()
    lose()
    with pytest.raises(EnvironmentFault):  # as if the server went away a moment later
        bench.reader.workers()
    assert bench.reader.workers() == []
    monkeypatch.setattr("renderer.ledger.database.TRUSTED_S", 0.0)
    lose()
    assert bench.reader.workers() == []


def test_what_is_handed_in_is_on_the_disk_and_what_workers_do_need_not_wait_for_it(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")) as database:
        found = []
        for durable in (True, False, False, True):
            with database.writing(durable=durable) as connection:
                found.append(connection.exec_driver_sql("pragma synchronous").scalar())
        assert found == [2, 1, 1, 2]  # full, normal
        with database.reading() as connection:
            assert connection.exec_driver_sql("pragma synchronous").scalar() == 2
