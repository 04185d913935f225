"""The intake of a batch: every record becomes a request or is set aside, killed anywhere it is taken up, and the sums
of what came in stand in the ledger with it."""

from __future__ import annotations

import base64
import io
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from renderer.batch import intake
from renderer.batch.intake import take_in
from renderer.batch.model import BatchOptions
from renderer.errors import UsageError
from renderer.ledger.batches import BatchRun
from renderer.ledger.tables import parts, requests, sealed
from renderer.orders import open_order
from tests.batches import Bench, person


@pytest.fixture
def bench(tmp_path: Path, ledger_url: str) -> Iterator[Bench]:
    with Bench(tmp_path, ledger_url) as made:
        yield made


MESSY: list[Any] = [
    person(1),
    '{"customer": broken',
    person(2, customer__name=None),
    person(3, bill__total="many"),
    person(1),
    person(4, bill__currency="GBP", bill__total=0.1),
    person(5, bill__total=0),
    [1, 2],
    person(6, bill__currency="USDX"),
]


def test_every_record_becomes_a_request_or_is_set_aside(bench: Bench) -> None:
    run = bench.start(bench.file(MESSY))
    assert (run.state, run.expected, run.records) == ("running", 9, 9)
    assert bench.records(run) == [1, 6, 7]
    assert bench.aside(run) == [
        (2, "usage.format", None),
        (3, "profile.missing", "customer.name"),
        (4, "profile.kind", "bill.total"),
        (5, "profile.duplicate", "customer.id"),
        (8, "profile.kind", None),
        (9, "profile.value", "bill.currency"),
    ]
    balance = bench.balance(run)
    assert balance.input == 9 and balance.outcomes == {"set_aside": 6}
    # Amounts of records that were set aside count where they can be read.
    assert balance.totals["total"]["EUR"] == {"in": Decimal("200.7"), "set_aside": Decimal("133.8")}
    assert balance.totals["total"]["GBP"] == {"in": Decimal("0.1")}
    assert balance.unread["total"] == {"in": 4, "set_aside": 4}


def test_what_is_set_aside_says_where_and_keeps_the_record_sealed(bench: Bench) -> None:
    run = bench.start(bench.file(MESSY))
    one = next(one for one in bench.services.batches.aside(run.id) if one.record == 5)
    (fault,) = json.loads(one.faults)
    assert (one.line, fault["record"], fault["line"]) == (5, 5, 5)
    assert fault["message"].startswith("Record 1 has the same recipient")
    assert one.data is not None and b"Anna" not in one.data
    assert json.loads(bench.services.vault.open(one.data, f"record {run.id} 5")) == person(1)
    two = next(one for one in bench.services.batches.aside(run.id) if one.record == 3)
    assert two.recipient == bench.services.vault.keyed("recipient", "C-2")


def test_several_faults_of_a_record_are_all_kept(bench: Bench) -> None:
    run = bench.start(bench.file([person(1, customer__name=None, bill__total="x", extra=1)]))
    (one,) = bench.services.batches.aside(run.id)
    assert {fault["code"] for fault in json.loads(one.faults)} == {"profile.missing", "profile.kind", "profile.unknown"}


def test_amounts_are_sealed_beside_the_request(bench: Bench) -> None:
    run = bench.start(bench.file([person(1)]))
    with bench.database.reading() as connection:
        kinds = connection.execute(
            select(sealed.c.kind, sealed.c.data).join(requests).where(requests.c.run_id == run.id)
        )
        found = {row.kind: row.data for row in kinds}
    assert set(found) == {"profile", "amounts"} and b"66.9" not in found["amounts"]


class Killed(BaseException):
    """What a kill -9 does to everything after it."""


def test_an_intake_that_is_killed_anywhere_is_taken_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "AT_ONCE", 7)
    source = bench.file([person(number % 90) if number % 5 else "{" for number in range(1, 101)])
    whole = bench.start(source)
    run = bench.open(key="night")
    chance = random.Random(5)
    deaths = 0

    def dies(records: int, _bytes: object) -> None:
        if chance.random() < 0.2:
            raise Killed

    while bench.services.batches.run(run.id).state == "open":
        try:
            take_in(bench.services, run.id, source, progress=dies)
        except Killed:
            deaths += 1
    assert deaths > 3
    again = bench.services.batches.run(run.id)
    assert again.state == "running" and again.expected == 100
    assert bench.records(run) == bench.records(whole)
    assert bench.aside(run) == bench.aside(whole)
    assert bench.balance(run) == bench.balance(whole)


