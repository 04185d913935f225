"""What all tables are made with."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, Index, Integer, MetaData, text

metadata = MetaData()

ROW_ID = BigInteger().with_variant(Integer, "sqlite")
"""A number that the database gives. SQLite gives none to a column of another type."""


def one_of(column: str, words: Collection[str]) -> CheckConstraint:
    """That a column holds one of these words."""
    return CheckConstraint(f"{column} in ({', '.join(repr(word) for word in words)})")


def partial_index(name: str, *columns: ColumnElement[Any], where: str) -> Index:
    """An index of some rows only, in the same words on both databases."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))
