"""Messages as Standard Webhooks has them (https://www.standardwebhooks.com, version 1): bodies and signatures.

A message keeps its id and its body over all attempts; time and signature are of the attempt. While a secret is being
replaced it is signed with both, and a receiver takes what it can check.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

SECRET_BYTES = 32

TEST = "test.ping"
"""The type of a message that says nothing."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message. ``id`` is what a receiver knows a second delivery by, ``at_ms`` when it happened."""

    id: str
    type: str
    at_ms: int
    data: Mapping[str, Any]

    def body(self) -> str:
        """The JSON that is sent, the same each time."""
        at = datetime.fromtimestamp(self.at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"type": self.type, "timestamp": at, "data": dict(self.data)}, separators=(",", ":"))


def message_id(dedupe: str) -> str:
    """The id of a message, by the name that its event has in the outbox."""
    return dedupe.replace(" ", "-")


def dedupe_of(an_id: str) -> str:
    """The other way round."""
    return an_id.replace("-", " ")


def new_secret() -> str:
    """A new secret as receivers keep it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(message_id: str, body: str, keys: Sequence[str], at_s: int) -> dict[str, str]:
    """The headers that go with a message at a time, signed with each of some secrets."""
    at = datetime.fromtimestamp(at_s, UTC)
    signatures = [Webhook(key).sign(message_id, at, body) for key in keys]
    return {"webhook-id": message_id, "webhook-timestamp": str(at_s), "webhook-signature": " ".join(signatures)}
