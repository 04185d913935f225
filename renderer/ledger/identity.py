"""What every process of an installation agrees on, kept in the ledger: numbers that the first one brings and no later
one changes."""

from __future__ import annotations

from sqlalchemy import select

from renderer.ledger.database import Database, insert_new
from renderer.ledger.tables import marks, sealed

NAMES = ("installation", "installation-key", "installation-store")


class Identity:
    """Over one ledger. Numbers have 63 bits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self) -> dict[str, int]:
        """What is agreed on so far."""
        with self._database.reading() as connection:
            rows = connection.execute(select(marks.c.name, marks.c.value).where(marks.c.name.in_(NAMES)))
            return {row.name: row.value for row in rows}

    def agree(self, name: str, value: int) -> int:
        """The number of that name: ``value`` unless there is one already."""
        with self._database.writing() as connection:
            connection.execute(insert_new(connection, marks, "name").values(name=name, value=value))
            found: int = connection.execute(select(marks.c.value).where(marks.c.name == name)).scalar_one()
            return found

    def something_sealed(self) -> tuple[str, bytes] | None:
        """Anything that was sealed, with the name to open it by; None when nothing is kept."""
        with self._database.reading() as connection:
            found = connection.execute(select(sealed).limit(1)).one_or_none()
            return None if found is None else (f"{found.kind} {found.request_id}", found.data)
