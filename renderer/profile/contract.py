"""The data contract: ``contract.json``, a part of JSON Schema 2020-12 with labels and roles.

Each field says whether it is required or has a default, its format, how sensitive it is (``x-sensitivity``) and which
role it plays (``x-role``). :meth:`Contract.check` is the only gate data passes on its way in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import jsonschema_rs

from renderer.errors import DearlyError, ErrorList, Place, ProfileError, TemplateError, nearest
from renderer.labels import SENSITIVITIES, Sensitivity
from renderer.located import Lines, read_json
from renderer.profile.check import KINDS, MAX_DECIMALS, RecordCheck, Schema
from renderer.profile.images import ImageReader
from renderer.profile.model import Profile
from renderer.profile.patterns import MAX_PLACES, places
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
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
RESERVED = ("row", "segment", "none", "true", "false", "and", "or", "not", "in", "is", "if", "else")
"""Words of the rule language, which no field at the top may be called. `as_of` may, if it plays that role."""


@dataclass(frozen=True)
class Field:
    """One declared field. ``path`` has ``*`` for the items of a list, for example ``bill.lines.*.amount``."""

    path: str
    type: str
    format: str | None
    sensitivity: Sensitivity | None
    role: Role | None
    required: bool
    schema: Schema


@dataclass(frozen=True)
class Contract:
    """A parsed contract. ``fields`` are in the order of the file; ``top`` are the names expressions may use."""

    schema: Schema
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
        return _validator(self.schema)

    def check(self, data: Any, record: int, images: ImageReader | None = None) -> Profile:
        """A frozen profile, defaults filled. Raises ErrorList with every fault of the record, none repeating a value.

        ``data`` is JSON data with int and Decimal; an error in place of a value is reported as that value's fault.
        """
        found = self.examine(data, record, images)
        if found.faults:
            raise ErrorList(found.faults)
        return found.profile

    def examine(self, data: Any, record: int, images: ImageReader | None = None) -> Examined:
        """As :meth:`check`, but what can be read is given along with the faults."""
        check = RecordCheck(self.schema, self._validator, record, images or ImageReader(None))
        frozen = check.freeze(data)
        faults = check.faults
        read = frozen if isinstance(frozen, Mapping) else MappingProxyType({})
        recipient = ""
        if not any(fault.place.field and _overlap(fault.place.field, self._recipient) for fault in faults):
            recipient = str(value_at(read, self._recipient) or "").strip()
            if not recipient and not faults:
                place = Place(record=record, field=self._recipient)
                faults = [ProfileError("profile.value", "The recipient's key is empty.", place=place)]
        profile = Profile(data=read, record=record, recipient=recipient, images=MappingProxyType(check.images))
        return Examined(profile=profile, faults=tuple(faults))

    @cached_property
    def _recipient(self) -> str:
        field = self.role("recipient")
        assert field is not None  # _check_roles
        return field.path


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A record that was read, and everything wrong with it. Where there are faults, the profile has none where a value
    could not be read, and no recipient where the key could not: only for looking at, never to be planned."""

    profile: Profile
    faults: tuple[DearlyError, ...]

    def sound(self, path: str) -> bool:
        """Whether the value at a dotted path is as the contract wants it."""
        if not self.profile.data:
            return False
        return not any(fault.place.field and _overlap(fault.place.field, path) for fault in self.faults)


