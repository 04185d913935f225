"""A stored file as an answer: whole or a part of it (RFC 9110, section 14), by its digest, as a download."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from renderer.api.pool import Pool
from renderer.api.problems import Refusal
from renderer.ledger.model import Produced
from renderer.store.base import Store

PIECE = 2**18

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


async def file_response(
    request: Request,
    store: Store,
    pool: Pool,
    file: Produced,
    more: Mapping[str, str] | None = None,
    *,
    inline: bool = False,
) -> Response:
    """The answer with a file, or 304, 206 or a Refusal 416, as the call's headers ask. It has ``more`` headers, and is
    to be saved unless it is ``inline``. Raises EnvironmentFault."""
    etag = f'"{file.sha256}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache", **(more or {})}
    if not inline:
        headers["Content-Disposition"] = f'attachment; filename="{file_name(file.path)}"'
    if matches(request, etag):
        return Response(status_code=304, headers=headers)
    part = _part(request, etag, file.bytes)
    start, end = part or (0, file.bytes)
    opened: BinaryIO = await pool.run(store.open, file.key)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.bytes}"
    return StreamingResponse(
        _pieces(pool, opened, start, end), 200 if part is None else 206, headers, media_type=_media_type(file)
    )


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
