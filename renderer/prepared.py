"""Prepared media: what a release needs made once, before its first recipient. Beside the bundle in the store, listed in
the book of releases, and in the cache of whoever makes films, pages and statements of it.

Files go by their name in a cache, which says what they are made from, and by what prepared them
(:mod:`renderer.render.engines`): only who would make the same takes them. They are checked by digest when they are
fetched. Whatever is missing, damaged or somebody else's is made again where it is needed, as if this were not here.
"""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from renderer.errors import DearlyError, EnvironmentFault
from renderer.ledger.release_book import Entry, Prepared, ReleaseBook
from renderer.render.engines import PreparedKind, preparer_of
from renderer.render.video.cache import UNFINISHED
from renderer.store.base import Store
from renderer.template.model import Channel

KINDS: tuple[PreparedKind, ...] = ("fonts", "webfonts", "mezzanine")
NEEDED: Mapping[Channel, tuple[PreparedKind, ...]] = {
    "microsite": ("fonts", "webfonts"),
    "statement": ("fonts",),
    "video": ("fonts", "mezzanine"),
}
"""What is prepared for a channel."""
FOUND: Mapping[PreparedKind, str] = {
    "fonts": "fonts/static/*.ttf",
    "webfonts": "webfonts/*.css",
    "mezzanine": "mezzanine/*/*.yuv",
}
"""Where a cache has it. What else lies beside it (font configurations, for one) names paths of its machine."""

ASK_AGAIN_S = 30.0
"""How long a release that has nothing prepared is taken to have nothing."""

Progress = Callable[[int, int], None]

log = logging.getLogger("dearly")


def lay_up(
    store: Store, cache: Path, kinds: Sequence[PreparedKind], work: Path, progress: Progress
) -> Mapping[str, Sequence[Prepared]]:
    """Put what a cache holds of some kinds into the store, under names of digests; the files by the digest of what
    prepared them. ``progress``: files done, in all.

    Footage is packed on the way, in the folder ``work``. Raises EnvironmentFault when store or disk refuse.
    """
    found = [(kind, path) for kind in kinds for path in sorted(cache.glob(FOUND[kind]))]
    files: dict[str, list[Prepared]] = {preparer_of(kind).digest: [] for kind in kinds}
    for done, (kind, path) in enumerate(found):
        progress(done, len(found))
        files[preparer_of(kind).digest].append(_put(store, kind, path, cache, work))
    progress(len(found), len(found))
    return files


def lacking(store: Store, entry: Entry, channels: Sequence[Channel]) -> tuple[PreparedKind, ...]:
    """The kinds that this version would have to prepare for a release: those that nobody like it has prepared, or of
    which something in the store is lost or damaged."""
    wanted = [kind for kind in KINDS if any(kind in NEEDED[channel] for channel in channels)]
    return tuple(
        kind
        for kind in wanted
        if (files := entry.prepared.get(preparer_of(kind).digest)) is None
        or not all(_whole(store, one) for one in files)
    )


def move_in(path: Path, target: Path) -> None:
    """Bring a prepared file from one cache into another on the same disk, unless that has it. If it does not go,
    nothing is lost: the store has it."""
    with suppress(OSError):
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)


class PreparedMedia:
    """Brings prepared files into one cache. One for a process; ``now`` gives seconds."""

    def __init__(self, book: ReleaseBook, store: Store, cache: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._book, self._store, self._cache, self._now = book, store, cache, now
        self._known: dict[tuple[str, Channel], tuple[Prepared, ...]] = {}
        self._asked: dict[tuple[str, Channel], float] = {}
        self._bad: set[str] = set()

    def fetch(self, template: str, digest: str, channel: Channel) -> int:
        """Put into the cache what it lacks for a channel of a release; the number of files that came.

        Raises nothing but what the ledger raises: without them the channel is made all the same, only later."""
        came = 0
        for one in self._listed(template, digest, channel):
            target = self._cache / one.path
            if one.key in self._bad or target.exists():
                continue
            try:
                self._bring(one, target)
                came += 1
            except (DearlyError, OSError) as error:
                self._bad.add(one.key)  # this process makes it itself
                code = error.code if isinstance(error, DearlyError) else "environment.disk"
                fields = {"event": "prepared file not taken", "code": code, "key": one.key}
                log.warning("prepared file not taken: %s [%s]", one.key, code, extra={"fields": fields})
        return came

    def _listed(self, template: str, digest: str, channel: Channel) -> tuple[Prepared, ...]:
        name = (digest, channel)
        if name not in self._known:
            now = self._now()
            if now - self._asked.get(name, float("-inf")) < ASK_AGAIN_S:
                return ()
            self._asked[name] = now
            entry = self._book.get(template, digest)
            prepared = {} if entry is None else entry.prepared
            found = [one for kind in NEEDED[channel] for one in prepared.get(preparer_of(kind).digest, ())]
            if not found:
                return ()  # it may be published while we work
            self._known[name] = tuple(found)
        return self._known[name]

    def _bring(self, one: Prepared, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Under the name of unfinished files, so that what a killed process leaves is cleared away with those.
        path = target.with_name(f"{UNFINISHED}{secrets.token_hex(8)}")
        try:
            with self._store.open(one.key) as source:
                if one.packed:
                    _unpack(one.packed, source, path)
                else:
                    with path.open("xb") as file:
                        shutil.copyfileobj(source, file, 1 << 20)
            if _identity(path) != (one.bytes, one.sha256):
                raise EnvironmentFault("store.damaged", "A prepared file is not what was published.")
            os.replace(path, target)  # of two that come at once either is as good
        finally:
            path.unlink(missing_ok=True)


def _put(store: Store, kind: PreparedKind, path: Path, cache: Path, work: Path) -> Prepared:
    size, sha256 = _identity(path)
    packed, carried = "", path
    if kind == "mezzanine":
        from renderer.render.video import lossless

        packed, carried = lossless.NAME, work / f"{path.name}.packed"
        lossless.pack(path, carried)
    try:
        stored_bytes, stored_sha256 = _identity(carried)
        key = f"prepared/{stored_sha256[:2]}/{stored_sha256}"
        stored = store.put_if_absent(key, carried)
        if (stored.bytes, stored.sha256) != (stored_bytes, stored_sha256):  # damaged: its name says what it was
            store.delete(key)
            store.put_if_absent(key, carried)
    finally:
        if packed:
            carried.unlink(missing_ok=True)
    return Prepared(
        path=path.relative_to(cache).as_posix(),
        key=key,
        bytes=size,
        sha256=sha256,
        packed=packed,
        stored=stored_bytes,
    )


def _whole(store: Store, one: Prepared) -> bool:
    if store.stat(one.key) != one.stored:
        return False
    found = hashlib.sha256()
    with store.open(one.key) as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest() == one.key.rpartition("/")[2]


def _unpack(packed: str, source: BinaryIO, path: Path) -> None:
    from renderer.render.video import lossless

    if packed != lossless.NAME:
        raise EnvironmentFault("store.damaged", "A prepared file is packed in a way that this version does not know.")
    lossless.unpack(source, path)


def _identity(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256")
        return file.tell(), found.hexdigest()
