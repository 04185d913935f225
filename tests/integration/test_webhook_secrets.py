"""What messages are signed with: secrets that are replaced, and those that nobody can open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

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