def _overlap(one: str, other: str) -> bool:
    """Whether one of two dotted paths is or holds the other."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def load_contract(text: str, file: str) -> Contract:
    """A contract from its text. Raises ErrorList with file and line of everything wrong in it."""
    schema, lines = read_json(text, file)
    if not isinstance(schema, dict) or schema.get("type") != "object" or "properties" not in schema:
        raise TemplateError(
            "template.value",
            "A contract describes an object: its 'type' must be 'object', and it needs 'properties'.",
            place=Place(file=file, line=1),
        )
    faults: list[DearlyError] = [
        TemplateError(
            "template.value", f"No valid JSON Schema: {error.message}.", place=lines.place(error.instance_path)
        )
        for error in _META.iter_errors(schema)
    ]
    if not faults:
        reading = _Reading(lines)
        reading.read(schema, (), True, ())
        faults = reading.faults or [*_check_roles(reading.fields, lines), *reading.check_defaults()]
    if faults:
        raise ErrorList(faults)
    return Contract(schema, MappingProxyType(reading.fields))


_META = jsonschema_rs.Draft202012Validator({"$ref": "https://json-schema.org/draft/2020-12/schema"})


class _Reading:
    """Goes through a schema: every field with its path, and what is wrong with the schema as a contract."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.fields: dict[str, Field] = {}
        self.faults: list[DearlyError] = []
        self._trails: dict[str, tuple[str | int, ...]] = {}

    def read(self, schema: Any, path: tuple[str, ...], required: bool, trail: tuple[str | int, ...]) -> None:
        name = ".".join(path) or "the record"
        kind = schema.get("type") if isinstance(schema, dict) else None
        if not isinstance(kind, str) or kind not in KINDS:
            self._fault(trail, f"'{name}' needs one type.", "One of: " + ", ".join(KINDS) + ".")
            return
        for key in schema:
            known = KEYWORDS["any"] | KEYWORDS[kind]
            if key not in known:
                message = f"'{name}' has an unknown key '{key}'."
                self._fault((*trail, key), message, nearest(key, sorted(known)), "template.unknown-key")
        label, role = schema.get("x-sensitivity"), schema.get("x-role")
        if path:
            self.fields[".".join(path)] = Field(
                ".".join(path), kind, schema.get("format"), label, role, required, schema
            )
            self._trails[".".join(path)] = trail
        if kind == "object":
            self._object(schema, name, path, trail)
        elif kind == "array":
            if "items" not in schema:
                self._fault(trail, f"'{name}' does not say what its items are.")
            else:
                self.read(schema["items"], (*path, "*"), True, (*trail, "items"))
        else:
            self._leaf(schema, name, trail)

    def _object(self, schema: Schema, name: str, path: tuple[str, ...], trail: tuple[str | int, ...]) -> None:
        declared = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            self._fault(
                trail, f"'{name}' must refuse fields it does not declare.", 'Add "additionalProperties": false.'
            )
        if "properties" not in schema:
            self._fault(trail, f"'{name}' does not say what its fields are.", 'Add "properties".')
        for wanted in schema.get("required", ()):
            if wanted not in declared:
                message = f"'{name}' requires '{wanted}' but does not declare it."
                self._fault((*trail, "required"), message, nearest(wanted, list(declared)), "template.reference")
        for key, part in declared.items():
            below = (*trail, "properties", key)
            own_role = part.get("x-role") if isinstance(part, dict) else None
            if not _NAME.fullmatch(key):
                self._fault(below, f"'{key}' cannot be used in expressions.", "Use letters, digits and underscores.")
            elif not path and (key in RESERVED or (key == "as_of" and own_role != "as_of")):
                self._fault(below, f"'{key}' means something else in expressions.", "Choose another name.")
            self.read(part, (*path, key), key in schema.get("required", ()), below)

    def _leaf(self, schema: Schema, name: str, trail: tuple[str | int, ...]) -> None:
        if schema.get("x-sensitivity") not in SENSITIVITIES:
            self._fault(
                trail,
                f"'{name}' has no sensitivity label.",
                'Add "x-sensitivity": "public", "personal" or "secret".',
            )
        if "format" in schema and schema["format"] not in FORMATS:
            self._fault((*trail, "format"), f"'{name}' has an unknown format.", "Formats: " + ", ".join(FORMATS) + ".")
        if "x-role" in schema and schema["x-role"] not in ROLES:
            self._fault((*trail, "x-role"), f"'{name}' has an unknown role.", "Roles: " + ", ".join(ROLES) + ".")
        decimals = schema.get("x-decimals", 0)
        if not isinstance(decimals, int) or isinstance(decimals, bool) or not 0 <= decimals <= MAX_DECIMALS:
            self._fault((*trail, "x-decimals"), f"'x-decimals' of '{name}' is not between 0 and {MAX_DECIMALS}.")
        try:
            _validator(schema)
            if isinstance(schema.get("pattern"), str) and places(schema["pattern"]) > MAX_PLACES:
                self._fault(
                    (*trail, "pattern"),
                    f"The pattern of '{name}' repeats so often that to check a long text takes too long.",
                    "Check the length with 'maxLength' instead of a count in the pattern.",
                )
        except ValueError:  # the linear engine lacks look-around and back-references
            self._fault((*trail, "pattern"), f"The pattern of '{name}' cannot be checked in linear time, or at all.")

    def check_defaults(self) -> Iterator[DearlyError]:
        """Every default passes its own field's rules."""
        for name, field in self.fields.items():
            if field.schema.get("default") is None:
                continue
            wrapped = {"type": "object", "additionalProperties": False, "properties": {"it": field.schema}}
            check = RecordCheck(wrapped, _validator(wrapped), 1, ImageReader(None))
            check.freeze({"it": field.schema["default"]})
            for fault in check.faults:
                yield TemplateError(
                    "template.value",
                    f"The default of '{name}' does not pass: {fault.message}",
                    place=self._lines.place((*self._trails[name], "default")),
                )

    def _fault(
        self, trail: tuple[str | int, ...], message: str, hint: str | None = None, code: str = "template.value"
    ) -> None:
        self.faults.append(TemplateError(code, message, place=self._lines.place(trail), hint=hint))


def _check_roles(fields: Mapping[str, Field], lines: Lines) -> Iterator[DearlyError]:
    def fault(message: str, hint: str) -> TemplateError:
        return TemplateError("template.value", message, place=lines.place(()), hint=hint)

    players = {role: [field for field in fields.values() if field.role == role] for role in ROLES}
    for role, found in players.items():
        if len(found) > 1:
            yield fault(f"Exactly one field plays the role '{role}'; found {len(found)}.", "Keep one of them.")
        if any("*" in field.path for field in found):
            yield fault(f"The role '{role}' cannot be played by an item of a list.", "Choose a field outside of lists.")
    if not players["recipient"]:
        yield fault("No field plays the role 'recipient'.", 'Give the recipient\'s key "x-role": "recipient".')
    for field in players["recipient"]:
        around = [field.path[:index] for index, character in enumerate(field.path) if character == "."]
        always = field.required and all(fields[name].required for name in around) and "default" not in field.schema
        if not always or field.type not in ("string", "integer") or field.format in ("image", "date"):
            yield fault(
                "The recipient's key must be a text or whole number that every record has.",
                "Require it and the objects around it, without a default.",
            )
    if any(field.type != "string" or field.format is not None for field in players["locale"]):
        yield fault("The role 'locale' is played by a text.", 'Give the field "type": "string".')
    if any(field.format != "date" for field in players["as_of"]):
        yield fault("The role 'as_of' is played by a date.", 'Give the field "format": "date".')


def value_at(data: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path without lists, or None where something on the way is absent."""
    current: Any = data
    for part in path.split("."):
        if not isinstance(current, Mapping):
            return None
        current = current.get(part)
    return current


def _validator(schema: Schema) -> Any:
    # The linear engine: a pattern of the template must not cost more than the text is long.
    options = jsonschema_rs.RegexOptions()
    return jsonschema_rs.validator_for(_for_validator(schema), validate_formats=True, pattern_options=options)


def _for_validator(schema: Schema) -> dict[str, Any]:
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
