"""Verifies a run: that everything which the ledger says is done is in the store, whole and unchanged.

Every file of every done part is read and its digest made anew. What is wrong is told by request and path; a file that
is gone on purpose (its recipient was forgotten, or room was made) is counted apart and is no fault.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

from renderer.bootstrap import Services
from renderer.errors import EnvironmentFault
from renderer.ledger.model import Produced, Work, artefact_key
from renderer.ledger.walk import Walked, WalkedPart
from renderer.store.base import Store

Kind = Literal["missing", "size", "digest", "lacking", "empty", "part", "stray", "misplaced", "unreadable"]
WHAT: Mapping[Kind, str] = {
    "missing": "The file is not in the store.",
    "size": "The file has another size than was recorded.",
    "digest": "The file has another content than was recorded.",
    "unreadable": "The file cannot be read.",
    "lacking": "The channel is done and lacks a file that it must have.",
    "empty": "The request is done and has no files at all.",
    "part": "The request is done and one of its channels is not.",
    "stray": "The ledger has a file of a channel that is not done.",
    "misplaced": "The ledger has a file under a key or path of something else.",
}
"""Every kind of fault in words."""

MUST: Mapping[Work, frozenset[str]] = {
    "plan": frozenset(),
    "microsite": frozenset({"page"}),
    "statement": frozenset({"pdf"}),
    "video": frozenset({"mp4", "captions", "chapters", "transcript", "poster", "score"}),
}
"""The kinds of files without which a channel is not whole."""

BLOCK = 1 << 20
READERS = 4
"""Files that are read side by side: a disk or a network is waited for, and digests do not need Python's lock."""


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """One thing that is not as it should be. ``path`` is the file's, or the channel's name, or nothing."""

    kind: Kind
    request: str
    record: int
    path: str


@dataclass(kw_only=True)
class Verified:
    """What was found. ``requests``, ``files`` and ``bytes`` were looked at; ``forgotten`` and ``cleaned`` are done
    requests whose files are gone on purpose; ``open`` requests are not at their end, so nothing is asked of them but
    what is done of them."""

    requests: int = 0
    open: int = 0
    forgotten: int = 0
    cleaned: int = 0
    files: int = 0
    bytes: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    counts: Counter[Kind] = field(default_factory=Counter)

    @property
    def whole(self) -> bool:
        return not self.counts


KEPT = 10_000
"""Faults that are kept one by one; beyond that (a store that is gone) they are counted only."""


def verify(services: Services, run_id: str, progress: Callable[[int], None] = lambda _: None) -> Verified:
    """Verify all of a run. ``progress`` is called with the requests looked at so far. Raises EnvironmentFault when the
    store itself cannot be used."""
    found = Verified()
    looked = 0
    with ThreadPoolExecutor(READERS) as readers:
        for page in services.walk.requests(run_id, files=True):
            looks = readers.map(lambda one: list(_look(services.store, one)), page)
            for request, wrong in zip(page, looks, strict=True):
                if wrong:  # somebody may have been forgotten, or a run retried, since the page was read
                    request = services.walk.request(request.id)
                    wrong = list(_look(services.store, request))
                _count(found, request, wrong)
            looked += len(page)
            progress(looked)
    return found


def _count(found: Verified, request: Walked, wrong: Sequence[Wrong]) -> None:
    for one in wrong:
        found.counts[one.kind] += 1
        if len(found.wrong) < KEPT:
            found.wrong.append(one)
    found.requests += 1
    found.open += request.state in ("submitted", "dispatched", "running")
    if _gone(request):
        found.forgotten += request.forgotten
        found.cleaned += not request.forgotten
        return
    files = [file for part in request.parts if part.state == "done" for file in part.files]
    found.files += len(files)
    found.bytes += sum(file.bytes for file in files)


def _gone(request: Walked) -> bool:
    """Whether its files were taken away on purpose. While that is under way some are there still."""
    return request.gone_ms is not None


def _look(store: Store, request: Walked) -> Iterator[Wrong]:
    if _gone(request):
        return

    def wrong(kind: Kind, path: str = "") -> Wrong:
        return Wrong(kind=kind, request=request.id, record=request.record, path=path)

    if request.state == "done":
        if not any(part.files for part in request.channels):
            yield wrong("empty")
            return
        for part in request.channels:
            if part.state != "done":
                yield wrong("part", part.channel)
    for part in request.parts:
        if part.state != "done":
            for file in part.files:
                yield wrong("stray", file.path)
            continue
        if MUST[part.channel] - {file.kind for file in part.files}:
            yield wrong("lacking", part.channel)
        for file in part.files:
            if not _placed(request, part, file):
                yield wrong("misplaced", file.path)
            kind = _fault(store, file)
            if kind is not None:
                yield wrong(kind, file.path)


def _placed(request: Walked, part: WalkedPart, file: Produced) -> bool:
    return file.path.startswith(f"{part.channel}/") and file.key == artefact_key(request.id, file.path)


def _fault(store: Store, file: Produced) -> Kind | None:
    """What is wrong with a stored file. The size is asked first: it costs nothing."""
    size = store.stat(file.key)
    if size is None:
        return "missing"
    if size != file.bytes:
        return "size"
    digest = hashlib.sha256()
    try:
        with store.open(file.key) as content:
            while block := content.read(BLOCK):
                digest.update(block)
    except EnvironmentFault as error:
        if error.code == "environment.store":  # the whole store, not this file
            raise
        return "missing" if error.code == "store.missing" else "unreadable"
    except OSError:  # a bad sector, as a rule
        return "unreadable"
    return None if digest.hexdigest() == file.sha256 else "digest"


def as_json(found: Verified, run_id: str) -> dict[str, Any]:
    """What was found, for machines."""
    return {
        "run": run_id,
        "whole": found.whole,
        "counts": {
            "requests": found.requests,
            "open": found.open,
            "files": found.files,
            "bytes": found.bytes,
            "wrong": found.counts.total(),
            "forgotten": found.forgotten,
            "cleaned": found.cleaned,
        },
        "wrong": [
            {"kind": one.kind, "record": one.record, "request": one.request, "path": one.path} for one in found.wrong
        ],
        "wrong_by_kind": dict(found.counts.most_common()),
    }
