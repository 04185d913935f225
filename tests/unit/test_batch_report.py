"""The report of a run: sums that can be signed, whether they agree or not, on paper, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from renderer.batch.account import amount
from renderer.batch.report import COLUMNS, Report, as_json, gather, write_csv
from renderer.cli.batch_paper import show
from renderer.errors import UsageError
from renderer.ledger import walk
from tests.run_samples import ENGINE, FULL, Bench, Seen


@pytest.fixture
def bench(ledger_url: str) -> Iterator[Bench]:
    made = Bench(ledger_url)
    yield made
    made.database.close()


def filled(bench: Bench) -> dict[str, str]:
    """A run of eight records, of which each ended in another way."""
    ids = {
        "done": bench.done(1, "statement", "video"),
        "done too": bench.done(2),
        "failed": bench.failed(3),
        "suppressed": bench.suppressed(5),
    }
    bench.aside(4)
    bench.aside(8, field="name")
    ids["cancelled"] = bench.submit(6)
    ids["cancelled too"] = bench.submit(7, plan=False)
    bench.now += 5_000
    return ids


def settled(bench: Bench, **changed: Any) -> None:
    """The run has ended and was summed up."""
    bench.intake.cancel_run(bench.run)
    eur = {"in": "100000000000000000.10", "done": "99999999999999999.00", "failed": "1", "set_aside": "0.10"}
    totals = {
        "input": 8,
        "outcomes": {"done": 2, "failed": 1, "suppressed": 1, "set_aside": 2, "cancelled": 2},
        "totals": {"spent": {"EUR": eur, "JPY": {"in": "-500", "suppressed": "-500"}}},
        "unread": {"spent": {"in": 1, "set_aside": 1}},
        "settled": True,
        **changed,
    }
    why = totals.get("why")
    bench.settle(
        json.dumps(totals),
        state="unbalanced" if why else "complete",
        why=json.dumps({"why": why}) if why else None,
    )


def paper(report: Report, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show(report, console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_a_balanced_run(bench: Bench) -> None:
    filled(bench)
    bench.set_engine('{"dearly": "1.2", "packages": {"weasyprint": "70"}}')
    settled(bench)
    seen = Seen()
    report = gather(bench.services, bench.run, seen)
    assert seen.at == [6], "requests; what was set aside is none"
    told = as_json(report)
    assert told["balanced"] is True and told["why"] == []
    assert told["counts"] == {"input": 8, "done": 2, "failed": 1, "suppressed": 1, "set_aside": 2, "cancelled": 2}
    assert told["open"] == 0
    assert told["control_totals"] == [
        {
            "id": "spent",
            "currency": "EUR",
            "input": "100000000000000000.10",
            "done": "99999999999999999.00",
            "failed": "1",
            "suppressed": "0",
            "set_aside": "0.10",
            "cancelled": "0",
            "forgotten": "0",
            "difference": "0.00",
        },
        {
            "id": "spent",
            "currency": "JPY",
            "input": "-500",
            "done": "0",
            "failed": "0",
            "suppressed": "-500",
            "set_aside": "0",
            "cancelled": "0",
            "forgotten": "0",
            "difference": "0",
        },
    ]
    assert told["unread"] == {"spent": {"input": 1, "set_aside": 1}}
    assert [reason["code"] for reason in told["failed"]] == ["render.glyph"]
    assert {reason["field"] for reason in told["set_aside"]} == {"bill.total", "name"}
    assert told["channels"]["statement"]["states"] == {"cancelled": 2, "done": 2, "failed": 1, "suppressed": 1}
    assert told["channels"]["statement"]["figures"] == {"cpu_s": "1.00", "pages": "4"}
    assert told["channels"]["video"]["files"] == 6
    assert told["engines"] == {ENGINE: {"dearly": "1.2", "packages": {"weasyprint": "70"}}}
    assert told["releases"] == {"r" * 64: 6}
    assert told["times"]["finished"] == "2025-11-22T08:26:45Z"
    assert "floats" not in json.dumps(told) and not any(isinstance(value, float) for value in _leaves(told))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield value


@pytest.mark.parametrize("width", [80, 120])
def test_the_paper_says_it_all_in_columns(bench: Bench, width: int) -> None:
    filled(bench)
    bench.set_engine('{"dearly": "1.2", "packages": {"weasyprint": "70"}}')
    settled(bench)
    text = paper(gather(bench.services, bench.run), width)
    lines = text.splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    assert "r" * 64 in text and bench.run in text
    found = {line[:14].strip(): line[14:].split() for line in reversed(lines[: lines.index("Failed")]) if line.strip()}
    assert found["Input"] == ["8", "100,000,000,000,000,000.10", "-500", "1"]
    assert found["Done"] == ["2", "99,999,999,999,999,999.00", "0", "0"]
    assert found["Set aside"] == ["2", "0.10", "0", "1"]
    assert found["Accounted for"] == ["8", "100,000,000,000,000,000.10", "-500", "1"]
    assert found["Difference"] == ["0", "0.00", "0", "0"]
    assert "Balanced." in text and "of 1 record the amount cannot be read" in text
    assert "Dearly 1.2, weasyprint 70" in text and "render.glyph" in text and "opt-out" in text


def test_what_is_missing_is_said_in_words(bench: Bench) -> None:
    filled(bench)
    wrong = "'spent' in EUR: 7 came in, 6 is accounted for."
    settled(bench, totals={"spent": {"EUR": {"in": "7", "done": "6"}}}, why=[wrong], differing=1)
    report = gather(bench.services, bench.run)
    told = as_json(report)
    assert told["balanced"] is False and told["why"] == [wrong]
    assert told["control_totals"][0]["difference"] == "1" and told["planned_otherwise"] == 1
    text = paper(report)
    assert "Not balanced." in text and wrong in text
    assert re.search(r"Difference +0 +1\.00", text)


def test_a_ledger_that_was_changed_after_the_sums_were_made_is_not_balanced(bench: Bench) -> None:
    ids = filled(bench)
    settled(bench)
    bench.set_request(ids["done"], state="failed")
    report = gather(bench.services, bench.run)
    assert report.run.state == "complete" and report.balanced is False
    assert report.why == (
        "2 records were done when the run was summed up; the ledger now has 1.",
        "1 records were failed when the run was summed up; the ledger now has 2.",
    )


def test_of_a_run_that_goes_on_only_what_is_known_is_said(bench: Bench) -> None:
    filled(bench)
    came = {"input": 8, "outcomes": {"set_aside": 2}, "totals": {"spent": {"EUR": {"in": "7.5", "set_aside": "1"}}}}
    bench.set_run(state="running", totals=json.dumps(came), expected=8)
    report = gather(bench.services, bench.run)
    told = as_json(report)
    assert told["balanced"] is None and told["open"] == 2 and told["counts"]["input"] == 8
    total = told["control_totals"][0]
    assert (total["input"], total["set_aside"], total["done"], total["difference"]) == ("7.5", "1", None, None)
    text = paper(report)
    assert "Not at its end." in text and "2 of 8 records are open" in text
    assert re.search(r"Open +2 +–", text) and re.search(r"Set aside +2 +1\.00", text)


def test_a_run_that_is_tried_again_has_no_old_sums(bench: Bench) -> None:
    filled(bench)
    settled(bench)
    bench.set_run(state="running", finished_ms=None)
    report = gather(bench.services, bench.run)
    assert report.balanced is None and not report.settled and report.why == ()


def test_a_run_without_requests_and_one_that_is_not_there(bench: Bench) -> None:
    report = gather(bench.services, bench.run)
    assert as_json(report)["counts"]["input"] == 0 and report.controls == []
    assert "Not at its end." in paper(report)
    with pytest.raises(UsageError):
        gather(bench.services, "0" * 32)


def test_what_it_took_is_told(bench: Bench) -> None:
    request_id = bench.submit(1)
    assert bench.ledger.give_back(bench.claim(request_id, "statement"), FULL)
    bench.now += 60_000
    bench.finish(request_id)
    gone = bench.done(2)
    bench.set_request(gone, cleaned_ms=1, dropped_ms=1)
    text = paper(gather(bench.services, bench.run))
    assert "4 attempts at 4 parts, 1 more were given back because of the environment" in text
    assert "1 requests have no files any more because room was made." in text
    assert "1 requests have no profile and plan any more." in text


def test_one_row_a_record_in_the_order_of_the_input(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "PAGE", 2)
    ids = filled(bench)
    bench.intake.cancel_run(bench.run)
    file, seen = io.StringIO(newline=""), Seen()
    assert write_csv(bench.services, bench.run, file, seen) == 8 and seen.at == [8]
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert tuple(rows[0]) == COLUMNS
    assert [row["record"] for row in rows] == [str(number) for number in range(1, 9)]
    assert [row["state"] for row in rows] == [
        "done",
        "done",
        "failed",
        "set_aside",
        "suppressed",
        "cancelled",
        "cancelled",
        "set_aside",
    ]
    assert rows[0] == dict.fromkeys(COLUMNS, "") | {
        "record": "1",
        "request": ids["done"],
        "state": "done",
        "statement": "done",
        "video": "done",
        "finished": "2025-11-22T08:26:40Z",
    }
    assert (rows[2]["reason"], rows[2]["statement"]) == ("render.glyph", "failed")
    assert (rows[3]["reason"], rows[3]["field"], rows[3]["line"]) == ("profile.missing", "bill.total", "5")
    assert rows[4]["reason"] == "opt-out"
    assert "recipient" not in file.getvalue()


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1234567.5", "EUR", "1,234,567.50"),
        ("1234567", "JPY", "1,234,567"),
        ("0.125", "EUR", "0.125"),
        ("0.1250", "EUR", "0.125"),
        ("5.1000", "EUR", "5.10"),
        ("-0", "EUR", "0.00"),
        ("-0.00", "JPY", "0"),
        ("-12.3", "KWD", "-12.300"),
        ("1E+3", "EUR", "1,000.00"),
        ("12345678901234567890123456789012345.678", "EUR", "12,345,678,901,234,567,890,123,456,789,012,345.678"),
    ],
)
def test_amounts_are_written_with_the_decimals_of_their_currency_and_never_rounded(
    value: str, currency: str, text: str
) -> None:
    assert amount(Decimal(value), currency) == text
