"""Customers whose statement kills its process, eats memory or never ends: each fails with a clear code, and everybody
beside them is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from renderer.ledger.model import MAX_ATTEMPTS, POISON_AFTER, Counts, Part
from tests.chaos.audit import audit, audit_names
from tests.chaos.house import FAULTY, House

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(400)]

NOTES = {4: "segfault", 9: "memory", 14: "endless", 19: "endless native"}


@pytest.fixture
def house(tmp_path: Path, chaos_database: str) -> Iterator[House]:
    running = House(
        tmp_path / "home",
        chaos_database,
        module=FAULTY,
        environment={"CHAOS_SOFT_S": "4", "CHAOS_MEMORY_GIB": "2"},
    )
    yield running
    running.close()


def test_one_that_does_harm_fails_with_its_code_and_its_neighbours_are_done(house: House) -> None:
    run = house.submit(range(1, 25), notes=NOTES)
    house.start()
    assert house.finished(run) == Counts(input=24, done=20, failed=4)
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
    assert codes == {4: "job.poison", 9: "render.limit", 14: "job.time", 19: "job.time"}
    segfault, memory = found[4]["statement"], found[9]["statement"]
    assert segfault.attempts == POISON_AFTER
    assert (memory.attempts, memory.crashes) == (1, 0)  # memory was refused, and nobody died of it
    assert [found[record]["statement"].attempts for record in (14, 19)] == [MAX_ATTEMPTS] * 2
    # No death was held against somebody who was only near.
    assert {part.crashes for parts in found.values() for part in parts.values() if part.state == "done"} == {0}
    audit_names(house.services, run, {record: record for record in range(1, 25) if record not in NOTES})
