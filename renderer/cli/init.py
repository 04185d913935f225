"""``dearly init``: a small template that works, to make one's own of."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from renderer.cli import console
from renderer.cli.options import check_folder
from renderer.preflight.start import start, template_id


@console.reports_errors
def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new template's name; it becomes id and title.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder that the template's folder is made in.")
    ] = Path("."),
) -> None:
    """Make a small template that works, with comments that say what to change first.

    [bold]Example:[/] dearly init my-year
    """
    check_folder(out)
    folder = out / template_id(name)
    files = start(name, folder)
    show = console.out.print
    show(f"[bold green]{escape(str(folder))}[/] is yours: {len(files)} files, two samples, three channels.")
    show("Each file says what to change first. Then:\n")
    shown = shlex.quote(str(folder))
    sample = shlex.quote(str(folder / "samples/ada.json"))
    for command in (
        f"dearly check {shown}",
        f"dearly plan {shown} --profile {sample} --explain",
        f"dearly render {shown} --profile {sample} --out out",
        f"dearly preview {shown}",
    ):
        show(f"  [cyan]{escape(command)}[/]", soft_wrap=True)
