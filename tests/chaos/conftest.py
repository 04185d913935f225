"""What the chaos tests share."""

from __future__ import annotations

import pytest

from tests.ledgers import KINDS, Postgres


@pytest.fixture(params=KINDS)
def chaos_database(request: pytest.FixtureRequest) -> str:
    """The address of an empty ledger as a service is given it, once on each database; empty for SQLite."""
    if request.param == "sqlite":
        return ""
    server: Postgres = request.getfixturevalue("postgres")
    return server.ledger()
