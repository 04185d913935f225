"""The client believes a webhook if the library of Standard Webhooks signed it, and not otherwise."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from dearly.client import NotGenuine, verify_webhook
from renderer.deliver import signing

SECRET = "whsec_" + base64.b64encode(b"a" * 24).decode()
OTHER = "whsec_" + base64.b64encode(b"b" * 24).decode()
NOW = 1_800_000_000
BODY = '{"type":"request.done","timestamp":"2027-01-15T08:00:00Z","data":{"request":"0123","état":"done"}}'


def headers(
    secret: str = SECRET, body: str = BODY, at: int = NOW, changes: Mapping[str, str] | None = None
) -> dict[str, str]:
    signature = Webhook(secret).sign("msg_1", datetime.fromtimestamp(at, UTC), body)
    return {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(at), "Webhook-Signature": signature, **(changes or {})}


def verify(found: dict[str, str], body: bytes | str = BODY.encode(), **more: Any) -> Any:
    return verify_webhook(more.pop("secret", SECRET), found, body, now=lambda: NOW, **more)


def test_what_the_library_signs_is_believed() -> None:
    for body in (BODY, BODY.encode()):
        event = verify(headers(), body)
        assert (event.id, event.type, event.data) == ("msg_1", "request.done", {"request": "0123", "état": "done"})
        assert event.timestamp == datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert verify({name.upper(): value for name, value in headers().items()}).id == "msg_1"


def test_while_a_secret_is_rotated_either_side_may_know_both() -> None:
    both = headers()["Webhook-Signature"] + " " + headers(OTHER)["Webhook-Signature"]
    for secret in (SECRET, OTHER, [OTHER, SECRET], ["whsec_" + base64.b64encode(b"c" * 24).decode(), OTHER]):
        assert verify(headers(changes={"Webhook-Signature": both}), secret=secret).id == "msg_1"
    assert verify(headers(OTHER), secret=[SECRET, OTHER]).id == "msg_1"
    with pytest.raises(NotGenuine):
        verify(headers(OTHER))
    with pytest.raises(NotGenuine):
        verify(headers(), secret=[])


def test_the_clock_counts() -> None:
    for at in (NOW - 300, NOW + 300):
        assert verify(headers(at=at)).id == "msg_1"
    for at in (NOW - 301, NOW + 301):
        with pytest.raises(NotGenuine, match="too old"):
            verify(headers(at=at))
        assert verify(headers(at=at), tolerance_s=301).id == "msg_1"


@pytest.mark.parametrize(
    "changes",
    [
        {"Webhook-Id": "msg_2"},
        {"Webhook-Id": ""},
        {"Webhook-Timestamp": str(NOW + 1)},
        {"Webhook-Timestamp": "soon"},
        {"Webhook-Timestamp": "-1"},
        {"Webhook-Timestamp": "9" * 40},
        {"Webhook-Signature": ""},
        {"Webhook-Signature": "v1,"},
        {"Webhook-Signature": "v1"},
        {"Webhook-Signature": "v1,é v1,%%% ,"},
        {"Webhook-Signature": "v2," + headers()["Webhook-Signature"].partition(",")[2]},
    ],
    ids=str,
)
def test_nothing_else_is(changes: dict[str, str]) -> None:
    with pytest.raises(NotGenuine):
        verify(headers(changes=changes))


@given(st.integers(0, len(BODY.encode()) * 8 - 1))
def test_one_bit_changes_everything(bit: int) -> None:
    body = bytearray(BODY.encode())
    body[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotGenuine):
        verify(headers(), bytes(body))


@pytest.mark.parametrize("body", ["[]", "{}", "x", json.dumps({"type": "t", "timestamp": "soon", "data": {}})])
def test_what_is_signed_but_no_event_is_refused(body: str) -> None:
    with pytest.raises(NotGenuine, match="not an event"):
        verify(headers(body=body), body)


def test_a_secret_that_is_none_is_said_without_it() -> None:
    for secret in ("", "whsec_", "whsec_é!"):
        with pytest.raises(ValueError) as caught:
            verify(headers(), secret=secret)
        assert "é!" not in str(caught.value)


def test_what_dearly_sends_is_believed_all_through_a_rotation() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    message = signing.Message(id="request-0123", type="request.done", at_ms=NOW * 1000 + 417, data={"request": "0123"})
    for keys in ([old], [new, old], [new]):
        sent = signing.headers(message.id, message.body(), keys, NOW)
        event = verify(sent, message.body().encode(), secret=[new, old])
        assert (event.id, event.type, event.data) == (message.id, message.type, message.data)
        assert event.timestamp == datetime.fromtimestamp(NOW + 0.417, UTC)
