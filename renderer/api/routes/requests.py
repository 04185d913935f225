"""What became of requests; calling one off, and trying one again."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from renderer.api.described import answers, with_key
from renderer.api.house import House
from renderer.api.model import (
    ID,
    HandedSaid,
    RequestsSaid,
    WholeRequestSaid,
    request_said,
    whole_request_said,
)
from renderer.api.pages import CURSOR, done, next_page, said
from renderer.api.problems import Refusal, not_there
from renderer.api.routes.submissions import PATH, handed_response
from renderer.ledger.key_ring import ApiKey
from renderer.ledger.model import State, Submission
from renderer.ledger.seen import SeenRequest
from renderer.publishing import TEMPLATE_ID

RequestId = Annotated[str, Path(pattern=ID, description="The request's id.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Items on a page.")]
After = Annotated[str | None, Query(pattern=CURSOR, description="Where the page before ended: from its `next`.")]


def router(house: House) -> APIRouter:
    """The addresses of requests."""
    found = APIRouter(tags=["requests"])
    reads, submits = house.doorkeeper.needs("read"), house.doorkeeper.needs("submit")
    browse = house.services.browse

    @found.get(
        PATH,
        summary="List requests",
        operation_id="listRequests",
        response_model=None,
        description="The newest first. Nothing personal is in a request, so it cannot be looked for by a person.",
        responses=answers((200, RequestsSaid, "A page."), tagged=True),
        openapi_extra=with_key("read"),
    )
    async def listed(
        request: Request,
        key: Annotated[ApiKey, Depends(reads)],
        state: Annotated[State | None, Query()] = None,
        template: Annotated[str | None, Query(pattern=f"^{TEMPLATE_ID}$")] = None,
        run: Annotated[str | None, Query(pattern=ID)] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Response:
        below = house.cursors.read(after)

        def look() -> tuple[RequestsSaid, str | None]:
            page = browse.requests(
                limit=limit, below=below, state=state, template=template, run=run, templates=key.templates
            )
            following = next_page(request, house.base, house.cursors, page.below)
            return RequestsSaid(items=tuple(map(request_said, page.items)), next=following), page.below

        model, goes_on = await house.pool.run(look)
        return said(request, model, below=goes_on)

    @found.get(
        f"{PATH}/{{id}}",
        summary="See a request",
        operation_id="getRequest",
        response_model=None,
        responses=answers((200, WholeRequestSaid, "The request with its channels."), problems=(404,), tagged=True),
        openapi_extra=with_key("read"),
    )
    async def one(request: Request, id: RequestId, key: Annotated[ApiKey, Depends(reads)]) -> Response:
        return said(request, whole_request_said(seen_by(key, await house.pool.run(browse.request, id))))

    @found.post(
        f"{PATH}/{{id}}/cancel",
        summary="Call a request off",
        operation_id="cancelRequest",
        response_model=None,
        description="Work under way is dropped. Calling off what was called off before changes nothing.",
        responses=answers((200, WholeRequestSaid, "It is cancelled."), problems=(404, 409)),
        openapi_extra=with_key("submit"),
    )
    async def cancel(id: RequestId, key: Annotated[ApiKey, Depends(submits)]) -> Response:
        def end() -> SeenRequest:
            seen_by(key, browse.request(id))
            return seen_by(key, browse.cancel(id))

        seen = await house.pool.run(end)
        if seen.state != "cancelled":
            raise Refusal(409, "api.state", f"The request has ended already: it is {seen.state}.")
        return done(whole_request_said(seen))

    @found.post(
        f"{PATH}/{{id}}/retry",
        status_code=202,
        summary="Try a failed request again",
        operation_id="retryRequest",
        response_model=None,
        description="What failed stays as it is; the same profile is handed in again as a new request, once.",
        responses=answers(
            (202, HandedSaid, "The new request."),
            (200, HandedSaid, "It was tried again before: that request."),
            problems=(404, 409, 410),
        ),
        openapi_extra=with_key("submit"),
    )
    async def retry(request: Request, id: RequestId, key: Annotated[ApiKey, Depends(submits)]) -> Response:
        def prepare() -> Submission:
            seen_by(key, browse.request(id))
            failed = browse.failed(id)
            if failed is None:
                raise not_there()
            return replace(house.entry.again(id, failed), trace=request.scope["state"]["trace"])

        return handed_response(house, await house.desk.put(await house.pool.run(prepare)))

    return found


def seen_by(key: ApiKey, found: SeenRequest | None) -> SeenRequest:
    """A request that a key sees. Raises the same Refusal 404 for one of another template and for none."""
    if found is None or not key.may_use(found.template):
        raise not_there("There is no such request.")
    return found
