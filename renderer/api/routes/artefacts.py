"""Files of requests: which there are, downloads with a key, and links for those who have none."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from renderer.api.bodies import body_of
from renderer.api.described import answers, body, with_key
from renderer.api.files import file_response
from renderer.api.house import House
from renderer.api.links import LONGEST_S, TOKEN
from renderer.api.model import FilesSaid, LinkSaid, LinksSaid, file_said
from renderer.api.offers import read_body
from renderer.api.pages import done, said
from renderer.api.problems import Refusal, files_gone, not_there
from renderer.api.routes.requests import RequestId, seen_by
from renderer.api.routes.submissions import PATH
from renderer.ledger.key_ring import ApiKey
from renderer.ledger.model import Produced
from renderer.ledger.seen import SeenRequest

LINKS_PATH = "/v1/links"
USUAL_S = 24 * 3600
_BYTES = {
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
}
_HEADERS = {
    "ETag": {"schema": {"type": "string"}, "description": "The file's SHA-256."},
    "Content-Disposition": {"schema": {"type": "string"}},
    "Accept-Ranges": {"schema": {"type": "string"}},
}
DOWNLOAD: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"*/*": _BYTES["application/octet-stream"]}, "headers": _HEADERS},
    206: {"description": "A part of it.", "content": {"*/*": _BYTES["application/octet-stream"]}, "headers": _HEADERS},
    304: {"description": "What the client has is what there is."},
}
_LINKS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "paths": {
            "type": ["array", "null"],
            "items": {"type": "string", "maxLength": 400},
            "minItems": 1,
            "maxItems": 200,
            "description": "Paths of its files; without it, all of them.",
        },
        "expires_in_s": {"type": "integer", "minimum": 1, "maximum": LONGEST_S, "default": USUAL_S},
    },
}


def router(house: House) -> APIRouter:
    """The addresses of files."""
    found = APIRouter(tags=["artefacts"])
    opens = house.doorkeeper.needs("artefacts")
    browse = house.services.browse

    def files_of(key: ApiKey, id: str) -> tuple[SeenRequest, tuple[Produced, ...]]:
        return seen_by(key, browse.request(id)), browse.files(id)

    @found.get(
        f"{PATH}/{{id}}/artefacts",
        summary="List a request's files",
        operation_id="listArtefacts",
        response_model=None,
        responses=answers((200, FilesSaid, "The files of its channels that are done."), problems=(404,), tagged=True),
        openapi_extra=with_key("artefacts"),
    )
    async def listed(request: Request, id: RequestId, key: Annotated[ApiKey, Depends(opens)]) -> Response:
        _, files = await house.pool.run(files_of, key, id)
        return said(request, FilesSaid(items=tuple(file_said(house.base, id, file) for file in files)))

    @found.get(
        f"{PATH}/{{id}}/artefacts/{{path:path}}",
        summary="Download a file",
        operation_id="getArtefact",
        response_model=None,
        description="Takes `Range`, `If-Range` and `If-None-Match`; the tag is the file's SHA-256.",
        responses={**answers(problems=(404, 410, 416)), **DOWNLOAD},
        openapi_extra=with_key("artefacts"),
    )
    async def file(
        request: Request,
        id: RequestId,
        path: Annotated[str, Path(max_length=400, description="As the list of its files has it.")],
        key: Annotated[ApiKey, Depends(opens)],
    ) -> Response:
        seen, files = await house.pool.run(files_of, key, id)
        return await file_response(request, house.services, house.pool, _chosen(seen, files, path))

    @found.post(
        f"{PATH}/{{id}}/links",
        summary="Make links to files",
        operation_id="createLinks",
        response_model=None,
        description="Each opens one file without a key until its time is over, the key that made it is revoked, or the "
        "file is removed. Opening it changes nothing.",
        responses=answers((200, LinksSaid, "The links."), problems=(400, 404, 409, 410)),
        openapi_extra={
            **with_key("artefacts"),
            **body(
                ("application/json",),
                _LINKS,
                {"paths": ["statement/statement.pdf"], "expires_in_s": 3600},
                required=False,
            ),
        },
    )
    async def links(request: Request, id: RequestId, key: Annotated[ApiKey, Depends(opens)]) -> Response:
        data = await body_of(request, "application/json", required=False)
        paths, seconds = _asked(read_body(data) if data else {})
        seen, files = await house.pool.run(files_of, key, id)
        if not files and not seen.gone:
            raise Refusal(409, "api.state", f"The request has no files: it is {seen.state}.")
        chosen = [_chosen(seen, files, path) for path in paths] if paths is not None else _all(seen, files)
        until_s = int(time.time()) + seconds
        base = house.services.settings.api_url.rstrip("/")
        return done(
            LinksSaid(
                items=tuple(
                    LinkSaid(
                        path=file.path,
                        url=f"{base}{LINKS_PATH}/{house.links.token(id, key.id, until_s, file.path)}",
                        expires_at=datetime.fromtimestamp(until_s, UTC),
                        media_type=file.media_type,
                        bytes=file.bytes,
                        sha256=file.sha256,
                    )
                    for file in chosen
                )
            )
        )

    @found.get(
        f"{LINKS_PATH}/{{token}}",
        summary="Open a link",
        operation_id="openLink",
        response_model=None,
        responses={**answers(problems=(404, 410, 416, 429), keyed=False), **DOWNLOAD},
        openapi_extra={"security": []},
    )
    async def linked(request: Request, token: Annotated[str, Path(pattern=TOKEN)]) -> Response:
        link = house.links.read(token, time.time())

        def look() -> tuple[SeenRequest | None, tuple[Produced, ...]]:
            if link is None or not house.keys.alive(link.key_id):
                return None, ()
            return browse.request(link.request_id), browse.files(link.request_id)

        seen, files = await house.pool.run(look)
        if seen is None or link is None:
            house.doorkeeper.missed(request)
            raise not_there("This link leads nowhere, or its time is over.")
        path = next((file.path for file in files if link.leads_to(file.path)), "")
        return await file_response(request, house.services, house.pool, _chosen(seen, files, path))

    return found


def _chosen(seen: SeenRequest, files: tuple[Produced, ...], path: str) -> Produced:
    if seen.gone:
        raise files_gone()
    for file in files:
        if file.path == path:
            return file
    raise Refusal(404, "api.path", "The request has no such file, or not yet.", field="path")


def _all(seen: SeenRequest, files: tuple[Produced, ...]) -> tuple[Produced, ...]:
    if seen.gone:
        raise files_gone()
    return files


def _asked(given: dict[str, Any]) -> tuple[list[str] | None, int]:
    for name in given:
        if name not in _LINKS["properties"]:
            raise Refusal(422, "api.body", "The object has a field that is not known.")
    paths, seconds = given.get("paths"), given.get("expires_in_s", USUAL_S)
    if paths is not None and not (
        isinstance(paths, list) and 1 <= len(paths) <= 200 and all(isinstance(path, str) for path in paths)
    ):
        raise Refusal(422, "api.body", "The paths are not a list of 1 to 200 texts.", field="paths")
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 1 <= seconds <= LONGEST_S:
        raise Refusal(422, "api.body", f"A link lasts 1 to {LONGEST_S} whole seconds.", field="expires_in_s")
    return paths, seconds
