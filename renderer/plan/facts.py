"""Facts: each figure read once and written once.

:class:`FactBook` compiles ``facts.yaml``; :meth:`FactBook.make` gives the facts of one profile in one locale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from renderer.decide.expressions import Compiled, compile_expression
from renderer.decide.scope import Scope
from renderer.errors import DearlyError, ErrorList, Place, ProfileError, TemplateError
from renderer.labels import Sensitivity, highest
from renderer.plan.formats import Formats, known_unit, rounded, shown_decimals
from renderer.plan.model import Cell, Fact, Point, Series, Table, Tick
from renderer.template.model import NUMBERS, FactRule, SeriesRule, TableRule, Template, ValueRule
from renderer.units import Money, Quantity, decimal_text, plain

FILE = "facts.yaml"
Say = Callable[[str], str]
"""Gives the text of a copy key, for values of the kind ``copy``. Raises KeyError when there is none."""


@dataclass(frozen=True)
class _Value:
    """A compiled value rule."""

    rule: ValueRule
    value: Compiled
    currency: Compiled | None

    @property
    def sensitivity(self) -> Sensitivity:
        return highest([part.sensitivity for part in (self.value, self.currency) if part is not None])


@dataclass(frozen=True)
class _Single:
    value: _Value
    of: Compiled | None
    steps: int


@dataclass(frozen=True)
class _Series:
    rows: Compiled
    x: _Value
    y: _Value
    mark: Compiled | None
    ticks: int


@dataclass(frozen=True)
class _Table:
    rows: Compiled
    columns: Mapping[str, _Value]


class FactBook:
    """A template's facts, compiled. Raises ErrorList with file and line."""

    def __init__(self, template: Template, scope: Scope) -> None:
        self._lines = template.lines[FILE]
        self._faults: list[DearlyError] = []
        self._scope = scope
        self._rules: dict[str, _Single | _Series | _Table] = {}
        self.labels: dict[str, Sensitivity] = {}
        for name, rule in template.facts.items():
            before = len(self._faults)
            try:
                compiled = self._compile(name, rule)
            except TemplateError as error:
                self._faults.append(error)
                continue
            if len(self._faults) == before:
                self._rules[name] = compiled
                self.labels[name] = _label(compiled)
        if self._faults:
            raise ErrorList(self._faults)

    def make(self, names: Mapping[str, Any], formats: Formats, say: Say) -> tuple[dict[str, Fact], dict[str, int]]:
        """(facts by id, whole numbers for plural rules by fact id). A fact whose value is none is left out."""
        facts: dict[str, Fact] = {}
        counts: dict[str, int] = {}
        for name, rule in self._rules.items():
            match rule:
                case _Single():
                    self._single(name, rule, names, formats, say, facts, counts)
                case _Series():
                    series = self._make_series(name, rule, names, formats, say)
                    if series is not None:
                        facts[name] = Fact(
                            id=name, kind="series", value=series, text="", spoken="", sensitivity=self.labels[name]
                        )
                case _Table():
                    table = self._make_table(name, rule, names, formats, say)
                    if table is not None:
                        facts[name] = Fact(
                            id=name, kind="table", value=table, text="", spoken="", sensitivity=self.labels[name]
                        )
        return facts, counts

    def _single(
        self,
        name: str,
        rule: _Single,
        names: Mapping[str, Any],
        formats: Formats,
        say: Say,
        facts: dict[str, Fact],
        counts: dict[str, int],
    ) -> None:
        spec = rule.value.rule
        value = self._checked(name, rule.value, rule.value.value.value(names))
        if value is None:
            return
        currency = self._currency(name, rule.value, names)
        text = self._text(name, rule.value, value, currency, formats, say)
        number = formats.count(value, spec, currency)
        if number is not None:
            counts[name] = abs(number) if spec.sign == "never" else number
        whole = rule.of.value(names) if rule.of is not None else None
        facts[name] = Fact(
            id=name,
            kind="text" if spec.as_ == "copy" else spec.as_,
            value=_typed(value, spec, currency),
            text=text,
            spoken=formats.spoken(value, spec, text, currency),
            sensitivity=self.labels[name],
            steps=tuple(_steps(value, rule.steps, spec, currency, formats)) if rule.steps else (),
            ratio=_ratio(value, whole) if whole is not None else None,
        )

    def _make_series(
        self, name: str, rule: _Series, names: Mapping[str, Any], formats: Formats, say: Say
    ) -> Series | None:
        points = []
        numbers: list[Decimal] = []
        currency = self._currency(name, rule.y, names)
        for row in rule.rows.value(names) or ():
            inner = {**names, "row": row}
            x = self._cell(name, rule.x, inner, formats, say)
            y = self._cell(name, rule.y, inner, formats, say)
            if y is not None:
                numbers.append(Decimal(y.value))
            points.append(
                Point(
                    x=x or Cell(value=None, text=""),
                    y=y or Cell(value=None, text=""),
                    mark=rule.mark is not None and rule.mark.truth(inner),
                )
            )
        if not points or not numbers:
            return None
        ticks = tuple(
            Tick(value=decimal_text(at), text=formats.text(at, _axis(rule.y.rule, at), currency))
            for at in nice_ticks(min(numbers), max(numbers), rule.ticks)
        )
        return Series(points=tuple(points), ticks=ticks)

    def _make_table(
        self, name: str, rule: _Table, names: Mapping[str, Any], formats: Formats, say: Say
    ) -> Table | None:
        rows = rule.rows.value(names)
        if rows is None:
            return None
        return Table(
            columns=tuple(rule.columns),
            rows=tuple(
                {
                    column: self._cell(name, value, {**names, "row": row}, formats, say)
                    for column, value in rule.columns.items()
                }
                for row in rows
            ),
        )

    def _cell(self, name: str, rule: _Value, names: Mapping[str, Any], formats: Formats, say: Say) -> Cell | None:
        value = self._checked(name, rule, rule.value.value(names))
        if value is None:
            return None
        currency = self._currency(name, rule, names)
        return Cell(value=plain(value), text=self._text(name, rule, value, currency, formats, say))

    def _text(self, name: str, rule: _Value, value: Any, currency: str | None, formats: Formats, say: Say) -> str:
        if rule.rule.as_ == "image":
            return ""
        if rule.rule.as_ != "copy":
            return formats.text(value, rule.rule, currency)
        try:
            return say(value)
        except KeyError:
            raise ProfileError(
                "plan.fact",
                f"The fact '{name}' names a sentence that the copy lacks.",
                place=rule.value.place,
                hint="Add the sentence, or restrict the field to the values that have one.",
            ) from None

    def _checked(self, name: str, rule: _Value, value: Any) -> Any:
        """``value`` if it is of the rule's kind."""
        kind = rule.rule.as_
        good = value is None or (
            isinstance(value, int | Decimal) and not isinstance(value, bool)
            if kind in NUMBERS
            else isinstance(value, date)
            if kind == "date"
            else isinstance(value, str)
        )
        if not good:
            raise ProfileError(
                "plan.fact",
                f"The fact '{name}' is written as {kind} but its expression gives something else.",
                place=rule.value.place,
            )
        return value

    def _currency(self, name: str, rule: _Value, names: Mapping[str, Any]) -> str | None:
        if rule.currency is None:
            return None
        currency = rule.currency.value(names)
        if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
            raise ProfileError("plan.fact", f"The currency of '{name}' is no ISO 4217 code.", place=rule.currency.place)
        return currency

    def _compile(self, name: str, rule: FactRule | SeriesRule | TableRule) -> _Single | _Series | _Table:
        if isinstance(rule, FactRule):
            of = compile_expression(rule.of, self._scope, self._place(name, "of")) if rule.of is not None else None
            return _Single(self._value(rule, self._scope, (name,)), of, rule.steps)
        rows = compile_expression(rule.rows, self._scope, self._place(name, "rows"))
        known = self._scope.contract.fields.get(rule.rows.strip())
        inner = Scope(
            self._scope.contract, self._scope.derived, f"{known.path}.*" if known and known.type == "array" else ""
        )
        if isinstance(rule, TableRule):
            return _Table(
                rows,
                {
                    column: self._value(value, inner, (name, "columns", column))
                    for column, value in rule.columns.items()
                },
            )
        mark = compile_expression(rule.mark, inner, self._place(name, "mark")) if rule.mark is not None else None
        if rule.y.as_ not in NUMBERS:
            raise TemplateError(
                "template.value", f"The values of the series '{name}' must be numbers.", place=self._place(name, "y")
            )
        return _Series(
            rows, self._value(rule.x, inner, (name, "x")), self._value(rule.y, inner, (name, "y")), mark, rule.y.ticks
        )

    def _value(self, rule: ValueRule, scope: Scope, path: tuple[str, ...]) -> _Value:
        place = self._place(*path)
        if rule.as_ == "money" and rule.currency is None:
            raise TemplateError(
                "template.value",
                f"'{'.'.join(path)}' is money without a currency.",
                place=place,
                hint="Add 'currency: ' and the field that holds it, or a quoted code such as \"'EUR'\".",
            )
        if rule.as_ == "quantity" and (rule.unit is None or not known_unit(rule.unit)):
            raise TemplateError(
                "template.value",
                f"'{'.'.join(path)}' has no unit that CLDR knows.",
                place=place,
                hint="For example 'unit: energy-kilowatt-hour'.",
            )
        currency = (
            compile_expression(rule.currency, scope, self._place(*path, "currency"))
            if rule.currency is not None
            else None
        )
        return _Value(rule, compile_expression(rule.value, scope, self._place(*path, "value")), currency)

    def _place(self, *path: str) -> Place:
        return self._lines.place(path)


