"""How requests get from the API into the ledger, one by one or many at once.

Whatever comes is told apart first (new, known, in conflict), so that a stream which is sent again costs little; only
what is new is held to its contract and sealed. Requests that come by themselves at the same time share a transaction.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from renderer.api.offers import Offer, read_body, read_offer
from renderer.api.opened import OpenedTemplates
from renderer.api.pool import Pool
from renderer.api.problems import Refusal
from renderer.bootstrap import Services
from renderer.errors import UsageError
from renderer.ledger.hand_in import Handed, Known, NotKept, answer_to
from renderer.ledger.key_ring import ApiKey
from renderer.ledger.model import PRIORITIES, Submission, new_id, wall_clock
from renderer.ledger.seen import Failed
from renderer.orders import Order, door_key, open_order, submission
from renderer.profile.carry import to_text
from renderer.template.model import CHANNELS, Channel, Template

KIND = "api"
"""The run that requests without one of their own belong to."""
SHARED = 32
"""Requests that come by themselves and share a transaction."""
SMALL = 64 * 2**10
"""Bytes of a body up to which it shares one."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """An offer under its sender's name, with the key that it came with and the trace of the call."""

    name: str
    offer: Offer
    key: ApiKey
    trace: str | None = None


@dataclass(frozen=True, kw_only=True)
class Named:
    """An offer under its sender's name, with both digests."""

    key: str
    body: str
    offer: Offer


class Entry:
    """Checks, seals and puts requests in. Its blocking methods are for a pool's threads."""

    def __init__(self, services: Services, templates: OpenedTemplates) -> None:
        self._services = services
        self._templates = templates
        self._lock = threading.Lock()
        self._run: str | None = None

    def named(self, request_id: str, offer: Offer) -> Named:
        """The digests of a request. Cheap."""
        vault = self._services.vault
        return Named(key=door_key(vault, request_id), body=offer.digest(vault), offer=offer)

    def known(self, items: Sequence[Named]) -> dict[str, Known]:
        """Those that are there already, by key."""
        return self._services.hand_in.known({item.key for item in items})

    def sealed(self, item: Named, key: ApiKey) -> Submission:
        """A new request as the ledger takes it. Raises a Refusal, ErrorList or UsageError for one that cannot be."""
        offer = item.offer
        opened = self._templates.find(offer.template, key)
        channels = _channels(offer, opened.template)
        profile = opened.template.contract.check(offer.profile, 1)
        return submission(
            self._services.vault,
            Order(profile=to_text(profile), images=profile.images, as_of=offer.as_of, locale=offer.locale),
            recipient=profile.recipient,
            idempotency=item.key,
            template=opened.template.id,
            release=opened.digest,
            channels=channels,
            priority=PRIORITIES[offer.priority],
            notify=True,
            body=item.body,
        )

    def allowed(self, item: Named, key: ApiKey) -> None:
        """Raises a Refusal 403 for a template that the key is not for: also where the request is known."""
        template, _, _ = item.offer.template.partition("@")
        if not key.may_use(template):
            raise Refusal(
                403, "api.scope", "This key is not for this template.", field="template", hint="Call with one that is."
            )

    def again(self, request_id: str, failed: Failed) -> Submission:
        """A request that failed, as a new one: of the same profile, release and channels. Handed in twice it is one.
        Raises a Refusal for one that did not fail, or cannot be made again."""
        vault = self._services.vault
        if failed.state != "failed" or failed.run_kind == "batch" or not failed.channels:
            raise Refusal(
                409,
                "api.state",
                "Only a request that failed while it was made can be tried again.",
                hint="Requests of a batch are tried again with their run." if failed.run_kind == "batch" else None,
            )
        if failed.sealed is None:
            raise _not_kept()
        new = new_id(wall_clock())
        order = open_order(vault, failed.sealed, request_id)
        return Submission(
            id=new,
            recipient=failed.recipient,
            idempotency=vault.keyed("idempotency", "again", request_id),
            template=failed.template,
            release=failed.release,
            channels=[channel for channel in CHANNELS if channel in failed.channels],
            sealed=vault.seal(order.to_bytes(), f"profile {new}"),
            priority=failed.priority,
            notify=True,
            body=vault.keyed("body", "again", request_id),
            again=request_id,
        )

    def hand_in(self, items: Sequence[Letter | Exception]) -> list[Handed | Exception]:
        """Hand several in; what became of each, in their order. What was wrong before stays so. Raises EnvironmentFault
        or a Refusal when nothing could be put into the ledger; then nothing was."""
        found: list[Handed | Exception | None] = [item if isinstance(item, Exception) else None for item in items]
        named: dict[int, tuple[Named, ApiKey]] = {}
        traces: dict[int, str | None] = {}
        for place, item in enumerate(items):
            if isinstance(item, Exception):
                continue
            try:
                named[place] = (self.named(item.name, item.offer), item.key)
                traces[place] = item.trace
                self.allowed(named[place][0], item.key)
            except Exception as error:
                named.pop(place, None)
                found[place] = error
        known = self.known([request for request, _ in named.values()])
        fresh: dict[int, Submission] = {}
        for place, (request, key) in named.items():
            there = known.get(request.key)
            try:
                if there is None:
                    fresh[place] = replace(self.sealed(request, key), trace=traces[place])
                else:
                    found[place] = told(request, there)
            except Exception as error:
                found[place] = error
        if fresh:
            for place, handed in zip(fresh, self.put([*fresh.values()]), strict=True):
                found[place] = in_conflict() if handed.answer == "conflict" else handed
        return [one if one is not None else RuntimeError("nothing became of it") for one in found]

    def put(self, items: Sequence[Submission]) -> list[Handed]:
        """Put new requests in, in one transaction; what became of each. Raises a Refusal for one that carries a profile
        once more which was dropped meanwhile."""
        for _ in range(3):
            run = self._open_run()
            try:
                return self._services.hand_in.put(run, items)
            except NotKept as error:
                raise _not_kept() from error
            except UsageError:  # somebody has called the run off
                with self._lock:
                    if self._run == run:
                        self._run = None
        raise Refusal(503, "api.busy", "The run of the HTTP API is called off again and again.")

    def _open_run(self) -> str:
        with self._lock:
            if self._run is None:
                self._run = self._find_run()
            return self._run

    def _find_run(self) -> str:
        """The run that takes requests: the first, or that which followed when it was called off, and so on."""
        name = [KIND]
        while True:
            services = self._services
            run = services.intake.open_run(KIND, idempotency=services.vault.keyed("run", *name))
            if services.reader.run_state(run) == "open":
                return run
            name = [KIND, run]


