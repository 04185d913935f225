"""The shelf of chunks: one encoder for each, nothing torn, nothing kept of a person who is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import EnvironmentFault
from renderer.ledger.chunk_index import TOUCH_MS, ChunkIndex
from renderer.ledger.database import Database
from renderer.render.video.chunks import Busy, Kept, Mine
from renderer.shelf import Shelf, chunk_secret, place
from renderer.store.base import Stored
from renderer.store.local import LocalStore
from renderer.store.memory import MemoryStore

KEY = b"k" * 32
LEASE = 1_000
A, B, C, D = (letter * 64 for letter in "abcd")


class Bench:
    """Shelves of several processes over one ledger and one store, with a clock that a test turns."""

    def __init__(self, url: str) -> None:
        self.now = 10_000_000
        self.database = Database(url)
        self.index = ChunkIndex(self.database, lambda: self.now)
        self.store = MemoryStore()

    def shelf(self, limit: int = 1_000_000) -> Shelf:
        return Shelf(self.index, self.store, KEY, limit=limit, lease_ms=LEASE)

    def keep(self, key: str, data: bytes = b"chunk", personal: bool = False, shelf: Shelf | None = None) -> None:
        shelf = shelf or self.shelf()
        claim = shelf.claim(key, personal)
        assert isinstance(claim, Mine)
        assert shelf.put(key, claim.token, data, "digest") == data

    def kept(self) -> set[str]:
        """The keys whose bytes are there."""
        return {name.rpartition("/")[2] for name in self.store.list("chunks")}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


def token(answer: Kept | Mine | Busy) -> int:
    assert isinstance(answer, Mine)
    return answer.token


def test_of_two_processes_one_encodes_and_both_find(bench: Bench) -> None:
    one, other = bench.shelf(), bench.shelf()
    mine = token(one.claim(A, False))
    assert other.claim(A, False) == Busy() and other.find([A]) == {}
    assert one.put(A, mine, b"chunk", "digest") == b"chunk"
    assert other.claim(A, False) == Kept(b"chunk", "digest") == one.find([A, B])[A]


def test_a_lease_that_ends_is_taken_over_and_its_holder_comes_too_late(bench: Bench) -> None:
    dead, heir = bench.shelf(), bench.shelf()
    old = token(dead.claim(A, False))
    bench.now += LEASE
    new = token(heir.claim(A, False))
    assert new > old
    dead.renew({A: old})  # changes nothing
    bench.now += LEASE - 1
    assert isinstance(dead.claim(A, False), Busy)
    assert heir.put(A, new, b"heir", "digest") == b"heir"
    assert dead.put(A, old, b"dead", "other") == b"heir"
    assert dead.find([A])[A] == Kept(b"heir", "digest")


def test_a_renewed_lease_lasts(bench: Bench) -> None:
    one, other = bench.shelf(), bench.shelf()
    mine = token(one.claim(A, False))
    for _ in range(3):
        bench.now += LEASE - 1
        one.renew({A: mine})
    assert isinstance(other.claim(A, False), Busy)


def test_who_gives_up_lets_the_next_one_in(bench: Bench) -> None:
    one, other = bench.shelf(), bench.shelf()
    one.give_up(A, token(one.claim(A, False)))
    later = token(other.claim(A, False))
    one.give_up(A, later - 1)
    assert isinstance(one.claim(A, False), Busy)


def test_the_token_of_a_row_that_went_is_never_given_again(bench: Bench) -> None:
    one = bench.shelf(limit=10)
    old = token(one.claim(A, False))
    bench.now += LEASE
    bench.keep(A, shelf=one)
    bench.keep(B, b"x" * 20, shelf=one)
    assert not one.find([A])
    assert token(one.claim(A, False)) > old
    assert one.put(A, old, b"late", "digest") == b"late"
    assert not one.find([A])  # its bytes are there, but nobody who may said that they are


def test_bytes_that_are_gone_are_noticed_and_encoded_again(bench: Bench) -> None:
    one = bench.shelf()
    bench.keep(A)
    bench.store.delete(place(A))
    assert one.find([A]) == {}
    bench.keep(A, b"again")
    bench.store.delete(place(A))
    assert isinstance(one.claim(A, False), Mine)


def test_a_chunk_that_proved_wrong_goes_unless_it_was_replaced(bench: Bench) -> None:
    one = bench.shelf()
    bench.keep(A, b"wrong")
    one.drop(A, b"another")
    assert one.find([A])[A].data == b"wrong"
    one.drop(A, b"wrong")
    assert one.find([A]) == {} and not bench.kept()
    bench.keep(A, b"right")


def test_what_was_not_used_for_longest_goes_first_and_what_is_kept_for_a_use_stays(bench: Bench) -> None:
    one = bench.shelf(limit=100)
    for key in (A, B, C):
        bench.keep(key, key[:30].encode(), shelf=one)
        bench.now += TOUCH_MS + 1
    one.find([A])
    one.hold([B], "stream", keep=True)
    bench.now += 1
    leased = token(one.claim("e" * 64, False))
    bench.keep(D, b"d" * 30, shelf=one)
    assert bench.kept() == {A, B, D} and set(one.find([A, B, C, D])) == {A, B, D}
    assert one.put("e" * 64, leased, b"e", "digest") == b"e"


def test_eviction_stops_when_all_that_is_left_is_in_use(bench: Bench) -> None:
    one = bench.shelf(limit=10)
    one.hold([A, B], "stream", keep=True)
    for key in (A, B):
        bench.keep(key, b"x" * 20, shelf=one)
    assert one.make_room() == 0 and bench.kept() == {A, B}
    assert one.release("stream") == 0
    assert one.make_room() == 2 and not bench.kept()


def test_a_use_that_keeps_goes_on_keeping(bench: Bench) -> None:
    one = bench.shelf(limit=10)
    one.hold([A], "film", keep=True)
    one.hold([A], "film")
    bench.keep(A, b"x" * 20, shelf=one)
    assert one.make_room() == 0
    one.hold([B], "other")
    bench.keep(B, b"x" * 20, shelf=one)
    assert bench.kept() == {A}  # to have a chunk is not to keep it


def test_forgetting_a_person_removes_what_nobody_else_has(bench: Bench) -> None:
    one = bench.shelf()
    for key, personal in ((A, True), (B, True), (C, False), (D, True)):
        bench.keep(key, personal=personal)
    one.hold([A, B, C], "ada")
    one.hold([B, C, D], "bo")
    assert one.release("ada") == 1
    assert bench.kept() == {B, C, D} and A not in one.find([A, B, C, D])
    assert one.release("ada") == 0
    assert one.release("bo") == 2
    assert bench.kept() == {C}


def test_a_person_forgotten_while_their_chunk_is_encoded_leaves_no_bytes(bench: Bench) -> None:
    one = bench.shelf()
    one.hold([A], "ada")
    mine = token(one.claim(A, True))
    assert one.release("ada") == 1
    assert one.put(A, mine, b"chunk", "digest") == b"chunk"  # the film under way still gets it
    assert not bench.kept() and not one.find([A])


@given(st.lists(st.tuples(st.sampled_from(["ada", "bo", "cy"]), st.sampled_from("abcdef")), max_size=14))
@settings(max_examples=30, deadline=None)
def test_after_everybody_is_forgotten_nothing_personal_is_left(uses: list[tuple[str, str]]) -> None:
    bench = Bench("sqlite://")
    one = bench.shelf()
    people: dict[str, set[str]] = {}
    for person, letter in uses:
        people.setdefault(person, set()).add(letter * 64)
        one.hold([letter * 64], person)
        if letter * 64 not in bench.kept():
            bench.keep(letter * 64, personal=letter != "a")
    while people:
        person, theirs = people.popitem()
        one.release(person)
        others = set().union(*people.values())
        assert not {key for key in theirs - others if key[0] != "a"} & bench.kept()
        assert others <= bench.kept()
    bench.database.close()


def test_names_of_personal_chunks_depend_on_the_installation() -> None:
    assert chunk_secret(KEY) != chunk_secret(b"l" * 32) and len(chunk_secret(KEY)) == 32
    assert chunk_secret(KEY) != KEY


def test_a_full_disk_is_told_and_leaves_the_lease_to_be_given_up(
    tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(LocalStore):
        def put_if_absent(self, key: str, data: bytes | Path, *, durable: bool = True, take: bool = False) -> Stored:
            assert not durable  # a chunk tells by itself whether it is whole
            raise EnvironmentFault("environment.disk", "The store could not be used: No space left on device.")

    one = Shelf(bench.index, Full(tmp_path / "store"), KEY)
    mine = token(one.claim(A, False))
    with pytest.raises(EnvironmentFault):
        one.put(A, mine, b"chunk", "digest")
    one.give_up(A, mine)
    assert isinstance(bench.shelf().claim(A, False), Mine)
