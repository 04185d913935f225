"""The template language for rules: Jinja2 expressions without statements, calls or text arithmetic.

Number literals are Decimal. Every name is checked when the template is loaded. Comparing or computing with none is an
error, so that a missing value is never taken for zero: rules say ``is none`` first.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from renderer.decide.scope import Scope
from renderer.errors import Place, ProfileError, TemplateError, nearest
from renderer.labels import Sensitivity, highest

CONTEXT = decimal.Context(prec=34, rounding=decimal.ROUND_HALF_EVEN)
"""Decimal arithmetic of every expression (IEEE 754 decimal128's precision), whatever the caller's context is."""
ATTRIBUTES = {date: ("year", "month", "day"), timedelta: ("days",)}
TESTS = ("none", "in", "true", "false", "even", "odd", "divisibleby")
ALLOWED = (
    nodes.Const,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.CondExpr,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Neg,
    nodes.Pos,
    nodes.Concat,
    nodes.Filter,
    nodes.Test,
    nodes.List,
    nodes.Tuple,
    nodes.Keyword,
)


class NoneUsed(Exception):
    """A missing value was compared or computed with. ``name`` is how the expression calls it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True)
class Compiled:
    """An expression ready to run. ``paths`` are the values it names; ``sensitivity`` the highest of their labels."""

    source: str
    place: Place
    paths: tuple[str, ...]
    sensitivity: Sensitivity
    run: Callable[[Mapping[str, Any]], Any]

    def value(self, names: Mapping[str, Any]) -> Any:
        """The value for one profile. Raises ProfileError, which names the expression and never a value."""
        try:
            with decimal.localcontext(CONTEXT):
                result = self.run(names)
            return (
                list(result)
                if isinstance(result, Iterable) and not isinstance(result, str | list | tuple | Mapping)
                else result
            )
        except NoneUsed as error:
            raise ProfileError(
                "decide.none",
                f"'{self.source}' uses '{error.name}', which this record lacks.",
                place=self.place,
                hint=f"Guard it: '{error.name} is not none and …', or give the rule a 'when'.",
            ) from None
        except (decimal.DivisionByZero, decimal.InvalidOperation, ZeroDivisionError):
            raise ProfileError(
                "decide.expression",
                f"'{self.source}' divides by zero or leaves the range of numbers.",
                place=self.place,
                hint="Guard the divisor in 'when'.",
            ) from None
        except (
            UndefinedError,
            SecurityError,
            TypeError,
            ValueError,
            LookupError,
            AttributeError,
            OverflowError,
        ) as error:
            raise ProfileError(
                "decide.expression",
                f"'{self.source}' cannot be worked out for this record ({type(error).__name__}).",
                place=self.place,
            ) from None

    def truth(self, names: Mapping[str, Any]) -> bool:
        """The value, which must be true or false."""
        value = self.value(names)
        if not isinstance(value, bool):
            raise ProfileError(
                "decide.expression",
                f"'{self.source}' is a condition but gives no true or false.",
                place=self.place,
                hint="Compare with something, for example 'x > 0'.",
            )
        return value


