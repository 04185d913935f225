"""What a worker does with a part: claim it, plan its request if nobody has, render, store, finish.

The ledger decides everything: a part that cannot be claimed is dropped, a finish that comes too late changes nothing.
Errors end by class: bad input fails the part, the environment gives it back uncounted, anything else is tried again.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import structlog
from celery.exceptions import SoftTimeLimitExceeded

from renderer.bootstrap import Services
from renderer.errors import BadInput, DearlyError, EnvironmentFault
from renderer.ledger.model import NEEDS, QUEUES, Claim, Fault, Outcome, Produced
from renderer.orders import MadePlan, open_order, open_plan, seal_plan
from workers import log
from workers.lanes import LANES
from workers.leash import this_owner

if TYPE_CHECKING:
    from renderer.render.model import Kind, RenderResult
    from renderer.template.release import Release

BEAT_S = 1.0
"""How often progress and lease are renewed."""

SETTLE_S = 120.0
"""How long the end of a part waits for a ledger that cannot be reached."""

T = TypeVar("T")

events = structlog.get_logger("dearly")


class ClaimLost(Exception):
    """Somebody else has the part now, or its request has ended. Nothing is to be said about it any more."""


class Ended(Exception):
    """The request ended while it was planned: suppressed, or failed."""


def work_on(services: Services, part_id: str) -> None:
    """Do all that a message asks for. Raises nothing: what went wrong stands in the ledger and the log."""
    queue = {str(channel): name for channel, name in QUEUES.items()}.get(part_id.rpartition("-")[2])
    if queue is None:
        events.error("no such part")
        return
    try:
        claim = services.ledger.claim(part_id, this_owner(), LANES[queue].lease_ms)
    except EnvironmentFault as error:
        events.error("claim failed", part=part_id, code=error.code)
        return  # the dispatcher sends it again
    if claim is None:
        return
    began = time.monotonic()
    try:
        outcome = _render(services, claim)
    except (ClaimLost, Ended):
        events.info("part dropped", part=part_id)
    except SoftTimeLimitExceeded:
        fault = Fault(code="job.time", message=f"Took longer than {LANES[queue].soft_s} s.")
        _settle(lambda: services.ledger.retry(claim, fault, _backoff_ms(claim)))
        events.error("part too slow", part=part_id, attempt=claim.attempt)
    except MemoryError:
        fault = Fault(code="render.limit", message="Rendering needed more memory than it may use.")
        _settle(lambda: services.ledger.fail(claim, fault))
        events.error("part too large", part=part_id)
    except BadInput as error:
        fault = _fault(error)
        _settle(lambda: services.ledger.fail(claim, fault))
        events.warning("part failed", part=part_id, code=error.code)
    except EnvironmentFault as error:
        fault = _fault(error)
        _settle(lambda: services.ledger.give_back(claim, fault))
        events.error("environment", part=part_id, code=error.code)
    except Exception as error:  # whatever it is, it must not take the neighbours along
        fault = (
            _fault(error)
            if isinstance(error, DearlyError)
            else Fault(code="job.fault", message=f"An unexpected {type(error).__name__}.")
        )
        _settle(lambda: services.ledger.retry(claim, fault, _backoff_ms(claim)))
        events.error(
            "part broke", part=part_id, attempt=claim.attempt, error=type(error).__name__, where=log.where(error)
        )
    else:
        kept = _settle(lambda: services.ledger.finish(claim, outcome))
        events.info(
            "part done" if kept else "part came too late",
            part=part_id,
            attempt=claim.attempt,
            seconds=round(time.monotonic() - began, 2),
        )


def _render(services: Services, claim: Claim) -> Outcome:
    release = services.releases.get(claim.release)
    plan = _plan(services, claim, release)
    progress = _Beats(services, claim)
    with tempfile.TemporaryDirectory(dir=services.settings.work, prefix=f"{this_owner().replace(':', '-')}-") as folder:
        out = Path(folder)
        made = _embedded(services, claim, out)
        result = services.engine.render(release, plan, claim.channel, out, made, progress, claim.part_id)
        progress.check()
        return _stored(services, claim, out, result)


def _plan(services: Services, claim: Claim, release: Release) -> MadePlan:
    """The request's plan. It is made once, by whichever part comes first, before that part is rendered; should two
    parts come at once, the ledger keeps the first and the other uses it."""
    if claim.plan_digest is None:
        sealed = services.reader.sealed(claim.request_id, "profile")
        if sealed is None:
            raise ClaimLost
        try:
            made = services.engine.plan(release, open_order(services.vault, sealed, claim.request_id))
        except BadInput as error:
            fault = _fault(error)
            _settle(lambda: services.ledger.fail_request(claim.request_id, fault))
            events.warning("request failed", request=claim.request_id, code=error.code)
            raise Ended from error
        if made.suppression is not None:
            reason = made.suppression
            _settle(lambda: services.ledger.suppress(claim.request_id, reason))
            raise Ended
        if services.ledger.planned(claim.request_id, made.digest, seal_plan(services.vault, made, claim.request_id)):
            return made
    sealed = services.reader.sealed(claim.request_id, "plan")
    if sealed is None:
        raise ClaimLost
    return open_plan(services.vault, sealed, claim.request_id)


def _embedded(services: Services, claim: Claim, out: Path) -> tuple[RenderResult, ...]:
    """Results of the channels that this one embeds, their files put under ``out``."""
    from renderer.render.model import Artefact, RenderResult

    results = []
    for channel in NEEDS.get(claim.channel, ()):
        artefacts = []
        for file in services.reader.artefacts(claim.request_id, channel):
            target = out / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with services.store.open(file.key) as source, target.open("wb") as copy:
                while block := source.read(1 << 20):
                    copy.write(block)
            artefacts.append(
                Artefact(
                    channel=channel,
                    kind=cast("Kind", file.kind),
                    path=file.path,
                    media_type=file.media_type,
                    bytes=file.bytes,
                    sha256=file.sha256,
                )
            )
        if artefacts:
            results.append(RenderResult(channel=channel, artefacts=tuple(artefacts)))
    return tuple(results)


def _stored(services: Services, claim: Claim, out: Path, result: RenderResult) -> Outcome:
    """The files put into the store. The key depends on the request and not on the attempt: if an earlier attempt got as
    far as this, its file stands and is the one that counts."""
    produced = []
    for artefact in result.artefacts:
        key = f"artefacts/{claim.request_id[-2:]}/{claim.request_id}/{artefact.path}"
        stored = services.store.put_if_absent(key, out / artefact.path)
        produced.append(
            Produced(
                path=artefact.path,
                kind=artefact.kind,
                media_type=artefact.media_type,
                bytes=stored.bytes,
                sha256=stored.sha256,
                key=key,
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
        self._lease_ms = LANES[QUEUES[claim.channel]].lease_ms
        self._last = time.monotonic()
        self._at = (0, 0)

    def __call__(self, step: int, steps: int) -> None:
        self._at = (step, steps)
        if time.monotonic() - self._last >= BEAT_S:
            self.check()

    def check(self) -> None:
        """Renew the lease. Raises ClaimLost."""
        self._last = time.monotonic()
        if not self._services.ledger.beat(self._claim, self._lease_ms, *self._at):
            raise ClaimLost


def _fault(error: DearlyError) -> Fault:
    place = str(error.place)
    return Fault(code=error.code, message=f"{place}: {error.message}" if place else error.message)


def _backoff_ms(claim: Claim) -> int:
    """Full jitter under a doubling limit, so that what failed together does not come back together."""
    return random.randrange(250, 500 * 2**claim.attempt)


def _settle(change: Callable[[], T]) -> T | None:
    """Make a change that ends a part, even if the ledger cannot be reached just now."""
    until = time.monotonic() + SETTLE_S
    while True:
        try:
            return change()
        except EnvironmentFault as error:
            if time.monotonic() > until:
                events.error("the ledger stays away", code=error.code)
                return None
            time.sleep(0.5)
