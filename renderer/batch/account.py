"""The account of a run: everything that came in above what became of it, in records and in each control total, as
written figures. The paper of ``dearly batch report`` and the operators' page show this one account.

It is made of sums that the ledger keeps, so it costs the same for ten records and for ten million.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import get_currency_precision

from renderer.batch.model import FORGOTTEN, IN, OUTCOMES, Balance
from renderer.batch.report import Control, changed_since, controls_of
from renderer.batch.standing import records_in, whys
from renderer.ledger.summary import Run, Tally

WORDS = {
    "done": "Done",
    "failed": "Failed",
    "suppressed": "Suppressed",
    "set_aside": "Set aside",
    "cancelled": "Cancelled",
    FORGOTTEN: "Forgotten",
}
UNKNOWN = "–"
_COLUMNS = (*OUTCOMES, FORGOTTEN)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the account: a cell for each column. ``kind``: input, outcome, sum, or rest, which is what is left;
    ``missing`` says that a part of it is accounted for nowhere."""

    name: str
    kind: str
    cells: tuple[str, ...]
    missing: bool = False


@dataclass(frozen=True, kw_only=True)
class Account:
    """``columns`` are titles. ``balanced`` is None while the run goes on; ``why`` are sentences that say what does not
    add up, ``notes`` others that one who signs must know."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    balanced: bool | None
    verdict: str
    why: tuple[str, ...]
    notes: tuple[str, ...]

    def part(self, start: int, end: int) -> Account:
        """The same with some of its columns."""
        lines = tuple(
            Line(name=one.name, kind=one.kind, cells=one.cells[start:end], missing=one.missing) for one in self.lines
        )
        return Account(
            columns=self.columns[start:end],
            lines=lines,
            balanced=self.balanced,
            verdict=self.verdict,
            why=self.why,
            notes=self.notes,
        )


def account(run: Run, tally: Tally, balance: Balance | None = None) -> Account:
    """The account of a run as it stands."""
    balance = balance or (Balance() if run.totals is None else Balance.from_json(run.totals))
    settled = balance.settled and run.finished_ms is not None
    controls = controls_of(balance, settled)
    why = (*whys(run), *changed_since(balance, tally, settled))
    balanced = None if run.finished_ms is None else run.state != "unbalanced" and not why
    came = records_in(run, tally)
    columns = [_records(came, tally), *(_amounts(control) for control in controls)]
    columns += [_unread(name, counts, settled) for name, counts in sorted(balance.unread.items())]
    return Account(
        columns=tuple(column[0] for column in columns),
        lines=tuple(_lines(columns, balanced, forgotten=bool(settled and balance.forgotten))),
        balanced=balanced,
        verdict=_verdict(balanced, came, tally, compared=bool(controls and balance.compared)),
        why=why,
        notes=tuple(_notes(balance)),
    )


def _lines(columns: Sequence[Sequence[str]], balanced: bool | None, *, forgotten: bool) -> Iterator[Line]:
    last = "Open" if balanced is None else "Difference"
    names = ("Input", *(WORDS[column] for column in _COLUMNS), "Accounted for", last)
    kinds = ("input", *("outcome" for _ in _COLUMNS), "sum", "rest")
    for place, (name, kind) in enumerate(zip(names, kinds, strict=True), start=1):
        if name == WORDS[FORGOTTEN] and not forgotten:
            continue
        cells = tuple(column[place] for column in columns)
        missing = name == "Difference" and any(cell.strip(f"0.,{UNKNOWN} ") for cell in cells)
        yield Line(name=name, kind=kind, cells=cells, missing=missing)


def _records(came: int, tally: Tally) -> list[str]:
    counts = [getattr(tally, outcome) for outcome in OUTCOMES]
    left = came - sum(counts)
    # Who was forgotten is counted by what became of the record.
    return ["Records", f"{came:,}", *(f"{count:,}" for count in counts), UNKNOWN, f"{came - left:,}", f"{left:,}"]


def _known(settled: bool) -> Sequence[str]:
    """The outcomes whose amounts are known."""
    return _COLUMNS if settled else ("set_aside",)


def _amounts(control: Control) -> list[str]:
    currency, known = control.currency, _known(control.settled)
    return [
        f"{control.name} {currency}",
        amount(control.of(IN), currency),
        *(amount(control.of(column), currency) if column in known else UNKNOWN for column in _COLUMNS),
        amount(control.accounted, currency) if control.settled else UNKNOWN,
        amount(control.left, currency) if control.settled else UNKNOWN,
    ]


def _unread(name: str, counts: Mapping[str, int], settled: bool) -> list[str]:
    """Records whose amount cannot be read. It has no currency, so they are told once for each control total."""
    ended = [counts.get(column, 0) for column in _COLUMNS]
    came, went = counts.get(IN, 0), sum(ended)
    known = _known(settled)
    return [
        f"{name} unread",
        f"{came:,}",
        *(f"{count:,}" if column in known else UNKNOWN for column, count in zip(_COLUMNS, ended, strict=True)),
        f"{went:,}" if settled else UNKNOWN,
        f"{came - went:,}" if settled else UNKNOWN,
    ]


def amount(value: Decimal, currency: str) -> str:
    """An exact amount for reading: never rounded, at least the currency's own decimals."""
    text = format(value if value else abs(value), ",f")
    whole, _, decimals = text.partition(".")
    digits = get_currency_precision(currency)
    decimals = decimals.rstrip("0").ljust(digits, "0") if len(decimals) > digits else decimals.ljust(digits, "0")
    return f"{whole}.{decimals}" if decimals else whole


def _verdict(balanced: bool | None, came: int, tally: Tally, *, compared: bool) -> str:
    if balanced is None:
        return f"{tally.open:,} of {came:,} records are open." if tally.open else "The sums are being made."
    if not balanced:
        return "Something is not accounted for."
    return f"{'Every record and every amount' if compared else 'Every record'} is accounted for."


def _notes(balance: Balance) -> Iterator[str]:
    for name, columns in sorted(balance.unread.items()):
        count = columns.get(IN, 0)
        if count:
            records = "record" if count == 1 else "records"
            yield f"{name}: of {count:,} {records} the amount cannot be read; they are in no sum, and counted apart."
    count = balance.forgotten
    if count:
        were = "record was" if count == 1 else "records were"
        yield f"The amounts of {count:,} {were} erased before these sums were made; " + (
            "they stand in one sum, as forgotten." if balance.compared else "so amounts were not compared."
        )
