"""What every store promises; a test module gives it a store to try."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from renderer.errors import EnvironmentFault
from renderer.store.base import Store
from renderer.units import sha256


def read(store: Store, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


class StoreContract:
    """Collected where a subclass defines the fixture ``store``, and fewer ``races`` where a network is between."""

    races = 20

    def test_gives_back_what_it_was_given(self, store: Store, tmp_path: Path) -> None:
        made = store.put_if_absent("a/b/one.txt", b"content")
        assert (made.key, made.bytes, made.sha256, made.created) == ("a/b/one.txt", 7, sha256(b"content"), True)
        assert read(store, "a/b/one.txt") == b"content"
        assert store.stat("a/b/one.txt") == 7
        source = tmp_path / "source"
        source.write_bytes(b"x" * 3_000_000)
        assert store.put_if_absent("big", source).bytes == 3_000_000
        assert source.exists()
        assert read(store, "big") == source.read_bytes()

    def test_a_file_that_may_be_taken_is_kept_all_the_same(self, store: Store, tmp_path: Path) -> None:
        source = tmp_path / "source"
        source.write_bytes(b"taken")
        made = store.put_if_absent("a/taken", source, take=True)
        assert (made.bytes, made.sha256, made.created) == (5, sha256(b"taken"), True)
        assert read(store, "a/taken") == b"taken"
        source.unlink(missing_ok=True)
        source.write_bytes(b"another file under the old name")
        assert read(store, "a/taken") == b"taken"
        again = store.put_if_absent("a/taken", source, take=True)
        assert (again.bytes, again.sha256, again.created) == (5, sha256(b"taken"), False)
        assert read(store, "a/taken") == b"taken"

    def test_the_first_writer_wins(self, store: Store) -> None:
        store.put_if_absent("k", b"first")
        again = store.put_if_absent("k", b"the second")
        assert (again.created, again.bytes, again.sha256) == (False, 5, sha256(b"first"))
        assert read(store, "k") == b"first"

    def test_of_racing_writers_exactly_one_wins(self, store: Store) -> None:
        for turn in range(self.races):
            contents = [f"writer {number}".encode() * 2000 for number in range(8)]
            with ThreadPoolExecutor(8) as pool:
                found = list(pool.map(lambda content, key=f"race/{turn}": store.put_if_absent(key, content), contents))
            (winner,) = [number for number, stored in enumerate(found) if stored.created]
            assert {stored.sha256 for stored in found} == {sha256(contents[winner])}
            assert read(store, f"race/{turn}") == contents[winner]

    def test_says_what_is_not_there(self, store: Store) -> None:
        assert store.stat("nothing/here") is None
        assert store.delete("nothing/here") is False
        with pytest.raises(EnvironmentFault) as caught:
            store.open("nothing/here")
        assert caught.value.code == "store.missing"

    def test_deletes_and_lists(self, store: Store) -> None:
        for key in ("a/1", "a/b/2", "ab/3"):
            store.put_if_absent(key, b"")
        assert sorted(store.list()) == ["a/1", "a/b/2", "ab/3"]
        assert sorted(store.list("a")) == ["a/1", "a/b/2"]
        assert list(store.list("a/b/2")) == ["a/b/2"]
        assert list(store.list("z")) == []
        assert store.delete("a/b/2") is True
        assert sorted(store.list()) == ["a/1", "ab/3"]
        assert store.put_if_absent("a/b/2", b"new").created

    @pytest.mark.parametrize(
        "key", ["", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a/.b", "a b", "ä", "a\0", "x" * 401]
    )
    def test_refuses_keys_that_a_path_could_mistake(self, store: Store, key: str) -> None:
        actions: list[Callable[[], object]] = [
            lambda: store.put_if_absent(key, b""),
            lambda: store.open(key),
            lambda: store.stat(key),
            lambda: store.delete(key),
        ]
        for action in actions:
            with pytest.raises(ValueError):
                action()
