"""Batch runs at moments that nobody plans for: a ledger that goes away between two sums, a cancelling that has not come
to its end, somebody who is forgotten in between."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from errno import ENOSPC
from io import StringIO
from os import mkfifo
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer
from rich.console import Console
from sqlalchemy import Connection, select, update

from renderer.batch import aside, intake
from renderer.batch.balance import REST_S, Settler
from renderer.batch.intake import look_into, take_in
from renderer.batch.report import gather
from renderer.cli import batch_follow, batch_list, batch_start, batch_steer
from renderer.cli.batch_paper import show
from renderer.cli.batch_report import _written
from renderer.errors import EnvironmentFault, UsageError
from renderer.ledger import erasing
from renderer.ledger.reopening import Reopening
from renderer.ledger.tables import requests, runs, sealed
from renderer.operations.forget import forget
from tests.batches import FAILS, Bench, person


@pytest.fixture
def bench(tmp_path: Path, ledger_url: str) -> Iterator[Bench]:
    with Bench(tmp_path, ledger_url) as made:
        yield made


def _states(bench: Bench, run_id: str) -> list[str]:
    with bench.database.reading() as connection:
        wanted = select(requests.c.state).where(requests.c.run_id == run_id).order_by(requests.c.record)
        return list(connection.scalars(wanted))


def test_sums_that_broke_off_are_made_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    run = bench.start(bench.file([person(1), "{"]), channels=("statement",))
    bench.work()
    now = 0.0
    settler = Settler(bench.services, lambda: now)
    ended = bench.services.batches.ended

    def away(*_: Any) -> Any:
        raise EnvironmentFault("environment.ledger", "The server is away.")

    monkeypatch.setattr(bench.services.batches, "ended", away)
    with pytest.raises(EnvironmentFault):
        settler.settle()
    assert not settler.busy and settler.settle() == []  # nobody waits for it each time
    monkeypatch.setattr(bench.services.batches, "ended", ended)
    now = REST_S
    assert settler.settle() == [run.id]
    assert bench.services.batches.run(run.id).state == "complete"


def test_who_cancels_a_run_sums_no_other(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    other = bench.start(bench.file(["{"]), channels=("statement",), key="other")
    killed = bench.start(bench.file([person(3)]), channels=("statement",), key="killed")
    ours = bench.start(bench.file([person(1)]), channels=("statement",), key="ours")
    with bench.database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == killed.id).values(state="cancelled", cancelled_ms=1))
    ended = bench.services.batches.ended

    def away(run_id: str, after: int) -> Any:
        if run_id != ours.id:
            raise EnvironmentFault("environment.ledger", "The server is away.")
        return ended(run_id, after)

    monkeypatch.setattr(bench.services.batches, "ended", away)
    monkeypatch.setattr(batch_steer, "build", lambda *_, **__: bench.services)
    batch_steer.cancel(ours.id, json_=True)
    assert bench.services.batches.run(ours.id).state == "cancelled" and bench.balance(ours).settled
    assert not bench.services.batches.run(other.id).settled
    assert _states(bench, killed.id) == ["submitted"]


def test_nobody_is_left_out_for_a_request_that_is_still_to_be_cancelled(bench: Bench) -> None:
    source = bench.file([person(1), person(2)])
    before = bench.start(source, channels=("statement",))
    later = bench.open(channels=("statement",), continues=before.id)
    with bench.database.writing() as connection:  # who cancelled it was killed at once
        connection.execute(update(runs).where(runs.c.id == before.id).values(state="cancelled"))
    with pytest.raises(UsageError, match="not all of it has ended yet"):
        bench.open(channels=("statement",), continues=before.id)
    with pytest.raises(UsageError, match="not all of it has ended yet"):
        bench.start(source, channels=("statement",), key="other", continues=before.id)
    bench.services.intake.cancel_run(before.id)
    after = take_in(bench.services, later.id, source)
    assert bench.finish(after).outcomes == {"done": 2}
    assert _states(bench, before.id) == ["cancelled", "cancelled"]


def test_a_run_is_not_retried_that_is_cancelled_meanwhile(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    run = bench.start(bench.file([person(1, customer__name=FAILS)]), channels=("statement",))
    bench.finish(run)
    check = Reopening._check

    def cancelled_after(reopening: Reopening) -> None:
        check(reopening)
        with bench.database.writing() as connection:
            connection.execute(update(runs).where(runs.c.id == run.id).values(state="cancelled"))

    monkeypatch.setattr(Reopening, "_check", cancelled_after)
    with pytest.raises(UsageError, match="was cancelled"):
        bench.services.batches.reopen_failed(run.id)
    assert _states(bench, run.id) == ["failed"]


def test_others_are_tried_again_when_one_who_failed_was_forgotten(bench: Bench) -> None:
    people = [person(number, customer__name=FAILS) for number in (1, 2)]
    run = bench.start(bench.file(people), channels=("statement",))
    bench.finish(run)
    forget(bench.services, "C-1")
    (bench.settings.home / "mended").touch()
    assert bench.services.batches.reopen_failed(run.id) == (1, 0)
    balance = bench.finish(run)
    assert balance.outcomes == {"failed": 1, "done": 1} and balance.forgotten == 1
    assert bench.services.batches.run(run.id).state == "complete"


def test_a_run_is_tried_again_while_somebody_of_it_is_forgotten(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both take the run's lock and the requests'; in one order, or each would wait for the other."""
    first = bench.start(bench.file([person(9)]), channels=("statement",))
    bench.finish(first)
    people = [person(number, customer__name=FAILS) for number in (1, 2)]
    run = bench.start(bench.file(people), channels=("statement",), continues=first.id)
    bench.finish(run)
    again: list[object] = []

    def retry() -> None:
        try:
            again.append(bench.services.batches.reopen_failed(run.id))
        except EnvironmentFault as error:
            again.append(error)

    retrying = Thread(target=retry)
    locked = erasing._lock_run

    def lock_run(connection: Connection, run_id: str) -> str | None:
        totals = locked(connection, run_id)
        retrying.start()
        retrying.join(0.5)  # it has come as far as it can
        return totals

    monkeypatch.setattr(erasing, "_lock_run", lock_run)
    assert forget(bench.services, "C-1").requests == 1
    retrying.join()
    assert again == [(1, 0)]


