"""The two things that a person decides: a run that is held goes on, or it does not. Each is asked for once more with
its numbers before it counts, and each counts once, whoever else decides at the same time."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from renderer.api.operate.doorman import Posted, Visitor
from renderer.api.operate.room import Room
from renderer.api.operate.routes.runs import PATH, RunId
from renderer.api.operate.run_view import run_view, seen_run
from renderer.api.routes.runs import decided_by
from renderer.ledger.key_ring import ApiKey

SCOPE = "runs:approve"
WAIT_S = 3.0
"""So long a form waits for all of a large run to go on or to end; after that it does so by itself."""

Decision = Literal["approve", "reject"]
Said = Literal["approved", "rejected", "late", "over"]


def router(room: Room) -> APIRouter:
    """The addresses of decisions."""
    found = APIRouter()
    decides, decided = room.doorman.needs(SCOPE), room.doorman.posts(SCOPE)
    intake, browse = room.services.intake, room.services.browse
    under_way: set[asyncio.Future[int]] = set()

    async def ask(request: Request, id: str, visitor: Visitor, decision: Decision) -> Response:
        view = await room.pool.run(run_view, room, visitor.key, id)
        if not view.held and not (decision == "approve" and view.stuck):
            return room.pages.go(f"/runs/{id}?said=over")
        return room.pages.show(request, "decide.html", view=view, decision=decision)

    @found.get(f"{PATH}/{{id}}/approve")
    async def ask_approve(request: Request, id: RunId, visitor: Annotated[Visitor, Depends(decides)]) -> Response:
        return await ask(request, id, visitor, "approve")

    @found.get(f"{PATH}/{{id}}/reject")
    async def ask_reject(request: Request, id: RunId, visitor: Annotated[Visitor, Depends(decides)]) -> Response:
        return await ask(request, id, visitor, "reject")

    @found.post(f"{PATH}/{{id}}/approve")
    async def approve(id: RunId, posted: Annotated[Posted, Depends(decided)]) -> Response:
        key = posted.visitor.key

        def mark() -> Said:
            seen_run(room, key, id)
            return "approved" if intake.mark_approved(id, decided_by(key)) else before(key, id, "approved")

        said = await room.pool.run(mark)
        # Also where it was approved before: what an approval that was interrupted has left goes on.
        if said == "approved" or (said == "late" and await room.pool.run(is_approved, id)):
            await go_on(intake.release, id)
        return after(id, said)

    @found.post(f"{PATH}/{{id}}/reject")
    async def reject(id: RunId, posted: Annotated[Posted, Depends(decided)]) -> Response:
        key = posted.visitor.key

        def mark() -> Said:
            seen_run(room, key, id)
            return "rejected" if intake.mark_cancelled(id, decided_by(key), held=True) else before(key, id, "cancelled")

        said = await room.pool.run(mark)
        if said == "rejected":
            await go_on(intake.cancel_rest, id)
        return after(id, said)

    def before(key: ApiKey, id: str, wanted: str) -> Said:
        """What to say to one who decided what is decided already: the same key may send its form twice."""
        for step in browse.steps(id):
            if step.event in ("approved", "cancelled"):
                if step.event == wanted and step.by == decided_by(key):
                    return "approved" if wanted == "approved" else "rejected"
                return "late"
        return "over"

    def is_approved(id: str) -> bool:
        run = browse.run(id)
        return run is not None and run.approved_ms is not None and run.state in ("open", "running")

    async def go_on(work: Callable[[str], int], id: str) -> None:
        task = asyncio.ensure_future(room.decided_pool.run(work, id))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        finished, _ = await asyncio.wait({task}, timeout=WAIT_S)
        if finished:
            task.result()

    def after(id: str, said: Said) -> Response:
        room.glances.drop(f"run {id}")
        room.glances.drop("status")
        return room.pages.go(f"/runs/{id}?said={said}")

    return found
