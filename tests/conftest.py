"""Fixtures that many tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from renderer import pipeline
from renderer.plan.build import Planner
from tests import ledgers, small_template, stores

# How long an example takes says nothing on a machine that runs other tests beside it.
settings.register_profile("dearly", deadline=None)
settings.load_profile("dearly")


@pytest.fixture
def small_folder(tmp_path: Path) -> Path:
    """A folder with the small template, to be changed at will."""
    return small_template.write(tmp_path / "small")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Planner:
    """The small template, compiled."""
    return Planner(small_template.load(tmp_path_factory.mktemp("small")))


@pytest.fixture(scope="session")
def energy_bill() -> Planner:
    """The real template of the energy bill, compiled."""
    return pipeline.open_template("energy-bill")


@pytest.fixture(scope="session")
def postgres() -> Iterator[ledgers.Postgres]:
    """A PostgreSQL server."""
    with ledgers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def bucket_keys() -> Iterator[None]:
    """What boto3 finds its credentials by, for this process and those that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stores.KEYS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def moto(bucket_keys: None) -> Iterator[stores.Moto]:
    """moto's S3 over HTTP."""
    with stores.moto() as server:
        yield server


@pytest.fixture(scope="session")
def seaweed(bucket_keys: None) -> Iterator[stores.Seaweed]:
    """A real S3-compatible store. Whoever kills it takes one of its own."""
    with stores.seaweed() as server:
        yield server


@pytest.fixture(params=ledgers.KINDS)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty ledger, once on each database."""
    if request.param == "sqlite":
        yield ledgers.sqlite(tmp_path / "ledger.sqlite")
        return
    server: ledgers.Postgres = request.getfixturevalue("postgres")
    url = server.ledger()
    yield url
    server.give_back(url)