def test_the_same_input_with_the_same_key_changes_nothing(bench: Bench) -> None:
    source = bench.file(MESSY)
    run = bench.start(source, key="november")
    again = bench.start(source, key="november")
    assert again == run and len(bench.records(run)) == 3
    with pytest.raises(UsageError, match="other options"):
        bench.open(key="november", seed=4)
    for other in (MESSY[:-1], [*MESSY, person(99)], [person(77), *MESSY[1:]]):
        with pytest.raises(UsageError, match="not the input"):
            bench.start(bench.file(other, "other.jsonl"), key="november")
    assert bench.services.batches.run(run.id) == run


def test_another_input_cannot_go_on_where_one_was_left(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "AT_ONCE", 2)
    people = [person(number) for number in range(6)]
    run = bench.open(key="k")

    def dies(records: int, _bytes: object) -> None:
        if records == 4:
            raise Killed

    with pytest.raises(Killed):
        take_in(bench.services, run.id, bench.file(people), progress=dies)
    for other in (people[:3], [person(9), *people[1:]]):
        with pytest.raises(UsageError, match="not the input"):
            take_in(bench.services, run.id, bench.file(other, "other.jsonl"))
    # What comes after may have been mended.
    mended = [*people[:4], person(50), person(51)]
    assert take_in(bench.services, run.id, bench.file(mended, "mended.jsonl")).expected == 6
    assert bench.records(run) == [1, 2, 3, 4, 5, 6]


def test_an_input_that_is_torn_stays_open_and_goes_on_when_it_is_mended(bench: Bench) -> None:
    people = [person(number) for number in range(3)]
    path = Path(bench.file(people))
    good = path.read_bytes()
    path.write_bytes(good.replace(b"C-2", b"C-\xff2"))
    run = bench.open()
    with pytest.raises(UsageError, match="not UTF-8"):
        take_in(bench.services, run.id, str(path))
    assert bench.services.batches.run(run.id).state == "open"
    path.write_bytes(good)
    assert take_in(bench.services, run.id, str(path)).state == "running"
    assert bench.records(run) == [1, 2, 3]


def test_a_list_that_is_torn_keeps_what_stands_before(bench: Bench) -> None:
    path = bench.home / "people.json"
    path.write_text(json.dumps([person(1), person(2)])[:-5])
    run = bench.open()
    with pytest.raises(UsageError):
        take_in(bench.services, run.id, str(path))
    assert bench.services.batches.run(run.id).records == 1
    path.write_text(json.dumps([person(1), person(2)]))
    assert take_in(bench.services, run.id, str(path)).expected == 2


def test_standard_input_is_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(json.dumps(person(number)) + "\n" for number in range(3)).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    run = bench.open()
    assert take_in(bench.services, run.id, "-", form="lines").expected == 3


def test_whoever_comes_second_stops(bench: Bench) -> None:
    run = bench.open()
    with pytest.raises(UsageError, match="Another process"), bench.services.batches.taking(run.id, 5):
        pass
    bench.services.intake.cancel_run(run.id)
    with pytest.raises(UsageError, match="cancelled"):
        take_in(bench.services, run.id, bench.file(MESSY))


# ---------------------------------------------------------------- runs that go on from others


def fail(bench: Bench, run: BatchRun, *records: int, state: str = "failed") -> None:
    with bench.database.writing() as connection:
        connection.execute(
            requests.update()
            .where(requests.c.run_id == run.id, requests.c.record.in_(records))
            .values(state=state, finished_ms=1)
        )
        ids = select(requests.c.id).where(requests.c.run_id == run.id, requests.c.record.in_(records))
        connection.execute(parts.update().where(parts.c.request_id.in_(ids)).values(state=state))


def test_a_run_that_continues_doubles_nobody(bench: Bench) -> None:
    first = bench.start(bench.file([person(1), person(2), person(3, bill__total="x"), person(4), person(5)]))
    fail(bench, first, 2)
    fail(bench, first, 4, state="cancelled")
    fail(bench, first, 5, state="suppressed")
    mended = bench.file([person(number) for number in (1, 2, 3, 4, 5, 6)], "mended.jsonl")
    second = bench.start(mended, continues=first.id)
    assert bench.records(second) == [2, 3, 4, 6]
    assert bench.aside(second) == [(1, "batch.known", "customer.id"), (5, "batch.known", "customer.id")]
    # And the third, from either of them, finds all of them known.
    for before in (first, second):
        third = bench.start(mended, continues=before.id)
        assert bench.records(third) == [] and len(bench.aside(third)) == 6
    fail(bench, second, 2)
    assert bench.records(bench.start(mended, continues=second.id)) == [2]


def test_a_run_of_another_template_or_one_that_is_read_cannot_be_continued(bench: Bench) -> None:
    open_ = bench.open()
    with pytest.raises(UsageError, match="still reads"):
        bench.open(continues=open_.id)
    with pytest.raises(UsageError, match="no such batch"):
        bench.open(continues="0" * 32)


