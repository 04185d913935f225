"""What does not belong together is refused before anything is written: another key, another store, another ledger."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from renderer.bootstrap import build
from renderer.errors import EnvironmentFault
from renderer.installation import CLOCK_MS, MARKER, CheckedStore, agreed_key, check_clock, check_store
from renderer.ledger.database import Database
from renderer.ledger.identity import Identity
from renderer.ledger.model import wall_clock
from renderer.ledger.seal import installation_key
from renderer.orders import Order, submission
from renderer.settings import Settings
from renderer.store.memory import MemoryStore

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def identity(ledger_url: str) -> Iterator[Identity]:
    with closing(Database(ledger_url, upgrade=True)) as database:
        yield Identity(database)


@pytest.fixture
def other_identity() -> Iterator[Identity]:
    """That of another ledger."""
    with closing(Database("sqlite://")) as database:
        yield Identity(database)


def code(call: Callable[[], object]) -> str:
    with pytest.raises(EnvironmentFault) as caught:
        call()
    return caught.value.code


def test_machines_with_one_key_belong_together_and_another_is_refused(identity: Identity, tmp_path: Path) -> None:
    first, copied, other = tmp_path / "first/key", tmp_path / "copied", tmp_path / "other"
    key = agreed_key(first, identity)
    copied.write_bytes(key)
    copied.chmod(0o600)
    assert agreed_key(copied, identity) == key
    installation_key(other)
    assert code(lambda: agreed_key(other, identity)) == "environment.key"
    assert agreed_key(first, identity) == key


def test_a_machine_without_the_key_makes_none_of_its_own(identity: Identity, tmp_path: Path) -> None:
    agreed_key(tmp_path / "key", identity)
    assert code(lambda: agreed_key(tmp_path / "missing", identity)) == "environment.key"
    assert not (tmp_path / "missing").exists()


def test_the_fingerprint_says_nothing_of_the_key(identity: Identity, tmp_path: Path) -> None:
    key = agreed_key(tmp_path / "key", identity)
    kept = identity.known()["installation-key"].to_bytes(8, "big")
    assert kept not in key and key[:8] not in kept


def test_a_ledger_from_before_keys_were_noted_takes_only_the_key_that_opens_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    services = build(Settings(home=home))
    run = services.intake.open_run("test")
    order = Order(profile="{}")
    sealed = submission(
        services.vault, order, recipient="1", idempotency="one", template="t", release="0", channels=("statement",)
    )
    services.intake.submit(run, [sealed])
    with services.database.writing() as connection:
        connection.exec_driver_sql("delete from marks")
    (home / "store" / MARKER).unlink()
    with closing(services.database) as database:
        identity = Identity(database)
        installation_key(tmp_path / "other")
        assert code(lambda: agreed_key(tmp_path / "other", identity)) == "environment.key"
        assert agreed_key(home / "installation.key", identity)
    build(Settings(home=home)).database.close()


def test_a_worker_with_another_key_does_not_start(tmp_path: Path) -> None:
    build(Settings(home=tmp_path / "first", database_url=shared_ledger(tmp_path))).database.close()
    assert "environment.key" in refused_worker(tmp_path)


def test_a_worker_with_another_store_does_not_start(tmp_path: Path) -> None:
    first = Settings(home=tmp_path / "first", database_url=shared_ledger(tmp_path))
    build(first).database.close()
    (tmp_path / "second").mkdir(mode=0o700)
    shutil.copy(first.key_file, tmp_path / "second")
    assert "store.other" in refused_worker(tmp_path)
    assert not list((tmp_path / "second/store").glob("*.json")), "nothing is written into it"


def test_a_machine_whose_clock_is_not_the_servers_is_refused(ledger_url: str) -> None:
    with closing(Database(ledger_url, upgrade=True)) as database:
        server = database.engine.dialect.name == "postgresql"
        for off_ms, wrong in (
            (0, False),
            (CLOCK_MS - 3_000, False),
            (CLOCK_MS + 60_000, True),
            (-CLOCK_MS - 60_000, True),
        ):

            def clock(off_ms: int = off_ms) -> int:
                return wall_clock() + off_ms

            if wrong and server:
                with pytest.raises(EnvironmentFault, match=r"[56]\d s (ahead of|behind)") as caught:
                    check_clock(database, clock)
                assert caught.value.code == "environment.clock"
                assert ("ahead" in str(caught.value)) == (off_ms > 0)
            else:
                check_clock(database, clock)


def shared_ledger(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.sqlite'}"


def refused_worker(folder: Path) -> str:
    """What a worker says that ends at its start: one of the home "second" on the shared ledger."""
    command = [sys.executable, "-m", "celery", "-A", "workers", "worker", "-c", "1"]
    environment = {
        "DEARLY_HOME": str(folder / "second"),
        "DEARLY_DATABASE_URL": shared_ledger(folder),
        "DEARLY_BROKER_URL": "redis://127.0.0.1:1/0",
        "DEARLY_KEY_FILE": "",
    }
    ended = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == EnvironmentFault.exit_code, ended.stderr
    return ended.stderr


def test_a_store_is_marked_once_and_known_again(identity: Identity) -> None:
    store, proofs = MemoryStore(), []
    for _ in range(3):
        check_store(store, identity, lambda: proofs.append("proved"))
    assert list(store.list()) == [MARKER]
    assert proofs == ["proved"], "only a store that is new is tried out"


def test_what_cannot_be_proved_is_not_marked(identity: Identity) -> None:
    def fails() -> None:
        raise EnvironmentFault("store.create-only", "It does not.")

    store = MemoryStore()
    assert code(lambda: check_store(store, identity, fails)) == "store.create-only"
    assert list(store.list()) == []
    check_store(store, identity)


def test_another_store_is_refused_empty_or_not(identity: Identity, other_identity: Identity) -> None:
    check_store(MemoryStore(), identity)
    empty = MemoryStore()
    assert code(lambda: check_store(empty, identity)) == "store.other"
    assert list(empty.list()) == [], "nothing is written into it"
    foreign = MemoryStore()
    check_store(foreign, other_identity)
    assert code(lambda: check_store(foreign, identity)) == "store.other"


def test_two_ledgers_do_not_share_a_store(identity: Identity, other_identity: Identity) -> None:
    store = MemoryStore()
    check_store(store, other_identity)
    assert code(lambda: check_store(store, identity)) == "store.other"


def test_of_two_stores_that_are_new_at_the_same_time_one_is_the_ledgers(identity: Identity) -> None:
    """Both machines see that the ledger has no store yet; the second looks while the first is at it."""
    first, second = MemoryStore(), MemoryStore()
    refused = code(lambda: check_store(second, identity, lambda: check_store(first, identity)))
    assert refused == "store.other"
    check_store(first, identity)
    assert code(lambda: check_store(second, identity)) == "store.other"


def test_who_died_between_store_and_ledger_is_gone_on_from(identity: Identity) -> None:
    store = MemoryStore()
    check_store(store, identity)
    with identity._database.writing() as connection:
        connection.exec_driver_sql("delete from marks where name = 'installation-store'")
    check_store(store, identity)
    assert "installation-store" in identity.known()


def test_a_damaged_mark_is_told(identity: Identity) -> None:
    store = MemoryStore()
    store.put_if_absent(MARKER, b"{}")
    assert code(lambda: check_store(store, identity)) == "store.damaged"


def test_a_store_is_looked_at_before_its_first_use_until_it_went_well() -> None:
    seen: list[str] = []

    def check() -> None:
        seen.append("looked")
        if len(seen) == 1:
            raise EnvironmentFault("environment.store", "Away.")

    store = CheckedStore(MemoryStore(), check)
    assert code(lambda: store.stat("k")) == "environment.store"
    assert store.put_if_absent("k", b"x").created
    assert (list(store.list()), store.stat("k"), store.delete("k")) == (["k"], 1, True)
    assert len(seen) == 2


def test_the_key_file_may_stand_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEARLY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DEARLY_KEY_FILE", str(tmp_path / "secrets/key"))
    with closing(build(Settings()).database):
        assert (tmp_path / "secrets/key").stat().st_size == 32
        assert not (tmp_path / "home/installation.key").exists()
    monkeypatch.setenv("DEARLY_KEY_FILE", "")
    assert Settings().key_file == tmp_path / "home/installation.key"
