"""One record on its way through its contract: screened, validated, frozen. Every fault is found in one go.

A fault names the record, the field, what was found and what was expected; it never repeats a value, nor a key that the
sender made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import MAX_PREC, Context, Decimal
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, NoReturn

from renderer.errors import BadInput, DearlyError, ProfileError, nearest
from renderer.profile.images import ImageReader
from renderer.profile.model import Value
from renderer.profile.texts import text_fault
from renderer.units import decimal_text

KINDS = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}
MAX_TEXT = 10_000
MAX_IMAGE_TEXT = 8 * 2**20
"""Characters of a data URI: five megabytes in base64, and room for line ends."""
MAX_ITEMS = 10_000
MAX_VALUES = 250_000
"""Values of a record, lists and objects among them."""
MAX_MATCHED = 250_000
"""Characters of a record that are held against patterns."""
MAX_PICTURES = 100
MAX_FAULTS = 10_000
"""Faults of a record that are told: of more, so many, and that there are more."""
MAX_GUESSES = 100
"""Undeclared fields of a record for which it is guessed what was meant: that takes a while each time."""
MAX_DIGITS = 15
MAX_DECIMALS = 6
_EXACT = Context(prec=MAX_PREC)  # normalize() rounds to the precision of its context
Path = tuple[str | int, ...]
Schema = Mapping[str, Any]
_LIMITS = {
    "Minimum": "below the least allowed,",
    "Maximum": "above the most allowed,",
    "ExclusiveMinimum": "not above",
    "ExclusiveMaximum": "not below",
    "MinLength": "shorter than allowed, characters:",
    "MaxLength": "longer than allowed, characters:",
    "MinItems": "shorter than allowed, items:",
    "MaxItems": "longer than allowed, items:",
}
_FORMATS = {"date": "Write dates as YYYY-MM-DD.", "email": "Write an address as name@example.org."}


_MORE = f"The record has more than {MAX_FAULTS:,} faults; the others are not told."


class _Enough(Exception):
    """So much is wrong with a record that no more of it is looked for."""


class _Stopped(Exception):
    """A record is too much to be checked, and that has been said."""


class RecordCheck:
    """Checks one record. ``faults`` has everything wrong with it, ``images`` its pictures by source digest."""

    def __init__(self, schema: Schema, validator: Any, record: int, reader: ImageReader) -> None:
        self._schema = schema
        self._validator = validator
        self._record = record
        self._reader = reader
        self._bad: set[Path] = set()
        self._values = 0
        self._matched = 0
        self._guesses = 0
        self.faults: list[DearlyError] = []
        self.images: dict[str, bytes] = {}

    def freeze(self, data: Any) -> Value:
        """The frozen record, defaults filled; of no use when there are faults."""
        if isinstance(data, DearlyError):
            self._fault_at((), data)
            return None
        if not isinstance(data, dict):
            self._fault((), "profile.kind", f"A record must be an object, found {kind_of(data)}.")
            return None
        try:
            screened = self._screened(data, self._schema, ())
            self._hold_to_schema(screened)
            return self._frozen(screened, self._schema, ())
        except _Enough:
            self.faults.append(self._placed(ProfileError("profile.depth", _MORE), ()))
            return None
        except _Stopped:
            return None

    def _hold_to_schema(self, screened: Any) -> None:
        if self._validator.is_valid(screened):  # far cheaper than to ask for errors
            return
        said = set(self._bad)
        errors = [(tuple(error.instance_path), error) for error in self._validator.iter_errors(screened)]
        of_kind = {path for path, error in errors if type(error.kind).__name__ == "Type"}
        for path, error in errors:
            # What is of the wrong kind breaks every other rule too.
            if path not in said and (path not in of_kind or type(error.kind).__name__ == "Type"):
                self._explain(error, path)

    # ------------------------------------------------------------ 1. what no schema says

    def _screened(self, value: Any, schema: Schema, path: Path) -> Any:
        """``value`` without nulls (nothing was given), undeclared fields and texts that nobody can carry; what is left
        out is a fault, and where the validator needs something in its place it gets something empty."""
        self._values += 1
        if self._values > MAX_VALUES:
            self._stop(f"The record has more than {MAX_VALUES:,} values.")
        if isinstance(value, DearlyError):
            self._fault_at(path, value)
            return ""
        if isinstance(value, str):
            longest = MAX_IMAGE_TEXT if schema.get("format") == "image" else MAX_TEXT
            fault = text_fault(value, longest)
            if "pattern" in schema and fault is None:
                self._matched += len(value)
                if self._matched > MAX_MATCHED:
                    self._stop(f"The record has more than {MAX_MATCHED:,} characters in fields that have a pattern.")
            if fault is not None:
                self._fault(path, "profile.text", fault)
            return value if fault is None else ""
        if isinstance(value, dict):
            return self._screened_object(value, schema, path) if schema["type"] == "object" else {}
        if isinstance(value, list):
            if len(value) > MAX_ITEMS:
                self._fault(path, "profile.depth", f"The list has more than {MAX_ITEMS} items.")
                return []
            if schema["type"] != "array":
                return []
            return [self._screened(item, schema["items"], (*path, index)) for index, item in enumerate(value)]
        return value

    def _screened_object(self, value: dict[str, Any], schema: Schema, path: Path) -> dict[str, Any]:
        declared = schema["properties"]
        for number, key in enumerate(value, start=1):
            if key not in declared:
                self._unknown(path, key, number, list(declared))
        return {
            key: self._screened(item, declared[key], (*path, key))
            for key, item in value.items()
            if key in declared and item is not None
        }

    def _unknown(self, path: Path, key: str, number: int, declared: list[str]) -> None:
        # The sender's name may hold anything, so it is shown only where it is plainly a slip for a name of ours.
        self._guesses += 1
        guess = len(key) <= 40 and self._guesses <= MAX_GUESSES
        close = get_close_matches(key, declared, n=1, cutoff=0.75) if guess else []
        if close and key.isidentifier() and key.isascii():
            fault = ProfileError(
                "profile.unknown", "The contract declares no such field.", hint=f"Did you mean '{close[0]}'?"
            )
            path = (*path, key)
        else:
            message = f"The contract does not declare field {number} here."
            fault = ProfileError("profile.unknown", message, hint=nearest("", declared) if guess else None)
        self._add(fault, path)

    # ------------------------------------------------------------ 2. what the schema says

    def _explain(self, error: Any, path: Path) -> None:
        """One error of the validator in our words."""
        kind = error.kind
        detail = kind.as_dict() if hasattr(kind, "as_dict") else {}
        match type(kind).__name__:
            case "Type":
                wanted = " or ".join(KINDS.get(name, name) for name in detail.get("types", ()))
                self._fault(path, "profile.kind", f"Expected {wanted}, found {kind_of(error.instance)}.")
            case "Required":
                self._fault((*path, str(kind.property)), "profile.missing", "The field is required and missing.")
            case "Enum":
                allowed = ", ".join(str(option) for option in kind.options)
                self._fault(path, "profile.value", f"The value is none of the allowed ones: {allowed}.")
            case "Format":
                hint = _FORMATS.get(str(kind.format))
                self._fault(path, "profile.value", f"The text is not a valid {kind.format}.", hint=hint)
            case "Pattern":
                self._fault(path, "profile.value", "The text does not have the form the contract asks for.")
            case limit if limit in _LIMITS:
                self._fault(path, "profile.value", f"The value is {_LIMITS[limit]} {detail.get('limit', '')}.")
            case _:
                self._fault(path, "profile.value", "The value is not what the contract allows.")

    # ------------------------------------------------------------ 3. what remains is made into values

    def _frozen(self, value: Any, schema: Schema, path: Path) -> Value:
        """Defaults filled, texts made into dates and images, numbers into int or Decimal, containers read-only."""
        if path in self._bad:
            return None
        match schema["type"]:
            case "object":
                found = {}
                for key, part in schema["properties"].items():
                    given = value.get(key, part.get("default"))
                    if given is None and part["type"] == "object" and _all_optional(part):
                        given = {}  # an object of optional fields exists, so rules need not guard the object itself
                    found[key] = None if given is None else self._frozen(given, part, (*path, key))
                return MappingProxyType(found)
            case "array":
                return tuple(self._frozen(item, schema["items"], (*path, index)) for index, item in enumerate(value))
            case "integer":
                return self._whole(int(value), path)
            case "number":
                return self._number(value, schema.get("x-decimals", MAX_DECIMALS), path)
            case "string" if schema.get("format") == "date":
                return self._date(value, path)
            case "string" if schema.get("format") == "image":
                return self._image(value, path)
        assert isinstance(value, str | bool)
        return value

    def _whole(self, number: int, path: Path) -> int:
        if abs(number) >= 10**MAX_DIGITS:
            self._fault(path, "profile.value", f"The number has more than {MAX_DIGITS} digits.")
        return number

    def _number(self, value: Any, decimals: int, path: Path) -> Decimal:
        # 1.50, 1.5 and 15e-1 are one value and must give one plan. A default of the contract comes as a float.
        number = Decimal(str(value) if isinstance(value, float) else value).normalize(_EXACT)
        if number.adjusted() >= MAX_DIGITS or -int(number.as_tuple().exponent) > decimals:
            self._fault(path, "profile.value", f"The number has more than {MAX_DIGITS} digits or {decimals} decimals.")
            return Decimal(0)
        return Decimal(decimal_text(number))

    def _date(self, value: str, path: Path) -> date | None:
        try:
            return date.fromisoformat(value)
        except ValueError:  # the year 0000, which RFC 3339 allows
            self._fault(path, "profile.value", "The text is not a valid date.", hint=_FORMATS["date"])
            return None

    def _image(self, value: str, path: Path) -> str | None:
        if len(self.images) >= MAX_PICTURES:
            self._stop(f"The record has more than {MAX_PICTURES} pictures.")
        try:
            source, cleaned = self._reader.read(value)
        except BadInput as error:
            self._fault_at(path, error)
            return None
        self.images[source] = cleaned
        return f"image:{source}"

    def _fault(self, path: Path, code: str, message: str, hint: str | None = None) -> None:
        self._fault_at(path, ProfileError(code, message, hint=hint))

    def _fault_at(self, path: Path, error: DearlyError) -> None:
        self._bad.add(path)
        self._add(error, path)

    def _add(self, fault: DearlyError, path: Path) -> None:
        if len(self.faults) >= MAX_FAULTS:
            raise _Enough
        self.faults.append(self._placed(fault, path))

    def _stop(self, message: str) -> NoReturn:
        """Look no further: it would take too long."""
        self.faults.insert(0, self._placed(ProfileError("profile.depth", message), ()))
        raise _Stopped

    def _placed(self, error: DearlyError, path: Path) -> DearlyError:
        return error.at(record=self._record, field=".".join(map(str, path)) or None)


def kind_of(value: Any) -> str:
    """What a value is, in words that never show it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int():
            return "a whole number"
        case Decimal() | float():
            return "a number"
        case list() | tuple():
            return "a list"
    return "an object"


def _all_optional(schema: Schema) -> bool:
    """Whether an absent object can stand as an empty one: nothing in it is required without a default."""
    return not schema.get("required") and any("default" in part for part in schema["properties"].values())
