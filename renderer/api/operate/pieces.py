"""Downloads that are made while they are sent: whatever their length, a piece of them is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from starlette.responses import StreamingResponse

from renderer.api.pool import Pool


async def pieces_response(pool: Pool, pieces: Iterator[str], media_type: str, name: str) -> StreamingResponse:
    """The answer with the pieces of a text. Raises what making the first one raises; whatever breaks after that cuts
    the connection, so that half of a file does not pass for the whole."""
    first = await pool.run(next, pieces, "")

    async def body() -> AsyncIterator[bytes]:
        piece: str | None = first
        while piece is not None:
            if piece:
                yield piece.encode("utf-8", "replace")
            piece = await pool.run(next, pieces, None)

    headers = {"Cache-Control": "private, no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body(), 200, headers, media_type)
