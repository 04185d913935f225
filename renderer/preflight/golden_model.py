"""What ``dearly test`` makes and finds: golden files, differences, and what no sample reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from renderer.errors import DearlyError

PLAN = "plan.json"
"""The file of a sample's plan; all others are pictures."""
Change = Literal["changed", "new", "gone"]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One sample as a render process returns it: golden files by name, and the sentences that something showed."""

    files: Mapping[str, bytes]
    said: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One golden file that is not as it was. ``part`` is the share of a picture's pixels that differ, 0 to 1; a plan
    has lines of a unified diff instead. ``before`` is none of a new file, ``after`` of one that is gone."""

    sample: str
    name: str
    change: Change
    before: bytes | None = None
    after: bytes | None = None
    part: float = 0.0
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GoldenReport:
    """The result of ``dearly test``. ``unreached`` lists ids by kind, ``notices`` what was left out and why."""

    samples: int
    files: int
    bytes: int
    differences: tuple[Difference, ...] = ()
    errors: tuple[tuple[str, DearlyError], ...] = ()
    unreached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    written: int = 0

    @property
    def passed(self) -> bool:
        """Whether everything is as it was, or has just been written."""
        return not self.errors and not self.differences
