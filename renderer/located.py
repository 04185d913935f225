"""YAML and JSON files of a template, read so that every error can name its line.

:func:`read_yaml` and :func:`read_json` give plain data and a :class:`Lines` map from the path of a key or item to its
line; :func:`parse` turns the data into a model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from renderer.errors import DearlyError, ErrorList, Place, TemplateError, nearest

Path = tuple[str | int, ...]
Longest = tuple[tuple[str, int], ...]
"""How many items lists may have, by the key they stand under."""
Model = TypeVar("Model", bound=BaseModel)
MAX_DEPTH = 40
LONG_FILE = 4_000
# How a long file is cut: a line with a key at its begin, a key with nothing behind it, the dashes of its list.
_KEY, _UNUSUAL = re.compile(r"(?m)^\w"), re.compile(r"(?m)^[^\w#\s]")
_BARE_KEY, _DASHES = re.compile(r"[\w-]+: *(#.*)?"), re.compile(r"(?:\s*(?:#.*)?\n)*( +)- ")
# YAML 1.2's core schema (10.3.2) without octal, hexadecimal, infinity and not-a-number, which no file of ours needs.
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,2})?")


@dataclass(frozen=True)
class Lines:
    """Line numbers (from 1) by path, for one file."""

    file: str
    by_path: Mapping[Path, int]

    def place(self, path: Sequence[str | int]) -> Place:
        """The place of ``path``, or of the nearest thing around it that the file has."""
        known = tuple(path)
        while known not in self.by_path and known:
            known = known[:-1]
        return Place(file=self.file, line=self.by_path.get(known, 1))


def read_yaml(text: str, file: str, longest: Longest = ()) -> tuple[Any, Lines]:
    """Data of a YAML file; keys are always text. Raises TemplateError for what YAML itself refuses, and for anchors,
    aliases, tags, directives, keys that stand twice, a second document, deep nesting and lists beyond ``longest``."""
    data, lines = _read(text, file, longest)
    return deepcopy(data), lines


@lru_cache(maxsize=32)
def _read(text: str, file: str, longest: Longest = ()) -> tuple[Any, Lines]:
    """The same, remembered: an author who saves one file of a template has the others read again and again."""
    return _by_pieces(text, file, longest) or _whole(text, file, longest)


@lru_cache(maxsize=512)
def _whole(text: str, file: str, longest: Longest = ()) -> tuple[Any, Lines]:
    try:
        document = _Document(iter(YAML(typ="safe", pure=True).parse(text)), file, dict(longest))
        return document.read(), Lines(file, document.lines)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TemplateError(
            "template.syntax",
            f"The file is not valid YAML: {error.problem or error.context}.",
            place=Place(file=file, line=mark.line + 1 if mark else None),
        ) from error
    except (YAMLError, RecursionError) as error:
        raise TemplateError("template.syntax", "The file is not valid YAML.", place=Place(file=file)) from error


def _by_pieces(text: str, file: str, longest: Longest = ()) -> tuple[Any, Lines] | None:
    """A long file read key by key, and its lists item by item, so that a storyboard of which one scene was saved costs
    that scene. None where the whole must be read: the file is short, laid out in another way, or holds a fault.

    In block style a line that begins where a key begins is the next key, and where a dash of a list is, the next item;
    within quotes or braces it is not, but then the piece before it is not closed, which is a fault of that piece.
    """
    if len(text) < LONG_FILE or _UNUSUAL.search(text):
        return None
    found: dict[str, Any] = {}
    by_path: dict[Path, int] = {(): 1}

    def read(piece: str, before: int, prefix: Path = ()) -> Any:
        data, lines = _whole(piece, file, longest)  # an item is read as a list of one: its number comes from the prefix
        by_path.update({(*prefix, *path[bool(prefix) :]): at + before for path, at in lines.by_path.items() if path})
        return data

    try:
        for start, piece in _pieces(text, _KEY):
            head, _, body = piece.partition("\n")
            dash = _DASHES.match(body) if _BARE_KEY.fullmatch(head) else None
            data = read(head if dash else piece, start)
            if set(data) & set(found):
                return None
            found |= data
            if dash:
                (name,) = data
                items: list[Any] = []
                for at, item in _pieces(body, re.compile(rf"(?m)^{dash[1]}- ")):
                    items += read(item, start + 1 + at, (name, len(items)))
                found[name] = items
    except (TemplateError, TypeError, ValueError):
        return None
    return None if max(map(len, by_path)) >= MAX_DEPTH else (found, Lines(file, by_path))


def _pieces(text: str, start: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """(lines before it, text) of each piece. What stands before the first start belongs to the first."""
    starts = [0, *[match.start() for match in start.finditer(text)][1:], len(text)]
    for first, end in pairwise(starts):
        yield text.count("\n", 0, first), text[first:end]


def read_json(text: str, file: str) -> tuple[Any, Lines]:
    """Data of a JSON file of a template. Lines come from reading it as YAML too, of which JSON is a part."""
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _bad(file, error.lineno, f"The file is not valid JSON: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise _bad(
            file, None, "The file is not valid JSON: it nests too deep, or a number is NaN, infinite or too long."
        ) from error
    try:
        return data, read_yaml(text.replace("\t", " "), file)[1]
    except TemplateError as error:
        if isinstance(error.__cause__, YAMLError):  # an escape or a long key that is JSON all the same
            return data, Lines(file, {(): 1})
        raise


class _Document:
    """Plain data from the events of one YAML file, noting where each part stands."""

    def __init__(self, events: Iterator[Any], file: str, longest: Mapping[str | int, int]) -> None:
        self._events = events
        self._longest = longest
        self._file = file
        self.lines: dict[Path, int] = {(): 1}

    def read(self) -> Any:
        next(self._events)  # the stream's start
        start = next(self._events)
        if isinstance(start, StreamEndEvent):
            return None
        if isinstance(start, DocumentStartEvent) and (start.version or start.tags):
            raise self._refused(start, "a directive")
        data = self._value(next(self._events), ())
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, StreamEndEvent):
            raise self._refused(after, "a second document")
        return data

    def _value(self, event: Any, path: Path) -> Any:
        self.lines.setdefault(path, event.start_mark.line + 1)
        if isinstance(event, AliasEvent) or event.anchor is not None:
            raise self._refused(event, "an anchor or alias")
        if event.ctag is not None:
            raise self._refused(event, "a tag")
        if len(path) >= MAX_DEPTH:
            raise self._refused(event, "something nested too deep")
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            items: list[Any] = []
            most = self._longest.get(path[-1]) if path else None
            while not isinstance(item := next(self._events), SequenceEndEvent):
                if len(items) == most:
                    raise self._too_long(item, path, most)
                items.append(self._value(item, (*path, len(items))))
            return items
        return _scalar(event.value) if event.style is None else event.value

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(key := next(self._events), MappingEndEvent):
            if not isinstance(key, ScalarEvent) or key.anchor is not None or key.ctag is not None:
                raise self._refused(key, "a key that is no plain text")
            name: str = key.value
            place = Place(file=self._file, line=key.start_mark.line + 1)
            if name in found:
                raise TemplateError("template.duplicate", f"The key '{name}' stands twice.", place=place)
            self.lines[(*path, name)] = key.start_mark.line + 1
            found[name] = self._value(next(self._events), (*path, name))
        return found

    def _too_long(self, event: Any, path: Path, most: int) -> TemplateError:
        message = f"'{'.'.join(map(str, path))}': the list holds more than {most} items."
        return TemplateError("template.value", message, place=Place(file=self._file, line=event.start_mark.line + 1))

    def _refused(self, event: Any, what: str) -> TemplateError:
        return _bad(self._file, event.start_mark.line + 1, f"The file holds {what}, which templates do not use.")


def _scalar(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _bad(file: str, line: int | None, message: str) -> TemplateError:
    return TemplateError("template.syntax", message, place=Place(file=file, line=line))


def _no_constant(_name: str) -> Any:
    raise ValueError


# ---------------------------------------------------------------- from data to a model


def parse(model: type[Model], data: Any, lines: Lines) -> Model:
    """``data`` as ``model``. Raises ErrorList with one TemplateError per fault, each with its line."""
    try:
        return model.model_validate(data if data is not None else {})
    except ValidationError as error:
        raise ErrorList(_faults(error, model, lines)) from error


@dataclass(frozen=True)
class _Trail:
    """Where a fault is: its ``path`` in the file, the first union on the way with the branch that was tried, and the
    keys known where it is."""

    path: Path
    union: Path | None
    branch: str
    known: tuple[str, ...]


def _faults(error: ValidationError, model: type[BaseModel], lines: Lines) -> list[DearlyError]:
    found: dict[tuple[Path, str], DearlyError] = {}
    located = [(fault, _trail(model, fault["loc"])) for fault in error.errors(include_url=False, include_input=False)]
    for fault, trail in _fitting_branches(located):
        if fault["type"] == "too_short" and any(
            trail.path == other.path[: len(trail.path)] for _, other in located if other.path != trail.path
        ):
            continue  # items that are wrong themselves do not count for pydantic
        name = ".".join(map(str, trail.path)) or "the file"
        place = lines.place(trail.path)
        if fault["type"] == "extra_forbidden":
            hint = nearest(str(trail.path[-1]), trail.known)
            problem = TemplateError("template.unknown-key", f"Unknown key '{name}'.", place=place, hint=hint)
        elif fault["type"] == "missing":
            problem = TemplateError("template.value", f"'{name}' is missing.", place=place)
        else:
            problem = TemplateError("template.value", f"'{name}': {_sentence(fault)}", place=place)
        found.setdefault((trail.path, problem.code), problem)
    return list(found.values())


def _fitting_branches(faults: Sequence[tuple[Any, _Trail]]) -> Iterator[tuple[Any, _Trail]]:
    """The faults of the union branch that fits best: pydantic reports every branch, a reader wants one."""
    unions: dict[Path | None, dict[str, list[tuple[Any, _Trail]]]] = {}
    for fault, trail in faults:
        unions.setdefault(trail.union, {}).setdefault(trail.branch, []).append((fault, trail))
    heavy = {"extra_forbidden", "literal_error"}
    for branches in unions.values():
        yield from min(branches.values(), key=lambda tried: sum(3 if f["type"] in heavy else 2 for f, _ in tried))


def _trail(model: type[BaseModel], loc: Sequence[str | int]) -> _Trail:
    """Follow pydantic's ``loc``, which names union branches between the keys, through the types of ``model``."""
    kind: Any = model
    path: list[str | int] = []
    union: Path | None = None
    branch = ""
    known: tuple[str, ...] = ()
    for part in loc:
        if part == "[key]":  # the key itself is wrong, not what it leads to
            continue
        kind = _bare(kind)
        if _is_union(kind):
            if union is None:
                union, branch = tuple(path), str(part)
            kind = _branch(kind, str(part))
            continue
        known = ()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = {info.alias or name: info.annotation for name, info in kind.model_fields.items()}
            known = tuple(sorted(fields))
            kind = fields.get(str(part))
        else:
            items = [item for item in get_args(kind) if item is not Ellipsis]
            kind = items[part] if isinstance(part, int) and part < len(items) else items[-1] if items else None
        path.append(part)
    return _Trail(tuple(path), union, branch, known)


