"""Exports a run: its finished files into a folder of one's own, with a manifest that says what each is and why some
records have none.

    DIR/export.json                                 what this folder is; written first
    DIR/00012/00012345-<request id>/statement/…     12345 is the record; a folder for each thousand records
    DIR/manifest.jsonl                              one line a file or a record without; written last, in one step

The order is that of the input, so that a folder can be found by its record, and no folder has more than a thousand
others in it: file systems and the tools of people grow slow with more. The request's id makes the name unique for ever,
and nothing in it is personal. Only requests that are done are exported: of one that failed nothing is, even if one of
its channels was made.

A file stands under its name only when it is whole and its digest is the recorded one. Nothing that is there is
overwritten. So an export that was interrupted is taken up by doing it again.
"""

from __future__ import annotations

import heapq
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

from renderer.batch.folder import WRITING_MANIFEST, Fault, Shelving, opened
from renderer.bootstrap import Services
from renderer.ledger.model import Produced
from renderer.ledger.walk import Aside, Walked
from renderer.template.model import Channel

SCHEMA = 1
MANIFEST = "manifest.jsonl"

THOUSAND = 1_000


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A file that could not be exported. ``path`` is its place in the folder."""

    fault: Fault
    record: int
    request: str
    path: str


@dataclass(kw_only=True)
class Exported:
    """What an export did. ``files`` of ``requests`` are in the folder now, ``bytes`` large; ``written`` of them are
    new, ``linked`` of these share the store's disk space. ``without`` counts records that have no files by the reason;
    ``removed`` folders of recipients who were forgotten since an export before. Of ``wrongs`` files that could not be
    exported, ``wrong`` names the first KEPT."""

    requests: int = 0
    files: int = 0
    bytes: int = 0
    written: int = 0
    linked: int = 0
    removed: int = 0
    without: Counter[str] = field(default_factory=Counter)
    wrong: list[Wrong] = field(default_factory=list)
    wrongs: int = 0
    engines: set[str] = field(default_factory=set)


KEPT = 10_000
"""Faults that are kept one by one; beyond that (a store that is gone) they are counted only."""


def folder_of(record: int, request_id: str) -> str:
    """The folder of a request, below that of the export."""
    return f"{record // THOUSAND:05d}/{record:08d}-{request_id}"


def export(
    services: Services,
    run_id: str,
    to: Path,
    *,
    channels: Sequence[Channel] = (),
    link: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Exported:
    """Export a run into ``to``, which is made, is empty, or holds an export of the same run. ``channels`` are those
    that are wanted, none are all. With ``link`` files are hard links into the store where that is possible.

    Raises UsageError for a folder that holds something else, and EnvironmentFault when the folder or the store cannot
    be used (the disk is full): what is in the folder then is whole, and the next export goes on.
    """
    run = services.summary.run(run_id)
    about = {
        "schema": SCHEMA,
        "run": run.id,
        "template": run.template,
        "release": run.release,
        "channels": sorted(channels) or None,
    }
    with opened(to, about):
        return _Export(services, run_id, to, channels, Shelving(services.store, to, link=link)).make(about, progress)


class _Export:
    def __init__(
        self, services: Services, run_id: str, to: Path, channels: Sequence[Channel], shelving: Shelving
    ) -> None:
        self._services = services
        self._run_id = run_id
        self._to = to
        self._channels = channels
        self._shelving = shelving
        self._found = Exported()

    def make(self, about: Mapping[str, Any], progress: Callable[[int], None]) -> Exported:
        writing = self._to / WRITING_MANIFEST
        with writing.open("w", encoding="utf-8", newline="\n") as manifest:
            _say(manifest, {"entry": "export", **about})
            looked = 0
            for _, one in heapq.merge(self._requests(), self._asides(), key=itemgetter(0)):
                for entry in self._request(one) if isinstance(one, Walked) else self._aside(one):
                    _say(manifest, entry)
                looked += 1
                if looked % 20 == 0:
                    progress(looked)
            progress(looked)
            self._found.written, self._found.linked = self._shelving.written, self._shelving.linked
            _say(manifest, self._end())
            manifest.flush()
            os.fsync(manifest.fileno())
        os.sync()  # files one by one would take hours; the manifest says that all of them are there
        os.replace(writing, self._to / MANIFEST)
        return self._found

    def _requests(self) -> Iterator[tuple[int, Walked | Aside]]:
        for page in self._services.walk.requests(self._run_id, files=True):
            yield from ((one.record, one) for one in page)

    def _asides(self) -> Iterator[tuple[int, Walked | Aside]]:
        for page in self._services.walk.set_aside(self._run_id):
            yield from ((one.record, one) for one in page)

    # ---- One record

    def _aside(self, one: Aside) -> Iterator[dict[str, Any]]:
        self._found.without["set_aside"] += 1
        entry = {"entry": "none", "record": one.record, "state": "set_aside", "reason": one.code}
        yield entry | {name: value for name, value in (("field", one.field), ("line", one.line)) if value is not None}

    def _request(self, one: Walked) -> Iterator[dict[str, Any]]:
        if one.state != "done":
            yield self._none(one, one.state, one.reason or one.error_code)
            return
        made = [part for part in one.channels if part.channel in self._channels or not self._channels]
        entries: list[dict[str, Any] | Wrong] = []
        if one.gone_ms is None:
            entries = [self._file(one, part.channel, file) for part in made for file in part.files]
            if any(isinstance(entry, Wrong) for entry in entries):
                # Its files may have been taken away on purpose since the page was read.
                one = self._services.walk.request(one.id)
        if one.gone_ms is not None:
            if one.forgotten:
                self._forget(one)
            yield self._none(one, "forgotten" if one.forgotten else "cleaned", None)
        elif not entries:
            yield self._none(one, "wrong" if made else "not_made", None)
        elif wrong := [entry for entry in entries if isinstance(entry, Wrong)]:
            # Nobody is to be sent half of something.
            self._found.wrongs += len(wrong)
            self._found.wrong += wrong[: KEPT - len(self._found.wrong)]
            yield self._none(one, "wrong", None)
        else:
            self._found.requests += 1
            for entry in entries:
                assert not isinstance(entry, Wrong)
                self._found.files += 1
                self._found.bytes += entry["bytes"]
                if entry["engine"] is not None:
                    self._found.engines.add(entry["engine"])
                yield entry

    def _none(self, one: Walked, state: str, reason: str | None) -> dict[str, Any]:
        self._found.without[state] += 1
        entry = {"entry": "none", "record": one.record, "request": one.id, "state": state}
        return entry if reason is None else entry | {"reason": reason}

    def _forget(self, one: Walked) -> None:
        """An export from before still has the files of somebody who was forgotten since."""
        folder = self._to / folder_of(one.record, one.id)
        if folder.is_dir():
            shutil.rmtree(folder)
            self._found.removed += 1

    # ---- One file

    def _file(self, one: Walked, channel: str, file: Produced) -> dict[str, Any] | Wrong:
        """A line of the manifest, once the file stands in the folder; or why it does not."""
        path = f"{folder_of(one.record, one.id)}/{file.path}"
        fault = self._shelving.put(file, path)
        if fault is not None:
            return Wrong(fault=fault, record=one.record, request=one.id, path=path)
        return {
            "entry": "file",
            "record": one.record,
            "request": one.id,
            "channel": channel,
            "path": path,
            "kind": file.kind,
            "media_type": file.media_type,
            "bytes": file.bytes,
            "sha256": file.sha256,
            "engine": file.engine,
        }

    def _end(self) -> dict[str, Any]:
        found = self._found
        return {
            "entry": "end",
            "requests": found.requests,
            "files": found.files,
            "bytes": found.bytes,
            "without": dict(sorted(found.without.items())),
            "engines": dict(sorted(self._services.reader.engines(found.engines).items())),
        }


def _say(manifest: TextIO, entry: dict[str, Any]) -> None:
    manifest.write(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n")


def as_json(found: Exported, run_id: str, to: Path) -> dict[str, Any]:
    """What an export did, for machines."""
    return {
        "run": run_id,
        "to": str(to),
        "manifest": str(to / MANIFEST),
        "counts": {
            "requests": found.requests,
            "files": found.files,
            "bytes": found.bytes,
            "written": found.written,
            "linked": found.linked,
            "removed": found.removed,
            "wrong": found.wrongs,
        },
        "without": dict(sorted(found.without.items())),
        "wrong": [
            {"fault": one.fault, "record": one.record, "request": one.request, "path": one.path} for one in found.wrong
        ],
    }
