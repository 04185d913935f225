"""The courier of a real service: it is started when somebody is to be told, started again when it is killed, tells
of the last thing before a service ends; and whatever becomes of it, the service goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from renderer.bootstrap import build
from renderer.operations.webhooks import Made, Webhooks
from renderer.settings import Settings
from tests.chaos.house import ROOT, House, below, until
from tests.chaos.processes import Process
from tests.pauses import pause, unpause
from tests.receivers import LOOPBACK, Receiver, receiver
from tests.small_template import profile_with, write

ALLOW = {"DEARLY_WEBHOOK_ALLOW": LOOPBACK}

pytestmark = [pytest.mark.integration, pytest.mark.chaos, pytest.mark.timeout(400)]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    running = House(tmp_path / "home", environment=ALLOW)
    yield running
    running.close()


def add(house: House, there: Receiver) -> Made:
    settings = Settings(home=house.settings.home, webhook_allow=LOOPBACK)
    return Webhooks(settings, house.services.endpoints, house.services.vault).add(there.url())


def couriers(house: House) -> list[Process]:
    """The couriers that live below the supervisor."""
    assert house.supervisor is not None
    return [one for one in below(house.supervisor) if "workers.courier" in one.command]


def listens(process: Process) -> bool:
    """Whether it is a courier that hears when it is told to stop."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return False
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return "workers.courier" in process.command and bool(caught >> (signal.SIGTERM - 1) & 1)


def test_a_courier_that_is_killed_is_started_again_and_the_service_goes_on(house: House) -> None:
    with receiver() as there:
        house.start()
        house.until(house.services.reader.workers)
        assert not couriers(house)  # nobody is to be told yet
        made = add(house, there)
        house.until(lambda: couriers(house))
        (courier,) = couriers(house)
        courier.signal(signal.SIGKILL)
        run = house.submit([1], channels=("statement",))
        house.finished(run)
        house.until(lambda: there.got)
        assert house.stop() == 0
    told = there.got[0].verified(made.secret)
    assert there.got[0].id == f"run-{run}"
    assert told["type"] == "run.complete" and told["data"]["counts"] == {"input": 1, "done": 1}


def test_a_command_that_brings_its_own_service_tells_before_it_ends(tmp_path: Path) -> None:
    home = tmp_path / "home"
    template = write(tmp_path / "small")
    profiles = tmp_path / "people.jsonl"
    profiles.write_text("".join(json.dumps(profile_with(customer__id=f"C-{n}")) + "\n" for n in range(2)), "utf-8")
    environment = {**os.environ, **ALLOW, "DEARLY_HOME": str(home), "DEARLY_BROKER_URL": "", "DEARLY_DATABASE_URL": ""}

    def dearly(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "renderer.cli.main", *arguments]
        with (tmp_path / "said").open("ab") as said:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)

    said = (tmp_path / "said").read_text
    with receiver() as there, closing(build(Settings(home=home, broker_url="", database_url="")).database) as ledger:
        assert dearly("webhook", "add", there.url()).wait(200) == 0, said()
        pause(ledger, "statement")
        given = ("--profiles", str(profiles), "--channel", "statement", "--notify")
        command = dearly("batch", "start", str(template), *given)
        until(lambda: any(map(listens, below(command))), said)  # else all may be over before it is there
        unpause(ledger)
        assert command.wait(200) == 0, said()
        until(lambda: len(there.got) == 3, lambda: str([one.body for one in there.got]))
    assert sorted(one.id.partition("-")[0] for one in there.got) == ["request", "request", "run"]
