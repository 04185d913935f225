"""A run's report on paper: the sums one below the other, as those who sign them add them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from babel.numbers import get_currency_precision
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from renderer.batch.model import FORGOTTEN, IN, OUTCOMES
from renderer.batch.report import Control, Report, channels_of
from renderer.batch.standing import STATES, clock
from renderer.cli.batch_tables import plain_table, reasons, size, span, titled
from renderer.ledger.census import ChannelCensus

WORDS = {
    "done": "Done",
    "failed": "Failed",
    "suppressed": "Suppressed",
    "set_aside": "Set aside",
    "cancelled": "Cancelled",
    FORGOTTEN: "Forgotten",
}
_COLUMNS = (*OUTCOMES, FORGOTTEN)
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
    counts = report.counts
    left = counts["input"] - sum(counts[outcome] for outcome in OUTCOMES)
    records = [
        "Records",
        f"{counts['input']:,}",
        *(f"{counts[outcome]:,}" for outcome in OUTCOMES),
        "–",  # who was forgotten is counted by what became of the record
        f"{counts['input'] - left:,}",
        f"{left:,}",
    ]
    columns = [records, *(_amounts(control, _known(report.settled)) for control in report.controls)]
    columns += [_unread(name, counts, report.settled) for name, counts in sorted(report.balance.unread.items())]
    tables = []
    while columns:
        taken, room = 1, width - LABEL - _wide(columns[0])
        while taken < len(columns) and room >= _wide(columns[taken]):
            room -= _wide(columns[taken])
            taken += 1
        tables.append(_one(report, columns[:taken]))
        columns = columns[taken:]
    return tables


def _known(settled: bool) -> Sequence[str]:
    """The outcomes whose amounts are known."""
    return _COLUMNS if settled else ("set_aside",)


def _wide(column: Sequence[str]) -> int:
    return max(len(cell) for cell in column) + 2


def _amounts(control: Control, known: Sequence[str]) -> list[str]:
    currency = control.currency
    return [
        f"{control.name} {currency}",
        amount(control.of(IN), currency),
        *(amount(control.of(column), currency) if column in known else "–" for column in _COLUMNS),
        amount(control.accounted, currency) if control.settled else "–",
        amount(control.left, currency) if control.settled else "–",
    ]


def _unread(name: str, counts: Mapping[str, int], settled: bool) -> list[str]:
    """Records whose amount cannot be read. It has no currency, so they are told once for each control total."""
    ended = [counts.get(column, 0) for column in _COLUMNS]
    came, went = counts.get(IN, 0), sum(ended)
    known = _known(settled)
    return [
        f"{name} unread",
        f"{came:,}",
        *(f"{count:,}" if column in known else "–" for column, count in zip(_COLUMNS, ended, strict=True)),
        f"{went:,}" if settled else "–",
        f"{came - went:,}" if settled else "–",
    ]


def _one(report: Report, columns: Sequence[Sequence[str]]) -> Table:
    table = plain_table()
    table.add_column("", min_width=LABEL - 2, no_wrap=True)
    for column in columns:
        table.add_column(escape(column[0]), justify="right", no_wrap=True)
    last = "Open" if report.balanced is None else "Difference"
    names = ("Input", *(WORDS[column] for column in _COLUMNS), "Accounted for", last)
    lines = ["─" * (_wide(column) - 2) for column in columns]
    for place, name in enumerate(names, start=1):
        cells = [column[place] for column in columns]
        if name == WORDS[FORGOTTEN] and not (report.settled and report.balance.forgotten):
            continue
        if name in (WORDS[OUTCOMES[0]], "Accounted for"):
            table.add_row("─" * (LABEL - 2), *lines, style="dim")
        strong = name in ("Input", "Accounted for", last)
        missing = name == "Difference" and any(cell.strip("0.,– ") for cell in cells)
        table.add_row(name, *cells, style="bold red" if missing else "bold" if strong else None)
    return table


def amount(value: Decimal, currency: str) -> str:
    """An exact amount for reading: never rounded, at least the currency's own decimals."""
    text = format(value if value else abs(value), ",f")
    whole, _, decimals = text.partition(".")
    digits = get_currency_precision(currency)
    decimals = decimals.rstrip("0").ljust(digits, "0") if len(decimals) > digits else decimals.ljust(digits, "0")
    return f"{whole}.{decimals}" if decimals else whole


def _verdict(report: Report, console: Console) -> None:
    tally = report.tally
    if report.balanced is None:
        console.print(
            f"[yellow bold]Not at its end.[/] {tally.open:,} of {report.input:,} records are open."
            if tally.open
            else "[yellow bold]Not at its end.[/] The sums are being made."
        )
    elif report.balanced:
        compared = report.controls and report.balance.compared
        of = "Every record and every amount is accounted for" if compared else "Every record is accounted for"
        console.print(f"[green bold]Balanced.[/] {of}.")
    else:
        console.print("[red bold]Not balanced.[/]")
        for why in report.why:
            console.print(f"  [red]{escape(why)}[/]")
    unread = {name: columns.get(IN, 0) for name, columns in report.balance.unread.items()}
    for name, count in sorted(unread.items()):
        if count:
            console.print(
                f"{escape(name)}: of {count:,} {'record' if count == 1 else 'records'} the amount cannot be read; "
                "they are in no sum, and counted apart.",
            )
    count = report.balance.forgotten
    if count:
        were = "record was" if count == 1 else "records were"
        console.print(
            f"The amounts of {count:,} {were} erased before these sums were made; "
            + ("they stand in one sum, as forgotten." if report.balance.compared else "so amounts were not compared."),
        )


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
