"""The queue with an engine that renders nothing: real broker, real database, real worker processes.

An order's profile says what the engine is to do: ``{"do": "slow", "s": 3, "name": "…"}``. Also the application that the
test's workers load, and with ``python -m tests.integration.queue_app`` its supervisor.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from celery import signals

import workers.app
from renderer.bootstrap import Progress, Services, build
from renderer.errors import EnvironmentFault, ProfileError, RenderError
from renderer.guard import MEMORY
from renderer.orders import MadePlan, Order, Taken
from renderer.render.model import RenderResult, write_artefact
from renderer.settings import Settings
from renderer.template.model import CHANNELS, Channel
from renderer.template.release import Release
from renderer.units import digest
from workers import lanes, supervisor
from workers.app import make_app
from workers.supervisor import main

APP = "tests.integration.queue_app"


class NothingEngine:
    """Writes a line for each plan and each rendering into ``journal``, and a small file as the artefact."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def take(self, release: Release, profile: str) -> Taken:
        asked = json.loads(profile)
        if "name" not in asked:
            raise ProfileError("profile.missing", "A required field is missing.")
        match asked.get("do"):
            case "die at the door":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "wait at the door":
                with self._journal.with_name("waited").open("a") as waited:
                    waited.write(".")
                if not self._journal.with_name("open").exists():
                    raise EnvironmentFault("environment.ledger", "The ledger is away.")
        return Taken(template="nothing", channels=CHANNELS, recipient=asked["name"], order=Order(profile=profile))

    def plan(self, release: Release, order: Order) -> MadePlan:
        asked = json.loads(order.profile)
        if asked["do"] == "refuse":
            raise ProfileError("profile.value", "The value is out of range.")
        data = json.dumps(asked, sort_keys=True)
        self._note(f"plan {digest(data.encode())}")
        return MadePlan(
            data=data, digest=digest(data.encode()), suppression="opted-out" if asked["do"] == "suppress" else None
        )

    def render(
        self,
        release: Release,
        plan: MadePlan,
        channel: Channel,
        out: Path,
        made: Sequence[RenderResult],
        progress: Progress,
        use: str,
    ) -> RenderResult:
        asked = json.loads(plan.data)
        self._note(f"begin {plan.digest} {channel}")
        match asked["do"]:
            case "slow":
                for step in range(int(asked["s"] * 10)):
                    time.sleep(0.1)
                    progress(step, int(asked["s"] * 10))
            case "hold" if channel == asked["in"]:
                while not self._journal.with_name(asked["until"]).exists():  # tells nobody, and so hears of nothing
                    time.sleep(0.05)
            case "die":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "hang":
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})  # as deaf as a native call
                time.sleep(600)
            case "swell":
                bytearray(2 * MEMORY)
            case "break" if channel == "video":
                raise RuntimeError(f"with {asked['name']} in it")
            case "fail" if channel == "video":
                raise RenderError("render.glyph", "A glyph is missing.")
            case "no-disk" if not self._journal.with_name("disk").exists():
                raise EnvironmentFault("environment.disk", "The disk is full.")
        assert all((out / file.path).read_bytes() for result in made for file in result.artefacts)
        embedded = ",".join(sorted(result.channel for result in made))
        self._note(f"end {plan.digest} {channel} {embedded}")
        content = f"{asked['name']} {channel} {time.time_ns()}".encode()  # no two renderings give the same bytes
        artefact = write_artefact(out, channel, "page", "page.txt", content, "text/plain")
        return RenderResult(channel=channel, artefacts=(artefact,), figures={"pages": 1})

    def _note(self, line: str) -> None:
        with self._journal.open("a") as journal:
            journal.write(line + "\n")


def build_nothing(settings: Settings) -> Services:
    return build(settings, NothingEngine(settings.home / "journal"))


if "QUEUE_APP_LIMIT_S" in os.environ:
    _seconds = float(os.environ["QUEUE_APP_LIMIT_S"])
    for _work in lanes.LIMITS:
        cast("dict[Any, Any]", lanes.LIMITS)[_work] = lanes.Limit(soft_s=_seconds, hard_s=2 * _seconds, bytes=10**9)

if "QUEUE_APP_STOP_S" in os.environ:
    supervisor.STOP_S = float(os.environ["QUEUE_APP_STOP_S"])

if "QUEUE_APP_TELL_S" in os.environ:
    vars(workers.app)["TELL_S"] = float(os.environ["QUEUE_APP_TELL_S"])

if "QUEUE_APP_MESSAGES" in os.environ:  # so many for each child, whatever the supervisor asks for

    @signals.worker_init.connect(weak=False)
    def _few_messages(sender: Any, **_: object) -> None:
        sender.max_tasks_per_child = int(os.environ["QUEUE_APP_MESSAGES"])


_settings = Settings()
app = make_app(_settings, lambda: build_nothing(_settings))

if __name__ == "__main__":
    sys.exit(main(build_nothing, APP))
