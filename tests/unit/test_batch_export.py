"""Exporting a run: every file whole under its name, a manifest of every record, and nothing else touched."""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from renderer.batch.export import MANIFEST, as_json, export, folder_of
from renderer.batch.folder import MARK, WRITING
from renderer.errors import EnvironmentFault, UsageError
from renderer.ledger import walk
from renderer.ledger.tables import artefacts
from renderer.store.local import LocalStore
from renderer.store.memory import MemoryStore
from renderer.units import sha256
from tests.run_samples import ENGINE, Bench, Seen


@pytest.fixture
def bench(ledger_url: str, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(ledger_url, LocalStore(tmp_path / "store"))
    yield made
    made.database.close()


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "export"


def manifest(to: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (to / MANIFEST).read_text("utf-8").splitlines()]


def files(to: Path) -> set[str]:
    return {path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file()}


def stored(bench: Bench, request_id: str) -> Path:
    assert isinstance(bench.store, LocalStore)
    return bench.store.root / bench.files(request_id)[0].key


def test_every_file_is_there_and_every_record_is_in_the_manifest(
    bench: Bench, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "PAGE", 2)
    first = bench.done(12_345, "microsite", "statement", "video")
    second = bench.done(2)
    bench.set_engine('{"dearly": "1"}')
    failed, suppressed, waiting = bench.failed(3), bench.suppressed(4), bench.submit(9)
    bench.aside(5)
    seen = Seen()
    found = export(bench.services, bench.run, to, progress=seen)
    assert seen.at[-1] == 6
    assert (found.requests, found.files, found.written, found.linked, found.wrong) == (2, 10, 10, 0, [])
    assert found.without == {"failed": 1, "suppressed": 1, "running": 1, "set_aside": 1}
    head, *entries, end = manifest(to)
    assert head == {
        "entry": "export",
        "schema": 1,
        "run": bench.run,
        "template": "energy-bill",
        "release": "r" * 64,
        "channels": None,
    }
    assert json.loads((to / MARK).read_text()) == {name: value for name, value in head.items() if name != "entry"}
    assert [entry["record"] for entry in entries] == [2, 3, 4, 5, 9, *[12_345] * 9]
    assert entries[1:5] == [
        {"entry": "none", "record": 3, "request": failed, "state": "failed", "reason": "render.glyph"},
        {"entry": "none", "record": 4, "request": suppressed, "state": "suppressed", "reason": "opt-out"},
        {
            "entry": "none",
            "record": 5,
            "state": "set_aside",
            "reason": "profile.missing",
            "field": "bill.total",
            "line": 6,
        },
        {"entry": "none", "record": 9, "request": waiting, "state": "running"},
    ]
    assert entries[0] == {
        "entry": "file",
        "record": 2,
        "request": second,
        "channel": "statement",
        "path": f"00000/00000002-{second}/statement/statement.pdf",
        "kind": "pdf",
        "media_type": "text/plain",
        "bytes": len(f"{second} statement statement.pdf"),
        "sha256": sha256(f"{second} statement statement.pdf".encode()),
        "engine": ENGINE,
    }
    listed = {entry["path"]: entry for entry in entries if entry["entry"] == "file"}
    assert files(to) == {*listed, MANIFEST, MARK}
    assert f"00012/00012345-{first}/video/film.mp4" in listed
    for path, entry in listed.items():
        content = (to / path).read_bytes()
        assert (len(content), sha256(content)) == (entry["bytes"], entry["sha256"])
    assert (end["entry"], end["files"], end["bytes"]) == ("end", 10, found.bytes)
    assert end["engines"] == {ENGINE: {"dearly": "1"}} and end["without"] == dict(found.without)


def test_names_have_a_folder_for_each_thousand_records() -> None:
    assert folder_of(1, "a") == "00000/00000001-a"
    assert folder_of(999, "a") == "00000/00000999-a"
    assert folder_of(1000, "a") == "00001/00001000-a"
    assert folder_of(123_456_789, "a") == "123456/123456789-a"


def test_a_second_export_goes_on(bench: Bench, to: Path) -> None:
    request_id = bench.submit(1)
    done = bench.done(2)
    assert export(bench.services, bench.run, to).files == 1
    path = to / folder_of(2, done) / "statement/statement.pdf"
    before = path.stat()
    (to / WRITING).write_bytes(b"left by an export that was killed")
    bench.finish(request_id)
    found = export(bench.services, bench.run, to)
    assert (found.files, found.written, found.without) == (2, 1, {})
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [entry["entry"] for entry in manifest(to)] == ["export", "file", "file", "end"]
    assert not (to / WRITING).exists()
    assert export(bench.services, bench.run, to).written == 0


def test_only_the_channels_that_are_wanted(bench: Bench, to: Path) -> None:
    bench.done(1, "statement", "video")
    bench.done(2, "statement")
    found = export(bench.services, bench.run, to, channels=["video"])
    assert (found.requests, found.files, found.without) == (1, 6, {"not_made": 1})
    assert manifest(to)[0]["channels"] == ["video"]
    with pytest.raises(UsageError, match="other channels"):
        export(bench.services, bench.run, to)


def test_nothing_else_is_overwritten(bench: Bench, to: Path) -> None:
    first, second, third = bench.done(1), bench.done(2), bench.done(3)
    export(bench.services, bench.run, to)
    changed = to / folder_of(1, first) / "statement/statement.pdf"
    changed.write_bytes(b"mine")
    swapped = to / folder_of(2, second) / "statement/statement.pdf"
    swapped.unlink()
    swapped.symlink_to(changed)
    mine = to / "notes.txt"
    mine.write_text("mine")
    found = export(bench.services, bench.run, to)
    assert [(one.fault, one.record) for one in found.wrong] == [("other", 1), ("other", 2)]
    assert changed.read_bytes() == b"mine" and mine.read_text() == "mine" and swapped.is_symlink()
    assert [entry["record"] for entry in manifest(to) if entry["entry"] == "file"] == [3]
    assert found.without == {"wrong": 2} and third in str(manifest(to))


def test_of_very_many_faults_all_are_counted_and_some_kept(
    bench: Bench, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("renderer.batch.export.KEPT", 2)
    for record in (1, 2, 3):
        stored(bench, bench.done(record)).unlink()
    found = export(bench.services, bench.run, to)
    assert ([one.record for one in found.wrong], found.wrongs) == ([1, 2], 3)
    told = as_json(found, bench.run, to)
    assert told["counts"]["wrong"] == 3 and len(told["wrong"]) == 2 and found.without == {"wrong": 3}


def test_the_folder_is_its_owners_and_no_link_leads_out_of_it(bench: Bench, tmp_path: Path, to: Path) -> None:
    request = bench.done(1)
    export(bench.services, bench.run, to)
    assert to.stat().st_mode & 0o777 == 0o700
    for name in ("00000", folder_of(1, request), f"{folder_of(1, request)}/statement"):
        elsewhere = tmp_path / f"elsewhere-{name.replace('/', '-')}"
        (to / name).rename(elsewhere)
        (to / name).symlink_to(elsewhere)
        before = files(elsewhere)
        found = export(bench.services, bench.run, to)
        assert [one.fault for one in found.wrong] == ["other"] and files(elsewhere) == before
        (to / name).unlink()
        elsewhere.rename(to / name)
    assert not export(bench.services, bench.run, to).wrong


def test_a_folder_of_something_else_is_refused(bench: Bench, tmp_path: Path, to: Path) -> None:
    bench.done(1)
    export(bench.services, bench.run, to)
    before = files(to)
    with pytest.raises(UsageError, match="another run"):
        export(bench.services, bench.open(), to)
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("mine")
    with pytest.raises(UsageError, match="other things"):
        export(bench.services, bench.run, other)
    assert files(to) == before and files(other) == {"file"}
    (other / MARK).write_text("{}")
    with pytest.raises(UsageError, match="another run"):
        export(bench.services, bench.run, other)


def test_two_exports_do_not_write_into_one_folder(bench: Bench, to: Path) -> None:
    bench.done(1)
    export(bench.services, bench.run, to)
    with (to / MARK).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="Another export"):
            export(bench.services, bench.run, to)


def test_damaged_and_missing_files_are_told_and_nobody_gets_half(bench: Bench, to: Path) -> None:
    damaged, missing = bench.done(1, "statement", "video"), bench.done(2)
    bench.done(3)
    file = stored(bench, damaged)
    file.write_bytes(bytes(len(file.read_bytes())))
    stored(bench, missing).unlink()
    found = export(bench.services, bench.run, to)
    assert [(one.fault, one.request) for one in found.wrong] == [("damaged", damaged), ("missing", missing)]
    assert found.wrong[0].path == f"{folder_of(1, damaged)}/statement/statement.pdf"
    assert not (to / found.wrong[0].path).exists()
    assert [entry["record"] for entry in manifest(to) if entry["entry"] == "file"] == [3]
    assert (found.requests, found.without) == (1, {"wrong": 2})


def test_a_full_disk_leaves_only_whole_files_and_the_export_goes_on(bench: Bench, to: Path) -> None:
    small, large = bench.done(1), bench.submit(2)
    bench.finish(large, size=1 << 20)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, hard))  # refuses to write on in the middle of a file
    try:
        with pytest.raises(EnvironmentFault, match="--to cannot be written") as caught:
            export(bench.services, bench.run, to)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert caught.value.code == "environment.disk" and caught.value.place.file == str(to)
    left = f"{folder_of(1, small)}/statement/statement.pdf"
    assert files(to) == {left, MARK}
    assert (to / left).read_bytes() == f"{small} statement statement.pdf".encode()
    found = export(bench.services, bench.run, to)
    assert (found.files, found.written) == (2, 1)


