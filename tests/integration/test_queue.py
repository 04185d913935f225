"""The queue with its real broker, database and worker processes; only the engine does nothing."""

from __future__ import annotations

import base64
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from renderer.bootstrap import Services, build
from renderer.ledger.model import POISON_AFTER, URGENT, Counts, Part
from renderer.orders import Order, submission
from renderer.settings import Settings
from renderer.template.model import CHANNELS, Channel
from renderer.template.release import Release
from workers.app import WORK, make_app
from workers.dispatch import Dispatcher
from workers.start import TIED_TO, is_running

ROOT = Path(__file__).resolve().parents[2]
PLANTED = "Zwölfbein-Quastenflosser"
PATIENCE_S = 60.0

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


class Service:
    """A supervisor with its workers on a home of its own, and a hand in its ledger."""

    def __init__(self, home: Path, broker: str = "", **environment: str) -> None:
        self._environment = {"DEARLY_BROKER_URL": broker, **environment}
        self.settings = Settings(home=home, children=2, broker_url=broker, database_url="")
        self.services: Services = build(self.settings)
        self.release = self.services.releases.publish(Release({"template.yaml": b"id: nothing"}))
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "DEARLY_HOME": str(self.settings.home), "DEARLY_CHILDREN": "2"} | self._environment
        with (self.settings.home / "supervisor.log").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.queue_app"], cwd=ROOT, env=environment, stdout=out, stderr=out
            )

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def submit(
        self,
        orders: Sequence[dict[str, Any]],
        channels: Sequence[Channel] = CHANNELS,
        priority: int = 0,
        recipient: str = PLANTED,
    ) -> str:
        run = self.services.intake.open_run("test")
        new = self.services.intake.submit(
            run,
            [
                submission(
                    self.services.vault,
                    Order(profile=json.dumps({"name": PLANTED, "run": run, "n": number, **order})),
                    recipient=recipient,
                    idempotency=(run, str(number)),
                    template="nothing",
                    release=self.release,
                    channels=channels,
                    priority=priority,
                    record=number + 1,
                )
                for number, order in enumerate(orders)
            ],
        )
        self.services.intake.seal_run(run, new)
        return run

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end, (self.settings.home / "supervisor.log").read_text()[-2000:]
            time.sleep(0.05)

    def finished(self, run: str) -> Counts:
        self.until(lambda: self.services.reader.counts(run).open == 0)
        return self.services.reader.counts(run)

    def part(self, run: str, channel: Channel) -> Part:
        return next(part for part in self.services.reader.parts(run) if part.channel == channel)

    def journal(self, run: str) -> Counter[str]:
        """How often each thing was done to the plans of a run."""
        digests = {request.plan_digest for request in self.services.reader.requests(run)}
        file = self.settings.home / "journal"
        lines = file.read_text().splitlines() if file.exists() else []
        return Counter(line for line in lines if line.split()[1] in digests)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("home"))
    yield running
    assert running.stop() == 0
    assert not running.settings.broker_socket.exists()


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


def test_a_part_that_eats_memory_fails_and_its_neighbours_do_not(service: Service) -> None:
    run = service.submit([{"do": "swell"}, {"do": "go"}, {"do": "go"}], ["statement"])
    assert service.finished(run) == Counts(input=3, done=2, failed=1)
    (part,) = [part for part in service.services.reader.parts(run) if part.state == "failed"]
    assert part.fault is not None and part.fault.code == "render.limit"


def test_the_environment_costs_no_attempt(service: Service) -> None:
    run = service.submit([{"do": "no-disk"}], ["statement"])
    service.until(lambda: service.part(run, "statement").faults > 0)
    part = service.part(run, "statement")
    assert (part.state, part.attempts) == ("submitted", 0)
    (service.settings.home / "disk").touch()
    assert service.finished(run) == Counts(input=1, done=1)
    assert service.part(run, "statement").attempts == 1


@pytest.mark.chaos
def test_a_killed_child_loses_nothing_and_doubles_nothing(service: Service) -> None:
    run = service.submit([{"do": "slow", "s": 2}], ["statement"])
    service.until(lambda: service.part(run, "statement").state == "running")
    owner = service.part(run, "statement").owner
    assert owner is not None
    os.kill(int(owner.split(":")[1]), signal.SIGKILL)
    assert service.finished(run) == Counts(input=1, done=1)
    (request,) = service.services.reader.requests(run)
    assert service.part(run, "statement").attempts == 2
    events = [event for event, _ in service.services.reader.history(request.id)]
    assert events.count("done") == 1
    assert service.journal(run)[f"plan {request.plan_digest}"] == 1
    assert len(service.services.reader.artefacts(request.id)) == 1


