"""``kill -9`` of a random child, worker, dispatcher, supervisor, broker or of the command itself every two seconds:
sums exact, every file there once, nothing stuck, nothing personal where it does not belong.

The run is a batch that the command starts. On SQLite the command has the service that it starts itself, and starts it
again; on PostgreSQL it follows one that stands by itself, as an operator's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.house import House
from tests.chaos.night import get_through, patience_s

REQUESTS = int(os.environ.get("DEARLY_CHAOS_REQUESTS", "300"))
"""`./run chaos` asks for 2,000."""

pytestmark = [
    pytest.mark.integration,
    pytest.mark.chaos,
    pytest.mark.slow,
    pytest.mark.timeout(patience_s(REQUESTS) + 120),
]


@pytest.fixture
def house(tmp_path: Path, chaos_database: str) -> Iterator[House]:
    running = House(tmp_path / "home", chaos_database)
    yield running
    running.close()


@pytest.mark.short_on("sqlite")  # on PostgreSQL everybody is killed every day in test_backplanes.py
def test_whoever_is_killed_nothing_is_lost_and_nothing_doubled(house: House) -> None:
    killer = get_through(house, REQUESTS)
    assert len(killer.killed) > 1, "everything was done before anybody was killed"
