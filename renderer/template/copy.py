"""Copy: every sentence of a template, in Fluent, one book per locale.

A sentence names facts as ``{$fact_id}`` and, for plural selectors only, ``{$fact_id_n}``. Formatting functions are
refused here, because figures are formatted once, in the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from babel import Locale, UnknownLocaleError
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from renderer.errors import DearlyError, ErrorList, Place, TemplateError, nearest
from renderer.template.release import Release


@dataclass(frozen=True)
class Sentence:
    """One message: its parsed pattern (None where it has only attributes), the facts its text may name (selectors
    included), those whose count it selects by, and where it stands."""

    id: str
    pattern: ast.Pattern | None
    facts: tuple[str, ...]
    counts: tuple[str, ...]
    place: Place


@dataclass(frozen=True)
class CopyBook:
    """The copy of one locale."""

    locale: str
    bundle: FluentBundle
    sentences: Mapping[str, Sentence]


def load_copy(release: Release, locales: tuple[str, ...], facts: Iterable[str]) -> Mapping[str, CopyBook]:
    """The books of all locales: ``copy/<locale>.ftl`` or the files of a folder of that name.

    Raises ErrorList: broken Fluent, a locale nobody knows, unknown facts, calls of NUMBER and the like, a message that
    one locale has and another lacks.
    """
    known = set(facts)
    faults: list[DearlyError] = []
    books = {locale: _book(release, locale, known, faults) for locale in locales}
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


def _book(release: Release, locale: str, facts: set[str], faults: list[DearlyError]) -> CopyBook:
    try:
        Locale.parse(locale, sep="-")
    except (UnknownLocaleError, ValueError):
        raise TemplateError(
            "template.value",
            f"'{locale}' is no locale that Unicode's CLDR knows.",
            place=Place(file="template.yaml"),
            hint="Write it like 'it', 'ar' or 'pt-BR'.",
        ) from None
    bundle = FluentBundle([locale], use_isolating=True, functions={})
    sentences: dict[str, Sentence] = {}
    bodies: dict[str, tuple[ast.Message | ast.Term, Place]] = {}
    files = [
        path
        for path in (f"copy/{locale}.ftl", *sorted(release.files))
        if path in release.files
        and (path == f"copy/{locale}.ftl" or (path.startswith(f"copy/{locale}/") and path.endswith(".ftl")))
    ]
    files = list(dict.fromkeys(files))
    if not files:
        raise TemplateError(
            "template.missing-file",
            f"The locale '{locale}' has no copy.",
            place=Place(file=f"copy/{locale}.ftl"),
            hint="Each locale of template.yaml needs its copy file.",
        )
    for path in files:
        text = release.text(path)
        resource = FluentParser(with_spans=True).parse(text)
        for entry in resource.body:
            line = text.count("\n", 0, entry.span.start) + 1 if entry.span else None
            place = Place(file=path, line=line)
            if isinstance(entry, ast.Junk):
                reason = entry.annotations[0].message if entry.annotations else "it is not valid Fluent"
                faults.append(TemplateError("template.syntax", f"The copy is not valid Fluent: {reason}.", place=place))
            elif isinstance(entry, ast.Message | ast.Term):
                name = f"-{entry.id.name}" if isinstance(entry, ast.Term) else entry.id.name
                if name in bodies:
                    faults.append(
                        TemplateError("template.duplicate", f"The sentence '{name}' stands twice.", place=place)
                    )
                bodies[name] = (entry, place)
        bundle.add_resource(FluentResource(text))
    for name, (entry, place) in bodies.items():
        named = _Names()
        _follow(entry, bodies, named, {name})
        for call in named.functions:
            faults.append(
                TemplateError(
                    "template.copy",
                    f"The sentence '{name}' calls {call}().",
                    place=place,
                    hint="Figures are formatted once, in facts.yaml; name the fact.",
                )
            )
        for missing in named.missing:
            faults.append(
                TemplateError(
                    "template.reference",
                    f"The sentence '{name}' refers to '{missing}', which is not there.",
                    place=place,
                    hint=nearest(missing, list(bodies)),
                )
            )
        used, counts = set(), set()
        for variable in sorted(named.variables):
            base = variable.removesuffix("_n") if variable not in facts else variable
            if base not in facts:
                faults.append(
                    TemplateError(
                        "template.reference",
                        f"The sentence '{name}' names an unknown fact '${variable}'.",
                        place=place,
                        hint=nearest(variable, sorted(facts)),
                    )
                )
            elif base != variable:
                counts.add(base)
            used.add(base)
        for printed in sorted(named.printed):
            if printed not in facts and printed.removesuffix("_n") in facts:
                faults.append(
                    TemplateError(
                        "template.copy",
                        f"The sentence '{name}' prints '${printed}'.",
                        place=place,
                        hint="Names that end in _n choose plural forms; print the fact itself.",
                    )
                )
        if isinstance(entry, ast.Message):
            sentences[name] = Sentence(name, entry.value, tuple(sorted(used)), tuple(sorted(counts)), place)
    return CopyBook(locale, bundle, MappingProxyType(sentences))


class _Names(Visitor):
    """Collects what a pattern names."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.printed: set[str] = set()
        self.functions: set[str] = set()
        self.others: set[str] = set()
        self.missing: set[str] = set()

    def visit_Placeable(self, node: Any) -> None:
        if isinstance(node.expression, ast.VariableReference):
            self.printed.add(node.expression.id.name)
        self.generic_visit(node)

    def visit_VariableReference(self, node: Any) -> None:
        self.variables.add(node.id.name)

    def visit_FunctionReference(self, node: Any) -> None:
        self.functions.add(node.id.name)

    def visit_MessageReference(self, node: Any) -> None:
        self.others.add(node.id.name)

    def visit_TermReference(self, node: Any) -> None:
        self.others.add(f"-{node.id.name}")


def _follow(entry: Any, bodies: Mapping[str, tuple[Any, Place]], named: _Names, seen: set[str]) -> None:
    """Visit ``entry`` and everything it refers to."""
    named.others.clear()
    named.visit(entry)
    for other in sorted(named.others - seen):
        if other not in bodies:
            named.missing.add(other)
        else:
            seen.add(other)
            _follow(bodies[other][0], bodies, named, seen)
