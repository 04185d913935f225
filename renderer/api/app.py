"""The application: every address, every error as a problem, and its description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from renderer import __version__
from renderer.api.gate import RECORD_BODY, Gate
from renderer.api.house import House
from renderer.api.keys import SCOPES
from renderer.api.log import calls, fault
from renderer.api.operate.app import Beside, make_operate
from renderer.api.operate.room import Room
from renderer.api.problems import Problem, Refusal, call_of, of_arguments, of_status, problem_response, to_log
from renderer.api.routes import artefacts, requests, runs, service, submissions, templates
from renderer.bootstrap import Services
from renderer.errors import DearlyError
from renderer.tracing import NO_TRACES, Traces

TITLE = "Dearly"
ABOUT = """\
Hand requests in, see what becomes of them, fetch what was made. `docs/http.md` leads from a key to a file.

Every error is `application/problem+json` (RFC 9457) with a `code` of `docs/errors.md`. Nothing of a profile comes back
in an answer. Every GET of JSON has an `ETag`. Answers to calls with a key carry `RateLimit` headers.
"""


def make_app(services: Services, traces: Traces = NO_TRACES, service: Callable[[], bool] = lambda: False) -> ASGIApp:
    """The API as an ASGI application, with the operators' page beside it. ``service`` says whether a supervisor runs on
    this home."""
    app, house = build_app(services)
    room = Room(house, service)
    house.closing.append(room.close)
    both = Beside(app, make_operate(room))
    return Gate(both, {submissions.PATH: RECORD_BODY, submissions.STREAM_PATH: None}, traces)


def build_app(services: Services) -> tuple[FastAPI, House]:
    """The API without its gate, and what its routes share."""
    house = House(services)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        house.close()

    app = FastAPI(
        title=TITLE,
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=life,
    )

    @cache
    def description() -> bytes:
        return json.dumps(describe(app), ensure_ascii=False).encode()

    routers = (
        submissions.router(house),
        requests.router(house),
        artefacts.router(house),
        runs.router(house),
        templates.router(house),
        service.router(house, description),
    )
    for made in routers:
        app.include_router(made)

    @app.exception_handler(DearlyError)
    async def ours(request: Request, error: DearlyError) -> Response:
        if (why := to_log(error)) is not None:
            calls.error("cannot now", call=call_of(request), **why)
        return problem_response(call_of(request), error)

    @app.exception_handler(HTTPException)
    async def status(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:  # the framework names those of one route of this address only
            headers["Allow"] = ", ".join(sorted(methods(routers, request.scope["path"])))
        return problem_response(call_of(request), of_status(error.status_code, headers))

    @app.exception_handler(RequestValidationError)
    async def arguments(request: Request, error: RequestValidationError) -> Response:
        return problem_response(call_of(request), of_arguments(error.errors()))

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        calls.error("call broke", call=call_of(request), **fault(error))
        return problem_response(
            call_of(request), Refusal(500, "api.fault", "Something unexpected went wrong. The log has this call.")
        )

    return app, house


def methods(routers: Iterable[APIRouter], path: str) -> set[str]:
    """The methods that an address takes."""
    found: set[str] = set()
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.path_regex.fullmatch(path):
                found |= route.methods or set()
    return found | ({"HEAD"} if "GET" in found else set())


def describe(app: FastAPI) -> dict[str, Any]:
    """The description (OpenAPI 3.1) of the application."""
    found = get_openapi(title=TITLE, version=__version__, description=ABOUT, routes=app.routes)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for name in ("HTTPValidationError", "ValidationError"):  # the framework's own, which no answer is
        schemas.pop(name, None)
    found["components"]["securitySchemes"] = {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "dearly_<id>_<secret>",
            "description": "A key of `dearly key create`. Scopes: "
            + "; ".join(f"`{name}`: {words}" for name, words in SCOPES.items())
            + ".",
        }
    }
    for path in found["paths"].values():
        for operation in path.values():
            for status_, answer in operation["responses"].items():
                answer.setdefault("headers", {}).update(_headers(status_, operation))
    return found


def _headers(status: str, operation: dict[str, Any]) -> dict[str, Any]:
    """The headers that every answer has, and those that go with its status."""

    def text(words: str) -> dict[str, Any]:
        return {"description": words, "schema": {"type": "string"}}

    found = {"X-Request-Id": text("This very call, as the log has it.")}
    if operation.get("security"):
        found["RateLimit"] = text("Calls that are left to the key, and the seconds until all are.")
    if status in ("429", "503"):
        found["Retry-After"] = text("Seconds.")
    if status == "401":
        found["WWW-Authenticate"] = text("`Bearer`, and what is wrong with the key.")
    if status in ("200", "202") and operation["operationId"] in ("submit", "retryRequest"):
        found["Location"] = text("Where to ask for the request.")
    if "304" in operation["responses"] and status == "200":
        found["ETag"] = text("A tag of what is said, for If-None-Match.")
    return found
