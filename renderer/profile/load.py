"""Profiles from files: JSON, JSON Lines and CSV in UTF-8. Anything else is refused with what to do about it.

A file is read as a stream of records, each of which becomes a :class:`Profile` or the errors that say why not: one bad
record never stops the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from renderer.errors import DearlyError, ErrorList, Place, ProfileError, UsageError
from renderer.profile.contract import Contract
from renderer.profile.csvfile import NOTE, csv_records
from renderer.profile.images import ImageReader
from renderer.profile.model import Profile

MAX_DEPTH = 20
MAX_RECORD = 16 * 2**20
MAX_EXPONENT = 40
"""Digits of a whole number, and power of ten of any number, beyond which it is not even read."""
MAX_NUMBER = 200
"""Characters of a number that is not whole: zeros at its end, and no more."""
SUFFIXES = {".json": "json", ".jsonl": "lines", ".ndjson": "lines", ".csv": "csv"}


@dataclass(frozen=True)
class BadRecord:
    """A record that is set aside: its number and everything that is wrong with it."""

    record: int
    errors: tuple[DearlyError, ...]


def read_profiles(source: Path, contract: Contract) -> Iterator[Profile | BadRecord]:
    """The records of ``source`` in order. Raises UsageError when the file as a whole cannot be read."""
    images = ImageReader(source.parent)
    for record, given in skim_records(source, contract):
        yield _check(contract, record, given, images)


def skim_records(source: Path, contract: Contract, first: int = 1) -> Iterator[tuple[int, Any]]:
    """(number, data or the error that took its place) for each record from number ``first`` on, not held to the
    contract yet: many times quicker than :func:`read_profiles`, for lists of them. Raises UsageError as it does."""
    kind = SUFFIXES.get(source.suffix.lower())
    if kind is None:
        if source.is_dir():
            raise UsageError("usage.unreadable", "This is a folder, not a file.", place=Place(file=source.name))
        raise UsageError(
            "usage.format",
            f"Profiles cannot be read from a '{source.suffix}' file."
            if source.suffix
            else "Profiles cannot be read from a file whose name has no ending.",
            place=Place(file=source.name),
            hint="Use .json, .jsonl or .csv (export spreadsheets as CSV UTF-8).",
        )
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            yield from _records(file, kind, contract, source.name, first)
    except UnicodeDecodeError:  # its text would repeat bytes of the file
        raise _not_utf8(source.name) from None
    except OSError as error:
        raise UsageError(
            "usage.unreadable", f"The file cannot be read: {error.strerror}.", place=Place(file=source.name)
        ) from error


def read_numbered(source: Path, contract: Contract, number: int) -> Profile | BadRecord | None:
    """Record ``number`` (from 1) of a file, however far down; None if there is none. Raises UsageError."""
    for record, given in skim_records(source, contract, number):
        return _check(contract, record, given, ImageReader(source.parent))
    return None


def read_one(source: Path, contract: Contract) -> Profile:
    """The one record of a file. Raises UsageError when it holds none or several, ErrorList when it is bad."""
    records = list(islice(read_profiles(source, contract), 2))
    if len(records) != 1:
        raise UsageError(
            "usage.count",
            "The file must hold exactly one record.",
            place=Place(file=source.name),
            hint="Use --profiles for a file of many, where the command takes it.",
        )
    if isinstance(records[0], BadRecord):
        raise ErrorList(records[0].errors)
    return records[0]


def parse_record(text: str, contract: Contract, record: int = 1) -> Profile:
    """One record given as JSON text, as a queue carries it; images must be data URIs. Raises ErrorList."""
    try:
        return contract.check(parse_json(text), record)
    except ProfileError as error:
        raise ErrorList([error.at(record=record)]) from error


def parse_json(text: str, depth: int = MAX_DEPTH) -> Any:
    """JSON with exact numbers. What JSON leaves open (duplicate keys, NaN, endless numbers) becomes a ProfileError in
    the value's place, which :meth:`Contract.check` reports with its field. Raises ProfileError for a text that is no
    JSON, too large or nested deeper than ``depth``."""
    if len(text) > MAX_RECORD:
        raise _too_large()
    return _shallow(_parsed(text), depth)


def _parsed(text: str) -> Any:
    try:
        return json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=lambda _: ProfileError(
                "profile.value", "NaN and Infinity are not numbers that can be shown."
            ),
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        if text.startswith("\ufeff"):  # of which the parser speaks in Python's words
            raise ProfileError(
                "usage.format",
                "A byte order mark stands before the record.",
                hint="It may stand at the very beginning of a file or a body only.",
            ) from None
        # error.msg is one of the parser's own sentences; the text around the fault stays out.
        raise ProfileError(
            "usage.format", f"The record is not valid JSON: {error.msg.lower()}.", place=Place(line=error.lineno)
        ) from None


def _records(file: TextIO, kind: str, contract: Contract, name: str, first: int) -> Iterator[tuple[int, Any]]:
    """(number, data or the error that took its place) for each record from ``first`` on."""
    if kind == "csv":
        yield from islice(csv_records(file, contract, name, parse_json), first - 1, None)
    elif kind == "lines":
        yield from enumerate(_lines(file, first - 1), start=first)
    else:
        yield from islice(enumerate(_whole(file, name), start=1), first - 1, None)


def _whole(file: TextIO, name: str) -> Iterator[Any]:
    """The records of a JSON file: one object, or a list of objects."""
    text = file.read(MAX_RECORD + 1)
    if len(text) > MAX_RECORD:
        raise UsageError(
            "usage.format",
            f"The file is larger than {MAX_RECORD // 2**20} MiB.",
            place=Place(file=name),
            hint="Write one record on each line and call the file .jsonl.",
        )
    try:
        data = _parsed(text)
    except ProfileError as error:
        if error.code == "usage.format":
            place = Place(file=name, line=error.place.line)
            raise UsageError(
                error.code, error.message, place=place, hint="One object, or a list of objects."
            ) from error
        data = error
    for item in data if isinstance(data, list) else [data]:
        yield _attempt(_shallow, item)


def _lines(file: TextIO, passed: int = 0) -> Iterator[Any]:
    """The records of a JSON Lines file after the first ``passed``; empty lines do not count."""
    for number, text in islice(raw_lines(file), passed, None):
        yield parse_line(number, text)


def raw_lines(file: TextIO) -> Iterator[tuple[int, str | None]]:
    """(line number, text) of each line that is not empty; None for the text of one that is too large."""
    number = 0
    while text := file.readline(MAX_RECORD + 1):
        number += 1
        large = len(text) > MAX_RECORD
        while large and text and not text.endswith("\n"):
            text = file.readline(MAX_RECORD)
        if large:
            yield number, None
        elif text.strip():
            yield number, text


def parse_line(number: int, text: str | None) -> Any:
    """The record on a line, or the error that takes its place."""
    if text is None:
        return _too_large().at(line=number)
    found = _attempt(parse_json, text)
    if isinstance(found, ProfileError):
        found = type(found)(found.code, found.message, place=Place(line=number), hint=found.hint)
    return found


def without_note(given: Any) -> Any:
    """A record without what says why it was set aside once (:data:`renderer.profile.csvfile.NOTE`)."""
    if isinstance(given, dict):
        given.pop(NOTE, None)
    return given


def _attempt(read: Callable[[Any], Any], given: Any) -> Any:
    try:
        return read(given)
    except ProfileError as error:
        return error


def _check(contract: Contract, record: int, given: Any, images: ImageReader) -> Profile | BadRecord:
    try:
        return contract.check(without_note(given), record, images)
    except ErrorList as errors:
        return BadRecord(record, errors.errors)


# ---------------------------------------------------------------- JSON details


def _decimal(text: str) -> Any:
    if len(text) > MAX_NUMBER:
        return _bad_number()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return _bad_number()
    return number if not number or abs(number.adjusted()) <= MAX_EXPONENT else _bad_number()


def _integer(text: str) -> Any:
    return int(text) if len(text) <= MAX_EXPONENT else _bad_number()


def _bad_number() -> ProfileError:
    return ProfileError("profile.value", "A number is too large, too small or has too many digits.")


def _object(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) != len(pairs):
        return ProfileError("profile.duplicate-key", "An object names the same key twice.")
    return found


def _shallow(value: Any, depth: int = MAX_DEPTH) -> Any:
    """``value`` if it is not nested too deep."""
    level = [value]
    for _ in range(depth + 1):
        level = [item for part in level if isinstance(part, dict | list) for item in _inside(part)]
        if not level:
            return value
    raise _too_deep()


def _inside(part: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return part.values() if isinstance(part, dict) else part


def _too_deep() -> ProfileError:
    return ProfileError("profile.depth", f"The record is nested deeper than {MAX_DEPTH} levels.")


def _too_large() -> ProfileError:
    return ProfileError("profile.depth", f"The record is larger than {MAX_RECORD // 2**20} MiB.")


def _not_utf8(name: str) -> UsageError:
    return UsageError(
        "usage.format",
        "The file is not UTF-8.",
        place=Place(file=name),
        hint="Save or export it as UTF-8 (in a spreadsheet: CSV UTF-8).",
    )
