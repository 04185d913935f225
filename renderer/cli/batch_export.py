"""``dearly batch export``: a run's finished files in a folder, with a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer
from rich.markup import escape

from renderer.batch.export import MANIFEST, Exported, as_json
from renderer.batch.export import export as export_all
from renderer.batch.folder import WHAT
from renderer.batch.measures import size
from renderer.bootstrap import build
from renderer.cli import console
from renderer.cli.batch_tables import plain_table
from renderer.cli.options import JsonOption, RunArgument
from renderer.errors import UsageError, nearest
from renderer.settings import Settings
from renderer.template.model import CHANNELS, Channel

SHOWN = 50
"""So many faults are shown; --json lists the first ten thousand."""


@console.reports_errors
def export(
    run: RunArgument,
    to: Annotated[
        Path,
        typer.Option(
            "--to",
            metavar="DIR",
            help="A folder: a new or empty one, or one that this run was exported into before.",
            show_default=False,
        ),
    ],
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel",
            metavar="NAME",
            help="microsite, statement or video; may be given several times. Without it all that the run made.",
        ),
    ] = None,
    link: Annotated[
        bool,
        typer.Option(
            "--link",
            help="Hard links in place of copies, on the same disk. Never change such a file: it is the store's own.",
        ),
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Copy the files of a run's finished requests into a folder, each checked, with a manifest of all records.

    An export that was interrupted goes on where it was when it is done again. Ends with 1 when a file of the store is
    missing or damaged, or something else stands in its place.

    [bold]Example:[/] dearly batch export latest --to outbox --channel statement
    """
    unknown = next((name for name in channel or () if name not in CHANNELS), None)
    if unknown is not None:
        raise UsageError("usage.argument", f"There is no channel '{unknown}'.", hint=nearest(unknown, CHANNELS))
    if any(part.exists() and not part.is_dir() for part in (to, *to.parents)):
        raise UsageError("usage.argument", "--to names a file, or a folder inside a file.")
    services = build(Settings(), only_look=True)
    run_id = services.summary.run_id(run)
    with console.progress_bars(not json_) as bars:
        task = bars.add_task("export", total=services.summary.tally(run_id).all)
        found = export_all(
            services,
            run_id,
            to,
            channels=cast("list[Channel]", sorted({*(channel or ())})),
            link=link,
            progress=lambda done: bars.update(task, completed=done),
        )
    if json_:
        console.print_json(as_json(found, run_id, to))
    else:
        _show(found, to)
    if found.wrong:
        raise typer.Exit(1)


def _show(found: Exported, to: Path) -> None:
    show = console.out.print
    show(
        f"[bold]{found.files:,} files[/] of {found.requests:,} requests, {size(found.bytes)}; "
        f"{found.written:,} new" + (f", {found.linked:,} of them links" if found.linked else ""),
        soft_wrap=True,
    )
    if found.without:
        told = ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in found.without.most_common())
        show(f"Without files: {told}", soft_wrap=True)
    if found.removed:
        show(f"{found.removed:,} folders of forgotten recipients were removed.")
    show(f"Manifest: {escape(str(to / MANIFEST))}", soft_wrap=True)
    if not found.wrong:
        return
    show(f"[red bold]{found.wrongs:,} files could not be exported.[/]")
    table = plain_table()
    table.add_column("Record", justify="right", no_wrap=True)
    table.add_column("Why", overflow="fold")
    table.add_column("File", overflow="fold")
    for one in found.wrong[:SHOWN]:
        table.add_row(f"{one.record}", WHAT[one.fault], escape(one.path))
    show(table)
    if found.wrongs > SHOWN:
        show(f"[dim]… and {found.wrongs - SHOWN:,} more: --json[/]")
