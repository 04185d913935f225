"""A film's chunks: found where they were kept, and only the rest encoded.

In: the film's key book, a composer, and a *shelf*, the port behind which index and bytes of all chunks stand. Out: the
chunks in order. Each missing chunk is claimed first, so that of any number of processes that miss it one encodes it;
what another process is at work on is waited for last. A shelf never has to be trusted: a chunk that is torn, of another
name or of other parameter sets is dropped and encoded again, and now and then the frames of one that was found are
composed again and compared (the *audit*).
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from renderer.errors import EnvironmentFault, RenderError
from renderer.render.video.encode import EncodedChunk, EncodeProfile, FrameAt, golden_extradata
from renderer.render.video.encoders import Made, Run, encode_runs, longest_first
from renderer.render.video.keys import ChunkKey, KeyBook
from renderer.render.video.packing import BadChunk, pack, unpack

RENEW_S = 2.0
"""How often leases are renewed while chunks are encoded. A lease lasts several times as long."""
POLL_S = (0.05, 0.5)
"""How long to wait before a chunk that another process encodes is looked for again: at first, and at most."""

log = logging.getLogger("dearly.chunks")


@dataclass(frozen=True)
class Kept:
    """A chunk as it is kept: packed, with the digest of the frames it was composed of."""

    data: bytes
    frames_digest: str


@dataclass(frozen=True)
class Mine:
    """The right to encode a chunk, until the lease ends and as long as nobody holds a higher token."""

    token: int


@dataclass(frozen=True)
class Busy:
    """Another process encodes the chunk."""


class ChunkShelf(Protocol):
    """Where chunks are kept for all films of an installation. Raises EnvironmentFault when it cannot be used.

    ``secret`` keys the names of personal chunks; ``audit_one_in`` is how many chunks are found for each that is
    composed again, 0 for none.
    """

    @property
    def secret(self) -> bytes: ...

    @property
    def audit_one_in(self) -> int: ...

    def find(self, keys: Sequence[str]) -> Mapping[str, Kept]:
        """Those of ``keys`` that are kept. They count as used now."""

    def claim(self, key: str, personal: bool) -> Kept | Mine | Busy:
        """The chunk, or the right to encode it, or word that somebody else does."""

    def renew(self, tokens: Mapping[str, int]) -> None:
        """Make the leases of these keys last again."""

    def put(self, key: str, token: int, data: bytes, frames_digest: str) -> bytes:
        """Keep a packed chunk; what is kept from now on, which is the first writer's."""

    def give_up(self, key: str, token: int) -> None:
        """Let somebody else encode it."""

    def drop(self, key: str, data: bytes | None) -> None:
        """Remove a chunk that proved wrong, if it still is ``data`` (None: whatever it is)."""

    def audited(self, keys: Iterable[str]) -> None:
        """Count that their frames were composed again and were the same."""

    def hold(self, keys: Iterable[str], use: str, *, keep: bool = False) -> None:
        """Write down that ``use`` has these chunks; with ``keep`` they are not evicted while it has."""

    def release(self, use: str) -> int:
        """Forget a use. Personal chunks that no use is left of are removed; how many were."""


@dataclass(frozen=True, kw_only=True)
class FilmChunks:
    """A film's chunks in order, with their keys. ``reused`` of them were found; ``encoded`` counts the frames that went
    through the encoder."""

    keys: tuple[ChunkKey, ...]
    chunks: tuple[EncodedChunk, ...]
    reused: int
    encoded: int

    @property
    def personal(self) -> tuple[bool, ...]:
        """For each chunk whether it shows something personal."""
        return tuple(key.personal for key in self.keys)


