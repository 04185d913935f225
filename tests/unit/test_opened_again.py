"""Whoever removes what is old found a run settled, and it is opened again before anything is removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import func, select, update

from renderer.ledger.cleaning import Cleaning
from renderer.ledger.reopening import Reopening
from renderer.ledger.tables import artefacts, requests, sealed
from renderer.ledger.upkeep import Upkeep
from renderer.operations import forget
from tests.batches import FAILS, Bench, person

LATER = 2**60


@pytest.fixture
def bench(tmp_path: Path, ledger_url: str) -> Iterator[Bench]:
    with Bench(tmp_path, ledger_url) as made:
        yield made


class Settled:
    """A run of two, of which one is done and one has failed, and what there is of it."""

    def __init__(self, bench: Bench) -> None:
        self._database = bench.database
        run = bench.start(bench.file([person(1), person(2, customer__name=FAILS)]), channels=("statement",))
        bench.finish(run)
        self.run = run.id
        with self._database.reading() as connection:
            wanted = select(requests.c.id).where(requests.c.run_id == run.id).order_by(requests.c.record)
            self.done, self.failed = connection.scalars(wanted)

    def kept(self) -> tuple[int, int]:
        """Files and what is sealed, of the one that is done."""
        with self._database.reading() as connection:
            files = connection.scalar(select(func.count()).where(artefacts.c.part_id == f"{self.done}-statement"))
            secrets = connection.scalar(select(func.count()).where(sealed.c.request_id == self.done))
            return files or 0, secrets or 0


def cleaning(bench: Bench) -> Callable[[list[str]], int]:
    return lambda ids: len(Cleaning(bench.database).clean(ids, LATER))


def dropping(bench: Bench) -> Callable[[list[str]], int]:
    return Upkeep(bench.database).drop


@pytest.mark.parametrize("removing", [cleaning, dropping])
def test_nothing_is_removed_of_a_run_that_was_opened_again(
    bench: Bench, removing: Callable[[Bench], Callable[[list[str]], int]]
) -> None:
    found = Settled(bench)
    remove = removing(bench)
    before = found.kept()
    assert before[0] == 1 and before[1] > 0
    assert found.done in {one.id for one in Cleaning(bench.database).old(LATER)}
    assert bench.services.batches.reopen_failed(found.run) == (1, 0)
    assert remove([found.done, found.failed]) == 0
    assert found.kept() == before
    (bench.settings.home / "mended").touch()
    bench.work()
    assert found.run in bench.settle()
    assert remove([found.done]) == 1
    assert found.kept() != before


@pytest.mark.parametrize("removing", [cleaning, dropping])
def test_nothing_is_removed_while_somebody_opens_the_run_again(
    bench: Bench,
    removing: Callable[[Bench], Callable[[list[str]], int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who cleans waits for it. The leader, who drops what is old, goes on without that run."""
    found = Settled(bench)
    remove = removing(bench)
    before = found.kept()
    removed: list[int] = []
    begun = Event()

    def work() -> None:
        begun.set()
        removed.append(remove([found.done]))

    thread = Thread(target=work)
    go_on = Reopening._go_on

    def slow(self: Reopening, *given: object) -> None:
        go_on(self, *given)  # type: ignore[arg-type]
        thread.start()
        begun.wait()
        thread.join(0.3)
        assert thread.is_alive() or removing is dropping

    monkeypatch.setattr(Reopening, "_go_on", slow)
    assert bench.services.batches.reopen_failed(found.run) == (1, 0)
    thread.join(30)
    assert removed == [0] and found.kept() == before


@pytest.mark.parametrize("stop", ["_check", "_go_on"])
def test_nobody_comes_back_who_is_forgotten_while_the_run_is_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    """The retry is stopped where it has looked, and where it has found whom to try again: there an erasure waits."""
    people = [person(number, customer__name=FAILS) for number in (1, 2)]
    run = bench.start(bench.file(people), channels=("statement",))
    bench.finish(run)
    with bench.database.reading() as connection:
        wanted = select(requests.c.id).where(requests.c.run_id == run.id).order_by(requests.c.record)
        first, second = connection.scalars(wanted)
    erased: list[int] = []
    thread = Thread(target=lambda: erased.append(forget.forget(bench.services, "C-1").requests))
    step = getattr(Reopening, stop)

    def stopped(self: Reopening, *given: object) -> None:
        step(self, *given)
        if thread.ident is None:
            thread.start()
            thread.join(30 if stop == "_check" else 0.3)
            assert thread.is_alive() is (stop != "_check")

    monkeypatch.setattr(Reopening, stop, stopped)
    again, _ = bench.services.batches.reopen_failed(run.id)
    thread.join(30)
    assert (again, erased) == (1 if stop == "_check" else 2, [1])
    with bench.database.reading() as connection:
        states = [
            connection.execute(select(requests.c.state, requests.c.forgotten_ms).where(requests.c.id == one)).one()
            for one in (first, second)
        ]
        assert states[0].forgotten_ms is not None and states[1].forgotten_ms is None
        assert [one.state for one in states] == ["failed" if stop == "_check" else "cancelled", "submitted"]
        assert set(connection.scalars(select(sealed.c.request_id).distinct())) == {second}


def test_what_is_left_of_a_request_that_may_be_tried_again_is_not_swept(bench: Bench) -> None:
    """Its next try stores the same names and finds them there: the sweep may come to them at any time after it looked,
    also when the retry has counted them."""
    found = Settled(bench)
    keys = {request_id: [f"artefacts/00/00/{request_id}.x"] for request_id in (found.done, found.failed)}
    sweeping = Cleaning(bench.database)
    assert sweeping.abandoned(keys, LATER) == keys[found.done]
    with bench.database.writing() as connection:
        connection.execute(update(requests).where(requests.c.id == found.failed).values(dropped_ms=1))
    assert sorted(sweeping.abandoned(keys, LATER)) == sorted(keys[found.done] + keys[found.failed])


def test_no_transaction_is_open_while_the_store_is_at_work(bench: Bench) -> None:
    """A bucket that hangs would keep everybody from writing to SQLite."""
    written: list[str] = []

    def hangs(key: str) -> bool:
        def write() -> None:
            with bench.database.writing():
                written.append(key)

        thread = Thread(target=write)
        thread.start()
        thread.join(60)
        return not thread.is_alive()

    assert Cleaning(bench.database).sweep("artefacts/00/00/x.y", hangs)
    assert written == ["artefacts/00/00/x.y"]
