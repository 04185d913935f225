"""Copy: every sentence of a template, in Fluent, one book per locale.

A sentence names facts as ``{$fact_id}`` and, for plural selectors only, ``{$fact_id_n}``. Formatting functions are
refused here, because figures are formatted once, in the plan.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from babel import Locale, UnknownLocaleError
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from renderer.errors import DearlyError, ErrorList, Place, TemplateError, nearest
from renderer.template.model import NUMBERS, AnyFactRule, FactRule
from renderer.template.release import Release
from renderer.units import canonical_json, digest

Facts = Mapping[str, AnyFactRule]
Entry = ast.Message | ast.Term
SPOKEN = "spoken"
"""The attribute that holds what a voice says instead of a sentence's text."""


@dataclass(frozen=True)
class Sentence:
    """One message: its parsed pattern (None where it has only attributes), the facts its text may name (selectors
    included), those whose count it selects by, where it stands, and the pattern of its attribute ``.spoken``."""

    id: str
    pattern: ast.Pattern | None
    facts: tuple[str, ...]
    counts: tuple[str, ...]
    place: Place
    spoken: ast.Pattern | None = None


@dataclass(frozen=True)
class CopyBook:
    """The copy of one locale."""

    locale: str
    bundle: FluentBundle
    sentences: Mapping[str, Sentence]


def load_copy(release: Release, locales: tuple[str, ...], facts: Facts) -> Mapping[str, CopyBook]:
    """The books of all locales: ``copy/<locale>.ftl`` or the files of a folder of that name.

    Raises ErrorList: broken Fluent, unknown facts or sentences, calls of NUMBER and the like, a message that one locale
    has and another lacks.
    """
    faults: list[DearlyError] = []
    books = {locale: _remembered(release, locale, facts, faults) for locale in locales}
    reference = books[locales[0]]
    for locale, book in books.items():
        for name in sorted(set(reference.sentences) - set(book.sentences)):
            faults.append(
                TemplateError(
                    "template.copy",
                    f"The locale '{locale}' has no sentence '{name}'.",
                    place=reference.sentences[name].place,
                    hint=f"'{locales[0]}' has it here; add it to copy/{locale}.",
                )
            )
        for name in sorted(set(book.sentences) - set(reference.sentences)):
            faults.append(
                TemplateError(
                    "template.copy",
                    f"The reference locale '{locales[0]}' has no sentence '{name}'.",
                    place=book.sentences[name].place,
                    hint=nearest(name, list(reference.sentences)),
                )
            )
    if faults:
        raise ErrorList(faults)
    return MappingProxyType(books)


def is_locale(name: str) -> bool:
    """Whether Unicode's CLDR knows the locale."""
    try:
        Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


_books: OrderedDict[str, tuple[Mapping[str, str], Facts, CopyBook]] = OrderedDict()
KEPT_BOOKS = 32


def _remembered(release: Release, locale: str, facts: Facts, faults: list[DearlyError]) -> CopyBook:
    """The book of a locale. One without faults is kept with what it was made of: an author saves one file of many."""
    texts = {path: release.text(path) for path in _files(release, locale)}
    known = _books.get(name := f"{locale} {digest(canonical_json(texts))}")
    if known is not None and known[:2] == (texts, facts):
        return known[2]
    before = len(faults)
    book = _book(release, locale, facts, faults)
    if len(faults) == before:
        _books[name] = texts, facts, book
        while len(_books) > KEPT_BOOKS:
            _books.popitem(last=False)
    return book


def _book(release: Release, locale: str, facts: Facts, faults: list[DearlyError]) -> CopyBook:
    bundle = FluentBundle([locale], use_isolating=True, functions={})
    bodies: dict[str, tuple[Entry, Place]] = {}
    for path in _files(release, locale):
        text = release.text(path)
        bundle.add_resource(_parsed(text)[0])
        for name, entry, place in _entries(text, path, faults):
            if name in bodies:
                faults.append(TemplateError("template.duplicate", f"The sentence '{name}' stands twice.", place=place))
            bodies[name] = (entry, place)
    sentences: dict[str, Sentence] = {}
    for name, (entry, place) in bodies.items():
        named = _Names()
        named.visit(entry)
        faults += _check_references(name, place, named, bodies)
        if isinstance(entry, ast.Term):
            faults += _check_term(name, place, named, facts)
            continue
        faults += _check_facts(name, place, named, facts)
        variables = _variables(name, bodies, set())
        counts = {base for one in variables if one not in facts and (base := one.removesuffix("_n")) in facts}
        used = {one for one in variables if one in facts} | counts
        spoken = next((one.value for one in entry.attributes if one.id.name == SPOKEN), None)
        sentences[name] = Sentence(name, entry.value, tuple(sorted(used)), tuple(sorted(counts)), place, spoken)
    return CopyBook(locale, bundle, MappingProxyType(sentences))


def _files(release: Release, locale: str) -> list[str]:
    """The copy files of a locale, in order."""
    found = [
        path
        for path in sorted(release.files)
        if path == f"copy/{locale}.ftl" or (path.startswith(f"copy/{locale}/") and path.endswith(".ftl"))
    ]
    if not found:
        raise TemplateError(
            "template.missing-file",
            f"The locale '{locale}' has no copy.",
            place=Place(file=f"copy/{locale}.ftl"),
            hint="Each locale of template.yaml needs its copy file.",
        )
    return found


@lru_cache(maxsize=64)
def _parsed(text: str) -> tuple[Any, ast.Resource]:
    """A file for the bundle and as a tree, both only read; remembered for authors who save one file of many."""
    return FluentResource(text), FluentParser(with_spans=True).parse(text)


