"""The filters of rules. Each takes the work it may do, the value before the bar, and its arguments; lists are always
whole lists, and none in a place where something is computed is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from renderer.decide.values import Work, attribute, bounded, comparable, given, items, number, text_of, truth

_MOST_PLACES = 6


def _abs(work: Work, value: Any) -> Any:
    return abs(number(given(value, "a value")))


def _default(work: Work, value: Any, other: Any) -> Any:
    return other if value is None else value


def _first(work: Work, values: Any) -> Any:
    found = items(values, "a list", work)
    return found[0] if found else None


def _last(work: Work, values: Any) -> Any:
    found = items(values, "a list", work)
    return found[-1] if found else None


def _length(work: Work, value: Any) -> int:
    return len(value) if isinstance(value, str) else len(items(value, "a list", work))


def _list(work: Work, values: Any) -> list[Any]:
    return list(items(values, "a list", work))


def _lower(work: Work, text: Any) -> str:
    return text_of(text, "a text").lower()


def _upper(work: Work, text: Any) -> str:
    return text_of(text, "a text").upper()


def _map(work: Work, values: Any, *, attribute: str) -> list[Any]:
    return [_of(item, attribute) for item in items(values, "a list", work)]


def _max(work: Work, values: Any) -> Any:
    return max(_alike(items(values, "a list", work)), default=None)


def _min(work: Work, values: Any) -> Any:
    return min(_alike(items(values, "a list", work)), default=None)


def _round(work: Work, value: Any, places: int = 0) -> Decimal:
    """Half away from zero, as bills round."""
    exact = Decimal(number(given(value, "a value to round")))
    if isinstance(places, bool) or not isinstance(places, int) or abs(places) > _MOST_PLACES:
        raise ValueError("places")
    result: Decimal = bounded(exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))
    return result


def _rejectattr(work: Work, values: Any, attribute: str, test: str = "true", other: Any = None) -> list[Any]:
    found = items(values, "a list", work)
    return [item for item in found if not _passes(work, _of(item, attribute), attribute, test, other)]


def _selectattr(work: Work, values: Any, attribute: str, test: str = "true", other: Any = None) -> list[Any]:
    found = items(values, "a list", work)
    return [item for item in found if _passes(work, _of(item, attribute), attribute, test, other)]


def _sort(work: Work, values: Any, *, attribute: str | None = None, reverse: bool = False) -> list[Any]:
    """Stable; texts by code point."""
    found = items(values, "a list", work)
    keys = [_of(item, attribute) if attribute else item for item in found]
    _alike(keys)
    order = sorted(range(len(keys)), key=keys.__getitem__, reverse=truth(reverse, "reverse"))
    return [found[index] for index in order]


def _sum(work: Work, values: Any, attribute: str | None = None) -> Any:
    found = items(values, "a list", work)
    parts = [given(_of(item, attribute) if attribute else item, attribute or "an item") for item in found]
    return bounded(sum(map(number, parts), start=Decimal(0)))


def _of(item: Any, path: str) -> Any:
    for part in path.split("."):
        item = attribute(item, part, path)
    return item


def _alike(values: Any) -> Any:
    """``values``, which must all be there and of one kind."""
    for value in values:
        comparable(given(value, "an item"), values[0])
    return values


def _passes(work: Work, value: Any, name: str, test: str, other: Any) -> bool:
    if test == "none":
        return value is None
    if test == "true":
        return truth(value, name)
    if test == "in":
        given(value, name)
        return any(_equal(value, one) for one in items(other, "the list it is looked for in", work))
    return SELECT_TESTS[test](given(value, name), given(other, "what it is compared with"))


def _equal(left: Any, right: Any) -> bool:
    comparable(left, right)
    return bool(left == right)


def _below(left: Any, right: Any) -> bool:
    comparable(left, right)
    return bool(left < right)


SELECT_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": _equal,
    "ne": lambda left, right: not _equal(left, right),
    "lt": _below,
    "ge": lambda left, right: not _below(left, right),
    "gt": lambda left, right: _below(right, left),
    "le": lambda left, right: not _below(right, left),
}
"""Tests of selectattr and rejectattr that compare with a value; besides them `in`, `none` and `true`."""

FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": _abs,
    "default": _default,
    "first": _first,
    "last": _last,
    "length": _length,
    "list": _list,
    "lower": _lower,
    "map": _map,
    "max": _max,
    "min": _min,
    "rejectattr": _rejectattr,
    "round": _round,
    "selectattr": _selectattr,
    "sort": _sort,
    "sum": _sum,
    "upper": _upper,
}
