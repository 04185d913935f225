"""What keys of the HTTP API and endpoints of webhooks have in common: an id for life, secrets that change, and lists of
what each is about.

A rotation adds a secret and lets the others end after an overlap, in which all of them work.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, ColumnElement, Connection, Table, or_, update


def works_after(table: Table, at_ms: int) -> ColumnElement[bool]:
    """Of a table of secrets, those that have no end, or end later than that."""
    until: Column[int | None] = table.c.until_ms
    return or_(until.is_(None), until > at_ms)


def end_by(connection: Connection, table: Table, ours: ColumnElement[bool], at_ms: int) -> None:
    """Let secrets end at that time, or when they would have ended before."""
    connection.execute(update(table).where(ours, works_after(table, at_ms)).values(until_ms=at_ms))


def to_column(names: Iterable[str] | None) -> str | None:
    """Names without spaces, as they stand in the ledger; None, which means all, stays None."""
    return None if names is None else " ".join(sorted(names))


def from_column(text: str | None) -> frozenset[str] | None:
    """What :func:`to_column` wrote."""
    return None if text is None else frozenset(text.split())
