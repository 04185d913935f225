"""Every store keeps the contract, the one for users' own tests too."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.store.base import Store
from renderer.store.local import LocalStore
from renderer.store.memory import MemoryStore
from renderer.store.s3 import S3Store
from tests import stores
from tests.contract.store_contract import StoreContract


class TestLocalStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return LocalStore(tmp_path / "store")


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()


@pytest.mark.integration
class TestS3StoreOnMoto(StoreContract):
    races = 3

    @pytest.fixture
    def store(self, moto: stores.Moto) -> Store:
        return S3Store(moto.bucket().place())


@pytest.mark.integration
class TestS3StoreInPartsOnMoto(StoreContract):
    """The same with everything in parts, as very large files go."""

    races = 3

    @pytest.fixture
    def store(self, moto: stores.Moto) -> Store:
        return S3Store(moto.bucket().place()).in_parts()


@pytest.mark.integration
class TestS3StoreOnSeaweed(StoreContract):
    races = 5

    @pytest.fixture
    def store(self, seaweed: stores.Seaweed) -> Store:
        return S3Store(seaweed.bucket().place())
