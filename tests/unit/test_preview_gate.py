"""Who may talk to the studio: only the browser here that was given its address."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from renderer.preview.gate import MAX_BODY, Gate, site_headers, studio_headers

TOKEN = "a-token-that-nobody-knows"
OWN = "http://127.0.0.1:8000"


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(scope["path"])(scope, receive, send)


def _ask(path: str = f"/{TOKEN}/", method: str = "GET", *, own: bool = True, **headers: str) -> tuple[int, bytes, str]:
    """Status, body and policy of an answer. Header names have underscores here."""
    gate = Gate(
        _echo, port=8000, token=TOKEN, headers=studio_headers(8001) if own else site_headers(8000), own_pages=own
    )
    given = {"host": "127.0.0.1:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(gate(scope, receive, send))
    policy = dict(sent[0]["headers"]).get(b"content-security-policy", b"").decode()
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent), policy


def test_the_given_address_is_let_in_without_its_token() -> None:
    status, body, policy = _ask(f"/{TOKEN}/api/state", sec_fetch_site="same-origin", origin=OWN)
    assert (status, body) == (200, b"/api/state")
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy


@pytest.mark.parametrize("host", ["evil.example:8000", "127.0.0.1", "127.0.0.1:9", "127.0.0.1.evil.example:8000", ""])
def test_a_name_that_was_pointed_here_is_refused(host: str) -> None:
    assert _ask(host=host)[0] == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9", "https://127.0.0.1:8000"])
def test_other_origins_are_refused(origin: str) -> None:
    assert _ask(origin=origin)[0] == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_pages_may_lead_here_but_load_nothing(site: str) -> None:
    assert _ask(sec_fetch_site=site, sec_fetch_mode="no-cors")[0] == 403
    assert _ask(sec_fetch_site=site, sec_fetch_mode="navigate")[0] == 200


@pytest.mark.parametrize(
    "path", ["/", "/api/state", "/wrong/", f"/{TOKEN}", f"/{TOKEN}x/", f"/{TOKEN[:-1]}/", f"//{TOKEN}/"]
)
def test_a_wrong_token_finds_nothing(path: str) -> None:
    assert _ask(path)[0] == 404


def test_only_json_of_a_known_size_is_posted() -> None:
    good: dict[str, Any] = {"content_type": "application/json", "content_length": "2", "origin": OWN}
    assert _ask(method="POST", **good)[0] == 200
    assert _ask(method="POST", **{**good, "content_type": "text/plain"})[0] == 415
    assert _ask(method="POST", **{**good, "content_length": ""})[0] == 413
    assert _ask(method="POST", **{**good, "content_length": str(MAX_BODY + 1)})[0] == 413
    assert _ask(method="DELETE", **good)[0] == 405
    assert _ask(method="POST", own=False, **good)[0] == 405


def test_previews_are_of_no_origin_and_run_nothing() -> None:
    status, _, policy = _ask(own=False, sec_fetch_site="cross-site", origin="null")
    assert status == 200
    assert policy.startswith("sandbox; script-src 'none'; frame-ancestors http://127.0.0.1:8000")
