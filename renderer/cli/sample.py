"""``dearly sample``: believable profiles for load and layout tests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from renderer import pipeline
from renderer.cli import console
from renderer.cli.options import TemplateArgument, check_folder
from renderer.errors import UsageError
from renderer.preflight.sample import as_line, samples


@console.reports_errors
def sample(
    template: TemplateArgument,
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, help="How many profiles.")] = 10,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", help="The same seed gives the same profiles, everywhere.")
    ] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.jsonl", help="File to write; without it stdout.")
    ] = None,
) -> None:
    """Make varied, deterministic, fictional profiles that pass a template's contract.

    [bold]Example:[/] dearly sample energy-bill --count 100 --seed 7 --out people.jsonl
    """
    if out is not None and out.suffix.lower() not in (".jsonl", ".ndjson"):
        raise UsageError("usage.argument", "--out takes a .jsonl file.")
    if out is not None:
        check_folder(out.parent)
    planner = pipeline.open_template(template)
    lines = (as_line(record) for record in samples(planner.template.contract, planner.template, count, seed))
    if out is None:
        for line in lines:
            typer.echo(line)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", encoding="utf-8") as file, console.progress_bars() as bars:
        for line in bars.track(lines, total=count, description="samples"):
            file.write(line + "\n")
    console.err.print(f"{count} profiles in {out}")
