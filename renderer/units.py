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
    """``value`` as JSON data without floats: Decimals and dates as strings, dataclasses as objects by field name.

    Raises TypeError for anything else, floats above all (their text would depend on a rounding rule), and ValueError
    for an integer above 2**53 - 1 and for a key outside Unicode's basic plane (see :func:`canonical_json`).
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise ValueError("integer too large for canonical JSON")
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or (not key.isascii() and max(map(ord, key)) > 0xFFFF):
                raise ValueError("a key must be text of Unicode's basic plane")
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    names = getattr(type(value), "__dataclass_fields__", None)
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical_json(value: Any) -> bytes:
    """RFC 8785 (JCS) for data without floats: keys in UTF-16 order, no spaces, shortest escapes, UTF-8.

    Within the basic plane UTF-16 order is code point order, which is how json sorts; :func:`plain` refuses other keys.
    """
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def digest(data: bytes) -> str:
    """BLAKE2b-256 of ``data`` in hex: the name of content inside Dearly."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def sha256(data: bytes) -> str:
    """SHA-256 of ``data`` in hex: the digest artefacts are published with, since every tool can check it."""
    return hashlib.sha256(data).hexdigest()
