"""Facts: each figure with its text, the texts on the way to it, its axis, its part of a whole, and its label."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import ErrorList, ProfileError
from renderer.plan.build import Planner
from renderer.plan.formats import Formats
from renderer.plan.model import Fact, Series, Table
from renderer.plan.scales import counter, nice_numbers, ratio, ticks
from renderer.template.model import FactRule
from renderer.units import Money, Quantity
from tests.small_template import FILES, changed, load, plan_of

ENGLISH = Formats("en")


def facts_of(folder: Path, extra: str, **changes: Any) -> dict[str, Fact]:
    planner = Planner(load(folder, {"facts.yaml": FILES["facts.yaml"] + extra}))
    return dict(plan_of(planner, **changes).facts)


def failure(folder: Path, extra: str, **changes: Any) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        facts_of(folder, extra, **changes)
    assert caught.value.place.record == 1
    return caught.value


# ---------------------------------------------------------------- values, texts, labels


def test_values_are_typed_and_texts_follow_the_locale(small: Planner) -> None:
    facts = plan_of(small).facts
    assert facts["total"].value == Money(amount=Decimal("66.9"), currency="EUR")
    assert facts["kwh"].value == Quantity(amount=Decimal(248), unit="energy-kilowatt-hour")
    assert (facts["total"].text, facts["total"].spoken) == ("€66.90", "sixty-six euros and ninety cents")
    assert (facts["change"].text, facts["kind_name"].text, facts["kind_name"].kind) == ("-13%", "Fee", "text")
    assert plan_of(small, locale="ar").facts["kind_name"].text == "الرسم"


def test_a_fact_without_a_value_is_left_out(small: Planner) -> None:
    facts = plan_of(small, usage__last=None, usage__share=None, usage__months=[]).facts
    assert not {"change", "share", "note", "photo", "months"} & set(facts)


def test_labels_are_those_of_what_a_fact_names(small: Planner) -> None:
    labels = small.facts.labels
    assert labels == {
        "name": "personal",
        "code": "secret",
        "code_length": "secret",  # by way of a derived value
        "note": "personal",
        "photo": "personal",
        "total": "personal",
        "due_date": "public",
        "kwh": "personal",
        "days": "public",
        "change": "personal",
        "share": "public",
        "kind_name": "public",
        "months": "personal",
        "lines": "personal",
    }
    assert {name: fact.sensitivity for name, fact in plan_of(small).facts.items()}.items() <= labels.items()


def test_a_mark_or_a_whole_that_is_secret_makes_the_fact_secret(tmp_path: Path) -> None:
    extra = (
        "marked:\n  as: series\n  rows: usage.months\n  x: {value: row.month, as: date}\n"
        "  y: {value: row.kwh, as: number}\n  mark: customer.code == 'x'\n"
        "part: {value: usage.days, as: number, of: code_length}\n"
    )
    facts = facts_of(tmp_path, extra)
    assert (facts["marked"].sensitivity, facts["part"].sensitivity) == ("secret", "secret")


# ---------------------------------------------------------------- series and tables


def test_a_series_has_points_marks_gaps_and_an_axis(small: Planner) -> None:
    series = plan_of(small).facts["months"].value
    assert isinstance(series, Series)
    assert [(point.x.text, point.y.text, point.mark) for point in series.points] == [
        ("Sep", "274 kWh", False),
        ("Oct", "248 kWh", True),
    ]
    assert [(tick.value, tick.text) for tick in series.ticks] == [
        ("0", "0 kWh"),
        ("100", "100 kWh"),
        ("200", "200 kWh"),
        ("300", "300 kWh"),
    ]


def test_a_series_takes_its_currency_from_its_rows(tmp_path: Path) -> None:
    extra = (
        "amounts:\n  as: series\n  rows: bill.lines\n  x: {value: row.code, as: text}\n"
        '  y: {value: "(row.amount if row.kwh is not none else none)", as: money, currency: "\'GBP\'"}\n'
    )
    series = facts_of(tmp_path, extra)["amounts"].value
    assert isinstance(series, Series)
    assert [point.y.value for point in series.points] == ["59.4", None]
    assert series.ticks[-1].text == "£60"


def test_a_table_keeps_missing_cells(small: Planner) -> None:
    table = plan_of(small).facts["lines"].value
    assert isinstance(table, Table)
    assert table.columns == ("label", "kwh", "amount")
    assert [[cell and cell.text for cell in row.values()] for row in table.rows] == [
        ["Energy", "248 kWh", "€59.40"],
        ["Fee", None, "€7.50"],
    ]


def test_an_empty_list_is_an_empty_table_and_no_series(tmp_path: Path) -> None:
    extra = "t:\n  as: table\n  rows: usage.months\n  columns: {kwh: {value: row.kwh, as: number}}\n"
    facts = facts_of(tmp_path, extra, usage__months=[])
    assert facts["t"].value == Table(columns=("kwh",), rows=()) and "months" not in facts


# ---------------------------------------------------------------- what cannot be made


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("x: {value: usage.kwh, as: text}", "written as text"),
        ("x: {value: bill.paid, as: number}", "written as number"),
        ("x: {value: customer.name, as: date}", "written as date"),
        ("x: {value: customer.name, as: copy}", "sentence that the copy lacks"),
        ("x: {value: \"'hello'\", as: copy}", "names facts itself"),
        ("x: {value: usage.kwh, as: money, currency: customer.name}", "no ISO 4217"),
        ("x: {value: usage.kwh, as: money, currency: \"'QQQ'\"}", "no ISO 4217"),
        ("x: {value: usage.kwh, as: money, currency: \"'XXX'\"}", "no ISO 4217"),
        ("x: {value: usage.kwh / 7, as: money, currency: \"'EUR'\"}", "more decimals"),
        ("x: {value: usage.kwh + 0.5, as: money, currency: \"'JPY'\"}", "more decimals"),
        ("x: {value: usage.kwh, as: number, of: customer.name}", "no number"),
        ("x:\n  as: table\n  rows: customer.name\n  columns: {a: {value: row, as: text}}", "are no list"),
        ("x:\n  as: series\n  rows: usage.kwh\n  x: {value: row, as: text}\n  y: {value: row, as: number}", "no list"),
        ("x: {value: 1 / (usage.days - 31), as: number}", "divides by zero"),
        ("x: {value: usage.kwh / usage.last, as: number}", "uses 'usage.last'"),
    ],
)  # fmt: skip
def test_a_fact_that_cannot_be_made_says_where(tmp_path: Path, extra: str, said: str) -> None:
    error = failure(tmp_path, extra + "\n", usage__last=None)
    assert said in error.message and error.place.file == "facts.yaml" and (error.place.line or 0) > 20


def test_rows_times_rows_are_stopped(tmp_path: Path) -> None:
    extra = (
        "x:\n  as: table\n  rows: bill.lines\n  columns:\n"
        "    a: {value: bill.lines | sum(attribute='amount') - row.amount, as: number}\n"
    )
    error = failure(tmp_path, extra, bill__lines=[{"code": "fee", "amount": 1}] * 3000)
    assert error.code == "decide.limit"


def test_a_unit_must_have_a_name_in_every_locale(tmp_path: Path) -> None:
    with pytest.raises(ErrorList, match="no unit that CLDR names in 'ar'"):
        load_planner = load(
            tmp_path, dict(changed("facts.yaml", "days, as: number,", "days, as: quantity, unit: graphics-dot,"))
        )
        Planner(load_planner)


# ---------------------------------------------------------------- counters, axes, parts

AMOUNTS = st.decimals(-(10**9), 10**9, places=2)


@settings(deadline=None)
@given(
    AMOUNTS,
    st.integers(1, 60),
    st.sampled_from(["money", "number", "percent"]),
    st.sampled_from(["auto", "always", "never"]),
)
def test_a_counter_ends_at_the_facts_text(value: Decimal, count: int, kind: str, sign: str) -> None:
    rule = FactRule.model_validate({"value": "x", "as": kind, "currency": "x", "sign": sign})
    currency = "EUR" if kind == "money" else None
    texts = list(counter(value, count, rule, currency, ENGLISH))
    assert len(texts) == count + 1
    assert texts[-1] == ENGLISH.text(value, rule, currency)
    assert texts[0] == ENGLISH.text(0, rule.model_copy(update={"decimals": decimals_in(texts[-1])}), currency)
    assert {decimals_in(text) for text in texts} == {decimals_in(texts[-1])}


def decimals_in(text: str) -> int:
    return len(text.rstrip("%").partition(".")[2])


@given(AMOUNTS, AMOUNTS, st.integers(2, 8))
def test_ticks_enclose_zero_and_the_data_at_even_round_steps(one: Decimal, other: Decimal, count: int) -> None:
    low, high = min(one, other), max(one, other)
    numbers = list(nice_numbers(low, high, count))
    assert numbers[0] <= min(low, Decimal(0)) and numbers[-1] >= max(high, Decimal(0))
    steps = {after - before for before, after in pairwise(numbers)}
    assert len(steps) == 1
    assert steps.pop().normalize().as_tuple().digits in ((1,), (2,), (2, 5), (5,))
    assert 2 <= len(numbers) <= count + 3


def test_percent_axes_have_the_decimals_they_need() -> None:
    rule = FactRule.model_validate({"value": "x", "as": "percent"})
    assert [tick.text for tick in ticks(Decimal(0), Decimal("0.4"), 4, rule, None, ENGLISH)] == ["0%", "20%", "40%"]
    assert [tick.text for tick in ticks(Decimal(0), Decimal("0.01"), 5, rule, None, ENGLISH)][1] == "0.25%"


@given(AMOUNTS, AMOUNTS)
def test_a_part_of_a_whole_is_between_0_and_1(value: Decimal, whole: Decimal) -> None:
    part = ratio(value, whole)
    assert (part is None) == (whole <= 0)
    if part is not None:
        assert 0 <= Decimal(part) <= 1
        assert abs(Decimal(part) - min(Decimal(1), max(Decimal(0), value / whole))) <= Decimal("0.0000005")
