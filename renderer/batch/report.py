"""The report of a run: what came in and what became of it, in records and in money, with every reason. For people in
operations, who sign it, and for the programs that come after.

It is made from the ledger alone, and can be made at any time; of a run that goes on it says so.
"""

from __future__ import annotations

import csv
import heapq
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any, TextIO

from renderer.batch.model import FORGOTTEN, IN, OUTCOMES, Balance, BatchOptions, exact_sum
from renderer.batch.standing import reason_json, records_in, times, whys
from renderer.bootstrap import Services
from renderer.ledger.census import Census, ChannelCensus
from renderer.ledger.summary import Reason, Run, Tally
from renderer.template.model import CHANNELS
from renderer.times import iso
from renderer.units import decimal_text

OPEN = "open"
"""What has not ended yet."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control total in one currency: the amounts by column (``in`` and each outcome). ``open`` and ``difference``
    are what is left: the one while the run goes on, the other when it has ended."""

    name: str
    currency: str
    columns: Mapping[str, Decimal]
    settled: bool

    def of(self, column: str) -> Decimal:
        return self.columns.get(column, Decimal(0))

    @property
    def accounted(self) -> Decimal:
        """All of it that has ended, or was erased."""
        total = Decimal(0)
        for column in (*OUTCOMES, FORGOTTEN):
            total = exact_sum(total, self.of(column))
        return total

    @property
    def left(self) -> Decimal:
        """What came in and is not accounted for."""
        return exact_sum(self.of(IN), self.accounted.copy_negate())


