"""What deciding gives: derived values, and decisions with their candidates and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One thing that could have been chosen and why it was or was not.

    ``reason`` is the rule with the values it looked at (secret ones masked). ``score`` and ``arm`` have their place for
    scored offers and experiments; until those come both are None.
    """

    id: str
    eligible: bool
    rule: str | None
    reason: str
    values: Mapping[str, Any]
    score: str | None = None
    arm: str | None = None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One choice: what was chosen among which candidates, and whether it fell back to the default.

    ``chosen`` is empty where nothing was (a skipped scene). ``budget`` has its place for capped offers.
    """

    id: str
    kind: Literal["suppression", "segment", "offer", "scene", "block"]
    chosen: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    fallback: bool
    budget: str | None = None


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """All that was decided for one profile. ``names`` are the fields, derived values, segments and as-of date, as
    expressions see them."""

    names: Mapping[str, Any]
    suppression: str | None
    segments: tuple[str, ...]
    offers: Mapping[str, str]
    scenes: tuple[str, ...]
    blocks: tuple[str, ...]
    decisions: tuple[Decision, ...]
