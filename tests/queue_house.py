"""A service for tests of the queue: a supervisor with its workers on a home of its own; its engine does nothing."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from renderer.bootstrap import Services, build
from renderer.ledger.model import Counts, Part
from renderer.orders import Order, submission
from renderer.settings import Settings
from renderer.template.model import CHANNELS, Channel
from renderer.template.release import Release

ROOT = Path(__file__).resolve().parents[1]


PLANTED = "Zwölfbein-Quastenflosser"


PATIENCE_S = 150.0
"""How long anything may take that should take seconds: other tests run beside."""


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
        return self.process.wait(PATIENCE_S)

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


@contextmanager
def at_work(home: Path) -> Iterator[Service]:
    """A service whose workers are there, so that any test may come first and speak to the broker. It ends in order."""
    running = Service(home)
    running.until(lambda: bool(running.services.reader.workers()))
    yield running
    assert running.stop() == 0
    assert not running.settings.broker_socket.exists()


def all_in(folder: Path) -> bytes:
    """What is in the files below a folder; one that is removed meanwhile, as the broker's old ones are, is left out."""
    return b"".join(_data(file) or b"" for file in folder.rglob("*"))


def descendants(pid: int) -> set[int]:
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


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def dearly(service: Service, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
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


def nothing_personal_left(service: Service) -> None:
    """See that messages hold ids only, and that the planted name is in no log, no ledger text, no file name."""
    home = service.settings.home
    for _ in range(5):  # how many messages parts share, and since when the broker's file has them, is a matter of time
        bodies = _messages(home)
        tasks = [body for body in bodies if isinstance(body, list)]
        if len(tasks) > 50:
            break
        service.finished(service.submit([{"do": "go"}] * 40))
    assert len(tasks) > 50
    assert PLANTED not in json.dumps(bodies, ensure_ascii=False)  # workers also talk among themselves
    for args, kwargs, _ in tasks:
        assert len(args) == 1
        assert all(re.fullmatch(r"[0-9a-f]{32}-(plan|microsite|statement|video)", part_id) for part_id in args[0])
        assert kwargs == {}
    written = {path: data for path in home.rglob("*") if (data := _data(path)) is not None}
    spellings = [PLANTED.encode(), json.dumps(PLANTED)[1:-1].encode(), base64.b64encode(PLANTED.encode())[:-4]]
    for path, content in written.items():
        assert PLANTED not in path.name
        if not path.is_relative_to(home / "store"):
            assert not [spelling for spelling in spellings if spelling in content], path.name
    assert any(PLANTED.encode() in content for content in written.values())  # the artefacts have it: the search works
    for command in ("metrics", "status"):
        assert not [one for one in (PLANTED, json.dumps(PLANTED)[1:-1]) if one in dearly(service, command).stdout]


def _data(path: Path) -> bytes | None:
    """What is in a file; None where there is none, or none any more."""
    try:
        return path.read_bytes() if path.is_file() else None
    except FileNotFoundError:
        return None


def _messages(home: Path) -> list[Any]:
    """All that was ever said through the broker, by the file that it keeps."""
    kept = all_in(home / "broker")
    return [json.loads(base64.b64decode(found)) for found in re.findall(rb'"body": "([A-Za-z0-9+/=]+)"', kept)]
