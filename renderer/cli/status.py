"""``dearly status``: how the installation does, and what needs a person."""

from __future__ import annotations

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from renderer.batch.measures import size
from renderer.cli import console
from renderer.cli.options import JsonOption
from renderer.ledger.gauges import OpenRun
from renderer.ledger.model import ENDLESS
from renderer.operations.status import Disk, LedgerView, Status, as_json, every_queue, look
from renderer.settings import Settings
from renderer.times import ago
from workers.start import is_running

SHOWN = 8
"""Runs and kinds of failures that are shown to people."""


@console.reports_errors
def status(json_: JsonOption = False) -> None:
    """How the service, its workers, queues and runs do. What needs a person stands first, and makes the exit code 1.

    [bold]Example:[/] dearly status
    """
    settings = Settings()
    found = look(settings, is_running(settings))
    if json_:
        console.print_json(as_json(found))
    else:
        console.out.print(_screen(found))
    if found.needs:
        raise typer.Exit(1)


def _screen(found: Status) -> RenderableType:
    parts: list[RenderableType] = [_head(found)]
    if found.needs:
        parts.append(_needs(found))
    if found.ledger is not None:
        parts += _ledger(found, found.ledger)
    elif found.fault is None:
        parts.append(Text("\nNothing has run on this DEARLY_HOME yet.", style="dim"))
    if found.disk is not None:
        parts += ["", _disk(found.disk, found.ledger)]
    return Group(*parts)


def _head(found: Status) -> Text:
    head = Text.assemble(("Dearly ", "bold"), found.version)
    head.append("  ·  ")
    head.append("service runs" if found.service else "no service", style="green" if found.service else "yellow")
    head.append("  ·  ")
    head.append("broker answers" if found.broker else "no broker", style="green" if found.broker else "yellow")
    if found.store.kind == "bucket":
        head.append("  ·  ")
        away = found.store.fault is not None
        head.append("no bucket" if away else "bucket answers", style="yellow" if away else "green")
    if found.ledger is not None:
        kind = "PostgreSQL" if found.ledger.kind == "postgresql" else "SQLite"
        head.append(f"  ·  ledger {found.ledger.revision}, {kind}")
    return head


def _needs(found: Status) -> RenderableType:
    lines: list[RenderableType] = [""]
    for need in found.needs:
        told = Table.grid(padding=(0, 1, 0, 0))
        told.add_row(Text("!", style="bold red"), Text(need.text, style="bold"))
        if need.hint:
            told.add_row("", Text(need.hint, style="cyan"))
        lines.append(told)
    return Group(*lines)


def _ledger(found: Status, ledger: LedgerView) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if ledger.workers:
        table = _table("Worker", "Queues", ">Processes", ">Last beat")
        for worker in ledger.workers:
            style = "" if found.alive(worker) else "red"
            beat = f"{ago(found.at_ms - worker.beat_ms)} ago"
            table.add_row(escape(worker.name), ", ".join(worker.queues), str(worker.children), beat, style=style)
        parts += ["", table]
    queues = every_queue(ledger)
    if queues:
        paused = {pause.queue: pause for pause in ledger.pauses}
        table = _table("Queue", ">Waiting", ">Sent", ">At work", ">Oldest", "")
        for name, queue in queues.items():
            oldest = "" if queue.oldest_ms is None else ago(found.at_ms - queue.oldest_ms)
            why = ""
            if name in paused:
                pause = paused[name]
                why = f"[yellow]paused for {ago(found.at_ms - pause.since_ms)}[/] {escape(pause.fault.code)}"
            table.add_row(name, f"{queue.ready:,}", f"{queue.sent:,}", f"{queue.at_work:,}", oldest, why)
        parts += ["", table]
    runs = [run for run in ledger.runs if run.open or run.kind not in ENDLESS]
    if runs:
        table = _table("Run", "Kind", "Template", ">Ended", ">Failed", ">Open for")
        for run in runs[:SHOWN]:
            age = ago(found.at_ms - run.created_ms)
            failed = Text(f"{run.failed:,}", style="red" if run.failed else "dim")
            table.add_row(run.id[:16], run.kind, escape(run.template or ""), _progress(run), failed, age)
        parts += ["", table]
        if len(runs) > SHOWN:
            parts.append(Text(f"and {len(runs) - SHOWN} runs more", style="dim"))
    if ledger.failures:
        table = _table("Failed in the last hour", ">Requests")
        for code, count in list(ledger.failures.items())[:SHOWN]:
            table.add_row(escape(code), f"{count:,}")
        parts += ["", table]
    if not (queues or runs):
        parts += ["", Text("Nothing waits.", style="dim")]
    return parts


def _progress(run: OpenRun) -> str:
    """How much of a run has ended; of one that takes requests for ever, how much has not."""
    if run.kind in ENDLESS:
        return f"{run.open:,} open"
    ended = max(0, run.records - run.open)
    if run.expected is None:
        return f"{ended:,} of {run.records:,} read"
    percent = 100 * ended // run.expected if run.expected else 100
    return f"{ended:,} of {run.expected:,}  {percent} %"


def _disk(disk: Disk, ledger: LedgerView | None) -> RenderableType:
    table = _table("Disk", ">Size")
    table.add_row("free", f"{size(disk.free)} of {size(disk.total)}")
    for name, found in disk.folders.items():
        table.add_row(f"{name}/", size(found.bytes) if found.whole else f"more than {size(found.bytes)}")
    if ledger is not None:
        for kind, kept in ledger.chunks.items():
            if kept.count:
                table.add_row(f"pieces of film, {kind}", size(kept.bytes))
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading.removeprefix(">"), justify="right" if heading.startswith(">") else "left")
    return table
