"""The data contract: ``contract.json``, a part of JSON Schema 2020-12 with labels and roles.

Each field says whether it is required or has a default, its format, how sensitive it is (``x-sensitivity``) and which
role it plays (``x-role``). :meth:`Contract.check` is the only gate data passes on its way in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import jsonschema_rs

from renderer.errors import BadInput, DearlyError, ErrorList, Place, ProfileError, TemplateError, nearest
from renderer.labels import SENSITIVITIES, Sensitivity
from renderer.located import Lines, read_json
from renderer.profile.images import ImageReader
from renderer.profile.model import Profile, Value
from renderer.profile.texts import text_fault
from renderer.units import canonical_json, digest

Role = Literal["recipient", "as_of", "locale"]
ROLES: tuple[Role, ...] = ("recipient", "as_of", "locale")
KEYWORDS = {
    "any": {"type", "title", "description", "default", "enum", "x-sensitivity", "x-role", "x-sample", "$comment"},
    "object": {"properties", "required", "additionalProperties", "$schema", "$id"},
    "array": {"items", "minItems", "maxItems"},
    "string": {"format", "minLength", "maxLength", "pattern"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "x-decimals"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "boolean": set(),
}
FORMATS = ("date", "image", "email")
KINDS = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}
MAX_TEXT = 10_000
MAX_ITEMS = 10_000
MAX_DIGITS = 15
MAX_DECIMALS = 6


@dataclass(frozen=True)
class Field:
    """One declared field. ``path`` has ``*`` for the items of a list, for example ``bill.lines.*.amount``."""

    path: str
    type: str
    format: str | None
    sensitivity: Sensitivity | None
    role: Role | None
    required: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Contract:
    """A parsed contract. ``fields`` are in the order of the file; ``top`` are the names expressions may use."""

    schema: Mapping[str, Any]
    fields: Mapping[str, Field]

    @cached_property
    def digest(self) -> str:
        return digest(canonical_json(_without_floats(self.schema)))

    @property
    def top(self) -> tuple[str, ...]:
        return tuple(self.schema["properties"])

    def role(self, role: Role) -> Field | None:
        """The field that plays a role."""
        return next((field for field in self.fields.values() if field.role == role), None)

    @cached_property
    def _validator(self) -> Any:
        return jsonschema_rs.validator_for(_for_validator(self.schema), validate_formats=True)

    def check(self, data: Any, record: int, images: ImageReader | None = None) -> Profile:
        """A frozen profile, defaults filled. Raises ErrorList with every fault of the record, none repeating a
        value."""
        if not isinstance(data, dict):
            raise ErrorList([_fault("profile.kind", f"A record must be an object, found {kind_of(data)}.", record, "")])
        data = _without_nulls(data)
        faults: list[DearlyError] = list(_text_faults(data, record, ()))
        if not faults:
            faults = [self._explain(error, record) for error in self._validator.iter_errors(data)]
        if faults:
            raise ErrorList(faults)
        reader = images or ImageReader(None)
        collected: dict[str, bytes] = {}
        frozen = self._freeze(data, self.schema, (), record, reader, collected, faults)
        if faults:
            raise ErrorList(faults)
        recipient = self.role("recipient")
        assert recipient is not None and isinstance(frozen, Mapping)
        return Profile(
            data=frozen,
            record=record,
            recipient=str(value_at(frozen, recipient.path)),
            images=MappingProxyType(collected),
        )

    def _explain(self, error: Any, record: int) -> BadInput:
        """One error of the validator in our words: place, kind found, kind expected; never the value."""
        kind, path = error.kind, tuple(error.instance_path)
        name = ".".join(map(str, path))
        detail = kind.as_dict() if hasattr(kind, "as_dict") else {}
        match type(kind).__name__:
            case "Type":
                wanted = " or ".join(KINDS.get(t, t) for t in detail.get("types", ()))
                return _fault("profile.kind", f"Expected {wanted}, found {kind_of(error.instance)}.", record, name)
            case "Required":
                field = ".".join(filter(None, (name, str(kind.property))))
                return _fault(
                    "profile.missing",
                    "The field is required and missing.",
                    record,
                    field,
                    hint=self._misspelt(error.instance, path, str(kind.property)),
                )
            case "AdditionalProperties":
                known = self._properties(path)
                # The name of an unknown field is the sender's, so it may hold anything: shown only when it is a plain
                # name.
                unexpected = [key for key in kind.unexpected if key.isidentifier() and len(key) <= 40]
                field = ".".join(filter(None, (name, unexpected[0] if unexpected else "")))
                return _fault(
                    "profile.unknown",
                    "The contract declares no such field.",
                    record,
                    field,
                    hint=nearest(unexpected[0], known) if unexpected else "Known here: " + ", ".join(known) + ".",
                )
            case "Enum":
                allowed = ", ".join(str(option) for option in kind.options)
                return _fault("profile.value", f"The value is none of the allowed ones: {allowed}.", record, name)
            case "Format":
                hint = {"date": "Write dates as YYYY-MM-DD.", "email": "Write an address as name@example.org."}
                return _fault(
                    "profile.value",
                    f"The text is not a valid {kind.format}.",
                    record,
                    name,
                    hint=hint.get(str(kind.format)),
                )
            case "Pattern":
                return _fault("profile.value", "The text does not have the form the contract asks for.", record, name)
            case (
                "Minimum"
                | "Maximum"
                | "ExclusiveMinimum"
                | "ExclusiveMaximum"
                | "MinLength"
                | "MaxLength"
                | "MinItems"
                | "MaxItems" as limit
            ):
                words = {
                    "Minimum": "below the least allowed",
                    "Maximum": "above the most allowed",
                    "ExclusiveMinimum": "not above",
                    "ExclusiveMaximum": "not below",
                    "MinLength": "shorter than allowed, characters:",
                    "MaxLength": "longer than allowed, characters:",
                    "MinItems": "fewer items than allowed:",
                    "MaxItems": "more items than allowed:",
                }[limit]
                return _fault(
                    "profile.value", f"The value is {words} {detail.get('limit', '')}".rstrip() + ".", record, name
                )
        return _fault("profile.value", "The value is not what the contract allows.", record, name)

    def _properties(self, path: tuple[str | int, ...]) -> list[str]:
        schema: Mapping[str, Any] = self.schema
        for part in path:
            schema = schema["items"] if isinstance(part, int) else schema["properties"][part]
        return list(schema.get("properties", ()))

    def _misspelt(self, instance: Any, path: tuple[str | int, ...], wanted: str) -> str | None:
        known = self._properties(path)
        extra = [key for key in instance if key not in known] if isinstance(instance, dict) else []
        close = nearest(wanted, extra)
        return f"A field with a similar name is there; the contract calls it '{wanted}'." if close and extra else None

    def _freeze(
        self,
        value: Any,
        schema: Mapping[str, Any],
        path: tuple[str | int, ...],
        record: int,
        images: ImageReader,
        collected: dict[str, bytes],
        faults: list[DearlyError],
    ) -> Value:
        """Defaults filled, texts made into dates and images, numbers into int or Decimal, containers read-only."""
        name = ".".join(map(str, path))
        match schema["type"]:
            case "object":
                found = {}
                for key, part in schema["properties"].items():
                    given = value.get(key, part.get("default"))
                    if given is None and part["type"] == "object" and _all_optional(part):
                        given = {}  # an object of optional fields exists, so rules need not guard the object itself
                    found[key] = (
                        None
                        if given is None
                        else self._freeze(given, part, (*path, key), record, images, collected, faults)
                    )
                return MappingProxyType(found)
            case "array":
                return tuple(
                    self._freeze(item, schema["items"], (*path, index), record, images, collected, faults)
                    for index, item in enumerate(value)
                )
            case "integer":
                if abs(value) >= 10**MAX_DIGITS:
                    faults.append(
                        _fault("profile.value", f"The number has more than {MAX_DIGITS} digits.", record, name)
                    )
                return int(value)
            case "number":
                number = Decimal(value).normalize()  # 1.50 and 1.5 are one value and must give one plan
                decimals = schema.get("x-decimals", MAX_DECIMALS)
                if (
                    not number.is_finite()
                    or number.adjusted() >= MAX_DIGITS
                    or -int(number.as_tuple().exponent) > decimals
                ):
                    faults.append(
                        _fault(
                            "profile.value",
                            f"The number has more than {MAX_DIGITS} digits or {decimals} decimals.",
                            record,
                            name,
                        )
                    )
                    return Decimal(0)
                return Decimal(format(number, "f"))
            case "string" if schema.get("format") == "date":
                return date.fromisoformat(value)
            case "string" if schema.get("format") == "image":
                try:
                    source, cleaned = images.read(value)
                except BadInput as error:
                    faults.append(error.at(record=record, field=name))
                    return None
                collected[source] = cleaned
                return f"image:{source}"
        assert isinstance(value, str | bool)
        return value


def load_contract(text: str, file: str) -> Contract:
    """A contract from its text. Raises ErrorList with file and line of everything wrong in it."""
    schema, lines = read_json(text, file)
    faults: list[DearlyError] = []
    fields: dict[str, Field] = {}
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise TemplateError(
            "template.value",
            "A contract describes an object: its type is missing or another.",
            place=Place(file=file, line=1),
        )
    for path, part, required in _walk(schema, (), True, lines, faults):
        name = ".".join(part_name for part_name in path)
        fields[name] = Field(
            name, part["type"], part.get("format"), part.get("x-sensitivity"), part.get("x-role"), required, part
        )
    for role in ROLES:
        players = [field.path for field in fields.values() if field.role == role]
        if len(players) > 1 or (role == "recipient" and not players):
            faults.append(
                TemplateError(
                    "template.value",
                    f"Exactly one field plays the role '{role}'; found {len(players)}."
                    if players
                    else "No field plays the role 'recipient'.",
                    place=Place(file=file, line=1),
                    hint='Give the recipient\'s key "x-role": "recipient".',
                )
            )
    recipient = next((field for field in fields.values() if field.role == "recipient"), None)
    if recipient is not None and (
        not recipient.required or recipient.type not in ("string", "integer") or "*" in recipient.path
    ):
        faults.append(
            TemplateError(
                "template.value",
                "The recipient's key must be a required text or whole number.",
                place=Place(file=file, line=1),
            )
        )
    if not faults:
        try:
            jsonschema_rs.validator_for(_for_validator(schema), validate_formats=True)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            faults.append(
                TemplateError(
                    "template.value",
                    "The contract is not a valid JSON Schema: " + str(error).split("\n")[0],
                    place=Place(file=file, line=1),
                )
            )
    if faults:
        raise ErrorList(faults)
    return Contract(schema, MappingProxyType(fields))


def _walk(
    schema: Mapping[str, Any],
    path: tuple[str, ...],
    required: bool,
    lines: Lines,
    faults: list[DearlyError],
    trail: tuple[str | int, ...] = (),
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any], bool]]:
    """Every leaf and list below ``schema`` with its path; faults of the contract itself go to ``faults``."""
    kind = schema.get("type")
    name = ".".join(path) or "the record"

    def fault(code: str, message: str, hint: str | None = None, key: str | None = None) -> None:
        faults.append(TemplateError(code, message, place=lines.place((*trail, key) if key else trail), hint=hint))

    if kind not in KINDS:
        fault("template.value", f"'{name}' needs a type.", "One of: " + ", ".join(KINDS) + ".")
        return
    allowed = KEYWORDS["any"] | KEYWORDS[kind]
    for key in schema:
        if key not in allowed:
            fault("template.unknown-key", f"'{name}' has an unknown key '{key}'.", nearest(key, sorted(allowed)), key)
    if kind == "object":
        if schema.get("additionalProperties") is not False:
            fault(
                "template.value",
                f"'{name}' must refuse fields it does not declare.",
                'Add "additionalProperties": false.',
            )
        for wanted in schema.get("required", ()):
            if wanted not in schema.get("properties", {}):
                fault(
                    "template.reference",
                    f"'{name}' requires '{wanted}' but does not declare it.",
                    nearest(wanted, list(schema.get("properties", ()))),
                    "required",
                )
        if path:
            yield path, schema, required
        for key, part in schema.get("properties", {}).items():
            if not key.isidentifier() or key.startswith("_"):
                fault(
                    "template.value",
                    f"'{key}' cannot be used in expressions.",
                    "Use letters, digits and underscores.",
                    key,
                )
            must = key in schema.get("required", ())
            yield from _walk(part, (*path, key), must, lines, faults, (*trail, "properties", key))
        return
    if kind == "array":
        yield path, schema, required
        if "items" not in schema:
            fault("template.value", f"'{name}' does not say what its items are.")
            return
        yield from _walk(schema["items"], (*path, "*"), True, lines, faults, (*trail, "items"))
        return
    if schema.get("x-sensitivity") not in SENSITIVITIES:
        fault(
            "template.value",
            f"'{name}' has no sensitivity label.",
            'Add "x-sensitivity": "public", "personal" or "secret".',
        )
    if "format" in schema and schema["format"] not in FORMATS:
        fault("template.value", f"'{name}' has an unknown format.", "Formats: " + ", ".join(FORMATS) + ".", "format")
    if "x-role" in schema and schema["x-role"] not in ROLES:
        fault("template.value", f"'{name}' has an unknown role.", "Roles: " + ", ".join(ROLES) + ".", "x-role")
    yield path, schema, required


def value_at(data: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path without lists, or None where something on the way is absent."""
    current: Any = data
    for part in path.split("."):
        if not isinstance(current, Mapping):
            return None
        current = current.get(part)
    return current


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


