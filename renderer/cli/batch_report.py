"""``dearly batch report``: what came in, what became of it and why, to be signed or read by a program."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console

from renderer.batch.report import as_json, gather, write_csv
from renderer.bootstrap import build
from renderer.cli import console
from renderer.cli.batch_paper import show
from renderer.cli.options import JsonOption, RunArgument
from renderer.errors import EnvironmentFault, Place, UsageError
from renderer.settings import Settings

WIDTH = 100
"""Columns of a text report that is written into a file."""


class Form(StrEnum):
    """How a report is written."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"


@console.reports_errors
def report(
    run: RunArgument,
    format_: Annotated[
        Form,
        typer.Option("--format", metavar="FORM", help="text, json, or csv: one row for each record of the input."),
    ] = Form.TEXT,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it into a file.", show_default=False)
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Account for a run: every record and every amount that came in, what became of it, and why.

    Ends with 1 when the run has ended and something is not accounted for.

    [bold]Example:[/] dearly batch report latest --format csv --out november.csv
    """
    form = Form.JSON if json_ else format_
    if json_ and format_ is Form.CSV:
        raise UsageError("usage.argument", "--json and --format csv are two forms; choose one.")
    services = build(Settings(), only_look=True)
    run_id = services.summary.run_id(run)
    with console.progress_bars(not json_) as bars, _written(out) as file:
        tally = services.summary.tally(run_id)
        task = bars.add_task("report", total=tally.all if form is Form.CSV else tally.all - tally.set_aside)
        progress: Callable[[int], None] = lambda done: bars.update(task, completed=done)  # noqa: E731
        if form is Form.CSV:
            write_csv(services, run_id, file, progress)
            balanced = services.summary.run(run_id).state != "unbalanced"
        else:
            made = gather(services, run_id, progress)
            balanced = made.balanced is not False
            bars.remove_task(task)
            paper = console.out if out is None else Console(file=file, width=WIDTH, highlight=False)
            if form is Form.TEXT:
                show(made, paper)
            elif out is None:
                console.print_json(as_json(made))
            else:
                paper.print_json(data=as_json(made), ensure_ascii=False)
    if not balanced:
        raise typer.Exit(1)


@contextmanager
def _written(out: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that is there when it is whole. Raises EnvironmentFault when it cannot be written."""
    if out is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        if out.exists() and not out.is_file():  # a pipe, or /dev/null: written to, and never replaced
            with out.open("w", encoding="utf-8", newline="") as file:
                yield file
            return
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, out)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk",
            f"The file of --out cannot be written: {error.strerror}.",
            place=Place(file=str(out)),
            hint="Free some space, check the rights, or name another file with --out.",
        ) from error