def _not_kept() -> Refusal:
    return Refusal(410, "api.gone", "Its profile is not kept any more.", hint="Hand it in again.")


def in_conflict() -> Refusal:
    """For a name that stands for something else already."""
    return Refusal(
        409,
        "api.conflict",
        "This name was used before, for a request that said something else.",
        hint="Use another name, or send exactly what was sent before.",
    )


class Desk:
    """Takes in what comes by itself: bodies that wait while others are at work go together, in one transaction and with
    one change of threads. A large one goes by itself, so that small ones do not wait for it."""

    def __init__(self, entry: Entry, pool: Pool) -> None:
        self._entry = entry
        self._pool = pool
        self._waiting: list[tuple[_Body, asyncio.Future[Handed]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def hand_in(self, name: str, data: bytes, key: ApiKey, trace: str | None = None) -> Handed:
        """Hand in the request that a body is, under a name. Raises what is wrong with it."""
        body = _Body(name, data, key, trace)
        if len(data) > SMALL:
            return _given((await self._pool.run(self._take, [body]))[0])
        future: asyncio.Future[Handed] = asyncio.get_running_loop().create_future()
        self._waiting.append((body, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    async def put(self, item: Submission) -> Handed:
        """Put in one that is ready. Raises as :meth:`Entry.put` does."""
        return (await self._pool.run(self._entry.put, [item]))[0]

    async def _work(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:SHARED], self._waiting[SHARED:]
            try:
                results = await self._pool.run(self._take, [body for body, _ in taken])
            except Exception as error:
                results = [error] * len(taken)
            for (_, future), result in zip(taken, results, strict=True):
                if future.done():  # whoever waited for it has gone
                    continue
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)

    def _take(self, bodies: Sequence[_Body]) -> list[Handed | Exception]:
        return self._entry.hand_in([body.letter() for body in bodies])


@dataclass(frozen=True)
class _Body:
    """What came, not read yet."""

    name: str
    data: bytes
    key: ApiKey
    trace: str | None

    def letter(self) -> Letter | Exception:
        try:
            _, offer = read_offer(read_body(self.data), named=False)
        except Exception as error:
            return error
        return Letter(name=self.name, offer=offer, key=self.key, trace=self.trace)


def _given(result: Handed | Exception) -> Handed:
    if isinstance(result, Exception):
        raise result
    return result


def told(item: Named, known: Known) -> Handed | Exception:
    """What it means to hand in what is known: it is the same, or it is something else."""
    if answer_to(item.body, known) == "conflict":
        return in_conflict()
    return Handed(id=known.id, state=known.state, answer="known")


def _channels(offer: Offer, template: Template) -> tuple[Channel, ...]:
    if offer.channels is None:
        return template.channels
    if not {*offer.channels} <= {*template.channels}:
        raise Refusal(
            422,
            "api.body",
            "A channel is none that the template has.",
            field="channels",
            hint="It has: " + ", ".join(template.channels) + ".",
        )
    return offer.channels