def _fault(code: str, message: str, record: int, field: str, hint: str | None = None) -> ProfileError:
    return ProfileError(code, message, place=Place(record=record, field=field or None), hint=hint)


def _text_faults(value: Any, record: int, path: tuple[str | int, ...]) -> Iterator[ProfileError]:
    if isinstance(value, str):
        fault = text_fault(value, MAX_TEXT if not value.startswith("data:image/") else 8 * 2**20)
        if fault is not None:
            yield _fault("profile.text", fault, record, ".".join(map(str, path)))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _text_faults(item, record, (*path, key if key.isidentifier() and len(key) <= 40 else "?"))
    elif isinstance(value, list):
        if len(value) > MAX_ITEMS:
            yield _fault(
                "profile.depth", f"The list has more than {MAX_ITEMS} items.", record, ".".join(map(str, path))
            )
            return
        for index, item in enumerate(value):
            yield from _text_faults(item, record, (*path, index))


def _without_nulls(value: Any) -> Any:
    """JSON null and an absent field mean the same: nothing was given."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _all_optional(schema: Mapping[str, Any]) -> bool:
    """Whether an absent object can stand as an empty one: nothing in it is required without a default."""
    return not schema.get("required") and any("default" in part for part in schema["properties"].values())


def _for_validator(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The contract as the validator reads it: images are checked by us, and an optional with a default is just
    optional."""
    copy = {key: value for key, value in schema.items() if not key.startswith("x-")}
    if copy.get("format") == "image":
        del copy["format"]
    if "properties" in copy:
        copy["properties"] = {key: _for_validator(part) for key, part in copy["properties"].items()}
        copy["required"] = [key for key in copy.get("required", ()) if "default" not in copy["properties"][key]]
    if "items" in copy:
        copy["items"] = _for_validator(copy["items"])
    return copy


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {key: _without_floats(item) for key, item in value.items()}
    return [_without_floats(item) for item in value] if isinstance(value, list) else value
