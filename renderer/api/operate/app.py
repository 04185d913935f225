"""The operators' page as an application beside the API: its errors are pages, and it stands in no description."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from renderer.api.log import calls, fault
from renderer.api.operate.doorman import SignedOut
from renderer.api.operate.pages import PREFIX
from renderer.api.operate.room import Room
from renderer.api.operate.routes import decisions, entrance, overview, releases, requests, runs
from renderer.api.problems import RETRY_S, Refusal, call_of, detail_of, of_arguments, of_status, status_of
from renderer.errors import CODES, DearlyError, ErrorList, TemplateError


def make_operate(room: Room) -> FastAPI:
    """The application. Its addresses begin with the prefix."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for made in (entrance, overview, runs, decisions, requests, releases):
        app.include_router(made.router(room))

    def told(request: Request, error: DearlyError) -> Response:
        status = status_of(error)
        headers = dict(error.headers) if isinstance(error, Refusal) else {}
        if status == 503:
            headers.setdefault("Retry-After", str(RETRY_S))
        first = detail_of(error.errors[0] if isinstance(error, ErrorList) else error)
        if isinstance(error, TemplateError):  # its message may name an author's file
            first = first.model_copy(update={"message": "The template is not in order.", "hint": None})
        answer = room.pages.show(
            request,
            "fault.html",
            status=status,
            detail=first,
            title=CODES[first.code],
            call=call_of(request),
            number=status,
        )
        answer.headers.update(headers)
        return answer

    @app.exception_handler(SignedOut)
    async def out(request: Request, error: SignedOut) -> Response:
        # What a page asks for beside itself gets no other page in its place.
        opened = request.headers.get("sec-fetch-dest", "document") in ("document", "empty")
        if request.method == "GET" and opened and not request.scope["path"].startswith(f"{PREFIX}/samples/"):
            return room.pages.go(entrance.sign_in_first(request))
        return told(request, error)

    @app.exception_handler(DearlyError)
    async def ours(request: Request, error: DearlyError) -> Response:
        return told(request, error)

    @app.exception_handler(HTTPException)
    async def status(request: Request, error: HTTPException) -> Response:
        return told(request, of_status(error.status_code, dict(error.headers or {})))

    @app.exception_handler(RequestValidationError)
    async def arguments(request: Request, error: RequestValidationError) -> Response:
        faults = error.errors()
        if any("path" in fault["loc"][:1] for fault in faults):  # an id that is none names nothing
            return told(request, of_status(404))
        return told(request, of_arguments(faults))

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        calls.error("call broke", call=call_of(request), **fault(error))
        return told(request, Refusal(500, "api.fault", "Something unexpected went wrong. The log has this call."))

    return app


class Beside:
    """Two applications at one address: the pages under their prefix, the API everywhere else."""

    def __init__(self, api: ASGIApp, operate: ASGIApp) -> None:
        self._api = api
        self._operate = operate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and (scope["path"] == PREFIX or scope["path"].startswith(f"{PREFIX}/"))
        await (self._operate if ours else self._api)(scope, receive, send)
