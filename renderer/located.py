"""YAML and JSON files of a template, read so that every error can name its line.

:func:`read_yaml` and :func:`read_json` give plain data and a :class:`Lines` map from the path of a key or item to its
line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from renderer.errors import DearlyError, ErrorList, Place, TemplateError, nearest

Path = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)
MAX_DEPTH = 40


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


def read_yaml(text: str, file: str) -> tuple[Any, Lines]:
    """Data of a YAML file. Aliases, tags, duplicate keys and deep nesting are refused."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    try:
        node = yaml.compose(text)
        lines = _lines(node, file)
        data = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TemplateError(
            "template.syntax",
            f"The file is not valid YAML: {error.problem or error.context}.",
            place=Place(file=file, line=mark.line + 1 if mark else None),
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise TemplateError("template.syntax", "The file is not valid YAML.", place=Place(file=file)) from error
    return data, lines


def read_json(text: str, file: str) -> tuple[Any, Lines]:
    """Data of a JSON file of a template. Lines come from reading it as YAML too, of which JSON is a part."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be read"
        raise TemplateError(
            "template.syntax", f"The file is not valid JSON: {reason}.", place=Place(file=file, line=line)
        ) from error
    yaml = YAML(typ="safe", pure=True)
    try:
        return data, _lines(yaml.compose(text.replace("\t", "  ")), file)
    except YAMLError:
        return data, Lines(file, {(): 1})


def parse(model: type[Model], data: Any, lines: Lines) -> Model:
    """``data`` as ``model``. Raises ErrorList with one TemplateError per fault, each with its line."""
    try:
        return model.model_validate(data if data is not None else {})
    except ValidationError as error:
        raise ErrorList(_faults(error, model, data, lines)) from error


def _faults(error: ValidationError, model: type[BaseModel], data: Any, lines: Lines) -> list[DearlyError]:
    found: dict[tuple[Path, str], DearlyError] = {}
    for fault in _fitting_branches(error, data):
        path = _own_path(fault["loc"], data)
        name = ".".join(map(str, path)) or "the file"
        place = lines.place(path)
        if fault["type"] == "extra_forbidden":
            hint = nearest(str(path[-1]), _known_keys(model, fault["loc"]))
            problem = TemplateError("template.unknown-key", f"Unknown key '{name}'.", place=place, hint=hint)
        elif fault["type"] == "missing":
            problem = TemplateError("template.value", f"'{name}' is missing.", place=place)
        else:
            problem = TemplateError("template.value", f"'{name}': {_sentence(fault['msg'])}", place=place)
        found.setdefault((path, problem.code), problem)
    return list(found.values())


def _fitting_branches(error: ValidationError, data: Any) -> list[Any]:
    """The faults of the union branch that fits best: pydantic reports every branch, a reader wants one."""
    by_place: dict[Path, dict[str, list[Any]]] = {}
    for fault in error.errors(include_url=False, include_input=False):
        branch, place = "", _own_path(fault["loc"], data)
        for index, part in enumerate(fault["loc"]):
            if isinstance(part, str) and (part[:1].isupper() or "[" in part) and part not in place:
                branch, place = part, _own_path(fault["loc"][:index], data)
                break
        by_place.setdefault(place, {}).setdefault(branch, []).append(fault)
    heavy = {"extra_forbidden", "literal_error"}
    return [
        fault
        for branches in by_place.values()
        for fault in min(branches.values(), key=lambda faults: sum(3 if f["type"] in heavy else 2 for f in faults))
    ]


def _own_path(loc: Sequence[str | int], data: Any) -> Path:
    """``loc`` without the names of union branches that pydantic puts into it."""
    path: list[str | int] = []
    current: Any = data
    for index, part in enumerate(loc):
        inside = part in current if isinstance(current, dict) else isinstance(part, int) and _has(current, part)
        if inside:
            current = current[part]
        elif index < len(loc) - 1 or not isinstance(current, dict) or str(part)[:1].isupper():
            continue
        path.append(part)
    return tuple(path)


def _has(items: Any, index: int) -> bool:
    return isinstance(items, list) and index < len(items)


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys that are known where an unknown one was found."""
    here: list[Any] = [model]
    for part in loc[:-1]:
        here = [inner for kind in here for inner in _step(kind, part)] or here
    models = [kind for kind in here if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return sorted({info.alias or name for kind in models for name, info in kind.model_fields.items()})


def _step(kind: Any, part: str | int) -> list[Any]:
    """The possible types of item ``part`` of a value of type ``kind``; a union branch's name steps into that branch."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if part == kind.__name__:
            return [kind]
        fields = {info.alias or name: info.annotation for name, info in kind.model_fields.items()}
        return _flat(fields[part]) if isinstance(part, str) and part in fields else []
    items = [inner for inner in get_args(kind) if inner is not Ellipsis]
    return _flat(items[-1]) if items and get_origin(kind) is not None else []


def _flat(annotation: Any) -> list[Any]:
    if isinstance(annotation, UnionType) or get_origin(annotation) in (Union, Annotated):
        arguments = get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
        return [inner for argument in arguments for inner in _flat(argument)]
    return [annotation]


def _sentence(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].upper() + message[1:].rstrip(".") + "."


def _lines(node: Node | None, file: str) -> Lines:
    found: dict[Path, int] = {}

    def walk(part: Node | None, path: Path) -> None:
        if part is None:
            return
        if len(path) > MAX_DEPTH:
            raise ValueError("nested too deep")
        found.setdefault(path, part.start_mark.line + 1)
        if isinstance(part, MappingNode):
            for key, item in part.value:
                found[(*path, key.value)] = key.start_mark.line + 1
                walk(item, (*path, key.value))
        elif isinstance(part, SequenceNode):
            for index, item in enumerate(part.value):
                walk(item, (*path, index))

    walk(node, ())
    return Lines(file, found)
