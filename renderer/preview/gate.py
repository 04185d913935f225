"""Who may talk to the studio: the browser on this machine that was given its address, and nobody else.

A page elsewhere could point its own name at 127.0.0.1 (DNS rebinding), send requests across origins, or guess the
port; another user of this machine could open it. So the host must be ours, a request from another origin is refused,
and every path begins with a token that only the opened address carries. There is no cookie: cookies of 127.0.0.1 go to
every port.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 12 * 2**20
HOSTS = ("127.0.0.1", "localhost")


class Gate:
    """Checks each request before ``app`` sees it, and puts ``headers`` on every answer.

    ``own_pages`` tells whether only pages of this very origin may ask, besides a person who opens the address.
    """

    def __init__(self, app: ASGIApp, *, port: int, token: str, headers: Mapping[str, str], own_pages: bool) -> None:
        self._app = app
        self._hosts = {f"{host}:{port}" for host in HOSTS}
        self._prefix = f"/{token}"
        self._headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        self._own_pages = own_pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await PlainTextResponse("Refused.\n", refusal)(scope, receive, answer)
            return
        path = scope["path"].removeprefix(self._prefix)
        inner: dict[str, Any] = {**scope, "path": path, "raw_path": path.encode("ascii", "replace"), "root_path": ""}
        await self._app(inner, receive, answer)

    def _refusal(self, scope: Scope) -> int | None:
        """The status that a request is turned away with, or None."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self._hosts:
            return 421
        origin = headers.get("origin")
        if self._own_pages:
            if origin is not None and origin != f"http://{host}":
                return 403
            opened = headers.get("sec-fetch-mode") == "navigate" and scope["method"] == "GET"
            if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not opened:
                return 403
        path: str = scope["path"]
        given, _, _ = path[1:].partition("/")
        if not hmac.compare_digest(f"/{given}".encode(), self._prefix.encode()) or path == self._prefix:
            return 404
        if scope["method"] not in ("GET", "HEAD"):
            size = headers.get("content-length", "")
            if scope["method"] != "POST" or not self._own_pages:
                return 405
            if not headers.get("content-type", "").startswith("application/json"):
                return 415
            if not size.isdigit() or int(size) > MAX_BODY:
                return 413
        return None


def studio_headers(site_port: int) -> dict[str, str]:
    """What the studio's own pages may load: themselves, and previews in frames from the other port."""
    frames = " ".join(f"http://{host}:{site_port}" for host in HOSTS)
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
            f"connect-src 'self'; font-src 'self'; frame-src {frames}; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'; require-trusted-types-for 'script'"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "X-Frame-Options": "DENY",
        **_ALWAYS,
    }


def site_headers(studio_port: int) -> dict[str, str]:
    """Previews run nothing and belong to no origin, framed or opened by themselves."""
    frames = " ".join(f"http://{host}:{studio_port}" for host in HOSTS)
    return {"Content-Security-Policy": f"sandbox; script-src 'none'; frame-ancestors {frames}", **_ALWAYS}


_ALWAYS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
