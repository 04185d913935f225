"""What a batch run is started with, and what its sums are, as frozen values that go into the ledger as JSON.

The words are those of the glossary. **Outcomes** are what becomes of a record: it is *set aside* at intake, or it
becomes a request, which ends as *done*, *failed*, *suppressed* or *cancelled*. A run balances when

    input = done + failed + suppressed + set aside + cancelled

in records, and for every control total of the template in every currency. In money there is one more on the right:
what records of *forgotten* recipients came to. It is added to one sum when they are forgotten, and then no record of a
run says any more what it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal, Inexact
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from renderer.ledger.model import PRIORITIES
from renderer.plan.controls import Amounts
from renderer.profile.stream import Form
from renderer.template.model import Channel
from renderer.units import decimal_text

Outcome = Literal["done", "failed", "suppressed", "set_aside", "cancelled"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""What may become of a record. Together they are the input."""

_EXACT = Context(prec=200, traps=[Inexact])

IN = "in"
"""The column of a sum that holds all of the input."""

FORGOTTEN = "forgotten"
"""The column of a sum that holds amounts which were erased. Records are counted by what became of them."""


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What was erased of a run: ``records``, their amounts by control total and currency, and how many of these could
    not be read at intake."""

    records: int = 0
    totals: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        totals = {
            name: {currency: decimal_text(amount) for currency, amount in currencies.items()}
            for name, currencies in self.totals.items()
        }
        return {"records": self.records, "totals": totals, "unread": dict(self.unread)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Erased:
        totals = {
            name: {currency: Decimal(amount) for currency, amount in currencies.items()}
            for name, currencies in given.get("totals", {}).items()
        }
        return cls(records=given.get("records", 0), totals=totals, unread=given.get("unread", {}))


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """What a run was started with. ``as_of`` is an ISO date; it, the locale and the channels are None where the record
    and the template say them. ``continues`` is the run before; ``sample`` records at random, of ``population``, are all
    that is made.

    With ``notify`` the end of each of its requests is told of by webhook, not only its own.

    ``form`` and ``columns`` (CSV) are those of the input, so that records that were set aside can be written as they
    came; None until they are known.
    """

    channels: tuple[Channel, ...] | None = None
    priority: str = "normal"
    as_of: str | None = None
    locale: str | None = None
    seed: int = 0
    sample: int | None = None
    continues: str | None = None
    population: int | None = None
    notify: bool = False
    form: Form | None = None
    columns: tuple[str, ...] | None = None

    @property
    def level(self) -> int:
        """The priority as the ledger has it."""
        return PRIORITIES[self.priority]

    def to_json(self) -> str:
        return json.dumps({name: value for name, value in vars(self).items() if value is not None}, sort_keys=True)

    @classmethod
    def from_json(cls, said: str | Mapping[str, Any] | None) -> BatchOptions:
        """The options of a run, of what :meth:`to_json` gave or as the ledger's reader has them; None where it was
        started without."""
        given = json.loads(said or "{}") if isinstance(said, str | None) else dict(said)
        for name in ("channels", "columns"):
            if name in given:
                given[name] = tuple(given[name])
        return cls(**given)


@dataclass(frozen=True, kw_only=True)
class Balance:
    """The sums of a run. During the intake only what came in and what was set aside is known; when the run has settled
    (``settled``), all of it.

    ``input`` counts records, ``outcomes`` those by what became of them. ``totals`` are amounts by control total,
    currency and column: ``in`` or an outcome. ``unread`` counts, by control total and column, the records whose amount
    cannot be read and therefore stands in no sum. ``differing`` are requests that are done and whose plan accounts for
    other amounts than came in; ``forgotten`` those whose amounts were gone before these sums. ``erased`` is what is
    known of these in all, and goes on growing after the run has settled; ``compared`` says whether it was all, so that
    amounts could be compared. ``why`` says in words what does not add up.
    """

    input: int = 0
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    totals: Mapping[str, Mapping[str, Mapping[str, Decimal]]] = field(default_factory=dict)
    unread: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    differing: int = 0
    forgotten: int = 0
    erased: Erased = field(default_factory=Erased)
    compared: bool = True
    settled: bool = False
    why: tuple[str, ...] = ()

    def erase(self, amounts: Amounts) -> Balance:
        """These sums once a record with these amounts is forgotten."""
        totals = {name: dict(currencies) for name, currencies in self.erased.totals.items()}
        unread = dict(self.erased.unread)
        for name in {*self.totals, *self.unread}:
            if name in amounts:
                currency, amount = amounts[name]
                sums = totals.setdefault(name, {})
                sums[currency] = exact_sum(sums.get(currency, Decimal(0)), amount)
            else:
                unread[name] = unread.get(name, 0) + 1
        return replace(self, erased=Erased(records=self.erased.records + 1, totals=totals, unread=unread))

    @property
    def balanced(self) -> bool:
        """Whether all of it adds up. Of use once it has settled."""
        return not self.why

    def to_json(self) -> dict[str, Any]:
        """For ``--json`` and the ledger; amounts are texts."""
        return {
            "input": self.input,
            "outcomes": dict(self.outcomes),
            "totals": {
                name: {
                    currency: {column: decimal_text(amount) for column, amount in columns.items()}
                    for currency, columns in currencies.items()
                }
                for name, currencies in self.totals.items()
            },
            "unread": {name: dict(columns) for name, columns in self.unread.items()},
            "differing": self.differing,
            "forgotten": self.forgotten,
            "erased": self.erased.to_json(),
            "compared": self.compared,
            "settled": self.settled,
            "why": list(self.why),
        }

    @classmethod
    def from_json(cls, given: str | Mapping[str, Any] | None) -> Balance:
        """Of what :meth:`to_json` gave, or its text; ``None`` before anything was read."""
        data = json.loads(given) if isinstance(given, str) else dict(given or {})
        return cls(
            input=data.get("input", 0),
            outcomes=cast("Mapping[Outcome, int]", data.get("outcomes", {})),
            totals={
                name: {
                    currency: {column: Decimal(amount) for column, amount in columns.items()}
                    for currency, columns in currencies.items()
                }
                for name, currencies in data.get("totals", {}).items()
            },
            unread=data.get("unread", {}),
            differing=data.get("differing", 0),
            forgotten=data.get("forgotten", 0),
            erased=Erased.from_json(data.get("erased", {})),
            compared=data.get("compared", not data.get("forgotten", 0)),
            settled=data.get("settled", False),
            why=tuple(data.get("why", ())),
        )


class Sums:
    """Adds up records. Amounts are added exactly."""

    def __init__(self, begun: Balance, controls: Iterable[str] = ()) -> None:
        """With ``controls``, the ids of the template's control totals, for an intake: it goes on from ``begun``.
        Without, for outcomes: what came in is taken from ``begun`` and all else is added up anew."""
        ids = tuple(controls)
        keep = bool(ids)
        self._controls = ids or tuple({*begun.totals, *begun.unread})
        self._input = begun.input
        self._erased = begun.erased
        self._outcomes: dict[Outcome, int] = dict(begun.outcomes) if keep else {}
        self._totals = {
            name: {
                currency: {column: amount for column, amount in columns.items() if keep or column == IN}
                for currency, columns in currencies.items()
            }
            for name, currencies in begun.totals.items()
        }
        self._unread = {
            name: {column: count for column, count in columns.items() if keep or column == IN}
            for name, columns in begun.unread.items()
        }

    def come_in(self, amounts: Amounts) -> None:
        """A record of the input."""
        self._input += 1
        self._add(IN, amounts)

    def end(self, outcome: Outcome, amounts: Amounts | None) -> None:
        """What became of a record; ``amounts`` is None where they are gone or cannot be opened."""
        self._outcomes[outcome] = self._outcomes.get(outcome, 0) + 1
        if amounts is not None:
            self._add(outcome, amounts)

    def forget(self) -> None:
        """Add what was erased as a column of its own."""
        for name, currencies in self._erased.totals.items():
            for currency, amount in currencies.items():
                self._totals.setdefault(name, {}).setdefault(currency, {})[FORGOTTEN] = amount
        for name, count in self._erased.unread.items():
            self._unread.setdefault(name, {})[FORGOTTEN] = count

    def balance(self) -> Balance:
        """The sums so far."""
        return Balance(
            input=self._input,
            outcomes=MappingProxyType(dict(self._outcomes)),
            totals={
                name: {currency: dict(columns) for currency, columns in currencies.items()}
                for name, currencies in self._totals.items()
            },
            unread={name: dict(columns) for name, columns in self._unread.items()},
            erased=self._erased,
        )

    def _add(self, column: str, amounts: Amounts) -> None:
        """One record's amounts; every control total that it lacks is one more unread."""
        for name in self._controls:
            if name in amounts:
                currency, amount = amounts[name]
                columns = self._totals.setdefault(name, {}).setdefault(currency, {})
                columns[column] = exact_sum(columns.get(column, Decimal(0)), amount)
            else:
                unread = self._unread.setdefault(name, {})
                unread[column] = unread.get(column, 0) + 1


