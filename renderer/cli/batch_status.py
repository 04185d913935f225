"""``dearly batch status``: how a run stands, once or for as long as it goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from renderer.batch.measures import rate, span
from renderer.batch.standing import Standing, as_json, clock, look, whys
from renderer.bootstrap import Services, build
from renderer.cli import console
from renderer.cli.batch_tables import COLOURS, reasons
from renderer.cli.options import JsonOption, RunArgument
from renderer.settings import Settings

LOOK_S = 1.0
"""Time between two looks; longer where a look itself takes long, so that the ledger is not kept busy by watchers."""

LINE_S = 5.0
"""Time between two lines where the output is no terminal."""


@console.reports_errors
def status(
    run: RunArgument,
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow the run until it has ended; with --json one object for each look.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Show how a run stands: how far it is, its pace, what it waits for, and what failed and why.

    [bold]Example:[/] dearly batch status latest --watch
    """
    services = build(Settings(), only_look=True)
    run_id = services.summary.run_id(run)
    if not watch:
        found = look(services, run_id)
        if json_:
            console.print_json(as_json(found))
        else:
            console.out.print(view(found))
        return
    try:
        if json_:
            for found in _looks(services, run_id, LOOK_S):
                console.print_json(as_json(found))
        elif console.out.is_terminal:
            with Live(console=console.out, auto_refresh=False) as live:
                for found in _looks(services, run_id, LOOK_S):
                    live.update(view(found), refresh=True)
        else:
            for found in _looks(services, run_id, LINE_S):
                console.out.print(line(found), soft_wrap=True)
    except KeyboardInterrupt:  # the way to stop watching; the run goes on
        return


def _looks(services: Services, run_id: str, every_s: float) -> Iterator[Standing]:
    """Looks at a run until it has ended."""
    while True:
        began = time.monotonic()
        found = look(services, run_id)
        yield found
        if found.ended:
            return
        time.sleep(max(every_s, 10 * (time.monotonic() - began)))


def view(found: Standing) -> RenderableType:
    """All that is known of a run, for a terminal."""
    run, tally = found.run, found.tally
    head = Text.assemble((found.state, "bold"), "  ", run.template or run.kind, "  ", (run.id, "dim"))
    lines: list[RenderableType] = [head, _bar(found), _counts(found)]
    if run.sealed_ms is None:
        lines.append(f"{tally.all:,} {'record' if tally.all == 1 else 'records'} read so far")
    if found.at_work:
        works = ", ".join(f"{count} {work}" for work, count in sorted(found.at_work.items()))
        lines.append(f"Parts at work: {works}")
    if found.pace is not None and not found.ended:
        lines.append(f"{rate(found.pace.rendered_s)} in the last {span(found.pace.window_s)}{_eta(found)}")
    if run.finished_ms is not None:
        lines.append(
            f"Ended {clock(run.finished_ms)}, {span((run.finished_ms - run.created_ms) / 1000)} after it began"
        )
    for wait in found.waits:
        lines.append(Text.from_markup(f"[yellow]waits[/] {escape(wait.message)}"))
        if wait.hint:  # on a line of its own, where a command can be copied
            lines.append(Text.from_markup(f"      [cyan]{escape(wait.hint)}[/]"))
    lines += [Text.from_markup(f"[red]does not add up[/] {escape(why)}") for why in whys(run)]
    if found.failures:
        lines.append(reasons("Failed", found.failures))
    if found.set_aside:
        lines.append(reasons("Set aside", found.set_aside, of_field=True))
    if found.suppressions:
        lines.append(reasons("Suppressed", found.suppressions))
    return Group(*lines)


def _bar(found: Standing) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=40)
    grid.add_column(justify="right")
    grid.add_column()
    bar = ProgressBar(total=1, completed=found.share, width=40)
    # Rounded down: what is not all is never 100 %.
    grid.add_row(bar, f"{int(100 * found.share)} %", f"{found.tally.ended:,} of {found.input:,}")
    return grid


def _counts(found: Standing) -> Text:
    tally = found.tally
    counts = {
        "done": tally.done,
        "failed": tally.failed,
        "suppressed": tally.suppressed,
        "set aside": tally.set_aside,
        "cancelled": tally.cancelled,
        "at work": tally.working,
        "waiting": tally.waiting,
    }
    # The four that tell how it went are always there.
    shown = [(name, n) for name, n in counts.items() if n or name in ("done", "failed", "suppressed", "set aside")]
    return Text("   ").join(Text(f"{n:,} {name}", style=COLOURS[name] if n else "dim") for name, n in shown)


def _eta(found: Standing) -> str:
    if found.eta_s is None:
        return f"; no end in sight: {found.no_eta}" if found.no_eta else ""
    at = datetime.now().astimezone() + timedelta(seconds=found.eta_s)
    return f", about {span(found.eta_s)} to go (until {at:%H:%M})"


def line(found: Standing) -> str:
    """A look as one line for a log."""
    parts = [found.state, f"{found.tally.ended} of {found.input}", _counts(found).plain]
    if found.pace is not None and not found.ended:
        parts.append(rate(found.pace.rendered_s) + _eta(found))
    return "  ".join([*parts, *(wait.message for wait in found.waits)])