def test_failed_requests_are_reopened_once_and_only_the_last_of_a_recipient(bench: Bench) -> None:
    source = bench.file([person(1), person(2), person(3)])
    first = bench.start(source)
    fail(bench, first, 1, 2)
    second = bench.start(bench.file([person(1)], "one.jsonl"), continues=first.id)
    assert bench.services.batches.reopen_failed(first.id) == (1, 1)
    assert bench.services.batches.reopen_failed(first.id) == (0, 1)
    fail(bench, second, 1)
    assert bench.services.batches.reopen_failed(second.id) == (1, 0)
    with bench.database.reading() as connection:
        waits = connection.execute(
            select(parts.c.channel, parts.c.waits, parts.c.state)
            .join(requests)
            .where(requests.c.run_id == second.id)
            .order_by(parts.c.channel)
        ).all()
    assert [tuple(row) for row in waits] == [
        ("microsite", 3, "submitted"),
        ("plan", 0, "submitted"),
        ("statement", 1, "submitted"),
        ("video", 1, "submitted"),
    ]


# ---------------------------------------------------------------- samples


def test_a_sample_is_drawn_from_all_of_the_input_and_is_the_same_again(bench: Bench) -> None:
    source = bench.file([person(number) for number in range(200)])
    run = bench.start(source, sample=20)
    chosen = bench.records(run)
    assert len(chosen) == 20 and run.expected == 20 and min(chosen) < 60 and max(chosen) > 140
    assert BatchOptions.from_json(run.options).population == 200
    assert bench.records(bench.start(source, sample=20)) == chosen
    assert bench.records(bench.start(source, sample=20, seed=1)) != chosen
    assert len(bench.records(bench.start(source, sample=500))) == 200


def test_a_sample_that_is_killed_is_taken_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "AT_ONCE", 3)
    source = bench.file([person(number) for number in range(50)])
    whole = bench.start(source, sample=10)
    run = bench.open(sample=10)

    def dies(records: int, _bytes: object) -> None:
        if records:
            raise Killed

    for _ in range(4):
        with pytest.raises(Killed):
            take_in(bench.services, run.id, source, progress=dies)
    take_in(bench.services, run.id, source)
    assert bench.records(run) == bench.records(whole)


@pytest.mark.parametrize("options", [{"sample": 0}, {"sample": 5, "hold_after": 2}, {"channels": ("fax",)}])
def test_options_that_do_not_go_together_are_refused(bench: Bench, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        bench.open(**options)


def test_options_survive_the_ledger() -> None:
    options = BatchOptions(channels=("video",), priority="high", as_of="2026-11-09", columns=("a", "b"), form="csv")
    assert BatchOptions.from_json(options.to_json()) == options
    assert options.level == 1 and replace(options, priority="low").level == -1


def test_held_records_wait(bench: Bench) -> None:
    run = bench.start(bench.file([person(number) for number in range(5)]), hold_after=2)
    with bench.database.reading() as connection:
        held = connection.scalar(
            select(func.count())
            .select_from(parts)
            .join(requests)
            .where(requests.c.run_id == run.id, parts.c.channel == "plan", parts.c.waits == 1)
        )
    assert held == 3


# ---------------------------------------------------------------- pictures


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), (200, 30, 30)).save(out, "PNG")
    return out.getvalue()


def images(bench: Bench, run: BatchRun) -> list[int]:
    """How many pictures each request of a run has brought."""
    with bench.database.reading() as connection:
        rows = connection.execute(
            select(requests.c.id, sealed.c.data)
            .join(sealed, (sealed.c.request_id == requests.c.id) & (sealed.c.kind == "profile"))
            .where(requests.c.run_id == run.id)
            .order_by(requests.c.record)
        ).all()
    return [len(open_order(bench.services.vault, row.data, row.id).images) for row in rows]


def test_pictures_beside_the_profiles_come_along(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (bench.home / "face.png").write_bytes(picture())
    data = "data:image/png;base64," + base64.b64encode(picture()).decode()
    people = [person(1, customer__photo="face.png"), person(2, customer__photo=data), person(3)]
    people.append(person(4, customer__photo="../face.png"))
    run = bench.start(bench.file(people))
    assert images(bench, run) == [1, 1, 0]
    assert bench.aside(run) == [(4, "profile.image", "customer.photo")]

    # From standard input there is nothing beside.
    text = "".join(json.dumps(one) + "\n" for one in people).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    run = bench.open()
    take_in(bench.services, run.id, "-", form="lines")
    assert bench.records(run) == [2, 3] and images(bench, run) == [1, 0]


def test_large_records_close_a_transaction_earlier(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BYTES_AT_ONCE", 3000)
    seen: list[int] = []
    run = bench.open()
    source = bench.file([person(number, bill__note="x" * 1500) for number in range(6)])
    take_in(bench.services, run.id, source, progress=lambda records, _: seen.append(records))
    assert len(seen) >= 3 and seen[-1] == 6
