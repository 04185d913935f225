"""The sums of a run that has ended: made by the leader, a little at a time, because a run may have a million requests
and nobody may wait for it.

What is summed is what stands in the ledger: each request with its state and its sealed amounts, each record that was
set aside. The intake's own sums, which were written while the input was read, are what it must agree with.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import cast

from renderer.batch.model import Balance, Outcome, Sums, settled
from renderer.bootstrap import Services
from renderer.errors import EnvironmentFault
from renderer.ledger.batches import BatchRun, Ended
from renderer.ledger.model import Fence, RunState
from renderer.orders import open_amounts
from renderer.plan.controls import Amounts, amounts_from_bytes

SLICE_S = 0.04
"""How long one look may take: less than it is until the urgent lane is looked at again."""

REST_S = 10.0
"""How long a run is left alone whose sums broke off: senders must not wait for it each time."""


class Settler:
    """Ends batch runs. One for a dispatcher; what it has begun is nobody else's."""

    def __init__(self, services: Services, now: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._now = now
        self._begun: dict[tuple[str, RunState, int], Iterator[Balance | None]] = {}
        self._rests: dict[str, float] = {}

    @property
    def busy(self) -> bool:
        """Whether a run is being summed: then come again soon."""
        return bool(self._begun)

    def settle(self, fence: Fence | None = None, slice_s: float = SLICE_S, *, only: str | None = None) -> list[str]:
        """Go on with every run that may end, or with ``only`` one, for about so long; the ids of those that ended now.
        Raises NotLeader, and EnvironmentFault: then the run that could not be read is summed from the start after a
        while."""
        until = self._now() + slice_s
        batches = self._services.batches
        for run_id in batches.unfinished_cancelled():
            if only not in (None, run_id):
                continue
            while self._now() < until and self._services.intake.cancel_some(run_id) is not None:
                pass
        self._rests = {run_id: end for run_id, end in self._rests.items() if end > self._now()}
        ready = [run for run in batches.to_settle() if run.id not in self._rests and only in (None, run.id)]
        runs = {(run.id, run.state, batches.mark(run.id)): run for run in ready}
        # One that was reopened meanwhile has another mark, and is summed from the start.
        self._begun = {key: self._begun.get(key) or self._sum(run) for key, run in runs.items()}
        ended = []
        for key in [*self._begun]:
            while True:
                balance = self._next(key)
                if balance is not None:
                    if self._end(runs[key], key[2], balance, fence):
                        ended.append(key[0])
                    break
                if self._now() > until:
                    return ended
        return ended

    def _next(self, key: tuple[str, RunState, int]) -> Balance | None:
        """A page more of a run's sums, and at last the sums."""
        try:
            balance = next(self._begun[key])
        except BaseException:  # what broke off gives nothing any more: it has to begin anew
            del self._begun[key]
            self._rests[key[0]] = self._now() + REST_S
            raise
        if balance is not None:
            del self._begun[key]
        return balance

    def _sum(self, run: BatchRun) -> Iterator[Balance | None]:
        """None after each page, and at last the sums."""
        came_in = Balance.from_json(run.totals)
        sums = Sums(came_in)
        differing = forgotten = after = 0
        unopened: list[int] = []
        while page := self._services.batches.ended(run.id, after):
            after = page[-1].record
            for request in page:
                gone = request.forgotten and request.amounts is None
                forgotten += gone
                amounts: Amounts | None = None
                try:
                    amounts = None if gone else self._amounts(request)
                    other = request.state == "done" and not request.forgotten and not self._accounted(request, amounts)
                    differing += other
                except EnvironmentFault:  # of this record only, and for ever: the ledger itself was read
                    unopened.append(request.record)
                sums.end(cast("Outcome", request.state), amounts)
            yield None
        for count, record in enumerate(self._services.batches.aside(run.id), start=1):
            name = f"amounts {run.id} {record.record}"
            sealed = record.amounts
            # What was never kept, because it was too large, has no recipient either.
            gone = record.data is None and record.recipient is not None
            forgotten += gone
            amounts = None if gone else {}
            try:
                if sealed is not None:
                    amounts = amounts_from_bytes(self._services.vault.open(sealed, name))
            except EnvironmentFault:
                amounts = None
                unopened.append(record.record)
            sums.end("set_aside", amounts)
            if count % 500 == 0:
                yield None
        sums.forget()
        expected = run.records if run.expected is None else run.expected
        yield settled(sums.balance(), expected=expected, differing=differing, forgotten=forgotten, unopened=unopened)

    def _amounts(self, request: Ended) -> Amounts:
        if request.amounts is None:
            return {}
        return amounts_from_bytes(open_amounts(self._services.vault, request.amounts, request.id, "amounts"))

    def _accounted(self, request: Ended, amounts: Amounts | None) -> bool:
        """Whether the plan of a request that is done accounts for what came in."""
        if request.amounts is None or request.accounted is None:
            return request.amounts is None and request.accounted is None
        planned = open_amounts(self._services.vault, request.accounted, request.id, "accounted")
        return amounts_from_bytes(planned) == amounts

    def _end(self, run: BatchRun, mark: int, balance: Balance, fence: Fence | None) -> bool:
        state: RunState = "complete" if balance.balanced else "unbalanced"
        if run.state == "cancelled" and balance.balanced:
            state = "cancelled"
        with self._services.leader.leading(fence) as connection:
            return self._services.batches.end(
                connection,
                run,
                mark,
                state=state,
                totals=json.dumps(balance.to_json()),
                why=None if balance.balanced else json.dumps({"why": list(balance.why)}),
                counts={"input": balance.input, **{str(name): count for name, count in balance.outcomes.items()}},
            )
