"""Values with units, canonical JSON and digests. Knows nothing of profiles, templates or channels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

MAX_SAFE_INTEGER = 2**53 - 1


@dataclass(frozen=True, kw_only=True)
class Money:
    """An amount in a currency (ISO 4217 code). The amount is exact; nothing is ever rounded but for display."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A measured amount; ``unit`` is a CLDR unit id such as ``energy-kilowatt-hour``."""

    amount: Decimal
    unit: str


def decimal_text(value: Decimal) -> str:
    """The one way a Decimal is written in canonical data: plain digits, no exponent, its own number of decimals.

    ``-0`` becomes ``0``: both compare equal, so both must give the same bytes.
    """
    if not value.is_finite():
        raise ValueError("only finite decimals have a canonical form")
    return format(value if value else abs(value), "f")


def plain(value: Any) -> Any:
    """``value`` as JSON data without floats: Decimals and dates as strings, Money and Quantity as objects, sets refused."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, Money):
        return {"amount": decimal_text(value.amount), "currency": value.currency}
    if isinstance(value, Quantity):
        return {"amount": decimal_text(value.amount), "unit": value.unit}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical_json(value: Any) -> bytes:
    """RFC 8785 (JCS) for data without floats: keys in UTF-16 order, no spaces, shortest escapes, UTF-8.

    Raises TypeError for a float (its text would depend on a rounding rule) and ValueError for an integer above 2**53 - 1.
    """
    return _ordered(plain(value)).encode("utf-8")


def _ordered(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_text(key)}:{_ordered(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_ordered, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_SAFE_INTEGER:
        raise ValueError("integer too large for canonical JSON")
    return json.dumps(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def digest(data: bytes) -> str:
    """BLAKE2b-256 of ``data`` in hex: the name of content inside Dearly."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def sha256(data: bytes) -> str:
    """SHA-256 of ``data`` in hex: the digest artefacts are published with, since every tool can check it."""
    return hashlib.sha256(data).hexdigest()
