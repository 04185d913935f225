"""What a layout may be written like: :func:`lint_layout` finds every construct that would let profile text run as code
or let a page reach out, and :func:`references` lists what a layout names, for `dearly check`.

In: a layout's path and source. Out: errors with file and line, or references. It runs nothing and knows no plan.

The HTML around expressions is judged in :mod:`.layout_html`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from jinja2 import Environment, TemplateSyntaxError, nodes

from renderer.errors import ErrorList, Place, TemplateError
from renderer.render.layout_html import Html, HtmlWalk
from renderer.render.sandbox import FILTERS_ALLOWED

ReferenceKind = Literal["copy", "fact", "block", "link", "asset", "layout"]

LAYOUT_NAMES = frozenset(
    {
        "facts",
        "t",
        "text",
        "blocks",
        "has",
        "offers",
        "segments",
        "link",
        "links",
        "asset",
        "chart",
        "bars",
        "ring",
        "brand",
        "film_at",
        "locale",
        "dir",
        "as_of",
        "film",
        "statement",
        "head",
        "range",
    }
)
"""Names every layout sees; a layout may not bind them anew, because the rules below trust them."""

OWN_FILTERS = frozenset({"e", "escape", "join", "trim"})


@dataclass(frozen=True)
class Reference:
    """One thing that a layout names literally. ``line`` counts from 1."""

    kind: ReferenceKind
    name: str
    line: int


def lint_layout(path: str, source: str) -> list[TemplateError]:
    """Every fault of one layout in the order of its lines; empty when it is sound. Raises nothing for bad input."""
    try:
        return faults(path, parse(path, source))
    except TemplateError as error:
        return [error]


def parse(path: str, source: str) -> nodes.Template:
    """The layout's syntax tree. Raises TemplateError ``template.syntax`` with the line."""
    try:
        return Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True).parse(source, path)
    except TemplateSyntaxError as error:
        raise syntax_error(path, error) from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise TemplateError(
            "template.syntax", "The layout is nested too deep or holds an impossible number.", place=Place(file=path)
        ) from error


def syntax_error(path: str, error: TemplateSyntaxError) -> TemplateError:
    """Jinja2's syntax error as ours."""
    return TemplateError(
        "template.syntax",
        f"The layout cannot be read: {error.message}.",
        place=Place(file=error.name or path, line=error.lineno),
    )


def refuse(path: str, source: str, tree: nodes.Template) -> None:
    """The lint as a gate in front of compiling. Raises TemplateError, or ErrorList when there are several faults."""
    found = faults(path, tree)
    if len(found) == 1:
        raise found[0]
    if found:
        raise ErrorList(found)


def faults(path: str, tree: nodes.Template) -> list[TemplateError]:
    """See :func:`lint_layout`, for a layout that is parsed already."""
    found = [*_constructs(path, tree)]
    walk = HtmlWalk(path)
    end = walk.body(tree.body, Html())
    if end.state != "text":
        walk.fault(tree.lineno or 1, "The layout ends inside a tag, an attribute or a comment.", "Close it.")
    return sorted([*found, *walk.found], key=lambda error: error.place.line or 0)


# ---------------------------------------------------------------- constructs of Jinja2


def _constructs(path: str, tree: nodes.Template) -> Iterator[TemplateError]:
    for node in tree.find_all(nodes.Node):
        problem = _problem(node)
        if problem is not None:
            message, hint = problem
            yield TemplateError("template.unsafe", message, place=Place(file=path, line=node.lineno), hint=hint)


def _problem(node: nodes.Node) -> tuple[str, str] | None:
    match node:
        case nodes.Filter(name="safe"):
            return (
                "'|safe' would print profile text as code.",
                "Write the markup in the layout and print only the text.",
            )
        case nodes.Filter(name=name) if name not in FILTERS_ALLOWED | OWN_FILTERS:
            known = ", ".join(sorted(FILTERS_ALLOWED | OWN_FILTERS))
            return (f"The filter '{name}' is not allowed in layouts.", f"Known here: {known}.")
        case nodes.ScopedEvalContextModifier() | nodes.EvalContextModifier():
            return ("Escaping cannot be switched in a layout.", "Take the {% autoescape %} block out.")
        case nodes.Include() | nodes.Import() | nodes.FromImport() | nodes.Extends() if not (
            isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)
        ):
            return ("A layout names the files it includes literally.", "Write {% include 'microsite/part.html.j2' %}.")
        case nodes.Getattr(attr=str(name)) | nodes.Getitem(arg=nodes.Const(value=str(name))) if name.startswith("_"):
            return (f"'{name}' is internal and cannot be read.", "Names that start with '_' are refused.")
        case nodes.Name(name="self"):
            return ("'self' is not available in layouts.", "Use a macro to print something twice.")
        case _:
            for name in _bound(node):
                if name in LAYOUT_NAMES or name.startswith("_"):
                    return (f"A layout cannot give the name '{name}' a new meaning.", "Choose another name.")
    return None


def _bound(node: nodes.Node) -> Sequence[str]:
    """Names that this very node binds (targets inside it are visited on their own)."""
    match node:
        case nodes.Name(name=name, ctx="store" | "param"):
            return (name,)
        case nodes.Macro(name=name):
            return (name,)
        case nodes.Import(target=name):
            return (name,)
        case nodes.FromImport(names=names):
            return [name if isinstance(name, str) else name[1] for name in names]
    return ()


# ---------------------------------------------------------------- what a layout names


_CALLS: dict[str, ReferenceKind] = {
    "t": "copy",
    "text": "copy",
    "has": "block",
    "link": "link",
    "asset": "asset",
    "chart": "fact",
    "ring": "fact",
}


def references(path: str, source: str) -> tuple[Reference, ...]:
    """Copy keys, facts, blocks, links, assets and layouts that the layout names literally, in the order of lines.

    Raises TemplateError when the layout cannot be read.
    """
    found = {reference for node in parse(path, source).find_all(nodes.Node) for reference in _named(node)}
    return tuple(sorted(found, key=lambda item: (item.line, item.kind, item.name)))


def _named(node: nodes.Node) -> Iterator[Reference]:
    match node:
        case nodes.Call(node=nodes.Name(name=function), args=[nodes.Const(value=str(name)), *_]) if function in _CALLS:
            yield Reference(_CALLS[function], name, node.lineno)
        case nodes.Call(node=nodes.Name(name="bars"), args=[nodes.List(items=items) | nodes.Tuple(items=items), *_]):
            for item in items:
                if isinstance(item, nodes.Const):
                    yield Reference("fact", item.value, node.lineno)
        case nodes.Getattr(node=nodes.Name(name="facts"), attr=name):
            yield Reference("fact", name, node.lineno)
        case nodes.Getitem(node=nodes.Name(name="facts"), arg=nodes.Const(value=str(name))):
            yield Reference("fact", name, node.lineno)
        case nodes.Compare(expr=nodes.Const(value=str(name)), ops=[nodes.Operand(op="in" | "notin", expr=within)]):
            if isinstance(within, nodes.Name) and within.name in ("facts", "links"):
                yield Reference("fact" if within.name == "facts" else "link", name, node.lineno)
        case nodes.Include() | nodes.Import() | nodes.FromImport() | nodes.Extends():
            if isinstance(node.template, nodes.Const):
                yield Reference("layout", node.template.value, node.lineno)