def controls_of(balance: Balance, settled: bool) -> list[Control]:
    """The control totals of a run's sums, by id and currency. ``settled``: they are final, and the run has ended."""
    return [
        Control(name=name, currency=currency, columns=columns, settled=settled)
        for name, currencies in sorted(balance.totals.items())
        for currency, columns in sorted(currencies.items())
    ]


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that is said about a run. ``balance`` is the batch's own account: when it is ``settled``, money is
    known for every outcome, before that only what came in and what was set aside. ``why`` are sentences that say what
    does not add up. ``engines`` are versions by digest."""

    run: Run
    options: BatchOptions
    tally: Tally
    balance: Balance
    settled: bool
    why: tuple[str, ...]
    failures: tuple[Reason, ...]
    suppressions: tuple[Reason, ...]
    set_aside: tuple[Reason, ...]
    census: Census
    engines: Mapping[str, Mapping[str, Any]]

    @property
    def input(self) -> int:
        """Records that came in."""
        return records_in(self.run, self.tally)

    @property
    def counts(self) -> dict[str, int]:
        """Records by what became of them, the input first."""
        tally = self.tally
        return {
            "input": self.input,
            "done": tally.done,
            "failed": tally.failed,
            "suppressed": tally.suppressed,
            "set_aside": tally.set_aside,
            "cancelled": tally.cancelled,
        }

    @property
    def controls(self) -> list[Control]:
        """The control totals by id and currency."""
        return controls_of(self.balance, self.settled)

    @property
    def balanced(self) -> bool | None:
        """Whether every record and every amount is accounted for; None while the run goes on."""
        return None if self.run.finished_ms is None else self.run.state != "unbalanced" and not self.why


def gather(services: Services, run_id: str, progress: Callable[[int], None] = lambda _: None) -> Report:
    """The report of a run. ``progress`` is called with the requests looked at so far. Raises UsageError."""
    summary = services.summary
    census = summary.census(run_id, progress)
    run = summary.run(run_id)
    tally = summary.tally(run_id)
    balance = Balance() if run.totals is None else Balance.from_json(run.totals)
    settled = balance.settled and run.finished_ms is not None
    digests = {digest for channel in census.channels.values() for digest in channel.engines if digest is not None}
    return Report(
        run=run,
        options=BatchOptions.from_json(run.options),
        tally=tally,
        balance=balance,
        settled=settled,
        why=(*whys(run), *changed_since(balance, tally, settled)),
        failures=tuple(summary.failures(run_id)),
        suppressions=tuple(summary.suppressions(run_id)),
        set_aside=tuple(summary.set_aside(run_id)),
        census=census,
        engines=services.reader.engines(digests),
    )


def changed_since(balance: Balance, tally: Tally, settled: bool) -> Iterator[str]:
    """What the ledger says otherwise than the sums that were made of it. Nothing may change a run that has settled."""
    if not settled:
        return
    for outcome in OUTCOMES:
        was, is_ = balance.outcomes.get(outcome, 0), getattr(tally, outcome)
        if was != is_:
            word = outcome.replace("_", " ")
            yield f"{was} records were {word} when the run was summed up; the ledger now has {is_}."
    if tally.open:
        yield f"{tally.open} requests are open in the ledger, though the run has ended."


def as_json(report: Report) -> dict[str, Any]:
    """The report for machines. Amounts are texts, exact."""
    run = report.run
    return {
        "run": run.id,
        "template": run.template,
        "release": run.release,
        "state": run.state,
        "balanced": report.balanced,
        "why": list(report.why),
        "counts": report.counts,
        "open": report.tally.open,
        "control_totals": [_control_json(control) for control in report.controls],
        "unread": {
            name: {"input" if column == IN else column: count for column, count in columns.items()}
            for name, columns in sorted(report.balance.unread.items())
        },
        "planned_otherwise": report.balance.differing,
        "amounts_erased": report.balance.forgotten,
        "failed": [reason_json(reason) for reason in report.failures],
        "suppressed": [reason_json(reason) for reason in report.suppressions],
        "set_aside": [reason_json(reason) for reason in report.set_aside],
        "channels": {name: _channel_json(report.census.channels[name]) for name in channels_of(report)},
        "plans": _channel_json(report.census.channels.get("plan", ChannelCensus())),
        "engines": {digest: dict(versions) for digest, versions in sorted(report.engines.items())},
        "releases": dict(sorted(report.census.releases.items())),
        "gone": {
            "files_forgotten": report.census.forgotten,
            "files_cleaned": report.census.cleaned,
            "profiles_dropped": report.census.dropped,
        },
        "options": {name: value for name, value in run.options.items() if name != "columns"},
        "times": {
            **times(run),
            "first_part_started": iso(report.census.first_started_ms),
            "last_part_finished": iso(report.census.last_finished_ms),
        },
    }


def channels_of(report: Report) -> list[str]:
    """The channels that the run makes, in their usual order."""
    return [name for name in CHANNELS if name in report.census.channels]


def _control_json(control: Control) -> dict[str, str | None]:
    known = OUTCOMES if control.settled else ("set_aside",)
    return {
        "id": control.name,
        "currency": control.currency,
        "input": decimal_text(control.of(IN)),
        **{outcome: decimal_text(control.of(outcome)) if outcome in known else None for outcome in OUTCOMES},
        FORGOTTEN: decimal_text(control.of(FORGOTTEN)) if control.settled else None,
        "difference": decimal_text(control.left) if control.settled else None,
    }


def _channel_json(channel: ChannelCensus) -> dict[str, Any]:
    return {
        "states": dict(sorted(channel.states.items())),
        "failed": dict(channel.failures.most_common()),
        "warnings": dict(channel.warnings.most_common()),
        "attempts": channel.attempts,
        "process_deaths": channel.crashes,
        "worker_deaths": channel.losses,
        "environment_faults": channel.faults,
        "figures": {name: decimal_text(value) for name, value in sorted(channel.figures.items())},
        "files": channel.files,
        "bytes": channel.bytes,
        "engines": {digest or "unknown": count for digest, count in channel.engines.most_common()},
    }


# ---- One row a record

COLUMNS = ("record", "request", "state", "reason", "field", "line", *CHANNELS, "finished")
"""The columns of the CSV form: ids, states and codes; nothing of a profile."""


def csv_pieces(services: Services, run_id: str, rows: int = 500) -> Iterator[str]:
    """What :func:`write_csv` writes, so many rows at a time, for one who sends it on as it is made."""
    return (text for _, text in _pieces(services, run_id, rows))


def write_csv(services: Services, run_id: str, file: TextIO, progress: Callable[[int], None] = lambda _: None) -> int:
    """One row for every request and every record set aside, in the order of the input; how many. Memory stays flat."""
    count = 0
    for count, text in _pieces(services, run_id, 500):
        file.write(text)
        progress(count)
    return count


def _pieces(services: Services, run_id: str, rows: int) -> Iterator[tuple[int, str]]:
    """So many rows at a time, each with how many there were until then."""
    held = io.StringIO()
    writer = csv.DictWriter(held, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    count = 0
    numbered = heapq.merge(_request_rows(services, run_id), _aside_rows(services, run_id), key=itemgetter(0))
    for count, (_, row) in enumerate(numbered, start=1):
        writer.writerow(row)
        if count % rows == 0:
            yield count, held.getvalue()
            held.seek(0)
            held.truncate()
    yield count, held.getvalue()


def _request_rows(services: Services, run_id: str) -> Iterator[tuple[int, dict[str, object]]]:
    for page in services.walk.requests(run_id):
        for request in page:
            yield (
                request.record,
                {
                    "record": request.record,
                    "request": request.id,
                    "state": request.state,
                    "reason": request.reason or request.error_code or "",
                    "finished": iso(request.finished_ms) or "",
                    **{part.channel: part.state for part in request.channels},
                },
            )


def _aside_rows(services: Services, run_id: str) -> Iterator[tuple[int, dict[str, object]]]:
    for page in services.walk.set_aside(run_id):
        for record in page:
            yield (
                record.record,
                {
                    "record": record.record,
                    "state": "set_aside",
                    "reason": record.code,
                    "field": record.field or "",
                    "line": "" if record.line is None else record.line,
                },
            )
