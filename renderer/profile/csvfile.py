"""Records from CSV: one row each, columns named as the contract names fields (``bill.total``,
``bill.lines.0.amount``)."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, TextIO

from renderer.errors import DearlyError, Place, ProfileError, UsageError, nearest
from renderer.profile.check import KINDS
from renderer.profile.contract import Contract

MAX_CELL = 16 * 2**20
MAX_COLUMNS = 2_000
NOTE = "_set_aside"
"""The key, and the columns ``_set_aside.…``, in which a file of records that were set aside says why. No field can be
called so, and readers pass over it: such a file is mended and sent again as it is."""

_ITEM = re.compile(r"0|[1-9][0-9]{0,3}")
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_BOOLEANS = {"true": True, "false": False}
_CELLS = {**KINDS, "array": "a JSON list", "object": "a JSON object"}
ParseJson = Callable[[str], Any]


@dataclass(frozen=True)
class _Column:
    """One column: the parts of its name and the type of its field. Item numbers count from 0."""

    parts: tuple[str, ...]
    type: str


def csv_records(file: TextIO, contract: Contract, name: str, parse_json: ParseJson) -> Iterator[tuple[int, Any]]:
    """(number, data or the error that took its place) for each row. An empty cell is an absent value; a cell that
    cannot be read is an error in the value's place. Raises UsageError for a header or a file that cannot be used."""
    rows = CsvRows(file, contract, name)
    for number, (_, row) in enumerate(rows, start=1):
        yield number, rows.data(row, rows.line, parse_json)


class CsvRows:
    """The rows of a CSV file with the line that each begins on; empty ones do not count. ``columns`` is the header as
    it stands; ``line`` is the last line that was read. Raises UsageError for a header or a file that cannot be used."""

    def __init__(self, file: TextIO, contract: Contract, name: str) -> None:
        csv.field_size_limit(MAX_CELL)
        self._name = name
        self._rows = csv.reader(file, strict=True)
        with self._faults():
            header = next(self._rows, None)
        self._columns = _columns(header, contract, name)
        self.columns = tuple(header or ())

    @property
    def line(self) -> int:
        return self._rows.line_num

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        with self._faults():
            before = self._rows.line_num
            for row in self._rows:
                if row:
                    yield before + 1, row
                before = self._rows.line_num

    def data(self, row: list[str], line: int, parse_json: ParseJson) -> Any:
        """The row as a record, or the error that takes its place."""
        if len(row) != len(self._columns):
            return ProfileError(
                "usage.format",
                f"The row has {len(row)} cells; the header has {len(self._columns)}.",
                place=Place(line=line),
                hint="Quote cells that hold commas or line ends.",
            )
        return _nested(self._columns, row, line, parse_json)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except csv.Error as error:
            raise UsageError(
                "usage.format",
                f"The file is not valid CSV: {error}.",
                place=Place(file=self._name, line=self._rows.line_num),
                hint="Separate cells with commas and quote with double quotes.",
            ) from error


def _columns(header: list[str] | None, contract: Contract, name: str) -> list[_Column | None]:
    """The columns of a header; None for those that are passed over."""

    def refused(message: str, hint: str | None = None) -> UsageError:
        return UsageError("usage.format", message, place=Place(file=name, line=1), hint=hint)

    if not header:
        raise refused("The file is empty.", "The first line names the columns.")
    if any("\0" in cell for cell in header):
        raise refused("The file is not UTF-8.", "Save or export it as UTF-8 (in a spreadsheet: CSV UTF-8).")
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise refused(
            "The cells are not separated by commas.",
            "Export with commas as separators (and points as decimal marks).",
        )
    if len(header) > MAX_COLUMNS:
        raise refused(f"The header has more than {MAX_COLUMNS} columns.")
    names = [cell.strip() for cell in header]
    found: list[_Column | None] = []
    for number, column in enumerate(names, start=1):
        if column.startswith(f"{NOTE}."):
            found.append(None)
            continue
        parts = tuple(column.split("."))
        field = contract.fields.get(".".join("*" if _ITEM.fullmatch(part) else part for part in parts))
        if field is None:
            # A file without a header has somebody's data here: only a slip for a name of ours is shown.
            close = get_close_matches(column, list(contract.fields), n=1, cutoff=0.75) if len(column) <= 80 else []
            shown = f" '{column}'" if close else ""
            raise refused(
                f"The contract declares no field for column {number}{shown}.",
                f"Did you mean '{close[0]}'?"
                if close
                else nearest("", contract.top) or "The first line names the columns.",
            )
        found.append(_Column(parts, field.type))
    for one, next_ in pairwise(sorted(column.parts for column in found if column is not None)):
        if one == next_[: len(one)]:
            what = "twice" if one == next_ else "as a whole and in parts"
            raise refused(f"The header names '{'.'.join(one)}' {what}.", "Keep one of these columns.")
    return found


def _nested(columns: list[_Column | None], row: list[str], line: int, parse_json: ParseJson) -> Any:
    data: dict[str, Any] = {}
    for column, cell in zip(columns, row, strict=True):
        if cell == "" or column is None:
            continue
        inner = data
        for part in column.parts[:-1]:
            inner = inner.setdefault(part, {})
        value = _value(cell, column.type, parse_json)
        inner[column.parts[-1]] = value.at(line=line) if isinstance(value, DearlyError) else value
    return _lists(data)


def _value(cell: str, kind: str, parse_json: ParseJson) -> Any:
    """The value of a cell, or the error that says why it has none."""
    text = cell.strip()
    match kind:
        case "number" | "integer" if _NUMBER.fullmatch(text):
            return Decimal(text)
        case "boolean" if text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        case "array" | "object":
            try:
                return parse_json(cell)
            except ProfileError as error:
                return ProfileError(error.code, f"Expected {_CELLS[kind]}. {error.message}", hint=error.hint)
        case "string":
            return cell
    hint = None if kind == "boolean" else "Numbers are written like 1234.56, without separators."
    return ProfileError("profile.kind", f"Expected {_CELLS[kind]}, found other text.", hint=hint)


def _lists(data: Any) -> Any:
    """Objects whose keys are item numbers become lists; a gap closes, because empty cells are absent values."""
    if not isinstance(data, Mapping):
        return data
    if data and all(map(_ITEM.fullmatch, data)):
        return [_lists(data[key]) for key in sorted(data, key=int)]
    return {key: _lists(item) for key, item in data.items()}
