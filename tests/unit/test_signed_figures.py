"""Signs of figures, in every locale: a rise never reads like a fall."""

from __future__ import annotations

from decimal import Decimal

import pytest

from renderer.plan.formats import Formats
from renderer.template.model import FactRule

MARKS = dict.fromkeys((0x200E, 0x200F, 0x061C))


def rule(kind: str, **more: object) -> FactRule:
    return FactRule.model_validate({"value": "x", "as": kind, "sign": "always", **more})


@pytest.mark.parametrize("locale", ["it", "en", "ar", "he", "sv", "fa"])
@pytest.mark.parametrize("kind", ["money", "percent", "number", "quantity"])
def test_a_figure_that_always_has_a_sign_has_its_own(locale: str, kind: str) -> None:
    formats = Formats(locale)
    wanted = rule(kind, **({"unit": "energy-kilowatt-hour"} if kind == "quantity" else {}))
    currency = "EUR" if kind == "money" else None
    more, less, none = (formats.text(Decimal(value), wanted, currency).translate(MARKS) for value in ("5", "-5", "0"))
    assert more.count("+") == 1 and "-" not in more and "−" not in more
    assert "+" not in less and less.count("-") + less.count("−") == 1
    assert not {"+", "-", "−"} & set(none)
    assert more.replace("+", "") == less.replace("-", "").replace("−", "")


def test_minus_is_the_one_of_the_locale() -> None:
    assert Formats("sv").text(Decimal("-5"), rule("number")) == "−5"
    assert Formats("ar").text(Decimal("-5"), rule("number")) == "\u200e-5"
    assert Formats("it").text(Decimal("-5.2"), rule("money"), "EUR") == "-5,20\u00a0€"
