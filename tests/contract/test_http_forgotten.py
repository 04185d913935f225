"""A failed request is tried again while its recipient is forgotten: the profile must not come back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from renderer.api.entry import Entry
from renderer.ledger.endings import lock
from renderer.ledger.model import Fault, Submission
from renderer.ledger.tables import requests, sealed
from renderer.operations import forget
from tests.http_house import HttpHouse, http_house, problem, requests_in
from tests.small_template import profile_with

ANNA = str(profile_with()["customer"]["id"])


@pytest.fixture
def house(tmp_path: Path, ledger_url: str) -> Iterator[HttpHouse]:
    with http_house(tmp_path, ledger_url) as made:
        yield made


def failed(house: HttpHouse) -> str:
    """A request of Anna's that has failed."""
    id_: str = house.submit("a").json["id"]
    house.make(id_, fault=Fault(code="job.fault", message="Something."))
    return id_


def kept(house: HttpHouse) -> int:
    """How much the ledger has sealed."""
    with house.services.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(sealed)) or 0


def stop_when_read(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """Have a retry stopped when it has read the profile, until ``meanwhile`` is over."""
    read = Entry.again

    def stopped(self: Entry, *given: Any) -> Submission:
        found = read(self, *given)
        meanwhile()
        return found

    monkeypatch.setattr(Entry, "again", stopped)


def test_a_retry_that_has_read_the_profile_does_not_bring_it_back(
    house: HttpHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = failed(house)
    stop_when_read(monkeypatch, lambda: forget.forget(house.services, ANNA))
    problem(house.call("POST", f"/v1/requests/{id_}/retry"), 410, "api.gone")
    assert (requests_in(house), kept(house)) == (1, 0)
    assert forget.known(house.services, ANNA).nothing


def test_a_retry_waits_for_who_is_dropping_the_profile(house: HttpHouse) -> None:
    """The one is in its transaction while the other begins."""
    id_ = failed(house)
    entry = Entry(house.services, None)  # type: ignore[arg-type]  # looks at no template
    order = house.services.browse.failed(id_)
    assert order is not None
    item = entry.again(id_, order)
    answers: list[Any] = []

    def put() -> None:
        try:
            answers.append(entry.put([item]))
        except Exception as error:
            answers.append(error)

    thread = threading.Thread(target=put)
    with house.services.database.writing() as connection:
        lock(connection, id_)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        connection.execute(delete(sealed).where(sealed.c.request_id == id_))
        connection.execute(update(requests).where(requests.c.id == id_).values(dropped_ms=1))
    thread.join(30)
    assert [getattr(one, "status", one) for one in answers] == [410]
    assert (requests_in(house), kept(house)) == (1, 0)


def test_who_is_forgotten_while_a_request_is_tried_again_is_forgotten_with_it(house: HttpHouse) -> None:
    """The retry was first: what it made goes too."""
    id_ = failed(house)
    again = house.call("POST", f"/v1/requests/{id_}/retry")
    assert again.status == 202
    proof = forget.forget(house.services, ANNA)
    assert (proof.requests, kept(house)) == (2, 0)
    assert house.call("GET", f"/v1/requests/{again.json['id']}").json["state"] == "cancelled"
