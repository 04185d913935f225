"""What preflight reports: findings about a template, and what a set of profiles reached and broke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from renderer.errors import DearlyError


@dataclass(frozen=True)
class Finding:
    """One thing found. A severe one would fail a job; the others are worth a look."""

    error: DearlyError
    severe: bool = True


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How often one text of the film was changed to fit in one format, or one interaction is hard to use, and in what
    way."""

    format: str
    scene: str
    layer: str
    change: str
    records: int
    example: int


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """How often the film's voice would guess at what one fact holds, and one record where it would."""

    fact: str
    locale: str
    records: int
    example: int


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """The result of ``dearly check``. Counts are of records; ``unreached`` lists ids by kind."""

    findings: tuple[Finding, ...]
    records: int = 0
    good: int = 0
    broken: int = 0
    suppressed: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, int] = field(default_factory=dict)
    unreached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fits: tuple[Fit, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def template_faults(self) -> int:
        """Severe findings about the template itself."""
        return sum(finding.severe and finding.error.place.record is None for finding in self.findings)
