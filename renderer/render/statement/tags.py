"""Finishes the tag tree that WeasyPrint leaves rough, so that readers hear one table and no decoration.

WeasyPrint 70 tags a table that runs over pages as one table a page and reads the repeated head aloud each time
(Kozea/WeasyPrint#2508), gives header cells no scope (#2482) and calls every inline drawing a figure. Here the pieces of
one table become one, repeated heads and decorative drawings become artifacts, header cells get a scope and the ids they
are referred to by get their index (ISO 32000-1, 14.7.2 and 14.8.5.7). Runs as WeasyPrint's finisher: on objects in
memory, before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pydyf
from weasyprint.formatting_structure import boxes

from renderer.errors import Place, RenderError

SVG = "{http://www.w3.org/2000/svg}"


def complete_tags(document: Any, pdf: Any) -> None:
    """WeasyPrint's ``finisher``. Raises RenderError ``render.warning`` for a drawing neither named nor hidden."""
    _check_drawings(document)
    tree = _TagTree(pdf)
    tree.hide_unnamed_figures()
    tables: dict[int, _Fragment] = {}
    for number, page in enumerate(document.pages):
        for box in _tables(page._page_box):
            fragment = _fragment(tree, box, number)
            if fragment is None:
                continue
            first = tables.setdefault(id(box.element), fragment)
            if first is not fragment:
                _join(tree, first, fragment)
    tree.index_ids()
    name_every_glyph(pdf)


def name_every_glyph(pdf: Any) -> None:
    """Give the glyphs that WeasyPrint maps to no text at all (the second glyph of a cluster, frequent in Arabic) the
    word joiner U+2060, which reads as nothing: without it readers make up a character from the glyph's number."""
    for part in pdf.objects:
        operators = getattr(part, "stream", None)
        if isinstance(operators, list) and b"begincmap" in operators[:4]:
            for place, line in enumerate(operators):
                if line.endswith(b" <>"):
                    operators[place] = line[:-2] + b"<2060>"


class _TagTree:
    """The structure tree of one PDF in memory (ISO 32000-1, 14.7)."""

    def __init__(self, pdf: Any) -> None:
        self.pdf = pdf
        self.root = self.at(pdf.catalog["StructTreeRoot"])
        self.parents: list[Any] = self.at(self.root["ParentTree"])["Nums"]

    def at(self, reference: bytes) -> Any:
        return self.pdf.objects[int(reference.split()[0])]

    def parent(self, element: Any) -> Any:
        return self.at(element["P"])

    def kids(self, element: Any) -> Iterator[Any]:
        """Child elements, without marked content."""
        for kid in element.get("K", ()):
            if isinstance(kid, bytes) and (child := self.at(kid)).get("Type") == "/StructElem":
                yield child

    def below(self, element: Any) -> Iterator[Any]:
        yield element
        for kid in self.kids(element):
            yield from self.below(kid)

    def remove(self, element: Any) -> None:
        """Take an element out of its parent; its content becomes an artifact of its page."""
        for part in list(self.below(element)):
            self._hide_content(part)
        self.unlink(element)

    def unlink(self, element: Any) -> None:
        self.parent(element)["K"].remove(element.reference)

    def move(self, element: Any, parent: Any) -> None:
        element["P"] = parent.reference
        parent["K"].append(element.reference)

    def hide_unnamed_figures(self) -> None:
        for element in [part for kid in self.kids(self.root) for part in self.below(kid)]:
            if element["S"] == "/Figure" and "Alt" not in element:
                self.remove(element)

    def index_ids(self) -> None:
        """The name tree from cell ids to cells."""
        named = {
            element["ID"].data: element
            for kid in self.kids(self.root)
            for element in self.below(kid)
            if "ID" in element
        }
        if named:
            names = pydyf.Array()
            for key in sorted(named):
                names.extend([named[key]["ID"].data, named[key].reference])
            index = pydyf.Dictionary({"Names": names})
            self.pdf.add_object(index)
            self.root["IDTree"] = index.reference

    def _hide_content(self, element: Any) -> None:
        page = self.at(element["Pg"])
        for mcid in [kid for kid in element["K"] if isinstance(kid, int)]:
            operators: list[Any] = self.at(page["Contents"]).stream
            for place, operator in enumerate(operators):
                if isinstance(operator, pydyf.Dictionary) and operator.get("MCID") == mcid:
                    operators[place - 1 : place + 2] = ["/Artifact", b"BMC"]
                    break
            self.parents[2 * page["StructParents"] + 1][mcid] = "null"


