"""What the commands about a run show alike: numbers, spans of time, and reasons with their examples."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from renderer.errors import CODES
from renderer.ledger.summary import Reason

SHOWN = 12
"""So many reasons are shown; --json lists all."""

COLOURS = {
    "done": "green",
    "failed": "red",
    "suppressed": "yellow",
    "set aside": "magenta",
    "cancelled": "dim",
    "at work": "cyan",
    "waiting": "dim",
}


def plain_table() -> Table:
    """A table without lines, as all commands show them."""
    return Table(box=None, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 2, 0, 0))


def titled(title: str, table: RenderableType) -> Group:
    """Something under its title, with a line of space before."""
    return Group("", Text(title, style="bold"), table)


def reasons(title: str, found: Sequence[Reason], *, of_field: bool = False) -> Group:
    """Reasons by frequency, each with what it means and the first records that have it."""
    table = plain_table()
    table.add_column("Code", no_wrap=True)
    if of_field:
        table.add_column("Field", overflow="fold")
    table.add_column("Records", justify="right", no_wrap=True)
    table.add_column("First records", overflow="fold")
    table.add_column("What it means", overflow="fold")
    for reason in found[:SHOWN]:
        first = ", ".join(f"{record}" for record, _ in reason.examples)
        first += ", …" if reason.count > len(reason.examples) else ""
        cells = [escape(reason.code), f"{reason.count:,}", first, escape(reason.message or CODES.get(reason.code, ""))]
        if of_field:
            cells.insert(1, escape(reason.field or ""))
        table.add_row(*cells)
    if len(found) > SHOWN:
        rest = sum(reason.count for reason in found[SHOWN:])
        cells = ["others", f"{rest:,}", "", f"{len(found) - SHOWN} more reasons"]
        if of_field:
            cells.insert(1, "")
        table.add_row(*cells)
    return titled(title, table)
