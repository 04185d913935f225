"""Answers that wait for a client that does not read them yet.

Most HTTP clients send all of a body before they read the first byte of the answer. If answers were held back in the
connection, such a client would wait for the server, and the server for the client, for ever. So answers wait here: a
little in memory, the rest in a file that has no name, and the stream goes on being read.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from types import TracebackType

IN_MEMORY = 2**18
MOST = 2**30
"""Bytes that may wait, unless the body that they answer has more: then so many. A client that sends ten million lines
before it reads must not be waited for by whom it waits for."""
PIECE = 2**16


class Spool:
    """Bytes go in at one end and come out at the other, in one event loop."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115 (closed with the spool)
        self._read = 0
        self._written = 0
        self._closed = False
        self._changed = asyncio.Condition()

    async def put(self, data: bytes, most: int | None = None, patience_s: float | None = None) -> None:
        """Keep some bytes; waits while ``most`` or more are there. Raises TimeoutError when none of them is read for
        so long."""
        async with self._changed:
            while most is not None and self._written - self._read >= most:
                async with asyncio.timeout(patience_s):
                    await self._changed.wait()  # for the reading end: nobody else changes anything meanwhile
            self._file.seek(self._written)
            self._file.write(data)
            self._written += len(data)
            self._changed.notify_all()

    async def end(self) -> None:
        """Say that nothing more comes."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()

    async def get(self) -> bytes:
        """The next bytes; none when there are no more and none will come."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._closed or self._written > self._read)
            self._file.seek(self._read)
            data: bytes = self._file.read(PIECE)
            self._read += len(data)
            if self._read == self._written:  # all of it is read: begin again at the start
                self._read = self._written = 0
                self._file.seek(0)
                self._file.truncate()
            self._changed.notify_all()
            return data

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