@dataclass
class _Fragment:
    """One table on one page: its element, its row groups and the rows of each with their cells."""

    element: Any
    groups: list[tuple[str, int, Any, list[tuple[Any, list[Any]]]]] = field(default_factory=list)

    def heads(self) -> list[list[Any]]:
        return [cells for kind, _, _, rows in self.groups if kind == "thead" for _, cells in rows]


def _fragment(tree: _TagTree, table: Any, page: int) -> _Fragment | None:
    found: _Fragment | None = None
    for group in table.children:
        rows = []
        for row in group.children:
            cells = [cell for cell in row.children if isinstance(getattr(cell, "mark", None), pydyf.Dictionary)]
            for cell in cells:
                if cell.element_tag == "th":
                    scope = cell.element.get("scope")
                    cell.mark["A"]["Scope"] = "/Row" if scope in ("row", "rowgroup") else "/Column"
            if cells:
                rows.append((tree.parent(cells[0].mark), [cell.mark for cell in cells]))
        if rows and group.element is not None:
            owner = tree.parent(rows[0][0])
            found = found or _Fragment(tree.parent(owner))
            found.groups.append((group.element_tag, id(group.element), owner, rows))
    return found


def _join(tree: _TagTree, first: _Fragment, later: _Fragment) -> None:
    """Put the rows of a later page's piece under the first one. Repeated heads go; a repeated foot stays at the end."""
    ids = {}
    for ours, theirs in zip(first.heads(), later.heads(), strict=False):
        ids.update(
            {
                again["ID"].data: cell["ID"]
                for cell, again in zip(ours, theirs, strict=False)
                if "ID" in again and "ID" in cell
            }
        )
    for kind, group_id, owner, rows in later.groups:
        before = next((part for part in first.groups if part[1] == group_id), None)
        if kind == "thead":
            tree.remove(owner)
            continue
        for _, cells in rows:
            for cell in cells:
                if "Headers" in cell["A"]:
                    cell["A"]["Headers"] = pydyf.Array([ids.get(key.data, key) for key in cell["A"]["Headers"]])
        if kind == "tfoot" and before is not None:
            tree.remove(before[2])
            first.groups.remove(before)
            before = None
        if before is None:
            tree.unlink(owner)
            tree.move(owner, first.element)
            first.groups.append((kind, group_id, owner, rows))
        else:
            for row, _ in rows:
                tree.unlink(row)
                tree.move(row, before[2])
    tree.unlink(later.element)


def _tables(box: Any) -> Iterator[Any]:
    box = getattr(box, "_box", box)
    if isinstance(box, boxes.MarginBox):
        return
    if isinstance(box, boxes.TableBox):
        yield box
    for child in getattr(box, "children", ()):
        yield from _tables(child)


def _check_drawings(document: Any) -> None:
    for drawing in document._html.etree_element.iter(f"{SVG}svg"):
        title = drawing.find(f"{SVG}title")
        named = title is not None and (title.text or "").strip()
        if not named and drawing.get("aria-hidden") != "true":
            raise RenderError(
                "render.warning",
                "A drawing has neither a title nor aria-hidden.",
                place=Place(channel="statement"),
                hint="Give it a title that can be read aloud, or hide it.",
            )
