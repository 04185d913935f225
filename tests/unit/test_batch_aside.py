"""Records that were set aside as a file: as they came, with the reason where readers pass over it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from renderer.batch.aside import Lost, _line, write_aside
from renderer.batch.intake import take_in
from renderer.cli import batch_set_aside
from renderer.ledger.tables import set_aside
from renderer.operations.forget import forget
from renderer.profile.load import BadRecord, read_profiles
from renderer.template.load import load_release
from tests.batches import Bench, person

WHY = {"record": 3, "line": 7, "field": "", "code": "profile.kind", "message": "Expected a number."}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path) as made:
        yield made


def test_the_reason_stands_before_the_record_and_the_record_as_it_came() -> None:
    text = ' {"a" : 1.50, "b": "x"}\n'
    line = _line(text, WHY)
    assert line.endswith(', "a" : 1.50, "b": "x"}')
    found = json.loads(line)
    assert found["_set_aside"] == {"record": 3, "line": 7, "code": "profile.kind", "message": "Expected a number."}


@pytest.mark.parametrize("text", ["{}", "{ }", " {\n}\n"])
def test_an_empty_object_stays_one(text: str) -> None:
    assert list(json.loads(_line(text, WHY))) == ["_set_aside"]


@pytest.mark.parametrize("text", ["[1]", "nonsense", '"x"', "", None])
def test_what_is_no_object_goes_into_the_reason(text: str | None) -> None:
    found = json.loads(_line(text, WHY))
    assert list(found) == ["_set_aside"] and found["_set_aside"].get("text") == text


def test_what_is_broken_stays_broken_but_in_one_line() -> None:
    assert _line('{"a": 1,\n "b" 2}', WHY).endswith(', "a": 1,  "b" 2}')
    assert _line("{", WHY).startswith('{"_set_aside"')


@given(st.dictionaries(st.text(min_size=1).filter(lambda key: key != "_set_aside"), st.integers() | st.text()))
def test_set_aside_again_it_has_only_the_new_reason(record: dict[str, Any]) -> None:
    once = _line(json.dumps(record, ensure_ascii=False), {**WHY, "message": 'old, "} and {'})
    twice = json.loads(_line(once, WHY))
    assert twice.pop("_set_aside")["message"] == "Expected a number."
    assert twice == record


def aside(bench: Bench, source: str, out: str, **options: Any) -> tuple[Path, tuple[int, dict[Lost, int]]]:
    run = bench.start(source, **options)
    path = bench.home / out
    written, lost = write_aside(bench.services, run.id, path)
    return path, (written, {**lost})


def test_a_file_goes_round_and_comes_back_the_same(bench: Bench) -> None:
    """What nobody mended is set aside again for the same reasons, and the file of it is the same."""
    wrong = [person(1, bill__total="x"), "{broken", [1], person(2, customer__name=None, extra=1), "{}", person(3)]
    first, counts = aside(bench, bench.file([*wrong, person(3)]), "first.jsonl")
    assert counts == (6, {})
    second, again = aside(bench, str(first), "second.jsonl")
    assert again == (6 - 1, {})  # the second record of one recipient is the first now

    def said(path: Path) -> list[Any]:
        return [
            json.loads(line)["_set_aside"]["code"] for line in path.read_text().splitlines() if "broken" not in line
        ]

    assert said(first)[0] == said(second)[0] and said(first)[2:-1] == said(second)[2:]
    # What is no object is an empty one now, and its text is still there.
    assert [json.loads(path.read_text().splitlines()[2])["_set_aside"]["text"] for path in (first, second)] == [
        "[1]"
    ] * 2
    contract = load_release(bench.release).contract
    assert sum(isinstance(record, BadRecord) for record in read_profiles(first, contract)) == 5


def test_csv_stays_csv_and_rows_keep_their_place(bench: Bench) -> None:
    head = ["customer.id", "customer.name", "customer.code", "as_of", "locale", "bill.total", "bill.currency"]
    head += ["bill.due", "bill.lines", "usage.kwh", "usage.days"]
    good = [
        "C-1",
        'A "B"\nC',
        "x",
        "2026-11-09",
        "en",
        "1",
        "EUR",
        "2026-11-30",
        '[{"code": "fee", "amount": 1}]',
        "2",
        "3",
    ]
    rows = [head, good, ["C-2", *good[1:5], "1,5", *good[6:]], ["C-3", "short"]]
    source = bench.home / "people.csv"
    with source.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    path, counts = aside(bench, str(source), "aside.csv")
    assert counts == (2, {}) and path.stat().st_mode & 0o077 == 0
    with path.open(newline="") as file:
        found = list(csv.reader(file))
    assert [name.removeprefix("_set_aside.") for name in found[0][:5]] == ["record", "line", "field", "code", "message"]
    assert found[0][5:] == head and found[1][5:] == rows[2] and found[2][5:] == rows[3]
    assert [row[1] for row in found[1:]] == ["4", "6"]
    # Sent again as it is: no column of the reason comes twice.
    path, counts = aside(bench, str(path), "again.csv")
    with path.open(newline="") as file:
        again = list(csv.reader(file))
    assert counts == (2, {}) and again[0] == found[0] and again[1][5:] == rows[2]


@pytest.mark.parametrize("breaks", ["\r", "\n", "\r\n"])
def test_a_cell_with_any_kind_of_line_break_stays_one_cell(bench: Bench, breaks: str) -> None:
    head = ["customer.id", "customer.name"]
    source = bench.home / "people.csv"
    source.write_text(f'customer.id,customer.name\nC-1,"Anna{breaks}Bianchi"\n', newline="")
    path, counts = aside(bench, str(source), "aside.csv")
    with path.open(newline="") as file:
        found = list(csv.reader(file, strict=True))
    assert counts == (1, {}) and [row[5:] for row in found] == [head, ["C-1", f"Anna{breaks}Bianchi"]]


def test_a_record_that_was_too_large_leaves_its_reason(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.profile.load.MAX_RECORD", 2000)
    path, counts = aside(bench, bench.file([person(1), {"a": "x" * 3000}]), "aside.jsonl")
    assert counts == (1, {"too_large": 1})
    assert json.loads(path.read_text())["_set_aside"]["code"] == "profile.depth"


def test_it_is_told_why_a_content_is_not_there(bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr("renderer.profile.load.MAX_RECORD", 2000)
    deep = '{"a":' * 100 + "1" + "}" * 100
    wrong = [person(1, bill__total="x"), person(2, bill__total="x"), {"a": "x" * 3000}, deep]
    run = bench.start(bench.file(wrong))
    forget(bench.services, "C-1")
    with bench.database.writing() as connection:  # as retention does
        connection.execute(update(set_aside).values(data=None, amounts=None))
    monkeypatch.setattr(batch_set_aside, "build", lambda *_, **__: bench.services)
    batch_set_aside.set_aside(run.id, bench.home / "aside.jsonl", json_=True)
    told = json.loads(capsys.readouterr().out)
    assert told["without_content"] == 4
    assert told["without_content_because"] == {"forgotten": 1, "retention": 2, "too_large": 1}
    batch_set_aside.set_aside(run.id, bench.home / "again.jsonl")
    said = " ".join(capsys.readouterr().err.split())
    assert "The content of 1 record is not there, only the reason: the recipient was forgotten." in said
    assert "of 2 records is not there, only the reason: the days are over" in said
    assert "of 1 record is not there, only the reason: too large to be kept." in said


def test_whom_an_earlier_run_has_dealt_with_needs_no_mending(bench: Bench) -> None:
    first = bench.start(bench.file([person(1)]))
    second = bench.open(continues=first.id)
    take_in(bench.services, second.id, bench.file([person(1), "{"], "two.jsonl"))
    assert write_aside(bench.services, second.id, bench.home / "some") == (1, {})
    assert write_aside(bench.services, second.id, bench.home / "all", known=True) == (2, {})
    with pytest.raises(FileExistsError):
        write_aside(bench.services, second.id, bench.home / "all")