def _entries(text: str, path: str, faults: list[DearlyError]) -> Iterator[tuple[str, Entry, Place]]:
    """Messages and terms of one file; what is no Fluent goes to ``faults``."""
    for entry in _parsed(text)[1].body:
        line = text.count("\n", 0, entry.span.start) + 1 if entry.span else None
        place = Place(file=path, line=line)
        if isinstance(entry, ast.Junk):
            reason = entry.annotations[0].message if entry.annotations else "it is not valid Fluent"
            faults.append(TemplateError("template.syntax", f"The copy is not valid Fluent: {reason}.", place=place))
        elif isinstance(entry, ast.Message | ast.Term):
            yield f"-{entry.id.name}" if isinstance(entry, ast.Term) else entry.id.name, entry, place


# ---------------------------------------------------------------- what sentences may name


class _Names(Visitor):
    """Collects what one message or term names itself. ``others`` are the (name, attribute) it refers to."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.printed: set[str] = set()
        self.functions: set[str] = set()
        self.others: set[tuple[str, str | None]] = set()

    def visit_Placeable(self, node: Any) -> None:
        if isinstance(node.expression, ast.VariableReference):
            self.printed.add(node.expression.id.name)
        self.generic_visit(node)

    def visit_VariableReference(self, node: Any) -> None:
        self.variables.add(node.id.name)

    def visit_FunctionReference(self, node: Any) -> None:
        self.functions.add(node.id.name)

    def visit_MessageReference(self, node: Any) -> None:
        self.others.add((node.id.name, node.attribute.name if node.attribute else None))

    def visit_TermReference(self, node: Any) -> None:
        self.others.add((f"-{node.id.name}", node.attribute.name if node.attribute else None))


def _variables(name: str, bodies: Mapping[str, tuple[Entry, Place]], seen: set[str]) -> set[str]:
    """The variables of a message and of all messages it refers to. Those of terms are parameters, not facts."""
    if name in seen or name not in bodies or isinstance(bodies[name][0], ast.Term):
        return set()
    seen.add(name)
    named = _Names()
    named.visit(bodies[name][0])
    return named.variables.union(*(_variables(other, bodies, seen) for other, _ in named.others))


def _check_references(
    name: str, place: Place, named: _Names, bodies: Mapping[str, tuple[Entry, Place]]
) -> Iterator[TemplateError]:
    for call in sorted(named.functions):
        yield TemplateError(
            "template.copy",
            f"The sentence '{name}' calls {call}().",
            place=place,
            hint="Figures are formatted once, in facts.yaml; name the fact.",
        )
    for other, attribute in sorted(named.others, key=str):
        entry = bodies[other][0] if other in bodies else None
        attributes = [one.id.name for one in entry.attributes] if entry is not None else []
        if entry is None or (entry.value is None if attribute is None else attribute not in attributes):
            shown = other if attribute is None else f"{other}.{attribute}"
            yield TemplateError(
                "template.reference",
                f"The sentence '{name}' refers to '{shown}', which is not there.",
                place=place,
                hint=nearest(other, list(bodies)) if entry is None else nearest(attribute or "", attributes),
            )
        elif _reaches(other, name, bodies, set()):
            yield TemplateError(
                "template.copy", f"The sentence '{name}' refers to itself by way of '{other}'.", place=place
            )


def _reaches(start: str, goal: str, bodies: Mapping[str, tuple[Entry, Place]], seen: set[str]) -> bool:
    if start == goal:
        return True
    if start in seen or start not in bodies:
        return False
    seen.add(start)
    named = _Names()
    named.visit(bodies[start][0])
    return any(_reaches(other, goal, bodies, seen) for other, _ in named.others)


def _check_term(name: str, place: Place, named: _Names, facts: Facts) -> Iterator[TemplateError]:
    """Fluent passes a term its own parameters and nothing else."""
    for variable in sorted(named.variables):
        if variable in named.printed or variable in facts or variable.removesuffix("_n") in facts:
            yield TemplateError(
                "template.copy",
                f"The term '{name}' names '${variable}', but a term sees no facts.",
                place=place,
                hint="Name the fact in the sentence; a term may choose its form by a parameter.",
            )


def _check_facts(name: str, place: Place, named: _Names, facts: Facts) -> Iterator[TemplateError]:
    for variable in sorted(named.variables):
        base = variable if variable in facts else variable.removesuffix("_n")
        rule = facts.get(base)
        if rule is None:
            yield TemplateError(
                "template.reference",
                f"The sentence '{name}' names an unknown fact '${variable}'.",
                place=place,
                hint=nearest(variable, sorted(facts)),
            )
        elif base == variable and (not isinstance(rule, FactRule) or rule.as_ == "image"):
            yield TemplateError(
                "template.copy",
                f"The sentence '{name}' prints '${variable}', which has no text.",
                place=place,
                hint="Series, tables and images are placed by layouts and storyboards.",
            )
        elif base != variable and variable in named.printed:
            yield TemplateError(
                "template.copy",
                f"The sentence '{name}' prints '${variable}'.",
                place=place,
                hint="Names that end in _n choose plural forms; print the fact itself.",
            )
        elif base != variable and (not isinstance(rule, FactRule) or rule.as_ not in NUMBERS or rule.decimals):
            yield TemplateError(
                "template.copy",
                f"The sentence '{name}' counts by '${variable}', but '{base}' is not shown as a whole number.",
                place=place,
                hint="Plural forms follow facts that are numbers shown with 'decimals: 0'.",
            )
