"""Sensitivity labels: how far a value may travel. They stand in the contract and follow every value made from a
field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Sensitivity = Literal["public", "personal", "secret"]
SENSITIVITIES: tuple[Sensitivity, ...] = ("public", "personal", "secret")


def highest(labels: Sequence[Sensitivity]) -> Sensitivity:
    """The strictest of some labels; ``public`` for none."""
    return max(labels, key=SENSITIVITIES.index, default="public")
