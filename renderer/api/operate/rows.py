"""Runs as lines of a list: how far each is, asked of the ledger once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from renderer.batch.model import OUTCOMES, Balance
from renderer.batch.standing import STATES, records_in, state_of
from renderer.bootstrap import Services
from renderer.ledger.model import ENDLESS
from renderer.ledger.seen import SeenRun
from renderer.ledger.summary import Run, Tally


@dataclass(frozen=True, kw_only=True)
class Row:
    """One run. ``tally`` is None of a run that takes requests for ever: it has no end to be near to."""

    run: Run
    state: str
    records: int
    tally: Tally | None

    @property
    def endless(self) -> bool:
        return self.tally is None


def rows(services: Services, seen: Sequence[SeenRun]) -> list[Row]:
    """The lines of some runs. What has settled has its sums; only of what goes on requests are counted."""
    runs = services.summary.runs([one.id for one in seen])
    ordered = [runs[one.id] for one in seen if one.id in runs]
    kept = {run.id: tally for run in ordered if (tally := _settled(run)) is not None}
    live = [run.id for run in ordered if run.id not in kept and run.kind not in ENDLESS]
    counted = kept | (services.summary.tallies(live) if live else {})
    return [_row(services, run, counted.get(run.id)) for run in ordered]


def _row(services: Services, run: Run, tally: Tally | None) -> Row:
    if tally is None:
        state = "takes requests" if run.state == "open" else STATES[run.state]
        return Row(run=run, state=state, records=0, tally=None)
    held = services.summary.held(run) if run.held else 0
    return Row(run=run, state=state_of(run, tally, held), records=records_in(run, tally), tally=tally)


def _settled(run: Run) -> Tally | None:
    """What became of a run's records, by the sums that were made when it ended."""
    if run.finished_ms is None or run.totals is None:
        return None
    balance = Balance.from_json(run.totals)
    if not balance.settled:
        return None
    return Tally(**{outcome: balance.outcomes.get(outcome, 0) for outcome in OUTCOMES})