def test_who_was_set_aside_and_forgotten_does_not_unbalance_a_run(bench: Bench) -> None:
    source = bench.file([person(1), person(2, customer__name=None, bill__total=5)])
    run = bench.start(source, channels=("statement",))
    assert bench.services.batches.run(run.id).totals is not None
    forget(bench.services, "C-2")
    balance = bench.finish(run)
    assert balance.why == () and balance.forgotten == 1
    assert str(balance.totals["total"]["EUR"]["forgotten"]) == "5" and "set_aside" not in balance.totals["total"]["EUR"]
    page = StringIO()
    show(gather(bench.services, run.id), Console(file=page, width=100))
    assert "Every record and every amount is accounted for." in page.getvalue()
    assert "1 record was erased before these sums were made; they stand in one sum" in page.getvalue()
    assert re.search(r"Forgotten +– +5.00", page.getvalue())
    assert bench.services.batches.run(run.id).state == "complete"


def _forget_all(bench: Bench) -> None:
    for number in (1, 2, 3, 4):
        forget(bench.services, f"C-{number}")


@pytest.mark.parametrize("when", ["before", "made", "retried", "cancelled"])
def test_money_is_compared_when_somebody_was_forgotten(bench: Bench, when: str) -> None:
    people = [
        person(1, bill__total=1),
        person(2, bill__total=20, customer__name=FAILS),
        person(3, bill__total=300, customer__name=None),
        person(4, bill__total="much"),
        person(5, bill__total=4000),
        person(6, bill__total=50000, customer__name=FAILS),
    ]
    run = bench.start(bench.file(people), channels=("statement",))
    if when == "before":
        _forget_all(bench)
    bench.work()
    if when == "made":
        _forget_all(bench)
    if when == "cancelled":
        bench.services.intake.cancel_run(run.id)
        _forget_all(bench)
    bench.settle()
    if when == "retried":
        assert "forgotten" not in bench.balance(run).totals["total"]["EUR"]
        _forget_all(bench)
        assert gather(bench.services, run.id).why == (), "what was summed before stays as it is"
        bench.services.batches.reopen_failed(run.id)
        bench.finish(run)
    balance = bench.balance(run)
    assert balance.settled and balance.why == () and balance.compared and balance.forgotten == 4
    told = gather(bench.services, run.id)
    (control,) = told.controls
    assert str(control.of("forgotten")) == "321" and str(control.left) == "0"
    assert balance.unread["total"] == {"in": 1, "forgotten": 1}
    forget(bench.services, "C-5")
    after = bench.balance(run)
    assert after.totals == balance.totals and after.compared and gather(bench.services, run.id).balanced


