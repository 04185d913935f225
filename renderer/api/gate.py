"""What every call passes first and every answer last: an id, limits of the body before anything is parsed, the headers
that keep a browser from doing anything with an answer, a line in the log, and an answer also when something breaks."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from renderer.api.log import calls, fault
from renderer.api.problems import Refusal, problem_response
from renderer.profile.load import MAX_RECORD
from renderer.tracing import NO_TRACES, Traces

SMALL_BODY = 64 * 2**10
"""Bytes of a body where no profile is sent."""
RECORD_BODY = MAX_RECORD + SMALL_BODY
"""Bytes of a body that holds one profile."""
UNTRACED = ("/healthz", "/readyz", "/metrics")
"""Asked for all the time by what watches."""
BODY_S = 30.0
"""So long a whole body may take that is no stream."""

SECURITY: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, noarchive",
}
"""On every answer, unless it has one of its own. (Browsers heed the transport header over HTTPS only.)"""


class Gate:
    """Around ``app``. ``bodies`` has the bytes a body may have by path, None for a stream without end."""

    def __init__(self, app: ASGIApp, bodies: Mapping[str, int | None], traces: Traces = NO_TRACES) -> None:
        self._app = app
        self._bodies = bodies
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks WebSocket
            return
        begun = time.perf_counter()
        call = secrets.token_hex(8)
        state: dict[str, Any] = {**scope.get("state", {}), "call": call}
        head = state["head"] = scope["method"] == "HEAD"
        span = None
        if scope["path"] not in UNTRACED:
            span = self._traces.call(scope["method"], call, Headers(scope=scope).get("traceparent"))
            state["trace"] = span.traceparent
        scope = {**scope, "state": state, "method": "GET" if head else scope["method"]}
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _headers(message, call, state)}
            elif head:
                message = {**message, "body": b""}
            await send(message)

        try:
            try:
                limit = self._limit(scope)
                await self._app(scope, _Counted(receive, limit) if limit is not None else receive, answer)
            except Refusal as error:
                if status:
                    raise
                await problem_response(call, error)(scope, receive, answer)
            except Exception as error:
                calls.error("call broke", call=call, **fault(error))
                if status:  # too late to say so: the connection is cut, which the client sees
                    raise
                broken = Refusal(500, "api.fault", "Something unexpected went wrong. The log has this call.")
                await problem_response(call, broken)(scope, receive, answer)
        finally:
            route, key = getattr(scope.get("route"), "path", "-"), state.get("key", "-")
            calls.info(
                "call",
                call=call,
                method="HEAD" if head else scope["method"],
                route=route,
                status=status,
                ms=round((time.perf_counter() - begun) * 1000, 1),
                key=key,
            )
            if span is not None:
                span.end(status, route, key)

    def _limit(self, scope: Scope) -> int | None:
        """The bytes that the body may have. Raises a Refusal for a call that is turned away unread."""
        limit = self._bodies.get(scope["path"], SMALL_BODY)
        headers = Headers(scope=scope)
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise closing(Refusal(415, "api.media-type", "A compressed body is not taken.", hint="Send it as it is."))
        size = headers.get("content-length", "0")
        if limit is not None and (not size.isascii() or not size.isdigit() or int(size[:20]) > limit):
            raise too_large(limit)
        return limit


class _Counted:
    """Receives a body up to a number of bytes, within some seconds."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._left = limit
        self._until: float | None = None
        self._all = False

    async def __call__(self) -> Message:
        if self._all:  # the body is there; what comes next is the client's going away
            return await self._receive()
        loop = asyncio.get_running_loop()
        self._until = self._until or loop.time() + BODY_S
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise closing(Refusal(408, "api.slow", "The body did not come in time.")) from None
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise too_large(self._limit)
        self._all = not message.get("more_body", False)
        return message


def too_large(limit: int) -> Refusal:
    """For a body of more bytes than it may have. The rest of it is not read."""
    size = f"{limit // 2**20} MiB" if limit >= 2**20 else f"{limit // 2**10} KiB"
    return closing(Refusal(413, "api.too-large", f"The body has more than {size}."))


def closing(error: Refusal) -> Refusal:
    """For an answer after which the connection cannot be used again, because the body was not read."""
    error.headers["Connection"] = "close"
    return error


def _headers(message: Message, call: str, state: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    given = list(message.get("headers", ()))
    there = {name.lower() for name, _ in given}
    more = {"X-Request-Id": call, **state.get("limit", {}), **SECURITY}
    return given + [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in more.items()
        if name.lower().encode("latin-1") not in there
    ]
