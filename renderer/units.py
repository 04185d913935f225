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
    """``value`` as JSON data without floats: Decimals and dates as strings, dataclasses as objects by field name, keys
    in the order of :func:`canonical_json`.

    Raises TypeError for anything else, floats above all (their text would depend on a rounding rule), and ValueError
    for an integer above 2**53 - 1.
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
        return {key: plain(value[key]) for key in _ordered(value)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    names = getattr(type(value), "__dataclass_fields__", None)
    if names is not None:
        return {name: plain(getattr(value, name)) for name in sorted(names)}
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical_json(value: Any) -> bytes:
    """RFC 8785 (JCS) for data without floats: keys in UTF-16 order, no spaces, shortest escapes, UTF-8.

    Raises as :func:`plain` does, and ValueError for half of a surrogate pair, which UTF-8 cannot hold.
    """
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _ordered(keys: Mapping[Any, Any]) -> list[str]:
    """Keys in the order of their UTF-16 code units (RFC 8785, 3.2.3). Raises TypeError for a key that is no text."""
    if all(map(str.isascii, keys)):
        return sorted(keys)
    return sorted(keys, key=lambda key: key.encode("utf-16-be", "surrogatepass"))


def digest(data: bytes) -> str:
    """BLAKE2b-256 of ``data`` in hex: the name of content inside Dearly."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def sha256(data: bytes) -> str:
    """SHA-256 of ``data`` in hex: the digest artefacts are published with, since every tool can check it."""
    return hashlib.sha256(data).hexdigest()
