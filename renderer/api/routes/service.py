"""Whether the service works, its numbers, and its own description."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.exposition import generate_latest

from renderer.api.described import answers, with_key
from renderer.api.house import House
from renderer.api.model import HealthSaid, ReadySaid
from renderer.api.pages import done
from renderer.errors import EnvironmentFault
from renderer.ledger.key_ring import ApiKey
from renderer.ledger.model import DEAD_MS, wall_clock
from renderer.operations.metrics import LedgerCollector, registry

DESCRIPTION = "/v1/openapi.json"
KEPT_S = 1.0
"""So long an answer of ``/readyz`` is used again: nobody can make the ledger busy by asking."""
_NO_KEY: dict[str, Any] = {"security": []}


def router(house: House, description: Callable[[], bytes]) -> APIRouter:
    """The addresses about the service itself."""
    found = APIRouter(tags=["service"])
    measures = house.doorkeeper.needs("metrics")
    collector = LedgerCollector(house.services.settings)
    house.closing.append(collector.close)
    metrics = registry(collector)
    kept: tuple[float, ReadySaid] | None = None
    looking = asyncio.Lock()

    @found.get(
        "/healthz",
        summary="Whether this process answers",
        operation_id="health",
        response_model=None,
        responses=answers((200, HealthSaid, "It does."), keyed=False),
        openapi_extra=_NO_KEY,
    )
    async def health() -> Response:
        return done(HealthSaid())

    @found.get(
        "/readyz",
        summary="Whether requests are taken in and made",
        operation_id="ready",
        response_model=None,
        responses={
            **answers((200, ReadySaid, "They are."), keyed=False),
            503: {"model": ReadySaid, "description": "Ledger, store or workers are missing."},
        },
        openapi_extra=_NO_KEY,
    )
    async def ready() -> Response:
        nonlocal kept
        now = asyncio.get_running_loop().time()
        async with looking:  # while one waits for a store that hangs, others wait here and take no thread
            if kept is None or now - kept[0] >= KEPT_S:
                kept = (now, await house.pool.run(look))
            said = kept[1]
        return done(said, 200 if said.ready else 503, None if said.ready else {"Retry-After": "5"})

    def look() -> ReadySaid:
        services = house.services
        ledger = store = False
        workers = 0
        try:
            fresh = wall_clock() - DEAD_MS
            workers = sum(worker.beat_ms >= fresh for worker in services.reader.workers())
            ledger = True
        except EnvironmentFault:
            pass
        try:
            services.store_care.look()
            store = True
        except EnvironmentFault:
            pass
        return ReadySaid(ready=ledger and store and workers > 0, ledger=ledger, store=store, workers=workers)

    @found.get(
        "/metrics",
        summary="Numbers for Prometheus",
        operation_id="metrics",
        response_model=None,
        responses={
            **answers(),
            200: {"description": "Prometheus' text form.", "content": {"text/plain": {"schema": {"type": "string"}}}},
        },
        openapi_extra=with_key("metrics"),
    )
    async def numbers(key: Annotated[ApiKey, Depends(measures)]) -> Response:
        return Response(await house.pool.run(generate_latest, metrics), media_type=CONTENT_TYPE_LATEST)

    @found.get(
        DESCRIPTION,
        summary="This description",
        operation_id="description",
        response_model=None,
        responses={
            **answers(keyed=False),
            200: {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}},
        },
        openapi_extra=_NO_KEY,
    )
    async def described(request: Request) -> Response:
        return Response(description(), media_type="application/json")

    return found
