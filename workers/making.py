"""What is made of a part: its request's plan, or a channel's files, which are put into the store. Whoever asked says to
the ledger what came of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from renderer.bootstrap import Services
from renderer.errors import RenderError
from renderer.ledger.model import NEEDS, Claim, Outcome, Produced, Wish, artefact_key
from renderer.orders import open_order, open_plan, seal_amounts, seal_plan
from renderer.template.model import Channel
from workers.desk import Desk

if TYPE_CHECKING:
    from renderer.render.model import Kind, RenderResult

BEAT_S = 1.0
"""How often progress is noted."""

Ending = Callable[[Wish | None], tuple[bool, Claim | None]]
"""Tells the ledger how a part ended, and claims the next one if there is to be one: whether the part was still ours to
end, and that claim."""


class ClaimLost(Exception):
    """Somebody else has the part now, or its request has ended. Nothing is to be said about it any more."""


def make_plan(services: Services, claim: Claim) -> Ending:
    """Make the request's plan; gives what is to be said to the ledger: the plan, or that there is to be none."""
    if claim.sealed is None:
        raise ClaimLost
    release = services.releases.get(claim.release)
    made = services.engine.plan(release, open_order(services.vault, claim.sealed, claim.request_id))
    if made.suppression is not None:
        reason = made.suppression
        return lambda _: (services.ledger.suppress(claim, reason), None)
    plan = seal_plan(services.vault, made, claim.request_id)
    accounted = None
    if made.amounts is not None:
        accounted = seal_amounts(services.vault, made.amounts, claim.request_id, "accounted")

    def end(wish: Wish | None) -> tuple[bool, Claim | None]:
        if wish is None:
            return services.ledger.planned(claim, made.digest, plan, accounted), None
        return services.ledger.planned_and_claim(claim, made.digest, plan, wish, accounted)

    return end


def make_channel(services: Services, claim: Claim, channel: Channel, most_bytes: int, desk: Desk) -> Ending:
    """Render a channel's files and store them; gives what is to be said to the ledger."""
    if claim.sealed is None:
        raise ClaimLost
    plan = open_plan(services.vault, claim.sealed, claim.request_id)
    release = services.releases.get(claim.release)
    progress = _Beats(services, claim)
    with desk.cleared() as out:
        embedded = _embedded(services, claim, channel, out)
        result = services.engine.render(release, plan, channel, out, embedded, progress, claim.part_id)
        size = sum((out / artefact.path).stat().st_size for artefact in result.artefacts)
        if size > most_bytes:
            raise RenderError("render.limit", f"The files have {size} bytes, which is more than they may.")
        outcome = _stored(services, claim, out, result)

    def end(wish: Wish | None) -> tuple[bool, Claim | None]:
        if wish is None:
            return services.ledger.finish(claim, outcome), None
        return services.ledger.finish_and_claim(claim, outcome, wish)

    return end


def _embedded(services: Services, claim: Claim, channel: Channel, out: Path) -> tuple[RenderResult, ...]:
    """Results of the channels that this one embeds, their files put under ``out``."""
    from renderer.render.model import Artefact, RenderResult

    results = []
    for other in NEEDS.get(channel, ()):
        artefacts = []
        for file in services.reader.artefacts(claim.request_id, other):
            target = out / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with services.store.open(file.key) as source, target.open("wb") as copy:
                while block := source.read(1 << 20):
                    copy.write(block)
            artefacts.append(
                Artefact(
                    channel=other,
                    kind=cast("Kind", file.kind),
                    path=file.path,
                    media_type=file.media_type,
                    bytes=file.bytes,
                    sha256=file.sha256,
                )
            )
        if artefacts:
            results.append(RenderResult(channel=other, artefacts=tuple(artefacts)))
    return tuple(results)


def _stored(services: Services, claim: Claim, out: Path, result: RenderResult) -> Outcome:
    """The files put into the store. The key depends on the request and not on the attempt: if an earlier attempt got as
    far as this, its file stands and is the one that counts."""
    produced = []
    engine = result.made_by
    if engine is not None:
        services.ledger.know_engine(engine.digest, engine.versions)
    for artefact in result.artefacts:
        key = artefact_key(claim.request_id, artefact.path)
        stored = services.store.put_if_absent(key, out / artefact.path, take=True)
        produced.append(
            Produced(
                path=artefact.path,
                kind=artefact.kind,
                media_type=artefact.media_type,
                bytes=stored.bytes,
                sha256=stored.sha256,
                key=key,
                engine=engine.digest if engine is not None and stored.created else None,
            )
        )
    return Outcome(
        artefacts=tuple(produced), figures=result.figures, warnings=tuple(warning.code for warning in result.warnings)
    )


class _Beats:
    """Progress of a part, told to the ledger now and then; ends the work when the claim is lost."""

    def __init__(self, services: Services, claim: Claim) -> None:
        self._services = services
        self._claim = claim
        self._last = time.monotonic()
        self._at = (0, 0)

    def __call__(self, step: int, steps: int) -> None:
        self._at = (step, steps)
        if time.monotonic() - self._last >= BEAT_S:
            self.check()

    def check(self) -> None:
        """Say how far it is. Raises ClaimLost."""
        self._last = time.monotonic()
        if not self._services.ledger.beat(self._claim, *self._at):
            raise ClaimLost
