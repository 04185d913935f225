"""Text set by Pango with the listed faces only. Base direction is the plan's, isolates are kept.

In: a text, how it looks, the room it has. Out: sizes, or a small picture. Each :class:`TextEngine` has a font map of
its own over the font set's private configuration, so neither the host's fonts nor another template's can be seen.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Protocol

import cairocffi
import cffi
from pangocairocffi import ffi as cairo_ffi
from pangocairocffi import pangocairo
from pangocffi import ffi as pango_ffi
from pangocffi import gobject, pango

from renderer.assets.fonts import EMOJI_FAMILY, FontSet
from renderer.errors import EnvironmentFault, RenderError
from renderer.render.video.raster import Raster, drawn, rgba
from renderer.render.video.score import Q, TextContent, TextLook, TextMark

Wrap = Literal["word", "anywhere"]
PANGO_Q = 1024 // Q
"""Pango units in one unit of the score."""
KEPT_SIZES, KEPT_ENGINES = 2_000, 3


@dataclass(frozen=True)
class TextSize:
    """How a text sets: lines, the width of the longest in 1/256 px, and whether words were left out (an ellipsis)."""

    lines: int
    width_q: int
    ellipsized: bool


@dataclass(frozen=True)
class WordSpan:
    """Where marked words lie in one line: its number, their left and right in 1/256 px from the column's left, and the
    line's baseline from the text's top."""

    line: int
    left_q: int
    right_q: int
    baseline_q: int


class Measure(Protocol):
    """The port through which a score learns how much room a text takes, and where its words are."""

    def measure(
        self,
        text: str,
        look: TextLook,
        width_q: int | None,
        wrap: Wrap = "word",
        max_lines: int = 0,
        marks: tuple[TextMark, ...] = (),
    ) -> TextSize:
        """The size of ``text`` in a column of ``width_q`` (None: one endless line). With ``max_lines`` the text is cut
        with an ellipsis after that many lines; ``marks`` may make words bolder. Raises RenderError ``render.glyph`` and
        ``render.face``."""
        ...

    def spans(self, content: TextContent, start: int, end: int) -> tuple[WordSpan, ...]:
        """Where characters ``start`` to ``end`` of the only text of ``content`` lie, line by line, in each from left to
        right. One word has several spans where a text of both directions is broken up."""
        ...


_extra = cffi.FFI()
_extra.cdef(
    """
    void *FcConfigCreate(void); int FcConfigParseAndLoad(void *config, const char *file, int complain);
    int FcConfigBuildFonts(void *config); void FcConfigDestroy(void *config);
    void pango_fc_font_map_set_config(void *map, void *config);
    """
)

# Pango's public structures, as far as a run's font; the bindings leave them opaque. Stable since Pango 1.0
# (pango-item.h, pango-layout.h, gslist.h).
_runs = cffi.FFI()
_runs.cdef(
    """
    typedef struct { int offset, length, chars; void *shape_engine; void *lang_engine; void *font; } Item;
    typedef struct { Item *item; void *glyphs; int y_offset, start_x_offset, end_x_offset; } Run;
    typedef struct Node { Run *run; struct Node *next; } Node;
    typedef struct { void *layout; int start_index, length; Node *runs; } Line;
    """
)


@lru_cache(maxsize=1)
def _libraries() -> tuple[Any, Any]:
    """fontconfig and pangoft2, which the bindings do not cover."""
    found = []
    for names in (("libfontconfig.so.1", "libfontconfig.1.dylib"), ("libpangoft2-1.0.so.0", "libpangoft2-1.0.0.dylib")):
        for name in names:
            try:
                found.append(_extra.dlopen(name))
                break
            except OSError:
                continue
        else:
            raise EnvironmentFault(
                "environment.library",
                f"The library {names[0]} is missing.",
                hint="Install Pango with fontconfig: apt-get install libpangoft2-1.0-0.",
            )
    return found[0], found[1]


class TextEngine:
    """Pango over one font set. Not for use by several threads at once. Implements :class:`Measure`."""

    def __init__(self, fonts: FontSet) -> None:
        self._fonts = fonts
        self._listed = {(face.family, face.weight) for face in fonts.faces}
        self._map = _font_map(fonts)
        self._sizes: dict[tuple[object, ...], TextSize] = {}
        self._contexts: dict[tuple[str, str], Any] = {}
        self._baselines: dict[TextLook, float] = {}

    @property
    def fonts_digest(self) -> str:
        """Names the faces that it draws with."""
        return self._fonts.digest

    def measure(
        self,
        text: str,
        look: TextLook,
        width_q: int | None,
        wrap: Wrap = "word",
        max_lines: int = 0,
        marks: tuple[TextMark, ...] = (),
    ) -> TextSize:
        """See :class:`Measure`."""
        key = (text, look, width_q, wrap, max_lines, marks)
        if key not in self._sizes:
            layout = self._layout(text, look, width_q, wrap, max_lines, marks)
            self._check(layout, text)
            widths = [_extents(line)[1].width for line in _lines(layout)]
            while len(self._sizes) >= KEPT_SIZES:
                del self._sizes[next(iter(self._sizes))]
            self._sizes[key] = TextSize(
                len(widths), -(-max(widths, default=0) // PANGO_Q), bool(pango.pango_layout_is_ellipsized(layout))
            )
        return self._sizes[key]

    def raster(self, content: TextContent, step: int, left_q: int, top_q: int) -> Raster:
        """Text number ``step`` of ``content`` as a picture; its layer's rectangle begins at (left_q, top_q)."""
        left_q += content.column_q
        layout = self._set(content, content.texts[step], content.marks)
        placed, bounds = [], []
        for line, start, top in self._placed(content, layout, content.texts[step]):
            ink, _ = _extents(line)
            x = (left_q * PANGO_Q + start) / 1024
            y = round(top_q / Q + top)  # a baseline on a pixel edge is crisp
            placed.append((line, x, y))
            if ink.width > 0 and ink.height > 0:
                bounds.append(
                    (
                        x + ink.x / 1024,
                        y + ink.y / 1024,
                        x + (ink.x + ink.width) / 1024,
                        y + (ink.y + ink.height) / 1024,
                    )
                )

        def draw(context: cairocffi.Context) -> None:
            context.set_source_rgba(*rgba(content.look.colour))
            pointer = cairo_ffi.cast("cairo_t *", context._pointer)
            for line, x, y in placed:
                if content.marks:
                    _draw_runs(context, pointer, line, (x, y), content, content.texts[step])
                    continue
                context.move_to(x, y)
                if any(_family(font) == EMOJI_FAMILY for font in _fonts_of(line)):
                    pangocairo.pango_cairo_show_layout_line(pointer, line)
                else:  # as outlines: cairo before 1.17.4 puts glyphs at whole pixels, which spoils the spacing
                    pangocairo.pango_cairo_layout_line_path(pointer, line)
                    context.fill()

        if not bounds:
            return drawn((0, 0, 0, 0), draw)
        return drawn(
            (
                min(b[0] for b in bounds),
                min(b[1] for b in bounds),
                max(b[2] for b in bounds),
                max(b[3] for b in bounds),
            ),
            draw,
        )

    def spans(self, content: TextContent, start: int, end: int) -> tuple[WordSpan, ...]:
        """See :class:`Measure`."""
        text = content.texts[0]
        # A colour of its own makes runs of the words: Pango cuts runs by colour between clusters, after shaping.
        layout = self._set(content, text, (*content.marks, TextMark(start=start, end=end, colour="#000000ff")))
        first, last = _byte(text, start), _byte(text, end)
        found: list[WordSpan] = []
        for number, (line, x, y) in enumerate(self._placed(content, layout, text)):
            row: list[list[float]] = []
            for run, at, width in _runs_of(line):
                if first <= run.item.offset < last and width > 0:
                    if row and abs(row[-1][1] - at) < 1:
                        row[-1][1] = at + width
                    else:
                        row.append([at, at + width])
            found += [
                WordSpan(number, round((x + left) / PANGO_Q), round((x + right) / PANGO_Q), round(y * Q))
                for left, right in row
            ]
        return tuple(found)

    def _set(self, content: TextContent, text: str, marks: tuple[TextMark, ...]) -> Any:
        """The layout of one text of a content."""
        lines = content.lines if content.ellipsis else 0
        return self._layout(text, content.look, content.width_q, content.wrap, lines, marks)

    def _placed(self, content: TextContent, layout: Any, text: str) -> Iterator[tuple[Any, float, float]]:
        """Each line with its start, in Pango units from the column's left, and its baseline, in pixels from the top."""
        look, encoded = content.look, text.encode("utf-8")
        rise = self._baseline(look)
        for index, line in enumerate(_lines(layout)):
            _, logical = _extents(line)
            slack = content.width_q * PANGO_Q - logical.width
            start = {"left": 0, "centre": slack / 2, "right": slack}[look.align] - logical.x
            gaps = encoded[: _line(line).start_index].count(b"\n") * content.gap_q if content.gap_q else 0
            yield line, start, (index * look.line_height_q + gaps) / Q + rise

    def _layout(
        self,
        text: str,
        look: TextLook,
        width_q: int | None,
        wrap: Wrap,
        max_lines: int,
        marks: tuple[TextMark, ...] = (),
    ) -> Any:
        context = self._context(look.direction, look.language)
        layout = pango_ffi.gc(pango.pango_layout_new(context), gobject.g_object_unref)
        encoded = text.encode("utf-8")
        pango.pango_layout_set_text(layout, encoded, len(encoded))
        pango.pango_layout_set_auto_dir(layout, 0)
        description = _description(",".join(look.families), look.weight, look.size_q)
        pango.pango_layout_set_font_description(layout, description)
        pango.pango_layout_set_attributes(layout, _attributes(look, text, marks))
        pango.pango_layout_set_width(layout, -1 if width_q is None else width_q * PANGO_Q)
        pango.pango_layout_set_wrap(layout, pango.PANGO_WRAP_WORD if wrap == "word" else pango.PANGO_WRAP_WORD_CHAR)
        if max_lines:
            pango.pango_layout_set_height(layout, -max_lines)
            pango.pango_layout_set_ellipsize(layout, pango.PANGO_ELLIPSIZE_END)
        return layout

    def _context(self, direction: str, language: str) -> Any:
        if (direction, language) not in self._contexts:
            self._contexts[direction, language] = self._new_context(direction, language)
        return self._contexts[direction, language]

    def _new_context(self, direction: str, language: str) -> Any:
        context = pango_ffi.gc(pango.pango_font_map_create_context(self._map), gobject.g_object_unref)
        rtl = direction == "rtl"
        pango.pango_context_set_base_dir(context, pango.PANGO_DIRECTION_RTL if rtl else pango.PANGO_DIRECTION_LTR)
        pango.pango_context_set_language(context, pango.pango_language_from_string(language.encode("ascii")))
        # Without hinting and rounding a text has the same shape at every size and sub-pixel place.
        pango.pango_context_set_round_glyph_positions(context, 0)
        options = cairocffi.FontOptions(
            antialias=cairocffi.ANTIALIAS_GRAY,
            hint_style=cairocffi.HINT_STYLE_NONE,
            hint_metrics=cairocffi.HINT_METRICS_OFF,
        )
        pangocairo.pango_cairo_context_set_font_options(
            context, cairo_ffi.cast("cairo_font_options_t *", options._pointer)
        )
        return context

    def _baseline(self, look: TextLook) -> float:
        """Pixels from a line's top to its baseline. From the first family, so that a line with Arabic or emoji in it
        stands no lower than one without."""
        if look not in self._baselines:
            self._baselines[look] = self._new_baseline(look)
        return self._baselines[look]

    def _new_baseline(self, look: TextLook) -> float:
        description = _description(look.families[0], look.weight, look.size_q)
        font = pango_ffi.gc(
            pango.pango_font_map_load_font(self._map, self._context(look.direction, look.language), description),
            gobject.g_object_unref,
        )
        metrics = pango_ffi.gc(pango.pango_font_get_metrics(font, pango_ffi.NULL), pango.pango_font_metrics_unref)
        ascent = pango.pango_font_metrics_get_ascent(metrics) / 1024
        descent = pango.pango_font_metrics_get_descent(metrics) / 1024
        return float(look.line_height_q / Q + ascent - descent) / 2

    def _check(self, layout: Any, text: str) -> None:
        if pango.pango_layout_get_unknown_glyphs_count(layout) or self._fonts.missing_glyphs(text):
            raise RenderError(
                "render.glyph",
                "No listed font has a glyph for a character.",
                hint="List a font in template.yaml that has it.",
            )
        for line in _lines(layout):
            for font in _fonts_of(line):
                family, weight = _family(font), _weight(font)
                if (family, weight) not in self._listed:
                    raise RenderError(
                        "render.face",
                        f"The face '{family}' {weight} was used, which is not listed.",
                        hint="List it under fonts in template.yaml, or use a listed weight.",
                    )


