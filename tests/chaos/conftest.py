"""What the chaos tests share."""

from __future__ import annotations

import os

import pytest

from tests.ledgers import KINDS, Postgres

LONG = "DEARLY_CHAOS_REQUESTS" in os.environ
"""Whether this is the long form, ``./run chaos``."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the second database to the long form where a test says which one will do for every day: what differs
    between them is tried on both by the tests of kills and by those of the ledger itself."""
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        mark = item.get_closest_marker("short_on")
        database = item.callspec.params.get("chaos_database") if isinstance(item, pytest.Function) and mark else None
        (left if mark is not None and not LONG and database != mark.args[0] else kept).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left)


@pytest.fixture(params=KINDS)
def chaos_database(request: pytest.FixtureRequest) -> str:
    """The address of an empty ledger as a service is given it, once on each database; empty for SQLite."""
    if request.param == "sqlite":
        return ""
    server: Postgres = request.getfixturevalue("postgres")
    return server.ledger()
