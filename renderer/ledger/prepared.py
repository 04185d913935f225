"""Statements that every part goes through: written once in SQLAlchemy's language, turned into each database's text once
for a process, and then handed to the driver as text. Looking a statement up and putting its parameters in order cost
SQLAlchemy more than SQLite takes to run it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, literal_column
from sqlalchemy.sql import ColumnElement


class Prepared:
    """A statement whose parameters are named with ``bindparam`` and given at each call. No parameter may be a list: use
    :func:`constant`. An INSERT names its columns (``.values``) and gives nothing back unless it says so."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._texts: dict[str, tuple[str, tuple[str, ...] | None, dict[str, Any]]] = {}

    def __call__(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        text, order, fixed = self._text(connection)
        given = {**fixed, **values}
        return connection.exec_driver_sql(text, given if order is None else tuple([given[name] for name in order]))

    def many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each of some rows, of which there is at least one."""
        text, order, fixed = self._text(connection)
        given = [{**fixed, **row} for row in rows]
        if order is None:
            connection.exec_driver_sql(text, given)
        else:
            connection.exec_driver_sql(text, [tuple([row[name] for name in order]) for row in given])

    def _text(self, connection: Connection) -> tuple[str, tuple[str, ...] | None, dict[str, Any]]:
        name = connection.dialect.name
        if name not in self._texts:
            compiled: Any = self._statement.compile(dialect=connection.dialect)  # type: ignore[attr-defined]
            order = tuple(compiled.positiontup) if compiled.positional else None
            fixed = {key: bind.value for key, bind in compiled.binds.items() if not bind.required}
            self._texts[name] = (str(compiled), order, fixed)
        return self._texts[name]


def constant(word: str) -> ColumnElement[str]:
    """A word of this code (a state, a kind) as part of a statement's text. A partial index is used only where the
    statement itself says what the index asks for; a parameter would not do."""
    if not word.isascii() or not word.replace("_", "").isalnum():
        raise ValueError("not a plain word")
    return literal_column(f"'{word}'")