class _Engines(threading.local):
    """A thread's engines by the digest of their fonts, the last few."""

    def __init__(self) -> None:
        self.kept: OrderedDict[str, TextEngine] = OrderedDict()


_engines = _Engines()


def text_engine(fonts: FontSet) -> TextEngine:
    """This thread's engine over a font set, kept from film to film: opening the faces costs more than most texts."""
    kept = _engines.kept
    if fonts.digest not in kept:
        kept[fonts.digest] = TextEngine(fonts)
        while len(kept) > KEPT_ENGINES:
            kept.popitem(last=False)
    kept.move_to_end(fonts.digest)
    return kept[fonts.digest]


def engine_versions() -> dict[str, str]:
    """What sets text here besides the fonts: part of the engine fingerprint of artefacts and chunks."""
    version = pango_ffi.string(pango.pango_version_string()).decode("ascii")
    return {"pango": str(version), "cairo": str(cairocffi.cairo_version_string())}


def _font_map(fonts: FontSet) -> Any:
    """A new Pango font map that sees the set's faces and nothing else."""
    fontconfig, pangoft2 = _libraries()
    # Pango warms up fontconfig's default configuration in a thread; it must be this set's too, not the host's.
    fonts.activate()
    font_map = pango_ffi.gc(pangocairo.pango_cairo_font_map_new(), gobject.g_object_unref)
    config = fontconfig.FcConfigCreate()
    loaded = fontconfig.FcConfigParseAndLoad(config, str(fonts.config_file).encode(), 1)
    if not loaded or not fontconfig.FcConfigBuildFonts(config):
        raise EnvironmentFault(
            "environment.font",
            "The private font configuration could not be read.",
            hint="Remove the folder of fonts under DEARLY_HOME; it is made again.",
        )
    pangoft2.pango_fc_font_map_set_config(_extra.cast("void *", int(pango_ffi.cast("intptr_t", font_map))), config)
    fontconfig.FcConfigDestroy(config)  # the font map holds a reference of its own
    return font_map


