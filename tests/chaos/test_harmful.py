"""Customers whose statement kills its process, eats memory or never ends: each fails with a clear code, and everybody
beside them is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from renderer.ledger.model import MAX_ATTEMPTS, POISON_AFTER, Counts, Part
from tests.chaos import customers
from tests.chaos.audit import audit, audit_names
from tests.chaos.house import FAULTY, House
from tests.chaos.privacy import nothing_personal

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(400)]

NOTES = {4: "segfault", 9: "memory", 14: "endless", 19: "endless native", 21: "raise"}


@pytest.fixture
def house(tmp_path: Path, chaos_database: str) -> Iterator[House]:
    running = House(
        tmp_path / "home",
        chaos_database,
        module=FAULTY,
        environment={"CHAOS_MEMORY_GIB": "2"},
    )
    yield running
    running.close()


@pytest.mark.short_on("sqlite")
def test_one_that_does_harm_fails_with_its_code_and_its_neighbours_are_done(house: House) -> None:
    # Somebody outside sends to a task that is not there, somebody else what no program can read.
    queue = Celery(broker=house.settings.broker)
    profile = {"profile": customers.profile(1), "request_id": customers.NAMES[0]}

    run = house.submit(range(1, 25), notes={**NOTES, 23: "warn"})
    house.start()
    house.until(lambda: house.services.reader.workers())
    queue.send_task("dearly.submitt", kwargs=profile, queue="intake", argsrepr="", kwargsrepr="")
    with queue.connection_for_write() as connection, connection.Producer() as producer:
        text = json.dumps(profile, ensure_ascii=False)
        producer.publish(text + "}", routing_key="intake", content_type="application/json", content_encoding="utf-8")
    assert house.finished(run) == Counts(input=24, done=19, failed=5)
    house.until(lambda: all(words in said(house) for words in ("Received unregistered task", "Can't decode message")))
    audit(house.services)

    records = house.records(run)
    found: dict[int, dict[str, Part]] = {}
    for part in house.services.reader.parts(run):
        found.setdefault(records[part.request_id], {})[part.channel] = part
    codes = {}
    for record in NOTES:
        fault = found[record]["statement"].fault
        codes[record] = fault.code if fault is not None else None
        # The page would carry the statement.
        page = found[record]["microsite"]
        assert page.state == "failed" and page.fault is not None and page.fault.code == "job.dependency"
    assert codes == {4: "job.poison", 9: "render.limit", 14: "job.time", 19: "job.time", 21: "job.fault"}
    segfault, memory = found[4]["statement"], found[9]["statement"]
    assert segfault.attempts == POISON_AFTER
    assert (memory.attempts, memory.crashes) == (1, 0)  # memory was refused, and nobody died of it
    assert [found[record]["statement"].attempts for record in (14, 19, 21)] == [MAX_ATTEMPTS] * 3
    # No death was held against somebody who was only near.
    assert {part.crashes for parts in found.values() for part in parts.values() if part.state == "done"} == {0}
    audit_names(house.services, run, {record: record for record in range(1, 25) if record not in NOTES})
    assert house.stop() == 0
    nothing_personal(house)
    assert all(words in said(house) for words in ("py.warnings", "some.library", "RuntimeError"))


def said(house: House) -> str:
    """All that stands in the logs."""
    return "".join(log.read_text() for log in house.settings.logs.iterdir())
