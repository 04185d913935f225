"""The real API over HTTP, and a client that reaches it through a wire that breaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dearly.client import (
    Client,
)
from tests.http_house import HttpHouse, http_house
from tests.wire import Wire, wire


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpHouse]:
    folder = tmp_path_factory.mktemp("client")
    with http_house(folder, f"sqlite:///{folder}/ledger.sqlite", api_rate=100_000, api_burst=1_000_000) as made:
        yield made


@pytest.fixture
def bad(house: HttpHouse) -> Iterator[Wire]:
    with wire(house.port) as made:
        yield made


@pytest.fixture
def dearly(house: HttpHouse, bad: Wire) -> Iterator[Client]:
    with Client(bad.url, house.all, patience_s=20) as made:
        yield made
