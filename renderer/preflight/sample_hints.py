"""``x-sample``: what a contract tells the sample generator about one field.

Every hint is optional. Without hints a field gets a value that its schema allows; with them values become believable
and fit each other. Expressions are the template's rule language and see the record so far, and ``draw`` (even, from 0
to 1), ``bell`` (about 0, from -1 to 1), ``index`` and ``count`` (position and number of items; of the record outside
lists), ``row`` (the current item) and ``rows`` (the items before it).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, ValidationError

from renderer.decide.expressions import Compiled, compile_expression
from renderer.decide.scope import Scope
from renderer.errors import Place, ProfileError, TemplateError
from renderer.template.model import Expression, Strict

FILE = "contract.json"
NAMES = ("draw", "bell", "index", "count", "rows")
Words = Literal["full-name", "given-name", "street", "postcode", "city", "sentences", "words"]
Scalar = bool | int | Decimal | str


class Rare(Strict):
    """A value that a few records get in place of the usual one."""

    chance: Decimal = Field(ge=0, le=1, description="Share of the records.")
    value: Scalar | None = Field(None, description="The value.")
    between: tuple[Decimal, Decimal] | None = Field(None, description="Or the range of the value.")


class DateHint(Strict):
    """A date counted from another."""

    from_: Expression = Field(alias="from", description="A date as YYYY-MM-DD, or an expression that gives one.")
    months: Expression | None = Field(None, description="Months to add.")
    days: Expression | None = Field(None, description="Days to add, after the months and the snap.")
    snap: Literal["first", "last"] | None = Field(None, description="Moves to the first or last day of the month.")


class RowHint(Strict):
    """One item, or several, of a list: an expression for each field."""

    when: Expression | None = Field(None, description="If this is false the item is left out.")
    repeat: Expression | None = Field(None, description="How many such items there are; without it one.")
    fields: Mapping[str, Expression] = Field(
        description="Expression by field; later ones see earlier ones as `row.NAME`."
    )


class Hint(Strict):
    """The keys of ``x-sample``."""

    step: int | None = Field(
        None, ge=0, le=20, description="When the field is made: 0 first; fields with expressions 1."
    )
    present: Decimal = Field(
        Decimal("0.75"), ge=0, le=1, description="Share of the records that have an optional field."
    )
    when: Expression | None = Field(None, description="If this is false the optional field is left out.")
    expr: Expression | None = Field(None, description="The value itself.")
    words: Words | None = Field(None, description="Words of the record's language.")
    mask: str | None = Field(
        None, description="`#` becomes a digit, `@` a capital letter, a run of `%` the record's number."
    )
    values: tuple[Scalar, ...] = Field((), description="Values to choose from.")
    weights: tuple[Decimal, ...] = Field((), description="Their weights.")
    between: tuple[Decimal, Decimal] | None = Field(None, description="Range of a number.")
    shape: Literal["even", "bell", "log"] = Field("even", description="How numbers spread over the range.")
    decimals: int | None = Field(None, ge=0, le=6, description="Decimals of a number.")
    rare: tuple[Rare, ...] = Field((), description="Values that a few records get.")
    date: DateHint | None = Field(None, description="A date counted from another.")
    count: Expression | None = Field(None, description="How many items a list has.")
    rows: tuple[RowHint, ...] = Field((), description="The items of a list, one by one.")

    @property
    def depends(self) -> bool:
        """Whether the value looks at other fields."""
        return any((self.when, self.expr, self.date, self.count, self.rows))


class Hints:
    """Parsed hints and their compiled expressions. Raises TemplateError, which names the field."""

    def __init__(self, scope: Scope) -> None:
        self._scope = Scope(scope.contract, {**scope.derived, **dict.fromkeys(NAMES, "personal")}, row="")
        self._hints: dict[str, Hint] = {}
        self._compiled: dict[tuple[str, str], Compiled] = {}

    def of(self, schema: Mapping[str, Any], field: str) -> Hint:
        """The hint of a field."""
        if field not in self._hints:
            given = schema.get("x-sample", {})
            try:
                self._hints[field] = Hint.model_validate(given)
            except ValidationError as error:
                fault = error.errors(include_url=False, include_input=False)[0]
                raise TemplateError(
                    "template.value",
                    f"x-sample, {'.'.join(map(str, fault['loc'])) or 'the hint'}: {fault['msg']}.",
                    place=Place(file=FILE, field=field),
                ) from None
        return self._hints[field]

    def value(self, source: str, field: str, names: Mapping[str, Any]) -> Any:
        """What an expression of a field's hint gives. Raises TemplateError when it cannot be worked out."""
        found = self._compiled.get((source, field))
        if found is None:
            found = compile_expression(source, self._scope, Place(file=FILE, field=field))
            self._compiled[(source, field)] = found
        try:
            return found.value(names)
        except ProfileError as error:
            raise TemplateError(
                "template.expression",
                error.message,
                place=Place(file=FILE, field=field),
                hint="An x-sample hint sees only fields of an earlier step; absent ones are none.",
            ) from error
