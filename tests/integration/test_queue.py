"""The queue with its real broker, database and worker processes; only the engine does nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from renderer.ledger.model import URGENT, Counts
from tests.ports import free_port
from tests.queue_house import (
    PATIENCE_S,
    PLANTED,
    ROOT,
    Service,
    alive,
    at_work,
    dearly,
    descendants,
    nothing_personal_left,
)
from workers.start import TIED_TO, is_running

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with at_work(tmp_path_factory.mktemp("home")) as running:
        yield running


def test_a_request_goes_through_in_all_channels(service: Service) -> None:
    run = service.submit([{"do": "go"}])
    assert service.finished(run) == Counts(input=1, done=1)
    (request,) = service.services.reader.requests(run)
    files = service.services.reader.artefacts(request.id)
    assert [file.path for file in files] == ["microsite/page.txt", "statement/page.txt", "video/page.txt"]
    for file in files:
        with service.services.store.open(file.key) as content:
            assert PLANTED.encode() in content.read()
    # The microsite was last, and had what it embeds; the plan was made before anything was rendered.
    events = [event for event in service.services.reader.history(request.id) if event[0] in ("planned", "done")]
    assert events[0] == ("planned", None)
    assert events[-1] == ("done", f"{request.id}-microsite")
    assert service.journal(run)[f"end {request.plan_digest} microsite statement,video"] == 1


def test_many_requests_are_each_done_once(service: Service) -> None:
    run = service.submit([{"do": "go"}] * 25)
    assert service.finished(run) == Counts(input=25, done=25)
    ends = {line: count for line, count in service.journal(run).items() if line.startswith("end")}
    assert len(ends) == 75
    assert set(ends.values()) == {1}


def test_suppressed_recipients_get_nothing_but_a_reason(service: Service) -> None:
    run = service.submit([{"do": "suppress"}])
    assert service.finished(run) == Counts(input=1, suppressed=1)
    (request,) = service.services.reader.requests(run)
    assert request.reason == "opted-out"
    assert {part.state for part in service.services.reader.parts(run)} == {"suppressed"}
    assert service.services.reader.artefacts(request.id) == []


def test_bad_input_fails_at_once_and_says_why(service: Service) -> None:
    run = service.submit([{"do": "refuse"}])
    assert service.finished(run) == Counts(input=1, failed=1)
    (request,) = service.services.reader.requests(run)
    assert request.fault is not None and request.fault.code == "profile.value"

    run = service.submit([{"do": "fail"}])
    assert service.finished(run) == Counts(input=1, failed=1)
    parts = {part.channel: part for part in service.services.reader.parts(run)}
    assert parts["statement"].state == "done"
    assert parts["video"].attempts == 1
    assert parts["video"].fault is not None and parts["video"].fault.code == "render.glyph"
    assert parts["microsite"].fault is not None and parts["microsite"].fault.code == "job.dependency"


def test_an_unknown_fault_is_tried_three_times(service: Service) -> None:
    run = service.submit([{"do": "break"}])
    assert service.finished(run) == Counts(input=1, failed=1)
    part = service.part(run, "video")
    assert part.attempts == 3
    assert part.fault is not None and part.fault.code == "job.fault"
    assert PLANTED not in part.fault.message


def test_an_urgent_request_passes_a_batch(service: Service) -> None:
    batch = service.submit([{"do": "hold", "in": "statement", "until": "passed"}] * 40)

    def held() -> list[str]:
        return [part.id for part in service.services.reader.parts(batch) if part.state == "running"]

    service.until(lambda: sum(part_id.endswith("-statement") for part_id in held()) == 2)  # both processes have one
    urgent = service.submit([{"do": "go"}], priority=URGENT)
    assert service.finished(urgent) == Counts(input=1, done=1)
    assert service.services.reader.counts(batch).open == 40
    service.services.intake.cancel_run(batch)
    (service.settings.home / "passed").touch()


def test_a_second_supervisor_on_one_home_is_refused(service: Service) -> None:
    service.until(lambda: is_running(service.settings))
    second = subprocess.run(
        [sys.executable, "-m", "workers.supervisor"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DEARLY_HOME": str(service.settings.home)},
    )
    assert second.returncode == 3
    assert "environment.busy" in second.stderr


def test_a_cancelled_run_ends_while_it_is_worked_on(service: Service) -> None:
    run = service.submit([{"do": "slow", "s": 30}] * 3)
    service.until(lambda: any(part.state == "running" for part in service.services.reader.parts(run)))
    assert service.services.intake.cancel_run(run) == 3
    assert service.finished(run) == Counts(input=3, cancelled=3)
    after = service.submit([{"do": "go"}] * 3)
    assert service.finished(after) == Counts(input=3, done=3)


def test_a_service_started_for_one_command_ends_at_once_and_hands_back_what_is_at_work(tmp_path: Path) -> None:
    service = Service(tmp_path / "home", **{TIED_TO: str(os.getpid()), "QUEUE_APP_STOP_S": "120"})
    run = service.submit([{"do": "slow", "s": 60}], ["statement"])
    service.until(lambda: service.part(run, "statement").state == "running")
    assert service.process is not None
    family = descendants(service.process.pid)
    began = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - began < 60  # it would be more than QUEUE_APP_STOP_S
    service.until(lambda: not any(alive(pid) for pid in family))
    part = service.part(run, "statement")
    assert (part.state, part.attempts, part.owner) == ("submitted", 0, None)
    assert list(service.settings.work.iterdir()) == []


def test_plain_celery_works_as_operators_expect(service: Service) -> None:
    """A worker that no supervisor started serves the same queues."""
    with (service.settings.home / "plain.log").open("wb") as out:
        worker = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "tests.integration.queue_app",
                "worker",
                "-c",
                "1",
                "-n",
                "plain@%h",
            ],
            cwd=ROOT,
            stdout=out,
            stderr=out,
            env={**os.environ, "DEARLY_HOME": str(service.settings.home)},
        )
    try:
        service.until(lambda: any(known.name == "plain" for known in service.services.reader.workers()))
        run = service.submit([{"do": "hold", "in": "statement", "until": "all-serve"}] * 16, ["statement"])

        def serves() -> bool:
            owners = {part.owner for part in service.services.reader.parts(run) if part.owner}
            return bool({int(owner.split(":")[1]) for owner in owners} & descendants(worker.pid))

        service.until(serves)
        (service.settings.home / "all-serve").touch()
        assert service.finished(run) == Counts(input=16, done=16)
    finally:
        worker.terminate()
        worker.wait(120)


def test_metrics_are_served_beside_the_service_and_cannot_end_it(tmp_path: Path) -> None:
    port = free_port()
    service = Service(tmp_path / "home", DEARLY_METRICS_PORT=str(port))
    try:
        service.finished(service.submit([{"do": "go"}] * 3))
        text = ""

        def told() -> bool:
            nonlocal text
            text = _metrics(port)
            three = 'dearly_attempts_total{channel="video",outcome="done"} 3.0'
            return all(words in text for words in (three, "dearly_leader 1.0", 'dearly_workers{worker="pages"} 1.0'))

        service.until(told)
        assert PLANTED not in text
        (pid,) = _serving_metrics(service)
        os.kill(pid, signal.SIGKILL)
        service.until(lambda: _metrics(port) != "" and _serving_metrics(service) != {pid})
        assert service.finished(service.submit([{"do": "go"}])) == Counts(input=1, done=1)
    finally:
        assert service.stop() == 0
    assert _metrics(port) == ""


def test_a_recipient_is_forgotten_while_their_film_is_rendered(tmp_path: Path) -> None:
    service = Service(tmp_path / "home")
    other = "Rotkehlchen"
    try:
        before = service.finished(service.submit([{"do": "go"}] * 2))
        service.finished(service.submit([{"do": "go", "name": other}], recipient=other))
        run = service.submit([{"do": "hold", "in": "video", "until": "forgotten"}], ["statement", "video"])
        service.until(lambda: service.part(run, "video").state == "running")
        service.until(lambda: service.part(run, "statement").state == "done")
        told = dearly(service, "forget", "-", "--yes", "--json", given=PLANTED + "\n")
        assert told.returncode == 0, told.stderr
        proof = json.loads(told.stdout)
        assert (before.done, proof["requests"]) == (2, 3)
        assert service.finished(run) == Counts(input=1, cancelled=1)
        home = service.settings.home
        (home / "forgotten").touch()
        service.until(lambda: "forgotten meanwhile" in (home / "logs/worker-films.log").read_text())
        assert service.stop() == 0
        for path in home.rglob("*"):  # in clear or as the store has it
            assert not path.is_file() or PLANTED.encode() not in path.read_bytes(), path
        stored = [path.read_text() for path in (home / "store/artefacts").rglob("*") if path.is_file()]
        assert len(stored) == 3 and all(other in text for text in stored)
        again = dearly(service, "forget", "-", "--yes", "--json", given=PLANTED + "\n")
        assert json.loads(again.stdout) == {**proof, "forgotten": False}
    finally:
        service.stop()


def test_status_is_told_while_the_service_runs_and_after(service: Service) -> None:
    run = service.submit([{"do": "hold", "in": "statement", "until": "told"}] * 2, ["statement"])
    service.until(lambda: any(part.state == "running" for part in service.services.reader.parts(run)))
    found = dearly(service, "status", "--json")
    told = json.loads(found.stdout)
    until = time.monotonic() + PATIENCE_S
    while told["needs"] and time.monotonic() < until:  # somebody was held up for so long that he was missed
        found = dearly(service, "status", "--json")
        told = json.loads(found.stdout)
    assert (found.returncode, told["needs"]) == (0, [])
    assert told["service"] and told["broker"]["answers"]
    assert {worker["name"] for worker in told["workers"]} >= {"urgent", "control", "pages", "films"}
    assert run in [one["id"] for one in told["runs"]]
    assert PLANTED not in found.stdout + dearly(service, "status").stdout
    (service.settings.home / "told").touch()
    service.finished(run)


def test_nothing_personal_is_left_where_it_does_not_belong(service: Service) -> None:
    """After all of the above, or alone."""
    nothing_personal_left(service)


def _metrics(port: int) -> str:
    """What is served; nothing while nobody does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def _serving_metrics(service: Service) -> set[int]:
    assert service.process is not None
    found = set()
    for pid in descendants(service.process.pid):
        with suppress(OSError):
            if b"workers.metrics" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found
