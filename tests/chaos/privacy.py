"""Looks for planted names everywhere a service leaves something, in every spelling that a program may give them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from renderer.ledger.database import Database
from renderer.ledger.tables import metadata
from tests.chaos import customers
from tests.chaos.house import House

SPELLINGS = re.compile(b"|".join(sorted({re.escape(spelling) for spelling in customers.spellings()})))
_NAMES = re.compile("|".join(map(re.escape, customers.NAMES)))


def nothing_personal(house: House) -> None:
    """No planted name in the broker's file, logs, ledger, caches, working files or the name of any file; only the files
    that were made for a recipient have it, and the message of somebody who handed a request in."""
    home = house.settings.home
    artefacts = house.settings.store / "artefacts"
    made = 0
    for path in home.rglob("*"):
        assert not _NAMES.search(path.name)
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.is_relative_to(house.settings.broker_folder):
            data = without_intake(data)
        found = SPELLINGS.search(data)
        if path.is_relative_to(artefacts):
            made += found is not None
        else:
            assert found is None, (path, data[max(0, found.start() - 200) : found.end()])
    if house.own_broker is not None:
        for path in files(house.own_broker.folder):
            assert not SPELLINGS.search(path.read_bytes()), path
    if house.settings.store_url:
        for key in house.services.store.list("artefacts"):
            assert not _NAMES.search(key)
            with house.services.store.open(key) as file:
                made += SPELLINGS.search(file.read()) is not None
    assert made, "the search finds nothing at all"
    for place in rows(house):
        assert not SPELLINGS.search(place[1]), place[0]


def rows(house: House) -> Iterator[tuple[str, bytes]]:
    """Every value in the ledger, and where it stands."""
    with closing(Database(house.settings.database)) as database, database.reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    yield f"{table.name}.{column}", value if isinstance(value, bytes) else str(value).encode()


def without_intake(data: bytes) -> bytes:
    """The broker's append-only file without the commands that carry a message from outside: those to ``intake``."""
    commands = re.split(rb"(?=\*\d+\r\n\$\d+\r\n)", data)
    return b"".join(command for command in commands if not re.search(rb'"routing_key": ?"intake"', command))


def spelled(text: str) -> bool:
    """Whether the search would find a name in a file with this text. For the test of the search itself."""
    return SPELLINGS.search(text.encode()) is not None


def files(folder: Path) -> list[Path]:
    """All files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]
