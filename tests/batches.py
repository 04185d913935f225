"""Batch runs for tests: a home with the small template, and everything but the processes. Plans are the real ones; what
is rendered is one small file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from renderer.batch.balance import Settler
from renderer.batch.intake import open_batch, take_in
from renderer.batch.model import Balance, BatchOptions
from renderer.bootstrap import PipelineEngine, Progress, Services, build
from renderer.errors import RenderError
from renderer.ledger.batches import BatchRun
from renderer.ledger.database import Database
from renderer.ledger.model import QUEUES
from renderer.ledger.tables import requests
from renderer.orders import MadePlan
from renderer.render.model import RenderResult, write_artefact
from renderer.settings import Settings
from renderer.template.model import Channel
from renderer.template.release import Release, read_folder
from tests.small_template import profile_with, write
from workers.tasks import work_on

FAILS = "Fails"
"""A customer of this name cannot be rendered, as long as the file ``mended`` is not in the home."""


class _Quick(PipelineEngine):
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
        if json.loads(plan.data)["facts"]["name"]["value"] == FAILS and not (self._cache.parent / "mended").exists():
            raise RenderError("render.glyph", "A glyph is missing.")
        artefact = write_artefact(out, channel, "page", "page.txt", channel.encode(), "text/plain")
        return RenderResult(channel=channel, artefacts=(artefact,), figures={"pages": 1})


class Bench:
    """A home with a template, and an input."""

    def __init__(self, home: Path, database_url: str = "", changes: Mapping[str, str | None] | None = None) -> None:
        self.home = home
        self.settings = Settings(home=home / "home", broker_url="", database_url=database_url)
        self.services: Services = build(self.settings, _Quick(self.settings.cache))
        self.release: Release = read_folder(write(home / "template", changes))
        self.database = Database(self.settings.database)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()
        self.services.intake._database.close()

    def file(self, records: Sequence[Any], name: str = "people.jsonl") -> str:
        path = self.home / name
        path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in records))
        return str(path)

    def open(self, **options: Any) -> BatchRun:
        named = {name: options.pop(name) for name in ("key", "hold_after") if name in options}
        return open_batch(self.services, self.release, BatchOptions(**options), **named)[0]

    def start(self, source: str, **options: Any) -> BatchRun:
        return take_in(self.services, self.open(**options).id, source)

    def work(self) -> None:
        """Make everything that may be made, as workers do, in this process."""
        while True:
            ready = [part for queue in QUEUES.values() for part in self.services.leader.dispatch(queue, 100, 60_000)]
            if not ready:
                return
            for part in ready:
                work_on(self.services, [part.part_id])

    def settle(self) -> list[str]:
        """Sum up what has ended, as the leader does, in small slices."""
        settler, ended = Settler(self.services), []
        ended += settler.settle(slice_s=0)
        while settler.busy:
            ended += settler.settle(slice_s=0)
        return ended

    def finish(self, run: BatchRun) -> Balance:
        """Make all of a run and sum it up."""
        self.work()
        assert run.id in self.settle()
        return self.balance(run)

    def balance(self, run: BatchRun) -> Balance:
        return Balance.from_json(self.services.batches.run(run.id).totals)

    def aside(self, run: BatchRun) -> list[tuple[int, str, str | None]]:
        return [(one.record, one.code, one.field) for one in self.services.batches.aside(run.id)]

    def records(self, run: BatchRun) -> list[int]:
        """Numbers of the records that became requests."""
        with self.database.reading() as connection:
            wanted = select(requests.c.record).where(requests.c.run_id == run.id).order_by(requests.c.record)
            return list(connection.scalars(wanted))


def person(number: int, **changes: Any) -> dict[str, Any]:
    return profile_with(customer__id=f"C-{number}", **changes)
