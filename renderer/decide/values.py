"""What expressions may compute with, and how far. Values are None, bool, int, Decimal, str, date, timedelta, lists, and
mappings of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from renderer.units import decimal_text

LARGEST = Decimal(10) ** 24
"""Numbers reach up to here: with ten decimals that is what decimal128's 34 digits hold."""
LONGEST_TEXT = 10_000
MOST_ITEMS = 1_000_000
"""List items that all expressions of one plan may look at together: a few seconds of work."""
PARTS: Mapping[type, tuple[str, ...]] = {date: ("year", "month", "day"), timedelta: ("days",)}
DATE_PARTS = ("year", "month", "day", "days")


class NoneUsed(Exception):
    """A missing value was compared or computed with. ``name`` is how the expression calls it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class TooMuch(Exception):
    """An expression looks at more than it may."""


class Work:
    """What the expressions of one plan may still look at."""

    def __init__(self, items: int = MOST_ITEMS) -> None:
        self._left = items

    def spend(self, items: int) -> None:
        """Count ``items`` looked at. Raises TooMuch."""
        self._left -= items
        if self._left < 0:
            raise TooMuch


def given(value: Any, name: str) -> Any:
    """``value``, which must not be none."""
    if value is None:
        raise NoneUsed(name)
    return value


def truth(value: Any, name: str) -> bool:
    """``value``, which must be true or false: neither none nor zero counts as false by itself."""
    if not isinstance(given(value, name), bool):
        raise TypeError("neither true nor false")
    return value is True


def number(value: Any) -> int | Decimal:
    """``value``, which must be a number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError("not a number")
    return value


def items(value: Any, name: str, work: Work) -> Sequence[Any]:
    """``value``, which must be a list."""
    if not isinstance(given(value, name), list | tuple):
        raise TypeError("not a list")
    work.spend(len(value) + 1)
    found: Sequence[Any] = value
    return found


def attribute(value: Any, name: str, owner: str) -> Any:
    """The field ``name`` of a mapping, or a part of a date; of nothing else."""
    if isinstance(value, Mapping):
        return value[name]
    if name in PARTS.get(type(given(value, owner)), ()):
        return getattr(value, name)
    raise TypeError("the value has no fields")


def text_of(value: Any, name: str) -> str:
    """A text or number as a part of a text."""
    if isinstance(given(value, name), str):
        if len(value) > LONGEST_TEXT:
            raise TooMuch
        return str(value)
    found = number(value)
    return decimal_text(found) if isinstance(found, Decimal) else str(found)


def bounded(value: Any) -> Any:
    """A number, if it is not too large to be exact."""
    if abs(value) >= LARGEST:
        raise OverflowError
    return value


def compute(sign: str, left: Any, right: Any) -> Any:
    """``left sign right`` for numbers and dates. Division is exact to the context's digits, ``//`` rounds down for
    negative numbers too, whatever kind of number a field holds."""
    if isinstance(left, date | timedelta) or isinstance(right, date | timedelta):
        return _compute_dates(sign, left, right)
    left, right = number(left), number(right)
    match sign:
        case "+":
            return bounded(left + right)
        case "-":
            return bounded(left - right)
        case "*":
            return bounded(left * right)
        case "/":
            return bounded(Decimal(left) / Decimal(right))
    whole = (Decimal(left) / Decimal(right)).to_integral_value(ROUND_FLOOR)
    return bounded(whole if sign == "//" else left - whole * right)


def _compute_dates(sign: str, left: Any, right: Any) -> Any:
    if isinstance(right, int) and not isinstance(right, bool) and isinstance(left, date):
        right = timedelta(days=right)
    match left, sign, right:
        case (date(), "-", date()) | (date(), "+" | "-", timedelta()) | (timedelta(), "+" | "-", timedelta()):
            return left + right if sign == "+" else left - right
        case (timedelta(), "+", date()):
            return left + right
    raise TypeError("dates are moved by days and subtracted from each other")


def comparable(left: Any, right: Any) -> None:
    """Raises TypeError for values of two kinds: they are never equal, so comparing them is a mistake."""
    if _kind(left) is not _kind(right):
        raise TypeError("values of two kinds are compared")


def _kind(value: Any) -> type:
    if isinstance(value, bool):
        return bool
    for kind, of_kind in ((Decimal, int | Decimal), (str, str), (list, list | tuple), (Mapping, Mapping)):
        if isinstance(value, of_kind):
            return kind
    return type(value)