def _bare(kind: Any) -> Any:
    """``kind`` without annotations and without None."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
            continue
        given = [inner for inner in get_args(kind) if inner is not NoneType]
        if not _is_union(kind) or len(given) > 1:
            return kind
        kind = given[0]


def _is_union(kind: Any) -> bool:
    return isinstance(kind, UnionType) or get_origin(kind) is Union


def _branch(union: Any, name: str) -> Any:
    """The branch that pydantic calls ``name``: a model's name, or the value of the field that tells models apart."""
    for kind in map(_bare, get_args(union)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            tags = [get_args(info.annotation) for info in kind.model_fields.values() if _is_literal(info.annotation)]
            if name == kind.__name__ or any(name in values for values in tags):
                return kind
    return None


def _is_literal(kind: Any) -> bool:
    return get_origin(kind) is Literal


_SENTENCES = {
    "model_type": "It must hold keys with values",
    "dict_type": "It must hold keys with values",
    "model_attributes_type": "It must hold keys with values",
    "tuple_type": "It must be a list",
    "string_type": "It must be text; put quotes around it",
    "int_type": "It must be a whole number",
    "int_parsing": "It must be a whole number",
    "float_type": "It must be a number",
    "float_parsing": "It must be a number",
    "bool_type": "It must be true or false",
    "bool_parsing": "It must be true or false",
}


def _sentence(fault: Any) -> str:
    message = _SENTENCES.get(fault["type"]) or str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "too_short":
        message = f"It needs at least {fault['ctx']['min_length']} items"
    return message[:1].upper() + message[1:].rstrip(".") + "."
