"""The door that other systems come by: the client of the docs against a real service, and what the door refuses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from renderer.bootstrap import Services, build
from renderer.errors import EnvironmentFault
from renderer.ledger.model import Counts
from renderer.ledger.release_book import Entry
from renderer.ledger.tables import requests
from renderer.orders import door_key
from renderer.settings import Settings
from renderer.template.release import Release
from tests.integration.queue_app import NothingEngine, build_nothing
from tests.queue_house import PLANTED, ROOT, Service, all_in
from workers.door import DEADLY, Door

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

CLIENT = re.search(r"```python\n(.*?)```", (ROOT / "docs/enqueue.md").read_text("utf-8"), re.S)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("home"))
    running.until(lambda: len(running.services.reader.workers()) > 0)
    yield running
    running.stop()


def send(service: Service, request_id: str, profile: dict[str, Any], priority: str = "urgent") -> None:
    """Run the ten lines of the docs in a process of their own, with this service's broker and these values."""
    assert CLIENT is not None and len(CLIENT[1].strip().splitlines()) <= 10
    client = CLIENT[1]
    for printed, given in {
        "redis://queue.example/0": service.settings.broker,
        '"energy-bill"': f'"nothing@{service.release}"',
        "bill-2026-11-0815": request_id,
        '"urgent"': f'"{priority}"',
    }.items():
        assert printed in client
        client = client.replace(printed, given)
    subprocess.run([sys.executable, "-c", f"profile = {profile!r}\n{client}"], check=True, cwd="/")


def test_the_client_of_the_docs_gets_its_request_through_once(service: Service) -> None:
    for _ in range(2):
        send(service, "one", {"do": "go", "name": PLANTED})
    key = door_key(service.services.vault, "one")
    service.until(lambda: service.services.reader.known(key))
    request = service.services.reader.by_key(key)
    assert request is not None
    assert service.finished(request.run_id) == Counts(input=None, done=1)
    assert set(service.services.reader.channels(request.id).values()) == {"done"}
    asked = subprocess.run(
        [sys.executable, "-m", "renderer.cli.main", "outcome", "one", "--json"],
        env={**os.environ, "DEARLY_HOME": str(service.settings.home)},
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    found = json.loads(asked.stdout)
    assert (found["state"], len(found["artefacts"])) == ("done", 3)


def test_what_is_refused_is_found_under_its_id_with_the_reason(service: Service) -> None:
    send(service, "bad", {"do": "go"})
    key = door_key(service.services.vault, "bad")
    service.until(lambda: service.services.reader.known(key))
    request = service.services.reader.by_key(key)
    assert request is not None and request.fault is not None
    assert (request.state, request.fault.code) == ("failed", "profile.missing")


def test_headers_and_logs_show_nothing_of_a_profile(service: Service) -> None:
    broker = all_in(service.settings.home / "broker")
    spelling = json.dumps(PLANTED)[1:-1].encode()
    assert b"dearly.submit" in broker
    assert spelling not in broker and PLANTED.encode() not in broker  # the body has it, in base64
    for log in (service.settings.home / "logs").iterdir():
        assert PLANTED not in log.read_text("utf-8", "replace")


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return build_nothing(Settings(home=tmp_path / "home", broker_url="", database_url=""))


GOOD = {"template": "nothing", "request_id": "r", "profile": {"name": "n", "do": "go"}}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"template": "../../etc"}, "usage.argument"),
        ({"template": None}, "usage.argument"),
        ({"template": "nobody"}, "usage.argument"),
        ({"template": "nothing@" + "0" * 64}, "usage.argument"),
        ({"template": "other"}, "usage.argument"),
        ({"priority": "at once"}, "usage.argument"),
        ({"priority": ["low"]}, "usage.argument"),
        ({"channels": ["statement", "statement"]}, "usage.argument"),
        ({"channels": "statement"}, "usage.argument"),
        ({"channels": [7]}, "usage.argument"),
        ({"channels": []}, "usage.argument"),
        ({"path": "/etc/passwd"}, "usage.argument"),
        ({"profile": {"name": object()}}, "profile.kind"),
        ({"profile": {}}, "profile.missing"),
    ],
)
def test_nothing_that_comes_in_is_trusted(services: Services, change: dict[str, Any], code: str) -> None:
    digest = services.releases.publish(Release({"template.yaml": b"id: nothing"}))
    door = Door(services)
    message = {**GOOD, **change}
    if message["template"] in ("nothing", "other"):
        message["template"] = f"{message['template']}@{digest}"
    assert door.submit(message) == "failed"
    assert door.submit(message) is None  # known
    found = services.reader.by_key(door_key(services.vault, "r"))
    assert found is not None and found.fault is not None and found.fault.code == code
    assert services.leader.dispatch("control", 10, 1000) == []


@pytest.mark.parametrize("named", ["anna-bianchi", "anna-bianchi@" + "0" * 64, "nothing@" + "0" * 64, "nothing@0815"])
def test_what_a_sender_made_up_is_not_kept(services: Services, named: str) -> None:
    """Metrics have the template as a label, and dispatchers go through all releases every two seconds."""
    entry = Entry(template="nothing", digest="d", contract="", retention_days=1, title="", files=1, bytes=1)
    services.book.record(entry)
    assert Door(services).submit({**GOOD, "template": named}) == "failed"
    with services.database.reading() as connection:
        kept = connection.execute(select(requests.c.template, requests.c.release)).one()
    assert kept == ("nothing" if named.startswith("nothing") else "", "")


def test_without_an_id_there_is_nothing_to_be_known_by(services: Services) -> None:
    for request_id in (None, "", 7, "x" * 501):
        assert Door(services).submit({**GOOD, "request_id": request_id}) is None
    assert services.reader.open_runs("door") == []


def test_a_ledger_that_is_away_is_no_reason_to_forget_a_request(services: Services) -> None:
    class Away(NothingEngine):
        def take(self, release: Release, profile: str) -> Any:
            raise EnvironmentFault("environment.ledger", "Away.")

    digest = services.releases.publish(Release({"template.yaml": b"id: nothing"}))
    away = build(services.settings, Away(services.settings.home / "journal"))
    message = {**GOOD, "template": f"nothing@{digest}"}
    with pytest.raises(EnvironmentFault):
        Door(away).submit(message)
    assert Door(services).submit(message) == "submitted"


def test_a_request_that_is_sent_often_at_the_same_time_is_no_poison(services: Services) -> None:
    """Nobody dies of it, however many read it at once; what deaths left behind still counts."""
    readers = DEADLY + 2
    together = threading.Barrier(readers, timeout=60)

    class Slow(NothingEngine):
        def take(self, release: Release, profile: str) -> Any:
            together.wait()
            return super().take(release, profile)

    digest = services.releases.publish(Release({"template.yaml": b"id: nothing"}))
    message = {**GOOD, "template": f"nothing@{digest}"}
    slow = build(services.settings, Slow(services.settings.home / "journal"))
    with ThreadPoolExecutor(readers) as pool:
        told = [*pool.map(lambda door: door.submit(message), [Door(slow) for _ in range(readers)])]
    assert sorted(told, key=str) == [None] * (readers - 1) + ["submitted"]
    marks = services.settings.home / "door"
    assert list(marks.iterdir()) == []
    (marks / door_key(services.vault, "deadly")).write_bytes(b"." * DEADLY)
    assert Door(services).submit({**message, "request_id": "deadly"}) == "failed"
    assert list(marks.iterdir()) == []
