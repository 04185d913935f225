"""What the local store owes to the disk: rights, crashes, races between processes, a full disk."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from renderer.errors import EnvironmentFault
from renderer.store.local import LocalStore

WRITER = """
import sys
from pathlib import Path
from renderer.store.local import LocalStore
store = LocalStore(Path(sys.argv[1]))
sys.stdin.read(1)
print(sum(store.put_if_absent(f"race/{n}", (sys.argv[2] * 50_000).encode()).created for n in range(100)))
"""


def test_only_its_owner_can_look_inside(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    store.put_if_absent("a/b", b"x")
    assert store.root.stat().st_mode & 0o077 == 0
    assert (store.root / "a/b").stat().st_mode & 0o077 == 0


def test_of_racing_processes_one_wins_each_key_and_contents_are_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "store")]
    racers = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for name in "abc"
    ]
    wins = 0
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    for racer in racers:
        wins += int(racer.communicate()[0])
    assert wins == 100
    store = LocalStore(tmp_path / "store")
    for key in store.list("race"):
        with store.open(key) as file:
            content = file.read()
        assert len(content) == 50_000
        assert len(set(content)) == 1


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path / "store")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnvironmentFault) as caught:
        store.put_if_absent("k", b"content")
    assert caught.value.code == "environment.disk"
    assert [path for path in store.root.rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert store.put_if_absent("k", b"content").created


def test_a_file_that_is_taken_becomes_the_stores_own_unless_it_has_another_name(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    taken, shared, named = (tmp_path / name for name in ("taken", "shared", "named"))
    for file in (taken, shared):
        file.write_bytes(b"content")
        file.chmod(0o644)
    inode = taken.stat().st_ino
    assert store.put_if_absent("k/taken", taken, take=True).created
    assert not taken.exists()
    assert (store.root / "k/taken").stat().st_ino == inode
    assert (store.root / "k/taken").stat().st_mode & 0o077 == 0
    os.link(shared, named)
    assert store.put_if_absent("k/shared", shared, take=True).created
    with named.open("ab") as other:
        other.write(b" that is changed later")
    assert (store.root / "k/shared").read_bytes() == b"content"
    assert list((store.root / ".incoming").iterdir()) == []


def test_what_is_being_written_is_not_listed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    (store.root / ".incoming" / "half").write_bytes(b"ha")
    assert list(store.list()) == []
