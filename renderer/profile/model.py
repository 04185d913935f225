"""One recipient's data after it passed its contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

from renderer.units import canonical_json, digest

Value: TypeAlias = "str | bool | int | Decimal | date | tuple[Value, ...] | Mapping[str, Value] | None"
"""Whole numbers are int, other numbers Decimal, dates date, images ``image:<digest>``; an absent optional is None."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A frozen record. Every field the contract declares exists; an absent optional one is None.

    ``record`` counts from 1 in the order of input; ``recipient`` is the value of the field with the role recipient;
    ``images`` are the cleaned pictures by the digest of their source bytes.
    """

    data: Mapping[str, Value]
    record: int
    recipient: str
    images: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def digest(self) -> str:
        """Digest of the data (of its content, not of how a file wrote it)."""
        return digest(canonical_json(self.data))
