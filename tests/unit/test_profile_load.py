"""Profiles from JSON, JSON Lines and CSV: one record gives one profile, what is odd is refused clearly."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import ErrorList, UsageError
from renderer.profile.carry import from_text, to_text
from renderer.profile.contract import load_contract
from renderer.profile.load import BadRecord, parse_record, read_one, read_profiles
from renderer.profile.model import Profile
from tests.small_template import CONTRACT, PROFILE, profile_with

SMALL = load_contract(json.dumps(CONTRACT), "contract.json")


def flat(value: Any, name: str = "") -> dict[str, str]:
    """A record as cells by dotted column."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        return {key: cell for part, item in parts for key, cell in flat(item, f"{name}.{part}".strip(".")).items()}
    return {name: json.dumps(value) if isinstance(value, bool | int | float) else value}


def as_csv(*records: dict[str, Any]) -> str:
    rows = [flat(record) for record in records]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(key for row in rows for key in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(folder: Path, name: str, text: str | bytes) -> list[Profile | BadRecord]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return list(read_profiles(path, SMALL))


def refusal(folder: Path, name: str, text: str | bytes) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read(folder, name, text)
    assert caught.value.place.file == name
    return caught.value


def only(records: list[Profile | BadRecord]) -> list[tuple[str | None, int | None, str]]:
    """(field, line, code) of each fault of the one record, which is bad."""
    (record,) = records
    assert isinstance(record, BadRecord)
    return [(error.place.field, error.place.line, error.code) for error in record.errors]


# ---------------------------------------------------------------- one record in three dresses


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_json_lines_and_csv_give_the_same_profile(tmp_path: Path, start: str) -> None:
    text = json.dumps(PROFILE)
    found = [
        *read(tmp_path, "a.json", start + json.dumps(PROFILE, indent=3)),
        *read(tmp_path, "b.json", f"{start}[{text}]"),
        *read(tmp_path, "c.jsonl", f"{start}\n{text}\r\n\n"),
        *read(tmp_path, "d.ndjson", start + text),
        *read(tmp_path, "e.csv", start + as_csv(PROFILE)),
    ]
    assert len(found) == 5
    assert {profile.digest for profile in found if isinstance(profile, Profile)} == {parse_record(text, SMALL).digest}


NAMES = st.text(st.characters(exclude_categories=["C", "Co", "Cn"]), min_size=1, max_size=60)
MONEY = st.decimals(-999_999, 999_999, places=2).map(float)


@settings(max_examples=40, deadline=None)
@given(NAMES.filter(str.strip), MONEY, st.booleans(), st.lists(NAMES, max_size=3))
def test_whatever_a_record_holds(name: str, total: float, paid: bool, tags: list[str]) -> None:
    record = profile_with(customer__name=name, bill__total=total, bill__paid=paid, **({"tags": tags} if tags else {}))
    profile = parse_record(json.dumps(record), SMALL)
    table = io.StringIO(as_csv(record), newline="")
    assert [r.digest for r in _read_csv(table) if isinstance(r, Profile)] == [profile.digest]
    assert from_text(to_text(profile), SMALL, 1, {}) == profile


def _read_csv(table: io.StringIO) -> list[Profile | BadRecord]:
    from renderer.profile.csvfile import csv_records
    from renderer.profile.load import parse_json

    return [SMALL.check(data, number) for number, data in csv_records(table, SMALL, "x.csv", parse_json)]


def test_quotes_commas_line_ends_and_lists_in_cells(tmp_path: Path) -> None:
    record = profile_with(
        customer__name='Anna "Nina", \n B.',
        tags=["a,b", 'c"d'],
        bill__lines=[{"code": "fee", "amount": n} for n in range(12)],
    )
    parts = read(tmp_path, "a.csv", as_csv(record))
    row = flat({**record, "bill": {**record["bill"], "lines": None}, "tags": None})
    row["tags"], row["bill.lines"] = json.dumps(record["tags"]), json.dumps(record["bill"]["lines"])
    out = io.StringIO()
    csv.writer(out).writerows([list(row), list(row.values())])
    whole = read(tmp_path, "b.csv", out.getvalue())
    assert isinstance(parts[0], Profile) and isinstance(whole[0], Profile)
    assert parts[0].digest == whole[0].digest == parse_record(json.dumps(record), SMALL).digest


# ---------------------------------------------------------------- records that are set aside


def test_a_bad_record_never_stops_the_others(tmp_path: Path) -> None:
    good, bad = json.dumps(PROFILE), json.dumps(profile_with(bill__total="x"))
    nan = good.replace("66.9", "NaN")
    lines = "\n".join([good, bad, "{", "[" * 10_000, nan, "", good])
    kinds = [type(record).__name__ for record in read(tmp_path, "a.jsonl", lines)]
    assert kinds == ["Profile", "BadRecord", "BadRecord", "BadRecord", "BadRecord", "Profile"]
    listed = read(tmp_path, "b.json", f"[{good}, {bad}, 5, {nan}, {good}]")
    assert [type(record).__name__ for record in listed] == ["Profile", "BadRecord", "BadRecord", "BadRecord", "Profile"]
    assert [record.record for record in listed] == [1, 2, 3, 4, 5]


def test_a_fault_of_json_lines_names_its_line(tmp_path: Path) -> None:
    records = read(tmp_path, "a.jsonl", "\n\n{\n")
    assert only(records) == [(None, 3, "usage.format")]


def test_every_bad_cell_of_a_row_is_reported(tmp_path: Path) -> None:
    text = as_csv(profile_with(bill__total=1, bill__paid=True, usage__days=1, tags=["x"]))
    header, row = text.splitlines()
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    cells |= {"bill.total": '"1,5"', "bill.paid": "yes", "usage.days": "1.000", "usage.kwh": "1e3", "usage.last": "+5"}
    found = only(read(tmp_path, "a.csv", header + "\n" + ",".join(cells.values())))
    assert found == [
        ("bill.total", 2, "profile.kind"),
        ("bill.paid", 2, "profile.kind"),
        ("usage.kwh", 2, "profile.kind"),
        ("usage.last", 2, "profile.kind"),
    ]


def test_a_row_with_another_number_of_cells(tmp_path: Path) -> None:
    good = as_csv(PROFILE)
    assert only(read(tmp_path, "a.csv", good.splitlines()[0] + "\nx,y\n")) == [(None, 2, "usage.format")]


def test_a_cell_with_broken_json_is_a_fault_of_its_field(tmp_path: Path) -> None:
    header = (
        "customer.id,customer.name,customer.code,as_of,locale,bill.total,bill.currency,bill.due,usage.kwh,usage.days"
    )
    row = "C-1,A,x,2026-01-01,en,1,EUR,2026-01-02,1,1"
    found = only(read(tmp_path, "a.csv", f"{header},bill.lines,tags\n{row},[oops,{{}}\n"))
    assert found == [("bill.lines", 2, "usage.format"), ("tags", None, "profile.kind")]


# ---------------------------------------------------------------- files that cannot be used


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("a.xlsx", "", "Profiles cannot be read from a '.xlsx' file."),
        ("a", "", "'nameless'"),
        ("a.json", "é".encode("latin-1"), "not UTF-8"),
        ("a.csv", "customer.id\ncafé".encode("latin-1"), "not UTF-8"),
        ("a.csv", as_csv(PROFILE).encode("utf-16"), "not UTF-8"),
        ("a.csv", as_csv(PROFILE).encode("utf-16-le"), "not UTF-8"),
        ("a.jsonl", "{}".encode("utf-16"), "not UTF-8"),
        ("a.json", "{", "not valid JSON"),
        ("a.json", "", "not valid JSON"),
        ("a.csv", "", "The file is empty."),
        ("a.csv", "customer.id;customer.name\n1;2", "not separated by commas"),
        ("a.csv", "customer.id\tcustomer.name\n1\t2", "not separated by commas"),
        ("a.csv", 'customer.id\n"x', "not valid CSV"),
        ("a.csv", "customer.id,customer.id\n1,2", "names 'customer.id' twice"),
        ("a.csv", "customer.id, customer.id\n1,2", "names 'customer.id' twice"),
        ("a.csv", "bill.lines,bill.lines.0.code\n1,2", "as a whole and in parts"),
        ("a.csv", "customer.id,\n1,2", "no field for column 2"),
        ("a.csv", "bill.lines.x.code\n1", "no field for column 1"),
        ("a.csv", "bill.lines.00.code\n1", "no field for column 1"),
        ("a.csv", ",".join(f"tags.{n}" for n in range(2001)), "more than 2000 columns"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, name: str, text: str | bytes, part: str) -> None:
    error = refusal(tmp_path, name, text)
    assert part in error.message
    assert error.hint or "not valid" not in part


def test_an_unknown_column_is_refused_once_with_the_nearest_name(tmp_path: Path) -> None:
    error = refusal(tmp_path, "a.csv", "customer.id,bill.totl\n1,2\n3,4")
    assert "column 2 'bill.totl'" in error.message and error.hint == "Did you mean 'bill.total'?"


def test_a_file_without_a_header_does_not_spill_its_first_row(tmp_path: Path) -> None:
    error = refusal(tmp_path, "a.csv", "C-77,Giulia Ferrari,7731\n")
    assert not any(part in str(error) for part in ("C-77", "Giulia", "7731"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        list(read_profiles(tmp_path / "no.json", SMALL))
    assert caught.value.code == "usage.unreadable"


def test_a_huge_json_file_is_sent_to_json_lines(tmp_path: Path) -> None:
    assert ".jsonl" in (refusal(tmp_path, "a.json", "[" + " " * 17 * 2**20 + "]").hint or "")


def test_an_endless_line_is_one_bad_record(tmp_path: Path) -> None:
    records = read(tmp_path, "a.jsonl", json.dumps(PROFILE) + "\n" + "x" * 17 * 2**20 + "\n" + json.dumps(PROFILE))
    assert [type(record).__name__ for record in records] == ["Profile", "BadRecord", "Profile"]


@pytest.mark.parametrize(("text", "good"), [("[]", False), (f"[{json.dumps(PROFILE)}]", True)])
def test_one_record_is_one_record(tmp_path: Path, text: str, good: bool) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    if good:
        assert read_one(path, SMALL).recipient == "C-1"
    else:
        with pytest.raises(UsageError, match="exactly one record"):
            read_one(path, SMALL)
    path.write_text(json.dumps([PROFILE, 5]))
    with pytest.raises(UsageError, match="exactly one record"):
        read_one(path, SMALL)
    path.write_text("[5]")
    with pytest.raises(ErrorList, match="must be an object"):
        read_one(path, SMALL)