@pytest.mark.chaos
def test_a_profile_that_kills_its_process_fails_as_poison_and_its_neighbours_are_done(service: Service) -> None:
    run = service.submit([{"do": "go"}] * 6 + [{"do": "die"}] + [{"do": "go"}] * 6, ["statement"])
    assert service.finished(run) == Counts(input=13, done=12, failed=1)
    (part,) = [part for part in service.services.reader.parts(run) if part.state == "failed"]
    assert part.fault is not None and part.fault.code == "job.poison"
    assert part.attempts == POISON_AFTER
    assert {part.crashes for part in service.services.reader.parts(run) if part.state == "done"} == {0}


@pytest.mark.chaos
def test_a_broker_that_forgets_everything_costs_only_time(service: Service) -> None:
    run = service.submit([{"do": "slow", "s": 0.2}] * 20, ["statement", "video"])
    service.until(lambda: service.services.reader.counts(run).done > 2)
    with make_app(service.settings, lambda: service.services).connection_for_write() as connection:
        connection.default_channel.client.flushall()  # type: ignore[attr-defined]
    assert service.finished(run) == Counts(input=20, done=20)
    assert {part.attempts for part in service.services.reader.parts(run)} == {1}


@pytest.mark.chaos
def test_of_two_dispatchers_one_leads_until_it_goes(service: Service) -> None:
    second = Dispatcher(service.services, make_app(service.settings, lambda: service.services), owner="elsewhere:1:1")
    run = service.submit([{"do": "go"}] * 10)
    end = time.monotonic() + PATIENCE_S
    while service.services.reader.counts(run).open:
        assert second.tick() == 0
        assert time.monotonic() < end
        time.sleep(0.05)
    assert {part.attempts for part in service.services.reader.parts(run)} == {1}


def test_an_urgent_request_passes_a_batch(service: Service) -> None:
    batch = service.submit([{"do": "slow", "s": 0.3}] * 40)
    service.until(lambda: service.services.reader.counts(batch).done > 0)
    urgent = service.submit([{"do": "go"}], priority=URGENT)
    assert service.finished(urgent) == Counts(input=1, done=1)
    assert service.services.reader.counts(batch).open > 10
    service.services.intake.cancel_run(batch)


def test_a_part_in_endless_native_code_is_ended_and_its_neighbours_are_done(tmp_path: Path) -> None:
    service = Service(tmp_path / "home", QUEUE_APP_LIMIT_S="1")
    try:
        run = service.submit([{"do": "hang"}, {"do": "go"}, {"do": "go"}], ["statement"])
        assert service.finished(run) == Counts(input=3, done=2, failed=1)
        (part,) = [part for part in service.services.reader.parts(run) if part.state == "failed"]
        assert part.fault is not None and part.fault.code == "job.time"
        assert (part.attempts, part.crashes) == (3, 0)
    finally:
        service.stop()


@pytest.mark.chaos
def test_messages_delivered_again_and_again_change_nothing(service: Service) -> None:
    app = make_app(service.settings, lambda: service.services)
    run = service.submit([{"do": "slow", "s": 0.3}] * 6)
    ids = [part.id for part in service.services.reader.parts(run)]
    for _ in range(3):
        random.shuffle(ids)
        for part_id in ids:
            app.send_task(WORK, args=[[part_id]], queue="statement")
    assert service.finished(run) == Counts(input=6, done=6)
    for part_id in ids:
        app.send_task(WORK, args=[[part_id]], queue="video")
    last = service.submit([{"do": "go"}])
    assert service.finished(last) == Counts(input=1, done=1)
    assert service.finished(run) == Counts(input=6, done=6)
    ends = {line: count for line, count in service.journal(run).items() if line.startswith("end")}
    assert len(ends) == 18
    assert set(ends.values()) == {1}
    assert {part.attempts for part in service.services.reader.parts(run)} == {1}


@pytest.mark.chaos
def test_a_supervisor_that_is_killed_takes_its_children_along_and_the_next_goes_on(service: Service) -> None:
    run = service.submit([{"do": "slow", "s": 1}] * 4, ["statement"])
    service.until(lambda: any(part.state == "running" for part in service.services.reader.parts(run)))
    assert service.process is not None
    family = _descendants(service.process.pid)
    assert len(family) >= 7  # broker, two workers and their two children each
    service.process.kill()
    service.process.wait()
    service.until(lambda: not any(_alive(pid) for pid in family))
    assert not is_running(service.settings)
    service.start()
    assert service.finished(run) == Counts(input=4, done=4)


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
    service = Service(tmp_path / "home", **{TIED_TO: str(os.getpid())})
    run = service.submit([{"do": "slow", "s": 60}], ["statement"])
    service.until(lambda: service.part(run, "statement").state == "running")
    assert service.process is not None
    family = _descendants(service.process.pid)
    began = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - began < 8  # it would be more than STOP_S
    assert not any(_alive(pid) for pid in family)
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
        run = service.submit([{"do": "slow", "s": 1}] * 16, ["statement"])
        owners: set[str] = set()

        def seen() -> bool:
            owners.update(part.owner for part in service.services.reader.parts(run) if part.owner)
            return service.services.reader.counts(run).open == 0

        service.until(seen)
        assert {int(owner.split(":")[1]) for owner in owners} & _descendants(worker.pid)
    finally:
        worker.terminate()
        worker.wait(30)


