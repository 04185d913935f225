"""Chance without a random source: every draw is a digest of the seed, the record and the field.

A field's draws depend on nothing else, so a contract that gains a field leaves the others of its samples as they were.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import TypeVar

from renderer.units import canonical_json, digest

Item = TypeVar("Item")
_MILLION = 1_000_000
_CONTEXT = Context(prec=28)
_CLASSES = {"d": "0123456789", "w": "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"}
_LONG = 12


@dataclass(frozen=True)
class Draws:
    """The draws of one record."""

    seed: int
    record: int

    def number(self, name: str, below: int) -> int:
        """A whole number from 0 to ``below`` - 1."""
        return int(digest(canonical_json([self.seed, self.record, name]))[:16], 16) % below

    def even(self, name: str) -> Decimal:
        """A number from 0 up to, not including, 1, with six decimals."""
        return Decimal(self.number(name, _MILLION)) / _MILLION

    def bell(self, name: str) -> Decimal:
        """A number between -1 and 1, mostly near 0."""
        total = sum(self.number(f"{name}#{part}", _MILLION) for part in range(3))
        return Decimal(2 * total - 3 * _MILLION) / (3 * _MILLION)

    def chance(self, name: str, share: Decimal) -> bool:
        """True for about ``share`` of the records."""
        return self.even(name) < share

    def one(self, name: str, items: Sequence[Item]) -> Item:
        """One of ``items``."""
        return items[self.number(name, len(items))]

    def weighted(self, name: str, items: Sequence[Item], weights: Sequence[Decimal]) -> Item:
        """One of ``items``; without weights each is as likely."""
        left = self.even(name) * sum(weights)
        for item, weight in zip(items, weights, strict=False):
            left -= weight
            if left < 0:
                return item
        return self.one(name, items) if not weights else items[-1]

    def between(self, name: str, low: Decimal, high: Decimal, shape: str = "even") -> Decimal:
        """A number from ``low`` to ``high``; shape ``log`` (both above zero) spreads over orders of magnitude."""
        if shape == "bell":
            return low + (high - low) * (self.bell(name) + 1) / 2
        part = self.even(name)
        if shape == "log" and low > 0:
            return _CONTEXT.multiply(low, _CONTEXT.power(high / low, part))
        return low + (high - low) * part

    def mask(self, name: str, mask: str) -> str:
        """``#`` as a digit, ``@`` as a capital letter, a run of ``%`` as the record's number from 1."""
        out = re.sub("%+", lambda run: str(self.record + 1).zfill(len(run[0])), mask)
        letters = {"#": "0123456789", "@": "ABCDEFGHJKLMNPQRSTUVWXYZ"}
        return "".join(self.one(f"{name}#{at}", letters[c]) if c in letters else c for at, c in enumerate(out))

    def matching(self, name: str, pattern: str, shortest: int, longest: int) -> str | None:
        """A text for a plain pattern (literals, classes, quantifiers), or None when the pattern is not so plain."""
        terms = _terms(pattern)
        if terms is None:
            return None
        counts = [
            self.number(f"{name}#n{at}", high - low + 1) + low if high is not None else low
            for at, (_, low, high) in enumerate(terms)
        ]
        stretch = next((at for at, (_, _, high) in enumerate(terms) if high is None), None)
        if stretch is not None:
            rest = sum(counts) - counts[stretch]
            low = max(counts[stretch], shortest - rest)
            high = max(low, min(longest, max(shortest, _LONG)) - rest)
            counts[stretch] = low + self.number(f"{name}#n", high - low + 1)
        text = "".join(
            self.one(f"{name}#{at}.{turn}", letters)
            for at, ((letters, _, _), count) in enumerate(zip(terms, counts, strict=True))
            for turn in range(count)
        )
        return text if shortest <= len(text) <= longest else None


def _terms(pattern: str) -> list[tuple[str, int, int | None]] | None:
    """(letters, fewest, most) for each part of a plain pattern."""
    token = re.compile(r"(\[(?!\^)(?:[^\]\\]|\\.)+\]|\\[dw.\-/+]|[^\\\[\](){}|.^$*+?])(\{\d+(?:,\d*)?\}|[*+?])?")
    body = pattern.removeprefix("^").removesuffix("$")
    terms: list[tuple[str, int, int | None]] = []
    at = 0
    while at < len(body):
        found = token.match(body, at)
        if found is None:
            return None
        low, high = _counts(found[2])
        terms.append((_letters(found[1]), low, high))
        at = found.end()
    return terms


def _counts(quantifier: str | None) -> tuple[int, int | None]:
    match quantifier:
        case None:
            return 1, 1
        case "*":
            return 0, None
        case "+":
            return 1, None
        case "?":
            return 0, 1
    low, comma, high = quantifier.strip("{}").partition(",")
    return int(low), int(high) if high else None if comma else int(low)


def _letters(part: str) -> str:
    if part.startswith("\\"):
        return _CLASSES.get(part[1], part[1])
    if not part.startswith("["):
        return part
    inside = re.sub(r"\\([dw])", lambda found: _CLASSES[found[1]], part[1:-1])
    inside = re.sub(
        r"([A-Za-z0-9])-([A-Za-z0-9])", lambda r: "".join(map(chr, range(ord(r[1]), ord(r[2]) + 1))), inside
    )
    letters = inside.replace("\\", "")
    # Letters and digits look more like real codes than the signs a class also allows.
    return "".join(c for c in letters if c.isalnum()) or letters
