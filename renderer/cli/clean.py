"""``dearly clean``: make room on the disk."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Annotated

import typer
from rich.progress import TaskID
from rich.table import Table

from renderer.batch.measures import size
from renderer.bootstrap import Services, build
from renderer.cli import console
from renderer.cli.options import JsonOption
from renderer.errors import UsageError
from renderer.operations.clean import Cleaned, Cleaner, Gone, Wish
from renderer.settings import Settings
from renderer.times import day
from workers.leash import sweep_work

GB = 1_000_000_000


@console.reports_errors
def clean(
    older_than: Annotated[
        float | None,
        typer.Option(
            "--older-than",
            metavar="DAYS",
            min=0,
            help="Remove the results of requests that ended more than so many days ago.",
        ),
    ] = None,
    free: Annotated[
        float | None,
        typer.Option(
            "--free", metavar="GB", min=0, help="Remove the oldest until so many gigabytes are free, and no more."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json_: JsonOption = False,
) -> None:
    """Make room: caches and logs that were not used for 30 days; with the options also pieces of film and results, the
    oldest first. Nothing of an open run goes, and what was done stays known.

    [bold]Example:[/] dearly clean --older-than 60 --dry-run
    """
    wish = Wish(days=older_than, free=None if free is None else int(free * GB))
    settings = Settings()
    if wish.free is not None and settings.store_url:
        raise UsageError(
            "usage.argument",
            "--free makes room on a disk, and the files of this installation are in a bucket.",
            hint="Use --older-than: it removes old results from the bucket. Caches and logs go without an option.",
        )
    services = build(settings, only_look=dry_run)
    with closing(services.database):
        if wish.results and not dry_run and not yes:
            planned = Cleaner(services, wish, dry=True).run()
            if planned.requests:
                _ask(planned)
        found = _clean(services, wish, dry_run, bars=not json_)
    if not dry_run:
        sweep_work(services.settings.work)
    if json_:
        console.print_json({"dry_run": dry_run, **_json(found)})
    else:
        _tell(found, dry_run, wish)


def _clean(services: Services, wish: Wish, dry_run: bool, bars: bool) -> Cleaned:
    with console.progress_bars(bars) as shown:
        tasks: dict[str, TaskID] = {}

        def step(what: str, done: int, whole: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=whole)
            shown.update(tasks[what], completed=done, total=whole)

        return Cleaner(services, wish, dry=dry_run, step=step).run()


def _ask(planned: Cleaned) -> None:
    """Raises UsageError where nobody can be asked, and ends the command where the answer is no."""
    if not sys.stdin.isatty():
        raise UsageError(
            "usage.argument", "Results are only removed when that is confirmed.", hint="Add --yes, or --dry-run first."
        )
    files = planned.artefacts
    console.err.print(
        f"The results of [bold]{planned.requests:,}[/] requests go: {files.count:,} files, {size(files.bytes)}."
        f" They ended from {_day(planned.oldest_ms)} to {_day(planned.newest_ms)}."
    )
    typer.confirm("Go on?", abort=True, err=True)


def _tell(found: Cleaned, dry_run: bool, wish: Wish) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading, justify in (("Would go" if dry_run else "Removed", "left"), ("Files", "right"), ("Size", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    results = f"results of {found.requests:,} requests" if found.requests else "results"
    for name, gone in (
        ("cache", found.cache),
        ("logs", found.logs),
        ("pieces of film", found.chunks),
        (results, found.artefacts),
    ):
        table.add_row(name, f"{gone.count:,}", size(gone.bytes), style="" if gone.count else "dim")
    console.out.print(table)
    if found.requests:
        console.out.print(f"They ended from {_day(found.oldest_ms)} to {_day(found.newest_ms)}.", style="dim")
    console.out.print(f"{size(found.free)} {'would be' if dry_run else 'are'} free.")
    if wish.free is not None and found.free < wish.free:
        console.warn("That is less than you asked for: nothing more may go.")


def _json(found: Cleaned) -> dict[str, object]:
    def gone(one: Gone) -> dict[str, int]:
        return {"files": one.count, "bytes": one.bytes}

    return {
        "cache": gone(found.cache),
        "logs": gone(found.logs),
        "chunks": gone(found.chunks),
        "results": {"requests": found.requests, **gone(found.artefacts)},
        "bytes": found.bytes,
        "free": found.free,
    }


def _day(at_ms: int | None) -> str:
    return "" if at_ms is None else day(at_ms)