@lru_cache(maxsize=256)
def _description(family: str, weight: int, size_q: int) -> Any:
    description = pango_ffi.gc(pango.pango_font_description_new(), pango.pango_font_description_free)
    pango.pango_font_description_set_family(description, family.encode("utf-8"))
    pango.pango_font_description_set_weight(description, weight)
    pango.pango_font_description_set_absolute_size(description, float(size_q * PANGO_Q))
    return description


def _attributes(look: TextLook, text: str, marks: tuple[TextMark, ...]) -> Any:
    attributes = pango_ffi.gc(pango.pango_attr_list_new(), pango.pango_attr_list_unref)
    if look.letter_spacing_q and not any(_joins(character) for character in text):
        pango.pango_attr_list_insert(attributes, pango.pango_attr_letter_spacing_new(look.letter_spacing_q * PANGO_Q))
    if look.tabular:
        pango.pango_attr_list_insert(attributes, pango.pango_attr_font_features_new(b"tnum"))
    for number, mark in enumerate(marks):
        made = [] if mark.weight is None else [pango.pango_attr_weight_new(mark.weight)]
        if mark.colour is not None:  # never drawn: it parts the runs, see :func:`_draw_runs`
            made.append(pango.pango_attr_foreground_new(number + 1, 0, 0))
        for attribute in made:
            attribute.start_index, attribute.end_index = _byte(text, mark.start), _byte(text, mark.end)
            pango.pango_attr_list_insert(attributes, attribute)
    return attributes


