"""What the studio's parts hand to each other: frozen values that cross a process border."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from renderer.errors import DearlyError
from renderer.render.voice import VoiceSettings
from renderer.units import canonical_json, digest


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where a render process works. ``folder`` is the template's, ``profiles`` a file of records or None for the
    template's samples, ``work`` a folder of this process alone. ``patient`` processes give way to the others;
    ``voices`` may speak the film."""

    folder: Path
    profiles: Path | None
    cache: Path
    work: Path
    patient: bool = False
    voices: VoiceSettings | None = None


@dataclass(frozen=True, kw_only=True)
class Person:
    """One record to choose. ``sheet`` is its profile as form data (JSON text), None for a record with ``errors``."""

    number: int
    label: str
    recipient: str
    locale: str | None
    sheet: str | None
    images: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    errors: tuple[DearlyError, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Line:
    """A record in a long list, as it was skimmed: it may fail the contract."""

    number: int
    recipient: str = field(repr=False)
    words: str = field(repr=False)

    @cached_property
    def sought(self) -> str:
        """What a search looks into."""
        return f"{self.number} {self.recipient} {self.words}".casefold()


@dataclass(frozen=True, kw_only=True)
class View:
    """Everything that what is shown depends on, besides the template's files, which ``revision`` counts.

    ``sheet`` is the profile as form data (JSON text, see :mod:`.sheet`); a date, locale or format of None is the
    record's own, or the template's first.
    """

    revision: int
    record: int
    sheet: str = field(repr=False)
    images: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    as_of: date | None = None
    locale: str | None = None
    format: str | None = None

    @cached_property
    def key(self) -> str:
        """Equal keys, equal views."""
        parts = [self.revision, self.record, self.sheet, sorted(self.images), self.as_of, self.locale, self.format]
        return digest(canonical_json(parts))[:32]


@dataclass(frozen=True, kw_only=True)
class Still:
    """One frame of the film as a picture. ``digest`` is that of the composed frame, before the picture was made."""

    number: int
    digest: str
    data: bytes
    media_type: str
    compose_s: float
