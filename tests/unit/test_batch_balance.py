"""The sums of a run: input = done + failed + suppressed + set aside + cancelled, by records and by money."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from renderer.batch.balance import Settler
from renderer.batch.model import FORGOTTEN, OUTCOMES, Balance, settled
from renderer.batch.report import gather
from renderer.errors import UsageError
from renderer.ledger.leader import NotLeader
from renderer.ledger.seal import Vault
from renderer.ledger.tables import attempts, history, outbox, requests, runs, sealed, set_aside
from renderer.operations.forget import forget
from renderer.orders import seal_amounts
from tests.batches import FAILS, Bench, person
from tests.listening import listen


@pytest.fixture
def bench(tmp_path: Path, ledger_url: str) -> Iterator[Bench]:
    with Bench(tmp_path, ledger_url) as made:
        with made.database.writing() as connection:
            listen(connection)
        yield made


MESSY: list[Any] = [
    person(1),
    "{broken",
    person(2, customer__name=None),
    person(3, bill__total="many"),
    person(1, bill__total=5),
    person(4, bill__currency="GBP", bill__total=0.1),
    person(5, bill__total=0),
    person(6, customer__name=FAILS, bill__currency="GBP", bill__total=7),
    person(7, bill__total=-3.25),
    person(8, locale="fr", bill__total=100),
]


def euro(balance: Balance, currency: str = "EUR") -> dict[str, str]:
    return {column: str(amount) for column, amount in balance.totals["total"][currency].items()}


def test_a_messy_file_adds_up(bench: Bench) -> None:
    run = bench.start(bench.file(MESSY), channels=("statement",))
    balance = bench.finish(run)
    assert bench.services.batches.run(run.id).state == "complete"
    assert balance.settled and balance.balanced and balance.input == 10
    assert balance.outcomes == {"done": 3, "suppressed": 1, "failed": 2, "set_aside": 4}
    assert euro(balance) == {"in": "235.55", "done": "63.65", "suppressed": "0", "failed": "100", "set_aside": "71.9"}
    assert euro(balance, "GBP") == {"in": "7.1", "done": "0.1", "failed": "7"}
    assert balance.unread == {"total": {"in": 2, "set_aside": 2}}
    assert bench.services.reader.counts(run.id).done == 3


def test_an_end_is_announced_once(bench: Bench) -> None:
    run = bench.start(bench.file([person(1)]), channels=("statement",))
    bench.finish(run)
    assert bench.settle() == [] and bench.services.leader.settle() == []
    with bench.database.reading() as connection:
        topics = connection.execute(select(outbox.c.topic, outbox.c.dedupe)).all()
    assert [tuple(row) for row in topics] == [("run.complete", f"run {run.id}")]


def test_nothing_ends_before_its_last_request(bench: Bench) -> None:
    bench.start(bench.file([person(1)]))
    assert bench.settle() == []


def test_a_run_without_records_is_complete(bench: Bench) -> None:
    run = bench.start(bench.file([]))
    assert bench.settle() == [run.id] and bench.balance(run).input == 0


def test_all_of_it_set_aside_is_complete(bench: Bench) -> None:
    run = bench.start(bench.file(["{", "["]))
    assert bench.finish(run).outcomes == {"set_aside": 2}


@pytest.mark.parametrize("what", ["request", "aside", "amount", "input"])
def test_what_is_missing_is_told(bench: Bench, what: str) -> None:
    run = bench.start(bench.file([person(1), person(2, bill__total=3), person(1)]), channels=("statement",))
    bench.work()
    with bench.database.writing() as connection:
        match what:
            case "request":
                connection.execute(update(requests).where(requests.c.record == 2).values(state="done", record=-5))
            case "aside":
                connection.execute(delete(set_aside))
            case "amount":
                found = connection.scalar(select(requests.c.id).where(requests.c.record == 2))
                assert found is not None
                other = seal_amounts(bench.services.vault, b'{"total": ["EUR", "3.01"]}', found, "accounted")
                ours = (sealed.c.request_id == found) & (sealed.c.kind == "accounted")
                connection.execute(update(sealed).where(ours).values(data=other))
            case "input":
                connection.execute(update(runs).values(expected=4))
    bench.settle()
    ended = bench.services.batches.run(run.id)
    assert ended.state == "unbalanced" and ended.why is not None
    why = "\n".join(json.loads(ended.why)["why"])
    assert {
        "request": "3 records came in; 2 are accounted for.",
        "aside": "'total' in EUR: 136.8 came in, 69.9 is accounted for.",
        "amount": "1 requests are done, but their plans account for other amounts",
        "input": "4 records were read; 3 came in.",
    }[what] in why


@pytest.mark.parametrize("kind", ["amounts", "accounted", "aside", "all"])
def test_amounts_that_cannot_be_opened_end_the_run_and_are_named(bench: Bench, kind: str) -> None:
    run = bench.start(bench.file([person(1), person(2, bill__total=3), person(1)]), channels=("statement",))
    bench.work()
    with bench.database.writing() as connection:
        if kind in ("amounts", "accounted"):
            found = select(requests.c.id).where(requests.c.record == 2).scalar_subquery()
            ours = (sealed.c.request_id == found) & (sealed.c.kind == kind)
            connection.execute(update(sealed).where(ours).values(data=b"damaged"))
        elif kind == "aside":
            connection.execute(update(set_aside).values(amounts=b"damaged"))
        else:
            other = Vault(bytes(32))
            connection.execute(update(sealed).values(data=other.seal(b"{}", "amounts")))
            connection.execute(update(set_aside).values(amounts=other.seal(b"{}", "amounts")))
    assert bench.settle() == [run.id]
    assert bench.services.batches.run(run.id).state == "unbalanced"
    records = {"amounts": "record 2", "accounted": "record 2", "aside": "record 3", "all": "records 1, 2, 3"}[kind]
    said = f"The amounts of {records} cannot be opened: they are damaged, or were sealed with another key."
    made = gather(bench.services, run.id)
    assert said in made.why and made.balanced is False
    assert made.counts["input"] == 3 and not made.tally.open


def test_of_many_that_cannot_be_opened_some_are_named() -> None:
    balance = settled(Balance(), expected=0, differing=0, unopened=range(30, 0, -1))
    assert "records 1, 2, 3," in balance.why[-1] and "19, 20 and 10 more cannot be opened" in balance.why[-1]


def test_a_cancelled_run_balances_and_is_announced(bench: Bench) -> None:
    source = bench.file([person(1), person(2), "{"])
    run = bench.start(source, channels=("statement",), hold_after=1)
    bench.work()
    assert bench.services.intake.cancel_run(run.id) == 1
    assert bench.services.batches.run(run.id).finished_ms is None
    assert bench.settle() == [run.id]
    ended = bench.services.batches.run(run.id)
    assert (ended.state, ended.why) == ("cancelled", None)
    assert bench.balance(run).outcomes == {"done": 1, "cancelled": 1, "set_aside": 1}
    with bench.database.reading() as connection:
        assert connection.scalars(select(outbox.c.topic)).all() == ["run.cancelled"]


def test_a_cancelling_that_was_killed_is_finished_by_the_leader(bench: Bench) -> None:
    run = bench.start(bench.file([person(number) for number in range(5)]))
    with bench.database.writing() as connection:
        connection.execute(update(runs).values(state="cancelled", cancelled_ms=1))
    settler, ended = Settler(bench.services), []
    for _ in range(5):
        ended += settler.settle()
    assert ended == [run.id] and bench.balance(run).outcomes == {"cancelled": 5}


def test_only_the_leader_ends_a_run(bench: Bench) -> None:
    bench.start(bench.file(["{"]))
    old = bench.services.leader.lead("dispatcher", "one", 60_000)
    new = bench.services.leader.lead("dispatcher", "two", 60_000, is_dead=lambda _: True)
    with pytest.raises(NotLeader):
        Settler(bench.services).settle(old)
    assert len(Settler(bench.services).settle(new)) == 1


# ---------------------------------------------------------------- again


def test_a_retry_doubles_nothing_and_keeps_the_history(bench: Bench) -> None:
    run = bench.start(bench.file(MESSY))
    bench.finish(run)
    with bench.database.reading() as connection:
        before = connection.execute(select(func.count()).select_from(attempts)).scalar_one()
    assert bench.services.batches.reopen_failed(run.id) == (2, 0)
    assert bench.services.batches.run(run.id).state == "running"
    (bench.settings.home / "mended").touch()
    balance = bench.finish(run)
    assert balance.outcomes == {"done": 4, "suppressed": 1, "failed": 1, "set_aside": 4} and balance.balanced
    with bench.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(requests)).scalar_one() == 6
        assert connection.execute(select(func.count()).select_from(attempts)).scalar_one() > before
        events = connection.scalars(select(history.c.event).where(history.c.run_id == run.id)).all()
        ends = connection.scalars(select(outbox.c.dedupe).order_by(outbox.c.id)).all()
    assert events == ["opened", "sealed", "complete", "reopened", "complete"]
    assert ends == [f"run {run.id}", f"run {run.id} 1"]
    bench.services.batches.reopen_failed(run.id)
    assert bench.finish(run).outcomes["done"] == 4


def test_a_run_that_is_reopened_while_it_is_summed_is_summed_again(bench: Bench) -> None:
    run = bench.start(bench.file([person(1, customer__name=FAILS)]), channels=("statement",))
    bench.work()
    settler = Settler(bench.services)
    assert settler.settle(slice_s=-1) == []
    bench.services.batches.reopen_failed(run.id)
    (bench.settings.home / "mended").touch()
    bench.work()
    while not (ended := settler.settle()):
        pass
    assert ended == [run.id] and bench.balance(run).outcomes == {"done": 1}


def test_what_was_cancelled_or_is_read_is_not_tried_again(bench: Bench) -> None:
    run = bench.open()
    with pytest.raises(UsageError, match="still reads"):
        bench.services.batches.reopen_failed(run.id)
    bench.services.intake.cancel_run(run.id)
    with pytest.raises(UsageError, match="cancelled"):
        bench.services.batches.reopen_failed(run.id)


# ---------------------------------------------------------------- any file


KINDS: dict[str, Any] = {
    "good": lambda n: person(n),
    "pounds": lambda n: person(n, bill__currency="GBP", bill__total=0.1),
    "broken": lambda n: "{broken",
    "missing": lambda n: person(n, customer__name=None),
    "unreadable": lambda n: person(n, bill__total="x"),
    "double": lambda n: person(0),
    "suppressed": lambda n: person(n, bill__total=0),
    "failing": lambda n: person(n, customer__name=FAILS),
    "foreign": lambda n: person(n, locale="fr"),
}


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    kinds=st.lists(st.sampled_from([*KINDS]), max_size=14),
    hold=st.none() | st.integers(0, 6),
    cancelled=st.booleans(),
    retried=st.booleans(),
    forgotten=st.sets(st.integers(0, 14), max_size=4),
    when=st.sampled_from(["read", "made", "ended"]),
)
def test_any_file_adds_up(
    kinds: list[str], hold: int | None, cancelled: bool, retried: bool, forgotten: set[int], when: str
) -> None:
    with TemporaryDirectory() as folder, Bench(Path(folder)) as bench:

        def forget_at(moment: str) -> None:
            for number in forgotten if moment == when else ():
                forget(bench.services, f"C-{number}")

        source = bench.file([KINDS[kind](number) for number, kind in enumerate(kinds, start=1)])
        run = bench.start(source, channels=("statement",), hold_after=hold)
        forget_at("read")
        bench.work()
        forget_at("made")
        if cancelled:
            bench.services.intake.cancel_run(run.id)
        else:
            bench.services.intake.approve(run.id)
            bench.work()
        bench.settle()
        forget_at("ended")
        if retried and not cancelled:
            (bench.settings.home / "mended").touch()
            bench.services.batches.reopen_failed(run.id)
            bench.work()
            bench.settle()
        ended, balance = bench.services.batches.run(run.id), bench.balance(run)
        assert ended.state == ("cancelled" if cancelled else "complete")
        assert balance.settled and balance.why == () and balance.input == len(kinds)
        assert sum(balance.outcomes.get(outcome, 0) for outcome in OUTCOMES) == len(kinds)
        for columns in balance.totals.get("total", {}).values():
            went = (columns.get(column, Decimal(0)) for column in (*OUTCOMES, FORGOTTEN))
            assert columns["in"] == sum(went, Decimal(0))
        assert balance.compared
        read = sum(kind not in ("broken", "unreadable") for kind in kinds)
        assert len(kinds) - balance.unread.get("total", {}).get("in", 0) == read
