"""Control amounts: read from a record, and again from the plan that was made of it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from renderer.plan.build import Planner
from renderer.plan.controls import Controls, amounts_from_bytes, amounts_to_bytes
from renderer.profile.contract import Examined
from renderer.profile.load import parse_json
from tests.small_template import changed, load, profile_with

TOTALS = """\
control_totals:
  total: {value: bill.total, currency: bill.currency}
  lines: {value: bill.lines | map(attribute='amount') | sum, currency: bill.currency}
  used: {value: change * 100, currency: "'EUR'"}
  late: {value: "5 if bill.due < as_of else 0", currency: bill.currency}
"""


@pytest.fixture(scope="module")
def controls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planner, Controls]:
    old = "control_totals:\n  total: {value: bill.total, currency: bill.currency}\n"
    planner = Planner(load(tmp_path_factory.mktemp("template"), changed("template.yaml", old, TOTALS)))
    return planner, Controls(planner)


def examined(planner: Planner, record: dict[str, Any]) -> Examined:
    return planner.template.contract.examine(parse_json(json.dumps(record)), 1)


def read(controls: tuple[Planner, Controls], **changes: Any) -> dict[str, tuple[str, Decimal]]:
    found = examined(controls[0], profile_with(**changes))
    return dict(controls[1].read(found.profile, sound=found.sound))


def test_amounts_are_exact_and_in_their_currency(controls: tuple[Planner, Controls]) -> None:
    found = read(controls, usage__kwh=300, usage__last=200)
    assert found == {
        "total": ("EUR", Decimal("66.9")),
        "lines": ("EUR", Decimal("66.9")),
        "used": ("EUR", Decimal("50")),
        "late": ("EUR", Decimal("0")),
    }
    assert amounts_from_bytes(amounts_to_bytes(found)) == found
    assert read(controls, bill__due="2026-11-01")["late"] == ("EUR", Decimal(5))


def test_what_cannot_be_read_is_left_out(controls: tuple[Planner, Controls]) -> None:
    assert set(read(controls, usage__last=0)) == {"total", "lines", "late"}  # the change is none


def test_of_a_broken_record_what_is_sound_is_read(controls: tuple[Planner, Controls]) -> None:
    # What is derived needs the whole record.
    assert set(read(controls, customer__name=None)) == {"total", "lines", "late"}
    assert set(read(controls, bill__total="x")) == {"lines", "late"}
    assert set(read(controls, bill__currency="EURO")) == set()
    assert set(read(controls, as_of=None)) == {"total", "lines"}
    found = examined(controls[0], profile_with())
    assert dict(controls[1].read(found.profile, as_of=date(2030, 1, 1)))["late"] == ("EUR", Decimal(5))


@pytest.mark.parametrize("record", [[], "x", None, {"bill": 5}])
def test_of_what_is_no_record_nothing_is_read(controls: tuple[Planner, Controls], record: Any) -> None:
    found = controls[0].template.contract.examine(record, 1)
    assert found.faults and controls[1].read(found.profile, sound=found.sound) == {}
    assert not found.profile.recipient


def test_the_plan_accounts_for_the_same(controls: tuple[Planner, Controls]) -> None:
    planner, totals = controls
    for changes in ({}, {"usage__last": 0}, {"bill__total": -4.5}, {"usage__kwh": 2000}):
        profile = examined(planner, profile_with(**changes)).profile
        assert totals.planned(planner.plan(profile), profile) == totals.read(profile)


def test_a_fact_that_shows_an_amount_is_what_counts(controls: tuple[Planner, Controls]) -> None:
    planner, totals = controls
    profile = examined(planner, profile_with()).profile
    other = examined(planner, profile_with(bill__total=1)).profile
    found = totals.planned(planner.plan(other), profile)
    assert found["total"] == ("EUR", Decimal(1)) and found["lines"] == ("EUR", Decimal("66.9"))


def test_a_template_without_control_totals_has_none(tmp_path: Path) -> None:
    old = "control_totals:\n  total: {value: bill.total, currency: bill.currency}\n"
    planner = Planner(load(tmp_path, changed("template.yaml", old, "")))
    assert Controls(planner).ids == () and Controls(planner).read(examined(planner, profile_with()).profile) == {}
