"""Profiles as a stream of any length: each record with its number, its line and its text as it came, parsed only when
it is asked for. For a batch run, which counts every record, keeps those that it sets aside as they were, and passes
over those that it has read before.

From a file or from standard input; JSON Lines, CSV, or a JSON list, which :mod:`renderer.profile.load` reads as a whole
and this one piece by piece.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from renderer.errors import Place, UsageError, nearest
from renderer.profile.contract import Contract
from renderer.profile.csvfile import CsvRows
from renderer.profile.images import ImageReader
from renderer.profile.jsonlist import list_items
from renderer.profile.load import SUFFIXES, parse_json, parse_line, raw_lines, without_note

Form = Literal["lines", "csv", "list"]
FORMS: dict[str, Form] = {"jsonl": "lines", "csv": "csv", "json": "list"}
"""What ``--format`` takes."""

STDIN = "-"


@dataclass(frozen=True, kw_only=True)
class RawRecord:
    """One record as it came. ``record`` and ``line`` (that it begins on) count from 1; ``text`` is its JSON text, of a
    CSV row the JSON list of its cells, None where it is too large to be kept."""

    record: int
    line: int
    text: str | None


class ProfileStream:
    """The records of an input. To be used in a ``with`` block, once."""

    def __init__(self, source: str, contract: Contract, form: Form | None = None) -> None:
        """``source`` is a file's path, or ``-`` for standard input, whose form must be given. Raises UsageError when it
        cannot be read at all."""
        self._contract = contract
        self._source = source
        self.name = "standard input" if source == STDIN else Path(source).name
        self.form = form or _form(source, self.name)
        self.images = ImageReader(None if source == STDIN else Path(source).parent)
        self.columns: tuple[str, ...] | None = None
        self.line = 0
        self._file: io.TextIOWrapper | None = None
        self._bytes: BinaryIO | None = None
        self._rows: CsvRows | None = None

    def __enter__(self) -> ProfileStream:
        try:
            self._bytes = sys.stdin.buffer if self._source == STDIN else Path(self._source).open("rb")
        except OSError as error:
            place = Place(file=self.name)
            message = f"The file cannot be read: {error.strerror}."
            raise UsageError("usage.unreadable", message, place=place) from error
        self._file = io.TextIOWrapper(self._bytes, encoding="utf-8-sig", newline="")
        if self.form == "csv":
            try:
                with self._faults():
                    self._rows = CsvRows(self._file, self._contract, self.name)
                    self.columns = self._rows.columns
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is None:
            return
        if self._source == STDIN:
            self._file.detach()  # not ours to close
        else:
            self._file.close()

    def progress(self) -> tuple[int, int] | None:
        """(bytes read, bytes in all), where that is known."""
        if self._source == STDIN or self._bytes is None:
            return None
        try:
            return self._bytes.tell(), Path(self._source).stat().st_size
        except (OSError, ValueError):
            return None

    def __iter__(self) -> Iterator[RawRecord]:
        """Raises UsageError when the input cannot be read on: what was given before stands."""
        with self._faults():
            for record, (line, text) in enumerate(self._raw(), start=1):
                self.line = line
                yield RawRecord(record=record, line=line, text=text)

    def _raw(self) -> Iterator[tuple[int, str | None]]:
        assert self._file is not None
        if self._rows is not None:
            for line, row in self._rows:
                yield line, json.dumps(row, ensure_ascii=False)
        elif self.form == "lines":
            yield from raw_lines(self._file)
        else:
            yield from list_items(self._file, self.name)

    def data(self, raw: RawRecord) -> Any:
        """The record as JSON data, or the error that takes its place; for :meth:`Contract.examine`."""
        if self._rows is not None and raw.text is not None:
            return self._rows.data(json.loads(raw.text), raw.line, parse_json)
        return without_note(parse_line(raw.line, raw.text))

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError:  # its text would repeat bytes of the file
            raise UsageError(
                "usage.format",
                "The input is not UTF-8" + (f" somewhere after line {self.line}." if self.line else "."),
                place=Place(file=self.name),
                hint="Save or export it as UTF-8 (in a spreadsheet: CSV UTF-8).",
            ) from None
        except OSError as error:
            message = f"The input cannot be read: {error.strerror}."
            raise UsageError("usage.unreadable", message, place=Place(file=self.name)) from error


def _form(source: str, name: str) -> Form:
    if source == STDIN:
        raise UsageError(
            "usage.argument", "Standard input does not say how it is written.", hint="Add --format jsonl, csv or json."
        )
    suffix = Path(source).suffix.lower()
    kind = SUFFIXES.get(suffix)
    if kind is None:
        if Path(source).is_dir():
            raise UsageError("usage.unreadable", "This is a folder, not a file.", place=Place(file=name))
        raise UsageError(
            "usage.format",
            "Profiles cannot be read from a file of this kind.",
            place=Place(file=name),
            hint="Use .json, .jsonl or .csv, or say what it is with --format.",
        )
    return "lines" if kind == "lines" else "csv" if kind == "csv" else "list"


def form_of(name: str | None) -> Form | None:
    """What ``--format`` asks for. Raises UsageError."""
    if name is None:
        return None
    if name not in FORMS:
        raise UsageError("usage.argument", "There is no such format.", hint=nearest(name, [*FORMS]))
    return FORMS[name]
