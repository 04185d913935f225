"""Many requests as one stream of JSON Lines, answered line by line as another.

Reading, taking in and answering go on at the same time, and each waits for the next: what was read and not taken in is
never more than a few pieces of the body, so a stream of any length needs the same memory. A line counts once it is
whole and in the ledger; each has its own ``request_id``, so a stream that was cut can be sent again from its beginning.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from renderer.api.entry import Entry, Letter
from renderer.api.gate import RECORD_BODY, closing
from renderer.api.lines import Line, Splitter
from renderer.api.log import calls, fault
from renderer.api.offers import read_json, read_offer
from renderer.api.pool import Pool
from renderer.api.problems import Refusal, details_of, status_of, to_log
from renderer.api.spool import MOST, Spool
from renderer.errors import BadInput, DearlyError
from renderer.ledger.key_ring import ApiKey

MEDIA_TYPE = "application/jsonl"
MEDIA_TYPES = (MEDIA_TYPE, "application/x-ndjson", "application/jsonlines", "application/x-jsonlines")
AT_ONCE = 200
"""Lines taken in by one transaction."""
PIECES = 8
"""Pieces of the body that were read and not taken in."""
IDLE_S = 60.0
"""So long the client may send nothing, and, when all is answered or no more answers can wait, read nothing."""
TRIES = 3
"""How often a transaction is tried when the environment is at fault, a second apart."""

Answer: TypeAlias = dict[str, Any]
End: TypeAlias = Literal["whole", "cut", "slow"]
"""How a body ended: as it should, with the connection, or with a pause that was too long."""


class Taker:
    """Takes lines in and says what became of each. Blocks: for a pool's threads. ``stands`` says whether the key still
    opens something: a stream may last for hours."""

    def __init__(self, entry: Entry, key: ApiKey, stands: Callable[[], bool]) -> None:
        self._entry = entry
        self._key = key
        self._stands = stands

    def take(self, lines: Sequence[Line]) -> list[Answer]:
        """What became of each line, in their order. Raises EnvironmentFault, and then a part may be in: it is known
        when it comes again; and a Refusal 401 when the key has ended since."""
        if not self._stands():
            raise Refusal(401, "api.key", "The API key opens nothing any more.", hint="Send the rest with another one.")
        names: list[str | None] = []
        letters: list[Letter | Exception] = []
        for line in lines:
            name, letter = self._letter(line)
            names.append(name)
            letters.append(letter)
        answers = []
        for line, name, result in zip(lines, names, self._entry.hand_in(letters), strict=True):
            if isinstance(result, BadInput):
                answers.append(_refused(line, name, result))
            elif isinstance(result, Exception):
                raise result
            else:
                answers.append(_taken(line, name, "accepted" if result.answer == "new" else "known", result.id))
        return answers

    def _letter(self, line: Line) -> tuple[str | None, Letter | Exception]:
        """The name that stands on a line, and its request or what is wrong with it."""
        name: str | None = None
        try:
            if line.data is None:
                raise Refusal(413, "api.too-large", f"The line has more than {RECORD_BODY // 2**20} MiB.")
            given = read_json(line.data)
            found = given.get("request_id")
            name = found if isinstance(found, str) and len(found) <= 255 else None
            name, offer = read_offer(given, named=True)
            assert name is not None
            return name, Letter(name=name, offer=offer, key=self._key)
        except BadInput as error:
            return name, error


class LinesResponse(Response):
    """An answer that is written while the body is still being read; with ``after_body`` not before all of it has come,
    which most proxies need. ``take`` is :meth:`Taker.take`; ``leave`` is called once it is over."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        take: Callable[[Sequence[Line]], list[Answer]],
        pool: Pool,
        folder: Path,
        leave: Callable[[], None],
        *,
        after_body: bool = False,
    ) -> None:
        super().__init__(status_code=200, headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._take = take
        self._pool = pool
        self._folder = folder
        self._leave = leave
        self._counts: Counter[str] = Counter()
        self._pieces: asyncio.Queue[bytes | End] = asyncio.Queue(PIECES)
        self._came = 0
        self._sent = 0
        self._may_answer = asyncio.Event()
        if not after_body:
            self._may_answer.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(receive, send)
        finally:
            self._leave()

    async def _answer(self, receive: Receive, send: Send) -> None:
        # The first piece is waited for before anything is answered: a client may wait for leave to send.
        try:
            async with asyncio.timeout(IDLE_S):
                first = await receive()
        except TimeoutError:
            raise closing(_slow()) from None
        with Spool(self._folder) as spool:
            reading = asyncio.create_task(self._read(first, receive))
            writing = asyncio.create_task(self._write(spool, send))
            try:
                last = await self._work(spool)
                self._may_answer.set()
                if last is not None:
                    await spool.put(_line(last))
                    await spool.end()
                    await self._until_sent(writing)
            finally:
                for task in (reading, writing):
                    task.cancel()
                await asyncio.gather(reading, writing, return_exceptions=True)

    async def _read(self, message: Message, receive: Receive) -> None:
        """Queue the pieces of the body, and how it ended."""
        while message["type"] == "http.request":
            if message.get("body"):
                self._came += len(message["body"])
                await self._pieces.put(message["body"])
            if not message.get("more_body", False):
                await self._pieces.put("whole")
                return
            try:
                async with asyncio.timeout(IDLE_S):
                    message = await receive()
            except TimeoutError:
                await self._pieces.put("slow")
                return
        await self._pieces.put("cut")

    async def _write(self, spool: Spool, send: Send) -> None:
        """Send the answers that wait."""
        await self._may_answer.wait()
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        while data := await spool.get():
            await send({"type": "http.response.body", "body": data, "more_body": True})
            self._sent += len(data)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _until_sent(self, writing: asyncio.Task[None]) -> None:
        """Wait for the client to read, as long as it reads anything."""
        before = -1
        while not writing.done() and self._sent != before:
            before = self._sent
            await asyncio.wait({writing}, timeout=IDLE_S)

    async def _work(self, spool: Spool) -> Answer | None:
        """Take in what is read until it ends; the last line of the answer, None where nobody is there to read it."""
        splitter = Splitter()
        while True:
            piece: bytes | End = await self._pieces.get()
            lines: list[Line] = []
            while not isinstance(piece, str):
                lines += splitter.feed(piece)
                if len(lines) >= AT_ONCE or self._pieces.empty():
                    break
                piece = self._pieces.get_nowait()
            if piece == "whole":
                lines += splitter.end()
            for start in range(0, len(lines), AT_ONCE):
                try:
                    answers = await self._taken(lines[start : start + AT_ONCE])
                except DearlyError as error:
                    if (why := to_log(error)) is not None:
                        calls.error("stream stopped", **why)
                    return self._last("stopped", splitter, error)
                try:
                    await spool.put(b"".join(map(_line, answers)), max(MOST, self._came), IDLE_S)
                except TimeoutError:
                    return self._last("stopped", splitter, _unread())
            if piece == "whole":
                return self._last("end", splitter)
            if piece == "slow":
                return self._last("stopped", splitter, _slow())
            if piece == "cut":
                return None

    async def _taken(self, lines: Sequence[Line]) -> list[Answer]:
        """What became of some lines, tried a few times where the environment is at fault."""
        for tried in range(TRIES):
            try:
                answers = await self._pool.run(self._take, lines)
            except DearlyError as error:
                if tried == TRIES - 1 or status_of(error) != 503:
                    raise
                await asyncio.sleep(1)
            except Exception as error:
                calls.error("stream broke", **fault(error))
                raise Refusal(500, "api.fault", "Something unexpected went wrong. The log has it.") from error
            else:
                self._counts.update(answer["status"] for answer in answers)
                return answers
        raise AssertionError("unreachable")

    def _last(self, status: str, splitter: Splitter, error: DearlyError | None = None) -> Answer:
        counts = {name: self._counts[name] for name in ("accepted", "known", "refused")}
        return {"status": status, "lines": splitter.number, **counts, **({} if error is None else _said(error))}


def _taken(line: Line, request_id: str | None, status: str, id: str) -> Answer:
    return {"line": line.number, "request_id": request_id, "status": status, "id": id}


def _refused(line: Line, request_id: str | None, error: DearlyError) -> Answer:
    return {"line": line.number, "request_id": request_id, "status": "refused", **_said(error)}


def _slow() -> Refusal:
    return Refusal(408, "api.slow", "The next line did not come in time.")


def _unread() -> Refusal:
    return Refusal(
        413,
        "api.too-large",
        "More answers wait than can be kept.",
        hint="Read them while you send, or send less at once.",
    )


def _said(error: DearlyError) -> Answer:
    """The first fault, and how many more there are."""
    first, *others = details_of(error)
    said = first.model_dump(exclude_none=True)
    return {**said, "more": len(others)} if others else said


def _line(answer: Answer) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode() + b"\n"