def compile_expression(source: str, scope: Scope, place: Place) -> Compiled:
    """Compile ``source``, whose names must all be in ``scope``. Raises TemplateError."""
    try:
        parser = Parser(ENVIRONMENT, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateSyntaxError("something follows the expression", 1)
    except TemplateSyntaxError as error:
        raise TemplateError(
            "template.expression", f"'{source}' is no expression: {error.message}.", place=place
        ) from None
    except RecursionError:
        raise TemplateError("template.expression", "The expression is nested too deep.", place=place) from None
    tree.set_environment(ENVIRONMENT)
    paths = _checked(tree, source, scope, place)
    literals: dict[str, Any] = {}
    prepared = _Prepare(literals).visit(tree)
    body = [nodes.Assign(nodes.Name("result", "store"), prepared, lineno=1)]
    template = ENVIRONMENT.from_string(nodes.Template(body, lineno=1), globals=literals)
    expression = TemplateExpression(template, undefined_to_none=False)
    labels = [scope.label(path) for path in paths]
    return Compiled(source, place, paths, highest(labels), lambda names: _defined(expression(names)))


def _checked(tree: nodes.Expr, source: str, scope: Scope, place: Place) -> tuple[str, ...]:
    """The dotted names of the expression, after everything in it was found to be allowed."""
    paths: dict[str, None] = {}

    def refuse(what: str, hint: str | None = None) -> TemplateError:
        return TemplateError("template.expression", f"'{source}': {what}", place=place, hint=hint)

    def walk(node: nodes.Node) -> None:
        if not isinstance(node, ALLOWED):
            raise refuse(
                f"{type(node).__name__.lower()} is not part of the rule language.",
                "Expressions have values, comparisons, arithmetic, 'and', 'or', 'not', 'if … else' and filters.",
            )
        path = _path(node)
        if path is not None:
            fault = scope.fault(path)
            if fault is not None:
                raise refuse(fault[0], fault[1])
            paths[path] = None
            return
        if isinstance(node, nodes.Filter):
            if node.name not in FILTERS_ALLOWED:
                raise refuse(f"there is no filter '{node.name}'.", nearest(node.name, sorted(FILTERS_ALLOWED)))
            if node.node is None or node.dyn_args or node.dyn_kwargs:
                raise refuse("a filter has arguments that are not written out.")
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            raise refuse(f"there is no test '{node.name}'.", nearest(node.name, TESTS))
        if isinstance(node, nodes.Compare):
            for side in (node.expr, *(operand.expr for operand in node.ops)):
                if isinstance(side, nodes.Const) and side.value is None:
                    raise refuse("nothing equals none.", "Write 'is none' or 'is not none'.")
        for child in node.iter_child_nodes():
            walk(child)

    walk(tree)
    return tuple(paths)


def _path(node: nodes.Node) -> str | None:
    """``a.b.c`` for a chain of attributes that starts at a name."""
    if isinstance(node, nodes.Name):
        return str(node.name)
    if isinstance(node, nodes.Getattr):
        base = _path(node.node)
        return f"{base}.{node.attr}" if base is not None else None
    return None


class _Prepare(NodeTransformer):
    """Decimal literals, and a guard around everything that is compared."""

    def __init__(self, literals: dict[str, Any]) -> None:
        self.literals = literals

    def visit_Const(self, node: nodes.Const) -> nodes.Expr:
        if not isinstance(node.value, float):
            return node
        name = f"number_{len(self.literals)}"
        self.literals[name] = Decimal(repr(node.value))
        return nodes.Name(name, "load", lineno=node.lineno, environment=node.environment)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Expr:
        node.expr = self._given(node.expr)
        for operand in node.ops:
            operand.expr = self._given(operand.expr)
        return node

    def _given(self, node: nodes.Expr) -> nodes.Expr:
        label = nodes.Const(_path(node) or "a part of it", lineno=node.lineno, environment=node.environment)
        inner = self.visit(node)
        return nodes.Filter(inner, "_given", [label], [], None, None, lineno=node.lineno, environment=node.environment)


def _given(value: Any, name: str) -> Any:
    if value is None:
        raise NoneUsed(name)
    return value


def _defined(value: Any) -> Any:
    if isinstance(value, StrictUndefined):
        value._fail_with_undefined_error()
    return value


class _Environment(ImmutableSandboxedEnvironment):
    """Plain data, Decimal arithmetic, nothing callable."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"-", "+"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        for value in (left, right):
            if value is None:
                raise NoneUsed("a part of it")
        dates = isinstance(left, date | timedelta) or isinstance(right, date | timedelta)
        numbers = all(isinstance(value, int | Decimal) and not isinstance(value, bool) for value in (left, right))
        if operator == "**" or not (numbers or (dates and operator in "+-")):
            raise TypeError("only numbers and dates can be computed with")
        if dates and isinstance(right, int):
            right = timedelta(days=right)
        if operator == "/":
            return Decimal(left) / Decimal(right)
        return super().call_binop(context, operator, left, right)

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        if arg is None:
            raise NoneUsed("a part of it")
        return super().call_unop(context, operator, arg)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if obj is None:
            raise NoneUsed(f"the thing that has '{attribute}'")
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=None, name=attribute)
        if attribute in ATTRIBUTES.get(type(obj), ()):
            return getattr(obj, attribute)
        return self.undefined(obj=None, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        if obj is None:
            raise NoneUsed("a list")
        if isinstance(obj, tuple | list) and isinstance(argument, int):
            return obj[argument] if -len(obj) <= argument < len(obj) else None
        return self.undefined(obj=None, name="item")

    def is_safe_callable(self, obj: Any) -> bool:
        return False


def _round(value: Any, places: int = 0) -> Decimal:
    """Half away from zero, as bills round."""
    number = Decimal(_given(value, "a value to round"))
    return number.quantize(Decimal(1).scaleb(-places), rounding=decimal.ROUND_HALF_UP)


def _default(value: Any, other: Any) -> Any:
    return other if value is None else value


def _numbers(values: Any) -> list[Any]:
    return [_given(value, "an item") for value in _given(values, "a list")]


def _sum(values: Any, attribute: str | None = None) -> Any:
    items = _numbers(values)
    return sum((_given(item[attribute], attribute) for item in items) if attribute else items, start=Decimal(0))


def _abs(value: Any) -> Any:
    return abs(_given(value, "a value"))


def _length(value: Any) -> int:
    items = _given(value, "a list")
    return len(items if isinstance(items, str | tuple | list) else list(items))


def _first(values: Any) -> Any:
    return next(iter(_given(values, "a list")), None)


def _last(values: Any) -> Any:
    items = list(_given(values, "a list"))
    return items[-1] if items else None


FILTERS_ALLOWED: dict[str, Callable[..., Any]] = {
    "abs": _abs,
    "default": _default,
    "first": _first,
    "last": _last,
    "length": _length,
    "list": lambda values: list(_given(values, "a list")),
    "lower": lambda text: str(_given(text, "a text")).lower(),
    "map": FILTERS["map"],
    "max": lambda values: max(_numbers(values), default=None),
    "min": lambda values: min(_numbers(values), default=None),
    "rejectattr": FILTERS["rejectattr"],
    "round": _round,
    "selectattr": FILTERS["selectattr"],
    "sort": FILTERS["sort"],
    "sum": _sum,
    "upper": lambda text: str(_given(text, "a text")).upper(),
}


def _environment() -> _Environment:
    environment = _Environment(undefined=StrictUndefined, autoescape=False, cache_size=0)
    environment.filters = {**FILTERS_ALLOWED, "_given": _given}
    environment.globals = {}
    return environment


ENVIRONMENT = _environment()
"""Only a compiler with a fixed vocabulary: it holds no state of any template."""
