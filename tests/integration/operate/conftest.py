"""An installation for the tests of the operators' page, what there is to see, and somebody who may do all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.http_house import HttpHouse
from tests.operate_house import Visitor, World, held_run, operate_house

turns = count()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpHouse]:
    with operate_house(tmp_path_factory.mktemp("operate")) as made:
        yield made


@pytest.fixture
def all_(house: HttpHouse) -> Visitor:
    return Visitor(house, house.all)


@pytest.fixture(scope="module")
def world(house: HttpHouse, tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(house, tmp_path_factory.mktemp("world"))


@pytest.fixture
def held(house: HttpHouse, tmp_path: Path) -> str:
    """A run of its own that waits for an approval."""
    return held_run(house, tmp_path, turn=f"-{next(turns)}-")
