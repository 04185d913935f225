"""The service with customers who do harm. The template, its plan and its files are real; before a statement is rendered
the engine looks at the customer's note and does what it says, really: a fault in native code, memory taken, no end.

What a part may take is shortened by the arguments that the application has for it. Also the application that workers
load, and with ``python -m tests.chaos.app`` its supervisor.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import update

from renderer.bootstrap import PipelineEngine, Progress, Services, ShelfSource, build
from renderer.ledger.database import Database
from renderer.ledger.model import wall_clock
from renderer.ledger.tables import parts
from renderer.orders import MadePlan
from renderer.render.model import RenderResult
from renderer.settings import Settings
from renderer.template.model import Channel
from renderer.template.release import Release
from tests.chaos.customers import number_of
from workers.app import make_app
from workers.lanes import LIMITS, Limit
from workers.leash import this_owner
from workers.supervisor import main

APP = "tests.chaos.app"

SOFT_S = float(os.environ.get("CHAOS_SOFT_S", "60"))
MEMORY = int(float(os.environ.get("CHAOS_MEMORY_GIB", "12")) * 2**30)
LONGER_S = float(os.environ.get("CHAOS_LONGER_S", "0"))
"""How much longer each statement takes, so that something is at work when a test wants to meet it."""
HELD_FROM = int(os.environ.get("CHAOS_HELD_FROM", "1000000"))
"""Statements of customers from this number on do not end at all, so that something is at work on any machine."""
WHILE = Settings().home / "longer"
"""The file that has to be there for both, else no statement takes longer. A number in it stands for HELD_FROM."""
ENDLESS_S = 4.0
"""So much is left of its time to a statement that never ends, whatever others may take: nobody waits for a minute."""


class Harmful(PipelineEngine):
    """The real engine, and what a note may ask for."""

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
        if channel == "statement":
            name = str(json.loads(plan.data)["facts"]["name"]["text"])
            _linger(number_of(name))
            _do(note_of(plan), name)
        return super().render(release, plan, channel, out, made, progress, use)


def _linger(number: int) -> None:
    until = time.monotonic() + LONGER_S
    while (held := _held_from()) is not None and (number >= held or time.monotonic() < until):
        time.sleep(0.02)


def _held_from() -> int | None:
    """From which number on statements are held; None when none takes any longer."""
    try:
        return int(WHILE.read_text() or HELD_FROM)
    except FileNotFoundError:
        return None


def note_of(plan: MadePlan) -> str:
    """The customer's note, empty where there is none."""
    note = json.loads(plan.data)["facts"].get("note")
    return "" if note is None else str(note["text"])


def _do(note: str, name: str) -> None:
    match note:
        case "raise":
            raise RuntimeError(f"something is wrong with {name}")
        case "warn":  # as libraries do that know of no rule
            warnings.warn(f"this looks odd: {name}", stacklevel=1)
            logging.getLogger("some.library").error("cannot draw %s", name)
        case "segfault":
            ctypes.string_at(0)  # reads where nothing is: SIGSEGV
        case "memory":
            taken = []
            while True:
                taken.append(bytearray(os.urandom(1 << 20)) * 32)
        case "endless":
            signal.setitimer(signal.ITIMER_REAL, ENDLESS_S)  # the alarm that is set rings sooner
            while True:
                time.sleep(0.01)
        case "endless native":
            _end_lease_soon()
            sum(range(10**13))  # C code that runs no handler of a signal until it is done


def _end_lease_soon() -> None:
    """As if the part of this process had been claimed long ago."""
    ours = (parts.c.lease_owner == this_owner()) & (parts.c.state == "running")
    with closing(Database(Settings().database)) as database, database.writing() as connection:
        connection.execute(update(parts).where(ours).values(lease_until_ms=wall_clock() + int(ENDLESS_S * 1000)))


def build_harmful(settings: Settings) -> Services:
    return build(settings, Harmful(settings.cache, ShelfSource(settings), settings))


_settings = Settings()
_limits = {work: Limit(soft_s=SOFT_S, hard_s=1.5 * SOFT_S, bytes=limit.bytes) for work, limit in LIMITS.items()}
app = make_app(_settings, lambda: build_harmful(_settings), limits=_limits, memory=MEMORY)

if __name__ == "__main__":
    sys.exit(main(build_harmful, APP))
