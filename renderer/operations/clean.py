"""Makes room: files of requests that ended long ago, pieces of film, caches, old logs. The oldest of each go first.

In: how old, or how much is to be free. Nothing of a run that is open ever goes, and no row of a request: that it was
done, when and by which release stays known. First goes what is made again by itself, and results last.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from renderer.bootstrap import Services
from renderer.ledger.cleaning import Cleaning, Old
from renderer.ledger.gauges import Gauges
from renderer.ledger.model import Clock, wall_clock
from renderer.operations.folders import KEPT_CACHES, empty, remove, unused
from renderer.operations.forget import shelf_of
from renderer.times import DAY_MS

IDLE_DAYS = 30
"""What caches and logs have not been used for so long goes with every cleaning."""

TOGETHER = 50
"""Requests in one transaction."""

Step = Callable[[str, int, int], None]
"""Called with (what, done, in all): bytes where the goal is a number of bytes, else files or requests."""


@dataclass(frozen=True, kw_only=True)
class Gone:
    """What went of one kind, or would."""

    count: int = 0
    bytes: int = 0

    def __add__(self, other: Gone) -> Gone:
        return Gone(count=self.count + other.count, bytes=self.bytes + other.bytes)


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What a cleaning removed, or would: files of the caches, logs, pieces of film, and of how many requests the files.
    ``free`` are bytes that are free afterwards (expected, in a dry run)."""

    cache: Gone = Gone()
    logs: Gone = Gone()
    chunks: Gone = Gone()
    artefacts: Gone = Gone()
    requests: int = 0
    oldest_ms: int | None = None
    newest_ms: int | None = None
    free: int = 0

    @property
    def bytes(self) -> int:
        return self.cache.bytes + self.logs.bytes + self.chunks.bytes + self.artefacts.bytes


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How much is to go: results of requests that ended more than ``days`` ago (None: of any age if ``free`` asks for
    them, otherwise none); no more than until ``free`` bytes are free."""

    days: float | None = None
    free: int | None = None

    @property
    def results(self) -> bool:
        """Whether results may go."""
        return self.days is not None or self.free is not None


class Cleaner:
    """One cleaning. With ``dry`` nothing is changed, and everything is counted."""

    def __init__(
        self,
        services: Services,
        wish: Wish,
        *,
        dry: bool = False,
        step: Step = lambda _what, _done, _all: None,
        clock: Clock = wall_clock,
    ) -> None:
        self._services, self._wish, self._dry, self._step, self._clock = services, wish, dry, step, clock
        self._free = self._disk_free()

    def run(self) -> Cleaned:
        """Clean; what went. May be repeated after it was cut short. Raises EnvironmentFault."""
        found = Cleaned()
        found = replace(found, cache=self._files("cache"))
        found = replace(found, logs=self._files("logs"))
        if self._wish.free is not None and not self._enough():
            found = replace(found, chunks=self._chunks())
        if self._wish.results and not self._enough():
            found = self._results(found)
        return replace(found, free=self._free if self._dry else self._disk_free())

    # ---- Kinds

    def _files(self, kind: str) -> Gone:
        settings = self._services.settings
        folder, clear = (settings.cache, remove) if kind == "cache" else (settings.logs, empty)  # logs are open
        days = IDLE_DAYS if self._wish.days is None else min(self._wish.days, IDLE_DAYS)
        files = unused(folder, (self._clock() - days * DAY_MS) / 1000, KEPT_CACHES)
        if kind == "logs":
            files = [file for file in files if file.bytes]
        gone = Gone()
        for count, file in enumerate(files):
            self._step(kind, count, len(files))
            if self._dry or clear(file.path):
                gone += Gone(count=1, bytes=file.bytes)
                self._free += file.bytes
        return gone

    def _chunks(self) -> Gone:
        """Pieces of film are made again when a film needs them, so they go before results do."""
        missing = self._missing()
        if self._dry:
            kept = Gauges(self._services.database).chunks().values()
            size, count = sum(one.bytes for one in kept), sum(one.count for one in kept)
            freed = min(size, missing)
            self._free += freed
            return Gone(count=-(-count * freed // size) if size else 0, bytes=freed)
        shelf = shelf_of(self._services)
        gone = Gone()
        while missing > gone.bytes:
            self._step("chunks", gone.bytes, missing)
            count, size = shelf.evict(min(missing - gone.bytes, 256_000_000))
            if not count:
                break
            gone += Gone(count=count, bytes=size)
        self._free += gone.bytes
        return gone

    def _results(self, found: Cleaned) -> Cleaned:
        before = self._clock() - int((self._wish.days or 0) * DAY_MS)
        cleaning = Cleaning(self._services.database)
        total = self._missing() if self._wish.free is not None else cleaning.count(before)
        olds = cleaning.old(before)
        shelf = None
        while some := list(self._until_enough(islice(olds, TOGETHER))):
            if not self._dry:
                sizes = {old.id: old for old in some}
                cleaned = cleaning.clean(list(sizes), before)
                for taken in cleaned:
                    for key in taken.keys:
                        self._services.store.delete(key)
                    videos = [part for part in taken.parts if part.endswith("-video")]
                    if videos and shelf is None:
                        shelf = shelf_of(self._services)
                    for part in videos:
                        assert shelf is not None
                        shelf.release(part)
                some = [sizes[taken.id] for taken in cleaned]
            for old in some:
                found = _with(found, old)
            done = found.artefacts.bytes if self._wish.free is not None else found.requests
            self._step("results", min(done, total), total)
        return found

    def _until_enough(self, olds: Iterator[Old]) -> Iterator[Old]:
        for old in olds:
            if self._enough():
                return
            self._free += old.bytes
            yield old

    # ---- Room

    def _enough(self) -> bool:
        return self._wish.free is not None and self._free >= self._wish.free

    def _missing(self) -> int:
        return max(0, (self._wish.free or 0) - self._free)

    def _disk_free(self) -> int:
        return shutil.disk_usage(self._services.settings.disk).free


def _with(found: Cleaned, old: Old) -> Cleaned:
    return replace(
        found,
        artefacts=found.artefacts + Gone(count=old.files, bytes=old.bytes),
        requests=found.requests + 1,
        oldest_ms=old.finished_ms if found.oldest_ms is None else min(found.oldest_ms, old.finished_ms),
        newest_ms=old.finished_ms if found.newest_ms is None else max(found.newest_ms, old.finished_ms),
    )
