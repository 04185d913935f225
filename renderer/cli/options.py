"""Arguments and options that several commands take, and how they are read."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from renderer.errors import UsageError
from renderer.units import MAX_SAFE_INTEGER

TemplateArgument = Annotated[
    str, typer.Argument(metavar="TEMPLATE", help="A template's folder, or its id.", show_default=False)
]
ProfileOption = Annotated[
    Path,
    typer.Option(
        "--profile", metavar="FILE", help="A file with exactly one record (.json, .jsonl or .csv).", show_default=False
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="DATE", help="Day the communication speaks from, YYYY-MM-DD; wins over the record's."
    ),
]
LocaleOption = Annotated[
    str | None, typer.Option("--locale", metavar="L", help="Locale to speak; wins over the record's.")
]
SeedOption = Annotated[
    int,
    typer.Option("--seed", metavar="N", min=0, max=MAX_SAFE_INTEGER, help="Seed for what a template leaves to chance."),
]
RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or 'latest'.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]


def parse_date(text: str | None) -> date | None:
    """A date option. Raises UsageError."""
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:  # Python reads 20261109 and 2026-W46 too
        raise UsageError("usage.argument", "--as-of takes a date written as YYYY-MM-DD.")
    return found


def check_folder(path: Path) -> None:
    """A folder that is made when missing. Raises UsageError where something else is in its place."""
    if any(part.exists() and not part.is_dir() for part in (path, *path.parents)):
        raise UsageError("usage.argument", "--out names a file, or a folder inside a file.")
