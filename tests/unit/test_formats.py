"""Figures as people of a locale write them: CLDR's patterns, exact rounding, signs that stand where they belong."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.plan.formats import Formats, _spaced, known_unit, rounded
from renderer.template.model import FactRule

LRM, RLM, NBSP, NNBSP = "\u200e", "\u200f", "\u00a0", "\u202f"
DAY = date(2026, 11, 9)
FORMATS = {locale: Formats(locale) for locale in ("it", "en", "ar", "fr", "ro", "de", "hi", "ja")}


def rule(kind: str, **more: Any) -> FactRule:
    return FactRule.model_validate({"value": "x", "as": kind, **more})


def money(locale: str, amount: str, currency: str, **more: Any) -> str:
    return FORMATS[locale].text(Decimal(amount), rule("money", currency="x", **more), currency)


def written(locale: str, kind: str, value: Any, **more: Any) -> str:
    return FORMATS[locale].text(value, rule(kind, **more))


@pytest.mark.parametrize(
    ("locale", "amount", "currency", "text"),
    [
        ("it", "1234.5", "EUR", f"1.234,50{NBSP}€"),
        ("en", "1234.5", "EUR", "€1,234.50"),
        ("fr", "1234.5", "EUR", f"1{NNBSP}234,50{NBSP}€"),
        ("de", "-1234.5", "EUR", f"-1.234,50{NBSP}€"),
        ("ro", "7", "EUR", f"7,00{NBSP}EUR"),
        ("ar", "7", "AED", f"{RLM}7.00{NBSP}د.إ.{RLM}"),
        ("ar", "-7", "EUR", f"{RLM}{LRM}-7.00{NBSP}€"),
        ("en", "-7", "EUR", "-€7.00"),
        ("hi", "1234567", "INR", "₹12,34,567.00"),
        ("ja", "1234.5", "JPY", "￥1,235"),
        ("en", "1234.5", "JPY", "¥1,235"),
        ("it", "1.2345", "KWD", f"1,235{NBSP}KWD"),
        ("en", "7", "AED", f"AED{NBSP}7.00"),
        ("en", "-7", "CHF", f"-CHF{NBSP}7.00"),
        ("en", "0", "EUR", "€0.00"),
    ],
)
def test_money(locale: str, amount: str, currency: str, text: str) -> None:
    assert money(locale, amount, currency) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0.005", "€0.01"), ("0.0049", "€0.00"), ("1.005", "€1.01"), ("-1.005", "-€1.01"), ("2.675", "€2.68"),
     ("-0.004", "€0.00"), ("-0", "€0.00"), ("99999.995", "€100,000.00"), ("1e3", "€1,000.00")],
)  # fmt: skip
def test_cents_round_half_away_from_zero_and_zero_has_no_sign(amount: str, text: str) -> None:
    assert money("en", amount, "EUR") == text


@pytest.mark.parametrize(
    ("locale", "sign", "amount", "text"),
    [
        ("it", "always", "12", f"+12,00{NBSP}€"),
        ("en", "always", "12", "+€12.00"),
        ("en", "always", "-12", "-€12.00"),
        ("en", "always", "0", "€0.00"),
        ("en", "always", "-0.001", "€0.00"),
        ("en", "never", "-12", "€12.00"),
        ("ar", "always", "12", f"{RLM}{LRM}+12.00{NBSP}€"),
        ("ar", "never", "-12", f"{RLM}12.00{NBSP}€"),
    ],
)
def test_signs(locale: str, sign: str, amount: str, text: str) -> None:
    assert money(locale, amount, "EUR", sign=sign) == text


@given(st.decimals(-(10**9), 10**9, places=4), st.integers(0, 6), st.sampled_from(sorted(FORMATS)))
def test_a_rise_and_a_fall_differ_by_the_sign_alone(value: Decimal, decimals: int, locale: str) -> None:
    texts = {
        sign: written(locale, "number", value, decimals=decimals, sign=sign) for sign in ("always", "auto", "never")
    }
    other = written(locale, "number", -value, decimals=decimals, sign="always")
    bare = dict.fromkeys(map(ord, (LRM, RLM, "+", "-")))
    assert {text.translate(bare) for text in (*texts.values(), other)} == {texts["never"]}
    shown = rounded(value, decimals)
    assert ("+" in texts["always"]) == (shown > 0) and ("-" in texts["auto"]) == (shown < 0)


@given(st.decimals(-(10**12), 10**12, places=8), st.integers(0, 6))
def test_rounding_is_half_away_from_zero(value: Decimal, decimals: int) -> None:
    result = rounded(value, decimals)
    unit = Decimal(1).scaleb(-decimals)
    assert abs(result - value) <= unit / 2
    assert abs(value) + unit / 2 != abs(value).quantize(unit) + unit or abs(result) >= abs(value)
    assert result == 0 or -int(result.as_tuple().exponent) == decimals
    assert not (result == 0 and result.is_signed())


@pytest.mark.parametrize(
    ("locale", "value", "more", "text"),
    [
        ("it", "0.134", {}, "13%"),
        ("en", "-0.134", {}, "-13%"),
        ("en", "0.1345", {"decimals": 1, "sign": "always"}, "+13.5%"),
        ("fr", "0.5", {}, f"50{NBSP}%"),
        ("de", "0.5", {}, f"50{NBSP}%"),
        ("ar", "0.5", {}, "50%"),
        ("en", "1.005", {}, "101%"),
        ("en", "0.004", {"sign": "always"}, "0%"),
    ],
)
def test_percent(locale: str, value: str, more: dict[str, Any], text: str) -> None:
    assert written(locale, "percent", Decimal(value), **more).replace(LRM, "") == text


@pytest.mark.parametrize(
    ("locale", "unit", "length", "value", "text"),
    [
        ("en", "energy-kilowatt-hour", "long", 1, "1 kilowatt hour"),
        ("en", "energy-kilowatt-hour", "long", 2, "2 kilowatt-hours"),
        ("en", "duration-day", "long", 1, "1 day"),
        ("en", "duration-day", "long", 0, "0 days"),
        ("it", "energy-kilowatt-hour", "short", 1234, "1.234 kWh"),
        ("ro", "energy-kilowatt-hour", "long", 1, f"1{NBSP}kilowatt-oră"),
        ("ro", "energy-kilowatt-hour", "long", 2, "2 kilowați-oră"),
        ("ro", "energy-kilowatt-hour", "long", 20, "20 de kilowați-oră"),
        ("ar", "energy-kilowatt-hour", "short", 3, "3 ك.و.س"),
        ("fr", "energy-kilowatt-hour", "short", 5, f"5{NNBSP}kWh"),
        ("ja", "energy-kilowatt-hour", "long", 5, "5 キロワット時"),
    ],
)
def test_units_have_plural_forms(locale: str, unit: str, length: str, value: int, text: str) -> None:
    assert written(locale, "quantity", value, unit=unit, length=length, decimals=0) == text


def test_a_shown_decimal_changes_the_plural() -> None:
    assert written("en", "quantity", Decimal(1), unit="duration-day", length="long", decimals=1) == "1.0 days"


@pytest.mark.parametrize(
    ("unit", "locale", "good"),
    [
        ("energy-kilowatt-hour", "it", True),
        ("duration-day", "en", True),
        ("duration-day", "it", True),  # the short name, which Babel does not find under "long"
        ("nonsense", "ar", False),
    ],
)
def test_a_unit_that_a_locale_cannot_name_is_not_known(unit: str, locale: str, good: bool) -> None:
    assert known_unit(unit, locale, "long") is good


@pytest.mark.parametrize(
    ("locale", "style", "text"),
    [
        ("it", "full", "lunedì 9 novembre 2026"),
        ("it", None, "9 novembre 2026"),
        ("it", "medium", "9 nov 2026"),
        ("it", "short", "09/11/26"),
        ("it", "month", "nov"),
        ("it", "month-year", "novembre 2026"),
        ("it", "day-month", "9 novembre"),
        ("en", "day-month", "November 9"),
        ("ar", None, "9 نوفمبر 2026"),
        ("ar", "month", "نوفمبر"),
        ("de", "full", "Montag, 9. November 2026"),
        ("ja", "month-year", "2026年11月"),
        ("ro", "month-year", "noiembrie 2026"),
        ("hi", "month-year", "नवंबर 2026"),
    ],
)
def test_dates(locale: str, style: str | None, text: str) -> None:
    assert written(locale, "date", DAY, style=style) == text


def test_one_locale_never_speaks_in_another() -> None:
    """Babel's locales share data and overwrite it; in a process of its own, because the damage is for good."""
    script = (
        "import sys; from datetime import date; from renderer.plan.formats import Formats\n"
        "from renderer.template.model import FactRule\n"
        "rule = FactRule.model_validate({'value': 'x', 'as': 'date', 'style': 'month'})\n"
        "print([Formats(locale).text(date(2026, 11, 9), rule) for locale in sys.argv[1:]])\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", script, "he", "it", "fa", "pl"], capture_output=True, text=True, check=True
    ).stdout
    assert out.strip() == str(["נוב׳", "nov", "نوامبر", "lis"])


