"""A profile as form data and back: nothing is lost, and what does not fit is named where it is."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from renderer import pipeline
from renderer.errors import ErrorList
from renderer.plan.build import Planner
from renderer.preview.sheet import from_sheet, record_text, to_sheet
from renderer.profile.contract import load_contract
from renderer.profile.load import parse_record, read_one

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "templates" / "energy-bill" / "samples").glob("*.json"))

CONTRACT = json.dumps(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "amount"],
        "properties": {
            "id": {"type": "string", "x-sensitivity": "public", "x-role": "recipient"},
            "amount": {"type": "number", "x-sensitivity": "public", "x-decimals": 6},
            "count": {"type": "integer", "x-sensitivity": "public"},
            "label": {"type": "string", "x-sensitivity": "public", "maxLength": 10},
            "rows": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"day": {"type": "string", "format": "date", "x-sensitivity": "public"}},
                },
            },
        },
    }
)


@pytest.fixture(scope="module")
def planner() -> Planner:
    return pipeline.open_template("energy-bill")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_survives_the_form_and_the_download(path: Path, planner: Planner) -> None:
    contract = planner.template.contract
    person = read_one(path, contract)
    again = from_sheet(to_sheet(person), contract, 1, person.images)
    assert again.data == person.data
    plan = pipeline.plan(planner, person)
    assert pipeline.plan(planner, again).data == plan.data
    kept = parse_record(record_text(person), contract)
    without = {name: value for name, value in person.data.items() if name != "customer"}
    assert {name: value for name, value in kept.data.items() if name != "customer"} == without


def test_numbers_cross_as_text_and_stay_exact() -> None:
    contract = load_contract(CONTRACT, "contract.json")
    person = parse_record('{"id": "a", "amount": 12345678901.123456, "count": 7}', contract)
    sheet = json.loads(to_sheet(person))
    assert sheet["amount"] == "12345678901.123456" and sheet["count"] == "7"
    assert from_sheet(json.dumps(sheet), contract, 1, {}).data["amount"] == Decimal("12345678901.123456")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "12,5"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"count": "1.5"}, "count"),
        ({"label": "much too long a text"}, "label"),
        ({"rows": [{"day": "2026-02-30"}]}, "rows.0.day"),
        ({"other": "x"}, None),  # an unknown field's name may be anything, so it is not repeated
        ({"id": None}, "id"),
    ],
)
def test_what_does_not_fit_is_named_by_its_field(change: dict[str, Any], field: str | None) -> None:
    contract = load_contract(CONTRACT, "contract.json")
    sheet = {"id": "a", "amount": "1", "count": None, "label": None, "rows": [], **change}
    with pytest.raises(ErrorList) as caught:
        from_sheet(json.dumps(sheet), contract, 1, {})
    assert [error.place.field for error in caught.value.errors] == [field]
