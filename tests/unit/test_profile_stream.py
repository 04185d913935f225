"""The stream of raw records: the same records as the reader of whole files gives, with their lines and texts."""

from __future__ import annotations

import io
import json
from codecs import BOM_UTF8
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.errors import DearlyError, ProfileError, UsageError
from renderer.profile import jsonlist
from renderer.profile.contract import Contract, load_contract
from renderer.profile.jsonlist import list_items
from renderer.profile.load import BadRecord, read_profiles
from renderer.profile.stream import ProfileStream, RawRecord, form_of
from tests.small_template import CONTRACT, PROFILE, profile_with


@pytest.fixture(scope="module")
def contract() -> Contract:
    return load_contract(json.dumps(CONTRACT), "contract.json")


def streamed(path: Path, contract: Contract) -> list[tuple[RawRecord, Any]]:
    with ProfileStream(str(path), contract) as stream:
        return [(raw, stream.data(raw)) for raw in stream]


def test_lines_come_with_their_number_and_text(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text(json.dumps(PROFILE) + "\n\n  \n{broken\n" + json.dumps(profile_with(customer__id="C-2")))
    (one, first), (two, second), (three, third) = streamed(path, contract)
    assert [(raw.record, raw.line) for raw in (one, two, three)] == [(1, 1), (2, 4), (3, 5)]
    assert one.text == json.dumps(PROFILE) + "\n"
    assert first["customer"]["id"] == "C-1" and third["customer"]["id"] == "C-2"
    assert isinstance(second, DearlyError) and second.place.line == 4


HEAD = (
    "customer.id,customer.name,customer.code,as_of,locale,bill.total,bill.currency,bill.due,bill.lines,usage.kwh,"
    "usage.days"
)


def row(number: int, total: str = "1.50") -> str:
    lines = '"[{""code"": ""fee"", ""amount"": 1}]"'
    return f'C-{number},"A\nB",x,2026-11-09,en,{total},EUR,2026-11-30,{lines},2,3'


def test_rows_come_with_the_line_they_begin_on(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("\n".join([HEAD, row(1), "", row(2), "too,short", row(3)]) + "\n", newline="")
    found = streamed(path, contract)
    assert [(raw.record, raw.line) for raw, _ in found] == [(1, 2), (2, 5), (3, 7), (4, 8)]
    assert json.loads(found[2][0].text or "") == ["too", "short"]
    assert isinstance(found[2][1], DearlyError)
    with ProfileStream(str(path), contract) as stream:
        assert stream.columns == tuple(HEAD.split(","))


def test_what_says_why_a_record_was_set_aside_is_passed_over(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "aside.csv"
    path.write_text("\n".join([f"_set_aside.code,{HEAD},_set_aside.line", f"profile.kind,{row(1)},7"]), newline="")
    (record,) = read_profiles(path, contract)
    assert not isinstance(record, BadRecord) and record.recipient == "C-1"

    path = tmp_path / "aside.jsonl"
    path.write_text(json.dumps({"_set_aside": {"code": "profile.kind"}, **PROFILE}))
    (record,) = read_profiles(path, contract)
    assert not isinstance(record, BadRecord)
    ((_, data),) = streamed(path, contract)
    assert data == json.loads(json.dumps(PROFILE), parse_float=__import__("decimal").Decimal)


@pytest.mark.parametrize("write", [lambda all_: json.dumps(all_), lambda all_: json.dumps(all_, indent=2)])
def test_a_list_gives_what_the_reader_of_whole_files_gives(
    write: Callable[[Any], str], contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonlist, "BLOCK", 7)  # every border falls somewhere
    records = [profile_with(customer__id=f"C-{n}", customer__name='a "b" \\ [{,') for n in range(5)]
    path = tmp_path / "people.json"
    path.write_text(write(records))
    found = [contract.examine(data, raw.record).profile for raw, data in streamed(path, contract)]
    assert found == list(read_profiles(path, contract))


def test_a_single_object_is_one_record(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text("\n " + json.dumps(PROFILE))
    ((raw, data),) = streamed(path, contract)
    assert raw.line == 2 and data["customer"]["id"] == "C-1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(items=st.lists(JSON), indent=st.sampled_from([None, 1]), ascii_=st.booleans(), block=st.integers(1, 40))
def test_every_list_falls_into_its_items(items: list[Any], indent: int | None, ascii_: bool, block: int) -> None:
    text = json.dumps(items, indent=indent, ensure_ascii=ascii_)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonlist, "BLOCK", block)
        found = list(list_items(io.StringIO(text, newline=""), "x"))
    assert [json.loads(item or "null") for _, item in found] == items


def test_an_item_that_is_no_json_stands_alone() -> None:
    found = list(list_items(io.StringIO('[{"a": 1},\n {"b" 2},\n {"c": 3}]'), "x"))
    assert found == [(1, '{"a": 1}'), (2, '{"b" 2}'), (3, '{"c": 3}')]


@pytest.mark.parametrize(
    ("text", "before", "line"),
    [
        ('[{"a": 1},\n{"b": [2}]', 1, 2),
        ('[{"a": 1},\n{"b": 2}', 1, 2),
        ('[{"a": 1}]\n, 5', 1, 2),
        ('[{"a": 1}}', 0, 1),
        ('[{"a": "1}]', 0, 1),
        ("", 0, 1),
    ],
)
def test_a_torn_list_gives_what_stands_before_and_ends_with_an_error(text: str, before: int, line: int) -> None:
    found = []
    with pytest.raises(UsageError) as caught:
        for item in list_items(io.StringIO(text), "people.json"):
            found.append(item)
    assert len(found) == before and caught.value.place.line == line


def test_a_record_that_is_too_large_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlist, "MAX_RECORD", 300)
    monkeypatch.setattr(jsonlist, "BLOCK", 16)
    large = json.dumps([{"n": number} for number in range(100)])
    text = f'[{{"a": 1}}, {large}, {{"b": 2}}]'
    assert [item for _, item in list_items(io.StringIO(text), "x")] == ['{"a": 1}', None, '{"b": 2}']


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv"])
def test_an_input_may_begin_with_a_byte_order_mark(contract: Contract, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"people.{suffix}"
    text = "customer.id\nC-1\n" if suffix == "csv" else json.dumps({"customer": {"id": "C-1"}})
    path.write_bytes(BOM_UTF8 + text.encode())
    (found,) = streamed(path, contract)
    assert found[1] == {"customer": {"id": "C-1"}}


def test_a_byte_order_mark_further_on_is_a_fault_in_plain_words(contract: Contract, tmp_path: Path) -> None:
    """Of files that were put one after the other."""
    path = tmp_path / "people.jsonl"
    path.write_bytes((BOM_UTF8 + json.dumps(PROFILE).encode() + b"\n") * 2)
    with ProfileStream(str(path), contract) as stream:
        _, fault = [stream.data(raw) for raw in stream]
    assert isinstance(fault, ProfileError) and fault.place.line == 2
    assert (fault.code, fault.message) == ("usage.format", "A byte order mark stands before the record.")


def test_an_input_that_is_not_utf8_further_on_gives_what_stands_before(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    good = (json.dumps(PROFILE) + "\n").encode()
    path.write_bytes(good * 100 + b'{"customer": "\xe9"}\n')
    found = []
    with pytest.raises(UsageError) as caught, ProfileStream(str(path), contract) as stream:
        for raw in stream:
            found.append(raw)
    assert 50 < len(found) <= 100 and "after line" in caught.value.message


def test_what_cannot_be_read_is_refused(contract: Contract, tmp_path: Path) -> None:
    for name, code in (("people.xml", "usage.format"), ("none.csv", "usage.unreadable"), ("-", "usage.argument")):
        with pytest.raises(UsageError) as caught, ProfileStream(str(tmp_path / name) if name != "-" else "-", contract):
            pass
        assert caught.value.code == code
    with pytest.raises(UsageError):
        form_of("xml")
    assert form_of(None) is None and form_of("json") == "list"