def test_a_difference_is_told_though_somebody_was_forgotten(bench: Bench) -> None:
    run = bench.start(bench.file([person(1, bill__total=1), person(2, bill__total=2), "{"]), channels=("statement",))
    forget(bench.services, "C-1")
    with bench.database.writing() as connection:
        totals = json.loads(connection.scalars(select(runs.c.totals)).one())
        totals["totals"]["total"]["EUR"]["in"] = "4"
        connection.execute(update(runs).values(totals=json.dumps(totals)))
    balance = bench.finish(run)
    assert balance.why == ("'total' in EUR: 4 came in, 3 is accounted for.",)


def test_who_is_forgotten_while_the_sums_are_made_is_counted_once(bench: Bench) -> None:
    run = bench.start(bench.file([person(1, bill__total=1), person(2, bill__total=2)]), channels=("statement",))
    bench.work()
    settler = Settler(bench.services)
    assert settler.settle(slice_s=-1) == []
    forget(bench.services, "C-1")
    while not (ended := settler.settle()):
        pass
    columns = {column: str(amount) for column, amount in bench.balance(run).totals["total"]["EUR"].items()}
    assert ended == [run.id] and columns == {"in": "3", "done": "2", "forgotten": "1"}
    assert bench.services.batches.run(run.id).state == "complete"


