"""What the leading dispatcher does beside sending: sums, retention, and the sweeping of what is left over.

Nothing here may hold a sender up, so each kind of work is a generator that does a little and pauses, and a tick gives
all of them together a few hundredths of a second. A fault of one of them is told and tried again when it is due next.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from itertools import islice

import structlog

from renderer.bootstrap import Services
from renderer.errors import EnvironmentFault
from renderer.ledger.chunk_index import ChunkIndex
from renderer.ledger.cleaning import Cleaning
from renderer.ledger.deliveries import Deliveries
from renderer.ledger.leader import NotLeader
from renderer.ledger.model import Clock, Fence, request_of_key, wall_clock
from renderer.ledger.tallies import Tallies, releases_kept
from renderer.ledger.upkeep import STEP, Upkeep
from renderer.operations import broker, forget
from renderer.operations.retention import Retention
from renderer.render.video.speech_shelf import SpeechShelf
from renderer.times import DAY_MS

TICK_S = 0.03
"""How long a tick may take, not counting the step that goes beyond it."""

ROUND = 2_000
"""Requests whose data is dropped in one round: about three million a day, and no more than these before somebody can
see that a clock is wrong."""

JUMP_MS = 3_600_000
"""A clock that goes so far from one that nobody moves was moved."""

REST_MS = DAY_MS
LONG_REST_MS = 45 * DAY_MS
"""After so long without a round nothing ran, or the clock was moved while nothing did."""

HOLD_MS = DAY_MS
SHORT_HOLD_MS = 600_000
"""How long nothing is dropped after a jump or a long rest, and after a short one: a machine that was just switched on
may not know the time yet."""

ROUND_MARK, HOLD_MARK = "retention", "retention-held"

SHARDS = tuple(f"{number:02x}" for number in range(256))
"""The folders of the store's artefacts."""

ABANDONED_MS = DAY_MS
"""Files that no row names are swept so long after their request ended."""

events = structlog.get_logger("dearly")

Work = Generator[None, None, None]


