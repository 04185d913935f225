"""Sends one message to one receiver and says what came of it. Knows no ledger.

Nothing that a receiver does takes longer than :data:`TRY_S` or more than a few kilobytes: an answer that drips, that
never ends or that is a hundred megabytes is cut. It is httpx's transport that is used and not its client, because a
client would follow redirects, keep cookies and ask the environment for proxies; a transport has none of these.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from renderer import __version__
from renderer.deliver.addresses import Rules, Target
from renderer.deliver.lanes import AT_ONCE
from renderer.errors import BadInput, EnvironmentFault

TRY_S = 15.0
"""How long an attempt may take from the name to the status of the answer."""

RESOLVE_S = 5.0
CONNECT_S = 5.0

REST_BYTES = 8_192
REST_S = 1.0
"""So much of an answer's body is read, and for so long, once its status is known: what is behind it says nothing, but
a connection can be used again when it is read."""

MOST_ADDRESSES = 4
"""So many of a name's addresses are tried to connect to."""

KEPT = 200
"""Receivers to which connections are kept."""
KEEP_S = 20.0

RESOLVERS = AT_ONCE
"""Names that are looked up at the same time, as many as there are messages under way: one that takes long must not hold
up the others."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name. Raises OSError when it has none."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of an attempt. ``status`` is None where no answer came. ``code`` is None where it got through, else one
    of the register's ``webhook.…``. ``asked_s`` is what ``Retry-After`` asks for. ``said`` is the beginning of the
    answer's body, which nobody keeps."""

    took_ms: int
    status: int | None = None
    code: str | None = None
    asked_s: float | None = None
    said: bytes = b""


@dataclass
class _Line:
    """The connections to one receiver. Not shared between names: a connection belongs to the name it was checked for,
    also where two names lead to one address."""

    transport: httpx.AsyncHTTPTransport
    busy: int = 0


@dataclass
class _Seen:
    """What is known of an answer so far."""

    status: int | None = None
    asked_s: float | None = None
    said: bytearray = field(default_factory=bytearray)


class Sender:
    """For one event loop. ``connections`` are kept to each receiver; ``ca`` names a file with certificates that are
    trusted beside the usual ones. Raises EnvironmentFault when that cannot be read."""

    def __init__(self, rules: Rules, *, connections: int = 8, ca: str = "", resolve: Resolve | None = None) -> None:
        self._rules = rules
        self._connections = connections
        self._tls = _trust(ca)
        self._pool = None if resolve is not None else ThreadPoolExecutor(RESOLVERS, "resolve")
        self._resolve = resolve or self._system
        self._asked: dict[str, asyncio.Future[list[str]]] = {}
        self._lines: OrderedDict[tuple[str, str, int], _Line] = OrderedDict()

    async def post(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """Try to bring a message to a receiver. Raises nothing that is the receiver's doing."""
        begun, seen, code = time.monotonic(), _Seen(), "webhook.broken"
        try:
            async with asyncio.timeout(TRY_S):
                await self._try(url, headers, body.encode(), seen)
        except BadInput as error:  # the rules say no
            code = error.code
        except (TimeoutError, httpx.TimeoutException):
            code = "webhook.timeout"
        except httpx.ConnectError as error:
            code = "webhook.tls" if _is_tls(error) else "webhook.connect"
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, ValueError):
            code = "webhook.broken"
        return Answer(
            took_ms=round((time.monotonic() - begun) * 1000),
            status=seen.status,
            # Once there is a status it is what counts, whatever became of the rest.
            code=code if seen.status is None else _code(seen.status),
            asked_s=seen.asked_s,
            said=bytes(seen.said[:REST_BYTES]),
        )

    async def addresses(self, target: Target) -> list[str]:
        """The addresses that a target may be reached at now. Raises UsageError ``webhook.address`` where one of them is
        none that may be spoken to, and ``webhook.resolve`` where there is none."""
        if target.literal is not None:
            return self._rules.check(target, [target.host])
        try:
            async with asyncio.timeout(RESOLVE_S):
                found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError):  # TimeoutError is an OSError
            found = []
        if not found:
            raise BadInput("webhook.resolve", "The receiver's name has no address.", hint="Check the name.")
        return self._rules.check(target, list(dict.fromkeys(found)))

    async def close(self) -> None:
        """Close all connections."""
        while self._lines:
            _, line = self._lines.popitem()
            with suppress(Exception):
                await line.transport.aclose()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def _try(self, url: str, headers: Mapping[str, str], body: bytes, seen: _Seen) -> None:
        target = self._rules.read(url)
        addresses = (await self.addresses(target))[:MOST_ADDRESSES]
        line = self._line(target)
        try:
            for place, address in enumerate(addresses, 1):
                try:
                    response = await line.transport.handle_async_request(_request(target, address, headers, body))
                    break
                except (httpx.ConnectError, httpx.ConnectTimeout) as error:  # nothing was sent: another may be there
                    if place == len(addresses) or _is_tls(error):
                        raise
            seen.status = response.status_code
            seen.asked_s = _asked_s(response.headers.get("retry-after"))
            await _read_rest(response, seen)
        finally:
            line.busy -= 1
            await self._close_old()

    def _line(self, target: Target) -> _Line:
        """The connections to a receiver, taken as busy."""
        key = (target.scheme, target.host, target.port)
        line = self._lines.get(key)
        if line is None:
            # Only those that are kept are limited: how many messages are under way is not decided here, and two
            # endpoints at one host must not wait for each other.
            limits = httpx.Limits(
                max_connections=None, max_keepalive_connections=self._connections, keepalive_expiry=KEEP_S
            )
            line = self._lines[key] = _Line(httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False, limits=limits))
        self._lines.move_to_end(key)
        line.busy += 1
        return line

    async def _close_old(self) -> None:
        """Close connections to those receivers that were not spoken to for longest, where there are too many."""
        idle = [key for key, line in self._lines.items() if not line.busy]
        for line in [self._lines.pop(key) for key in idle[: max(0, len(self._lines) - KEPT)]]:
            await line.transport.aclose()

    async def _system(self, host: str, port: int) -> Sequence[str]:
        """Ask the system. Nobody can call such a question back, so of one name there is one at a time: whoever comes
        meanwhile waits for the same answer, and names that hang do not fill the threads."""

        def ask() -> list[str]:
            return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]

        if host not in self._asked:
            asked = self._asked[host] = asyncio.get_running_loop().run_in_executor(self._pool, ask)
            asked.add_done_callback(lambda done: (self._asked.pop(host, None), done.cancelled() or done.exception()))
        return await asyncio.shield(self._asked[host])


