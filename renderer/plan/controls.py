"""Control amounts: what a template's ``control_totals`` say of one record. Batch runs add them up twice, as they came
in and as they were planned, and nothing is complete until both agree.

:meth:`Controls.read` looks at the record. :meth:`Controls.planned` looks at the plan that was made: where a fact shows
the same expression it is the fact's value that counts, since that is what the recipient will see; any other amount is
worked out again from the record that was planned. So the second proves that the order was the one that came in, whole
and unchanged by its journey, and that the figure on the page is the one that was summed; a total that no fact shows is
only proved for the record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from renderer.decide.expressions import Compiled, compile_expression
from renderer.decide.values import Work
from renderer.errors import DearlyError, Place
from renderer.plan.build import Planner
from renderer.plan.model import RenderPlan
from renderer.profile.contract import value_at
from renderer.profile.model import Profile
from renderer.template.model import FactRule
from renderer.units import Money, decimal_text

Amounts = Mapping[str, tuple[str, Decimal]]
"""Currency and amount by control total. One that cannot be read is not in it."""

_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class _Control:
    value: Compiled
    currency: Compiled
    fact: str | None
    derived: bool
    """Whether it names what the rules derive, and not only fields of the record."""

    @property
    def paths(self) -> tuple[str, ...]:
        return (*self.value.paths, *self.currency.paths)


class Controls:
    """The control totals of one template, compiled."""

    def __init__(self, planner: Planner) -> None:
        template = planner.template
        self._planner = planner
        self._as_of = template.contract.role("as_of")
        self._controls: dict[str, _Control] = {}
        for name, total in template.config.control_totals.items():
            value = compile_expression(total.value, planner.rules.scope, Place(file="template.yaml"))
            currency = compile_expression(total.currency, planner.rules.scope, Place(file="template.yaml"))
            heads = {path.partition(".")[0] for path in (*value.paths, *currency.paths)}
            shown = next(
                (
                    fact
                    for fact, rule in template.facts.items()
                    if isinstance(rule, FactRule)
                    and rule.as_ == "money"
                    and (rule.value.split(), (rule.currency or "").split())
                    == (total.value.split(), total.currency.split())
                ),
                None,
            )
            derived = not heads <= {*template.contract.top, "as_of"}
            self._controls[name] = _Control(value, currency, shown, derived)

    @property
    def ids(self) -> tuple[str, ...]:
        """The control totals in the template's order."""
        return tuple(self._controls)

    def read(
        self,
        profile: Profile,
        *,
        as_of: date | None = None,
        seed: int = 0,
        sound: Callable[[str], bool] = lambda _: True,
        only: Collection[str] | None = None,
    ) -> Amounts:
        """The amounts of a record, or ``only`` some of them. ``sound`` tells of a dotted path whether it could be read
        at all, for a record that has faults; rules are not asked about such a one."""
        found: dict[str, tuple[str, Decimal]] = {}
        when = as_of or (value_at(profile.data, self._as_of.path) if self._as_of is not None else None)
        plain: dict[str, Any] = {**profile.data, **({"as_of": when} if isinstance(when, date) else {})}
        derived: Mapping[str, Any] | None = None
        for name, control in self._controls.items():
            if only is not None and name not in only:
                continue
            if not control.derived:
                names: Mapping[str, Any] | None = plain if all(map(sound, self._fields(control))) else None
            else:
                if derived is None:
                    derived = self._names(profile, when, seed, sound)
                names = derived
            amount = _amount(control, names) if names else None
            if amount is not None:
                found[name] = amount
        return found

    def planned(self, plan: RenderPlan, profile: Profile) -> Amounts:
        """The amounts that a plan accounts for (none if suppressed); ``profile`` is what it was made of."""
        shown = {name: control.fact for name, control in self._controls.items() if control.fact is not None}
        again = self._controls.keys() - shown.keys()
        found = dict(self.read(profile, as_of=plan.as_of, seed=plan.seed, only=again)) if again else {}
        for name, fact_id in shown.items():
            fact = plan.facts.get(fact_id)
            if fact is not None and isinstance(fact.value, Money):
                found[name] = (fact.value.currency, fact.value.amount)
        return found

    def _fields(self, control: _Control) -> list[str]:
        role = self._as_of
        return [role.path if path == "as_of" and role is not None else path for path in control.paths]

    def _names(self, profile: Profile, when: Any, seed: int, sound: Callable[[str], bool]) -> Mapping[str, Any]:
        contract = self._planner.template.contract
        if not isinstance(when, date) or not all(map(sound, contract.top)):
            return {}
        try:
            return self._planner.rules.decide(profile, when, seed).names
        except DearlyError:  # the plan will fail with it, which says why
            return {}


def _amount(control: _Control, names: Mapping[str, Any]) -> tuple[str, Decimal] | None:
    try:
        work = Work()
        amount, currency = control.value.value(names, work), control.currency.value(names, work)
    except DearlyError:
        return None
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        return None
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        return None
    return currency, Decimal(amount)


def amounts_to_bytes(amounts: Amounts) -> bytes:
    """As they are sealed beside a request."""
    return json.dumps({name: [currency, decimal_text(amount)] for name, (currency, amount) in amounts.items()}).encode()


def amounts_from_bytes(data: bytes) -> Amounts:
    """What :func:`amounts_to_bytes` gave."""
    return {name: (currency, Decimal(amount)) for name, (currency, amount) in json.loads(data).items()}
