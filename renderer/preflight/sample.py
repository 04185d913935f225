"""Believable, varied profiles for load and layout tests, made from a data contract alone.

In: a contract (its ``x-sample`` hints make values fit each other), a template's locales and fonts, a count and a seed.
Out: records as JSON data with exact numbers; each passes the contract. The same arguments give the same records on every
machine: nothing is drawn but from digests. One record in :data:`HARD_EVERY` holds texts that layouts find hard, one in
:data:`SPARSE_EVERY` has only what is required, and one in as many has everything.
"""

from __future__ import annotations

import base64
import calendar
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from renderer.decide.scope import Scope
from renderer.errors import ErrorList, Place, TemplateError
from renderer.preflight.sample_draws import Draws
from renderer.preflight.sample_hints import FILE, DateHint, Hint, Hints
from renderer.preflight.sample_words import (
    HARD_EMOJI,
    HARD_OTHER_DIRECTION,
    HARD_TEXTS,
    Words,
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
_WIDE = Decimal(1_000)
_IMAGE_SIDE_PX = 40


def samples(contract: Contract, template: Template, count: int, seed: int) -> Iterator[dict[str, Any]]:
    """``count`` records that pass ``contract``. Numbers are int or Decimal (see :func:`as_line`).

    Raises TemplateError, which names the field, for a hint that is wrong or a field that needs one.
    """
    generator = _Generator(contract, template)
    for record in range(count):
        yield generator.record(Draws(seed, record))


def as_line(record: Mapping[str, Any]) -> str:
    """A record as one line of JSON Lines, without the line's end; Decimals as JSON numbers, digit for digit."""
    return _json(record)


@dataclass(frozen=True, kw_only=True)
class _Node:
    """One declared field. ``path`` is its dotted name in the contract (items as ``*``), ``key`` its name in its object."""

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
        maker = _Maker(draws=draws, record={}, hard=draws.record % HARD_EVERY == HARD_EVERY - 1,
                       sparse=draws.record % SPARSE_EVERY == 2, full=draws.record % SPARSE_EVERY == 5)
        self._fill(maker, maker.record, self.contract.schema, "", "", {"index": draws.record, "count": 1, "rows": ()})
        made = _without_none(maker.record)
        try:
            self.contract.check(made, draws.record + 1)
        except ErrorList as error:
            raise TemplateError("template.value", f"The generator's value does not pass the contract: {error.message}",
                                place=Place(file=FILE, field=error.place.field),
                                hint="Give the field an x-sample hint that says how its values look.") from error
        return made

    # ------------------------------------------------------------ objects and lists

    def _fill(self, maker: _Maker, target: dict[str, Any], schema: Mapping[str, Any], path: str, drawn: str,
              names: Mapping[str, Any]) -> None:
        """Make the fields of an object, step by step. ``drawn`` tells one item's draws from another's."""
        if path not in self._order:
            self._order[path] = tuple(sorted(self._nodes(schema, path, (), 0), key=lambda node: node.step))
        blank(target, schema)
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
            yield _Node(path=name, key=key, parents=parents, schema=part, required=key in schema.get("required", ()),
                        hint=hint, step=own)
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
                own = {**scope, "rows": made, "draw": maker.draws.even(f"{name}.{place}"),
                       "bell": maker.draws.bell(f"{name}.{place}")}
                if row.when is not None and not self._truth(row.when, node.path, own):
                    continue
                turns = 1 if row.repeat is None else int(self.hints.value(row.repeat, node.path, own))
                for turn in range(turns):
                    item: dict[str, Any] = {}
                    blank(item, items)
                    for key, source in row.fields.items():
                        part = items["properties"].get(key)
                        if part is None:
                            raise TemplateError("template.reference", f"x-sample names '{key}', which an item lacks.",
                                                place=Place(file=FILE, field=node.path))
                        drawn = f"{name}.{place}.{turn}.{key}"
                        inner = {**own, "row": item, "index": turn, "count": turns, "draw": maker.draws.even(drawn),
                                 "bell": maker.draws.bell(drawn)}
                        item[key] = _fitted(self.hints.value(source, node.path, inner), part)
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
                part = _Node(path=f"{node.path}.*", key="", parents=(), schema=items, required=True, step=0,
                             hint=self.hints.of(items, f"{node.path}.*"))
                own = {**scope, **inner, "draw": maker.draws.even(drawn), "bell": maker.draws.bell(drawn)}
                made.append(self._value(maker, part, drawn, own))
        return made

    # ------------------------------------------------------------ values

    def _value(self, maker: _Maker, node: _Node, name: str, scope: Mapping[str, Any]) -> Any:
        hint, schema, draws = node.hint, node.schema, maker.draws
        if schema["type"] == "object":
            inner: dict[str, Any] = {}
            blank(inner, schema)
            return inner
        if schema["type"] == "array":
            return self._list(maker, node, name, scope)
        past = Decimal(0)
        for rare in hint.rare:
            past += rare.chance
            if draws.chance(f"{name}!", past):
                value = rare.value if rare.between is None else draws.between(f"{name}!!", *rare.between)
                return _fitted(_decimals(value, hint), schema)
        if hint.expr is not None:
            return _fitted(self.hints.value(hint.expr, node.path, scope), schema)
        if hint.date is not None:
            return self._date(hint.date, node.path, scope)
        if hint.values:
            return _fitted(draws.weighted(name, hint.values, hint.weights), schema)
        if hint.between is not None:
            return _fitted(_decimals(draws.between(name, *hint.between, hint.shape), hint), schema)
        if node.path == self.locale_path:
            spoken = [locale for locale in self.locales if locale in schema.get("enum", self.locales)]
            return draws.one(name, spoken or schema["enum"])
        if "enum" in schema:
            return draws.one(name, schema["enum"])
        match schema["type"]:
            case "boolean":
                return draws.number(name, 2) == 0
            case "integer" | "number":
                return _any_number(draws, name, schema)
        return self._text(maker, node, name)

    def _text(self, maker: _Maker, node: _Node, name: str) -> Any:
        schema, hint, draws = node.schema, node.hint, maker.draws
        shortest, longest = schema.get("minLength", 0), min(schema.get("maxLength", 40), 10_000)
        match schema.get("format"):
            case "date":
                return FIRST_DAY + timedelta(days=draws.number(name, 365))
            case "image":
                return _image(draws, name)
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
                raise TemplateError("template.value", "The generator cannot follow this pattern.",
                                    place=Place(file=FILE, field=node.path), hint="Give the field an x-sample 'mask'.")
            return text
        locale = self._locale(maker)
        if maker.hard and draws.number(f"{name}~", 2):
            return _sized(self._hard(draws, name, locale, longest), shortest, longest)
        return _sized(_words(draws, name, hint, words(locale)), shortest, longest)

    def _hard(self, draws: Draws, name: str, locale: str, longest: int) -> str:
        choices = [*HARD_TEXTS, *((HARD_EMOJI,) if self.emoji else ())]
        if any(right_to_left(one) for one in self.locales):
            choices.append(HARD_OTHER_DIRECTION[right_to_left(locale)])
        own = words(locale)
        choices.append(" ".join([*own.given, *own.family] * 40)[:longest])
        return draws.one(f"{name}~~", choices)

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
            raise TemplateError("template.value", "x-sample, date: 'from' gives no date.", place=Place(file=FILE, field=field))
        if hint.months is not None:
            month = day.year * 12 + day.month - 1 + int(self.hints.value(hint.months, field, scope))
            year, month = month // 12, month % 12 + 1
            day = date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
        if hint.snap is not None:
            day = day.replace(day=1 if hint.snap == "first" else calendar.monthrange(day.year, day.month)[1])
        return day + timedelta(days=int(self.hints.value(hint.days, field, scope))) if hint.days is not None else day


def blank(target: dict[str, Any], schema: Mapping[str, Any]) -> None:
    """Every declared field of an object, absent for now: expressions see all names from the start."""
    for key in schema["properties"]:
        target.setdefault(key, None)


def _words(draws: Draws, name: str, hint: Hint, own: Words) -> str:
    # A person's names belong together, so they hang on the record and not on the field.
    given, family = draws.one("given", own.given), draws.one("family", own.family)
    match hint.words:
        case "full-name":
            return f"{given} {family}"
        case "given-name":
            return given
        case "street":
            return own.street.format(name=draws.one(name, own.streets), number=draws.number(f"{name}#", 180) + 1)
        case "postcode":
            return draws.mask(name, own.postcode)
        case "city":
            return draws.one(name, own.cities)
        case "sentences":
            start, many = draws.number(name, len(own.sentences)), draws.number(f"{name}#", 3) + 1
            return " ".join((own.sentences * 2)[start : start + many])
    return " ".join(draws.one(f"{name}#{at}", own.plain) for at in range(draws.number(name, 3) + 1))


def _sized(text: str, shortest: int, longest: int) -> str:
    while len(text) < shortest:
        text += " " + text if text else "a"
    return text[:longest].rstrip() or text[:longest]


def _decimals(value: Any, hint: Hint) -> Any:
    if isinstance(value, Decimal) and hint.decimals is not None:
        return value.quantize(Decimal(1).scaleb(-hint.decimals), rounding=ROUND_HALF_UP)
    return value


def _fitted(value: Any, schema: Mapping[str, Any]) -> Any:
    """A number rounded to the decimals and moved into the range that the contract allows; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or schema["type"] not in ("number", "integer"):
        return value
    places = 0 if schema["type"] == "integer" else schema.get("x-decimals", 6)
    number = Decimal(value)
    if -int(number.as_tuple().exponent) > places:
        number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    for bound, beyond in (("minimum", number.__lt__), ("maximum", number.__gt__)):
        if bound in schema and beyond(Decimal(str(schema[bound]))):
            number = Decimal(str(schema[bound]))
    return int(number) if number == number.to_integral_value() else number


def _any_number(draws: Draws, name: str, schema: Mapping[str, Any]) -> Any:
    """A number in the range of the schema, the small more often than the large; bounds and zero now and then."""
    low = Decimal(str(schema.get("minimum", schema.get("exclusiveMinimum", 0))))
    high = Decimal(str(schema.get("maximum", schema.get("exclusiveMaximum", max(low, Decimal(0)) + _WIDE))))
    step = Decimal(str(schema["multipleOf"])) if "multipleOf" in schema else None
    inner_low, inner_high = max(low, Decimal(0)), min(high, max(low, Decimal(0)) + _WIDE)
    if inner_high <= inner_low:
        inner_low, inner_high = low, high
    if low < 0 and draws.number(f"{name}-", 10) == 0:
        inner_low, inner_high = max(low, -_WIDE), min(high, Decimal(0))
    value = draws.between(name, inner_low, inner_high)
    places = 0 if schema["type"] == "integer" else min(schema.get("x-decimals", 2), 2)
    value = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if "exclusiveMinimum" in schema and value <= low:
        value = (low + high) / 2
    if "exclusiveMaximum" in schema and value >= high:
        value = (low + high) / 2
    if step is not None:
        value = (value // step) * step if (value // step) * step >= low else (value // step + 1) * step
    return _fitted(value, schema)


def _image(draws: Draws, name: str) -> str:
    """A small picture of two colours as a PNG data URI. Stored, not deflated: zlib builds differ in their output."""
    side = _IMAGE_SIDE_PX
    top, bottom = ([60 + draws.number(f"{name}#{end}{part}", 180) for part in range(3)] for end in "tb")
    rows = b"".join(
        b"\0" + bytes((a * (side - 1 - y) + b * y) // (side - 1) for a, b in zip(top, bottom, strict=True)) * side
        for y in range(side)
    )
    body = b"\x78\x01\x01" + len(rows).to_bytes(2, "little") + (len(rows) ^ 0xFFFF).to_bytes(2, "little") + rows
    body += zlib.adler32(rows).to_bytes(4, "big")
    header = side.to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        len(part).to_bytes(4, "big") + kind + part + zlib.crc32(kind + part).to_bytes(4, "big")
        for kind, part in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    )
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")


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
