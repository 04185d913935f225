"""Counters, axes and parts of a whole: the numbers that figures pass through, and their texts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from renderer.plan.formats import Formats, rounded, shown_decimals
from renderer.plan.model import Tick
from renderer.template.model import ValueRule
from renderer.units import decimal_text

PERCENT = Decimal(100)


def ticks(
    low: Decimal, high: Decimal, count: int, rule: ValueRule, currency: str | None, formats: Formats
) -> Iterator[Tick]:
    """The ticks of an axis that holds zero and the data, from low to high."""
    for at in nice_numbers(low, high, count):
        yield Tick(value=decimal_text(at), text=formats.text(at, _axis(rule, at), currency))


def nice_numbers(low: Decimal, high: Decimal, count: int) -> Iterator[Decimal]:
    """Round values that enclose zero and the data, about ``count`` of them, at steps of 1, 2, 2.5 or 5 times a power of
    ten (the "nice numbers" of P. Heckbert, Graphics Gems, 1990, with 2.5 added)."""
    low, high = min(low, Decimal(0)), max(high, Decimal(0))
    span = (high - low) or Decimal(1)
    rough = span / max(1, count - 1)
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(power * factor for factor in (1, 2, Decimal("2.5"), 5, 10) if power * factor >= rough)
    first = int((low / step).to_integral_value(ROUND_FLOOR))
    last = int((high / step).to_integral_value(ROUND_CEILING))
    for index in range(first, max(last, first + 1) + 1):
        yield (step * index).normalize() if step * index else Decimal(0)


def counter(value: Decimal, count: int, rule: ValueRule, currency: str | None, formats: Formats) -> Iterator[str]:
    """The texts of a counter from zero to the value, ``count`` steps, all with the value's own decimals."""
    decimals = shown_decimals(value, rule, currency)
    same = rule.model_copy(update={"decimals": decimals})
    scale = PERCENT if rule.as_ == "percent" else Decimal(1)
    for index in range(count + 1):
        part = rounded(value * scale * index / count, decimals) / scale
        yield formats.text(part if index < count else value, same, currency)


def ratio(value: Decimal, whole: Decimal) -> str | None:
    """value / whole between 0 and 1 with six decimals; None where there is no whole to be a part of."""
    if whole <= 0:
        return None
    return decimal_text(rounded(min(Decimal(1), max(Decimal(0), value / whole)), 6))


def _axis(rule: ValueRule, at: Decimal) -> ValueRule:
    """How a tick is written: like the values, but with the decimals it needs itself and without a forced sign."""
    shown = at * PERCENT if rule.as_ == "percent" else at
    own = shown.normalize().as_tuple().exponent
    return rule.model_copy(update={"decimals": max(0, -int(own)), "sign": "auto"})
