"""The items of one JSON document, piece by piece: of a list each item, of anything else the whole.

Only brackets, commas and the ends of texts are looked at here, so an item that is no valid JSON is found by who parses
it, and those after it are still read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

from renderer.errors import Place, UsageError
from renderer.profile.load import MAX_RECORD

BLOCK = 1 << 16
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|["\[\]{},]', re.DOTALL)
_SOMETHING = re.compile(r"[^ \t\r\n]")
_OPENS = ("[", "{")
_CLOSES = {"]": "[", "}": "{"}
_ENDS = (",", "]")
_SPACE = " \t\r\n"


def list_items(file: TextIO, name: str) -> Iterator[tuple[int, str | None]]:
    """(line that it begins on, text) of each item; None for the text of one that is too large. Raises UsageError where
    the brackets do not match or the text ends too soon; what was given before stands."""
    reading = _Reading(file, name)
    first = reading.first()
    if first == "[":
        yield from reading.items()
    elif first is not None:
        yield from reading.whole()
    else:
        raise reading.fault("The file is empty.")


class _Reading:
    """A window on the text. ``_start`` is where the item that is being read begins in it, ``_at`` how far the window
    was looked at."""

    def __init__(self, file: TextIO, name: str) -> None:
        self._file = file
        self._name = name
        self._text = ""
        self._start = self._at = 0
        self._line, self._counted = 1, 0

    def fault(self, message: str) -> UsageError:
        place = Place(file=self._name, line=self._line_at(self._at))
        return UsageError("usage.format", message, place=place, hint="One object, or a list of objects.")

    def first(self) -> str | None:
        """The first character that is no space."""
        while True:
            found = _SOMETHING.search(self._text, self._at)
            if found is not None:
                self._start = self._at = found.start()
                return found[0]
            self._start = self._at = len(self._text)
            if not self._more():
                return None

    def whole(self) -> Iterator[tuple[int, str | None]]:
        """The document as one item."""
        line = self._line_at(self._start)
        while len(self._text) - self._start <= MAX_RECORD:
            if not self._more():
                yield line, self._text[self._start :]
                return
        raise self.fault(f"The file is one record of more than {MAX_RECORD // 2**20} MiB.")

    def items(self) -> Iterator[tuple[int, str | None]]:
        """The items of a list, at whose bracket the window stands."""
        self._at += 1
        self._start = self._at
        opened: list[str] = []
        given, large = 0, False
        while True:
            found = _TOKEN.search(self._text, self._at)
            if found is None or found[0] == '"':  # a text that goes on beyond the window
                self._at = len(self._text) if found is None else found.start()
                if self._at - self._start > MAX_RECORD:  # passed over, not kept
                    self._start, large = self._at, True
                if len(self._text) - self._at > 2 * MAX_RECORD:
                    raise self.fault("A text does not end: a quote is missing, or one too many.")
                if not self._more():
                    raise self.fault("The list does not end: something is missing, or a bracket or quote too many.")
                continue
            self._at = found.end()
            token = found[0]
            if token in _OPENS:
                opened.append(token)
            elif token in _CLOSES and (opened or token == "}"):
                if not opened or opened.pop() != _CLOSES[token]:
                    raise self.fault("The brackets do not match; nothing from here on can be read.")
            elif token in _ENDS and not opened:
                item = self._text[self._start : found.start()]
                text = item.strip(_SPACE)
                if text or large or token == "," or given:
                    line = self._line_at(self._start + len(item) - len(item.lstrip(_SPACE)))
                    yield line, None if large or len(text) > MAX_RECORD else text
                given, large = given + 1, False
                self._start = self._at
                if token == "]":
                    break
        if self.first() is not None:
            raise self.fault("Something follows the end of the list.")

    def _more(self) -> bool:
        """Read on: as much again as is being kept, so that a long item is not looked at too often."""
        self._line_at(self._start)
        self._text = self._text[self._start :]
        self._at -= self._start
        self._start = self._counted = 0
        block = self._file.read(max(BLOCK, len(self._text)))
        self._text += block
        return bool(block)

    def _line_at(self, place: int) -> int:
        """The line of a place in the window; asked for in order."""
        self._line += self._text.count("\n", self._counted, place)
        self._counted = max(self._counted, place)
        return self._line
