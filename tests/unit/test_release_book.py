"""The book of releases, on both databases: what is active, and what a rollback goes back to."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from renderer.ledger.database import Database
from renderer.ledger.intake import Intake
from renderer.ledger.model import Submission
from renderer.ledger.release_book import Entry, Prepared, ReleaseBook, Switch

A, B, C = ("a" * 64, "ab" + "b" * 62, "c" * 64)


@pytest.fixture
def database(ledger_url: str) -> Iterator[Database]:
    made = Database(ledger_url)
    yield made
    made.close()


@pytest.fixture
def book(database: Database) -> ReleaseBook:
    ticks = iter(range(1_000_000))
    made = ReleaseBook(database, lambda: next(ticks))
    for digest in (A, B, C):
        assert made.record(entry(digest))
    return made


def entry(digest: str, template: str = "bill") -> Entry:
    return Entry(
        template=template, digest=digest, contract="d" * 64, retention_days=90, title="A bill", files=12, bytes=9_000
    )


def test_a_release_is_written_down_once(book: ReleaseBook) -> None:
    assert not book.record(entry(A))
    found = book.get("bill", A)
    assert found is not None and (found.title, found.files, found.published_ms) == ("A bill", 12, 0)
    assert book.get("other", A) is None
    assert book.matching("bill", "a") == [A, B] and book.matching("bill", "ab") == [B]
    assert book.matching("bill", "%") == [] and book.matching("other", "a") == []
    assert book.template_of(A) == "bill" and book.template_of("e" * 64) is None
    assert book.templates() == ["bill"]


def test_the_newest_activation_counts(book: ReleaseBook) -> None:
    assert book.active("bill") is None
    assert book.activate("bill", A, if_none=True) == Switch(template="bill", before=None, now=A)
    assert book.activate("bill", B, if_none=True) is None
    assert book.active("bill") == A
    assert book.activate("bill", B) == Switch(template="bill", before=A, now=B)
    assert book.activate("bill", B) is None
    assert book.active("bill") == B
    assert book.active("other") is None


def test_each_rollback_goes_one_further_back_and_never_forth_again(book: ReleaseBook) -> None:
    assert book.roll_back("bill") is None
    for digest in (A, B, C):
        book.activate("bill", digest)
    assert book.roll_back("bill") == Switch(template="bill", before=C, now=B)
    assert book.roll_back("bill") == Switch(template="bill", before=B, now=A)
    assert book.roll_back("bill") is None
    assert book.active("bill") == A


def test_after_an_activation_a_rollback_goes_to_what_was_active_then(book: ReleaseBook) -> None:
    for digest in (A, B, C):
        book.activate("bill", digest)
    book.roll_back("bill")  # to B
    book.activate("bill", A)
    assert book.roll_back("bill") == Switch(template="bill", before=A, now=B)
    assert book.roll_back("bill") == Switch(template="bill", before=B, now=A)  # the first line of all
    assert book.roll_back("bill") is None


def test_activations_cannot_be_rewritten(book: ReleaseBook, database: Database) -> None:
    book.activate("bill", A)
    for statement in ("update activations set digest = 'x'", "delete from activations"):
        with pytest.raises(DBAPIError), database.writing() as connection:
            connection.execute(text(statement))
    assert book.active("bill") == A


def test_of_many_first_releases_at_once_one_becomes_active(book: ReleaseBook) -> None:
    found: list[Switch | None] = []
    threads = [
        threading.Thread(target=lambda digest=digest: found.append(book.activate("bill", digest, if_none=True)))
        for digest in (A, B, C) * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 9 and sum(one is not None for one in found) == 1


def test_what_is_prepared_is_kept_by_what_prepared_it(book: ReleaseBook, database: Database) -> None:
    one = Prepared(path="webfonts/x.css", key="prepared/aa/aa", bytes=5, sha256="s", stored=5)
    other = Prepared(path="mezzanine/a/b.yuv", key="prepared/bb/bb", bytes=500, sha256="t", packed="x264", stored=9)
    book.keep_prepared("bill", A, "whole", {"e1": [one], "e2": []}, {"e1": "{}", "e2": "{}", "whole": "{}"})
    book.keep_prepared("bill", A, "later", {"e2": [other]}, {"e2": "{}", "later": "{}"})
    found = book.get("bill", A)
    assert found is not None and found.engine == "whole"
    assert found.prepared == {"e1": (one,), "e2": (other,)}
    with database.reading() as connection:
        assert connection.execute(text("select count(*) from engines")).scalar_one() == 4


def test_the_list_counts_the_requests_of_each_release(book: ReleaseBook, database: Database) -> None:
    book.record(entry(A, "other"))
    book.activate("bill", B)
    intake = Intake(database)
    run = intake.open_run("test")
    for number in range(3):
        intake.submit(
            run,
            [
                Submission(
                    id=f"r{number}",
                    recipient="r",
                    idempotency=f"i{number}",
                    template="bill",
                    release=A if number else B,
                    channels=("statement",),
                    sealed=b"",
                )
            ],
        )
    assert [(one.entry.digest, one.active, one.requests) for one in book.listed("bill")] == [
        (C, False, 0),
        (B, True, 1),
        (A, False, 2),
    ]
    assert [one.entry.template for one in book.listed()] == ["bill"] * 3 + ["other"]
