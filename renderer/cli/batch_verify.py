"""``dearly batch verify``: whether everything that a run has made is there, whole."""

from __future__ import annotations

import typer
from rich.markup import escape

from renderer.batch.measures import size
from renderer.batch.verify import WHAT, Verified, as_json
from renderer.batch.verify import verify as look_at_all
from renderer.bootstrap import build
from renderer.cli import console
from renderer.cli.batch_tables import plain_table
from renderer.cli.options import JsonOption, RunArgument
from renderer.settings import Settings

SHOWN = 50
"""So many faults are shown; --json lists all."""


@console.reports_errors
def verify(run: RunArgument, json_: JsonOption = False) -> None:
    """Read every file that a run has made and compare it with its digest.

    Ends with 1 when something is missing or changed. Files that were taken away on purpose (by dearly forget or dearly
    clean) are counted and are no fault.

    [bold]Example:[/] dearly batch verify latest
    """
    services = build(Settings(), only_look=True)
    run_id = services.summary.run_id(run)
    tally = services.summary.tally(run_id)
    with console.progress_bars(not json_) as bars:
        task = bars.add_task("verify", total=tally.all - tally.set_aside)
        found = look_at_all(services, run_id, lambda done: bars.update(task, completed=done))
    if json_:
        console.print_json(as_json(found, run_id))
    else:
        _show(found)
    if not found.whole:
        raise typer.Exit(1)


def _show(found: Verified) -> None:
    show = console.out.print
    head = "[green bold]Whole.[/]" if found.whole else "[red bold]Not whole.[/]"
    show(f"{head} {found.files:,} files of {found.requests:,} requests were read, {size(found.bytes)}.")
    for count, why in (
        (found.forgotten, "have no files because their recipient was forgotten"),
        (found.cleaned, "have no files because room was made"),
        (found.open, "are not at their end; only what is done of them was looked at"),
    ):
        if count:
            show(f"{count:,} requests {why}.")
    if found.whole:
        return
    for kind, count in found.counts.most_common():
        show(f"[red]{count:,}[/]  {WHAT[kind]}", soft_wrap=True)
    table = plain_table()
    table.add_column("Record", justify="right", no_wrap=True)
    table.add_column("Request", no_wrap=True)
    table.add_column("Fault", no_wrap=True)
    table.add_column("File or channel", overflow="fold")
    for one in found.wrong[:SHOWN]:
        table.add_row(f"{one.record}", one.request, one.kind, escape(one.path))
    show()
    show(table)
    rest = found.counts.total() - min(SHOWN, len(found.wrong))
    if rest:
        show(f"[dim]… and {rest:,} more: --json[/]")