def nice_ticks(low: Decimal, high: Decimal, count: int) -> Iterator[Decimal]:
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


def _axis(rule: ValueRule, at: Decimal) -> ValueRule:
    """How a tick is written: like the values, but with the decimals it needs itself and without a forced sign."""
    own = at.normalize().as_tuple().exponent
    return rule.model_copy(update={"decimals": max(0, -own) if isinstance(own, int) else 0, "sign": "auto"})


def _steps(value: Any, count: int, rule: ValueRule, currency: str | None, formats: Formats) -> Iterator[str]:
    """The texts of a counter from near zero to the value, all with the value's own decimals."""
    decimals = shown_decimals(Decimal(value), rule, currency)
    same = rule.model_copy(update={"decimals": decimals})
    scale = Decimal(100) if rule.as_ == "percent" else Decimal(1)
    for index in range(count + 1):
        part = rounded(Decimal(value) * scale * index / count, decimals) / scale
        yield formats.text(part if index < count else value, same, currency)


def _ratio(value: Any, whole: Any) -> str | None:
    """value / whole between 0 and 1 with six decimals."""
    if not isinstance(whole, int | Decimal) or whole <= 0:
        return None
    return decimal_text(rounded(min(Decimal(1), max(Decimal(0), Decimal(value) / Decimal(whole))), 6))


def _typed(value: Any, rule: ValueRule, currency: str | None) -> Any:
    if rule.as_ == "money" and currency is not None:
        return Money(amount=Decimal(value), currency=currency)
    if rule.as_ == "quantity" and rule.unit is not None:
        return Quantity(amount=Decimal(value), unit=rule.unit)
    return Decimal(value) if rule.as_ in NUMBERS else value


def _label(rule: _Single | _Series | _Table) -> Sensitivity:
    match rule:
        case _Single():
            return highest([rule.value.sensitivity, *([rule.of.sensitivity] if rule.of else [])])
        case _Series():
            return highest([rule.rows.sensitivity, rule.x.sensitivity, rule.y.sensitivity])
        case _Table():
            return highest([rule.rows.sensitivity, *(value.sensitivity for value in rule.columns.values())])