def test_metrics_are_served_beside_the_service_and_cannot_end_it(tmp_path: Path) -> None:
    port = _free_port()
    service = Service(tmp_path / "home", DEARLY_METRICS_PORT=str(port))
    try:
        service.finished(service.submit([{"do": "go"}] * 3))
        service.until(lambda: 'dearly_attempts_total{channel="video",outcome="done"} 3.0' in _metrics(port))
        text = _metrics(port)
        assert "dearly_leader 1.0" in text and 'dearly_workers{worker="pages"} 1.0' in text
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
        told = _dearly(service, "forget", "-", "--yes", "--json", given=PLANTED + "\n")
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
        again = _dearly(service, "forget", "-", "--yes", "--json", given=PLANTED + "\n")
        assert json.loads(again.stdout) == {**proof, "forgotten": False}
    finally:
        service.stop()


def test_status_is_told_while_the_service_runs_and_after(service: Service) -> None:
    run = service.submit([{"do": "hold", "in": "statement", "until": "told"}] * 2, ["statement"])
    service.until(lambda: any(part.state == "running" for part in service.services.reader.parts(run)))
    found = _dearly(service, "status", "--json")
    told = json.loads(found.stdout)
    assert (found.returncode, told["needs"]) == (0, [])
    assert told["service"] and told["broker"]["answers"]
    assert {worker["name"] for worker in told["workers"]} >= {"urgent", "control", "pages", "films"}
    assert run in [one["id"] for one in told["runs"]]
    assert PLANTED not in found.stdout + _dearly(service, "status").stdout
    (service.settings.home / "told").touch()
    service.finished(run)


def test_nothing_personal_is_left_where_it_does_not_belong(service: Service) -> None:
    """After all of the above, or alone: messages hold ids only; the planted name is in no log, no ledger text, no file
    name."""
    home = service.settings.home
    if len(_messages(home)) <= 60:
        service.finished(service.submit([{"do": "go"}] * 40))
    bodies = _messages(home)
    tasks = [body for body in bodies if isinstance(body, list)]
    assert len(tasks) > 50
    assert PLANTED not in json.dumps(bodies, ensure_ascii=False)  # workers also talk among themselves
    for args, kwargs, _ in tasks:
        assert len(args) == 1
        assert all(re.fullmatch(r"[0-9a-f]{32}-(plan|microsite|statement|video)", part_id) for part_id in args[0])
        assert kwargs == {}
    written = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    spellings = [PLANTED.encode(), json.dumps(PLANTED)[1:-1].encode(), base64.b64encode(PLANTED.encode())[:-4]]
    for path, content in written.items():
        assert PLANTED not in path.name
        if not path.is_relative_to(home / "store"):
            assert not [spelling for spelling in spellings if spelling in content], path.name
    assert any(PLANTED.encode() in content for content in written.values())  # the artefacts have it: the search works
    for command in ("metrics", "status"):
        assert not [one for one in (PLANTED, json.dumps(PLANTED)[1:-1]) if one in _dearly(service, command).stdout]


def _messages(home: Path) -> list[Any]:
    """All that was ever said through the broker, by the file that it keeps."""
    kept = b"".join(file.read_bytes() for file in (home / "broker").rglob("*") if file.is_file())
    return [json.loads(base64.b64decode(found)) for found in re.findall(rb'"body": "([A-Za-z0-9+/=]+)"', kept)]


def _dearly(service: Service, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """A command on the service's home, which is stopped with it."""
    return subprocess.run(
        [sys.executable, "-m", "renderer.cli.main", *arguments],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DEARLY_HOME": str(service.settings.home)},
    )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


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
    for pid in _descendants(service.process.pid):
        with suppress(OSError):
            if b"workers.metrics" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found


def _descendants(pid: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            children.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
        except OSError:
            continue
    found: set[int] = set()
    new = [pid]
    while new:
        new = [child for parent in new for child in children.get(parent, []) if child not in found]
        found.update(new)
    return found


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
