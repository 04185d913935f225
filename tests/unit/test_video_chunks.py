"""A film finds its chunks and encodes only the rest; what proves wrong is encoded again."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from renderer.errors import EnvironmentFault, RenderError
from renderer.ledger.chunk_index import ChunkIndex
from renderer.ledger.database import Database
from renderer.render.video.chunks import ChunkWork, FilmChunks, Mine
from renderer.render.video.encode import EncodedChunk, EncodeProfile, FrameAt, encode_chunk, golden_extradata
from renderer.render.video.encoders import Run
from renderer.render.video.keys import KeyBook
from renderer.render.video.packing import BadChunk, pack, unpack
from renderer.render.video.score import Score
from renderer.render.video.scoring import FilmFormat
from renderer.render.video.witness import Witness, frame_sum
from renderer.shelf import Shelf, place
from renderer.store.memory import MemoryStore
from tests import film_samples as film
from workers import log

FORMAT = FilmFormat(width=160, height=96, fps=Fraction(10))
PROFILE = EncodeProfile(width=160, height=96, fps=Fraction(10))
KEY = b"k" * 32


def score_of(name: str) -> Score:
    """Two scenes of two seconds: the first shows a name for a while, the second nobody's. No moment is like another."""
    hello = film.text_layer(copy=None, fact="name", in_s=0.6, out_s=1.4)
    path = [{"at_s": 0, "value": [0, 0]}, {"at_s": 2, "value": [600, 0]}]
    sun = {
        "kind": "shape",
        "id": "sun",
        "shape": "ellipse",
        "fill": "sun",
        "box": film.box(90, 400, 200, 200),
        "keyframes": {"position": path},
    }
    one = film.scene("one", [sun, hello])
    two = film.scene("two", [film.text_layer("t", copy="title", enter={"motion": "rise"})])
    return film.score(film.plan(name=name), film.storyboard(one, two), FORMAT)


@dataclass
class Desk:
    """One process's way to films, over a shelf that others share. ``composed`` are the frames it had to compose."""

    shelf: Shelf | None
    composed: list[int] = field(default_factory=list)
    prepared: list[Run] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    broken: bool = False
    draws: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = lambda frame: frame
    meanwhile: Callable[[], None] = lambda: None

    def work(self, score: Score, use: str | None = None) -> ChunkWork:
        composer = film.composer(score)

        def frame_at(number: int) -> NDArray[np.uint8]:
            if self.broken:
                raise RenderError("render.glyph", "No font has it.")
            self.composed.append(number)
            return self.draws(composer.array(number))

        def here() -> FrameAt:
            return frame_at

        def prepare(runs: Sequence[Run]) -> None:
            self.prepared += runs

        def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            self.meanwhile()

        return ChunkWork(
            book=KeyBook(score, PROFILE, self.shelf.secret if self.shelf else bytes(32)),
            profile=PROFILE,
            source=here,
            here=here,
            prepare=prepare,
            processes=lambda frames: 1,
            progress=self.done.append,
            shelf=self.shelf,
            use=use,
            sleep=sleep,
        )

    def film(self, score: Score, use: str | None = None) -> FilmChunks:
        return self.work(score, use).film()


class House:
    """A ledger, a store and a clock."""

    def __init__(self) -> None:
        self.now = 10_000_000
        self.index = ChunkIndex(Database("sqlite://"), lambda: self.now)
        self.store = MemoryStore()

    def desk(self, audit_one_in: int = 0) -> Desk:
        return Desk(Shelf(self.index, self.store, KEY, audit_one_in=audit_one_in, lease_ms=1000))

    def put(self, key: str, data: bytes) -> None:
        """Have other bytes under a key."""
        self.store.delete(place(key))
        self.store.put_if_absent(place(key), data)


@pytest.fixture
def house() -> House:
    return House()


def test_a_second_person_costs_what_is_theirs(house: House) -> None:
    ada, bo = house.desk(), house.desk()
    first = ada.film(score_of("Ada"))
    assert first.reused == 0 and sorted(ada.composed) == list(range(40))
    second = bo.film(score_of("Bo"))
    personal = [number for key in second.keys if key.personal for number in range(key.first, key.end)]
    assert sorted(bo.composed) == personal and 8 <= len(personal) < 20
    assert second.reused == len(second.chunks) - 1
    assert bo.prepared == [Run(personal[0], personal[-1] + 1)]
    assert bo.done[-1] == 40 and bo.done == sorted(bo.done)
    assert second.personal.count(True) == 1


def test_the_same_person_again_costs_nothing(house: House) -> None:
    first = house.desk().film(score_of("Ada"))
    again = house.desk()
    second = again.film(score_of("Ada"))
    assert not again.composed and not again.prepared
    assert second.encoded == 0 and second.reused == len(second.chunks)
    assert [chunk.samples for chunk in second.chunks] == [chunk.samples for chunk in first.chunks]
    assert again.done[-1] == 40


