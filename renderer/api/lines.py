"""JSON Lines out of pieces of a body: whole lines with their numbers, whatever the pieces are."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass

from renderer.api.gate import RECORD_BODY


@dataclass(frozen=True)
class Line:
    """A line that is not empty. ``data`` is None for one that is too long, which is passed over."""

    number: int
    data: bytes | None


class Splitter:
    """Keeps at most one line that is not whole yet."""

    def __init__(self, longest: int = RECORD_BODY) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._too_long = False
        self.number = 0
        """The lines that were whole so far."""

    def feed(self, data: bytes) -> list[Line]:
        """The lines that some more bytes make whole."""
        found = []
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            self._add(data[start:end])
            found += self._whole()
            start = end + 1
        self._add(data[start:])
        return found

    def end(self) -> list[Line]:
        """The last line, which needs no line end. Only of a body that came whole."""
        return self._whole() if self._rest or self._too_long else []

    def _add(self, data: bytes) -> None:
        if self._too_long or len(self._rest) + len(data) > self._longest:
            self._too_long = True
            self._rest.clear()
        else:
            self._rest += data

    def _whole(self) -> list[Line]:
        self.number += 1
        data, self._rest = bytes(self._rest), bytearray()
        long, self._too_long = self._too_long, False
        if long:
            return [Line(self.number, None)]
        if self.number == 1:
            data = data.removeprefix(BOM_UTF8)  # as a file of profiles may begin
        return [Line(self.number, data)] if data.strip() else []
