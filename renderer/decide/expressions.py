"""The template language for rules: Jinja2 expressions without calls, statements or text arithmetic.

Jinja2 parses them; each node is then checked and made into a small function. Nothing of a template ever becomes Python
code, and no attribute of a Python object can be reached: only fields of data and parts of dates have names. Number
literals are Decimal. Comparing, computing or deciding with none is an error, so that a missing value is never taken for
zero or for false: rules say ``is none`` first.
"""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, TemplateSyntaxError
from jinja2.parser import Parser

from renderer.decide.compiler import Compiler, Names, Run
from renderer.decide.scope import Scope
from renderer.decide.values import NoneUsed, TooMuch, Work
from renderer.errors import Place, ProfileError, TemplateError
from renderer.labels import Sensitivity, highest

CONTEXT = decimal.Context(prec=34, rounding=decimal.ROUND_HALF_EVEN)
"""Decimal arithmetic of every expression (IEEE 754 decimal128's precision), whatever the caller's context is."""
MAX_DIGITS = 15
"""Digits of a number literal; Jinja2 reads them as binary fractions, which hold no more."""
_GRAMMAR = Environment(autoescape=False, cache_size=0)


@dataclass(frozen=True)
class Compiled:
    """An expression ready to run. ``paths`` are the values it names; ``sensitivity`` the highest of their labels."""

    source: str
    place: Place
    paths: tuple[str, ...]
    sensitivity: Sensitivity
    run: Run

    def value(self, names: Names, work: Work | None = None) -> Any:
        """The value for one profile. Raises ProfileError, which names the expression and never a value.

        ``work`` is what all expressions of one plan may do together; without it this one has that for itself.
        """
        try:
            with decimal.localcontext(CONTEXT):
                return self.run(names, work or Work())
        except NoneUsed as error:
            raise ProfileError(
                "decide.none",
                f"'{self.source}' uses '{error.name}', which this record lacks.",
                place=self.place,
                hint=f"Guard it: '{error.name} is not none and …', or give the rule a 'when'.",
            ) from None
        except TooMuch:
            raise ProfileError(
                "decide.limit",
                f"'{self.source}' looks at too many items or makes too long a text.",
                place=self.place,
                hint="Lists inside rows of a list cost their product.",
            ) from None
        except ArithmeticError:
            raise ProfileError(
                "decide.expression",
                f"'{self.source}' divides by zero or leaves the range of numbers.",
                place=self.place,
                hint="Guard the divisor in 'when'.",
            ) from None
        except (TypeError, ValueError, LookupError) as error:
            raise ProfileError(
                "decide.expression",
                f"'{self.source}' cannot be worked out for this record ({type(error).__name__}).",
                place=self.place,
            ) from None

    def truth(self, names: Names, work: Work | None = None) -> bool:
        """The value, which must be true or false."""
        value = self.value(names, work)
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
        parser = Parser(_GRAMMAR, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateSyntaxError("something follows the expression", 1)
        _check_literals(source)
    except TemplateSyntaxError as error:
        raise TemplateError(
            "template.expression", f"'{source}' is no expression: {error.message}.", place=place
        ) from None
    except RecursionError:
        raise TemplateError("template.expression", "The expression is nested too deep.", place=place) from None
    compiler = Compiler(source, scope, place)
    run = compiler.of(tree)
    labels = [scope.label(path) for path in compiler.paths]
    return Compiled(source, place, tuple(compiler.paths), highest(labels), run)


def _check_literals(source: str) -> None:
    for _, token, text in _GRAMMAR.lexer.tokeniter(source, None, state="variable"):
        if token in ("float", "integer") and sum(map(str.isdigit, text)) > MAX_DIGITS:
            raise TemplateSyntaxError(f"a number has more than {MAX_DIGITS} digits", 1)
