"""Runs: how they stand, and the steps that a person decides."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from renderer.api.described import answers, with_key
from renderer.api.house import House
from renderer.api.model import ID, RunSaid, RunsSaid, StandingSaid, run_said, standing_said
from renderer.api.pages import done, next_page, said
from renderer.api.problems import Refusal, not_there
from renderer.api.reports import ReportSaid
from renderer.api.routes.requests import After, Limit
from renderer.batch.report import as_json as report_json
from renderer.batch.report import gather
from renderer.batch.standing import as_json, look
from renderer.errors import UsageError
from renderer.ledger.key_ring import ApiKey
from renderer.ledger.model import ENDLESS, RunState
from renderer.ledger.seen import SeenRun

PATH = "/v1/runs"
WAIT_S = 5.0
"""So long a call waits for a step of a large run; after that it goes on by itself."""

RunId = Annotated[str, Path(pattern=ID, description="The run's id.")]


def router(house: House) -> APIRouter:
    """The addresses of runs."""
    found = APIRouter(tags=["runs"])
    reads, decides = house.doorkeeper.needs("read"), house.doorkeeper.needs("runs:approve")
    services = house.services
    steps: set[asyncio.Future[int]] = set()

    @found.get(
        PATH,
        summary="List runs",
        operation_id="listRuns",
        response_model=None,
        responses=answers((200, RunsSaid, "A page, the newest first."), tagged=True),
        openapi_extra=with_key("read"),
    )
    async def listed(
        request: Request,
        key: Annotated[ApiKey, Depends(reads)],
        state: Annotated[RunState | None, Query()] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Response:
        below = house.cursors.read(after)

        def page() -> tuple[RunsSaid, str | None]:
            seen = services.browse.runs(limit=limit, below=below, state=state, templates=key.templates)
            following = next_page(request, house.base, house.cursors, seen.below)
            return RunsSaid(items=tuple(map(run_said, seen.items)), next=following), seen.below

        model, goes_on = await house.pool.run(page)
        return said(request, model, below=goes_on)

    @found.get(
        f"{PATH}/{{id}}",
        summary="See how a run stands",
        operation_id="getRun",
        response_model=None,
        responses=answers((200, StandingSaid, "Counts, pace, and what it waits for."), problems=(404,), tagged=True),
        openapi_extra=with_key("read"),
    )
    async def one(request: Request, id: RunId, key: Annotated[ApiKey, Depends(reads)]) -> Response:
        def stands() -> StandingSaid:
            _seen_by(key, services.browse.run(id))
            return standing_said(as_json(look(services, id)))

        return said(request, await house.pool.run(stands))

    @found.get(
        f"{PATH}/{{id}}/report",
        summary="See a run's report",
        operation_id="getReport",
        response_model=None,
        description="The same as `dearly batch report --json`. Of a run that goes on it says so far.",
        responses=answers((200, ReportSaid, "What came in, and what became of it."), problems=(404, 409), tagged=True),
        openapi_extra=with_key("read"),
    )
    async def report(request: Request, id: RunId, key: Annotated[ApiKey, Depends(reads)]) -> Response:
        def gathered() -> ReportSaid:
            if _seen_by(key, services.browse.run(id)).kind in ENDLESS:
                raise Refusal(409, "api.state", "A run that takes requests for ever has no report.")
            return ReportSaid.model_validate(report_json(gather(services, id)))

        # Beside the streams: it goes through the whole run.
        return said(request, await house.stream_pool.run(gathered))

    async def step(key: ApiKey, id: str, states: tuple[RunState, ...], work: Callable[[str], int]) -> Response:
        def check() -> None:
            seen = _seen_by(key, services.browse.run(id))
            if seen.state not in states or seen.kind in ENDLESS:
                raise Refusal(409, "api.state", f"The run does not take this: it is {seen.state}.")

        await house.pool.run(check)
        task = asyncio.ensure_future(house.stream_pool.run(work, id))
        steps.add(task)
        task.add_done_callback(steps.discard)
        finished, _ = await asyncio.wait({task}, timeout=WAIT_S)
        if finished:
            task.result()
        seen = _seen_by(key, await house.pool.run(services.browse.run, id))
        return done(run_said(seen), 200 if finished else 202)

    @found.post(
        f"{PATH}/{{id}}/approve",
        summary="Let a run that is held go on",
        operation_id="approveRun",
        response_model=None,
        description="Harmless where it is not held.",
        responses=answers(
            (200, RunSaid, "All of it goes on."),
            (202, RunSaid, "It goes on; a large run takes a while until all of it does."),
            problems=(404, 409),
        ),
        openapi_extra=with_key("runs:approve"),
    )
    async def approve(id: RunId, key: Annotated[ApiKey, Depends(decides)]) -> Response:
        return await step(key, id, ("open", "running"), lambda run: services.intake.approve(run, decided_by(key)))

    @found.post(
        f"{PATH}/{{id}}/retry",
        summary="Try again what failed of a run",
        operation_id="retryRun",
        response_model=None,
        description="Every request of it that failed, but those whose recipients a later run has a request for.",
        responses=answers(
            (200, RunSaid, "They are tried again."),
            (202, RunSaid, "They are; a large run takes a while until all of them are."),
            problems=(404, 409),
        ),
        openapi_extra=with_key("runs:approve"),
    )
    async def retry(id: RunId, key: Annotated[ApiKey, Depends(decides)]) -> Response:
        return await step(key, id, ("running", "complete", "unbalanced"), reopen)

    def reopen(id: str) -> int:
        try:
            again, _ = services.batches.reopen_failed(id)
        except UsageError as error:
            raise Refusal(409, "api.state", error.message) from error
        return again

    @found.post(
        f"{PATH}/{{id}}/cancel",
        summary="Call a run off",
        operation_id="cancelRun",
        response_model=None,
        description="What is still open of it ends; what is done stays. The run that takes single requests has no end.",
        responses=answers(
            (200, RunSaid, "It is cancelled."),
            (202, RunSaid, "It is; a large run takes a while until all of it has ended."),
            problems=(404, 409),
        ),
        openapi_extra=with_key("runs:approve"),
    )
    async def cancel(id: RunId, key: Annotated[ApiKey, Depends(decides)]) -> Response:
        return await step(
            key, id, ("open", "running", "cancelled"), lambda run: services.intake.cancel_run(run, decided_by(key))
        )

    return found


def decided_by(key: ApiKey) -> str:
    """What the history says of who decided."""
    return f"key {key.id}"


def _seen_by(key: ApiKey, found: SeenRun | None) -> SeenRun:
    """A run that a key sees: one of several templates only where it may use all."""
    if found is None or not key.may_use(found.template):
        raise not_there("There is no such run.")
    return found
