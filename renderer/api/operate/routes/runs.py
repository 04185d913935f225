"""Runs: the list, one run, and its downloads."""

import asyncio
import json
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from renderer.api.model import ID
from renderer.api.operate.doorman import Visitor
from renderer.api.operate.pages import PREFIX
from renderer.api.operate.pieces import pieces_response
from renderer.api.operate.room import Room
from renderer.api.operate.rows import Row, rows
from renderer.api.operate.run_view import RunView, run_view, seen_run
from renderer.api.pages import CURSOR
from renderer.api.problems import Refusal, not_there
from renderer.batch.aside import aside_pieces
from renderer.batch.model import BatchOptions
from renderer.batch.report import as_json, csv_pieces, gather
from renderer.errors import UsageError
from renderer.ledger.key_ring import ApiKey
from renderer.ledger.model import ENDLESS, RUN_STATES, RunState

PATH = f"{PREFIX}/runs"
PAGE = 25
REFRESH_S = 3

RunId = Annotated[str, Path(pattern=ID)]
SAID = {
    "approved": "Approved. The run goes on.",
    "rejected": "Rejected. What was still open of the run ends; what is done stays.",
    "late": "Somebody else was first.",
    "over": "There is nothing to decide any more.",
}
"""What a page says after a form, by the word in its address."""
LISTED = "Look at its requests instead: the list of requests shows them by run."


def router(room: Room) -> APIRouter:
    """The addresses of runs."""
    found = APIRouter()
    services = room.services
    reads, keeps = room.doorman.needs(), room.doorman.needs("records")
    under_way: dict[str, asyncio.Future[str]] = {}

    @found.get(PATH)
    async def listed(
        request: Request,
        visitor: Annotated[Visitor, Depends(reads)],
        state: Annotated[RunState | None, Query()] = None,
        after: Annotated[str | None, Query(pattern=CURSOR)] = None,
    ) -> Response:
        below = room.house.cursors.read(after)

        def look() -> tuple[list[Row], str | None]:
            page = services.browse.runs(limit=PAGE, below=below, state=state, templates=visitor.key.templates)
            return rows(services, page.items), page.below

        some, further = await room.pool.run(look)
        following = None if further is None else room.house.cursors.write(further)
        return room.pages.show(
            request, "runs.html", rows=some, state=state, states=RUN_STATES, following=following, first=after is None
        )

    @found.get(f"{PREFIX}/find")
    async def find(
        visitor: Annotated[Visitor, Depends(reads)], id: Annotated[str, Query(max_length=64)] = ""
    ) -> Response:
        wanted = id.strip().lower()

        def look() -> str:
            try:
                run = services.summary.run_id(wanted, kind=None)
                seen_run(room, visitor.key, run)
                return f"/runs/{run}"
            except (UsageError, Refusal):
                request = services.browse.request(wanted)
                if request is None or not visitor.key.may_use(request.template):
                    raise not_there("No run and no request that your key sees is called so.") from None
                return f"/requests/{wanted}"

        return room.pages.go(await room.pool.run(look))

    @found.get(f"{PATH}/{{id}}")
    async def one(
        request: Request,
        id: RunId,
        visitor: Annotated[Visitor, Depends(reads)],
        said: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        view: RunView = await room.pool.run(run_view, room, visitor.key, id)
        return room.pages.show(
            request,
            "run.html",
            refresh_s=0 if view.standing.ended else REFRESH_S,
            view=view,
            options=BatchOptions.from_json(view.standing.run.options),
            said=SAID.get(said),
            late=said in ("late", "over"),
        )

    def reported(key: ApiKey, id: str) -> None:
        if seen_run(room, key, id).kind in ENDLESS:
            raise Refusal(409, "api.state", "A run that takes requests for ever has no report.", hint=LISTED)

    def written(id: str) -> str:
        return json.dumps(as_json(gather(services, id)), ensure_ascii=False, indent=2) + "\n"

    @found.get(f"{PATH}/{{id}}/report.json")
    async def report_json(id: RunId, visitor: Annotated[Visitor, Depends(reads)]) -> Response:
        await room.pool.run(reported, visitor.key, id)

        # It goes through all of the run: who asks again before it is there waits for the same one.
        task = under_way.get(id)
        if task is None:
            task = under_way[id] = asyncio.ensure_future(room.long_pool.run(written, id))
            task.add_done_callback(lambda _: under_way.pop(id))
        headers = {"Cache-Control": "private, no-store", "Content-Disposition": f'attachment; filename="run-{id}.json"'}
        return Response(await asyncio.shield(task), 200, headers, "application/json")

    @found.get(f"{PATH}/{{id}}/report.csv")
    async def report_csv(id: RunId, visitor: Annotated[Visitor, Depends(reads)]) -> Response:
        await room.pool.run(reported, visitor.key, id)
        return await pieces_response(
            room.long_pool, csv_pieces(services, id), "text/csv; charset=utf-8", f"run-{id}.csv"
        )

    @found.get(f"{PATH}/{{id}}/set-aside")
    async def aside(
        id: RunId,
        visitor: Annotated[Visitor, Depends(keeps)],
        known: Annotated[bool, Query()] = False,
    ) -> Response:
        def form() -> str:
            if seen_run(room, visitor.key, id).kind != "batch":
                raise Refusal(409, "api.state", "Only of a batch records are set aside.", hint=LISTED)
            return BatchOptions.from_json(services.batches.run(id).options).form or "jsonl"

        csv_ = await room.pool.run(form) == "csv"
        return await pieces_response(
            room.long_pool,
            aside_pieces(services, id, known=known),
            "text/csv; charset=utf-8" if csv_ else "application/jsonl",
            f"set-aside-{id}.{'csv' if csv_ else 'jsonl'}",
        )

    return found
