"""``dearly batch list``: the runs, newest first."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from renderer.batch.standing import STATES, records_in, times
from renderer.bootstrap import build
from renderer.cli import console
from renderer.cli.batch_tables import plain_table
from renderer.cli.options import JsonOption
from renderer.ledger.summary import Run, Tally
from renderer.settings import Settings
from renderer.times import minute

SHORT = 14
"""Digits of an id that are shown: twelve of them are its time, so they begin no other one."""


@console.reports_errors
def list(
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="So many, the newest.")] = 20,
    json_: JsonOption = False,
) -> None:
    """List the runs, newest first, with what became of their records.

    [bold]Example:[/] dearly batch list --limit 5
    """
    services = build(Settings(), only_look=True)
    runs = services.summary.newest(limit)
    tallies = services.summary.tallies([run.id for run in runs])
    if json_:
        console.print_json({"runs": [_as_json(run, tallies[run.id]) for run in runs]})
        return
    if not runs:
        console.out.print("There is no run yet.")
        return
    table = plain_table()
    table.add_column("Run", no_wrap=True)
    table.add_column("Started (UTC)", no_wrap=True)
    table.add_column("Template", no_wrap=True, min_width=6)
    table.add_column("State", no_wrap=True)
    for name in ("Records", "Done", "Failed"):
        table.add_column(name, justify="right", no_wrap=True)
    for run in runs:
        tally = tallies[run.id]
        table.add_row(
            run.id[:SHORT],
            minute(run.created_ms),
            escape(run.template or ""),
            _state(run, tally, services.summary.held(run) if tally.open else 0),
            f"{records_in(run, tally):,}",
            f"{tally.done:,}",
            f"{tally.failed:,}",
        )
    console.out.print(table)


def _state(run: Run, tally: Tally, held: int) -> str:
    """The run's state in words. It is held only when nothing of it goes on without an approval."""
    if held and held == tally.open and run.state == "running":
        return "held"
    return STATES[run.state] + (f", {held:,} held" if held else "")


def _as_json(run: Run, tally: Tally) -> dict[str, object]:
    return {
        "run": run.id,
        "template": run.template,
        "release": run.release,
        "state": run.state,
        "counts": {
            "input": records_in(run, tally),
            "done": tally.done,
            "failed": tally.failed,
            "suppressed": tally.suppressed,
            "set_aside": tally.set_aside,
            "cancelled": tally.cancelled,
            "open": tally.open,
        },
        "times": times(run),
    }
