"""A run's report on paper: the sums one below the other, as those who sign them add them up."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from renderer.batch.account import WORDS, Account, account
from renderer.batch.measures import size, span
from renderer.batch.report import Report, channels_of
from renderer.batch.standing import STATES, clock
from renderer.cli.batch_tables import plain_table, reasons, titled
from renderer.ledger.census import ChannelCensus

LABEL = 16
"""Columns of what stands before the sums."""


def show(report: Report, console: Console) -> None:
    """Print a report."""
    console.print(_head(report))
    console.print()
    for sums in _sums(report, console.width):
        console.print(sums)
        console.print()
    _verdict(report, console)
    for title, found, of_field in (
        ("Failed", report.failures, False),
        ("Set aside", report.set_aside, True),
        ("Suppressed", report.suppressions, False),
    ):
        if found:
            console.print(reasons(title, found, of_field=of_field))
    names = channels_of(report)
    if names:
        console.print(titled("Channels", _channels(report, names)))
        console.print(_work(report, names))
    if report.engines:
        console.print(titled("Made by", _engines(report)))


def _head(report: Report) -> Table:
    run = report.run
    table = plain_table()
    table.show_header = False
    table.add_column(style="bold", no_wrap=True, min_width=LABEL - 2)
    table.add_column(overflow="fold")
    state = STATES[run.state] if run.finished_ms is not None or run.state != "cancelled" else "being cancelled"
    rows = [
        ("Run", run.id),
        ("Template", escape(run.template or "several")),
        ("Release", run.release or "several"),
        ("State", state),
        ("Started", clock(run.created_ms)),
    ]
    if run.sealed_ms is not None:
        rows.append(("Input read", clock(run.sealed_ms)))
    if run.approved_ms is not None:
        rows.append(("Approved", clock(run.approved_ms)))
    if run.finished_ms is not None:
        rows.append(("Ended", f"{clock(run.finished_ms)}, after {span((run.finished_ms - run.created_ms) / 1000)}"))
    told = _options(report)
    if told:
        rows.append(("Started with", told))
    for row in rows:
        table.add_row(*row)
    return table


def _options(report: Report) -> str:
    options = report.options
    told = [
        "" if options.channels is None else ", ".join(options.channels),
        "" if options.priority == "normal" else f"priority {options.priority}",
        "" if options.as_of is None else f"as of {options.as_of}",
        "" if options.locale is None else f"locale {options.locale}",
        "" if not options.seed else f"seed {options.seed}",
        "" if options.sample is None else f"a sample of {options.sample:,} of {options.population or 0:,} records",
        "" if options.continues is None else f"continues {options.continues}",
    ]
    return escape("; ".join(one for one in told if one))


# ---- The sums


def _sums(report: Report, width: int) -> list[Table]:
    """Records and control totals by outcome, as many columns beside each other as there is room for."""
    whole = account(report.run, report.tally, report.balance)
    tables, start = [], 0
    while start < len(whole.columns):
        end, room = start + 1, width - LABEL - _wide(whole, start)
        while end < len(whole.columns) and room >= _wide(whole, end):
            room -= _wide(whole, end)
            end += 1
        tables.append(_one(whole.part(start, end)))
        start = end
    return tables


def _wide(whole: Account, column: int) -> int:
    return max(len(cell) for cell in (whole.columns[column], *(line.cells[column] for line in whole.lines))) + 2


def _one(part: Account) -> Table:
    table = plain_table()
    table.add_column("", min_width=LABEL - 2, no_wrap=True)
    for column in part.columns:
        table.add_column(escape(column), justify="right", no_wrap=True)
    rules = ["─" * (_wide(part, place) - 2) for place in range(len(part.columns))]
    before = "input"
    for line in part.lines:
        if line.kind != before and line.kind in ("outcome", "sum"):
            table.add_row("─" * (LABEL - 2), *rules, style="dim")
        before = line.kind
        strong = line.kind != "outcome"
        table.add_row(line.name, *line.cells, style="bold red" if line.missing else "bold" if strong else None)
    return table


def _verdict(report: Report, console: Console) -> None:
    whole = account(report.run, report.tally, report.balance)
    head = {
        None: "[yellow bold]Not at its end.[/]",
        True: "[green bold]Balanced.[/]",
        False: "[red bold]Not balanced.[/]",
    }[whole.balanced]
    console.print(head if whole.balanced is False else f"{head} {escape(whole.verdict)}")
    for why in whole.why if whole.balanced is False else ():
        console.print(f"  [red]{escape(why)}[/]")
    for note in whole.notes:
        console.print(escape(note))


# ---- The work


def _channels(report: Report, names: Sequence[str]) -> Table:
    table = plain_table()
    table.add_column("")
    states = ("done", "failed", "suppressed", "cancelled")
    for name in (*(WORDS[state] for state in states), "Open", "Files", "Size", "CPU"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in names:
        channel = report.census.channels[name]
        known = [channel.states.get(state, 0) for state in states]
        spent = channel.figures.get("cpu_s")
        table.add_row(
            name,
            *(f"{count:,}" for count in known),
            f"{channel.states.total() - sum(known):,}",
            f"{channel.files:,}",
            size(channel.bytes),
            "" if spent is None else span(float(spent)),
        )
    return table


def _work(report: Report, names: Sequence[str]) -> str:
    """What it took: tries, deaths, faults of the environment; what is not there any more."""
    every = list(report.census.channels.values())
    lines = [f"\n{sum(one.attempts for one in every):,} attempts at {sum(one.states.total() for one in every):,} parts"]
    for count, what in (
        (sum(one.crashes for one in every), "ended with the death of their process"),
        (sum(one.losses for one in every), "ended with the death of their worker"),
    ):
        if count:
            lines.append(f"{count:,} {what}")
    faults = sum(one.faults for one in every)
    if faults:
        lines.append(f"{faults:,} more were given back because of the environment, and count for nobody")
    told = [", ".join(lines) + "."]
    warnings = sum((one.warnings for one in every), ChannelCensus().warnings)
    if warnings:
        codes = ", ".join(f"{code} {count:,}" for code, count in warnings.most_common())
        told.append(f"Warnings: {escape(codes)}.")
    census = report.census
    for count, what in (
        (census.forgotten, "have no files any more because their recipient was forgotten"),
        (census.cleaned, "have no files any more because room was made"),
        (census.dropped, "have no profile and plan any more"),
    ):
        if count:
            told.append(f"{count:,} requests {what}.")
    return "\n".join(told)


def _engines(report: Report) -> Table:
    table = plain_table()
    table.add_column("Channel", no_wrap=True)
    table.add_column("Engine", no_wrap=True)
    table.add_column("Files", justify="right", no_wrap=True)
    table.add_column("Versions", overflow="fold")
    for name in channels_of(report):
        for digest, count in report.census.channels[name].engines.most_common():
            versions = "" if digest is None else _versions(report.engines.get(digest, {}))
            table.add_row(name, (digest or "unknown")[:12], f"{count:,}", escape(versions))
    return table


def _versions(known: object) -> str:
    """The versions that are names and numbers; what is deeper is for --json."""
    if not isinstance(known, dict):
        return ""
    told = [f"Dearly {known['dearly']}"] if "dearly" in known else []
    for name, version in known.items():
        if name == "packages" and isinstance(version, dict):
            told += [f"{package} {number}" for package, number in version.items()]
    return ", ".join(told)
