"""The Jinja2 environment that layouts run in: template code that cannot reach out, and profile text that stays text.

In: layout sources of one release by path. Out: compiled layouts whose every loop turn, call and printed character is
counted. It must not know what a plan, a fact or a channel is; :mod:`.layout` gives the names that layouts see.

Jinja2's own sandbox stops attribute tricks but neither memory nor time, and still lets an author switch escaping off.
So here filters and attributes are allow-lists, growth operators are intercepted, escaping cannot be switched off, and
a :class:`Budget` is charged by statements that :meth:`LayoutEnvironment._parse` adds to loops and macros. What runs
inside one C call (comparing two huge nested lists) is for the killed child process around the render.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from jinja2 import BaseLoader, BytecodeCache, StrictUndefined, TemplateNotFound, nodes
from jinja2.bccache import Bucket
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import LoopContext, markup_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from renderer.errors import Place, RenderError, TemplateError

MAX_SOURCE = 512 * 1024
"""Characters of one layout file."""
MAX_WORK = 1_000_000
"""Loop turns and calls of one page. A statement of 5,000 lines needs about 60,000."""
MAX_CHARACTERS = 16_000_000
"""Characters that one page may print or join, counted each time they pass."""
MAX_TEXT = 1_000_000
"""Characters of one joined string."""
MAX_SECONDS = 20.0
MAX_RANGE = 1_000
MAX_NUMBER = 10**18
KEPT_COMPILED = 256

FILTERS_ALLOWED = frozenset(
    {
        "count",
        "d",
        "default",
        "first",
        "items",
        "last",
        "length",
        "list",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "reverse",
        "select",
        "selectattr",
        "sum",
        "abs",
    }
)
"""Taken from Jinja2 as they are; ``e``, ``escape``, ``join`` and ``trim`` are our own. None can grow its input."""

LOOP_NAMES = frozenset(
    {
        "index",
        "index0",
        "revindex",
        "revindex0",
        "first",
        "last",
        "length",
        "previtem",
        "nextitem",
        "depth",
        "depth0",
        "cycle",
    }
)


@dataclass
class Budget:
    """What one page may still spend. Raises RenderError ``render.limit`` when it is used up."""

    work: int = MAX_WORK
    characters: int = MAX_CHARACTERS
    charges: int = 0
    deadline_s: float = field(default_factory=lambda: time.monotonic() + MAX_SECONDS)

    def spend(self, work: int, characters: int = 0) -> None:
        self.work -= work
        self.characters -= characters
        if self.work < 0:
            _limit("ran too many loop turns")
        if self.characters < 0:
            _limit("produced too much text")
        self.charges += 1
        if self.charges % 256 == 0 and time.monotonic() > self.deadline_s:
            _limit("took too long")


_BUDGET: ContextVar[Budget | None] = ContextVar("layout_budget", default=None)


def _limit(what: str) -> NoReturn:
    raise RenderError("render.limit", f"The layout {what}.", hint="Look for a loop inside a loop in the layout.")


def charge(work: int, characters: int = 0) -> None:
    """Charge the page being made, if one is (constants are folded before any page is)."""
    budget = _BUDGET.get()
    if budget is not None:
        budget.spend(work, characters)


class View:
    """Base of what layouts may look into: :meth:`look` gives a named part or raises KeyError; no more is reachable."""

    __slots__ = ()

    def look(self, name: str) -> Any:
        raise KeyError(name)


class Printed(View):
    """A view that may be printed: ``text`` as characters, ``__html__`` as markup that is safe inside elements and
    quoted attributes alike."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        return str(escape(self.text))


def printable(value: Any) -> Any:
    """What ``{{ }}`` may print: texts, whole numbers and :class:`Printed`; anything else is a mistake in the layout.

    Raises SecurityError for None, booleans, Decimals (figures are formatted in the plan), lists and objects.
    """
    if isinstance(value, str):
        charge(1, len(value))
        return value
    if isinstance(value, Printed):
        charge(1, len(value.text) + 11)
        return value
    if isinstance(value, StrictUndefined):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < MAX_NUMBER:
        charge(1, 20)
        return value
    raise SecurityError(f"a layout cannot print a value of kind {type(value).__name__}")


class SourceLoader(BaseLoader):
    """Layouts of one release, and nothing else."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources

    def get_source(self, environment: Any, template: str) -> tuple[str, str, Callable[[], bool]]:
        try:
            source = self.sources[template]
        except KeyError:
            raise TemplateNotFound(template) from None
        return source, template, lambda: True


class _Compiled(BytecodeCache):
    """Layouts that were compiled, and so checked, in this process, by path and source: an author saves one file of a
    release, and the others are as they were. The last few hundred; nothing in them is of a recipient."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def load_bytecode(self, bucket: Bucket) -> None:
        if (code := self._kept.get(self._name(bucket))) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[self._name(bucket)] = bucket.bytecode_to_string()
        while len(self._kept) > KEPT_COMPILED:
            self._kept.popitem(last=False)

    def _name(self, bucket: Bucket) -> str:
        return f"{bucket.key} {bucket.checksum}"


_compiled = _Compiled()


