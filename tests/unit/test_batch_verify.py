"""Verifying a run: whatever was done to a stored file is found, and what is gone on purpose is none of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from renderer.batch.verify import Verified, as_json, verify
from renderer.errors import EnvironmentFault
from renderer.ledger import walk
from renderer.ledger.tables import artefacts, parts
from renderer.store.local import LocalStore
from tests.run_samples import Bench, Seen


@pytest.fixture
def bench(ledger_url: str, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(ledger_url, LocalStore(tmp_path / "store"))
    yield made
    made.database.close()


def look(bench: Bench) -> Verified:
    return verify(bench.services, bench.run)


def faults(bench: Bench) -> list[tuple[str, str, str]]:
    return [(one.kind, one.request, one.path) for one in look(bench).wrong]


def stored(bench: Bench, request_id: str, path: str) -> Path:
    assert isinstance(bench.store, LocalStore)
    return bench.store.root / next(file.key for file in bench.files(request_id) if file.path == path)


def test_a_run_that_is_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "PAGE", 2)
    first = bench.done(1, "microsite", "statement", "video")
    for record in (2, 3):
        bench.done(record)
    bench.failed(4)
    bench.suppressed(5)
    bench.submit(6)
    seen = Seen()
    found = verify(bench.services, bench.run, seen)
    assert found.whole and seen.at == [2, 4, 6]
    assert (found.requests, found.open, found.files) == (6, 1, 11)
    assert found.bytes == sum(file.bytes for file in bench.files(first)) + 2 * bench.files(first)[2].bytes
    told = as_json(found, bench.run)
    assert told["whole"] is True and told["wrong"] == [] and told["counts"]["wrong"] == 0


def test_flipped_bytes_a_truncated_file_and_a_missing_one_are_found(bench: Bench) -> None:
    flipped, short, gone, longer = (bench.done(record) for record in (1, 2, 3, 4))
    file = stored(bench, flipped, "statement/statement.pdf")
    content = bytearray(file.read_bytes())
    content[7] ^= 1
    file.write_bytes(bytes(content))
    os.truncate(stored(bench, short, "statement/statement.pdf"), 3)
    stored(bench, gone, "statement/statement.pdf").unlink()
    with stored(bench, longer, "statement/statement.pdf").open("ab") as grown:
        grown.write(b"!")
    assert faults(bench) == [
        ("digest", flipped, "statement/statement.pdf"),
        ("size", short, "statement/statement.pdf"),
        ("missing", gone, "statement/statement.pdf"),
        ("size", longer, "statement/statement.pdf"),
    ]
    told = as_json(look(bench), bench.run)
    assert told["whole"] is False and told["wrong_by_kind"] == {"size": 2, "digest": 1, "missing": 1}
    assert told["wrong"][2] == {"kind": "missing", "record": 3, "request": gone, "path": "statement/statement.pdf"}


def test_rows_that_do_not_fit_are_found(bench: Bench) -> None:
    empty, lacking, half, moved = (bench.done(record, "statement", "video") for record in (1, 2, 3, 4))
    stray = bench.done(5)
    with bench.database.writing() as connection:
        connection.execute(delete(artefacts).where(artefacts.c.part_id.in_([f"{empty}-statement", f"{empty}-video"])))
        connection.execute(
            delete(artefacts).where(artefacts.c.part_id == f"{lacking}-video", artefacts.c.kind == "captions")
        )
        connection.execute(update(parts).where(parts.c.id == f"{half}-video").values(state="failed"))
        other = artefacts.c.part_id == f"{moved}-statement"
        connection.execute(update(artefacts).where(other).values(path="video/statement.pdf"))
        connection.execute(update(parts).where(parts.c.id == f"{stray}-statement").values(state="cancelled"))
    bench.set_request(stray, state="cancelled")
    assert set(faults(bench)) == {
        ("empty", empty, ""),
        ("lacking", lacking, "video"),
        ("part", half, "video"),
        *(("stray", half, f"video/{name}") for name in VIDEO),
        ("misplaced", moved, "video/statement.pdf"),
        ("stray", stray, "statement/statement.pdf"),
    }


VIDEO = ("captions.vtt", "chapters.vtt", "film.mp4", "poster.jpg", "score.json", "transcript.txt")


def test_what_is_gone_on_purpose_is_counted_apart(bench: Bench) -> None:
    forgotten, cleaned, dropped = (bench.done(record) for record in (1, 2, 3))
    for request_id in (forgotten, cleaned):
        stored(bench, request_id, "statement/statement.pdf").unlink()
    with bench.database.writing() as connection:
        connection.execute(delete(artefacts).where(artefacts.c.part_id == f"{forgotten}-statement"))
    bench.set_request(forgotten, forgotten_ms=1, dropped_ms=1)
    bench.set_request(cleaned, cleaned_ms=1, dropped_ms=1)
    bench.set_request(dropped, dropped_ms=1)
    found = look(bench)
    assert found.whole and (found.requests, found.forgotten, found.cleaned, found.files) == (3, 1, 1, 1)
    # That profile and plan are gone says nothing of the files.
    stored(bench, dropped, "statement/statement.pdf").unlink()
    assert faults(bench) == [("missing", dropped, "statement/statement.pdf")]


def test_who_is_forgotten_while_the_run_is_verified_is_no_fault(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    request_id = bench.done(1)
    page = list(bench.walk.requests(bench.run, files=True))
    stored(bench, request_id, "statement/statement.pdf").unlink()
    bench.set_request(request_id, forgotten_ms=1)
    monkeypatch.setattr(bench.walk, "requests", lambda *_a, **_k: iter(page))
    found = look(bench)
    assert found.whole and found.forgotten == 1


def test_a_store_that_is_lost_is_counted_without_end_of_memory(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.batch.verify.KEPT", 2)
    for record in range(1, 6):
        stored(bench, bench.done(record), "statement/statement.pdf").unlink()
    found = look(bench)
    assert found.counts == {"missing": 5} and len(found.wrong) == 2


def test_a_file_that_cannot_be_read_is_a_fault_and_a_store_that_cannot_is_an_error(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = bench.done(1)

    def refuse(*_: Any) -> Any:
        raise EnvironmentFault("environment.disk", "Input/output error")

    monkeypatch.setattr(bench.store, "open", refuse)
    assert faults(bench) == [("unreadable", request_id, "statement/statement.pdf")]
    monkeypatch.setattr(bench.store, "stat", refuse)
    with pytest.raises(EnvironmentFault):
        look(bench)
