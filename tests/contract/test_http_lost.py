"""Files that the ledger names and the store has not, and what is asked about files without reading them; on a disk and
in a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from sqlalchemy import update

from renderer.installation import MARKER
from renderer.ledger.model import artefact_key
from renderer.ledger.tables import requests
from renderer.operations import forget
from tests.http_house import HttpHouse, http_house, problem
from tests.ledgers import one_database
from tests.small_template import profile_with

PATH = "statement/statement.pdf"
pytestmark = one_database


@pytest.fixture(params=["disk", "bucket"])
def house(request: pytest.FixtureRequest, tmp_path: Path, ledger_url: str) -> Iterator[HttpHouse]:
    settings: dict[str, Any] = {}
    if request.param == "bucket":
        bucket = request.getfixturevalue("moto").bucket()
        settings = {"store_url": bucket.url, "s3_endpoint": bucket.endpoint, "s3_region": "eu-south-1"}
    with http_house(tmp_path, ledger_url, **settings) as made:
        yield made


def made(house: HttpHouse) -> tuple[str, str, str]:
    """A request with one file; addresses of the file with a key and by a link."""
    id_: str = house.submit("a").json["id"]
    house.make(id_)
    (link,) = house.call("POST", f"/v1/requests/{id_}/links").json["items"]
    return id_, f"/v1/requests/{id_}/artefacts/{PATH}", link["url"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_that_the_store_has_lost_is_not_there(
    house: HttpHouse, capsys: pytest.CaptureFixture[str], method: str
) -> None:
    id_, path, link = made(house)
    assert house.services.store.delete(artefact_key(id_, PATH))
    for answer in (house.call(method, path), house.call(method, link, key=None)):
        assert answer.status == 404
        assert "retry-after" not in answer.headers
    if method == "GET":
        found = problem(house.call("GET", path), 404, "store.missing")
        assert "backup" in found["hint"]
    assert "file missing" in capsys.readouterr().out


def test_a_file_that_goes_while_it_is_asked_for_is_gone(house: HttpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger was asked before its row went, the store after."""
    id_, path, _ = made(house)
    files = house.services.browse.files(id_)
    forget.forget(house.services, str(profile_with()["customer"]["id"]))
    seen = house.services.browse.request(id_)
    assert seen is not None and seen.gone
    with house.services.database.writing() as connection:
        connection.execute(update(requests).where(requests.c.id == id_).values(forgotten_ms=None))
    real = house.services.store.stat

    def stat(key: str) -> int | None:
        with house.services.database.writing() as connection:  # a moment later
            connection.execute(update(requests).where(requests.c.id == id_).values(forgotten_ms=1))
        return real(key)

    monkeypatch.setattr(house.services.browse, "files", lambda _: files)
    monkeypatch.setattr(house.services.store, "stat", stat)
    problem(house.call("GET", path), 410, "api.gone")


def test_a_store_without_its_mark_is_away_and_has_lost_nothing(house: HttpHouse) -> None:
    """Of a disk that is not mounted an empty folder is left."""
    id_, path, _ = made(house)
    assert house.services.store.delete(artefact_key(id_, PATH)) and house.services.store.delete(MARKER)
    answer = house.call("GET", path)
    problem(answer, 503, "store.missing")
    assert int(answer.headers["retry-after"]) > 0


def test_asking_about_a_file_reads_none_of_it(house: HttpHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path, link = made(house)
    got = house.call("GET", path)

    def opened(key: str) -> BinaryIO:
        raise AssertionError("read")

    monkeypatch.setattr(house.services.store, "open", opened)
    for answer in (house.call("HEAD", path), house.call("HEAD", link, key=None)):
        assert (answer.status, answer.body) == (200, b"")
        for name in ("content-length", "content-type", "etag", "accept-ranges", "content-disposition"):
            assert answer.headers[name] == got.headers[name], name
    # Parts are for GET alone (RFC 9110, section 14.2).
    part = house.call("HEAD", path, Range="bytes=1-2")
    assert (part.status, part.headers["content-length"]) == (200, got.headers["content-length"])
    assert house.call("HEAD", path, Range="bytes=99999999-").status == 200
    assert house.call("HEAD", path, If_None_Match=got.headers["etag"]).status == 304
