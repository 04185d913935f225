"""What messages are signed with: secrets that are replaced, and those that nobody can open."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import update
from standardwebhooks import WebhookVerificationError
from structlog.testing import capture_logs

from renderer.cli.webhook_tables import endpoints_table
from renderer.ledger.endpoints import SealedSecret
from renderer.ledger.gauges import Gauges
from renderer.ledger.model import wall_clock
from renderer.ledger.seal import Vault
from renderer.ledger.tables import webhook_endpoints, webhook_secrets
from renderer.operations.status import look
from tests.receivers import receiver
from tests.webhook_office import Office, office_at, until

pytestmark = pytest.mark.integration


@pytest.fixture
def small_office(tmp_path: Path) -> Iterator[Office]:
    with office_at(tmp_path / "home") as made:
        yield made


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


class Locked:
    """An endpoint whose secrets were sealed with another installation's key."""

    def __init__(self, office: Office, url: str) -> None:
        self.office, self.id = office, office.add(url)
        self._sealed = self._read()
        for secret in self._sealed:
            self._write(secret.id, Vault(bytes(32)).seal(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", secret.id))

    def put_right(self) -> None:
        for secret in self._sealed:
            self._write(secret.id, secret.sealed)

    def look_again(self) -> None:
        """Let the pause be over."""
        with self.office.services.database.writing() as connection:
            connection.execute(update(webhook_endpoints).where(webhook_endpoints.c.id == self.id).values(rests_ms=0))

    @property
    def why(self) -> str | None:
        found = self.office.services.endpoints.get(self.id)
        assert found is not None and found.state == "active" and found.failing_ms is None
        return found.why

    @property
    def rests_ms(self) -> int:
        found = self.office.services.endpoints.get(self.id)
        return (found and found.rests_ms) or 0

    def _read(self) -> list[SealedSecret]:
        return self.office.services.endpoints.secrets([self.id])[self.id]

    def _write(self, secret: str, sealed: bytes) -> None:
        with self.office.services.database.writing() as connection:
            connection.execute(update(webhook_secrets).where(webhook_secrets.c.id == secret).values(sealed=sealed))


def test_what_nobody_can_sign_waits_is_told_once_and_goes_on_by_itself(small_office: Office) -> None:
    office = small_office
    with receiver() as there:
        locked, healthy = Locked(office, there.url("/locked")), office.add(there.url("/healthy"))
        office.happen(30)
        with capture_logs() as logs, office.courier():
            until(lambda: len(there.of("/healthy")) == 30)
            pauses = []
            for _ in range(4):
                until(lambda: locked.rests_ms > 0)
                pauses.append(locked.rests_ms - wall_clock())
                locked.look_again()
            until(lambda: locked.rests_ms > 0)
            assert locked.why == "environment.key" and pauses[-1] > 10_000 > pauses[0], pauses
            found = office.services.delivery_log.of(locked.id, 100)
            assert {one.state for one in found} == {"waiting"} and not any(one.attempts for one in found)
            assert not there.of("/locked")
            said = [one for one in logs if one["log_level"] == "error"]
            assert [(one["event"], one["endpoint"]) for one in said] == [
                ("a webhook's secret cannot be opened", locked.id)
            ]
            needs = [need for need in look(office.settings, True).needs if need.code == "webhook"]
            assert len(needs) == 1 and "30 messages wait" in needs[0].text and locked.id in needs[0].hint
            table = Console(width=200, file=io.StringIO())
            table.print(endpoints_table(Gauges(office.services.database).webhooks()))
            assert "active (environment.key)" in table.file.getvalue()  # type: ignore[attr-defined]
            locked.put_right()
            locked.look_again()
            until(lambda: len(there.of("/locked")) == 30)
            until(lambda: locked.why is None)
    for got in there.of("/locked"):
        got.verified(office.secrets[locked.id])
    assert healthy and not [need for need in look(office.settings, True).needs if need.code == "webhook"]


def test_a_new_secret_need_not_wait_for_one_that_nobody_can_open(small_office: Office) -> None:
    office = small_office
    with receiver() as there:
        locked = Locked(office, there.url())
        fresh = office.webhooks.rotate(locked.id, 3_600_000).secret
        office.happen()
        with office.courier():
            until(lambda: len(there.got) == 1)
        there.got[0].verified(fresh)
        assert office.webhooks.test(locked.id).code is None
