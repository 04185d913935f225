"""Every store keeps the contract, the one for users' own tests too."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.store.base import Store
from renderer.store.local import LocalStore
from renderer.store.memory import MemoryStore
from tests.contract.store_contract import StoreContract


class TestLocalStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return LocalStore(tmp_path / "store")


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()