NAMED = 20
"""So many records are named in a sentence."""


def settled(
    sums: Balance, *, expected: int, differing: int, forgotten: int = 0, unopened: Sequence[int] = ()
) -> Balance:
    """The sums of a run that has ended, with everything in ``why`` that does not add up. ``expected`` is the number of
    records that were read.

    The amounts of ``forgotten`` records are gone. Where they were erased with their recipient they stand in one sum;
    where any are not in it (they were dropped by age before a retry), only records are compared. ``unopened`` are the
    numbers of records whose amounts are there and cannot be opened: the sums lack them, and will always."""
    why = []
    out = sum(sums.outcomes.get(outcome, 0) for outcome in OUTCOMES)
    if expected != sums.input:
        why.append(f"{expected} records were read; {sums.input} came in.")
    if out != sums.input:
        why.append(f"{sums.input} records came in; {out} are accounted for.")
    if unopened:
        why.append(_unopened(unopened))
    compared = forgotten == sums.erased.records
    if compared:
        why += _unequal(sums)
    if differing:
        why.append(f"{differing} requests are done, but their plans account for other amounts than came in.")
    return replace(sums, differing=differing, forgotten=forgotten, compared=compared, settled=True, why=tuple(why))


def _unopened(numbers: Sequence[int]) -> str:
    named = ", ".join(str(number) for number in sorted(numbers)[:NAMED])
    more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
    records = f"record {named}" if len(numbers) == 1 else f"records {named}{more}"
    return f"The amounts of {records} cannot be opened: they are damaged, or were sealed with another key."


def _unequal(sums: Balance) -> Iterator[str]:
    for name, currencies in sorted(sums.totals.items()):
        for currency, columns in sorted(currencies.items()):
            came, went = columns.get(IN, Decimal(0)), Decimal(0)
            for column in (*OUTCOMES, FORGOTTEN):
                went = exact_sum(went, columns.get(column, Decimal(0)))
            if came != went:
                yield f"'{name}' in {currency}: {decimal_text(came)} came in, {decimal_text(went)} is accounted for."
    for name, counts in sorted(sums.unread.items()):
        unread = sum(counts.get(column, 0) for column in (*OUTCOMES, FORGOTTEN))
        if counts.get(IN, 0) != unread:
            yield f"'{name}': {counts.get(IN, 0)} amounts could not be read at intake, {unread} at the end."


def exact_sum(one: Decimal, other: Decimal) -> Decimal:
    """The sum, whatever the caller's arithmetic is. Raises decimal.Inexact rather than round."""
    return _EXACT.add(one, other)
