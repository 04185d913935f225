"""What a worker does with a part: claim it, make its request's plan or render and store its files, finish.

The ledger decides everything: a part that cannot be claimed is dropped, a finish that comes too late changes nothing.
Errors end by class: bad input fails the part, the environment gives it back uncounted, anything else is tried again.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

import structlog

from renderer.bootstrap import Services
from renderer.errors import BadInput, DearlyError, EnvironmentFault, RenderError
from renderer.ledger.leader import NEVER_MS
from renderer.ledger.model import NEEDS, Claim, Fault, Origin, Outcome, Produced, Wish, Work, artefact_key
from renderer.operations.forget import late
from renderer.orders import open_order, open_plan, seal_amounts, seal_plan
from renderer.template.model import Channel
from renderer.tracing import NO_TRACES, About, Traces
from workers import log
from workers.lanes import LIMITS, MESSAGE_S, SHARD_S, Limit
from workers.leash import this_owner

if TYPE_CHECKING:
    from renderer.render.model import Kind, RenderResult

BEAT_S = 1.0
"""How often progress is noted."""

SETTLE_S = float(MESSAGE_S)
"""How long the end of a part waits for a ledger that cannot be reached: what is done is not thrown away."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})

T = TypeVar("T")

Ending = Callable[[Wish | None], tuple[bool, Claim | None]]
"""Tells the ledger how a part ended, and claims the next one if there is to be one: whether the part was still ours to
end, and that claim."""

events = structlog.get_logger("dearly")


class ClaimLost(Exception):
    """Somebody else has the part now, or its request has ended. Nothing is to be said about it any more."""


class TooSlow(BaseException):
    """The part took longer than it may. No Exception, so that no library swallows it."""


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise TooSlow in the block after so long. A native call is not interrupted: after its lease the heart ends the
    process. Only a main thread has alarms; prefork children work in theirs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: FrameType | None) -> NoReturn:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


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
    with _Desk(services.settings.work) as desk:
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
    desk: _Desk,
    following: Callable[[], Wish | None],
    traces: Traces,
) -> Claim | None:
    """Make one part; the claim of the ``following`` one if it could be had with this one's end."""
    part_id = claim.part_id
    began = time.monotonic()
    told = _Told(services, claim, traces)
    try:
        with _alarm(limit.soft_s):
            if claim.channel == "plan":
                end = _plan(services, claim)
            else:
                end = _made(services, claim, claim.channel, limit.bytes, desk)
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
        fault = _fault(error)
        _settle(lambda: services.ledger.fail(claim, fault))
        told("failed", fault)
        events.warning("part failed", part=part_id, code=error.code)
    except EnvironmentFault as error:
        fault = _fault(error)
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
            _fault(error)
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


def _plan(services: Services, claim: Claim) -> Ending:
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


def _made(services: Services, claim: Claim, channel: Channel, most_bytes: int, desk: _Desk) -> Ending:
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


class _Desk:
    """The private folder in which the parts of one message are made, one after the other. Each finds it without files;
    the folders of channels stay, since to make and remove folders costs the disk more than a small file does."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._kept: Path | None = None

    def __enter__(self) -> _Desk:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop(self._kept)

    @contextmanager
    def cleared(self) -> Iterator[Path]:
        """The folder for one part. After one that failed it is not used again."""
        folder, self._kept = self._kept, None
        if folder is None:
            folder = Path(tempfile.mkdtemp(dir=self._work, prefix=f"{this_owner().replace(':', '-')}-"))
        try:
            yield folder
            _clear(folder, keep=1)
            self._kept = folder
        finally:
            if self._kept is None:
                self._drop(folder)

    @staticmethod
    def _drop(folder: Path | None) -> None:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _clear(folder: Path | str, keep: int) -> None:
    """Remove all but so many levels of folders."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry)
            elif keep:
                _clear(entry.path, keep - 1)
            else:
                shutil.rmtree(entry)


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


def _out_of_space(error: BaseException | None) -> bool:
    """Whether a full disk, or one that takes nothing, is behind an error. A part is not to blame for it, whatever
    library met it first."""
    seen = 0
    while error is not None and seen < 20:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


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
