"""The records to choose from, inside a render process: samples, or a file of any length.

A long file is never held to the contract as a whole. Its first records are listed, any other is read by its number, and
the list that is searched is skimmed from the raw records, a slice at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from renderer.errors import Place, ProfileError, UsageError
from renderer.preview.model import Bench, Line, Person
from renderer.preview.sheet import to_sheet
from renderer.profile.contract import Contract, value_at
from renderer.profile.load import BadRecord, read_numbered, read_profiles, skim_records
from renderer.profile.model import Profile

LISTED = 100
"""So many records of a file are listed with what is wrong in them."""
WORDS = 5
LONGEST_WORD = 60
_TELLING = re.compile(r"(?=.*[^\W\d_]).*")
"""Holds a letter: names and places, not dates, numbers and codes of digits."""


class People:
    """The records of one bench."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._skimming: tuple[int, Iterator[tuple[int, Any]]] | None = None

    def listed(self, contract: Contract) -> list[Person]:
        """The samples, or the first of the file."""
        if self._bench.profiles is not None:
            records = islice(read_profiles(self._bench.profiles, contract), LISTED)
            return [_person(item, contract, f"Record {item.record}") for item in records]
        found: list[Person] = []
        for path in sorted((self._bench.folder / "samples").glob("*.json")):
            try:
                for item in read_profiles(path, contract):
                    label = path.stem if item.record == 1 else f"{path.stem} ({item.record})"
                    found.append(_person(item, contract, label))
            except UsageError as error:
                place = Place(file=f"samples/{path.name}", line=error.place.line)
                broken = type(error)(error.code, error.message, place=place, hint=error.hint)
                found.append(Person(number=0, label=path.stem, recipient="", locale=None, sheet=None, errors=(broken,)))
        return [replace(person, number=number) for number, person in enumerate(found, start=1)]

    def numbered(self, contract: Contract, number: int) -> Person:
        """One record of the file by its number, however far down. Raises UsageError where there is none."""
        item = read_numbered(self._bench.profiles, contract, number) if self._bench.profiles is not None else None
        if item is None:
            raise UsageError("usage.count", f"There is no record {number}.", hint="Choose one of the list.")
        return _person(item, contract, f"Record {item.record}")

    def skim(self, contract: Contract, first: int, count: int) -> list[Line]:
        """``count`` records of the file from number ``first`` on, fewer at its end. Asked slice after slice, it reads
        the file once. Raises UsageError for a file that cannot be read."""
        assert self._bench.profiles is not None
        if self._skimming is None or self._skimming[0] != first:
            self._skimming = first, skim_records(self._bench.profiles, contract, first)
        records = self._skimming[1]
        self._skimming = first + count, records
        return [_line(number, given, contract) for number, given in islice(records, count)]


def _person(item: Profile | BadRecord, contract: Contract, label: str) -> Person:
    if isinstance(item, BadRecord):
        return Person(number=item.record, label=label, recipient="", locale=None, sheet=None, errors=tuple(item.errors))
    role = contract.role("locale")
    locale = value_at(item.data, role.path) if role is not None else None
    return Person(
        number=item.record,
        label=label,
        recipient=item.recipient,
        locale=str(locale) if locale is not None else None,
        sheet=to_sheet(item),
        images=dict(item.images),
    )


def _line(number: int, given: Any, contract: Contract) -> Line:
    """What a list shows of a record that was not checked: whose it is, and the first texts that tell it apart."""
    if not isinstance(given, Mapping):
        reason = given.message if isinstance(given, ProfileError) else "It is no object."
        return Line(number=number, recipient="", words=f"cannot be read: {reason}")
    role, recipient = contract.role("recipient"), ""
    if role is not None:
        try:
            recipient = str(value_at(given, role.path))
        except (KeyError, TypeError, AttributeError):
            recipient = ""
    words = [word for word in islice(_texts(given), WORDS + 1) if word != recipient]
    return Line(number=number, recipient=recipient[:LONGEST_WORD], words="  ".join(words[:WORDS]))


def _texts(given: Mapping[str, Any]) -> Iterator[str]:
    for value in given.values():
        if isinstance(value, str) and len(value) <= LONGEST_WORD and _TELLING.fullmatch(value):
            yield value
        elif isinstance(value, Mapping):
            yield from _texts(value)
