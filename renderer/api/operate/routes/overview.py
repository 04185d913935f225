"""The first page, and the workers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from renderer.api.operate.doorman import Visitor
from renderer.api.operate.overview import overview, queues_of, status_of, workers_of
from renderer.api.operate.pages import PREFIX
from renderer.api.operate.room import Room
from renderer.api.problems import Refusal
from renderer.ledger.model import DEAD_MS

REFRESH_S = 5


def router(room: Room) -> APIRouter:
    """The addresses of the whole."""
    found = APIRouter()
    reads = room.doorman.needs()

    @found.get(PREFIX)
    async def first(request: Request, visitor: Annotated[Visitor, Depends(reads)]) -> Response:
        seen = await room.pool.run(overview, room, visitor.key)
        status = seen.status
        return room.pages.show(
            request,
            "overview.html",
            refresh_s=REFRESH_S,
            seen=seen,
            workers=[] if status is None else workers_of(status),
            queues=[] if status is None else queues_of(status),
        )

    @found.get(f"{PREFIX}/workers")
    async def workers(request: Request, visitor: Annotated[Visitor, Depends(reads)]) -> Response:
        if not visitor.sees_all:
            raise Refusal(
                403,
                "api.scope",
                "Your key is for some templates only: it does not see the installation.",
                hint="Sign in with one for all templates.",
            )
        status = await room.pool.run(status_of, room)
        return room.pages.show(
            request,
            "workers.html",
            dead_ms=DEAD_MS,
            refresh_s=REFRESH_S,
            house=status,
            workers=workers_of(status),
            queues=queues_of(status),
        )

    return found
