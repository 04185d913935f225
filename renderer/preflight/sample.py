"""Believable, varied profiles for load and layout tests, made from a data contract alone.

In: a contract (its ``x-sample`` hints make values fit each other), a template's locales and fonts, a count and a seed.
Out: records as JSON data with exact numbers; each passes the contract. The same arguments give the same records on
every machine: nothing is drawn but from digests. One record in :data:`HARD_EVERY` holds texts that layouts find hard,
one in :data:`SPARSE_EVERY` has only what is required, and one in as many has everything.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

from renderer.decide.scope import Scope
from renderer.errors import ErrorList, Place, TemplateError
from renderer.preflight.sample_draws import Draws
from renderer.preflight.sample_hints import FILE, DateHint, Hint, Hints
from renderer.preflight.sample_values import any_number, fitted, image, rounded, sized, wording
from renderer.preflight.sample_words import (
    HARD_EMOJI,
    HARD_OTHER_DIRECTION,
    HARD_TEXTS,
    right_to_left,
    words,
)
from renderer.profile.contract import Contract
from renderer.template.model import Template
from renderer.units import canonical_json, decimal_text

HARD_EVERY = 10
SPARSE_EVERY = 20
FIRST_DAY = date(2026, 1, 1)
"""Dates without a hint lie in the year from here: a fixed one, because the clock is never read."""


def samples(contract: Contract, template: Template, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """``count`` records that pass ``contract``. Numbers are int or Decimal (see :func:`as_line`).

    Raises TemplateError, which names the field, for a hint that is wrong or a field that needs one.
    """
    generator = _Generator(contract, template)
    for record in range(count):
        with localcontext(Context(prec=28)):  # whatever the caller's arithmetic is
            made = generator.record(Draws(seed, record))
        yield made


def as_line(record: Mapping[str, Any]) -> str:
    """A record as one line of JSON Lines, without the line's end; Decimals as JSON numbers, digit for digit."""
    return _json(record)


@dataclass(frozen=True, kw_only=True)
class _Node:
    """One declared field. ``path`` is its dotted name in the contract (items as ``*``), ``key`` its last part."""

    path: str
    key: str
    parents: tuple[str, ...]
    schema: Mapping[str, Any]
    required: bool
    hint: Hint
    step: int


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """What stays the same while one record is made."""

    draws: Draws
    record: dict[str, Any]
    sparse: bool
    full: bool
    hard: bool


