"""Messages on their way to a real receiver by real couriers: signed, and at least once, whatever becomes of these."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from renderer.deliver import sender as sending
from renderer.ledger.model import wall_clock
from renderer.operations.forget import forget
from tests.batches import Bench, person
from tests.ledgers import one_database
from tests.receivers import receiver
from tests.webhook_office import Office, office_at, until
from tests.webhook_post import PLANTED

pytestmark = pytest.mark.integration


@pytest.fixture
def office(tmp_path: Path, ledger_url: str) -> Iterator[Office]:
    with office_at(tmp_path / "home", ledger_url) as made:
        yield made


@pytest.fixture
def small_office(tmp_path: Path) -> Iterator[Office]:
    with office_at(tmp_path / "home") as made:
        yield made


def test_messages_come_signed_and_once(office: Office) -> None:
    with receiver() as there, office.courier():
        endpoint = office.add(there.url())
        ids = office.happen(50)
        until(lambda: len(there.got) == 50)
    said = [one.verified(office.secrets[endpoint]) for one in there.got]
    assert {one["type"] for one in said} == {"run.cancelled"}
    assert sorted(f"run-{one['data']['run']}" for one in said) == sorted(one.id for one in there.got) == sorted(ids)
    assert {one.headers["content-type"] for one in there.got} == {"application/json"}
    assert {one.state for one in office.log(endpoint)} == {"delivered"} and set(office.codes(endpoint)) == {None}
    found = office.services.endpoints.get(endpoint)
    assert found is not None and found.delivered_ms is not None


# ---------------------------------------------------------------- Couriers that die, and several of them


def test_a_courier_that_is_killed_loses_nothing(office: Office, ledger_url: str) -> None:
    with receiver(answers_to=100) as there:
        endpoint = office.add(there.url())
        ids = office.happen(300)
        first = office.process(ledger_url)
        until(lambda: len(there.got) >= 30, lambda: (office.settings.home / "courier.log").read_text())
        first.kill()
        first.wait(60)
        came = len(there.got)
        there.answers_to = None
        second = office.process(ledger_url)
        try:
            until(lambda: {one.id for one in there.got} == {*ids}, lambda: len({one.id for one in there.got}))
            until(lambda: {one.state for one in office.log(endpoint)} == {"delivered"})
        finally:
            second.send_signal(signal.SIGTERM)
            assert second.wait(60) == 0
    assert came < 300
    doubles = len(there.got) - 300
    # Under their ids: what was under way or waited here, and as many that had ended and were not written down yet.
    assert 0 <= doubles <= 4 * office.settings.webhook_connections


def test_two_couriers_share_the_work(office: Office, ledger_url: str) -> None:
    with receiver() as there:
        endpoints = [office.add(there.url(path)) for path in ("/a", "/b")]
        ids = office.happen(100)
        with office.courier("one"), office.courier("two"):
            until(lambda: len(there.got) >= 200)
            until(lambda: all({one.state for one in office.log(one)} == {"delivered"} for one in endpoints))
    for path in ("/a", "/b"):
        assert Counter(one.id for one in there.of(path)) == Counter(ids)


def test_one_that_stops_tells_first_what_has_just_happened(small_office: Office) -> None:
    office = small_office
    with receiver() as there:
        office.add(there.url())
        process = office.process(last_s=120)
        (first,) = office.happen()
        until(lambda: there.got)  # it is at work
        ids = [first, *office.happen(5)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(150) == 0
        assert sorted(one.id for one in there.got) == sorted(ids)


def test_one_that_stops_leaves_what_it_has_not_begun_to_others(
    small_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.courier.LAST_S", 0.1)
    office = small_office
    with receiver() as there:
        endpoint = office.add(there.url("/slow"))
        office.happen(10)
        before = wall_clock()
        with office.courier():
            until(lambda: len(there.got) == 2)
    late = [one for one in office.log(endpoint) if one.next_ms is not None and one.next_ms > before + 30_000]
    assert len(late) == 2  # those that were broken off come when their leases end


def test_nothing_is_begun_that_might_outlive_its_lease(small_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.courier.LEASE_MS", 1000 * sending.TRY_S - 1)
    office = small_office
    with receiver() as there, office.courier():
        office.add(there.url())
        office.happen()
        time.sleep(1)
        assert not there.got


def test_a_courier_waits_for_a_ledger_that_is_away(small_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from renderer.errors import EnvironmentFault
    from renderer.ledger.deliveries import Deliveries

    office, asked = small_office, Counter[str]()
    settle = Deliveries.settle

    def away(self: Deliveries, *given: Any) -> None:
        asked["settle"] += 1
        if asked["settle"] == 1:
            raise EnvironmentFault("environment.ledger", "The ledger is away.")
        settle(self, *given)

    monkeypatch.setattr(Deliveries, "settle", away)
    with receiver() as there, office.courier():
        endpoint = office.add(there.url())
        office.happen()
        until(lambda: [one.state for one in office.log(endpoint)] == ["delivered"])
    assert len(there.got) == 1 and asked["settle"] == 2


# ---------------------------------------------------------------- People


@one_database
def test_nothing_personal_is_sent_and_nothing_is_left_of_who_was_forgotten(tmp_path: Path, ledger_url: str) -> None:
    with Bench(tmp_path, ledger_url) as bench, receiver() as there:
        office = Office(bench.settings.home, ledger_url)
        office.add(there.url())
        people = [person(number, customer__name=f"{PLANTED} {number}") for number in range(3)]
        run = bench.start(bench.file(people), channels=("statement",), notify=True)
        forget(bench.services, "C-2")
        bench.finish(run)
        with office.courier():
            until(lambda: len(there.got) == 4, lambda: there.got)
        said = [one.verified(next(iter(office.secrets.values()))) for one in there.got]
        assert Counter(one["type"] for one in said) == Counter(
            {"request.done": 2, "request.cancelled": 1, "run.complete": 1}
        )
        keyed = bench.services.vault.keyed("recipient", "C-2")
        everything = b"".join(one.body + str(one.headers).encode() for one in there.got)
        for secret in (PLANTED, "C-2", keyed):
            assert secret.encode() not in everything
        office.close()


def test_an_event_is_told_of_within_moments(small_office: Office) -> None:
    office = small_office
    with receiver() as there, office.courier():
        office.add(there.url())
        time.sleep(0.5)
        office.happen()
        begun = time.monotonic()
        until(lambda: there.got)
        assert time.monotonic() - begun < 40
