"""The render plan: what every channel reads, and the only thing it reads about a person.

Plain frozen data. Made by :func:`renderer.plan.build.build_plan`, written as canonical JSON, named by its digest. It
holds no path, no engine version and no time stamp: the same profile, template files, as-of date, seed and locale give
the same bytes on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

from renderer.decide.model import Candidate, Decision
from renderer.labels import Sensitivity
from renderer.units import Money, Quantity, canonical_json, digest

__all__ = [
    "Candidate",
    "Cell",
    "Decision",
    "Fact",
    "Link",
    "Message",
    "Point",
    "RenderPlan",
    "Sensitivity",
    "Series",
    "Table",
    "Tick",
]
PLAN_SCHEMA = 1

FactKind = Literal["money", "quantity", "number", "percent", "date", "text", "image", "series", "table"]
Direction = Literal["ltr", "rtl"]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One formatted value inside a series or a table: canonical ``value`` (a string, int or null) and its text."""

    value: Any
    text: str


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point of a series. ``y.value`` is a Decimal as a string, or None for a gap. ``mark`` names a point to
    stress."""

    x: Cell
    y: Cell
    mark: bool = False


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One tick of a value axis: its position as a Decimal string and its text."""

    value: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Series:
    """A named row of points, the ticks of its value axis (from low to high; the first and last are the axis ends)."""

    points: tuple[Point, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells by column id, in the order of ``columns``. A cell is None where the record lacks the value."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Cell | None], ...]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One figure, formatted once. Channels place it and never format.

    ``value`` is typed (Money, Quantity, Decimal, date, str, Series, Table; an image's content digest as str). ``text``
    is how it reads in the recipient's locale, ``spoken`` how a voice says it. ``steps`` are the texts a counter shows
    on its way to ``text`` (the last equals it); empty unless the template asks for them. ``ratio`` is the value as a
    Decimal string between 0 and 1 where the template declares a range (for rings and bars), else None.
    """

    id: str
    kind: FactKind
    value: Money | Quantity | Any
    text: str
    spoken: str
    sensitivity: Sensitivity
    steps: tuple[str, ...] = ()
    ratio: str | None = None


@dataclass(frozen=True, kw_only=True)
class Message:
    """One sentence of copy with its facts in place.

    ``text`` keeps Fluent's isolates (U+2068, U+2069) around each fact. ``facts`` are the facts it names; its label is
    the highest of theirs. ``spoken`` is what a voice says, with figures in words and without isolates; only sentences
    that the storyboard has spoken have it.
    """

    id: str
    text: str
    facts: tuple[str, ...]
    sensitivity: Sensitivity
    spoken: str | None = None


@dataclass(frozen=True, kw_only=True)
class Link:
    """An address the template declares, with facts filled in and percent-encoded; only https, mailto and tel."""

    id: str
    href: str
    sensitivity: Sensitivity


@dataclass(frozen=True, kw_only=True)
class RenderPlan:
    """All that one recipient's channels may say. See the module's text for what it promises."""

    template: str
    files_digest: str
    locale: str
    direction: Direction
    as_of: date
    seed: int
    suppression: str | None
    segments: tuple[str, ...]
    offers: Mapping[str, str]
    scenes: tuple[str, ...]
    blocks: tuple[str, ...]
    facts: Mapping[str, Fact]
    copy: Mapping[str, Message]
    links: Mapping[str, Link]
    decisions: tuple[Decision, ...]
    images: Mapping[str, str] = field(default_factory=dict)
    schema: int = PLAN_SCHEMA

    @cached_property
    def data(self) -> bytes:
        """The plan as canonical JSON."""
        return canonical_json(self)

    @cached_property
    def digest(self) -> str:
        """The plan's name: the digest of :attr:`data`."""
        return digest(self.data)
