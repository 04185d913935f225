"""What a layout may be written like: :func:`lint_layout` finds every construct that would let profile text run as code
or let a page reach out, and :func:`references` lists what a layout names, for `dearly check`.

In: a layout's path and source. Out: errors with file and line, or references. It runs nothing and knows no plan.

The HTML around each ``{{ }}`` decides what is safe there, so a small state machine follows the literal text after the
HTML tokenizer (WHATWG HTML, section 13.2.5), and every branch of a condition must leave it as it found it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from jinja2 import Environment, TemplateSyntaxError, nodes

from renderer.errors import ErrorList, Place, TemplateError
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
URL_ATTRIBUTES = frozenset(
    {
        "href",
        "src",
        "poster",
        "action",
        "formaction",
        "data",
        "srcset",
        "cite",
        "ping",
        "background",
        "manifest",
        "xlink:href",
        "longdesc",
        "usemap",
        "icon",
        "imagesrcset",
    }
)
REFUSED_TAGS = frozenset(
    {
        "script",
        "style",
        "iframe",
        "frame",
        "frameset",
        "object",
        "embed",
        "applet",
        "base",
        "link",
        "form",
        "portal",
        "animate",
        "animatemotion",
        "animatetransform",
        "set",
        "xmp",
        "noembed",
        "noframes",
        "plaintext",
        "noscript",
    }
)
REFUSED_ATTRIBUTES = {"style": "an inline style", "srcdoc": "a page in an attribute", "http-equiv": "a header in a tag"}
_FROM_RENDERER = frozenset({"film", "statement", "brand"})
_SPACE = " \t\n\f\r"


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
    walk = _HtmlWalk(path)
    end = walk.body(tree.body, _Html())
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


# ---------------------------------------------------------------- the HTML around expressions


@dataclass(frozen=True)
class _Html:
    """Where in the HTML we are. ``value`` is what the attribute holds so far, None once branches disagree on it."""

    state: str = "text"
    tag: str = ""
    attribute: str = ""
    value: str | None = ""


class _HtmlWalk:
    """Follows the literal text of a layout and looks at each expression in its place."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[TemplateError] = []

    def fault(self, line: int, message: str, hint: str) -> None:
        error = TemplateError("template.unsafe", message, place=Place(file=self.path, line=line), hint=hint)
        if all(str(error) != str(other) for other in self.found):
            self.found.append(error)

    def body(self, body: Sequence[nodes.Node], html: _Html) -> _Html:
        for node in body:
            html = self.node(node, html)
        return html

    def node(self, node: nodes.Node, html: _Html) -> _Html:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    html = (
                        self.literal(part.data, part.lineno, html)
                        if isinstance(part, nodes.TemplateData)
                        else self.expression(part, html)
                    )
                return html
            case nodes.If():
                ends = [
                    self.body(node.body, html),
                    *(self.body(other.body, html) for other in node.elif_),
                    self.body(node.else_, html),
                ]
                return self.same(node, html, ends)
            case nodes.For():
                return self.same(node, html, [html, self.body(node.body, html), self.body(node.else_, html)])
            case nodes.With() | nodes.Scope():
                return self.body(node.body, html)
            case nodes.Macro() | nodes.Block() | nodes.AssignBlock() | nodes.CallBlock() | nodes.FilterBlock():
                outside = isinstance(node, nodes.Macro | nodes.AssignBlock)
                if not outside and html.state != "text":
                    self.fault(node.lineno, "This block stands inside a tag.", "Put it between elements.")
                if self.body(node.body, _Html()).state != "text":
                    self.fault(node.lineno, "This block ends inside a tag.", "Close what it opens.")
                return html
            case nodes.Include() if html.state != "text":
                self.fault(node.lineno, "A file is included inside a tag.", "Put it between elements.")
        return html

    def same(self, node: nodes.Node, before: _Html, ends: Sequence[_Html]) -> _Html:
        if any(replace(end, value="") != replace(ends[0], value="") for end in ends[1:]) or (
            isinstance(node, nodes.For) and replace(ends[1], value="") != replace(before, value="")
        ):
            self.fault(
                node.lineno,
                "The branches of this condition or loop leave the page in different places.",
                "Open and close each tag and quote in the same branch.",
            )
            return ends[0]
        values = {end.value for end in ends}
        return replace(ends[0], value=values.pop() if len(values) == 1 else None)

    def literal(self, data: str, line: int, html: _Html) -> _Html:
        for place, character in enumerate(data):
            html = self.step(html, character, data, place, line)
            line += character == "\n"
        return html

    def step(self, html: _Html, character: str, data: str, place: int, line: int) -> _Html:
        match html.state:
            case "text":
                if character == "<":
                    following = data[place + 1 : place + 4]
                    if following.startswith("!--"):
                        return _Html("comment")
                    if following[:1] == "!":
                        return _Html("declaration")
                    if following[:1] == "/" or following[:1].isalpha():
                        return _Html("tag")
                    if not following:
                        self.fault(
                            line, "A '<' stands right before an expression.", "Write '&lt;' for the sign itself."
                        )
                return html
            case "comment":
                return _Html() if data[max(0, place - 2) : place + 1] == "-->" else html
            case "declaration":
                return _Html() if character == ">" else html
            case "tag":
                if character in _SPACE or character == ">" or (character == "/" and html.tag not in ("", "/")):
                    self.tag(html.tag, line)
                    return _Html() if character == ">" else _Html("attributes", html.tag)
                return replace(html, tag=html.tag + character.lower())
            case "attributes":
                if character == ">":
                    return _Html()
                return html if character in _SPACE + "/" else _Html("name", html.tag, character.lower())
            case "name":
                if character == "=":
                    self.attribute(html, line)
                    return replace(html, state="equals")
                if character in _SPACE + "/>":
                    self.attribute(html, line)
                    return _Html() if character == ">" else _Html("attributes", html.tag)
                return replace(html, attribute=html.attribute + character.lower())
            case "equals":
                if character in "\"'":
                    return replace(html, state=character, value="")
                return html if character in _SPACE else replace(html, state="unquoted", value=character)
            case "unquoted":
                if character in _SPACE + ">":
                    self.value(html, line)
                    return _Html() if character == ">" else _Html("attributes", html.tag)
            case quote:
                if character == quote:
                    self.value(html, line)
                    return _Html("attributes", html.tag)
        return replace(html, value=None if html.value is None else html.value + character)

    def tag(self, name: str, line: int) -> None:
        if name.lstrip("/") in REFUSED_TAGS:
            self.fault(
                line,
                f"The tag <{name}> is not allowed in a layout.",
                "Pages carry no scripts, frames or forms; styles stand in the template's .css files.",
            )

    def attribute(self, html: _Html, line: int) -> None:
        name = html.attribute
        if name.startswith("on"):
            self.fault(line, f"'{name}' would run a script.", "Pages carry no scripts.")
        elif name in REFUSED_ATTRIBUTES:
            self.fault(
                line,
                f"'{name}' is {REFUSED_ATTRIBUTES[name]}, which pages do not carry.",
                "Use a class and the template's style sheet.",
            )

    def value(self, html: _Html, line: int) -> None:
        """A finished literal value; one that began with an expression was judged there."""
        if html.attribute not in URL_ATTRIBUTES or html.value == "":
            return
        if html.value is None or not html.value.startswith(("#", "\x00")):
            self.fault(
                line,
                f"The address in '{html.attribute}' is written into the layout.",
                "Declare it under links in template.yaml and use link('id'), or asset('media/…') for a file.",
            )

    def expression(self, node: nodes.Node, html: _Html) -> _Html:
        line = node.lineno
        match html.state:
            case "text" | '"' | "'":
                if html.state != "text" and html.attribute in URL_ATTRIBUTES:
                    return self.address(node, html)
                if html.state != "text" and _is_fact(node):
                    self.fault(
                        line,
                        "A fact or t() in an attribute would bring its <bdi> along.",
                        "Write facts.ID.text or text('key').",
                    )
                return html if html.value is None else replace(html, value=html.value + "\x00")
            case "equals" | "unquoted":
                self.fault(line, f"The value of '{html.attribute}' is not in quotes.", 'Write name="{{ … }}".')
                return replace(html, state="unquoted")
            case "comment" | "declaration":
                self.fault(line, "An expression stands in a comment of the page.", "Take it out, or use {# … #}.")
            case _:
                self.fault(
                    line,
                    "An expression stands where a tag's or an attribute's name belongs.",
                    "Only text and quoted values may be filled in.",
                )
        return html

    def address(self, node: nodes.Node, html: _Html) -> _Html:
        if html.value and html.value.startswith("#"):
            return html
        if html.value != "" or not _makes_address(node):
            self.fault(
                node.lineno,
                f"The address in '{html.attribute}' does not come from link() or asset().",
                "Declare it under links in template.yaml and use link('id').",
            )
        return replace(html, value="\x00")


def _makes_address(node: nodes.Node) -> bool:
    match node:
        case nodes.Call(node=nodes.Name(name="link" | "asset" | "film_at")):
            return True
        case nodes.CondExpr():
            return _makes_address(node.expr1) and node.expr2 is not None and _makes_address(node.expr2)
        case nodes.Getattr(node=nodes.Name(name=name)):
            return name in _FROM_RENDERER
    return False


def _is_fact(node: nodes.Node) -> bool:
    match node:
        case nodes.Getattr(node=nodes.Name(name="facts")) | nodes.Getitem(node=nodes.Name(name="facts")):
            return True
        case nodes.Call(node=nodes.Name(name="t")):
            return True
    return False


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