class _Generator:
    """Nodes of a contract in the order they are made."""

    def __init__(self, contract: Contract, template: Template) -> None:
        self.contract = contract
        self.locales = template.config.locales
        self.emoji = any("emoji" in font.family.lower() for font in template.config.fonts)
        self.hints = Hints(Scope(contract))
        self._order: dict[str, tuple[_Node, ...]] = {}
        role = contract.role("locale")
        self.locale_path = role.path if role is not None else None

    def record(self, draws: Draws) -> dict[str, Any]:
        """One record, checked."""
        maker = _Maker(
            draws=draws,
            record={},
            hard=draws.record % HARD_EVERY == HARD_EVERY - 1,
            sparse=draws.record % SPARSE_EVERY == 2,
            full=draws.record % SPARSE_EVERY == 5,
        )
        self._fill(maker, maker.record, self.contract.schema, "", "", {"index": draws.record, "count": 1, "rows": ()})
        made: dict[str, Any] = _without_none(maker.record)
        try:
            self.contract.check(made, draws.record + 1)
        except ErrorList as error:
            raise TemplateError(
                "template.value",
                f"The generator's value does not pass the contract: {error.message}",
                place=Place(file=FILE, field=error.place.field),
                hint="Give the field an x-sample hint that says how its values look.",
            ) from error
        return made

    # ------------------------------------------------------------ objects and lists

    def _fill(
        self,
        maker: _Maker,
        target: dict[str, Any],
        schema: Mapping[str, Any],
        path: str,
        drawn: str,
        names: Mapping[str, Any],
    ) -> None:
        """Make the fields of an object, step by step. ``drawn`` tells one item's draws from another's."""
        if path not in self._order:
            self._order[path] = tuple(sorted(self._nodes(schema, path, (), 0), key=lambda node: node.step))
        _blank(target, schema)
        for node in self._order[path]:
            owner: Any = target
            for parent in node.parents:
                owner = owner[parent] if owner is not None else None
            if owner is None:
                continue
            name = drawn + node.path
            scope = {**maker.record, **names, "draw": maker.draws.even(name), "bell": maker.draws.bell(name)}
            if path:
                scope["row"] = target
            if self._present(maker, node, name, scope):
                owner[node.key] = self._value(maker, node, name, scope)

    def _nodes(self, schema: Mapping[str, Any], path: str, parents: tuple[str, ...], step: int) -> Iterator[_Node]:
        for key, part in schema["properties"].items():
            name = f"{path}.{key}" if path else key
            hint = self.hints.of(part, name)
            own = hint.step if hint.step is not None else 1 if hint.depends else 0
            own = inner = max(own, step)
            # Words need the language first, and it the objects it stands in.
            if name == self.locale_path:
                own = -1
            elif self.locale_path is not None and self.locale_path.startswith(name + "."):
                own, inner = -2, step
            yield _Node(
                path=name,
                key=key,
                parents=parents,
                schema=part,
                required=key in schema.get("required", ()),
                hint=hint,
                step=own,
            )
            if part["type"] == "object":
                yield from self._nodes(part, name, (*parents, key), inner)

    def _present(self, maker: _Maker, node: _Node, name: str, scope: Mapping[str, Any]) -> bool:
        if node.required:
            return True
        if maker.sparse or (node.hint.when is not None and not self._truth(node.hint.when, node.path, scope)):
            return False
        return maker.full or maker.draws.chance(f"{name}?", node.hint.present)

    def _truth(self, source: str, field: str, scope: Mapping[str, Any]) -> bool:
        return self.hints.value(source, field, scope) is True

    def _list(self, maker: _Maker, node: _Node, name: str, scope: Mapping[str, Any]) -> list[Any]:
        hint, items = node.hint, node.schema["items"]
        low, high = node.schema.get("minItems", 0), node.schema.get("maxItems", 10)
        made: list[Any] = []
        if hint.rows:
            for place, row in enumerate(hint.rows):
                own = {
                    **scope,
                    "rows": made,
                    "draw": maker.draws.even(f"{name}.{place}"),
                    "bell": maker.draws.bell(f"{name}.{place}"),
                }
                if row.when is not None and not self._truth(row.when, node.path, own):
                    continue
                turns = 1 if row.repeat is None else int(self.hints.value(row.repeat, node.path, own))
                for turn in range(turns):
                    item: dict[str, Any] = {}
                    _blank(item, items)
                    for key, source in row.fields.items():
                        part = items["properties"].get(key)
                        if part is None:
                            raise TemplateError(
                                "template.reference",
                                f"x-sample names '{key}', which an item lacks.",
                                place=Place(file=FILE, field=node.path),
                            )
                        drawn = f"{name}.{place}.{turn}.{key}"
                        inner = {
                            **own,
                            "row": item,
                            "index": turn,
                            "count": turns,
                            "draw": maker.draws.even(drawn),
                            "bell": maker.draws.bell(drawn),
                        }
                        item[key] = fitted(self.hints.value(source, node.path, inner), part)
                    made.append(item)
            return made[:high]
        if hint.count is not None:
            length = int(self.hints.value(hint.count, node.path, scope))
        else:
            length = low if maker.sparse else low + maker.draws.number(f"{name}#", min(high, low + 10) - low + 1)
        for index in range(max(low, min(length, high))):
            drawn = f"{name}.{index}/"
            inner = {"index": index, "count": length, "rows": made}
            if items["type"] == "object":
                item = {}
                self._fill(maker, item, items, f"{node.path}.*", drawn, inner)
                made.append(item)
            else:
                part = _Node(
                    path=f"{node.path}.*",
                    key="",
                    parents=(),
                    schema=items,
                    required=True,
                    step=0,
                    hint=self.hints.of(items, f"{node.path}.*"),
                )
                own = {**scope, **inner, "draw": maker.draws.even(drawn), "bell": maker.draws.bell(drawn)}
                made.append(self._value(maker, part, drawn, own))
        return made

    # ------------------------------------------------------------ values

    def _value(self, maker: _Maker, node: _Node, name: str, scope: Mapping[str, Any]) -> Any:
        hint, schema, draws = node.hint, node.schema, maker.draws
        if schema["type"] == "object":
            inner: dict[str, Any] = {}
            _blank(inner, schema)
            return inner
        if schema["type"] == "array":
            return self._list(maker, node, name, scope)
        past = Decimal(0)
        for rare in hint.rare:
            past += rare.chance
            if draws.chance(f"{name}!", past):
                value = rare.value if rare.between is None else draws.between(f"{name}!!", *rare.between)
                return fitted(rounded(value, hint), schema)
        if hint.expr is not None:
            return fitted(self.hints.value(hint.expr, node.path, scope), schema)
        if hint.date is not None:
            return self._date(hint.date, node.path, scope)
        if hint.values:
            return fitted(draws.weighted(name, hint.values, hint.weights), schema)
        if hint.between is not None:
            return fitted(rounded(draws.between(name, *hint.between, hint.shape), hint), schema)
        if node.path == self.locale_path:
            spoken = [locale for locale in self.locales if locale in schema.get("enum", self.locales)]
            return draws.one(name, spoken or schema["enum"])
        if "enum" in schema:
            return draws.one(name, schema["enum"])
        match schema["type"]:
            case "boolean":
                return draws.number(name, 2) == 0
            case "integer" | "number":
                return any_number(draws, name, schema)
        return self._text(maker, node, name)

    def _text(self, maker: _Maker, node: _Node, name: str) -> Any:
        schema, hint, draws = node.schema, node.hint, maker.draws
        shortest, longest = schema.get("minLength", 0), min(schema.get("maxLength", 40), 10_000)
        match schema.get("format"):
            case "date":
                return FIRST_DAY + timedelta(days=draws.number(name, 365))
            case "image":
                return image(draws, name)
            case "email":
                return f"{draws.one(name, words('en').plain)}.{draws.record + 1}@example.org"
        if hint.mask is not None:
            return draws.mask(name, hint.mask)
        field = self.contract.role("recipient")
        if field is not None and field.path == node.path:
            return str(draws.record + 1).zfill(max(shortest, min(longest, 8)))
        if "pattern" in schema:
            text = draws.matching(name, schema["pattern"], shortest, longest)
            if text is None:
                raise TemplateError(
                    "template.value",
                    "The generator cannot follow this pattern.",
                    place=Place(file=FILE, field=node.path),
                    hint="Give the field an x-sample 'mask'.",
                )
            return text
        locale = self._locale(maker)
        if maker.hard and draws.number(f"{name}~", 2):
            return sized(self._hard(draws, name, locale, longest), shortest, longest)
        return sized(wording(draws, name, hint, words(locale)), shortest, longest)

    def _hard(self, draws: Draws, name: str, locale: str, longest: int) -> str:
        choices = [*HARD_TEXTS, *((HARD_EMOJI,) if self.emoji else ())]
        if any(right_to_left(one) for one in self.locales):
            choices.append(HARD_OTHER_DIRECTION[right_to_left(locale)])
        own = words(locale)
        choices.append(" ".join([*own.given, *own.family] * 40)[:longest])
        chosen: str = draws.one(f"{name}~~", choices)
        return chosen

    def _locale(self, maker: _Maker) -> str:
        value: Any = maker.record
        for part in (self.locale_path or "").split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value if isinstance(value, str) else self.locales[0]

    def _date(self, hint: DateHint, field: str, scope: Mapping[str, Any]) -> date:
        try:
            day = date.fromisoformat(hint.from_)
        except ValueError:
            day = self.hints.value(hint.from_, field, scope)
        if not isinstance(day, date):
            raise TemplateError(
                "template.value", "x-sample, date: 'from' gives no date.", place=Place(file=FILE, field=field)
            )
        if hint.months is not None:
            month = day.year * 12 + day.month - 1 + int(self.hints.value(hint.months, field, scope))
            year, month = month // 12, month % 12 + 1
            day = date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
        if hint.snap is not None:
            day = day.replace(day=1 if hint.snap == "first" else calendar.monthrange(day.year, day.month)[1])
        return day + timedelta(days=int(self.hints.value(hint.days, field, scope))) if hint.days is not None else day


def _blank(target: dict[str, Any], schema: Mapping[str, Any]) -> None:
    """Every declared field of an object, absent for now: expressions see all names from the start."""
    for key in schema["properties"]:
        target.setdefault(key, None)


def _without_none(value: Any) -> Any:
    """Only what is present; dates as text."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _json(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_json(key)}: {_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    if isinstance(value, Decimal):
        return decimal_text(value)
    return canonical_json(value).decode("utf-8")
