"""Whether a webhook is Dearly's, by the rules of Standard Webhooks (https://www.standardwebhooks.com).

Signing is the library ``standardwebhooks``; what is checked here beside it is the time, which its own check fixes to
five minutes, and several secrets at once, which the days of a rotation need.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Callable

from standardwebhooks import Webhook

from dearly.errors import NotGenuine
from dearly.model import time_of

TOLERANCE_S = 300.0


@dataclass(frozen=True)
class Event:
    """Something that happened. ``id`` is the same each time it is sent: an event whose id you had before is that one.

    ``type`` is such as ``request.done``; ``data`` has ids, states and codes, nothing personal.
    """

    id: str
    type: str
    timestamp: datetime
    data: Mapping[str, Any]


def verify_webhook(
    secret: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    tolerance_s: float = TOLERANCE_S,
    now: Callable[[], float] = time.time,
) -> Event:
    """The event in a webhook.

    ``secret`` is the endpoint's (``whsec_…``), or several of which one must fit. ``headers`` are the message's, in any
    case; ``body`` its very bytes, not JSON that was read and written again. A message whose clock is more than
    ``tolerance_s`` away from ours is refused, so that nobody can send an old one again much later. Raises NotGenuine;
    ValueError for a secret that is none.
    """
    found = {name.lower(): value for name, value in headers.items()}
    id, stamp, signatures = (found.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not id or not signatures or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 11):
        raise NotGenuine("A header of Standard Webhooks is missing or cannot be read.")
    if abs(now() - int(stamp)) > tolerance_s:
        raise NotGenuine("The message is too old, or of a clock that is wrong.")
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotGenuine("The body is not UTF-8.") from None
    at = datetime.fromtimestamp(int(stamp), timezone.utc)
    expected = [_signer(one).sign(id, at, text) for one in ([secret] if isinstance(secret, str) else secret)]
    given = [one.encode() for one in signatures.split(" ") if one.startswith("v1,")]
    # All are compared, so that the time taken says nothing.
    if not sum([hmac.compare_digest(mine.encode(), theirs) for mine in expected for theirs in given]):
        raise NotGenuine("No signature fits.")
    try:
        said = json.loads(text)
        return Event(id=id, type=said["type"], timestamp=time_of(said["timestamp"]), data=said["data"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotGenuine("The body is not an event.") from None


def _signer(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except Exception:  # its texts may quote the secret
        raise ValueError("The webhook's secret is not one: it begins with whsec_.") from None
