"""A profile as text and back: how it waits, sealed, between the one who hands it in and the worker who plans it.

The way back goes through the contract again, so a worker trusts nothing but the contract; the pictures were cleaned
when they came in and keep their digests, so the plan's bytes are the same as without the journey.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from renderer.errors import ProfileError
from renderer.profile.contract import Contract
from renderer.profile.images import ImageReader
from renderer.profile.load import parse_json
from renderer.profile.model import Profile, Value
from renderer.units import decimal_text

_PREFIX = "image:"
_quoted = json.encoder.encode_basestring_ascii  # what json.dumps does with a text, without asking what it is


def to_text(profile: Profile) -> str:
    """The profile's data as JSON, numbers exact."""
    return _text(profile.data)


def from_text(text: str, contract: Contract, record: int, images: Mapping[str, bytes]) -> Profile:
    """The profile again; ``images`` as it had them. Raises ErrorList when the contract refuses it."""
    return contract.check(parse_json(text), record, _Held(images))


class _Held(ImageReader):
    """Pictures that are at hand already."""

    def __init__(self, images: Mapping[str, bytes]) -> None:
        super().__init__(None)
        self._images = images

    def read(self, value: str) -> tuple[str, bytes]:
        name = value.removeprefix(_PREFIX)
        if not value.startswith(_PREFIX) or name not in self._images:
            raise ProfileError("profile.image", "The picture did not come along with the record.")
        return name, self._images[name]


def any_text(value: object) -> str:
    """A record as a queue's message holds it (plain JSON values, numbers perhaps as Decimal), or its JSON text, as JSON
    text. Raises ProfileError for anything else."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, default=_number)
    except (TypeError, ValueError, RecursionError) as error:
        raise ProfileError("profile.kind", "The profile holds something that JSON has not.") from error


def _number(value: object) -> object:
    if isinstance(value, Decimal) and value.is_finite() and Decimal(repr(float(value))) == value:
        return float(value)
    raise TypeError


def _text(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return "{" + ",".join([f"{_quoted(key)}:{_text(item)}" for key, item in value.items()]) + "}"
    if isinstance(value, tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, date):
        return _quoted(value.isoformat())
    return json.dumps(value)