def test_without_a_shelf_everything_is_encoded_and_alike(house: House) -> None:
    score = score_of("Ada")
    alone, shared = Desk(None).film(score), house.desk().film(score)
    assert alone.chunks == shared.chunks and alone.reused == 0


def test_a_moment_that_comes_twice_is_encoded_once(house: House) -> None:
    """Two scenes that look alike for four seconds, each two chunks of it."""
    still = film.scene("one", [film.text_layer("t", copy="title")], duration_s=13)
    score = film.score(film.plan(scenes=("one",)), film.storyboard(still), FORMAT)
    for desk in (house.desk(), Desk(None)):
        found = desk.film(score)
        assert [key.frames for key in found.keys] == [60, 60, 10]
        assert len(set(desk.composed)) == len(desk.composed) == 70
        assert found.reused == 1 and desk.done[-1] == 130 and desk.done == sorted(desk.done)


@pytest.mark.parametrize("damage", ["cut", "empty", "bit", "name", "headers", "foreign"])
def test_a_chunk_that_is_torn_or_wrong_is_encoded_again(
    house: House, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    score = score_of("Ada")
    whole = house.desk().film(score)
    key, other = whole.keys[1].key, whole.keys[0].key
    data = pack(whole.chunks[1], key)
    bad = {
        "cut": data[: len(data) // 2],
        "empty": b"",
        "bit": data[:200] + bytes([data[200] ^ 1]) + data[201:],
        "name": pack(whole.chunks[0], other),
        "headers": pack(replace(whole.chunks[1], extradata=golden_extradata(replace(PROFILE, width=320))), key),
        "foreign": b"not a chunk at all, but long enough to be one, and with words in it" * 3,
    }[damage]
    house.put(key, bad)
    desk = house.desk()
    with caplog.at_level(logging.ERROR, "dearly.chunks"):
        again = desk.film(score)
    assert again.chunks == whole.chunks
    assert sorted(desk.composed) == list(range(whole.keys[1].first, whole.keys[1].end))
    assert key in caplog.text and "Ada" not in caplog.text
    (line,) = [json.loads(log._Line().format(record)) for record in caplog.records]
    assert (line["event"], line["code"], line["chunk"]) == ("chunk dropped", "store.damaged", key) and line["reason"]
    assert house.desk().film(score).encoded == 0


def test_the_audit_finds_frames_that_changed_and_uses_the_fresh_ones(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A key that no longer means the same picture, as a forgotten version number would make it."""
    score = score_of("Ada")
    old = house.desk().film(score)
    strict = house.desk(audit_one_in=1)
    with caplog.at_level(logging.ERROR, "dearly.chunks"):
        same = strict.film(score)
    assert not caplog.records and same.encoded == 0 and len(strict.composed) == 40
    strict.composed.clear()
    strict.draws = lambda frame: np.minimum(frame, 200)
    with caplog.at_level(logging.ERROR, "dearly.chunks"):
        fresh = strict.film(score)
    assert len(caplog.records) == len(fresh.chunks) and caplog.text.count("store.audit") == len(caplog.records)
    assert fresh.reused == 0 and fresh.encoded > 0
    assert all(one.samples != other.samples for one, other in zip(old.chunks, fresh.chunks, strict=True))
    later = house.desk().film(score)
    assert [chunk.samples for chunk in later.chunks] == [chunk.samples for chunk in fresh.chunks]


def test_the_audit_is_one_of_so_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    score = score_of("Ada")
    house.desk().film(score)
    for chance, composed in ((0.0049, 40), (0.0051, 0)):
        monkeypatch.setattr("renderer.render.video.chunks.random.random", lambda chance=chance: chance)
        desk = house.desk(audit_one_in=200)
        desk.film(score)
        assert len(desk.composed) == composed


def test_what_another_process_encodes_is_waited_for_last(house: House) -> None:
    score = score_of("Ada")
    elsewhere, desk = house.desk(), house.desk()
    assert elsewhere.shelf is not None
    theirs = KeyBook(score, PROFILE, elsewhere.shelf.secret).keys(KeyBook(score, PROFILE, KEY).borders())[-1]
    claim = elsewhere.shelf.claim(theirs.key, False)
    assert isinstance(claim, Mine)
    composer = film.composer(score)
    made = encode_chunk((composer.array(n) for n in range(theirs.first, theirs.end)), PROFILE)

    def finish() -> None:
        if len(desk.slept) == 3:
            assert elsewhere.shelf is not None
            elsewhere.shelf.put(theirs.key, claim.token, pack(made, theirs.key), made.frames_digest)

    desk.meanwhile = finish
    found = desk.film(score)
    assert len(desk.slept) == 3 and desk.slept[0] < desk.slept[-1]
    assert max(desk.composed) == theirs.first - 1 and found.reused == 1
    assert found.chunks[-1] == made


def test_what_a_dead_process_left_is_taken_over(house: House) -> None:
    score = score_of("Ada")
    dead, desk = house.desk(), house.desk()
    assert dead.shelf is not None
    for key in KeyBook(score, PROFILE, dead.shelf.secret).keys(KeyBook(score, PROFILE, KEY).borders()):
        dead.shelf.claim(key.key, key.personal)

    def pass_time() -> None:
        house.now += 400

    desk.meanwhile = pass_time
    assert desk.film(score).reused == 0
    assert len(desk.slept) >= 3 and sorted(desk.composed) == list(range(40))


def test_an_error_leaves_no_lease_behind(house: House) -> None:
    score, desk = score_of("Ada"), house.desk()
    desk.broken = True
    with pytest.raises(RenderError):
        desk.film(score)
    desk.broken = False
    desk.film(score)
    assert not desk.slept


def test_a_shelf_that_fails_is_told_even_if_leases_cannot_be_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = house.desk()

    def refuse(*_: object, **__: object) -> None:
        raise EnvironmentFault("environment.disk", "The store could not be used: No space left on device.")

    monkeypatch.setattr(desk.shelf, "put", refuse)
    monkeypatch.setattr(desk.shelf, "give_up", refuse)
    with pytest.raises(EnvironmentFault, match="No space left"):
        desk.film(score_of("Ada"))


def test_personal_chunks_are_held_before_they_are_there_and_go_with_their_person(house: House) -> None:
    ada, bo = house.desk(), house.desk()
    theirs = [key.key for key in ada.film(score_of("Ada"), "ada").keys if key.personal]
    bo.film(score_of("Bo"), "bo")
    assert ada.shelf is not None
    assert ada.shelf.release("ada") == 1
    left = {name.rpartition("/")[2] for name in house.store.list()}
    assert not left & set(theirs)
    assert bo.film(score_of("Bo"), "bo").encoded == 0
    torn = house.desk()
    torn.broken = True
    with pytest.raises(RenderError):
        torn.film(score_of("Ada"), "ada")
    assert set(house.index.only_of("ada")) == set(theirs)


# ---------------------------------------------------------------- how a chunk is kept


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=8), st.integers(0, 5))
def test_a_packed_chunk_comes_back(samples: list[bytes], repeated: int) -> None:
    chunk = EncodedChunk(
        extradata=golden_extradata(PROFILE),
        samples=b"".join(samples),
        sizes=tuple(map(len, samples)),
        keyframes=(0,),
        repeated=repeated,
        frames_digest="d",
    )
    assert unpack(pack(chunk, "a" * 64), "a" * 64, PROFILE, "d") == chunk


@given(st.data())
@settings(max_examples=60)
def test_no_damage_passes(data: st.DataObject) -> None:
    chunk = EncodedChunk(extradata=golden_extradata(PROFILE), samples=b"abcdef", sizes=(4, 2), keyframes=(0,))
    whole = pack(chunk, "a" * 64)
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = data.draw(
        st.sampled_from(
            [whole[:at], whole[:at] + bytes([whole[at] ^ 64]) + whole[at + 1 :], whole + b"x", whole[:at] + whole]
        )
    )
    if broken != whole:
        with pytest.raises(BadChunk):
            unpack(broken, "a" * 64, PROFILE)


# ---------------------------------------------------------------- the digest of frames


@given(st.integers(1, 50), st.data())
def test_any_changed_byte_changes_a_frames_sum(size: int, data: st.DataObject) -> None:
    frame = np.array(data.draw(st.lists(st.integers(0, 255), min_size=size, max_size=size)), np.uint8)
    other = frame.copy()
    at = data.draw(st.integers(0, size - 1))
    other[at] = (int(other[at]) + data.draw(st.integers(1, 255))) % 256
    assert frame_sum(frame) != frame_sum(other)
    assert frame_sum(frame) == frame_sum(frame.copy())


def test_the_order_and_number_of_frames_count() -> None:
    frames = [np.full((6, 4), value, np.uint8) for value in (1, 2)]

    def seen(*numbers: int) -> str:
        witness = Witness()
        for before, number in zip((None, *numbers), numbers, strict=False):
            witness.see(frames[number], again=number == before)
        return witness.digest()

    assert len({seen(0, 1), seen(1, 0), seen(0), seen(0, 0), seen(0, 0, 1), seen(0, 1, 1)}) == 6
    witness = Witness()
    for number in (0, 0, 1):
        witness.see(frames[number])
    assert witness.digest() == seen(0, 0, 1)