@pytest.mark.parametrize(
    ("value", "kind", "more", "count"),
    [
        (31, "number", {"decimals": 0}, 31),
        (Decimal("2.5"), "number", {"decimals": 0}, 3),
        (Decimal("2.5"), "number", {}, None),
        (Decimal("0.134"), "percent", {}, 13),
        (Decimal("5.00"), "money", {"currency": "x"}, None),
        (DAY, "date", {}, None),
        ("a", "text", {}, None),
    ],
)
def test_only_what_is_shown_whole_is_counted(value: Any, kind: str, more: dict[str, Any], count: int | None) -> None:
    assert FORMATS["en"].count(value, rule(kind, **more), "EUR" if kind == "money" else None) == count


def test_spoken_figures_name_currency_and_unit_in_full() -> None:
    english = FORMATS["en"]
    spoken = english.spoken(Decimal("66.9"), rule("money", currency="x"), "€66.90", "EUR")
    assert spoken == "sixty-six euros and ninety cents"
    assert english.spoken(Decimal("1"), rule("money", currency="x", decimals=0), "€1", "EUR") == "one euro"
    assert english.spoken(Decimal("-5"), rule("money", currency="x", sign="never"), "x", "EUR") == "five euros"
    unit = rule("quantity", unit="energy-kilowatt-hour", decimals=0)
    assert english.spoken(Decimal(248), unit, "248 kWh") == "two hundred forty-eight kilowatt-hours"
    assert english.spoken(DAY, rule("date", style="short"), "11/9/26") == "November ninth, twenty twenty-six"
    assert english.spoken("x", rule("text"), "x") == "x"


@pytest.mark.parametrize(
    ("text", "spaced"),
    [
        ("AED12.00", f"AED{NBSP}12.00"),
        ("12.00AED", f"12.00{NBSP}AED"),
        ("-CHF7", f"-CHF{NBSP}7"),
        ("€12.00", "€12.00"),
        ("R$5", "R$5"),
        (f"7{NBSP}kr", f"7{NBSP}kr"),
        (f"{RLM}7.00{NBSP}د.إ.{RLM}", f"{RLM}7.00{NBSP}د.إ.{RLM}"),
        (f"د.إ.{RLM}7.00", f"د.إ.{RLM}7.00"),
        ("7د.إ", f"7{NBSP}د.إ"),
        ("", ""),
    ],
)
def test_a_space_parts_letters_from_figures_and_nothing_else(text: str, spaced: str) -> None:
    assert _spaced(text) == spaced


def test_direction() -> None:
    assert {locale: formats.direction for locale, formats in FORMATS.items() if formats.direction == "rtl"} == {
        "ar": "rtl"
    }
