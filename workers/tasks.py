"""What a worker does with a part: claim it, have it made (:mod:`.making`), finish.

The ledger decides everything: a part that cannot be claimed is dropped, a finish that comes too late changes nothing.
Errors end by class: bad input fails the part, the environment gives it back uncounted, anything else is tried again.
"""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar, cast

import structlog

from renderer.bootstrap import Services
from renderer.errors import BadInput, DearlyError, EnvironmentFault
from renderer.ledger.leader import NEVER_MS
from renderer.ledger.model import Claim, Fault, Origin, Wish, Work
from renderer.operations.forget import late
from renderer.tracing import NO_TRACES, About, Traces
from workers import log
from workers.alarm import TooSlow, alarm
from workers.desk import Desk
from workers.lanes import LIMITS, MESSAGE_S, SHARD_S, Limit
from workers.leash import this_owner
from workers.making import ClaimLost, Ending, make_channel, make_plan

SETTLE_S = float(MESSAGE_S)
"""How long the end of a part waits for a ledger that cannot be reached: what is done is not thrown away."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})

T = TypeVar("T")

events = structlog.get_logger("dearly")


def work_on(
    services: Services,
    part_ids: Sequence[str],
    worker: str | None = None,
    stopping: Callable[[], bool] = lambda: False,
    limits: Mapping[Work, Limit] = LIMITS,
    traces: Traces = NO_TRACES,
) -> None:
    """Do all that a message asks for, one part after the other, so that a part which takes its process along takes no
    other one. What has not begun when the message's time is over, or the worker stops, is handed back.

    Raises nothing: what went wrong stands in the ledger and the log.
    """
    until = time.monotonic() + SHARD_S

    def go_on() -> bool:
        return not stopping() and time.monotonic() <= until

    def after(count: int) -> Wish | None:
        """The next part, if it may begin."""
        return _wish(part_ids[count + 1], worker, limits) if count + 1 < len(part_ids) and go_on() else None

    claim: Claim | None = None
    with Desk(services.settings.work) as desk:
        for count, part_id in enumerate(part_ids):
            if claim is None:  # else it was claimed with the end of the part before
                if not go_on():
                    rest = list(part_ids[count:])
                    _settle(lambda rest=rest: services.leader.undispatch(rest))  # type: ignore[misc]
                    return
                claim = _claimed(services, _wish(part_id, worker, limits))
            if claim is not None:
                claim = _work_on_part(services, claim, limits[claim.channel], desk, partial(after, count), traces)


def _wish(part_id: str, worker: str | None, limits: Mapping[Work, Limit]) -> Wish | None:
    limit = limits.get(cast("Work", part_id.rpartition("-")[2]))
    if limit is None:
        events.error("no such part")
        return None
    return Wish(part_id=part_id, owner=this_owner(), lease_ms=limit.lease_ms, worker=worker)


def _claimed(services: Services, wish: Wish | None) -> Claim | None:
    if wish is None:
        return None
    try:
        return services.ledger.claim(wish.part_id, wish.owner, wish.lease_ms, wish.worker)
    except EnvironmentFault as error:
        events.error("claim failed", part=wish.part_id, code=error.code)
        _let_go(services, wish)
        return None


def _let_go(services: Services, wish: Wish) -> None:
    """After a claim whose answer was lost, while nothing else is at work here. The dispatcher sends the part again, but
    nobody knows whether the claim came through: if so the part is ours and nobody works on it."""
    ours = wish.owner
    _settle(lambda: services.leader.sweep(ours.__eq__, worker=wish.worker, counted=False, late_ms=NEVER_MS))


def _work_on_part(
    services: Services,
    claim: Claim,
    limit: Limit,
    desk: Desk,
    following: Callable[[], Wish | None],
    traces: Traces,
) -> Claim | None:
    """Make one part; the claim of the ``following`` one if it could be had with this one's end."""
    part_id = claim.part_id
    began = time.monotonic()
    told = _Told(services, claim, traces)
    try:
        with alarm(limit.soft_s):
            if claim.channel == "plan":
                end = make_plan(services, claim)
            else:
                end = make_channel(services, claim, claim.channel, limit.bytes, desk)
    except ClaimLost:
        told("dropped")
        events.info("part dropped", part=part_id)
    except TooSlow:
        fault = Fault(code="job.time", message=f"Took longer than {limit.soft_s:.0f} s.")
        _settle(lambda: services.ledger.retry(claim, fault, _backoff_ms(claim)))
        told("retried", fault)
        events.error("part too slow", part=part_id, attempt=claim.attempt)
    except MemoryError:
        fault = Fault(code="render.limit", message="Rendering needed more memory than it may use.")
        _settle(lambda: services.ledger.fail(claim, fault))
        told("failed", fault)
        events.error("part too large", part=part_id)
    except BadInput as error:
        fault = Fault.of(error)
        _settle(lambda: services.ledger.fail(claim, fault))
        told("failed", fault)
        events.warning("part failed", part=part_id, code=error.code)
    except EnvironmentFault as error:
        fault = Fault.of(error)
        _settle(lambda: services.ledger.give_back(claim, fault))
        told("given back", fault)
        events.error("environment", part=part_id, code=error.code)
    except Exception as error:  # whatever it is, it must not take the neighbours along
        if _out_of_space(error):
            fault = Fault(code="environment.disk", message="A file could not be written: the disk is full.")
            _settle(lambda: services.ledger.give_back(claim, fault))
            told("given back", fault)
            events.error("environment", part=part_id, code=fault.code)
            return None
        fault = (
            Fault.of(error)
            if isinstance(error, DearlyError)
            else Fault(code="job.fault", message=f"An unexpected {type(error).__name__}.")
        )
        _settle(lambda: services.ledger.retry(claim, fault, _backoff_ms(claim)))
        told("retried", fault)
        events.error(
            "part broke", part=part_id, attempt=claim.attempt, error=type(error).__name__, where=log.where(error)
        )
    else:
        kept, claimed = _ended(services, end, None if claim.probe else following())
        told("done" if kept else "late")
        events.info(
            "part done" if kept else "part came too late",
            part=part_id,
            attempt=claim.attempt,
            seconds=round(time.monotonic() - began, 2),
        )
        if not kept:
            _drop_if_forgotten(services, claim)
        return claimed
    _drop_if_forgotten(services, claim)
    return None


