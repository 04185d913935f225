"""What a record may cost that was made to hurt: each check of it ends soon, whatever the template's patterns are, and
says what was too much."""

from __future__ import annotations

import base64
import io
import json
from difflib import get_close_matches
from typing import Any

import pytest
from PIL import Image

from renderer.errors import DearlyError, ErrorList
from renderer.profile import check
from renderer.profile.check import MAX_FAULTS, MAX_GUESSES, MAX_MATCHED, MAX_VALUES
from renderer.profile.contract import Contract, load_contract
from renderer.profile.load import MAX_NUMBER, parse_record
from renderer.profile.patterns import MAX_PLACES, places
from tests.small_template import leaf, record_of


def contract(**fields: Any) -> Contract:
    schema = record_of("id", id=leaf("string", **{"x-role": "recipient"}), **fields)
    return load_contract(json.dumps(schema), "contract.json")


def faults(held_to: Contract, **given: Any) -> list[DearlyError]:
    with pytest.raises(ErrorList) as caught:
        parse_record(json.dumps({"id": "C-1", **given}), held_to)
    return list(caught.value.errors)


def texts(**more: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "array", "items": leaf("string", "public", **more)}}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"^([a-z]{0,1000}){50}x$", 50_001),
        (r"^(.{0,100}a){100}$", 10_100),
        (r"^[A-Z]{2}\d{2}[ ]?\d{4}$", 9),
        (r"^\p{L}{1,60}$", 60),
        (r"(?:ab|c){3}", 9),
        (r"(?<name>a{2,}){4}", 8),
        (r"[]a{9}]{3}", 3),
        (r"\{5\}{2}", 4),
        (r"a{0}b", 2),
        (r"((a{3}){3}){3}", 27),
        (r"^(?![a-c]{2})\w{1,255}$", 257),
        (r"{3}", 3),
    ],
)
def test_the_places_of_a_pattern_are_counted(pattern: str, found: int) -> None:
    assert places(pattern) == found


def test_a_pattern_that_could_take_minutes_is_no_contract() -> None:
    with pytest.raises(ErrorList) as caught:
        contract(code=leaf("string", pattern=f"^([a-z]{{0,{MAX_PLACES}}})?x$"))
    (fault,) = caught.value.errors
    assert fault.code == "template.value" and fault.place.line and "'maxLength'" in (fault.hint or "")
    for pattern in (f"^[a-z]{{0,{MAX_PLACES - 1}}}x$", r"^[\p{L} .'-]{1,80}$"):
        parse_record('{"id": "C-1", "code": "x"}', contract(code=leaf("string", pattern=pattern)))


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"^(a|aa)+$", r"^(.*a){20}$", r"^(a?){300}a{300}$"])
def test_no_pattern_goes_back(pattern: str) -> None:
    """In an engine that goes back each of these takes longer than the universe is old."""
    (fault,) = faults(contract(code=leaf("string", pattern=pattern)), code="a" * 9_999 + "!")
    assert fault.code == "profile.value"


def test_of_many_undeclared_fields_some_are_told_and_few_guessed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    guessed = []

    def close(name: str, *given: Any, **more: Any) -> list[str]:
        guessed.append(name)
        return get_close_matches(name, *given, **more)

    monkeypatch.setattr("renderer.profile.check.get_close_matches", close)
    held_to = contract(customer_name=leaf("string"))
    found = faults(held_to, **{f"customer_name{number}": 1 for number in range(MAX_FAULTS + 50)})
    assert len(found) == MAX_FAULTS + 1 and len(guessed) == MAX_GUESSES
    assert "Did you mean 'customer_name'?" in (found[0].hint or "") and "the others are not told" in found[-1].message
    assert found[-1].code == "profile.depth"


def test_of_many_wrong_values_some_are_told() -> None:
    found = faults(contract(codes=texts(pattern="^b$")), codes=[["a"] * 9_000] * 2)
    assert len(found) == MAX_FAULTS + 1 and found[0].place.field == "codes.0.0"


def test_a_record_of_very_many_values_is_refused_before_they_are_looked_at() -> None:
    (fault,) = faults(contract(codes=texts()), codes=[["a"] * 9_999] * 26)
    assert fault.code == "profile.depth" and f"{MAX_VALUES:,} values" in fault.message
    assert (
        len(parse_record(json.dumps({"id": "C-1", "codes": [["a"] * 9_999] * 24}), contract(codes=texts())).data) == 2
    )


def test_no_more_than_so_much_text_is_held_against_patterns() -> None:
    long = ["a" * 10_000] * (MAX_MATCHED // 10_000 + 1)
    (fault,) = faults(contract(codes=texts(pattern="^a+$")), codes=[long])
    assert fault.code == "profile.depth" and "have a pattern" in fault.message
    parse_record(json.dumps({"id": "C-1", "codes": [long]}), contract(codes=texts()))
    parse_record(json.dumps({"id": "C-1", "codes": [long[1:]]}), contract(codes=texts(pattern="^a+$")))


def test_no_more_than_so_many_pictures_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MAX_PICTURES", 3)
    uris = []
    for shade in range(4):
        out = io.BytesIO()
        Image.new("L", (8, 8), shade).save(out, "png")
        uris.append(f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}")
    held_to = contract(photos={"type": "array", "items": leaf("string", format="image")})
    assert len(parse_record(json.dumps({"id": "C-1", "photos": uris[:3]}), held_to).images) == 3
    (fault,) = faults(held_to, photos=uris)
    assert fault.code == "profile.depth" and "3 pictures" in fault.message


def test_a_number_without_end_is_none() -> None:
    held_to = contract(total=leaf("number", **{"x-decimals": 2}))
    parse_record('{"id": "C-1", "total": 1.5' + "0" * (MAX_NUMBER - 3) + "}", held_to)
    with pytest.raises(ErrorList) as caught:
        parse_record('{"id": "C-1", "total": 1.5' + "0" * 2_000_000 + "}", held_to)
    assert [fault.code for fault in caught.value.errors] == ["profile.value"]
