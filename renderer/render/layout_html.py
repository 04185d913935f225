"""The HTML around a layout's expressions: where each ``{{ }}`` stands, and whether it is safe there.

In: a layout's syntax tree. Out: faults. A small state machine follows the literal text after the HTML tokenizer (WHATWG
HTML, section 13.2.5); every branch of a condition and every turn of a loop must leave it where they found it, so that
one pass over the source speaks for every page made from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jinja2 import nodes

from renderer.errors import Place, TemplateError

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
class Html:
    """Where in the HTML we are. ``value`` is what the attribute holds so far, None once branches disagree on it."""

    state: str = "text"
    tag: str = ""
    attribute: str = ""
    value: str | None = ""


class HtmlWalk:
    """Follows the literal text of a layout and looks at each expression in its place."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[TemplateError] = []

    def fault(self, line: int, message: str, hint: str) -> None:
        error = TemplateError("template.unsafe", message, place=Place(file=self.path, line=line), hint=hint)
        if all(str(error) != str(other) for other in self.found):
            self.found.append(error)

    def body(self, body: Sequence[nodes.Node], html: Html) -> Html:
        for node in body:
            html = self.node(node, html)
        return html

    def node(self, node: nodes.Node, html: Html) -> Html:
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
                if self.body(node.body, Html()).state != "text":
                    self.fault(node.lineno, "This block ends inside a tag.", "Close what it opens.")
                return html
            case nodes.Include() if html.state != "text":
                self.fault(node.lineno, "A file is included inside a tag.", "Put it between elements.")
        return html

    def same(self, node: nodes.Node, before: Html, ends: Sequence[Html]) -> Html:
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

    def literal(self, data: str, line: int, html: Html) -> Html:
        for place, character in enumerate(data):
            html = self.step(html, character, data, place, line)
            line += character == "\n"
        return html

    def step(self, html: Html, character: str, data: str, place: int, line: int) -> Html:
        match html.state:
            case "text":
                if character == "<":
                    following = data[place + 1 : place + 4]
                    if following.startswith("!--"):
                        return Html("comment")
                    if following[:1] == "!":
                        return Html("declaration")
                    if following[:1] == "/" or following[:1].isalpha():
                        return Html("tag")
                    if not following:
                        self.fault(
                            line, "A '<' stands right before an expression.", "Write '&lt;' for the sign itself."
                        )
                return html
            case "comment":
                return Html() if data[max(0, place - 2) : place + 1] == "-->" else html
            case "declaration":
                return Html() if character == ">" else html
            case "tag":
                if character in _SPACE or character == ">" or (character == "/" and html.tag not in ("", "/")):
                    self.tag(html.tag, line)
                    return Html() if character == ">" else Html("attributes", html.tag)
                return replace(html, tag=html.tag + character.lower())
            case "attributes":
                if character == ">":
                    return Html()
                return html if character in _SPACE + "/" else Html("name", html.tag, character.lower())
            case "name":
                if character == "=":
                    self.attribute(html, line)
                    return replace(html, state="equals")
                if character in _SPACE + "/>":
                    self.attribute(html, line)
                    return Html() if character == ">" else Html("attributes", html.tag)
                return replace(html, attribute=html.attribute + character.lower())
            case "equals":
                if character in "\"'":
                    return replace(html, state=character, value="")
                return html if character in _SPACE else replace(html, state="unquoted", value=character)
            case "unquoted":
                if character in _SPACE + ">":
                    self.value(html, line)
                    return Html() if character == ">" else Html("attributes", html.tag)
            case quote:
                if character == quote:
                    self.value(html, line)
                    return Html("attributes", html.tag)
        return replace(html, value=None if html.value is None else html.value + character)

    def tag(self, name: str, line: int) -> None:
        if name.lstrip("/") in REFUSED_TAGS:
            self.fault(
                line,
                f"The tag <{name}> is not allowed in a layout.",
                "Pages carry no scripts, frames or forms; styles stand in the template's .css files.",
            )

    def attribute(self, html: Html, line: int) -> None:
        name = html.attribute
        if name.startswith("on"):
            self.fault(line, f"'{name}' would run a script.", "Pages carry no scripts.")
        elif name in REFUSED_ATTRIBUTES:
            self.fault(
                line,
                f"'{name}' is {REFUSED_ATTRIBUTES[name]}, which pages do not carry.",
                "Use a class and the template's style sheet.",
            )

    def value(self, html: Html, line: int) -> None:
        """A finished literal value; one that began with an expression was judged there."""
        if html.attribute not in URL_ATTRIBUTES or html.value == "":
            return
        if html.value is None or not html.value.startswith(("#", "\x00")):
            self.fault(
                line,
                f"The address in '{html.attribute}' is written into the layout.",
                "Declare it under links in template.yaml and use link('id'), or asset('media/…') for a file.",
            )

    def expression(self, node: nodes.Node, html: Html) -> Html:
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

    def address(self, node: nodes.Node, html: Html) -> Html:
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
        case nodes.Getattr(node=nodes.Getattr(node=nodes.Name(name="film"), attr="upright")):
            return True
    return False


def _is_fact(node: nodes.Node) -> bool:
    match node:
        case nodes.Getattr(node=nodes.Name(name="facts")) | nodes.Getitem(node=nodes.Name(name="facts")):
            return True
        case nodes.Call(node=nodes.Name(name="t")):
            return True
    return False
