"""Profiles from files: JSON, JSON Lines and CSV in UTF-8. Anything else is refused with what to do about it.

A file is read as a stream of records, each of which becomes a :class:`Profile` or the errors that say why not: one bad
record never stops the others.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TextIO

from renderer.errors import BadInput, DearlyError, ErrorList, Place, ProfileError, UsageError
from renderer.profile.contract import Contract
from renderer.profile.images import ImageReader
from renderer.profile.model import Profile

MAX_DEPTH = 20
MAX_RECORD = 16 * 2**20
MAX_COLUMNS = 2_000
_NUMBER = re.compile(r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$")
SUFFIXES = {".json": "json", ".jsonl": "lines", ".ndjson": "lines", ".csv": "csv"}


@dataclass(frozen=True)
class BadRecord:
    """A record that is set aside: its number and everything that is wrong with it."""

    record: int
    errors: tuple[DearlyError, ...]


def read_profiles(source: Path, contract: Contract) -> Iterator[Profile | BadRecord]:
    """The records of ``source`` in order. Raises UsageError when the file as a whole cannot be read."""
    kind = SUFFIXES.get(source.suffix.lower())
    if kind is None:
        raise UsageError(
            "usage.format",
            f"Profiles cannot be read from a '{source.suffix or 'nameless'}' file.",
            place=Place(file=source.name),
            hint="Use .json, .jsonl or .csv (export spreadsheets as CSV UTF-8).",
        )
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            images = ImageReader(source.parent)
            for record, given in _records(file, kind, contract, source.name):
                yield _check(contract, record, given, images)
    except UnicodeDecodeError as error:
        raise UsageError(
            "usage.format", "The file is not UTF-8.", place=Place(file=source.name), hint="Save or export it as UTF-8."
        ) from error
    except OSError as error:
        raise UsageError(
            "usage.unreadable",
            f"The file cannot be read: {error.strerror}.",
            place=Place(file=source.name),
        ) from error


def parse_record(text: str, contract: Contract, record: int = 1) -> Profile:
    """One record given as JSON text, as a queue carries it; images must be data URIs. Raises ErrorList."""
    try:
        return contract.check(parse_json(text), record, ImageReader(None))
    except ErrorList:
        raise
    except DearlyError as error:
        raise ErrorList([error.at(record=record)]) from error


def parse_json(text: str) -> Any:
    """JSON with exact numbers. Raises ProfileError for what JSON leaves open: duplicate keys, NaN, endless nesting."""
    if len(text) > MAX_RECORD:
        raise ProfileError("profile.depth", f"The record is larger than {MAX_RECORD // 2**20} MiB.")
    try:
        value = json.loads(
            text, parse_float=_decimal, parse_int=_integer, parse_constant=_no_constant, object_pairs_hook=_object
        )
    except RecursionError:
        raise ProfileError("profile.depth", "The record is nested too deep.") from None
    except json.JSONDecodeError as error:
        # error.msg is one of the parser's own sentences; the text around the fault stays out.
        raise ProfileError(
            "usage.format", f"The record is not valid JSON: {error.msg.lower()}.", place=Place(line=error.lineno)
        ) from None
    if _depth(value) > MAX_DEPTH:
        raise ProfileError("profile.depth", f"The record is nested deeper than {MAX_DEPTH} levels.")
    return value


def _records(file: TextIO, kind: str, contract: Contract, name: str) -> Iterator[tuple[int, Any]]:
    """(number, data or the error that took its place) for each record."""
    if kind == "csv":
        yield from _csv_records(file, contract, name)
    elif kind == "lines":
        number = 0
        for line, text in enumerate(file, start=1):
            if text.strip():
                number += 1
                yield number, _attempt(text, line)
    else:
        try:
            data = parse_json(file.read())
        except ProfileError as error:
            if error.code == "usage.format":
                raise UsageError(
                    error.code,
                    error.message,
                    place=Place(file=name, line=error.place.line),
                    hint="One object, or a list of objects.",
                ) from error
            yield 1, error
            return
        yield from enumerate(data if isinstance(data, list) else [data], start=1)


def _attempt(text: str, line: int) -> Any:
    try:
        return parse_json(text)
    except ProfileError as error:
        return type(error)(error.code, error.message, place=Place(line=line), hint=error.hint)


def _check(contract: Contract, record: int, given: Any, images: ImageReader) -> Profile | BadRecord:
    if isinstance(given, DearlyError):
        return BadRecord(record, (given.at(record=record),))
    try:
        return contract.check(given, record, images)
    except ErrorList as errors:
        return BadRecord(record, errors.errors)
    except BadInput as error:
        return BadRecord(record, (error.at(record=record),))


# ---------------------------------------------------------------- CSV


def _csv_records(file: TextIO, contract: Contract, name: str) -> Iterator[tuple[int, Any]]:
    csv.field_size_limit(MAX_RECORD)
    rows = csv.reader(file, strict=True)
    try:
        header = next(rows, None)
        columns = _columns(header, contract, name)
        for number, row in enumerate((row for row in rows if row), start=1):
            if len(row) != len(columns):
                yield (
                    number,
                    ProfileError(
                        "usage.format",
                        f"The row has {len(row)} cells; the header has {len(columns)}.",
                        place=Place(line=rows.line_num),
                        hint="Quote cells that hold commas or line ends.",
                    ),
                )
            else:
                yield number, _nested(columns, row, rows.line_num)
    except csv.Error as error:
        raise UsageError(
            "usage.format",
            f"The file is not valid CSV: {error}.",
            place=Place(file=name, line=rows.line_num),
            hint="Separate cells with commas and quote with double quotes.",
        ) from error


def _columns(header: list[str] | None, contract: Contract, name: str) -> list[tuple[str, str]]:
    """(dotted name, type) for each column. Item numbers in names count from 0: ``bill.lines.0.amount``."""
    place = Place(file=name, line=1)
    if not header:
        raise UsageError("usage.format", "The file is empty.", place=place, hint="The first line names the columns.")
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise UsageError(
            "usage.format",
            "The cells are not separated by commas.",
            place=place,
            hint="Export with commas as separators (and points as decimal marks).",
        )
    if len(header) > MAX_COLUMNS or len(set(header)) != len(header):
        raise UsageError(
            "usage.format", f"The header names a column twice or has more than {MAX_COLUMNS}.", place=place
        )
    found = []
    for column in (cell.strip() for cell in header):
        generic = ".".join("*" if part.isdigit() else part for part in column.split("."))
        field = contract.fields.get(generic)
        found.append((column, field.type if field is not None else "string"))
    return found


def _nested(columns: list[tuple[str, str]], row: list[str], line: int) -> Any:
    """A row as nested data. An empty cell is an absent value."""
    data: dict[str, Any] = {}
    for (column, kind), cell in zip(columns, row, strict=True):
        if cell == "":
            continue
        try:
            _put(data, column.split("."), _cell(cell, kind))
        except ValueError:
            return ProfileError(
                "profile.kind",
                f"Expected {_CELLS[kind]}, found other text.",
                place=Place(line=line, field=column),
                hint="Numbers are written like 1234.56, without separators.",
            )
    return _lists(data)


_CELLS = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a JSON list",
    "object": "a JSON object",
    "string": "text",
}


def _cell(text: str, kind: str) -> Any:
    match kind:
        case "number" | "integer":
            if not _NUMBER.match(text.strip()):
                raise ValueError
            number = Decimal(text.strip())
            return int(number) if kind == "integer" and number == number.to_integral_value() else number
        case "boolean":
            return (
                {"true": True, "false": False}.get(text.strip().lower())
                if text.strip().lower() in ("true", "false")
                else _no()
            )
        case "array" | "object":
            return parse_json(text)
    return text


def _no() -> Any:
    raise ValueError


def _put(data: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        inner = data.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ValueError
        data = inner
    data[path[-1]] = value


def _lists(data: Any) -> Any:
    """Objects whose keys are all item numbers become lists."""
    if not isinstance(data, Mapping):
        return data
    if data and all(key.isdigit() for key in data):
        return [_lists(data[key]) for key in sorted(data, key=int)]
    return {key: _lists(item) for key, item in data.items()}


# ---------------------------------------------------------------- JSON details


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ProfileError("profile.value", "A number is too large.") from None
    if abs(number.adjusted()) > 40 and number:
        raise ProfileError("profile.value", "A number is too large or too small.")
    return number


def _integer(text: str) -> int:
    if len(text) > 40:
        raise ProfileError("profile.value", "A number has too many digits.")
    return int(text)


def _no_constant(_name: str) -> Any:
    raise ProfileError("profile.value", "NaN and Infinity are not numbers that can be shown.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ProfileError("profile.duplicate-key", "An object names the same key twice.")
    return found


def _depth(value: Any) -> int:
    level, current = 0, [value]
    while current:
        level += 1
        if level > MAX_DEPTH + 1:
            return level
        current = [
            item
            for part in current
            if isinstance(part, dict | list)
            for item in (part.values() if isinstance(part, dict) else part)
        ]
    return level


def read_one(source: Path, contract: Contract) -> Profile:
    """The one record of a file. Raises UsageError when it holds none or several, ErrorList when it is bad."""
    records = list(zip(range(2), read_profiles(source, contract), strict=False))
    if len(records) != 1:
        raise UsageError(
            "usage.count",
            "The file must hold exactly one record.",
            place=Place(file=source.name),
            hint="Use --profiles for a file of many, where the command takes it.",
        )
    record = records[0][1]
    if isinstance(record, BadRecord):
        raise ErrorList(record.errors)
    return record
