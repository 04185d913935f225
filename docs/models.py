"""pydantic models as Markdown: a section for each model with a table of its keys."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from renderer.preflight.sample_hints import Scalar
from renderer.template.layers import Easing
from renderer.template.model import Colour, Expression, Id, Reference

NAMED_TYPES: Sequence[tuple[Any, str]] = (
    (Id, "id"),
    (Reference, "reference"),
    (Colour, "colour"),
    (Expression, "[expression](#the-rule-language)"),
    (Easing, "[easing](#easings)"),
)
PICTURES = (Path(__file__).parent / "storyboard.md").read_text("utf-8")
PLAIN_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar inside a cell would end it."""
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def sentence(docstring: str | None) -> str:
    """A docstring as one line of Markdown."""
    return re.sub(r"\s+", " ", (docstring or "").strip()).replace("``", "`")


# ---------------------------------------------------------------- models


def model_title(model: type[BaseModel]) -> str:
    """`FontFamily` becomes `Font family`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__).capitalize()


def model_sections(roots: Sequence[type[BaseModel]], level: int) -> Iterator[str]:
    """One section for each model that ``roots`` are made of, each once, in the order in which they are met."""
    seen: list[type[BaseModel]] = []
    waiting = list(roots)
    while waiting:
        model = waiting.pop(0)
        if model in seen:
            continue
        base = _base(model)
        if base is not None and base not in seen:
            waiting = [base, model, *waiting]
            continue
        seen.append(model)
        inner = [part for hint in hints(model).values() for part in _models(hint)]
        waiting = [*inner, *waiting]
        more = "" if base is None else f" It has the keys of [{model_title(base)}](#{slug(model_title(base))}), and:"
        shown = f"\n\n{picture(model)}" if picture(model) else ""
        yield f"{'#' * level} {model_title(model)}\n\n{sentence(model.__doc__)}{more}{shown}\n\n{model_table(model)}"


def picture(model: type[BaseModel]) -> str:
    """What ``docs/storyboard.md`` shows of a layer or a backdrop, found by its kind; nothing for other models."""
    kinds = get_args(model.model_fields["kind"].annotation) if "kind" in model.model_fields else ()
    if model.__module__.partition("renderer.template.")[2] not in ("layers", "graphics", "storyboard"):
        return ""
    prefix = {"layers": "", "graphics": "", "storyboard": "backdrop-"}[model.__module__.rpartition(".")[2]]
    names = [f"transition-{kind}" if len(kinds) > 1 else prefix + kind for kind in kinds if kind != "cut"]
    return "\n\n".join(found for name in names for found in re.findall(rf"!\[.*\]\(.*/{name}\.webp\)", PICTURES))


def model_table(model: type[BaseModel]) -> str:
    """Key, kind, default and meaning of every field that the model does not share with its base."""
    known = hints(model)
    base = _base(model)
    shared = () if base is None else tuple(base.model_fields)
    return table(
        ("Key", "Kind", "Default", "What it is"),
        (
            (
                f"`{field.alias or name}`",
                _kind(_bare(known[name])) + _limits(field),
                _default(field),
                _meaning(field, known[name]),
            )
            for name, field in model.model_fields.items()
            if name not in shared
        ),
    )


def _base(model: type[BaseModel]) -> type[BaseModel] | None:
    """The model that this one adds keys to, if there is one with keys."""
    base = model.__bases__[0]
    return base if issubclass(base, BaseModel) and base.model_fields else None


def _bare(hint: Any) -> Any:
    """A field's annotation without its own limits, which the field knows too."""
    named = any(hint == known for known, _ in NAMED_TYPES)
    return get_args(hint)[0] if get_origin(hint) is Annotated and not named else hint


def hints(model: type[BaseModel]) -> dict[str, Any]:
    """The annotation of each field, with its metadata."""
    known = get_type_hints(model, include_extras=True)
    return {name: known[name] for name in model.model_fields}


def _kind(hint: Any) -> str:
    for known, name in NAMED_TYPES:
        if hint == known:
            return name
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _kind(arguments[0]) + _limits(FieldInfo.from_annotation(hint))
    if origin in (Union, types.UnionType):
        if set(arguments) - {type(None)} == set(get_args(Scalar)):
            return "text, number, true or false"
        return " or ".join(dict.fromkeys(_kind(part) for part in arguments if part is not type(None)))
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in arguments)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return f"list of {_kind(arguments[0])}"
        kind, _, limits = _kind(arguments[0]).partition(", ")
        return "[" + ", ".join([kind] * len(arguments)) + "]" + (f", each {limits}" if limits else "")
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"{_kind(arguments[1])} by {_kind(arguments[0])}"
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return f"[{model_title(hint)}](#{slug(model_title(hint))})"
    return PLAIN_TYPES.get(hint, "number")


def _models(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and not get_args(hint):
        if issubclass(hint, BaseModel):
            yield hint
        return
    for part in get_args(hint):
        yield from _models(part)


def _limits(field: FieldInfo) -> str:
    """Range and length, as `, 0 to 120`."""
    found = {type(part).__name__: next(iter(_vars_of(part)), None) for part in field.metadata}
    least, most = found.get("Ge"), found.get("Le")
    said = []
    if least is not None and most is not None:
        said.append(f"{least:g} to {most:g}")
    else:
        said += [f"at least {least:g}"] if least is not None else []
        said += [f"at most {most:g}"] if most is not None and "Gt" not in found else []
    if "Gt" in found:
        said.append(f"more than {found['Gt']:g}" + (f", at most {most:g}" if most is not None else ""))
    said += [f"less than {found['Lt']:g}"] if "Lt" in found else []
    said += [f"multiple of {found['MultipleOf']:g}"] if "MultipleOf" in found else []
    said += [f"{found['MinLen']} or more"] if "MinLen" in found else []
    said += [f"at most {found['MaxLen']} long"] if "MaxLen" in found else []
    return "".join(f", {part}" for part in said)


def _vars_of(part: Any) -> list[Any]:
    """The values of a small frozen object that may have slots."""
    names = getattr(part, "__dataclass_fields__", {})
    return [getattr(part, name) for name in names]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is PydanticUndefined or value is None or value in ((), {}, ""):
        return "none"
    if isinstance(value, BaseModel):
        return "its defaults"
    if isinstance(value, tuple):
        return "`[" + ", ".join(map(str, value)) + "]`"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def _meaning(field: FieldInfo, hint: Any) -> str:
    if field.description:
        return field.description
    if get_origin(hint) is Literal and len(get_args(hint)) == 1:
        return "Says that it is of this kind."
    raise ValueError(f"a key has no description: {field}")


def inner_sections(model: type[BaseModel], level: int = 3) -> Iterator[str]:
    """Sections of the models that ``model`` is made of, without itself."""
    return model_sections([part for hint in hints(model).values() for part in _models(hint)], level)
