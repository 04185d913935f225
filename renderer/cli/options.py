"""Arguments and options that several commands take, and how they are read."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from renderer.errors import UsageError

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
SeedOption = Annotated[int, typer.Option("--seed", metavar="N", help="Seed for what a template leaves to chance.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]


def parse_date(text: str | None) -> date | None:
    """A date option. Raises UsageError."""
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise UsageError("usage.argument", "--as-of takes a date written as YYYY-MM-DD.") from None
