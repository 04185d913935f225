"""What can be said about a template without any profile: names that lead nowhere, unsafe layouts, colours, glyphs.

Loading has checked the YAML files, the contract, the copy and the storyboard already; this looks at the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fluent.syntax import ast
from fluent.syntax.visitor import Visitor

from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontSet
from renderer.errors import DearlyError, ErrorList, Place, TemplateError, nearest
from renderer.pipeline import template_fonts
from renderer.plan.build import Planner
from renderer.preflight.contrast import MINIMUM, ratio
from renderer.preflight.lint_beside import lint_beside
from renderer.preflight.model import Finding
from renderer.render.layout_lint import lint_layout
from renderer.render.layout_lint import references as layout_references
from renderer.render.microsite.render import lint_style
from renderer.template.graphics import Layer, ParagraphLayer, QrLayer
from renderer.template.model import Template
from renderer.template.references import references as board_references


def lint(planner: Planner, cache: Path) -> list[Finding]:
    """Everything wrong or doubtful in a template, in the order of its files."""
    template = planner.template
    fonts = template_fonts(template, cache)
    return [
        *(Finding(error) for error in _layouts(planner)),
        *(Finding(error) for error in _styles(template)),
        *(Finding(error) for error in _contrast(template)),
        *(Finding(error) for error in _copy_glyphs(template, fonts)),
        *(Finding(error) for error in _poster(planner)),
        *lint_beside(planner),
        *(Finding(error) for error in _codes(template)),
        *(Finding(error, severe=False) for error in _highlights(template)),
        *(Finding(error, severe=False) for error in _unused_copy(template)),
    ]


def _layouts(planner: Planner) -> Iterator[DearlyError]:
    """Each layout is safe, and what it names literally exists."""
    template = planner.template
    door = AssetDoor(template.release.files)
    known = {
        "copy": set(template.copy[template.config.locales[0]].sentences),
        "fact": set(template.facts),
        "block": {name for kind in ("offer", "scene", "block") for name in planner.rules.ids(kind)},
        "link": set(template.config.links),
        "layout": set(template.release.files),
    }
    for path in _layout_files(template):
        source = template.release.text(path)
        faults = lint_layout(path, source)
        yield from faults
        if any(fault.code == "template.syntax" for fault in faults):
            continue
        for use in layout_references(path, source):
            place = Place(file=path, line=use.line)
            if use.kind == "asset":
                try:
                    door.get(use.name)
                except DearlyError as error:
                    yield error.at(file=path, line=use.line)
            elif use.name not in known[use.kind]:
                yield TemplateError(
                    "template.reference",
                    f"The layout names the {use.kind} '{use.name}', which is not there.",
                    place=place,
                    hint=nearest(use.name, sorted(known[use.kind])),
                )


def _styles(template: Template) -> Iterator[DearlyError]:
    for path in template.release.files:
        if path.endswith(".css"):
            yield from lint_style(path, template.release.text(path))


def _contrast(template: Template) -> Iterator[DearlyError]:
    colours = template.config.brand.colours
    lines = template.lines["template.yaml"]
    for index, (text, ground) in enumerate(template.config.brand.contrast):
        for scheme in ("light", "dark"):
            pair = [getattr(colours[token], scheme) or colours[token].light for token in (text, ground)]
            found = ratio(*pair)
            if found < MINIMUM:
                yield TemplateError(
                    "render.contrast",
                    f"'{text}' on '{ground}' has a contrast of {found:.2f} to 1 in {scheme}.",
                    place=lines.place(("brand", "contrast", index)),
                    hint=f"WCAG 2.2 AA asks for {MINIMUM} to 1.",
                )


def _copy_glyphs(template: Template, fonts: FontSet) -> Iterator[DearlyError]:
    """Every character of the copy has a glyph in a listed font."""
    for book in template.copy.values():
        for path in sorted({sentence.place.file or "" for sentence in book.sentences.values()}):
            for number, line in enumerate(template.release.text(path).splitlines(), start=1):
                missing = fonts.missing_glyphs(line)
                if missing:
                    named = ", ".join(f"U+{ord(character):04X}" for character in missing[:8])
                    yield TemplateError(
                        "render.glyph",
                        f"No listed font draws {named}.",
                        place=Place(file=path, line=number),
                        hint="List a font that covers them in template.yaml, or write it differently.",
                    )


def _poster(planner: Planner) -> Iterator[DearlyError]:
    """A poster is shown before anybody proved who they are, so nothing secret may be drawn in its scene."""
    template = planner.template
    board = template.storyboard
    video = template.config.channels.video
    if board is None or video is None or board.poster is None:
        return
    book = template.copy[template.config.locales[0]]
    scene = next(
        (index for index, item in enumerate(board.scenes) if board.poster and item.id == board.poster.scene), None
    )
    for use in board_references(board):
        if use.path[:2] != ("scenes", scene):
            continue
        facts = book.sentences[use.name].facts if use.kind == "copy" else (use.name,)
        for fact in facts:
            if planner.facts.labels.get(fact) == "secret":
                yield TemplateError(
                    "template.unsafe",
                    f"The poster's scene draws the secret '{fact}'.",
                    place=template.lines[video.storyboard].place(use.path),
                    hint="Choose another scene for the poster.",
                )


def _codes(template: Template) -> Iterator[DearlyError]:
    """A QR code is dark on light, and neither lets anything through: many readers know no other way round."""
    colours = template.config.brand.colours
    for place, layer in _film_layers(template):
        if isinstance(layer, QrLayer):
            code, ground = colours[layer.colour].light, colours[layer.ground].light
            found = ratio(code, ground)
            clear = any(len(colour) == 9 and colour[7:].lower() != "ff" for colour in (code, ground))
            if found < MINIMUM or clear or ratio(code, "#ffffff") < ratio(ground, "#ffffff"):
                yield TemplateError(
                    "render.contrast",
                    f"The QR code '{layer.id}' has a contrast of {found:.2f} to 1, or is not dark on light.",
                    place=place,
                    hint=f"Readers need a dark code on a light ground, opaque, at {MINIMUM} to 1 or more.",
                )


def _highlights(template: Template) -> Iterator[DearlyError]:
    """Words to be marked stand in the paragraph, at least in the first locale."""
    book = template.copy[template.config.locales[0]].sentences
    for place, layer in _film_layers(template):
        if not isinstance(layer, ParagraphLayer):
            continue
        keys = (*layer.copy_, *layer.variants)
        quoted = _Quoted()
        for key in keys:
            if (pattern := book[key].pattern) is not None:
                quoted.visit(pattern)
        facts = {fact for key in keys for fact in book[key].facts}
        for mark in layer.highlights:
            name = mark.fact or mark.copy_
            if name not in (facts if mark.fact else quoted.found):
                yield TemplateError(
                    "template.copy",
                    f"The paragraph '{layer.id}' marks '{name}', which its copy does not say.",
                    place=place,
                    hint=f"Put {{ {'$' if mark.fact else ''}{name} }} into the copy, or take the highlight out.",
                )


def _film_layers(template: Template) -> Iterator[tuple[Place, Layer]]:
    board, video = template.storyboard, template.config.channels.video
    if board is None or video is None:
        return
    lines = template.lines[video.storyboard]
    for number, scene in enumerate(board.scenes):
        for index, layer in enumerate(scene.layers):
            yield lines.place(("scenes", number, "layers", index)), layer


def _unused_copy(template: Template) -> Iterator[DearlyError]:
    used: set[str] = set()
    dynamic = ""
    for path in _layout_files(template):
        try:
            used |= {use.name for use in layout_references(path, template.release.text(path)) if use.kind == "copy"}
        except ErrorList:
            return
        except TemplateError:
            return
        dynamic += template.release.text(path)
    if template.storyboard is not None:
        used |= {use.name for use in board_references(template.storyboard) if use.kind == "copy"}
    if template.config.channels.statement is not None:
        used.add(template.config.channels.statement.title)
    rules = template.release.text("facts.yaml") + dynamic
    book = template.copy[template.config.locales[0]]
    used |= _named_by_others(template)
    for name, sentence in book.sentences.items():
        # Keys may be put together ('line-' ~ row.code): a key whose beginning stands quoted somewhere counts as used.
        stems = [name[: index + 1] for index, character in enumerate(name) if character == "-"]
        if name not in used and not any(f"'{stem}'" in rules or f'"{stem}"' in rules for stem in stems):
            yield TemplateError(
                "template.copy",
                f"No layout or storyboard uses the sentence '{name}'.",
                place=sentence.place,
                hint="Remove it in every locale, or use it.",
            )


def _named_by_others(template: Template) -> set[str]:
    """Sentences that other sentences quote, in any locale."""
    names = _Quoted()
    for book in template.copy.values():
        for sentence in book.sentences.values():
            if sentence.pattern is not None:
                names.visit(sentence.pattern)
    return names.found


class _Quoted(Visitor):
    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_MessageReference(self, node: ast.MessageReference) -> None:
        self.found.add(node.id.name)


def _layout_files(template: Template) -> list[str]:
    return [path for path in sorted(template.release.files) if path.endswith((".html.j2", ".svg.j2"))]
