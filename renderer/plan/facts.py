"""Facts: each figure read once and written once.

:class:`FactBook` compiles ``facts.yaml``; :meth:`FactBook.make` gives the facts of one profile in one locale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from renderer.decide.expressions import Compiled, compile_expression
from renderer.decide.scope import Scope
from renderer.decide.values import Work
from renderer.errors import DearlyError, ErrorList, Place, ProfileError, TemplateError
from renderer.labels import Sensitivity, highest
from renderer.plan.formats import Formats, known_unit
from renderer.plan.model import Cell, Fact, Point, Series, Table
from renderer.plan.scales import counter, ratio, ticks
from renderer.template.model import NUMBERS, FactRule, SeriesRule, TableRule, Template, ValueRule
from renderer.units import Money, Quantity, plain

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

    def make(
        self, names: Mapping[str, Any], formats: Formats, say: Say, work: Work | None = None
    ) -> tuple[dict[str, Fact], dict[str, int]]:
        """(facts by id, whole numbers for plural rules by fact id). A fact whose value is none is left out.

        ``work`` is what the expressions of one plan may do together. Raises ProfileError where a fact cannot be made.
        """
        making = _Making(names, formats, say, work or Work(), self.labels)
        for name, rule in self._rules.items():
            match rule:
                case _Single():
                    making.single(name, rule)
                case _Series():
                    making.series(name, rule)
                case _Table():
                    making.table(name, rule)
        return making.facts, making.counts

    def _compile(self, name: str, rule: FactRule | SeriesRule | TableRule) -> _Single | _Series | _Table:
        if isinstance(rule, FactRule):
            for key, given in (("of", rule.of), ("steps", rule.steps)):
                if given and rule.as_ not in NUMBERS:
                    raise TemplateError(
                        "template.value", f"Only numbers have '{key}'; '{name}' is none.", place=self._place(name, key)
                    )
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


class _Making:
    """The facts of one profile in one locale, being made."""

    def __init__(
        self,
        names: Mapping[str, Any],
        formats: Formats,
        say: Say,
        work: Work,
        labels: Mapping[str, Sensitivity],
    ) -> None:
        self._names = names
        self._formats = formats
        self._say = say
        self._work = work
        self._labels = labels
        self.facts: dict[str, Fact] = {}
        self.counts: dict[str, int] = {}

    def single(self, name: str, rule: _Single) -> None:
        spec = rule.value.rule
        value = self._checked(name, rule.value, self._names)
        if value is None:
            return
        currency = self._currency(name, rule.value, self._names)
        text = self._text(name, rule.value, value, currency)
        count = self._formats.count(value, spec, currency)
        if count is not None:
            self.counts[name] = abs(count) if spec.sign == "never" else count
        whole = rule.of.value(self._names, self._work) if rule.of is not None else None
        if isinstance(whole, bool) or not isinstance(whole, int | Decimal | None):
            raise ProfileError("plan.fact", f"The whole of '{name}' is no number.", place=rule.value.value.place)
        steps = counter(Decimal(value), rule.steps, spec, currency, self._formats) if rule.steps else ()
        self.facts[name] = Fact(
            id=name,
            kind="text" if spec.as_ == "copy" else spec.as_,
            value=_typed(value, spec, currency),
            text=text,
            spoken=self._formats.spoken(value, spec, text, currency),
            sensitivity=self._labels[name],
            steps=tuple(steps),
            ratio=ratio(Decimal(value), Decimal(whole)) if whole is not None else None,
        )

    def series(self, name: str, rule: _Series) -> None:
        points = []
        numbers: list[Decimal] = []
        currency: str | None = None
        for inner in self._rows(name, rule.rows) or ():
            x = self._cell(name, rule.x, inner)
            y = self._cell(name, rule.y, inner)
            if y is not None:
                numbers.append(Decimal(y.value))
                currency = currency or self._currency(name, rule.y, inner)
            mark = rule.mark is not None and rule.mark.truth(inner, self._work)
            points.append(Point(x=x or Cell(value=None, text=""), y=y or Cell(value=None, text=""), mark=mark))
        if numbers:
            axis = ticks(min(numbers), max(numbers), rule.ticks, rule.y.rule, currency, self._formats)
            self._add(name, "series", Series(points=tuple(points), ticks=tuple(axis)))

    def table(self, name: str, rule: _Table) -> None:
        found = self._rows(name, rule.rows)
        if found is not None:
            rows = [
                {column: self._cell(name, value, inner) for column, value in rule.columns.items()} for inner in found
            ]
            self._add(name, "table", Table(columns=tuple(rule.columns), rows=tuple(rows)))

    def _add(self, name: str, kind: Literal["series", "table"], value: Series | Table) -> None:
        self.facts[name] = Fact(id=name, kind=kind, value=value, text="", spoken="", sensitivity=self._labels[name])

    def _rows(self, name: str, rows: Compiled) -> Iterator[Mapping[str, Any]] | None:
        """The names that expressions of each row see, or None where the record has no list."""
        found = rows.value(self._names, self._work)
        if not isinstance(found, list | tuple | None):
            raise ProfileError("plan.fact", f"The rows of '{name}' are no list.", place=rows.place)
        return None if found is None else ({**self._names, "row": row} for row in found)

    def _cell(self, name: str, rule: _Value, names: Mapping[str, Any]) -> Cell | None:
        value = self._checked(name, rule, names)
        if value is None:
            return None
        return Cell(value=plain(value), text=self._text(name, rule, value, self._currency(name, rule, names)))

    def _text(self, name: str, rule: _Value, value: Any, currency: str | None) -> str:
        if rule.rule.as_ == "image":
            return ""
        if rule.rule.as_ != "copy":
            return self._formats.text(value, rule.rule, currency)
        try:
            return self._say(value)
        except KeyError:
            raise ProfileError(
                "plan.fact",
                f"The fact '{name}' names a sentence that the copy lacks, or one that names facts itself.",
                place=rule.value.place,
                hint="Add the sentence, or restrict the field to the values that have one.",
            ) from None

    def _checked(self, name: str, rule: _Value, names: Mapping[str, Any]) -> Any:
        """The value, which must be of the rule's kind or none."""
        kind, value = rule.rule.as_, rule.value.value(names, self._work)
        wanted = (int, Decimal) if kind in NUMBERS else date if kind == "date" else str
        if value is not None and (isinstance(value, bool) or not isinstance(value, wanted)):
            raise ProfileError(
                "plan.fact",
                f"The fact '{name}' is written as {kind} but its expression gives something else.",
                place=rule.value.place,
            )
        return value

    def _currency(self, name: str, rule: _Value, names: Mapping[str, Any]) -> str | None:
        if rule.currency is None:
            return None
        currency = rule.currency.value(names, self._work)
        if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
            raise ProfileError("plan.fact", f"The currency of '{name}' is no ISO 4217 code.", place=rule.currency.place)
        return currency


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
            mark = [rule.mark.sensitivity] if rule.mark else []
            return highest([rule.rows.sensitivity, rule.x.sensitivity, rule.y.sensitivity, *mark])
        case _Table():
            return highest([rule.rows.sensitivity, *(value.sensitivity for value in rule.columns.values())])