def test_an_erasure_that_is_killed_adds_up_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [person(1, bill__total=1), person(2, bill__total=2), person(1, bill__total=7)]
    run = bench.start(bench.file(people), channels=("statement",))

    def killed(*given: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    for at in ("note", "note", "Erasing.forget_records", "_count"):
        with monkeypatch.context() as patched:
            patched.setattr(f"renderer.ledger.erasing.{at}", killed)
            with pytest.raises(KeyboardInterrupt):
                forget(bench.services, "C-1")
    forget(bench.services, "C-1")
    forget(bench.services, "C-1")
    balance = bench.finish(run)
    assert str(balance.totals["total"]["EUR"]["forgotten"]) == "8" and balance.why == ()


def test_who_is_forgotten_while_the_input_is_read_stays_in_the_sum(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "AT_ONCE", 1)
    run = bench.open(channels=("statement",))
    source = bench.file([person(1, bill__total=1), person(2, bill__total=2)])
    read: list[int] = []

    def progress(records: int, _: Any) -> None:
        if records == 1 and not read:
            read.append(records)
            forget(bench.services, "C-1")

    take_in(bench.services, run.id, source, progress=progress)
    balance = bench.finish(run)
    assert read and str(balance.totals["total"]["EUR"]["forgotten"]) == "1" and balance.why == ()


def test_a_damaged_seal_keeps_nobody_from_being_forgotten(bench: Bench) -> None:
    run = bench.start(bench.file([person(1), person(2)]), channels=("statement",))
    with bench.database.writing() as connection:
        connection.execute(update(sealed).where(sealed.c.kind == "amounts").values(data=b"damaged"))
    forget(bench.services, "C-1")
    forget(bench.services, "C-2")
    balance = bench.finish(run)
    assert balance.forgotten == 2 and not balance.compared and balance.why == ()


def test_a_batch_cannot_be_urgent(capsys: Any) -> None:
    with pytest.raises(typer.Exit) as ended:
        batch_start.start("small", "people.jsonl", priority="urgent")
    assert ended.value.exit_code == 2
    assert "A batch cannot be urgent" in capsys.readouterr().err
    shown = inspect.signature(batch_start.start, eval_str=True).parameters["priority"].annotation.__metadata__[0]
    assert shown.help == "low, normal or high."


def test_an_input_without_records_is_told(bench: Bench, capsys: Any) -> None:
    empty = bench.start(bench.file([]), channels=("statement",), key="empty")
    bench.settle()
    batch_follow.tell(bench.services, empty.id, detached=False, json_=True)
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert found["state"] == "complete" and found["counts"]["input"] == 0
    assert "The input holds no record" in told.err
    full = bench.start(bench.file([person(1)]), channels=("statement",), key="full")
    bench.finish(full)
    batch_follow.tell(bench.services, full.id, detached=False, json_=True)
    assert "no record" not in capsys.readouterr().err


def test_a_run_is_held_when_nothing_else_is_left(bench: Bench, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_list, "build", lambda *_, **__: bench.services)
    run = bench.start(bench.file([person(number) for number in range(3)]), channels=("statement",), hold_after=1)
    batch_list.list(limit=20)
    assert "at work, 2 held" in capsys.readouterr().out
    bench.work()
    batch_list.list(limit=20)
    said = capsys.readouterr().out
    assert "held" in said and "at work" not in said
    bench.services.intake.approve(run.id)
    batch_list.list(limit=20)
    assert "at work" in (said := capsys.readouterr().out) and "held" not in said


def test_an_input_that_cannot_be_read_at_all_gets_no_run(bench: Bench) -> None:
    (bench.home / "people.csv").write_text("Anna;17\n")
    mkfifo(bench.home / "pipe.jsonl")
    for name in ("nowhere.jsonl", "people.csv", "people.txt", "-"):
        with pytest.raises(UsageError):
            look_into(bench.release, name if name == "-" else str(bench.home / name))
    look_into(bench.release, str(bench.home / "pipe.jsonl"))  # would wait for ever if it were opened
    look_into(bench.release, bench.file([person(1)]))
    look_into(bench.release, "-", "csv")


def test_half_of_the_records_that_were_set_aside_is_no_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    run = bench.start(bench.file(["{", "["]), channels=("statement",))
    full = OSError(ENOSPC, "No space left on device")
    out, kept, told = bench.home / "mend.jsonl", aside._line, iter([None, full])

    def line(*given: Any) -> str:
        if (error := next(told)) is not None:
            raise error
        return kept(*given)

    monkeypatch.setattr(aside, "_line", line)
    with pytest.raises(OSError, match="No space"):
        aside.write_aside(bench.services, run.id, out)
    assert not out.exists()
    monkeypatch.undo()
    assert aside.write_aside(bench.services, run.id, out) == (2, {})
    with pytest.raises(FileExistsError):
        aside.write_aside(bench.services, run.id, out)
    assert len(out.read_text().splitlines()) == 2


def test_a_report_does_not_take_the_place_of_what_is_no_file(tmp_path: Path) -> None:
    pipe, found = tmp_path / "pipe", []
    mkfifo(pipe)
    reader = Thread(target=lambda: found.append(pipe.read_text()))
    reader.start()
    with _written(pipe) as file:
        file.write("report")
    reader.join()
    assert found == ["report"] and pipe.is_fifo()
