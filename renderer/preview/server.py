"""The studio over HTTP: its page and data on one port, the template's output, which runs nothing, on another."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from renderer.assets.fonts import FontRequest, FontSet, load_fonts
from renderer.errors import DearlyError, UsageError
from renderer.preview.faults import faults
from renderer.preview.gate import Gate, site_headers, studio_headers
from renderer.preview.lane import Unwanted
from renderer.preview.studio import Stale, Studio

PAGE = Path(__file__).with_name("page")
PAGE_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
              ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}  # fmt: skip
SITE_TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
              ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".woff2": "font/woff2"}  # fmt: skip
FILM = re.compile(r"film(?:-(\d+)x(\d+))?\.mp4")
HOST = "127.0.0.1"
UI_FONT = FontRequest("IBM Plex Sans", (400, 500, 600))


class Choice(BaseModel):
    """What a person chose for a view, beyond the record."""

    model_config = ConfigDict(extra="forbid")
    record: Annotated[int, Field(ge=1, le=100_000_000)]
    as_of: date | None = None
    locale: Annotated[str, Field(max_length=40)] | None = None
    format: Annotated[str, Field(max_length=20)] | None = None

    def chosen(self) -> dict[str, Any]:
        """As the arguments of a view."""
        return {"as_of": self.as_of, "locale": self.locale or None, "format": self.format or None}


class Asked(Choice):
    """A view with what its form holds; ``base`` names the view whose pictures the form kept."""

    sheet: Annotated[str, Field(max_length=11 * 2**20)] | None = None
    base: Annotated[str, Field(max_length=40)] | None = None


def studio_app(studio: Studio, fonts: Callable[[], FontSet], site_address: str) -> FastAPI:
    """The studio's own page and data."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/")
    async def index() -> Response:
        return FileResponse(PAGE / "index.html", media_type=PAGE_TYPES[".html"])

    @app.get("/page/{name}")
    async def part(name: str) -> Response:
        path = PAGE / name
        if path.parent != PAGE or path.suffix not in PAGE_TYPES or not path.is_file():
            return Response(status_code=404)
        return FileResponse(path, media_type=PAGE_TYPES[path.suffix])

    @app.get("/font/{weight}")
    async def font(weight: int) -> Response:
        try:
            found = await asyncio.to_thread(fonts)
        except DearlyError:
            return Response(status_code=404)
        face = next((face for face in found.faces if face.weight == weight), None)
        if face is None:
            return Response(status_code=404)
        return FileResponse(face.path, media_type="font/ttf", headers={"Cache-Control": "max-age=3600"})

    @app.get("/events")
    async def events() -> Response:
        async def stream() -> AsyncIterator[str]:
            async for event in studio.events():
                yield ": still here\n\n" if event is None else f"data: {json.dumps(event)}\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    @app.get("/api/state")
    @_answers(studio)
    async def state(request: Request) -> Any:
        return {**await studio.state(_there(request)), "site": site_address}

    @app.get("/api/people")
    @_answers(studio)
    async def people(
        request: Request, find: Annotated[str, Query(max_length=200)] = "", offset: Annotated[int, Query(ge=0)] = 0
    ) -> Any:
        del request
        return studio.people(find, offset)

    @app.get("/api/lint")
    @_answers(studio)
    async def lint(request: Request) -> Any:
        return await studio.lint(_there(request))

    @app.post("/api/view")
    @_answers(studio)
    async def view(request: Request, asked: Asked) -> Any:
        images = studio.images_of(asked.base) if asked.base else {}
        return await studio.open(asked.record, asked.sheet, images, asked.chosen(), _there(request))

    @app.post("/api/tile")
    @_answers(studio)
    async def tile(request: Request, choice: Choice) -> Any:
        made = await studio.tile(choice.record, choice.chosen(), _there(request))
        for still in made.get("video", ()):
            still["data"] = _data_uri(still["data"], "image/jpeg")
        if "statement" in made:
            made["statement"] = _data_uri(made["statement"], "image/png")
        return made

    @app.get("/api/view/{name}/film")
    @_answers(studio)
    async def film(request: Request, name: str) -> Any:
        return await studio.film(name, _there(request))

    @app.get("/api/view/{name}/site")
    @_answers(studio)
    async def site(request: Request, name: str) -> Any:
        return await studio.site(name, _there(request))

    @app.get("/api/view/{name}/paper")
    @_answers(studio)
    async def paper(request: Request, name: str) -> Any:
        return {key: value for key, value in (await studio.paper(name, _there(request))).items() if key != "path"}

    @app.get("/api/view/{name}/paper/{number}")
    @_answers(studio)
    async def paper_page(request: Request, name: str, number: int) -> Any:
        return Response(await studio.paper_page(name, number, _there(request)), media_type="image/png")

    @app.get("/api/view/{name}/statement.pdf")
    @_answers(studio)
    async def pdf(request: Request, name: str) -> Any:
        made = await studio.paper(name, _there(request))
        return FileResponse(made["path"], media_type="application/pdf", filename="statement.pdf")

    @app.get("/api/view/{name}/frame/{number}")
    @_answers(studio)
    async def frame(request: Request, name: str, number: int, exact: bool = False) -> Any:
        still = await studio.frame(name, number, exact, _there(request))
        headers = {
            "X-Frame-Number": str(still.number),
            "X-Frame-Digest": still.digest,
            "Server-Timing": f"compose;dur={still.compose_s * 1000:.1f}",
        }
        if exact:
            headers["Content-Disposition"] = f'attachment; filename="frame-{still.number:05}.png"'
        return Response(still.data, media_type=still.media_type, headers=headers)

    @app.post("/api/view/{name}/draft")
    @_answers(studio)
    async def begin_draft(request: Request, name: str) -> Any:
        del request
        await studio.draft(name)
        return {"ready": True}

    @app.get("/api/view/{name}/draft.mp4")
    @_answers(studio)
    async def draft(request: Request, name: str) -> Any:
        del request
        return FileResponse(await studio.draft(name), media_type="video/mp4")

    @app.get("/api/view/{name}/image/{image}")
    @_answers(studio)
    async def image(request: Request, name: str, image: str) -> Any:
        del request
        data = studio.image(name, image)
        return Response(data, media_type="image/png" if data.startswith(b"\x89PNG") else "image/jpeg")

    return app


