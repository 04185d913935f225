"""Messages on their way to real receivers, by a real courier: some are slow, down, gone, elsewhere or endless, and a
healthy one beside them waits for none of these."""

from __future__ import annotations

import asyncio
import signal
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import update
from standardwebhooks import WebhookVerificationError

from renderer.bootstrap import Services, build
from renderer.deliver import sender as sending
from renderer.ledger.database import Database
from renderer.ledger.delivery_log import Logged
from renderer.ledger.model import wall_clock
from renderer.ledger.tables import webhook_endpoints
from renderer.operations.forget import forget
from renderer.operations.webhooks import Webhooks, make_sender
from renderer.settings import Settings
from tests.batches import Bench, person
from tests.receivers import BIG, LOOPBACK, receiver
from workers.courier import Courier

PATIENCE_S = 60.0
PLANTED = "Quastenflosser"

pytestmark = pytest.mark.integration


class Office:
    """A home with endpoints, and things that happen."""

    def __init__(self, home: Path, database_url: str = "", **settings: Any) -> None:
        self.settings = Settings(
            home=home, broker_url="", database_url=database_url, **{"webhook_allow": LOOPBACK, **settings}
        )
        self.services: Services = build(self.settings)
        self.webhooks = Webhooks(self.settings, self.services.endpoints, self.services.vault)
        self.secrets: dict[str, str] = {}

    def add(self, url: str, **wants: Any) -> str:
        made = self.webhooks.add(url, **wants)
        self.secrets[made.endpoint.id] = made.secret
        return made.endpoint.id

    def happen(self, count: int = 1) -> list[str]:
        """Let runs be called off; the ids of the messages that tell of it."""
        ids = []
        for _ in range(count):
            run = self.services.intake.open_run("demo")
            self.services.intake.cancel_run(run)
            ids.append(f"run-{run}")
        return ids

    def log(self, endpoint: str, limit: int = 1000) -> list[Logged]:
        return self.services.delivery_log.of(endpoint, limit)

    def codes(self, endpoint: str) -> list[str | None]:
        return [attempt.code for one in reversed(self.log(endpoint)) for attempt in one.attempts]

    @contextmanager
    def courier(self, owner: str = "courier", chance: Callable[[], float] = lambda: 0.0) -> Iterator[None]:
        """A courier in an event loop of its own, in a thread, while the block lasts; stopped in order."""
        import threading

        loop, stop = asyncio.new_event_loop(), asyncio.Event()
        database = Database(self.settings.database)

        async def run() -> None:
            from renderer.ledger.deliveries import Deliveries

            courier = Courier(
                Deliveries(database),
                self.services.vault,
                make_sender(self.settings),
                connections=self.settings.webhook_connections,
                owner=owner,
                chance=chance,
            )
            await courier.run(stop)

        thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
        thread.start()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(30)
            assert not thread.is_alive()
            loop.close()
            database.close()

    def process(self, home_database: str = "") -> subprocess.Popen[bytes]:
        """A courier as an operator starts one."""
        environment = {
            "DEARLY_HOME": str(self.settings.home),
            "DEARLY_DATABASE_URL": home_database,
            "DEARLY_WEBHOOK_ALLOW": LOOPBACK,
            "PATH": "/usr/bin:/bin",
        }
        command = [sys.executable, "-m", "workers.courier"]
        with (self.settings.home / "courier.log").open("ab") as out:
            return subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd=ROOT)

    def close(self) -> None:
        self.services.database.close()


ROOT = Path(__file__).resolve().parents[2]


def until(true: Callable[[], Any], what: Callable[[], object] = lambda: None) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, what()
        time.sleep(0.02)


@pytest.fixture
def office(tmp_path: Path, ledger_url: str) -> Iterator[Office]:
    made = Office(tmp_path / "home", ledger_url)
    yield made
    made.close()


@pytest.fixture
def small_office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path / "home")
    yield made
    made.close()


# ---------------------------------------------------------------- All is well


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


def test_a_secret_is_replaced_without_a_gap(small_office: Office) -> None:
    office = small_office
    with receiver() as there, office.courier():
        endpoint = office.add(there.url())
        old = office.secrets[endpoint]
        new = office.webhooks.rotate(endpoint, 3_600_000).secret
        office.happen()
        until(lambda: len(there.got) == 1)
        for secret in (old, new):
            there.got[0].verified(secret)
        newest = office.webhooks.rotate(endpoint, 0).secret
        office.happen()
        until(lambda: len(there.got) == 2)
        there.got[1].verified(newest)
        for secret in (old, new):
            with pytest.raises(WebhookVerificationError):
                there.got[1].verified(secret)


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
    monkeypatch.setattr(sending, "TRY_S", 4)
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
    assert took < 20  # it does not wait for the others' time limits one after the other
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
    office = small_office
    with receiver(answers={"/ok": "503 Away"}) as there, office.courier():
        endpoint = office.add(there.url())
        (message,) = office.happen()
        until(lambda: len(there.got) == 2)
        there.answers.clear()
        until(lambda: [one.state for one in office.log(endpoint)] == ["delivered"])
    assert [one.id for one in there.got] == [message] * 3 and len({one.body for one in there.got}) == 1
    (logged,) = office.log(endpoint)
    assert [(one.number, one.status) for one in logged.attempts] == [(1, 503), (2, 503), (3, 200)]


# ---------------------------------------------------------------- TLS


def certificate(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate that signs itself, for some names; the file with it, and a server that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    alternatives: list[x509.GeneralName] = [
        x509.IPAddress(ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names
    ]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, private)
    return file, context


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


# ---------------------------------------------------------------- Couriers that die, and several of them


def test_a_courier_that_is_killed_loses_nothing(office: Office, ledger_url: str) -> None:
    with receiver() as there:
        endpoint = office.add(there.url())
        ids = office.happen(300)
        first = office.process(ledger_url)
        until(lambda: len(there.got) >= 30, lambda: (office.settings.home / "courier.log").read_text())
        first.kill()
        first.wait(30)
        came = len(there.got)
        second = office.process(ledger_url)
        try:
            until(lambda: {one.id for one in there.got} == {*ids}, lambda: len({one.id for one in there.got}))
            until(lambda: {one.state for one in office.log(endpoint)} == {"delivered"})
        finally:
            second.send_signal(signal.SIGTERM)
            assert second.wait(30) == 0
    assert came < 300, "it was killed when all was done"
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
        process = office.process()
        (first,) = office.happen()
        until(lambda: there.got)  # it is at work
        ids = [first, *office.happen(5)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
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
        assert time.monotonic() - begun < 10