@dataclass(kw_only=True)
class ChunkWork:
    """One film's way to its chunks. ``source`` makes the composer in other processes and ``here`` in this one.
    ``prepare`` gets the runs that will be composed, before anything is claimed, so that no lease runs while footage is
    treated. ``processes`` tells how many of them to use for so many frames."""

    book: KeyBook
    profile: EncodeProfile
    source: Callable[[], FrameAt]
    here: Callable[[], FrameAt]
    prepare: Callable[[Sequence[Run]], None]
    processes: Callable[[int], int]
    progress: Callable[[int], None]
    shelf: ChunkShelf | None = None
    use: str | None = None
    sleep: Callable[[float], None] = time.sleep
    _done: int = 0
    _renewed: float = 0.0
    _tokens: dict[str, int] = field(default_factory=dict)

    def film(self) -> FilmChunks:
        """All chunks. Raises what composing and encoding raise, TransientError when a child dies, and EnvironmentFault
        when the shelf cannot be used; then no lease is left behind."""
        keys = self.book.keys(self.book.borders())
        if self.shelf is None:
            return self._alone(keys)
        try:
            return self._shared(self.shelf, keys)
        finally:
            with suppress(EnvironmentFault):  # what went wrong is to be told, and leases end by themselves
                for name, token in self._tokens.items():
                    self.shelf.give_up(name, token)

    # ---- Without a shelf

    def _alone(self, keys: Sequence[ChunkKey]) -> FilmChunks:
        unique = self._unique(keys)
        runs = [_run(key) for key in unique.values()]
        names = {run.first: name for name, run in zip(unique, runs, strict=True)}
        found = {names[made.run.first]: _chunk(made) for made in self._encoded(runs, longest_first(runs))}
        return self._film(keys, found, frozenset())

    # ---- With one

    def _shared(self, shelf: ChunkShelf, keys: Sequence[ChunkKey]) -> FilmChunks:
        unique = self._unique(keys)
        if self.use is not None:
            # Before anything personal is kept: whatever happens then, forgetting the person finds it.
            shelf.hold([name for name, key in unique.items() if key.personal], self.use)
        found: dict[str, EncodedChunk] = {}
        kept = shelf.find(list(unique))
        for name, one in kept.items():
            self._take(shelf, name, one, found)
        reused = set(found)
        audits = [name for name in sorted(found) if self._chosen(shelf)]
        missing = {name: key for name, key in unique.items() if name not in found}
        self._tick(sum(key.frames for name, key in unique.items() if name in found and name not in audits))
        if missing or audits:
            self._make(shelf, unique, kept, missing, audits, found, reused)
        return self._film(keys, found, frozenset(reused))

    def _make(
        self,
        shelf: ChunkShelf,
        unique: Mapping[str, ChunkKey],
        kept: Mapping[str, Kept],
        missing: Mapping[str, ChunkKey],
        audits: Sequence[str],
        found: dict[str, EncodedChunk],
        reused: set[str],
    ) -> None:
        """Encode what is missing and compose again what is audited."""
        names = {key.first: name for name, key in unique.items()}
        todo = [_run(unique[name], encode=False) for name in audits] + longest_first(map(_run, missing.values()))
        self.prepare(todo)
        busy: list[Run] = []
        again: list[Run] = []

        def claimed(runs: Iterable[Run]) -> Iterator[Run]:
            """Those of some runs that are ours to do, claimed as there is room for them."""
            for run in runs:
                name = names[run.first]
                if not run.encode or self._claim(shelf, unique[name], run, found, reused, busy):
                    yield run

        def work(runs: Sequence[Run], processes: int | None = None) -> None:
            for made in self._encoded(runs, claimed(runs), processes):
                name = names[made.run.first]
                if made.chunk is not None:
                    found[name] = self._put(shelf, name, made)
                    reused.discard(name)
                elif made.frames_digest == kept[name].frames_digest:
                    shelf.audited([name])
                else:
                    _dropped(name, "store.audit", "its frames are not those it was encoded from")
                    shelf.drop(name, kept[name].data)
                    del found[name]
                    reused.discard(name)
                    again.append(Run(made.run.first, made.run.end))

        work(todo)
        work(again)
        pause = POLL_S[0]
        while busy:
            waiting, busy = busy, []
            before = len(found)
            work(waiting, 1)
            if len(found) == before:
                self._tick(0)
                self.sleep(pause)
                pause = min(2 * pause, POLL_S[1])

    def _claim(
        self,
        shelf: ChunkShelf,
        key: ChunkKey,
        run: Run,
        found: dict[str, EncodedChunk],
        reused: set[str],
        busy: list[Run],
    ) -> bool:
        """Whether the chunk is ours to encode. If not it is put into ``found`` or ``busy``."""
        answer = shelf.claim(key.key, key.personal)
        if isinstance(answer, Kept):
            if self._take(shelf, key.key, answer, found):
                reused.add(key.key)
                self._tick(run.frames)
                return False
            answer = shelf.claim(key.key, key.personal)
        if isinstance(answer, Mine):
            self._tokens[key.key] = answer.token
            return True
        busy.append(run)
        return False

    def _take(self, shelf: ChunkShelf, name: str, kept: Kept, found: dict[str, EncodedChunk]) -> bool:
        """Put a kept chunk into ``found`` if it can be used; else drop it."""
        try:
            found[name] = unpack(kept.data, name, self.profile, kept.frames_digest)
        except BadChunk as error:
            _dropped(name, "store.damaged", str(error))
            shelf.drop(name, kept.data)
            return False
        return True

    def _put(self, shelf: ChunkShelf, name: str, made: Made) -> EncodedChunk:
        """Keep a chunk that was encoded here, unless another was kept meanwhile: then that one is used."""
        chunk = _chunk(made)
        if chunk.extradata != golden_extradata(self.profile):
            raise RenderError("render.media", "A chunk was encoded with other parameter sets and would not join.")
        mine = pack(chunk, name)
        data = shelf.put(name, self._tokens[name], mine, made.frames_digest)
        del self._tokens[name]
        if data == mine:
            return chunk
        try:
            return unpack(data, name, self.profile, made.frames_digest)
        except BadChunk as error:
            _dropped(name, "store.damaged", str(error))
            shelf.drop(name, data)
            return chunk

    def _chosen(self, shelf: ChunkShelf) -> bool:
        return shelf.audit_one_in > 0 and random.random() * shelf.audit_one_in < 1

    # ---- Either way

    def _unique(self, keys: Sequence[ChunkKey]) -> dict[str, ChunkKey]:
        """The first key of each name: a film may show the same twice."""
        found: dict[str, ChunkKey] = {}
        for key in keys:
            found.setdefault(key.key, key)
        self._tick(sum(key.frames for key in keys) - sum(key.frames for key in found.values()))
        return found

    def _encoded(self, runs: Sequence[Run], order: Iterable[Run], processes: int | None = None) -> Iterator[Made]:
        count = processes or min(self.processes(sum(run.frames for run in runs)), len(runs))
        source = self.here if count <= 1 else self.source
        return encode_runs(source, order, self.profile, processes=count, tick=self._tick)

    def _tick(self, frames: int) -> None:
        """Tell of progress, and keep leases alive."""
        self._done += frames
        self.progress(self._done)
        now = time.monotonic()
        if self.shelf is not None and self._tokens and now - self._renewed > RENEW_S:
            self._renewed = now
            self.shelf.renew(self._tokens)

    def _film(self, keys: Sequence[ChunkKey], found: Mapping[str, EncodedChunk], reused: frozenset[str]) -> FilmChunks:
        encoded = sum(chunk.frames - chunk.repeated for name, chunk in found.items() if name not in reused)
        chunks = tuple(found[key.key] for key in keys)
        again = len(keys) - len(found)  # the same moment twice in a film
        return FilmChunks(keys=tuple(keys), chunks=chunks, reused=len(reused) + again, encoded=encoded)


def _dropped(name: str, code: str, reason: str) -> None:
    """One event in the log. A chunk's name is a digest, keyed if the chunk is personal."""
    fields = {"event": "chunk dropped", "code": code, "chunk": name, "reason": reason}
    log.error("chunk dropped: %s: %s [%s]", name, reason, code, extra={"fields": fields})


def _run(key: ChunkKey, encode: bool = True) -> Run:
    return Run(key.first, key.end, encode)


def _chunk(made: Made) -> EncodedChunk:
    assert made.chunk is not None
    return made.chunk
