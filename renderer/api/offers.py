"""What somebody hands in: JSON read with the limits that profiles have, its fields, and a digest of all it says."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from renderer.api.problems import Refusal
from renderer.errors import ProfileError, nearest
from renderer.ledger.model import PRIORITIES
from renderer.ledger.seal import Vault
from renderer.profile.load import MAX_DEPTH, parse_json
from renderer.publishing import NAME
from renderer.template.model import CHANNELS, Channel

REQUEST_ID = r"^[!-~]{1,255}$"
"""A sender's name for a request: 1 to 255 visible ASCII characters."""
LOCALE = r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,4}$"
FIELDS = ("template", "profile", "channels", "priority", "as_of", "locale")

_REQUEST_ID = re.compile(REQUEST_ID.strip("^$"))
_LOCALE = re.compile(LOCALE.strip("^$"))
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One request as it was handed in, before any template is looked at. ``profile`` is JSON data with exact numbers;
    faults of its text stand in the places of values (:func:`~renderer.profile.load.parse_json`)."""

    template: str
    profile: Mapping[str, Any]
    channels: tuple[Channel, ...] | None
    priority: str
    as_of: str | None
    locale: str | None

    def digest(self, vault: Vault) -> str:
        """The same for the same request, however its JSON is written: order of keys, spaces, ``66.9`` or ``66.90``."""
        said = [self.template, self.channels, self.priority, self.as_of, self.locale, self.profile]
        mark = vault.keyed("body", "mark")  # no sender knows it, so none can write what stands for a number

        def plain(value: object) -> object:
            if isinstance(value, Decimal):
                whole = value == value.to_integral_value()
                return int(value) if whole else [mark, "number", format(value, "f").rstrip("0")]
            if isinstance(value, ProfileError):
                return [mark, "fault", value.code]
            raise TypeError

        return vault.keyed("body", json.dumps(said, sort_keys=True, separators=(",", ":"), default=plain))


def read_body(data: bytes) -> dict[str, Any]:
    """The JSON object that a body is, after a byte order mark or without one. Raises a Refusal 400."""
    return read_json(data.removeprefix(BOM_UTF8))


def read_json(data: bytes) -> dict[str, Any]:
    """The JSON object in a text. Raises a Refusal 400."""
    try:
        # One level more than a record may have: the record stands inside the object.
        found = parse_json(data.decode("utf-8"), MAX_DEPTH + 1)
    except UnicodeDecodeError:
        raise Refusal(400, "api.body", "The text is not UTF-8.") from None
    except ProfileError as error:
        raise Refusal(400, "api.body", error.message, hint=error.hint) from None
    if isinstance(found, ProfileError):
        raise Refusal(400, "api.body", found.message)
    if not isinstance(found, dict):
        raise Refusal(400, "api.body", "The JSON is not an object.")
    return found


def read_offer(given: Mapping[str, Any], *, named: bool) -> tuple[str | None, Offer]:
    """The request that an object is, and with ``named`` the ``request_id`` that stands in it. Raises a Refusal 422."""
    known = ("request_id", *FIELDS) if named else FIELDS
    for name in given:
        if name not in known:
            raise Refusal(422, "api.body", "The object has a field that is not known.", hint=nearest(name, known))
    template = given.get("template")
    if not isinstance(template, str) or not NAME.fullmatch(template):
        raise _wrong("template", "The template is not given as 'id' or 'id@digest'.")
    profile = given.get("profile")
    if not isinstance(profile, dict):
        raise _wrong("profile", "The profile is missing, or is not an object.")
    priority = given.get("priority", "normal")
    if not isinstance(priority, str) or priority not in PRIORITIES:
        raise _wrong("priority", "There is no such priority.", "Use one of: " + ", ".join(PRIORITIES) + ".")
    return _request_id(given) if named else None, Offer(
        template=template,
        profile=profile,
        channels=_channels(given.get("channels")),
        priority=priority,
        as_of=_as_of(given.get("as_of")),
        locale=_locale(given.get("locale")),
    )


def _request_id(given: Mapping[str, Any]) -> str:
    found = given.get("request_id")
    if not isinstance(found, str) or not _REQUEST_ID.fullmatch(found):
        raise _wrong("request_id", "Each line needs a request_id: a text of 1 to 255 visible ASCII characters.")
    return found


def _channels(asked: Any) -> tuple[Channel, ...] | None:
    if asked is None:
        return None
    known = isinstance(asked, list) and all(isinstance(name, str) and name in CHANNELS for name in asked)
    if not known or not asked or len({*asked}) != len(asked):
        names = ", ".join(CHANNELS)
        raise _wrong("channels", "The channels are not a list of names, each once.", f"Channels are: {names}.")
    return tuple(channel for channel in CHANNELS if channel in asked)


def _as_of(given: Any) -> str | None:
    if given is None:
        return None
    if isinstance(given, str) and _DATE.fullmatch(given) and given.isascii():
        try:
            return date.fromisoformat(given).isoformat()
        except ValueError:
            pass
    raise _wrong("as_of", "The day is not written YYYY-MM-DD.")


def _locale(given: Any) -> str | None:
    if given is not None and (not isinstance(given, str) or not _LOCALE.fullmatch(given)):
        raise _wrong("locale", "This is not a locale.")
    return given


def _wrong(field: str, message: str, hint: str | None = None) -> Refusal:
    return Refusal(422, "api.body", message, field=field, hint=hint)
