"""One request: its state, its parts, every try, and what was made, in view."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from renderer.api.files import expected, file_response
from renderer.api.model import ID
from renderer.api.operate.doorman import SignedOut, Visitor
from renderer.api.operate.pages import PREFIX
from renderer.api.operate.paper import SMALL, WIDTH, page_count, page_picture
from renderer.api.operate.room import Room
from renderer.api.operate.run_view import SAMPLE
from renderer.api.pages import CURSOR
from renderer.api.problems import call_of, files_gone, not_there
from renderer.ledger.key_ring import ApiKey
from renderer.ledger.model import STATES, Produced, State
from renderer.ledger.seen import Sampled, SeenRequest

PATH = f"{PREFIX}/requests"
PAGE = 50
LISTED = tuple(state for state in STATES if state != "dispatched")
"""States to choose from: only parts are dispatched."""
REFRESH_S = 3
MOST_PAPER = 6
"""Pages of a statement that are shown as pictures."""
SCOPE = "artefacts"
PERSONAL = "private, no-store"

_SAMPLE_POLICY = (
    "sandbox; default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self' data:; media-src 'self' data:; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_SAMPLE_HEADERS = {
    "Content-Security-Policy": _SAMPLE_POLICY,
    # A sandboxed page is of no origin, so its own files are another's to it and come without a cookie: for them the
    # ticket in the address is what counts.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Frame-Options": "SAMEORIGIN",
}

_DRAWN_WITH = ("text/css", "text/vtt", "image/", "font/", "audio/", "video/")
"""Media types that a page loads by itself. Anything else is opened by somebody, whose browser shows the session."""

RequestId = Annotated[str, Path(pattern=ID)]


def router(room: Room) -> APIRouter:
    """The addresses of requests."""
    found = APIRouter()
    reads, opens = room.doorman.needs(), room.doorman.needs(SCOPE)
    services = room.services
    browse, store = services.browse, services.store

    @found.get(PATH)
    async def listed(
        request: Request,
        visitor: Annotated[Visitor, Depends(reads)],
        run: Annotated[str | None, Query(pattern=ID)] = None,
        state: Annotated[State | None, Query()] = None,
        after: Annotated[str | None, Query(pattern=CURSOR)] = None,
    ) -> Response:
        below = room.house.cursors.read(after)
        page = await room.pool.run(
            lambda: browse.requests(limit=PAGE, below=below, state=state, run=run, templates=visitor.key.templates)
        )
        following = None if page.below is None else room.house.cursors.write(page.below)
        return room.pages.show(
            request, "requests.html", items=page.items, run=run, state=state, states=LISTED, following=following,
            first=after is None,
        )  # fmt: skip

    @found.get(f"{PATH}/{{id}}")
    async def one(request: Request, id: RequestId, visitor: Annotated[Visitor, Depends(reads)]) -> Response:
        looks = visitor.may(SCOPE)

        def look() -> dict[str, Any]:
            seen = _seen(visitor.key, browse.request(id))
            run = browse.run(seen.run_id)
            if run is not None and not visitor.key.may_use(run.template):
                run = None
            record = browse.record(id)
            beside: tuple[Sampled, ...] = ()
            if record and run is not None:
                beside, _ = browse.sample(run.id, limit=SAMPLE, upto=run.hold_after)
            files = browse.files(id) if looks else ()
            return {
                "seen": seen,
                "run": run,
                "record": record,
                "beside": beside if any(one.request.id == id for one in beside) else (),
                "attempts": browse.attempts(id),
                "files": files,
                "papers": [
                    (file, page_count(store, file.key))
                    for file in files
                    if file.kind == "pdf" and file.path.startswith("statement/")
                ],
            }

        data = await room.pool.run(look)
        page = next((file for file in data["files"] if file.kind == "page"), None)
        return room.pages.show(
            request,
            "request.html",
            shows=looks,
            refresh_s=REFRESH_S if data["seen"].finished_ms is None else 0,
            page=page,
            ticket=None if page is None else room.sessions.ticket(visitor.session, id),
            films=_films(data["files"]),
            captions=next((file for file in data["files"] if file.kind == "captions"), None),
            most_paper=MOST_PAPER,
            looks=looks,
            **data,
        )

    def chosen(key: ApiKey, id: str, path: str) -> Produced:
        seen = _seen(key, browse.request(id))
        if seen.gone:
            raise files_gone()
        file = browse.file(id, path)
        if file is None:
            raise not_there("The request has no such file, or not yet.")
        return file

    @found.get(f"{PATH}/{{id}}/files/{{path:path}}")
    async def file(
        request: Request,
        id: RequestId,
        path: Annotated[str, Path(max_length=400)],
        visitor: Annotated[Visitor, Depends(opens)],
    ) -> Response:
        wanted = await room.pool.run(chosen, visitor.key, id, path)
        return await file_response(request, services, room.pool, wanted, {"Cache-Control": PERSONAL})

    @found.get(f"{PATH}/{{id}}/paper/{{number}}/{{path:path}}")
    async def paper(
        request: Request,
        id: RequestId,
        number: Annotated[int, Path(ge=1, le=10_000)],
        path: Annotated[str, Path(max_length=400)],
        visitor: Annotated[Visitor, Depends(opens)],
        small: Annotated[bool, Query()] = False,
    ) -> Response:
        wanted = await room.pool.run(chosen, visitor.key, id, path)
        width = SMALL if small else WIDTH

        def drawn() -> bytes | None:
            with expected(services, wanted, call_of(request)):
                return page_picture(store, wanted.key, number, width) if wanted.kind == "pdf" else None

        picture = await room.pool.run(drawn)
        if picture is None:
            raise not_there("There is no such page.")
        return Response(picture, 200, {"Cache-Control": PERSONAL}, "image/png")

    @found.get(f"{PREFIX}/samples/{{ticket}}/{{path:path}}")
    async def sample(
        request: Request, ticket: Annotated[str, Path(max_length=600)], path: Annotated[str, Path(max_length=400)]
    ) -> Response:
        said = room.sessions.read_ticket(ticket)
        key = None if said is None else await room.doorman.key_of(said.session)
        if said is None or key is None or SCOPE not in key.scopes:
            raise SignedOut
        room.house.doorkeeper.count(request, key)
        if not path.startswith("microsite/"):
            raise not_there()
        wanted = await room.pool.run(chosen, key, said.request_id, path)
        if not wanted.media_type.startswith(_DRAWN_WITH) and not room.doorman.shows(request, said.session):
            raise SignedOut
        headers = {"Cache-Control": PERSONAL, **_SAMPLE_HEADERS}
        return await file_response(request, services, room.pool, wanted, headers, inline=True)

    return found


def _films(files: Sequence[Produced]) -> list[tuple[Produced, str | None]]:
    """The films with their posters. (A page carries copies of them.)"""
    there = {file.path for file in files}
    found: list[tuple[Produced, str | None]] = []
    for file in files:
        if file.kind == "mp4" and file.path.startswith("video/"):
            poster = file.path.replace("/film", "/poster").removesuffix(".mp4") + ".jpg"
            found.append((file, poster if poster in there else None))
    return found


def _seen(key: ApiKey, found: SeenRequest | None) -> SeenRequest:
    if found is None or not key.may_use(found.template):
        raise not_there("There is no such request.")
    return found
