"""Sealing: only the same key, under the same name, opens what was sealed; digests need the key too."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.errors import EnvironmentFault
from renderer.ledger.seal import Vault, installation_key
from renderer.orders import MadePlan, Order, open_order, open_plan, seal_plan, submission

KEY, OTHER = b"k" * 32, b"o" * 32


def test_what_is_sealed_comes_back_and_cannot_be_read_or_moved() -> None:
    vault = Vault(KEY)
    sealed = vault.seal(b"Ada Lovelace " * 10, "profile 1")
    assert b"Ada" not in sealed
    assert vault.seal(b"Ada Lovelace " * 10, "profile 1") != sealed
    assert vault.open(sealed, "profile 1") == b"Ada Lovelace " * 10
    attempts: list[tuple[Vault, bytes, str]] = [
        (vault, sealed, "profile 2"),
        (Vault(OTHER), sealed, "profile 1"),
        (vault, sealed[:-1] + bytes([sealed[-1] ^ 1]), "profile 1"),
        (vault, b"", "profile 1"),
    ]
    for key, data, name in attempts:
        with pytest.raises(EnvironmentFault) as caught:
            key.open(data, name)
        assert caught.value.code == "environment.key"


def test_digests_need_the_key_and_keep_values_apart() -> None:
    vault = Vault(KEY)
    assert vault.keyed("recipient", "1") == Vault(KEY).keyed("recipient", "1")
    different = {
        vault.keyed("recipient", "1"),
        vault.keyed("other", "1"),
        Vault(OTHER).keyed("recipient", "1"),
        vault.keyed("recipient", "1", ""),
        vault.keyed("recipient", "", "1"),
        vault.keyed("r", "ecipient1"),
    }
    assert len(different) == 6


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home" / "installation.key"
    key = installation_key(path)
    assert len(key) == 32
    assert installation_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(EnvironmentFault):
        installation_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(EnvironmentFault):
        installation_key(path)


def test_orders_and_plans_travel_sealed() -> None:
    vault = Vault(KEY)
    order = Order(
        profile='{"name":"Ada"}', record=7, images={"d1": b"\x89PNG\0"}, as_of="2026-11-01", locale="it", seed=3
    )
    item = submission(
        vault, order, recipient="C-1", idempotency=("run", "7"), template="t", release="d", channels=["video"]
    )
    assert open_order(vault, item.sealed, item.id) == order
    assert "C-1" not in repr(item)
    again = submission(
        vault, order, recipient="C-1", idempotency=("run", "7"), template="t", release="d", channels=["video"]
    )
    assert (again.recipient, again.idempotency) == (item.recipient, item.idempotency)
    assert again.id != item.id
    plan = MadePlan(data="{}", digest="d", images={"d1": b"x"})
    assert open_plan(vault, seal_plan(vault, plan, item.id), item.id) == plan
