"""One run as its page says it: how it stands, its account, who decided what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from renderer.api.operate.room import Room
from renderer.api.problems import not_there
from renderer.batch.account import Account, account
from renderer.batch.standing import Standing, look
from renderer.ledger.key_ring import ApiKey
from renderer.ledger.model import ENDLESS, wall_clock
from renderer.ledger.seen import Sampled, SeenRun, SeenStep

DECISIONS = ("approved", "cancelled")
_KEY = "key "
STUCK_MS = 30_000
"""So long an approval has nothing to show for before its page asks whether it was interrupted."""


@dataclass(frozen=True, kw_only=True)
class RunView:
    """What the page of a run says. ``names`` are those of keys that decided, by id; ``pictures`` what requests of the
    sample are shown as, by id: addresses below theirs, empty for a key that may not look."""

    run: SeenRun
    standing: Standing
    account: Account | None
    steps: tuple[SeenStep, ...]
    names: Mapping[str, str]
    sample: tuple[Sampled, ...]
    pictures: Mapping[str, str]

    @property
    def endless(self) -> bool:
        return self.run.kind in ENDLESS

    @property
    def held(self) -> bool:
        """Whether somebody has to decide."""
        return self.standing.run.held

    @property
    def stuck(self) -> bool:
        """Whether an approval may have been interrupted: it was given a while ago, and nothing of what waits is at
        work."""
        run, tally = self.standing.run, self.standing.tally
        if run.hold_after is None or run.approved_ms is None or run.state not in ("open", "running"):
            return False
        return wall_clock() - run.approved_ms >= STUCK_MS and tally.waiting > 0 and not self.standing.at_work

    def decided(self) -> SeenStep | None:
        """The last decision of a person."""
        return next((step for step in self.steps if step.event in DECISIONS), None)

    def who(self, step: SeenStep) -> str:
        """Who made a step, in words."""
        if step.by is None:
            return "a command"
        name = self.names.get(step.by.removeprefix(_KEY))
        return step.by if name is None else f"{step.by} ({name})"


SAMPLE = 12
"""Requests of a run that are shown as its sample."""


def run_view(room: Room, key: ApiKey, run_id: str) -> RunView:
    """A run that a key sees. Raises the same Refusal 404 for one of another template and for none."""
    services = room.services
    seen = seen_run(room, key, run_id)
    standing = room.glances.look(f"run {run_id}", lambda: look(services, run_id))
    steps = services.browse.steps(run_id)
    makers = {step.by.removeprefix(_KEY) for step in steps if step.by is not None}
    names = {one: found.name for one in sorted(makers) if (found := services.key_ring.get(one)) is not None}
    sample = () if seen.kind in ENDLESS else services.browse.sample(run_id, limit=SAMPLE, upto=seen.hold_after)[0]
    return RunView(
        run=seen,
        standing=standing,
        account=None if seen.kind in ENDLESS else account(standing.run, standing.tally),
        steps=steps,
        names=names,
        sample=sample,
        pictures=_pictures(room, [one.request.id for one in sample]) if "artefacts" in key.scopes else {},
    )


def _pictures(room: Room, requests: Sequence[str]) -> dict[str, str]:
    """A film's poster, or the first page of a statement."""
    found = {}
    for request, files in room.services.browse.files_of(requests, ("poster", "pdf")).items():
        films = [file for file in files if file.kind == "poster" and file.path.startswith("video/")]
        papers = [file for file in files if file.kind == "pdf" and file.path.startswith("statement/")]
        addresses = [f"files/{quote(file.path)}" for file in sorted(films, key=lambda file: len(file.path))]
        addresses += [f"paper/1/{quote(file.path)}?small=1" for file in papers]
        if addresses:  # the poster of the main format has the shortest name
            found[request] = addresses[0]
    return found


def seen_run(room: Room, key: ApiKey, run_id: str) -> SeenRun:
    """The run itself, by the same rule."""
    found = room.services.browse.run(run_id)
    if found is None or not key.may_use(found.template):
        raise not_there("There is no such run.")
    return found
