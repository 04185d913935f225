"""A contract lets good records through, frozen and with defaults, and says everything that is wrong with a bad one."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import DearlyError, ErrorList
from renderer.profile.contract import Contract, load_contract, value_at
from renderer.profile.load import parse_record
from renderer.profile.model import Profile
from tests.small_template import CONTRACT, PROFILE, leaf, profile_with, record_of

SMALL = load_contract(json.dumps(CONTRACT), "contract.json")


def faults(text: str | dict[str, Any], contract: Contract = SMALL) -> list[DearlyError]:
    with pytest.raises(ErrorList) as caught:
        parse_record(text if isinstance(text, str) else json.dumps(text), contract, 3)
    assert all(error.place.record == 3 for error in caught.value.errors)
    return list(caught.value.errors)


def said(text: str | dict[str, Any]) -> list[tuple[str | None, str]]:
    return [(error.place.field, error.code) for error in faults(text)]


def passes(record: dict[str, Any] | str) -> Profile:
    return parse_record(record if isinstance(record, str) else json.dumps(record), SMALL)


# ---------------------------------------------------------------- what passes


def test_a_good_record_is_frozen_and_complete() -> None:
    profile = passes(PROFILE)
    data: Any = profile.data
    assert profile.recipient == "C-1"
    assert data["bill"]["total"] == Decimal("66.9")
    assert data["bill"]["due"] == date(2026, 11, 30)
    assert data["usage"]["days"] == 31 and type(data["usage"]["days"]) is int
    assert data["bill"]["lines"][1] == {"code": "fee", "amount": Decimal("7.5"), "kwh": None}
    assert (data["bill"]["paid"], data["bill"]["kind"], data["bill"]["note"]) == (False, "usual", None)
    assert data["consent"] == {"offers": True, "post": True}
    with pytest.raises(TypeError):
        data["bill"]["total"] = 1


def test_null_and_absent_mean_the_same() -> None:
    assert (
        passes(profile_with(usage__last=None)).digest
        == passes(json.dumps(PROFILE).replace('"last": 286', '"last": null')).digest
    )


@pytest.mark.parametrize("written", ["66.90", "66.9", "6.69e1", "669E-1", "66.900000000000000000"])
def test_one_value_written_in_many_ways_is_one_value(written: str) -> None:
    assert passes(json.dumps(PROFILE).replace("66.9", written)).digest == passes(PROFILE).digest


@pytest.mark.parametrize(("written", "value"), [("-0.0", "0"), ("-0", "0"), ("1e3", "1000"), ("999999", "999999")])
def test_numbers_have_one_form(written: str, value: str) -> None:
    total = value_at(passes(json.dumps(PROFILE).replace("66.9", written)).data, "bill.total")
    assert str(total) == value


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert value_at(passes(profile_with(usage__days=31.0)).data, "usage.days") == 31


# ---------------------------------------------------------------- what does not


def test_every_fault_is_reported_at_once() -> None:
    record = profile_with(
        customer__name="x\0y",
        bill__total=1.234,
        bill__currency="eur",
        bill__kind="third",
        bill__paid=1,
        usage__days="31",
        usage__kwh=-1,
        as_of="2026-02-30",
        bill__lines=[{"code": "energy", "amount": "5"}, {"amount": 1, "kwh": True}, 7],
        usage__mnths=[],
        customer__id=None,
    )
    assert sorted(said(record), key=str) == [
        ("as_of", "profile.value"),
        ("bill.currency", "profile.value"),
        ("bill.kind", "profile.value"),
        ("bill.lines.0.amount", "profile.kind"),
        ("bill.lines.1.code", "profile.missing"),
        ("bill.lines.1.kwh", "profile.kind"),
        ("bill.lines.2", "profile.kind"),
        ("bill.paid", "profile.kind"),
        ("bill.total", "profile.value"),
        ("customer.id", "profile.missing"),
        ("customer.name", "profile.text"),
        ("usage.days", "profile.kind"),
        ("usage.kwh", "profile.value"),
        ("usage.mnths", "profile.unknown"),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bill__total": "5"}, "Expected a number, found text."),
        ({"bill__total": True}, "Expected a number, found true or false."),
        ({"usage__days": 1.5}, "Expected a whole number, found a number."),
        ({"bill__paid": 0}, "Expected true or false, found a whole number."),
        ({"bill__lines": {"0": 1}}, "Expected a list, found an object."),
        ({"bill": [1]}, "Expected an object, found a list."),
        ({"tags": ["a", None]}, "Expected text, found nothing."),
        ({"tags": "a"}, "Expected a list, found text."),
        ({"usage__kwh": -0.5}, "The value is below the least allowed, 0."),
        ({"bill__lines": []}, "The value is shorter than allowed, items: 1."),
        ({"customer__name": "x" * 61}, "The value is longer than allowed, characters: 60."),
        ({"customer__mail": "nobody"}, "The text is not a valid email."),
        ({"bill__due": "0000-01-01"}, "The text is not a valid date."),
        ({"bill__due": "20261130"}, "The text is not a valid date."),
        ({"bill__kind": 5}, "Expected text, found a whole number."),
    ],
)
def test_kind_found_and_kind_expected(changes: dict[str, Any], message: str) -> None:
    assert [error.message for error in faults(profile_with(**changes))] == [message]


@pytest.mark.parametrize(
    ("number", "good"),
    [
        ("999999", True),
        ("1000000000000000", False),  # sixteen digits
        ("-999999999999999", True),
        ("0.01", True),
        ("0.001", False),
        ("66." + "9" * 40, False),  # never rounded to 67
        ("66.90" + "0" * 60, True),
        ("1e9", False),  # above the contract's maximum
        ("1e400", False),
        ("1e-400", False),
        ("9" * 400, False),
        ("NaN", False),
        ("-Infinity", False),
    ],
)
def test_numbers_that_nobody_can_show_are_faults_of_their_field(number: str, good: bool) -> None:
    text = json.dumps(PROFILE).replace("66.9", number)
    if good:
        passes(text)
    else:
        assert said(text) == [("bill.total", "profile.value")]


def test_decimals_are_limited_where_the_contract_says_nothing() -> None:
    passes(profile_with(usage__kwh=0.123456))
    assert said(profile_with(usage__kwh=0.1234567)) == [("usage.kwh", "profile.value")]


def test_a_doubled_key_is_a_fault_of_its_object() -> None:
    assert said(json.dumps(PROFILE).replace('"name":', '"id": "x", "name":')) == [("customer", "profile.duplicate-key")]
    assert said('{"a": 1, "a": 2}') == [(None, "profile.duplicate-key")]


@pytest.mark.parametrize("value", [None, 5, "x", [], True])
def test_a_record_is_an_object(value: Any) -> None:
    assert said(json.dumps(value)) == [(None, "profile.kind")]


@pytest.mark.parametrize("text", ["[" * 10_000, '{"a":' * 10_000, json.dumps({"tags": [[[[[[]]]]]]}) + "]", "{", ""])
def test_what_is_no_json_or_endless_is_refused(text: str) -> None:
    assert said(text)[0][1] in ("profile.depth", "usage.format")


def test_depth_and_size_have_limits() -> None:
    deep: Any = 1
    for _ in range(25):
        deep = [deep]
    assert said({**PROFILE, "tags": deep}) == [(None, "profile.depth")]
    assert said({**PROFILE, "tags": ["x"] * 10_001}) == [("tags", "profile.depth")]
    assert said(profile_with(bill__note="x" * 2**20)) == [("bill.note", "profile.text")]
    assert said('"' + "x" * 17 * 2**20 + '"') == [(None, "profile.depth")]


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "\u202eb", "Z" + "\u0301" * 500, "\ue000", "a\x1b[31m"])
def test_texts_that_no_channel_can_carry(text: str) -> None:
    assert said(profile_with(customer__name=text)) == [("customer.name", "profile.text")]


@pytest.mark.parametrize("key", ["", "  ", "\u200f "])
def test_the_recipient_has_a_key_that_can_be_seen(key: str) -> None:
    ((field, code),) = said(profile_with(customer__id=key))
    assert field == "customer.id" and code in ("profile.value", "profile.text")


# ---------------------------------------------------------------- nothing of the sender's is repeated


TOKEN = "zq8Kx91w"
WAYS = [path for path in SMALL.fields if "*" not in path]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(WAYS),
    st.sampled_from(
        [TOKEN, [TOKEN], {TOKEN: TOKEN}, TOKEN + "\0", TOKEN * 2000, {"amount": TOKEN}, [[TOKEN]], 5, True]
    ),
    st.sampled_from([None, TOKEN, TOKEN + " x", TOKEN + "\u202e", TOKEN * 50]),
)
def test_no_error_repeats_a_value_or_a_made_up_key(way: str, value: Any, key: str | None) -> None:
    record = deepcopy(PROFILE)
    target: Any = record
    *parents, last = way.split(".")
    for part in parents:
        target = target.setdefault(part, {})
    target[last] = value
    if key is not None:
        target[key] = {TOKEN: [TOKEN]}
    try:
        passes(record)
    except ErrorList as errors:
        text = "".join(json.dumps(error.as_json()) + str(error) + repr(error.args) for error in errors.errors)
        assert TOKEN not in text


def test_a_slip_of_a_name_is_shown_with_the_right_one_and_a_stranger_is_only_counted() -> None:
    near, far = faults({**PROFILE, "usge": {}, "Giulia": 1})
    assert (near.place.field, near.hint) == ("usge", "Did you mean 'usage'?")
    assert (far.place.field, far.message) == (None, "The contract does not declare field 7 here.")


# ---------------------------------------------------------------- contracts themselves


def broken(change: Any) -> list[tuple[int | None, str]]:
    schema = deepcopy(CONTRACT)
    change(schema["properties"])
    with pytest.raises(ErrorList) as caught:
        load_contract(json.dumps(schema, indent=1), "contract.json")
    return [(error.place.line, f"{error.message} {error.hint or ''}") for error in caught.value.errors]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda p: p["bill"].pop("additionalProperties"), "must refuse fields"),
        (lambda p: p["bill"]["required"].append("totl"), "Did you mean 'total'?"),
        (lambda p: p["bill"]["properties"]["total"].pop("x-sensitivity"), "no sensitivity label"),
        (lambda p: p["bill"]["properties"]["total"].update({"minimun": 0}), "Did you mean 'minimum'?"),
        (lambda p: p["bill"]["properties"]["total"].update({"minimum": "0"}), "No valid JSON Schema"),
        (lambda p: p["bill"]["properties"]["total"].update({"x-decimals": 40}), "'x-decimals'"),
        (lambda p: p["bill"]["properties"]["total"].update({"default": 1.005}), "The default of 'bill.total'"),
        (lambda p: p["bill"]["properties"]["kind"].update({"default": "third"}), "The default of 'bill.kind'"),
        (lambda p: p["bill"]["properties"]["note"].update({"format": "uri"}), "unknown format"),
        (lambda p: p["bill"]["properties"]["note"].update({"pattern": "(a+)+$(?=x)"}), "linear time"),
        (lambda p: p["bill"]["properties"]["note"].update({"pattern": "("}), "linear time"),
        (lambda p: p["bill"]["properties"]["note"].update({"type": ["string", "null"]}), "needs one type"),
        (lambda p: p.update({"bill": True}), "needs one type"),
        (lambda p: p["tags"].pop("items"), "what its items are"),
        (lambda p: p["consent"].pop("properties"), "what its fields are"),
        (lambda p: p.update({"row": leaf("string")}), "means something else"),
        (lambda p: p.update({"segment": leaf("string")}), "means something else"),
        (lambda p: p.update({"is": leaf("string")}), "means something else"),
        (lambda p: p["bill"]["properties"].update({"_x": leaf("string")}), "cannot be used in expressions"),
        (lambda p: p["bill"]["properties"].update({"\U0001d465": leaf("string")}), "cannot be used in expressions"),
        (lambda p: p["bill"]["properties"].update({"a-b": leaf("string")}), "cannot be used in expressions"),
        (lambda p: p["customer"]["properties"]["id"].pop("x-role"), "No field plays the role 'recipient'"),
        (lambda p: p["customer"]["properties"]["name"].update({"x-role": "recipient"}), "Exactly one field"),
        (lambda p: p["customer"]["properties"]["id"].update({"default": "x"}), "that every record has"),
        (lambda p: p["customer"].update({"required": ["name", "code"]}), "that every record has"),
        (lambda p: p["as_of"].pop("format"), "played by a date"),
        (lambda p: p["locale"].update({"type": "integer"}), "played by a text"),
        (lambda p: p["tags"]["items"].update({"x-role": "locale"}), "item of a list"),
        (lambda p: p["locale"].update({"x-role": "langage"}), "unknown role"),
    ],
)  # fmt: skip
def test_faults_of_contracts_have_a_line(change: Any, part: str) -> None:
    found = broken(change)
    assert any(part in text for _, text in found), found
    assert all(line is not None for line, _ in found)


def test_a_recipient_inside_an_optional_object_is_refused() -> None:
    schema = record_of("", who=record_of("id", id=leaf("string", **{"x-role": "recipient"})))
    with pytest.raises(ErrorList, match="that every record has"):
        load_contract(json.dumps(schema), "contract.json")


def test_patterns_cost_no_more_than_the_text_is_long() -> None:
    schema = record_of("id text", id=leaf("string", **{"x-role": "recipient"}), text=leaf("string", pattern="^(a+)+$"))
    contract = load_contract(json.dumps(schema), "contract.json")
    start = time.process_time()
    with pytest.raises(ErrorList):
        contract.check({"id": "x", "text": "a" * 9_999 + "b"}, 1)
    assert time.process_time() - start < 0.5


def test_a_default_that_json_holds_as_a_binary_fraction_is_exact() -> None:
    schema = record_of("id", id=leaf("string", **{"x-role": "recipient"}), rate=leaf("number", default=0.1))
    profile = load_contract(json.dumps(schema), "contract.json").check({"id": "x"}, 1)
    assert profile.data["rate"] == Decimal("0.1")