class Caretaker:
    """One for a dispatcher. ``now`` gives seconds that no clock moves."""

    def __init__(
        self,
        services: Services,
        now: Callable[[], float] = time.monotonic,
        clock: Clock = wall_clock,
    ) -> None:
        self._services = services
        self._now = now
        self._clock = clock
        self._tallies = Tallies(services.database, clock)
        self._upkeep = Upkeep(services.database, clock)
        self._cleaning = Cleaning(services.database, clock)
        self._deliveries = Deliveries(services.database, clock)
        self._retention = Retention(self._upkeep, services.store)
        self._shard = 0
        self._last: tuple[int, float] | None = None  # both clocks at the last round
        self._every: dict[Callable[[Fence | None], Work], float] = {
            self.handed_in: 3600.0,
            self.sums: 2.0,
            self.retention: 60.0,
            self.records: 600.0,
            self.rows: 600.0,
            self.messages: 60.0,
            self.erasures: 60.0,
            self.speech: 3600.0,
            self.chunks: 600.0,
            self.abandoned: 300.0,
            self.unfinished: 3600.0,
        }
        self._due = dict.fromkeys(self._every, float("-inf"))
        self._at_work: dict[Callable[[Fence | None], Work], Work] = {}

    def tick(self, fence: Fence | None) -> None:
        """Do a little of what is due. Raises NotLeader."""
        until = self._now() + TICK_S
        for kind, seconds in self._every.items():
            if kind not in self._at_work and self._now() >= self._due[kind]:
                self._due[kind] = self._now() + seconds
                self._at_work[kind] = kind(fence)
        while self._at_work and self._now() < until:
            for kind in list(self._at_work):
                self._step(kind)
                if self._now() >= until:
                    break

    def _step(self, kind: Callable[[Fence | None], Work]) -> None:
        work = self._at_work.pop(kind)
        try:
            next(work)
        except StopIteration:
            return
        except NotLeader:
            self._at_work.clear()
            raise
        except EnvironmentFault as error:
            events.warning("upkeep waits", what=kind.__name__, code=error.code)
        except Exception as error:  # the dispatcher must not stop for it
            events.error("upkeep broke", what=kind.__name__, error=type(error).__name__)
        else:
            self._at_work[kind] = work  # behind the others

    # ---- What there is to do, each until it is through

    def sums(self, fence: Fence | None) -> Work:
        """Sum up what has ended."""
        while self._tallies.fold(fence):
            yield

    def retention(self, fence: Fence | None) -> Work:
        """Drop what is sealed of requests that ended long enough ago."""
        if not self._may_drop(fence):
            return
        now, left = self._clock(), ROUND
        with self._services.database.reading() as connection:
            releases = releases_kept(connection)
        for release in releases:
            before = self._retention.before_ms(release, now)
            while left > 0 and (ids := self._upkeep.due(release, before, min(STEP, left))):
                dropped = self._upkeep.drop(ids, fence)
                left -= len(ids)
                yield
                if not dropped:
                    break
        if left < ROUND:
            events.info("dropped by age", requests=ROUND - left)

    def records(self, fence: Fence | None) -> Work:
        """Drop records that were set aside, by the retention of their run's release."""
        if self._held(self._clock()):
            return
        now, dropped = self._clock(), 0
        for run in self._upkeep.old_runs(now - DAY_MS):
            if run.finished_ms < self._retention.before_ms(run.release, now):
                while dropped < ROUND and (some := self._upkeep.drop_aside(run.id, fence)):
                    dropped += some
                    yield
            yield
        if dropped:
            events.info("dropped by age", records=dropped)

    def rows(self, fence: Fence | None) -> Work:
        """Put old rows away."""
        while self._upkeep.put_away(fence):
            yield

    def messages(self, fence: Fence | None) -> Work:
        """Drop what others were told of, or could not be, long ago. Not while a clock may be wrong."""
        if self._held(self._clock()):
            return
        before = self._clock() - self._services.settings.webhook_days * DAY_MS
        while self._deliveries.sweep(before, fence):
            yield

    def erasures(self, fence: Fence | None) -> Work:
        """Look whether work that was under way has left anything of who was forgotten."""
        yield
        looked = yield from forget.look_again(self._services, self._clock() - forget.LOOK_AFTER_MS, fence)
        if looked:
            events.info("looked again", erasures=looked)

    def speech(self, _fence: Fence | None) -> Work:
        """Remove personal speech that is old."""
        yield
        SpeechShelf(self._services.settings.cache / "speech", b"").prune()

    def chunks(self, _fence: Fence | None) -> Work:
        """Remove personal pieces of film that nobody has. The shelf is opened only where there are any."""
        if not ChunkIndex(self._services.database, self._clock).unused(count=1):
            return
        shelf, after, gone = forget.shelf_of(self._services), "", 0
        while True:
            some, following = shelf.drop_unused(after)
            gone += some
            yield
            if following is None:
                break
            after = following
        events.info("chunks of nobody removed", chunks=gone)

    def abandoned(self, fence: Fence | None) -> Work:
        """Look through one of the store's folders for files that were stored and never counted."""
        shard = SHARDS[self._shard]
        self._shard = (self._shard + 1) % len(SHARDS)
        before = self._clock() - ABANDONED_MS
        keys: Iterator[str] = iter(self._services.store.list(f"artefacts/{shard}"))
        gone = 0
        while some := list(islice(keys, STEP)):
            by_request: dict[str, list[str]] = defaultdict(list)
            for key in some:
                by_request[request_of_key(key)].append(key)
            for key in self._cleaning.abandoned(by_request, before):
                gone += self._cleaning.sweep(key, self._services.store.delete, fence)
                yield
            yield
        if gone:
            events.warning("abandoned files removed", files=gone)

    def unfinished(self, _fence: Fence | None) -> Work:
        """Remove what writers that were killed have left in the store under no name."""
        yield
        gone = self._services.store_care.tidy()
        if gone:
            events.info("unfinished uploads removed", uploads=gone)

    def handed_in(self, _fence: Fence | None) -> Work:
        """Have the embedded broker let go of profiles that were handed in by it; another one is its operator's."""
        if self._services.settings.embedded_broker:
            broker.cut_log(self._services.settings)
        yield

    # ---- Clocks

    def _may_drop(self, fence: Fence | None) -> bool:
        """Whether data may be dropped by age now. After a jump of the clock, or a long rest, some time passes first: a
        clock that is wrong is seen and put right, and nothing is lost."""
        now, running = self._clock(), self._now()
        before = self._upkeep.mark(ROUND_MARK)
        self._upkeep.put_mark(ROUND_MARK, now, fence)
        last, self._last = self._last, (now, running)
        if last is not None:
            moved = (now - last[0]) - (running - last[1]) * 1000
            hold = HOLD_MS if moved > JUMP_MS else 0
        else:
            moved = 0 if before is None else now - before
            hold = 0 if moved <= REST_MS else SHORT_HOLD_MS if moved <= LONG_REST_MS else HOLD_MS
        if hold:
            self._upkeep.put_mark(HOLD_MARK, now + hold, fence, event="retention held")
            events.error("clock moved, or nothing ran: nothing is dropped by age for a while", hours=_hours(moved))
        elif moved < -JUMP_MS:
            self._upkeep.put_mark(HOLD_MARK, 0, fence, event="clock went back")
            events.error("clock went back", hours=_hours(-moved))
        return not self._held(now)

    def _held(self, now_ms: int) -> bool:
        held = self._upkeep.mark(HOLD_MARK)
        return held is not None and now_ms < held <= now_ms + HOLD_MS


def _hours(milliseconds: float) -> float:
    return round(milliseconds / 3_600_000, 1)