def _byte(text: str, character: int) -> int:
    """Where a character begins in the UTF-8 text that Pango counts in."""
    return len(text[:character].encode("utf-8"))


def _draw_runs(
    context: cairocffi.Context, pointer: Any, line: Any, at: tuple[float, float], content: TextContent, text: str
) -> None:
    """A line run by run, each in its own colour. Runs are parted between clusters of shaped text, so joins stay."""
    own = [(_byte(text, one.start), _byte(text, one.end), one.colour) for one in content.marks if one.colour]
    for run, x, _ in _runs_of(line):
        colour = next((colour for start, end, colour in own if start <= run.item.offset < end), None)
        if content.shown != "all" and (colour is not None) != (content.shown == "marked"):
            continue
        context.set_source_rgba(*rgba(colour or content.look.colour))
        context.move_to(at[0] + x / 1024, at[1])
        font = pango_ffi.cast("PangoFont *", int(_runs.cast("intptr_t", run.item.font)))
        glyphs = pango_ffi.cast("PangoGlyphString *", int(_runs.cast("intptr_t", run.glyphs)))
        if _family(font) == EMOJI_FAMILY:
            pangocairo.pango_cairo_show_glyph_string(pointer, font, glyphs)
        else:
            pangocairo.pango_cairo_glyph_string_path(pointer, font, glyphs)
            context.fill()


