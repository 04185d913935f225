"""Signing in and out, and what pages are dressed with."""

import re
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Request, Response

from renderer.api.operate.doorman import Posted, fields_of
from renderer.api.operate.pages import PREFIX
from renderer.api.operate.room import Room
from renderer.api.problems import Refusal, not_there

SIGN_IN = f"{PREFIX}/sign-in"
_OURS = re.compile(rf"{PREFIX}(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*(\?[A-Za-z0-9._&=%-]*)?")
"""Where one may be led after signing in: to a page of ours and nowhere else."""


def router(room: Room) -> APIRouter:
    """The addresses of the entrance."""
    found = APIRouter()
    doorman, pages = room.doorman, room.pages
    signed_in = doorman.posts()

    @found.get(SIGN_IN)
    async def ask(request: Request, to: str = "") -> Response:
        if await doorman.visitor(request) is not None:
            return pages.go(_place(to))
        return pages.show(request, "sign-in.html", to=_place(to), fault=None)

    @found.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        doorman.check_place(request)
        fields = await fields_of(request)
        to = _place(fields.get("to", ""))
        try:
            session = await doorman.sign_in(request, fields.get("key", "").strip())
        except Refusal as error:
            answer = pages.show(request, "sign-in.html", status=error.status, to=to, fault=error)
            answer.headers.update(error.headers)
            return answer
        answer = pages.go(to)
        doorman.remember(answer, session)
        return answer

    @found.post(f"{PREFIX}/sign-out")
    async def sign_out(posted: Annotated[Posted, Depends(signed_in)]) -> Response:
        answer = pages.go("/sign-in")
        await doorman.end(answer, posted.visitor.session)
        return answer

    @found.get(f"{PREFIX}/sheets/{{digest}}/{{name}}")
    async def sheet(digest: Annotated[str, Path(max_length=32)], name: Annotated[str, Path(max_length=32)]) -> Response:
        kept = await room.pool.run(room.sheets.get, digest, name)
        if kept is None:
            raise not_there()
        data, media_type = kept
        return Response(data, 200, {"Cache-Control": "public, max-age=31536000, immutable"}, media_type)

    return found


def sign_in_first(request: Request) -> str:
    """Where one who is not signed in is led, below the prefix: back to this page afterwards."""
    query = request.scope["query_string"].decode("latin-1")
    wanted = request.scope["path"] + (f"?{query}" if query else "")
    return "/sign-in" + (f"?to={quote(wanted, safe='')}" if _OURS.fullmatch(wanted) and wanted != PREFIX else "")


def _place(to: str) -> str:
    """A page of ours, below the prefix."""
    if len(to) > 300 or not _OURS.fullmatch(to) or to.startswith((SIGN_IN, f"{PREFIX}/sign-out")):
        return ""
    return to.removeprefix(PREFIX)
