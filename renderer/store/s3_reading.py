"""A stored file as a stream: read piece by piece, from any place, and never short.

The first piece comes with the opening: most files are no longer, and then the connection is free again at once. What
is further on is asked for from where the reader stands. A connection that breaks is made anew from there; that the file
is still the same one is asked with it (``If-Match``).
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from renderer.errors import EnvironmentFault
from renderer.store.s3_client import Refusal, answers, faults

FIRST_BYTES = 128 * 1024
BUFFER_BYTES = 256 * 1024
TRIES = 3
"""How often a connection may break without having brought anything. One that cannot be made is not made again: the
client has tried as often as it should."""
PAUSE_S = 0.2

Get = Callable[..., Any]
"""``get_object`` for one file, but for range and condition."""


def opened(get: Get) -> io.BufferedReader:
    """The file that ``get`` reads. Raises EnvironmentFault, ``store.missing`` when it is not there; so does reading."""
    return io.BufferedReader(_Stored(get), BUFFER_BYTES)


class _Stored(io.RawIOBase):
    def __init__(self, get: Get) -> None:
        super().__init__()
        self._get = get
        self._at = 0
        self._body: Any = None  # of an answer, standing at `_at`
        self._first, self._size, self._tag = self._look()

    def _look(self) -> tuple[bytes, int, str]:
        """The first piece, the size of the whole, and the tag of what it is."""
        for turn in range(TRIES):
            _pause(turn)
            answer = self._begin()
            # "bytes 0-131071/4000000". A store that knows no ranges gives all of it, and its length.
            whole = str(answer.get("ContentRange", "")).rpartition("/")[2]
            size = int(whole) if whole.isdecimal() else int(answer["ContentLength"])
            with answer["Body"] as body:
                first = _piece(body, FIRST_BYTES)
            if len(first) == min(size, FIRST_BYTES):
                return first, size, str(answer.get("ETag", ""))
        raise _broken()

    def _begin(self) -> Any:
        try:
            with answers():
                return self._get(Range=f"bytes=0-{FIRST_BYTES - 1}")
        except Refusal as refusal:
            if refusal.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise refusal.fault from refusal.__cause__
        with faults():
            return self._get()  # no byte of an empty file can be asked for by its number

    # ---- What a raw stream does

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        place = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset
        if place < 0:
            raise ValueError("before the beginning of the file")
        if place != self._at:
            self._at = place
            self._let_go()
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = memoryview(buffer).cast("B")
        if self._at >= self._size or not wanted:
            return 0
        if self._at < len(self._first):
            piece = self._first[self._at : self._at + len(wanted)]
        else:
            piece = self._further(min(len(wanted), self._size - self._at))
        wanted[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._let_go()
        super().close()

    # ---- Beyond the first piece

    def _further(self, count: int) -> bytes:
        """So many bytes from where we stand, or fewer, but at least one."""
        for turn in range(TRIES):
            _pause(turn)
            if self._body is None:
                self._body = self._ask()
            if piece := _piece(self._body, count):
                return piece
            self._let_go()  # it ended before the file does
        raise _broken()

    def _ask(self) -> Any:
        condition = {"IfMatch": self._tag} if self._tag else {}
        try:
            with answers():
                answer = self._get(Range=f"bytes={self._at}-", **condition)
        except Refusal as refusal:
            if refusal.status == HTTPStatus.PRECONDITION_FAILED:
                raise EnvironmentFault(
                    "environment.store",
                    "A file was changed in the store while it was read.",
                    hint="Only Dearly may write under its prefix: see who else does.",
                ) from refusal.__cause__
            raise refusal.fault from refusal.__cause__
        body = answer["Body"]
        if not str(answer.get("ContentRange", "")).startswith(f"bytes {self._at}-"):  # it is all of the file
            left = self._at
            while left and (passed := _piece(body, min(left, BUFFER_BYTES))):
                left -= len(passed)
        return body

    def _let_go(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            with suppress(Exception):  # it is of no use any more
                body.close()


def _piece(body: Any, count: int) -> bytes:
    """Up to so many bytes of an answer; none when its connection broke."""
    try:
        with faults():
            piece: bytes = body.read(count)
            return piece
    except EnvironmentFault:
        return b""


def _pause(turn: int) -> None:
    if turn:
        time.sleep(PAUSE_S * 2**turn)


def _broken() -> EnvironmentFault:
    return EnvironmentFault(
        "environment.store",
        "The store ends in the middle of a file, again and again.",
        hint="It is asked again by itself. If it stays so, look at the store and what is before it.",
    )
