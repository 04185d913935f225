"""A stored file as an answer: whole or a part of it (RFC 9110, section 14), by its digest, as a download."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from renderer.api.log import calls
from renderer.api.pool import Pool
from renderer.api.problems import Refusal, call_of, files_gone
from renderer.bootstrap import Services
from renderer.errors import EnvironmentFault
from renderer.installation import MARKER
from renderer.ledger.model import Produced, request_of_key

PIECE = 2**18

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


async def file_response(
    request: Request,
    services: Services,
    pool: Pool,
    file: Produced,
    more: Mapping[str, str] | None = None,
    *,
    inline: bool = False,
) -> Response:
    """The answer with a file, or 304, 206 or a Refusal 416, as the call's headers ask. It has ``more`` headers, and is
    to be saved unless it is ``inline``. For HEAD nothing is read. Raises as :func:`expected`."""
    etag = f'"{file.sha256}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache", **(more or {})}
    if not inline:
        headers["Content-Disposition"] = f'attachment; filename="{file_name(file.path)}"'
    if matches(request, etag):
        return Response(status_code=304, headers=headers)
    head = bool(request.scope["state"].get("head"))
    part = None if head else _part(request, etag, file.bytes)  # Range is defined for GET alone (section 14.2)
    start, end = part or (0, file.bytes)
    opened = await pool.run(_opened, services, file, call_of(request), head)
    headers["Content-Length"] = str(end - start)
    if opened is None:
        return Response(status_code=200, headers=headers, media_type=_media_type(file))
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.bytes}"
    return StreamingResponse(
        _pieces(pool, opened, start, end), 200 if part is None else 206, headers, media_type=_media_type(file)
    )


def _opened(services: Services, file: Produced, call: str, head: bool) -> BinaryIO | None:
    with expected(services, file, call):
        if not head:
            return services.store.open(file.key)
        if services.store.stat(file.key) is None:
            raise EnvironmentFault("store.missing", "A file that the ledger names is not in the store.")
        return None


@contextmanager
def expected(services: Services, file: Produced, call: str) -> Iterator[None]:
    """A block that takes a file from the store, which should have it.

    Raises a Refusal 410 when the file is not kept any more (it may have gone since the ledger was asked), a Refusal 404
    when it has been lost, which asking again does not mend, and EnvironmentFault when the store cannot be used.
    """
    try:
        yield
    except EnvironmentFault as error:
        if error.code != "store.missing" or services.store.stat(MARKER) is None:  # of an unmounted disk all is missing
            raise
        seen = services.browse.request(request_of_key(file.key))
        if seen is None or seen.gone:
            raise files_gone() from error
        calls.error("file missing", call=call, code=error.code)
        raise Refusal(
            404,
            error.code,
            "The file was made, but the store has lost it.",
            hint="Have it put back from a backup, or hand the request in again under another name.",
        ) from error


def matches(request: Request, etag: str) -> bool:
    """Whether the client says that it has what is under this tag."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    return given.strip() == "*" or etag in {one.strip().removeprefix("W/") for one in given.split(",")}


def file_name(path: str) -> str:
    """A name to save a file under: of letters that no header and no system minds."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", path).strip(".-") or "file"


def _media_type(file: Produced) -> str:
    return (
        file.media_type
        if re.fullmatch(r"[\w.+-]+/[\w.+-]+(; ?[\w=.+ -]+)?", file.media_type)
        else "application/octet-stream"
    )


def _part(request: Request, etag: str, size: int) -> tuple[int, int] | None:
    """First byte and end of the part that is asked for; None for the whole. Several parts at once are not offered, and
    what cannot be read counts for nothing, as the RFC says."""
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None or not any(found.groups()):
        return None
    condition = request.headers.get("if-range")
    if condition is not None and condition.strip() != etag:
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < int(first):
            return None
    if start >= end or start >= size:
        raise Refusal(416, "api.range", "The file is not so long.", headers={"Content-Range": f"bytes */{size}"})
    return start, end


async def _pieces(pool: Pool, file: BinaryIO, start: int, end: int) -> AsyncIterator[bytes]:
    """The bytes from ``start`` to before ``end``; the file is closed after it, also when nobody wants more."""

    def begin() -> None:
        if file.seekable():
            file.seek(start)
            return
        left = start
        while left and (passed := file.read(min(PIECE, left))):
            left -= len(passed)

    left = end - start
    try:
        await pool.run(begin)
        while left and (data := await pool.run(file.read, min(PIECE, left))):
            left -= len(data)
            yield data
    finally:
        # Not here: a read of a call that was cut off may wait for a store still, and closing waits for it.
        asyncio.get_running_loop().run_in_executor(None, file.close)
