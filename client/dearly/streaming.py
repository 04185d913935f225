"""Many requests: lines go up as JSON Lines while answers come down, in memory that does not grow with their number.

The caller's iterable is read in the caller's thread, which also gets the answers. A thread beside it sends what has
been read so far as one stream (a *piece*: up to 1,000 lines or 2 MiB), reads its answers, and takes the next piece: of
a hasty caller they are large, of a slow one small, and no line waits for a piece to fill. Only so much is unanswered at
any time. A piece that was cut is sent again whole, which changes nothing at the API; what was answered before is not
told twice.

It is not one stream for all, on purpose: a stream is sent again from its beginning, which an iterable cannot give
twice; and a proxy that takes a whole body in before it passes it on would keep every answer back until the last line.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dearly.calls import Calls, Patience, body_of, check_name
from dearly.errors import Busy, Unreachable
from dearly.model import Answer

PATH = "/v1/requests:stream"
PIECE_LINES = 1_000
PIECE_BYTES = 2 * 2**20
OPEN_LINES = 2 * PIECE_LINES
OPEN_BYTES = 2 * PIECE_BYTES
"""What may be unanswered at the same time; one line always may."""
LEAVE_S = 10.0
"""So long a caller who wants no more answers waits for the piece that is on its way."""


@dataclass(frozen=True)
class _Line:
    number: int
    request_id: str
    data: bytes


def hand_in(calls: Calls, lines: Iterable[Mapping[str, Any]]) -> Iterator[Answer]:
    """The answers to lines, in their order. Raises as :meth:`dearly.client.Client.submit_many` says."""
    mail = _Mail()
    sender = threading.Thread(target=_send, args=(calls, mail), name="dearly-stream", daemon=True)
    sender.start()
    try:
        for number, given in enumerate(lines, 1):
            request_id = check_name(given.get("request_id"), f"line {number}: ")
            yield from mail.put(_Line(number, request_id, body_of(given) + b"\n"))
        yield from mail.rest()
    finally:
        mail.leave()
        sender.join(LEAVE_S)


class _Mail:
    """What goes between the caller's thread and the one that sends. Each answer closes the line that it is for."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._lines: deque[_Line] = deque()
        self._answers: deque[Answer] = deque()
        self._open_lines = self._open_bytes = 0
        self._closed = False
        self._fault: BaseException | None = None
        self.left = threading.Event()
        """Set when the caller wants no more."""

    def put(self, line: _Line) -> Iterator[Answer]:
        """Give a line, once there is room for it. Yields the answers that have come by then."""
        while True:
            with self._change:
                self._raise()
                room = not self._open_lines or (
                    self._open_lines < OPEN_LINES and self._open_bytes + len(line.data) <= OPEN_BYTES
                )
                if room:
                    self._lines.append(line)
                    self._open_lines += 1
                    self._open_bytes += len(line.data)
                    self._change.notify_all()
                elif not self._answers:
                    self._change.wait()
                answers = self._taken()
            yield from answers
            if room:
                return

    def rest(self) -> Iterator[Answer]:
        """Give no more. Yields the answers to all that was given."""
        while True:
            with self._change:
                self._closed = True
                self._change.notify_all()
                while self._open_lines and not self._answers and self._fault is None:
                    self._change.wait()
                answers = self._taken()
                if not answers:
                    self._raise()
            yield from answers
            if not answers:
                return

    def leave(self) -> None:
        """Have nothing sent any more."""
        with self._change:
            self._closed = True
            self._lines.clear()
            self.left.set()
            self._change.notify_all()

    def piece(self) -> list[_Line]:
        """For the sender: the lines to send next; none when there will be none any more."""
        with self._change:
            while not self._lines and not self._closed:
                self._change.wait()
            found: list[_Line] = []
            size = 0
            while self._lines and len(found) < PIECE_LINES:
                size += len(self._lines[0].data)
                if found and size > PIECE_BYTES:
                    break
                found.append(self._lines.popleft())
            return found

    def answer(self, line: _Line, answer: Answer) -> None:
        """For the sender: what became of a line."""
        with self._change:
            self._answers.append(answer)
            self._open_lines -= 1
            self._open_bytes -= len(line.data)
            self._change.notify_all()

    def fail(self, fault: BaseException) -> None:
        """For the sender: it cannot go on."""
        with self._change:
            self._fault = fault
            self._change.notify_all()

    def _taken(self) -> list[Answer]:
        answers = [*self._answers]
        self._answers.clear()
        return answers

    def _raise(self) -> None:
        if self._fault is not None and not self._answers:
            raise self._fault


def _send(calls: Calls, mail: _Mail) -> None:
    """Send pieces until there are no more. Whatever goes wrong is the caller's to hear."""
    try:
        while piece := mail.piece():
            _send_piece(calls, mail, piece)
    except BaseException as error:
        mail.fail(error)


def _send_piece(calls: Calls, mail: _Mail, piece: list[_Line]) -> None:
    """Send one piece until all of it is answered."""
    body = b"".join(line.data for line in piece)
    patience = Patience(calls.patience_s, mail.left.wait)
    told = 0
    while told < len(piece):
        before = told
        try:
            for answer in _answers(calls, piece, body):
                if told < len(piece) and answer.number == piece[told].number:  # else it was told in a try before
                    mail.answer(piece[told], answer)
                    told += 1
        except (Busy, Unreachable) as error:
            if told == len(piece):
                return
            if told > before:  # it goes on, if slowly
                patience = Patience(calls.patience_s, mail.left.wait)
            patience.pause(error)


def _answers(calls: Calls, piece: list[_Line], body: bytes) -> Iterator[Answer]:
    """One try: the answers to a piece, in its order. Raises Busy or Unreachable when not all of them came."""
    told = 0
    headers = {"Content-Type": "application/jsonl"}
    with calls.stream("POST", PATH, content=body, headers=headers) as response:
        for text in response.iter_lines():
            try:
                said = json.loads(text)
                status = said["status"]
                line = piece[said["line"] - 1] if "line" in said else None
            except (ValueError, KeyError, TypeError, IndexError):
                raise Unreachable("The answer was not the API's, or was cut in a line.") from None
            if line is not None:
                told += 1
                yield Answer(
                    number=line.number,
                    request_id=line.request_id,
                    status=status,
                    id=said.get("id"),
                    code=said.get("code"),
                    message=said.get("message"),
                    field=said.get("field"),
                    hint=said.get("hint"),
                    more=said.get("more", 0),
                )
            elif status == "stopped":
                raise Busy(503, {**said, "detail": said.get("message", "The API could not go on.")})
            elif status == "end" and told == len(piece):
                return
    raise Unreachable("The answer was cut.")
