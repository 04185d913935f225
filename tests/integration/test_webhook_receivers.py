"""Receivers as they are: slow, down, gone, elsewhere, endless or not to be trusted. A healthy one beside them waits for
none of these."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update

from renderer.deliver import sender as sending
from renderer.ledger.model import wall_clock
from renderer.ledger.tables import webhook_endpoints
from renderer.operations.webhooks import make_sender
from renderer.settings import Settings
from tests.certificates import certificate
from tests.receivers import BIG, LOOPBACK, receiver
from tests.webhook_office import Office, office_at, until

pytestmark = pytest.mark.integration


@pytest.fixture
def small_office(tmp_path: Path) -> Iterator[Office]:
    with office_at(tmp_path / "home") as made:
        yield made


# ---------------------------------------------------------------- Receivers as they are

FAULTS = {
    "/slow": "webhook.timeout",
    "/drip": "webhook.timeout",
    "/drop": "webhook.broken",
    "/nonsense": "webhook.broken",
    "/headers": "webhook.broken",
    "/redirect-301": "webhook.redirect",
    "/redirect-302": "webhook.redirect",
    "/redirect-307": "webhook.redirect",
    "/redirect-308": "webhook.redirect",
    "/big": None,
    "/drip-body": None,
}


def test_nothing_is_blocked_behind_receivers_that_misbehave(
    small_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = small_office
    real = sending.Sender.post

    async def post(self: sending.Sender, url: str, headers: Mapping[str, str], body: str) -> sending.Answer:
        """Only those that never end are not waited for: of the others a busy machine may ask for patience."""
        monkeypatch.setattr(sending, "TRY_S", 4 if url.endswith(("/slow", "/drip")) else 60)
        return await real(self, url, headers, body)  # which looks at it before it waits for anything

    monkeypatch.setattr(sending.Sender, "post", post)
    monkeypatch.setattr(sending, "REST_S", 0.5)
    with receiver() as there, office.courier():
        bad = {path: office.add(there.url(path)) for path in FAULTS}
        down = office.add(f"http://127.0.0.9:{there.port}/")  # nobody listens there
        for _ in range(3):
            office.happen(4)
            time.sleep(0.3)
        healthy = office.add(there.url("/ok"))
        begun = time.monotonic()
        office.happen(20)
        until(lambda: len(there.of("/ok")) == 20, lambda: Counter(one.path for one in there.got))
        took = time.monotonic() - begun
        for path, code in FAULTS.items():
            endpoint = bad[path]
            until(partial(office.codes, endpoint))
            assert set(office.codes(endpoint)) == {code}, path
        until(lambda: office.codes(down))
        assert set(office.codes(down)) == {"webhook.connect"}
    assert took < 45  # it does not wait for the others' time limits one after the other
    assert set(office.codes(healthy)) == {None}
    assert not there.of("/inside")  # no redirect was followed
    assert there.sent / len(there.of("/big")) < BIG / 10  # nobody reads a hundred megabytes
    assert there.most["/ok"] <= office.settings.webhook_connections


def test_a_name_that_leads_inside_is_refused_on_every_attempt(small_office: Office) -> None:
    """The address was public when it was added; now its name leads to this machine."""
    office = small_office
    with receiver() as there:
        endpoint = office.add(f"http://127.0.0.1:{there.port}/ok")
        strict = Office(office.settings.home, webhook_allow="")
        strict.happen(3)
        with strict.courier():
            until(lambda: len(strict.codes(endpoint)) >= 1)
        strict.close()
        assert set(office.codes(endpoint)) == {"webhook.address"} and not there.got
        with office.courier():  # allowed again: what was refused comes after all
            office.services.delivery_log.again([one.id for one in office.log(endpoint)])
            until(lambda: len(there.got) == 3)


def test_a_receiver_that_is_gone_is_disabled_and_one_that_is_busy_rests(small_office: Office) -> None:
    office = small_office
    with receiver(answers={"/gone": "410 Gone", "/busy": "429 Slow Down\r\nretry-after: 40"}) as there:
        gone, busy = office.add(there.url("/gone")), office.add(there.url("/busy"))
        office.happen(20)
        before = wall_clock()
        with office.courier():
            until(lambda: office.codes(gone) and office.codes(busy))
            time.sleep(0.7)
        found = office.services.endpoints.get(gone)
        assert found is not None and (found.state, found.why) == ("disabled", "webhook.gone")
        assert len(there.of("/gone")) <= 2 and len(there.of("/busy")) <= 2  # those that were under way
        found = office.services.endpoints.get(busy)
        assert found is not None and found.rests_ms is not None and found.rests_ms >= before + 39_000
        tried = [one for one in office.log(busy) if one.attempts]
        assert tried and all(one.next_ms is not None and one.next_ms >= before + 39_000 for one in tried)
        assert {one.state for one in office.log(busy)} == {"waiting"}


def test_one_that_takes_some_and_asks_for_a_rest_gets_it(small_office: Office) -> None:
    """A limit of so many an hour: what is over it would use up its attempts in vain."""
    office, answered = small_office, Counter[str]()

    class Limited(dict[str, str]):
        def __getitem__(self, path: str) -> str:
            answered[path] += 1
            return "200 OK" if answered[path] % 2 else "429 Slow Down\r\nretry-after: 600"

    with receiver(answers=Limited({"/ok": ""})) as there:
        endpoint = office.add(there.url())
        office.happen(40)
        with office.courier():
            until(lambda: len(there.got) >= 2)
            time.sleep(0.7)
    assert len(there.got) <= 4  # those that were under way
    found = office.services.endpoints.get(endpoint)
    assert found is not None and found.rests_ms is not None and found.rests_ms > wall_clock() + 500_000


def test_one_that_goes_on_failing_rests_longer_also_with_little_to_be_told(
    small_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TRY_S", 1)
    office = small_office
    with receiver() as there:
        endpoint = office.add(there.url("/slow"))
        with office.services.database.writing() as connection:
            connection.execute(update(webhook_endpoints).values(failures=6, failing_ms=1, failed_ms=wall_clock()))
        office.happen()
        with office.courier():  # nothing is due to it any more while the only message is under way
            until(lambda: office.codes(endpoint))
    found = office.services.endpoints.get(endpoint)
    assert found is not None and found.rests_ms is not None and found.rests_ms > wall_clock() + 60_000


def test_a_failure_comes_again_under_the_same_id(small_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.deliver.retries.PAUSES_S", (0.2, 0.4, 86_400))
    office, answered = small_office, Counter[str]()

    class Twice(dict[str, str]):
        def __getitem__(self, path: str) -> str:
            answered[path] += 1
            return "503 Away" if answered[path] <= 2 else "200 OK"

    with receiver(answers=Twice({"/ok": ""})) as there, office.courier():
        endpoint = office.add(there.url())
        (message,) = office.happen()
        until(lambda: [one.state for one in office.log(endpoint)] == ["delivered"])
    assert [one.id for one in there.got] == [message] * 3 and len({one.body for one in there.got}) == 1
    (logged,) = office.log(endpoint)
    assert [(one.number, one.status) for one in logged.attempts] == [(1, 503), (2, 503), (3, 200)]


# ---------------------------------------------------------------- TLS


def test_a_certificate_has_to_be_trusted_and_that_of_the_name(tmp_path: Path) -> None:
    file, context = certificate(tmp_path, "crm.example", "127.0.0.1")

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def codes(port: int, ca: str) -> list[str | None]:
        sender = make_sender(Settings(home=tmp_path, webhook_allow=LOOPBACK, webhook_ca=ca), resolve)
        try:
            urls = [f"https://{host}:{port}/ok" for host in ("crm.example", "other.example", "127.0.0.1")]
            return [(await sender.post(url, {}, "{}")).code for url in urls]
        finally:
            await sender.close()

    with receiver(context) as there:
        assert asyncio.run(codes(there.port, str(file))) == [None, "webhook.tls", None]
        assert asyncio.run(codes(there.port, "")) == ["webhook.tls"] * 3
    assert {one.headers["host"] for one in there.got} == {f"crm.example:{there.port}", f"127.0.0.1:{there.port}"}
