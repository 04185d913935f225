"""Who calls: the key that is shown, what it may do, and how often it may call."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from starlette.requests import Request

from renderer.api.keys import Keys
from renderer.api.limits import Buckets
from renderer.api.pool import Pool
from renderer.api.problems import Refusal
from renderer.errors import DearlyError
from renderer.ledger.key_ring import ApiKey

MISSED_RATE, MISSED_BURST = 0.5, 20
"""Calls without a key that opens something which one address may make: a second, and at once."""

Admit = Callable[[Request], Coroutine[Any, Any, ApiKey]]


class Doorkeeper:
    """Admits calls by their key. One for a process."""

    def __init__(self, keys: Keys, pool: Pool, limits: Buckets) -> None:
        self._keys = keys
        self._pool = pool
        self._limits = limits
        self._missed = Buckets(MISSED_RATE, MISSED_BURST)
        self._tasks: set[asyncio.Task[None]] = set()

    def needs(self, scope: str) -> Admit:
        """A dependency: the key of a call that has this scope. Raises a Refusal 401, 403 or 429."""

        async def admit(request: Request) -> ApiKey:
            return await self._admit(request, scope)

        return admit

    def standing(self, request: Request) -> Callable[[], bool]:
        """Asks whether the key of a call that was admitted still opens something. Blocks: for a pool's threads."""
        shown = _shown(request) or ""
        return lambda: self._keys.opens(shown)

    def missed(self, request: Request) -> None:
        """Count a call that showed something that opens nothing. What does open something is never turned away for
        it: behind a proxy all calls come from one address. Raises a Refusal 429."""
        taken = self._missed.take(_origin(request))
        if not taken.granted:
            raise Refusal(
                429,
                "api.rate",
                "Too many calls with nothing that opens anything came from this address.",
                headers={"Retry-After": str(taken.wait_s)},
            )

    def count(self, request: Request, key: ApiKey) -> None:
        """Count a call of a key, and note that it is used. Raises a Refusal 429 for one that calls too often."""
        request.scope["state"]["key"] = key.id
        taken = self._limits.take(key.id)
        request.scope["state"]["limit"] = self._limits.headers(taken)
        if not taken.granted:
            raise Refusal(
                429, "api.rate", "This key calls more often than it may.", headers={"Retry-After": str(taken.wait_s)}
            )
        if self._keys.to_note(key):
            self._note(key)

    async def _admit(self, request: Request, scope: str) -> ApiKey:
        shown = _shown(request)
        key = self._keys.recent(shown) if shown else None
        if key is None and shown:
            key = await self._pool.run(self._keys.holder, shown)
        if key is None:
            self.missed(request)
            raise _unknown(given=shown is not None)
        self.count(request, key)
        if scope not in key.scopes:
            raise Refusal(
                403,
                "api.scope",
                f"This key does not have the scope '{scope}'.",
                hint="Call with one that has it. `dearly key create` makes it.",
                headers={"WWW-Authenticate": f'Bearer realm="dearly", error="insufficient_scope", scope="{scope}"'},
            )
        return key

    def _note(self, key: ApiKey) -> None:
        """Write the use down beside the call: it must neither wait for it nor fail with it."""

        async def write() -> None:
            with suppress(DearlyError):
                await self._pool.run(self._keys.note, key)

        task = asyncio.create_task(write())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _shown(request: Request) -> str | None:
    given = request.headers.getlist("authorization")
    if len(given) != 1:
        return None
    scheme, _, shown = given[0].partition(" ")
    return shown.strip() if scheme.lower() == "bearer" and shown.strip() else None


def _unknown(*, given: bool) -> Refusal:
    if not given:
        return Refusal(
            401,
            "api.key",
            "No API key was sent.",
            hint="Send 'Authorization: Bearer' and a key.",
            headers={"WWW-Authenticate": 'Bearer realm="dearly"'},
        )
    return Refusal(
        401,
        "api.key",
        "The API key opens nothing.",
        hint="It may have been revoked, rotated or have expired.",
        headers={"WWW-Authenticate": 'Bearer realm="dearly", error="invalid_token"'},
    )


def _origin(request: Request) -> str:
    """Where a call comes from: an address, of IPv6 the network that one customer has."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host