def _request(target: Target, address: str, headers: Mapping[str, str], body: bytes) -> httpx.Request:
    """A request to an address that was looked at, for the name that it was looked up for."""
    at = f"[{address}]" if ":" in address else address
    return httpx.Request(
        "POST",
        f"{target.scheme}://{at}:{target.port}{target.path}",
        headers={
            "host": target.named,
            "content-type": "application/json",
            "user-agent": f"Dearly/{__version__}",
            "accept-encoding": "identity",
            **headers,
        },
        content=body,
        extensions={
            "sni_hostname": target.host,  # the certificate has to be that of the name
            "timeout": {"connect": CONNECT_S, "read": TRY_S, "write": TRY_S, "pool": TRY_S},
        },
    )


async def _read_rest(response: httpx.Response, seen: _Seen) -> None:
    """Read the body to its end where that is near; a connection on which more comes is closed."""
    try:
        with suppress(TimeoutError, httpx.HTTPError):
            async with asyncio.timeout(REST_S):
                async for piece in response.aiter_raw():
                    seen.said += piece
                    if len(seen.said) > REST_BYTES:
                        break
    finally:
        with suppress(httpx.HTTPError, OSError):
            await response.aclose()


def _code(status: int) -> str | None:
    """Why an answer with this status does not say that it got through; None where it does."""
    if 200 <= status <= 299:
        return None
    if status == 410:
        return "webhook.gone"
    return "webhook.redirect" if 300 <= status <= 399 else "webhook.answer"


def _asked_s(value: str | None) -> float | None:
    """The seconds of a ``Retry-After``, which may be written as a number or as a date."""
    if value is None:
        return None
    value = value.strip()
    if value.isdecimal() and len(value) < 10:
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _is_tls(error: BaseException) -> bool:
    """Whether a connection failed for its certificate or its handshake."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ssl.SSLError):
            return True
        found = found.__cause__ or found.__context__
    return False


def _trust(ca: str) -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca:
        try:
            context.load_verify_locations(cafile=Path(ca))
        except (OSError, ssl.SSLError) as error:
            raise EnvironmentFault(
                "environment.setting",
                "The certificates of DEARLY_WEBHOOK_CA cannot be read.",
                hint="It names a file of certificates in PEM form.",
            ) from error
    return context