def site_app(studio: Studio) -> FastAPI:
    """The microsites, read only, by names that cannot be guessed. Film and statement are made when they are opened."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/{name}/{file}")
    @_answers(studio)
    async def part(request: Request, name: str, file: str) -> Any:
        site = studio.sites.get(name)
        if site is None or file.startswith("."):
            return Response(status_code=404)
        film = FILM.fullmatch(file)
        if film is not None:
            shown = studio.in_format(site.view, f"{film[1]}:{film[2]}" if film[1] else None)
            return FileResponse(await studio.draft(shown), media_type="video/mp4")
        if file == "statement.pdf":
            made = await studio.paper(site.view, _there(request))
            return FileResponse(made["path"], media_type="application/pdf")
        path = site.folder / file
        if path.parent != site.folder or path.suffix not in SITE_TYPES or not path.is_file():
            return Response(status_code=404)
        return FileResponse(path, media_type=SITE_TYPES[path.suffix])

    return app


def _answers(studio: Studio) -> Callable[[Callable[..., Awaitable[Any]]], Callable[..., Awaitable[Any]]]:
    """Errors as answers: 422 with every fault, 409 for a view that the template has outlived."""

    def around(endpoint: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @wraps(endpoint)
        async def answered(*arguments: Any, **named: Any) -> Any:
            try:
                found = await endpoint(*arguments, **named)
                return found if isinstance(found, Response) else JSONResponse(found)
            except (Stale, Unwanted, asyncio.CancelledError):
                return JSONResponse({"stale": True, "revision": studio.revision}, 409)
            except (IndexError, KeyError):
                return JSONResponse({"errors": []}, 404)
            except Exception as error:  # a bug in an engine is shown like any fault: the studio stays up
                return JSONResponse({"errors": faults(error, studio.folder)}, 422)

        return answered

    return around


def _there(request: Request) -> Callable[[], Awaitable[bool]]:
    async def waiting() -> bool:
        return not await request.is_disconnected()

    return waiting


def _data_uri(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


# ---------------------------------------------------------------- running


@dataclass(frozen=True)
class Address:
    """Where the studio is. The address carries the token: it is for the person at this machine only."""

    url: str
    sockets: tuple[socket.socket, socket.socket]
    tokens: tuple[str, str]


def listen(port: int | None) -> Address:
    """Take two ports of this machine, the first of them ``port`` if one is asked for. Raises UsageError."""
    first = _socket(port or 0)
    second = _socket(0)
    tokens = (secrets.token_urlsafe(24), secrets.token_urlsafe(24))
    return Address(f"http://{HOST}:{first.getsockname()[1]}/{tokens[0]}/", (first, second), tokens)


async def serve(studio: Studio, address: Address, cache: Path, started: Callable[[], None] = lambda: None) -> None:
    """Serve until the process is asked to end (SIGINT, SIGTERM)."""
    ports = [one.getsockname()[1] for one in address.sockets]
    site_address = f"http://{HOST}:{ports[1]}/{address.tokens[1]}/"
    fonts = _Once(lambda: load_fonts([UI_FONT], cache / "fonts"))
    apps = (
        Gate(
            studio_app(studio, fonts, site_address), port=ports[0], token=address.tokens[0],
            headers=studio_headers(ports[1]), own_pages=True,
        ),
        Gate(
            site_app(studio), port=ports[1], token=address.tokens[1], headers=site_headers(ports[0]), own_pages=False,
        ),
    )  # fmt: skip
    servers = [_Server(uvicorn.Config(app, lifespan="off", ws="none", log_level="warning", access_log=False,
                                      server_header=False, proxy_headers=False, timeout_graceful_shutdown=1))
               for app in apps]  # fmt: skip

    async def stop() -> None:
        for server in servers:
            server.should_exit = True
        await studio.close()

    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: ending.append(asyncio.create_task(stop())))
    await studio.start()
    started()
    try:
        pairs = zip(servers, address.sockets, strict=True)
        await asyncio.gather(*(server.serve(sockets=[one]) for server, one in pairs))
    finally:
        await asyncio.gather(*ending)
        await studio.close()


class _Server(uvicorn.Server):
    """Leaves signals to :func:`serve`, since there are two."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Once:
    """Makes the interface's fonts when they are first asked for."""

    def __init__(self, make: Callable[[], FontSet]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: FontSet | None = None

    def __call__(self) -> FontSet:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


def _socket(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((HOST, port))
    except OSError as error:
        opened.close()
        raise UsageError(
            "usage.argument", f"Port {port} of this machine cannot be used: {error.strerror}.",
            hint="Name another one with --port, or leave it out for any that is free.",
        ) from error  # fmt: skip
    opened.listen(64)  # from now on: a browser that is quicker than the servers waits instead of being refused
    return opened