class LayoutEnvironment(ImmutableSandboxedEnvironment):
    """See the module's text. One environment serves one release and may render many pages, one after the other."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, sources: Mapping[str, str], check: Callable[[str, str, nodes.Template], None]) -> None:
        """``check(path, source, tree)`` looks at each parsed layout and raises TemplateError for what it refuses."""
        super().__init__(
            autoescape=True,
            undefined=StrictUndefined,
            loader=SourceLoader(sources),
            finalize=printable,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=64,
            bytecode_cache=_compiled,
        )
        self.check = check
        self.globals.clear()
        self.globals["range"] = _range
        self.filters = {name: FILTERS[name] for name in sorted(FILTERS_ALLOWED)}
        self.filters |= {"e": _escape, "escape": _escape, "join": _join, "trim": _trim, "_concat": _concat}
        self.meter = charge

    # ------------------------------------------------------------ while compiling

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > MAX_SOURCE:
            raise TemplateError(
                "template.value",
                "The layout is too large.",
                place=Place(file=name),
                hint=f"Limit: {MAX_SOURCE // 1024} KiB.",
            )
        tree = super()._parse(source, name, filename)
        self.check(name or "layout", source, tree)
        self._meter(tree)
        return tree

    def _meter(self, tree: nodes.Template) -> None:
        """Put a charge at the start of every body that may run more than once, and count what ``~`` joins."""
        for body_owner in [tree, *tree.find_all((nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block))]:
            literal = sum(len(data.data) for data in body_owner.find_all(nodes.TemplateData))
            call = nodes.Call(
                nodes.EnvironmentAttribute("meter"), [nodes.Const(1), nodes.Const(literal)], [], None, None
            )
            body_owner.body.insert(0, nodes.ExprStmt(call, lineno=body_owner.lineno or 1))  # type: ignore[attr-defined]
        _replace_concat(tree)
        tree.set_environment(self)
        for node in tree.find_all(nodes.Node):
            node.lineno = node.lineno or 1

    # ------------------------------------------------------------ while rendering

    def pieces(self, path: str, names: Mapping[str, Any], budget: Budget) -> Iterator[str]:
        """The pieces of one page in order; ``names`` are what the layout sees."""
        template = self.get_template(path)
        token = _BUDGET.set(budget)
        try:
            yield from template.generate(**names)
        finally:
            _BUDGET.reset(token)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, View | Mapping):
            return self._look(obj, attribute)
        if not isinstance(obj, LoopContext | TemplateModule | StrictUndefined):
            # Before Jinja2 looks, because it hands out str.format (wrapped) without asking is_safe_attribute.
            return self.unsafe_undefined(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, View | Mapping):
            return self._look(obj, argument)
        if isinstance(obj, list | tuple | str) and isinstance(argument, int):
            try:
                return obj[argument]
            except IndexError:
                return self.undefined(obj=obj, name=str(argument))
        return super().getitem(obj, argument)

    def _look(self, obj: View | Mapping[Any, Any], name: Any) -> Any:
        try:
            return obj.look(name) if isinstance(obj, View) else obj[name]
        except (KeyError, TypeError):
            return self.undefined(obj=obj, name=name)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, LoopContext):
            return attr in LOOP_NAMES
        if isinstance(obj, TemplateModule):
            return attr in vars(obj) and not attr.startswith("_")
        return False

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        if obj is charge:
            return obj(*args)
        charge(1)
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _concat([left, right])
        if operator == "+" and isinstance(left, list | tuple) and isinstance(right, list | tuple):
            charge(len(left) + len(right))
            return [*left, *right]
        if operator == "**" or not (_is_number(left) and _is_number(right)):
            raise SecurityError(f"'{operator}' is not allowed on these values in a layout")
        result = super().call_binop(context, operator, left, right)
        if abs(result) > MAX_NUMBER:
            raise SecurityError("a number in a layout is too large")
        return result


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _replace_concat(node: nodes.Node) -> None:
    """Turn every ``a ~ b`` below ``node`` into a call of our counting join."""
    for name, value in list(node.iter_fields()):
        items = value if isinstance(value, list) else [value]
        for place, item in enumerate(items):
            if not isinstance(item, nodes.Node):
                continue
            _replace_concat(item)
            if isinstance(item, nodes.Concat):
                listed = nodes.List(item.nodes, lineno=item.lineno)
                counted = nodes.Filter(listed, "_concat", [], [], None, None, lineno=item.lineno)
                if isinstance(value, list):
                    value[place] = counted
                else:
                    setattr(node, name, counted)


def _range(*bounds: int) -> range:
    result = range(*bounds)
    if len(result) > MAX_RANGE:
        _limit("asks for too long a range")
    return result


def _escape(value: Any) -> Markup:
    return escape(printable(value))


def _trim(value: Any) -> str:
    text = printable(value)
    return text.strip() if isinstance(text, str) else str(text).strip()


def _concat(values: Iterable[Any]) -> str:
    """``values`` joined; texts are escaped where one of them is markup."""
    printed = [printable(value) for value in values]
    parts = [Markup(part.__html__()) if isinstance(part, Printed) else part for part in printed]
    if sum(len(part) if isinstance(part, str) else 20 for part in parts) > MAX_TEXT:
        _limit("makes too long a text")
    return markup_join(parts)


def _join(values: Iterable[Any], separator: str = "") -> str:
    joined: list[Any] = []
    for value in values:
        joined.extend([separator, value] if joined else [value])
        charge(1)
    return _concat(joined)