class _Told:
    """Tells the traces how a try at a part ended, and of a plan how its request did."""

    def __init__(self, services: Services, claim: Claim, traces: Traces) -> None:
        self._services = services
        self._claim = claim
        self._traces = traces
        self._found: Origin | None = None
        self._about = About(claim.request_id, claim.template, self._origin)
        self._span = traces.part(self._about, claim.part_id, claim.release, claim.attempt)

    def __call__(self, outcome: str, fault: Fault | None = None) -> None:
        code = None if fault is None else fault.code
        if self._claim.channel == "plan" and outcome in ("done", "failed"):
            self._traces.planned(self._about, code)
        self._span.end(outcome, code)

    def _origin(self) -> Origin:
        if self._found is None:
            self._found = self._services.reader.origin(self._claim.request_id)
        return self._found


def _drop_if_forgotten(services: Services, claim: Claim) -> None:
    """After a part that was not taken: what was made for somebody who was forgotten meanwhile goes at once."""
    try:
        if late(services, claim.request_id):
            events.info("forgotten meanwhile", part=claim.part_id)
    except EnvironmentFault as error:  # the leader looks again later
        events.error("not dropped", part=claim.part_id, code=error.code)


def _ended(services: Services, end: Ending, wish: Wish | None) -> tuple[bool | None, Claim | None]:
    """Say to the ledger what became of a part, and claim the next in the same transaction: that is the last that is
    done for the one and comes before anything is done for the other, so whichever dies, dies of itself."""
    if wish is not None:
        try:
            return end(wish)
        except EnvironmentFault as error:
            events.error("end failed", part=wish.part_id, code=error.code)
    kept = _settle(lambda: end(None)[0])
    if wish is not None:
        _let_go(services, wish)
    return kept, None


def _out_of_space(error: BaseException | None) -> bool:
    """Whether a full disk, or one that takes nothing, is behind an error. A part is not to blame for it, whatever
    library met it first."""
    seen = 0
    while error is not None and seen < 20:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


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
