"""A profile as the studio's form holds it, and back.

Form data is JSON in which every number is text, because a browser's numbers are not exact; dates are ISO texts, an
absent optional is null, a picture is ``image:<digest>`` as in the profile or a data URI when it was just chosen.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from renderer.errors import ErrorList, ProfileError
from renderer.profile.contract import Contract
from renderer.profile.images import ImageReader
from renderer.profile.load import parse_json
from renderer.profile.model import Profile, Value
from renderer.units import decimal_text

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,39})(\.[0-9]{1,40})?")
_HELD = "image:"


def to_sheet(profile: Profile) -> str:
    """The profile as form data."""
    return json.dumps(_shown(profile.data), ensure_ascii=False)


def from_sheet(sheet: str, contract: Contract, record: int, images: Mapping[str, bytes]) -> Profile:
    """The profile that a form holds, through the contract. ``images`` are the pictures it had. Raises ErrorList."""
    try:
        data = parse_json(sheet)
    except ProfileError as error:
        raise ErrorList([error.at(record=record)]) from error
    return contract.check(_given(data, contract.schema), record, _Pictures(images))


def record_text(profile: Profile) -> str:
    """The profile as a record to keep: readable JSON with exact numbers, absent values left out, pictures inside."""
    return _written(profile.data, profile.images, "") + "\n"


class _Pictures(ImageReader):
    """Pictures at hand already, and data URIs; no file."""

    def __init__(self, images: Mapping[str, bytes]) -> None:
        super().__init__(None)
        self._images = images

    def read(self, value: str) -> tuple[str, bytes]:
        name = value.removeprefix(_HELD)
        if value.startswith(_HELD) and name in self._images:
            return name, self._images[name]
        return super().read(value)


def _shown(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {key: _shown(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_shown(item) for item in value]
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _given(value: Any, schema: Mapping[str, Any]) -> Any:
    """Form data as record data: numbers where the contract wants numbers, absent values left out. What does not fit is
    passed on as it is, for the contract to name."""
    kind = schema["type"]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return {
            key: _given(item, known[key]) if key in known else item for key, item in value.items() if item is not None
        }
    if isinstance(value, list) and kind == "array":
        return [_given(item, schema["items"]) for item in value]
    if isinstance(value, str) and kind in ("number", "integer") and _NUMBER.fullmatch(value.strip()):
        number = Decimal(value.strip())
        return int(number) if kind == "integer" and number == number.to_integral_value() else number
    return value


def _written(value: Value, images: Mapping[str, bytes], indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, Mapping):
        parts = [
            f"{inner}{json.dumps(key)}: {_written(item, images, inner)}"
            for key, item in value.items()
            if item is not None
        ]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}" if parts else "{}"
    if isinstance(value, tuple):
        items = [inner + _written(item, images, inner) for item in value]
        return "[\n" + ",\n".join(items) + f"\n{indent}]" if items else "[]"
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    if isinstance(value, str) and value.startswith(_HELD) and value.removeprefix(_HELD) in images:
        picture = images[value.removeprefix(_HELD)]
        kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
        return json.dumps(f"data:image/{kind};base64,{base64.b64encode(picture).decode('ascii')}")
    return json.dumps(value, ensure_ascii=False)