def _runs_of(line: Any) -> Iterator[tuple[Any, int, int]]:
    """The runs of a line from left to right, each with its start and width in Pango units."""
    node, x = _line(line).runs, 0
    while node != _runs.NULL:
        glyphs = pango_ffi.cast("PangoGlyphString *", int(_runs.cast("intptr_t", node.run.glyphs)))
        width = pango.pango_glyph_string_get_width(glyphs)
        yield node.run, x, width
        x += width
        node = node.next


def _line(line: Any) -> Any:
    """A layout line with its members."""
    return _runs.cast("Line *", int(pango_ffi.cast("intptr_t", line)))


def _joins(character: str) -> bool:
    """Whether its script joins or stacks letters, so that space between them would tear words (Arabic to Sinhala)."""
    code = ord(character)
    return 0x0600 <= code <= 0x08FF or 0x0900 <= code <= 0x0DFF or 0xFB50 <= code <= 0xFDFF or 0xFE70 <= code <= 0xFEFE


def _lines(layout: Any) -> list[Any]:
    count = pango.pango_layout_get_line_count(layout)
    return [pango.pango_layout_get_line_readonly(layout, index) for index in range(count)]


def _extents(line: Any) -> tuple[Any, Any]:
    """Ink and logical rectangle of a line in Pango units, from the start of its baseline."""
    ink, logical = pango_ffi.new("PangoRectangle *"), pango_ffi.new("PangoRectangle *")
    pango.pango_layout_line_get_extents(line, ink, logical)
    return ink, logical


def _family(font: Any) -> str:
    description = pango_ffi.gc(pango.pango_font_describe(font), pango.pango_font_description_free)
    return str(pango_ffi.string(pango.pango_font_description_get_family(description)).decode("utf-8"))


def _weight(font: Any) -> int:
    description = pango_ffi.gc(pango.pango_font_describe(font), pango.pango_font_description_free)
    return int(pango.pango_font_description_get_weight(description))


def _fonts_of(line: Any) -> Iterator[Any]:
    """The fonts of a line's runs."""
    for run, _, _ in _runs_of(line):
        yield pango_ffi.cast("PangoFont *", int(_runs.cast("intptr_t", run.item.font)))
