"""What layouts look into: facts, their cells and points, and sentences, as text that is safe to print.

In: facts and texts of the plan. Out: views for :mod:`.sandbox` and markup in which every figure is isolated from the
direction of the words around it. Nothing is formatted here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from renderer.plan.model import Cell, Fact, Series, Table
from renderer.render.sandbox import Printed, View
from renderer.units import Money, Quantity

FSI, PDI = "\u2068", "\u2069"
_CONTROLS = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067"))
"""Embeddings, overrides and forced isolates: text that carries them could turn its surroundings round."""
KEPT = 14
"""Longest figure, in characters, that style sheets may keep on one line (class ``kept``)."""
_ISOLATES = dict.fromkeys(map(ord, FSI + PDI))


def plain_text(text: str) -> str:
    """``text`` without isolates and other controls of direction: for titles, attributes and names."""
    return text.translate(_CONTROLS).translate(_ISOLATES)


def isolated(text: str) -> Markup:
    """``text`` escaped, with Fluent's isolates as ``<bdi>``. What a hostile text adds or leaves open is evened out."""
    parts: list[str] = []
    opened: list[tuple[int, str]] = []
    said = ""
    for piece in re.split(f"([{FSI}{PDI}])", text.translate(_CONTROLS)):
        if piece == FSI:
            opened.append((len(parts), said))
            parts.append("<bdi>")
        elif piece == PDI:
            if opened:
                place, before = opened.pop()
                parts[place] = _opening(said[len(before) :])
                parts.append("</bdi>")
        else:
            said += piece
            parts.append(str(escape(piece)))
    return Markup("".join(parts) + "</bdi>" * len(opened))


def _opening(text: str) -> str:
    """The tag around an isolated text. A short figure is kept on one line: CLDR puts a plain space before its unit."""
    figure = len(text) <= KEPT and any(character.isdigit() for character in text)
    return '<bdi class="kept">' if figure and " " in text else "<bdi>"


class Isolated(Printed):
    """A figure: prints its text inside ``<bdi>``."""

    __slots__ = ()

    def __str__(self) -> str:
        return plain_text(self.text)

    def __html__(self) -> str:
        text = plain_text(self.text)
        return f"{_opening(text)}{escape(text)}</bdi>"


class CellView(Isolated):
    """One cell of a series or a table. An absent cell is false and prints nothing."""

    __slots__ = ("_value",)

    def __init__(self, cell: Cell | None) -> None:
        super().__init__("" if cell is None else cell.text)
        self._value = None if cell is None else cell.value

    def __bool__(self) -> bool:
        return bool(self.text)

    def __html__(self) -> str:
        return super().__html__() if self.text else ""

    def look(self, name: str) -> Any:
        return {"text": plain_text(self.text), "value": self._value}[name]


class PointView(View):
    """One point of a series: ``.x .y .mark``."""

    __slots__ = ("_parts",)

    def __init__(self, x: Cell, y: Cell, mark: bool) -> None:
        self._parts = {"x": CellView(x), "y": CellView(y), "mark": mark}

    def look(self, name: str) -> Any:
        return self._parts[name]


class FactView(Isolated):
    """A fact. See the module's table for its parts; a part that its kind lacks counts as not there."""

    __slots__ = ("fact",)

    def __init__(self, fact: Fact) -> None:
        super().__init__(fact.text)
        self.fact = fact

    def look(self, name: str) -> Any:
        fact = self.fact
        value = fact.value
        if name == "text":
            return plain_text(fact.text)
        if name in ("kind", "ratio"):
            return getattr(fact, name)
        if isinstance(value, Series):
            if name == "points":
                return tuple(PointView(point.x, point.y, point.mark) for point in value.points)
            if name == "ticks":
                return tuple(CellView(Cell(value=tick.value, text=tick.text)) for tick in value.ticks)
        elif isinstance(value, Table):
            if name == "columns":
                return value.columns
            if name == "rows":
                return tuple({column: CellView(row.get(column)) for column in value.columns} for row in value.rows)
        elif name == "value":
            return _scalar(value)
        raise KeyError(name)


def _scalar(value: Any) -> Any:
    """A fact's value as layouts may compare it: Decimal, str or ISO date; its currency or unit is in the text."""
    if isinstance(value, Money | Quantity):
        return value.amount
    if isinstance(value, Decimal | str | int):
        return value
    return value.isoformat()


class Lookup(View):
    """A read-only name space; ``'x' in it`` works."""

    __slots__ = ("_make", "_names")

    def __init__(self, names: Mapping[str, Any], make: Callable[[Any], Any] = lambda item: item) -> None:
        self._names = names
        self._make = make

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def look(self, name: str) -> Any:
        return self._make(self._names[name])
