"""The names an expression may use, and how sensitive each is.

Known from the contract alone, so a misspelt name is found when the template is loaded, not when a customer is rendered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from renderer.decide.values import DATE_PARTS
from renderer.errors import nearest
from renderer.labels import Sensitivity, highest
from renderer.profile.contract import Contract


@dataclass(frozen=True)
class Scope:
    """``derived`` maps derived names (``segment.x`` included) to their labels; ``row`` is the contract path of the
    current item inside series and tables, ``""`` where the item's shape is not known, None outside of them."""

    contract: Contract
    derived: Mapping[str, Sensitivity] = field(default_factory=dict)
    row: str | None = None

    def fault(self, path: str) -> tuple[str, str | None] | None:
        """What is wrong with a dotted name and a hint, or None."""
        head, (base, _, last) = path.partition(".")[0], path.rpartition(".")
        if path in self.derived or path == "as_of":
            return None
        if head == "row" and self.row is not None:
            return None if self.row == "" else self._in_contract(self.row + path.removeprefix("row"), path)
        if head in {name.partition(".")[0] for name in self.derived} or head in ("as_of", "segment"):
            if last in DATE_PARTS and (base in self.derived or base == "as_of"):
                return None
            known = [name for name in self.derived if name.startswith(head)]
            return f"there is no '{path}'.", nearest(path, known)
        return self._in_contract(path, path)

    @cached_property
    def attributes(self) -> frozenset[str]:
        """Every name that can stand after a point, whatever stands before it."""
        names = {part for path in self.contract.fields for part in path.split(".")} - {"*"}
        return frozenset(names.union(DATE_PARTS))

    def label(self, path: str) -> Sensitivity:
        """The label of a name: for an object or a list the highest of what is inside."""
        if path in self.derived:
            return self.derived[path]
        head, _, rest = path.partition(".")
        real = path
        if head == "row":
            if not self.row:
                return "personal"
            real = self.row + ("." + rest if rest else "")
        elif head in self.derived:
            return self.derived[head]
        return highest(
            [
                item.sensitivity
                for name, item in self.contract.fields.items()
                if item.sensitivity is not None
                and (name == real or name.startswith(real + ".") or real.startswith(name + "."))
            ]
        )

    def _in_contract(self, real: str, shown: str) -> tuple[str, str | None] | None:
        if real in self.contract.fields or any(name.startswith(real + ".") for name in self.contract.fields):
            return None
        base, _, last = real.rpartition(".")
        owner = self.contract.fields.get(base)
        if owner is not None and owner.format == "date" and last in DATE_PARTS:
            return None
        if owner is not None and owner.type == "array":
            return f"'{base}' is a list.", f"Look at its items: {base} | map(attribute='{last}')."
        if base:
            siblings = {
                name.removeprefix(base + ".").partition(".")[0]
                for name in self.contract.fields
                if name.startswith(base + ".")
            }
        else:
            siblings = {*self.contract.top, *self.derived}
        return f"the contract declares no '{shown}'.", nearest(last if base else real, sorted(siblings))