def test_who_was_forgotten_is_taken_out_again(bench: Bench, to: Path) -> None:
    forgotten, cleaned, other = bench.done(1), bench.done(2), bench.done(3)
    export(bench.services, bench.run, to)
    bench.set_request(forgotten, forgotten_ms=1)
    bench.set_request(cleaned, cleaned_ms=1)
    found = export(bench.services, bench.run, to)
    assert (found.removed, found.files, found.without) == (1, 1, {"forgotten": 1, "cleaned": 1})
    assert not (to / folder_of(1, forgotten)).exists()
    assert [(entry["record"], entry.get("state")) for entry in manifest(to)[1:-1]] == [
        (1, "forgotten"),
        (2, "cleaned"),
        (3, None),
    ]
    assert (to / folder_of(3, other)).exists()


def test_who_is_forgotten_meanwhile_is_not_wrong(bench: Bench, to: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request_id = bench.done(1)
    page = list(bench.walk.requests(bench.run, files=True))
    stored(bench, request_id).unlink()
    bench.set_request(request_id, forgotten_ms=1)
    monkeypatch.setattr(bench.walk, "requests", lambda *_a, **_k: iter(page))
    found = export(bench.services, bench.run, to)
    assert not found.wrong and found.without == {"forgotten": 1}


def test_links_share_the_disk_with_the_store(bench: Bench, to: Path) -> None:
    request_id, damaged = bench.done(1), bench.done(2)
    stored(bench, damaged).write_bytes(b"x" * bench.files(damaged)[0].bytes)
    found = export(bench.services, bench.run, to, link=True)
    assert (found.files, found.linked) == (1, 1)
    assert os.path.samefile(to / folder_of(1, request_id) / "statement/statement.pdf", stored(bench, request_id))
    assert [one.fault for one in found.wrong] == ["damaged"]


def test_where_links_cannot_be_had_files_are_copied(ledger_url: str, to: Path) -> None:
    bench = Bench(ledger_url, MemoryStore())
    bench.done(1)
    found = export(bench.services, bench.run, to, link=True)
    assert (found.files, found.written, found.linked) == (1, 1, 0)
    bench.database.close()


def test_nothing_personal_is_in_names_or_manifest(bench: Bench, to: Path) -> None:
    """Ids, codes, numbers and digests; a recipient is in none of them."""
    bench.done(1, "microsite", "statement", "video")
    bench.aside(2)
    with bench.database.writing() as connection:
        connection.execute(update(artefacts).values(media_type="text/html; charset=utf-8"))
    export(bench.services, bench.run, to)
    assert "recipient" not in (to / MANIFEST).read_text()
    shape = re.compile(r"\d{5}/\d{8}-[0-9a-f]{32}/(microsite|statement|video)/[a-z.0-9]+|manifest\.jsonl|export\.json")
    assert all(shape.fullmatch(path) for path in files(to))
