"""The courier: brings what the outbox holds to webhook receivers.

The supervisor runs one beside the workers where there is anybody to be told; elsewhere ``python -m workers.courier``
does. Several may run, on one machine or on many: what one has taken the others leave alone, and what one had that died
is taken again by another. Whatever becomes of a courier, the service goes on.

Everything about receivers happens in one event loop, everything about the ledger in one thread beside it. The loop
never waits for a receiver; the thread is asked again as soon as something has ended, or every :data:`POLL_S`.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TypeVar

import structlog

from renderer.deliver.lanes import Lanes
from renderer.deliver.retries import hold_s, pause_s, rest_s
from renderer.deliver.sender import TRY_S, Answer, Sender
from renderer.deliver.signing import Message, headers, message_id
from renderer.errors import EnvironmentFault
from renderer.installation import agreed_key
from renderer.ledger.database import Database
from renderer.ledger.deliveries import Deliveries, Load, Taken, Tried
from renderer.ledger.endpoints import Endpoint
from renderer.ledger.health import UNSIGNED, Health
from renderer.ledger.identity import Identity
from renderer.ledger.model import Clock, wall_clock
from renderer.ledger.seal import Vault
from renderer.operations.webhooks import make_sender, open_secrets
from renderer.settings import Settings
from workers import log
from workers.leash import is_dead, this_owner

POLL_S = 0.25
"""How often the ledger is asked when nothing goes on."""

BREATH_S = 0.01
"""The least time between two looks: who writes to SQLite must leave others a turn."""

LEASE_MS = 60_000
"""How long a delivery may be held. It is not begun any more when the lease might end during the attempt."""

RELEASE_S = 5.0
"""How often it is looked whether other couriers of this machine have died."""

LAST_S = 8.0
"""How long a courier that was told to stop goes on with what is due."""

AWAY_S = 1.0
"""How long is waited when the ledger is away."""

events = structlog.get_logger("dearly")

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class _Held:
    """A delivery on its way, with what signs it."""

    endpoint: Endpoint
    keys: tuple[str, ...]
    delivery: Taken


@dataclass(frozen=True, kw_only=True)
class _Ended:
    """An attempt that has ended; ``asked_s`` is what the receiver asked for."""

    tried: Tried
    asked_s: float | None


class Courier:
    """One courier, known by its ``owner``: as a rule this process."""

    def __init__(
        self,
        deliveries: Deliveries,
        vault: Vault,
        sender: Sender,
        *,
        connections: int = 8,
        owner: str | None = None,
        clock: Clock = wall_clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._deliveries = deliveries
        self._vault = vault
        self._sender = sender
        self._owner = owner or this_owner()
        self._clock = clock
        self._chance = chance
        self._lanes: Lanes[_Held] = Lanes(connections)
        self._ended: list[_Ended] = []
        self._back: list[Taken] = []
        self._failures: dict[str, int] = {}
        self._unsigned: dict[str, int] = {}  # how often in a row nothing could be signed for an endpoint
        self._holds: dict[str, int | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._release = float("-inf")
        self._thread = ThreadPoolExecutor(1, "ledger")

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until told to stop, and then what is due, for a moment. Raises nothing that will pass."""
        waiter = asyncio.create_task(stop.wait())
        waiter.add_done_callback(lambda _: self._wake.set())
        until = float("inf")
        try:
            while time.monotonic() < until:
                if stop.is_set() and until == float("inf"):
                    until = time.monotonic() + LAST_S
                more = await self._round()
                if stop.is_set() and not (more or self._lanes.held or self._ended):
                    break
                await self._rest(BREATH_S if more or self._ended or self._back else POLL_S)
        finally:
            waiter.cancel()
            await self._end()

    async def _round(self) -> bool:
        """Say what has ended, ask what is due and begin it; whether it is worth while to come again soon."""
        try:
            await self._settle()
            fanned, due = await self._in_ledger(self._look)
            # Of who is not due, what is under way may still have to be judged.
            self._failures = {one: count for one, count in self._failures.items() if self._lanes.holds(one)}
            self._failures |= {endpoint.id: endpoint.failures for endpoint in due}
            rooms = self._lanes.rooms(
                [endpoint.id for endpoint in due], [endpoint.id for endpoint in due if endpoint.failures]
            )
            wanted = {endpoint: rooms[endpoint.id] for endpoint in due if endpoint.id in rooms}
            loads = (
                await self._in_ledger(lambda: self._deliveries.take(self._owner, LEASE_MS, wanted)) if wanted else []
            )
        except EnvironmentFault as error:
            events.error("courier waits", code=error.code)
        except Exception as error:  # whatever it is, it must not end the courier
            events.error("courier waits", error=type(error).__name__, where=log.where(error))
        else:
            for load in loads:
                self._take_in(load)
            self._lanes.start(self._begin)
            return bool(fanned or loads)
        await asyncio.sleep(AWAY_S)
        return False

    async def _settle(self) -> None:
        """Write down what came of attempts, which are kept until that has been done."""
        ended, back, holds = list(self._ended), list(self._back), dict(self._holds)
        if ended:
            health = self._health(ended)
            await self._in_ledger(lambda: self._deliveries.settle([one.tried for one in ended], health))
            del self._ended[: len(ended)]
        if holds:
            await self._in_ledger(lambda: self._deliveries.hold(holds, UNSIGNED))
            self._holds.clear()  # only this loop fills it
        if back:  # after it is known how their endpoint does
            await self._in_ledger(lambda: self._deliveries.give_back(back))
            del self._back[: len(back)]

    def _look(self) -> tuple[int, list[Endpoint]]:
        """How many messages of the outbox have become deliveries, and to whom something is due. Runs in the thread."""
        if time.monotonic() >= self._release:
            self._release = time.monotonic() + RELEASE_S
            back = self._deliveries.release(is_dead)
            if back:
                events.warning("taken back from a courier that died", deliveries=back)
        return self._deliveries.fan_out(), self._deliveries.due()

    async def _in_ledger(self, ask: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, ask)

    def _health(self, ended: Sequence[_Ended]) -> dict[str, Health]:
        """What some attempts say of their endpoints."""
        found: dict[str, Health] = {}
        for endpoint_id in {one.tried.endpoint_id for one in ended}:
            those = [one for one in ended if one.tried.endpoint_id == endpoint_id]
            codes = {one.tried.code for one in those}
            asked_s = max((one.asked_s for one in those if one.asked_s is not None), default=None)
            gone, through = "webhook.gone" in codes, None in codes
            failures = 0 if through else self._failures.get(endpoint_id, 0) + 1
            if failures == 1 or gone:  # the others stand in the delivery log
                events.warning("an endpoint fails", endpoint=endpoint_id, codes=sorted(filter(None, codes)))
            rests_ms = None
            if failures or asked_s is not None:  # one that takes some and not all may ask for a rest too
                rests_ms = self._clock() + round(rest_s(failures, asked_s, self._chance()) * 1000)
            found[endpoint_id] = Health(through=through, rests_ms=rests_ms, gone=gone)
        return found

    def _take_in(self, load: Load) -> None:
        if any(one.tried.code is not None and one.tried.endpoint_id == load.endpoint.id for one in self._ended):
            self._back += load.deliveries  # it has failed meanwhile: first that is written down
            return
        try:
            keys = tuple(open_secrets(self._vault, load.secrets))
        except EnvironmentFault as error:
            self._hold(load, error.code)
            return
        if self._unsigned.pop(load.endpoint.id, None) is not None or load.endpoint.why == UNSIGNED:
            events.info("a webhook's secret opens again", endpoint=load.endpoint.id)
            self._holds[load.endpoint.id] = None
        held = [_Held(endpoint=load.endpoint, keys=keys, delivery=delivery) for delivery in load.deliveries]
        self._lanes.put(load.endpoint.id, held)

    def _hold(self, load: Load, code: str) -> None:
        """Let wait what nothing can sign: no attempt of it counts, and it is looked at again after a pause that grows.
        Said once; then the endpoint's state says it."""
        endpoint_id = load.endpoint.id
        if endpoint_id not in self._unsigned:
            events.error("a webhook's secret cannot be opened", endpoint=endpoint_id, code=code)
        times = self._unsigned[endpoint_id] = self._unsigned.get(endpoint_id, 0) + 1
        self._holds[endpoint_id] = self._clock() + round(hold_s(times, self._chance()) * 1000)
        self._back += load.deliveries

    def _begin(self, endpoint_id: str, held: _Held) -> None:
        task = asyncio.create_task(self._deliver(endpoint_id, held))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, endpoint_id: str, held: _Held) -> None:
        """One attempt, and what came of it."""
        answer: Answer | None = None
        try:
            now = self._clock()
            if held.delivery.until_ms - now >= TRY_S * 1000 and held.keys:  # else its lease ends, and it is taken again
                answer = await self._post(held, now)
                failed = answer.code is not None
                asked_s = answer.asked_s if failed else None
                self._ended.append(_Ended(tried=self._outcome(held, answer, now), asked_s=asked_s))
                if failed:  # nothing else is sent that was taken before it was known how the endpoint does
                    self._back += [other.delivery for other in self._lanes.clear(endpoint_id)]
        except Exception as error:  # a fault of ours: the lease ends, and it is tried again
            events.error("a delivery broke", endpoint=endpoint_id, error=type(error).__name__, where=log.where(error))
        finally:
            through = answer is not None and answer.code is None
            self._lanes.ended(endpoint_id, None if answer is None else answer.took_ms, through)
            self._lanes.start(self._begin)
            self._wake.set()

    async def _post(self, held: _Held, now_ms: int) -> Answer:
        of = held.delivery
        message = Message(id=message_id(of.dedupe), type=of.topic, at_ms=of.at_ms, data=json.loads(of.payload))
        body = message.body()
        return await self._sender.post(held.endpoint.url, headers(message.id, body, held.keys, now_ms // 1000), body)

    def _outcome(self, held: _Held, answer: Answer, begun_ms: int) -> Tried:
        again = None
        if answer.code is not None:
            pause = pause_s(held.delivery.attempts + 1, answer.asked_s, self._chance())
            again = None if pause is None else self._clock() + round(pause * 1000)
        return Tried(
            delivery=held.delivery,
            endpoint_id=held.endpoint.id,
            at_ms=begun_ms,
            took_ms=answer.took_ms,
            status=answer.status,
            code=answer.code,
            again_ms=again,
        )

    async def _rest(self, seconds: float) -> None:
        """Wait until something has ended, or for so long. What ends at the same time is said together."""
        if seconds > BREATH_S:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds - BREATH_S):
                    await self._wake.wait()
        self._wake.clear()
        await asyncio.sleep(BREATH_S)

    async def _end(self) -> None:
        """Let go of everything: what is under way is broken off, and what was taken is there for others at once."""
        self._back += [held.delivery for held in self._lanes.empty()]
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(EnvironmentFault):
            await self._settle()
        self._thread.shutdown()
        await self._sender.close()


async def serve(settings: Settings) -> None:
    """Be a courier until SIGTERM or SIGINT. Raises EnvironmentFault when the ledger or the key cannot be used."""
    database = Database(settings.database)
    try:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        vault = Vault(agreed_key(settings.key_file, Identity(database)))
        courier = Courier(Deliveries(database), vault, make_sender(settings), connections=settings.webhook_connections)
        await courier.run(stop)
    finally:
        database.close()


def look_once() -> None:
    """Let it be known once and for all that sniffio is not there. httpcore 1.0.9 tries to import it eight times for
    each request (``_synchronization.current_async_library``), and Python looks through all folders each time: a fifth
    of what a message costs. Can go when httpcore remembers it."""
    if find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]  # an import of it fails at once, as it would anyway


def main() -> int:
    """Serve until ended; the exit code."""
    log.set_up()
    look_once()
    try:
        settings = Settings()
        settings.prepare()
        asyncio.run(serve(settings))
    except EnvironmentFault as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
