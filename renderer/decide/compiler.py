"""From a parsed expression to a function: every node is checked, and anything the rule language lacks is refused."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from jinja2 import nodes

from renderer.decide.filters import FILTERS, SELECT_TESTS
from renderer.decide.scope import Scope
from renderer.decide.values import LARGEST, Work, attribute, comparable, compute, given, number, text_of, truth
from renderer.errors import Place, TemplateError, nearest

MAX_NESTING = 60
_ARITHMETIC: Mapping[type[nodes.Node], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
TESTS: Mapping[str, Callable[..., bool]] = {
    "none": lambda value: value is None,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "even": lambda value: number(value) % 2 == 0,
    "odd": lambda value: number(value) % 2 != 0,
    "divisibleby": lambda value, by: number(value) % number(by) == 0,
}
Names = Mapping[str, Any]
Run = Callable[[Names, Work], Any]


class Compiler:
    """Makes a function of each node. ``paths`` are the values that the expression names, in order.

    Raises TemplateError for what the rule language does not have.
    """

    def __init__(self, source: str, scope: Scope, place: Place) -> None:
        self._source = source
        self._scope = scope
        self._place = place
        self._nesting = 0
        self.paths: dict[str, None] = {}

    def of(self, node: nodes.Node) -> Run:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise self._refused("it is nested too deep.")
        try:
            return self._node(node)
        finally:
            self._nesting -= 1

    def _node(self, node: nodes.Node) -> Run:
        path = _path(node)
        if path is not None:
            return self._value_at(path)
        match node:
            case nodes.Const(value=value):
                return self._constant(value)
            case nodes.Getattr(node=owner, attr=name):
                self._check_attribute(name)
                of_owner, label = self.of(owner), f"the thing that has '{name}'"
                return lambda names, work: attribute(of_owner(names, work), name, label)
            case nodes.Getitem(node=owner, arg=index) if not isinstance(index, nodes.Slice):
                return self._item(owner, index)
            case nodes.Compare():
                return self._comparison(node)
            case nodes.And(left=left, right=right):
                one, other = self._condition(left), self._condition(right)
                return lambda names, work: one(names, work) and other(names, work)
            case nodes.Or(left=left, right=right):
                one, other = self._condition(left), self._condition(right)
                return lambda names, work: one(names, work) or other(names, work)
            case nodes.Not(node=inner):
                holds = self._condition(inner)
                return lambda names, work: not holds(names, work)
            case nodes.CondExpr(test=test, expr1=then, expr2=otherwise):
                if otherwise is None:
                    raise self._refused("an 'if' needs its 'else'.")
                holds, yes, no = self._condition(test), self.of(then), self.of(otherwise)
                return lambda names, work: yes(names, work) if holds(names, work) else no(names, work)
            case nodes.Neg(node=inner) | nodes.Pos(node=inner):
                value, label = self._given(inner)
                sign_of = operator.neg if isinstance(node, nodes.Neg) else operator.pos
                return lambda names, work: sign_of(number(given(value(names, work), label)))
            case nodes.Concat(nodes=parts):
                pieces = [self._given(part) for part in parts]
                return lambda names, work: "".join([text_of(piece(names, work), label) for piece, label in pieces])
            case nodes.List(items=listed) | nodes.Tuple(items=listed):
                items = [self.of(item) for item in listed]
                return lambda names, work: [item(names, work) for item in items]
            case nodes.Filter():
                return self._filter(node)
            case nodes.Test():
                return self._test(node)
            case nodes.BinExpr(left=left, right=right) if type(node) in _ARITHMETIC:
                sign = _ARITHMETIC[type(node)]
                if any(isinstance(side, nodes.Const) and isinstance(side.value, str | bool) for side in (left, right)):
                    raise self._refused("only numbers and dates can be computed with.", "Texts are joined by '~'.")
                (one, one_label), (other, other_label) = self._given(left), self._given(right)
                return lambda names, work: compute(
                    sign, given(one(names, work), one_label), given(other(names, work), other_label)
                )
        raise self._refused(
            f"{type(node).__name__.lower()} is not part of the rule language.",
            "Expressions have values, comparisons, arithmetic, 'and', 'or', 'not', 'if … else' and filters.",
        )

    def _value_at(self, path: str) -> Run:
        fault = self._scope.fault(path)
        if fault is not None:
            raise self._refused(*fault)
        self.paths[path] = None
        first, *rest = path.split(".")
        if not rest:
            return lambda names, work: names[first]
        steps = [(part, ".".join([first, *rest[:index]])) for index, part in enumerate(rest)]

        def run(names: Names, work: Work) -> Any:
            value = names[first]
            for part, owner in steps:
                value = attribute(value, part, owner)
            return value

        return run

    def _constant(self, value: Any) -> Run:
        if isinstance(value, float):
            value = Decimal(repr(value))
            if abs(value) >= LARGEST:
                raise self._refused("a number is too large.")
        return lambda names, work: value

    def _item(self, owner: nodes.Node, index: nodes.Node) -> Run:
        if isinstance(index, nodes.Const) and isinstance(index.value, str):
            raise self._refused("a field is named in brackets.", f"Write '.{index.value}'.")
        of_owner, of_index = self.of(owner), self.of(index)

        def run(names: Names, work: Work) -> Any:
            values, at = given(of_owner(names, work), "a list"), of_index(names, work)
            if not isinstance(values, list | tuple) or isinstance(at, bool) or not isinstance(at, int):
                raise TypeError("not an item of a list")
            return values[at] if -len(values) <= at < len(values) else None

        return run

    def _comparison(self, node: nodes.Compare) -> Run:
        for side in (node.expr, *(operand.expr for operand in node.ops)):
            if isinstance(side, nodes.Const) and side.value is None:
                raise self._refused("nothing equals none.", "Write 'is none' or 'is not none'.")
        first, first_label = self._given(node.expr)
        steps = [(operand.op, *self._given(operand.expr)) for operand in node.ops]

        def run(names: Names, work: Work) -> bool:
            left = given(first(names, work), first_label)
            for sign, side, label in steps:
                right = given(side(names, work), label)
                if not _compared(sign, left, right, work):
                    return False
                left = right
            return True

        return run

    def _condition(self, node: nodes.Node) -> Run:
        run, label = self._given(node)
        return lambda names, work: truth(run(names, work), label)

    def _filter(self, node: nodes.Filter) -> Run:
        function = FILTERS.get(node.name)
        if function is None:
            raise self._refused(f"there is no filter '{node.name}'.", nearest(node.name, sorted(FILTERS)))
        if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise self._refused("a filter has arguments that are not written out.")
        named = {str(keyword.key): keyword.value for keyword in node.kwargs}
        try:
            bound = inspect.signature(function).bind(None, None, *node.args, **named)
        except TypeError as error:
            raise self._refused(f"the filter '{node.name}': {error}.") from None
        if "attribute" in bound.arguments:
            path = self._written_out(bound.arguments["attribute"], "attribute")
            for part in path.split("."):
                self._check_attribute(part)
        if "test" in bound.arguments:
            test = self._written_out(bound.arguments["test"], "test")
            known = [*SELECT_TESTS, "in", "none", "true"]
            if test not in known or (test in ("none", "true")) == ("other" in bound.arguments):
                raise self._refused(f"'{test}' is no test with these arguments.", nearest(test, known))
        value = self.of(node.node)
        arguments = [self.of(argument) for argument in node.args]
        options = {key: self.of(argument) for key, argument in named.items()}
        return lambda names, work: function(
            work,
            value(names, work),
            *[argument(names, work) for argument in arguments],
            **{key: option(names, work) for key, option in options.items()},
        )

    def _test(self, node: nodes.Test) -> Run:
        if node.name == "in" and len(node.args) == 1:
            return self._comparison(nodes.Compare(node.node, [nodes.Operand("in", node.args[0])]))
        test = TESTS.get(node.name)
        if test is None:
            raise self._refused(f"there is no test '{node.name}'.", nearest(node.name, sorted(TESTS)))
        if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise self._refused("a test has arguments that are not written out.")
        if len(node.args) != (1 if node.name == "divisibleby" else 0):
            raise self._refused(f"the test '{node.name}' has another number of arguments.")
        value, label = self._given(node.node)
        arguments = [self.of(argument) for argument in node.args]
        if node.name == "none":
            return lambda names, work: value(names, work) is None
        return lambda names, work: test(
            given(value(names, work), label), *[argument(names, work) for argument in arguments]
        )

    def _given(self, node: nodes.Node) -> tuple[Run, str]:
        """A node with the name under which an error speaks of it."""
        return self.of(node), _path(node) or "a part of it"

    def _written_out(self, node: Any, what: str) -> str:
        if not isinstance(node, nodes.Const) or not isinstance(node.value, str):
            raise self._refused(f"the {what} of a filter must be written out in quotes.")
        return node.value

    def _check_attribute(self, name: str) -> None:
        if name not in self._scope.attributes:
            raise self._refused(f"no field is called '{name}'.", nearest(name, sorted(self._scope.attributes)))

    def _refused(self, what: str, hint: str | None = None) -> TemplateError:
        return TemplateError("template.expression", f"'{self._source}': {what}", place=self._place, hint=hint)


def _compared(sign: str, left: Any, right: Any, work: Work) -> bool:
    if sign in ("in", "notin"):
        work.spend(len(right))
        if isinstance(right, str) and not isinstance(left, str):
            raise TypeError("only text is in a text")
        return (left in right) == (sign == "in")
    comparable(left, right)
    return bool(_COMPARISONS[sign](left, right))


def _path(node: nodes.Node) -> str | None:
    """``a.b.c`` for a chain of attributes that starts at a name."""
    if isinstance(node, nodes.Name):
        return str(node.name)
    if isinstance(node, nodes.Getattr):
        base = _path(node.node)
        return f"{base}.{node.attr}" if base is not None else None
    return None
