"""Paragraphs: several sentences in one column, with words that stand out in a colour, a weight or under a marker pen.

A marker is a plain shape for each line it runs over, drawn in behind the text; the port :class:`~.text.Measure` says
where words are, and shaping is never broken by it. A word that takes on a colour is drawn twice, in the text's colour
until the new one has come; everything else is one text without those words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from renderer.plan.model import Message
from renderer.render.video.layering import (
    SceneWork,
    box_rect,
    grown_part,
    growth,
    inside,
    layer_span,
    placed,
    room_of,
    text_content,
)
from renderer.render.video.motion import Curve, easing, frames_of, sampled
from renderer.render.video.score import Rect, ScoreLayer, ShapeContent, TextContent, TextLook, TextMark, U
from renderer.render.video.text import Measure, TextSize, WordSpan, Wrap
from renderer.template.graphics import Highlight, ParagraphLayer

FSI, PDI = "\u2068", "\u2069"
Range = tuple[int, int]
# A marker's rectangle, as parts of the text's size: over and under the baseline, beyond the words, its corners.
BOX_ABOVE, BOX_BELOW, BESIDE, CORNER = 0.88, 0.30, 0.08, 0.14
LINE_ABOVE, LINE_BELOW = 0.14, 0.16


def paragraph_layers(work: SceneWork, layer: ParagraphLayer) -> tuple[ScoreLayer, ...]:
    """The layers of a paragraph from bottom to top: markers, the text, words that take on a colour."""
    candidates = _candidates(work, layer)
    look = work.text_look(layer, layer.style, work.stage.align(layer.align, layer.mirror))
    if layer.line_height is not None:
        look = replace(look, line_height_q=work.stage.length(work.look.styles[layer.style].size_px * layer.line_height))
    marked = {text: _ranges(work, layer, text) for text, _ in candidates}
    weights = {text: _weights(layer, text, ranges) for text, ranges in marked.items()}
    for mark in layer.highlights:
        if mark.weight is not None and (look.families[0], mark.weight) not in work.look.faces:
            raise work.fail(
                "render.face",
                layer,
                f"a highlight asks for '{look.families[0]}' {mark.weight}.",
                "List that weight under fonts in template.yaml.",
            )
    box, gap = box_rect(work, layer), work.stage.length(layer.gap_px) if layer.each == "line" else 0
    room = room_of(work, box, layer.fit)
    if room.height_q and gap:
        most = max(text.count("\n") for text, _ in candidates)
        room = replace(room, height_q=max(1, room.height_q - most * gap))
    weighed = replace(work, measure=_Weighed(work.measure, weights))
    found = weighed.fitted(layer, [(text,) for text, _ in candidates], look, room)
    text, sources = candidates[found.variant]
    height = found.lines * found.look.line_height_q + text.count("\n") * gap
    top = box[1] + {"top": 0, "middle": 1, "bottom": 2}[layer.valign] * max(0, box[3] - box[1] - height) // 2
    rect, content = text_content(found, box, top)
    if rect[3] > rect[1]:
        rect = (rect[0], rect[1], rect[2], rect[1] + height)
    content = replace(content, marks=weights[text], gap_q=gap)
    inside(work, layer, rect)
    work.drawn[layer.id] = rect
    markers = _markers(work, layer, content, rect, sources, marked[text])
    return (*markers, *_texts(work, layer, content, rect, sources, marked[text]))


def _candidates(work: SceneWork, layer: ParagraphLayer) -> list[tuple[str, tuple[Message, ...]]]:
    """The text in all its wordings, each with the sentences it is made of."""
    sentences = tuple(work.message(layer, key) for key in layer.copy_)
    whole = ("\n" if layer.each == "line" else " ").join(sentence.text for sentence in sentences)
    others = [work.message(layer, key) for key in layer.variants]
    return [(whole, sentences), *((other.text, (other,)) for other in others)]


@dataclass(frozen=True)
class _Weighed:
    """A measure that knows which words of which text are bolder. Implements :class:`~.text.Measure`."""

    inner: Measure
    weights: Mapping[str, tuple[TextMark, ...]]

    def measure(
        self,
        text: str,
        look: TextLook,
        width_q: int | None,
        wrap: Wrap = "word",
        max_lines: int = 0,
        marks: tuple[TextMark, ...] = (),
    ) -> TextSize:
        return self.inner.measure(text, look, width_q, wrap, max_lines, self.weights.get(text, marks))

    def spans(self, content: TextContent, start: int, end: int) -> tuple[WordSpan, ...]:
        return self.inner.spans(content, start, end)


# ---------------------------------------------------------------- where the words are


def _ranges(work: SceneWork, layer: ParagraphLayer, text: str) -> tuple[tuple[Range, ...], ...]:
    """For each highlight the characters of ``text`` that it marks. What an earlier one marks a later one does not."""
    taken: list[Range] = []
    found = []
    for mark in layer.highlights:
        own = tuple(
            (start, end)
            for start, end in _places(text, _words(work, mark))
            if not any(start < other_end and other_start < end for other_start, other_end in taken)
        )
        taken += own
        found.append(own)
    return tuple(found)


def _words(work: SceneWork, mark: Highlight) -> tuple[str, str]:
    """What to look for, and what stands around it. Nothing for a fact or sentence that this plan lacks."""
    if mark.fact is not None:
        fact = work.plan.facts.get(mark.fact)
        return ("", "") if fact is None else (fact.text, FSI + PDI)
    message = work.plan.copy.get(mark.copy_ or "")
    return ("", "") if message is None else (message.text, "")


def _places(text: str, wanted: tuple[str, str]) -> Iterator[Range]:
    words, around = wanted
    if not words:
        return
    if around and text == words:  # a sentence that is nothing but a figure has no isolates
        yield 0, len(text)
        return
    before, after = (around[0], around[1]) if around else ("", "")
    places = []
    at = text.find(before + words + after)
    while at >= 0:
        start = at + len(before)
        places.append((start, start + len(words)))
        at = text.find(before + words + after, start + len(words))
    # «gas» is not to be found in «gasolina», unless it is found nowhere else.
    whole = [(start, end) for start, end in places if not _splits(text, start) and not _splits(text, end)]
    yield from whole or places


def _splits(text: str, at: int) -> bool:
    """Whether a word runs on over this place."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _weights(layer: ParagraphLayer, text: str, ranges: Sequence[tuple[Range, ...]]) -> tuple[TextMark, ...]:
    """Bolder words. Another weight is another font, which would part letters that join: so words are taken whole."""
    marks: list[TextMark] = []
    for mark, places in zip(layer.highlights, ranges, strict=True):
        for start, end in places if mark.weight is not None else ():
            while _splits(text, start):
                start -= 1
            while _splits(text, end):
                end += 1
            if not marks or start >= marks[-1].end or all(end <= one.start or start >= one.end for one in marks):
                marks.append(TextMark(start=start, end=end, weight=mark.weight))
    return tuple(sorted(marks, key=lambda one: one.start))


# ---------------------------------------------------------------- what is drawn


def _markers(
    work: SceneWork,
    layer: ParagraphLayer,
    content: TextContent,
    rect: Rect,
    sources: Sequence[Message],
    ranges: Sequence[tuple[Range, ...]],
) -> Iterator[ScoreLayer]:
    """A rectangle for each line a pen runs over. It goes from line to line in reading order, at an even pace."""
    anchor = work.stage.anchor(layer.anchor, rect, layer.mirror)
    rtl = content.look.direction == "rtl"
    for number, (mark, places) in enumerate(zip(layer.highlights, ranges, strict=True)):
        if mark.marker is None or not rect[3] > rect[1]:
            continue
        spans = [span for start, end in places for span in work.measure.spans(content, start, end)]
        if rtl:
            spans.sort(key=lambda span: (span.line, -span.right_q))
        rects = [_pen(span, content, rect, mark) for span in spans]
        total = sum(right - left for left, _, right, _ in rects) or 1
        whole = growth(work, layer, mark.start_s, mark.duration_s, mark.easing)
        frames, done = layer_span(work, layer)[1], 0
        for index, (left, top, right, bottom) in enumerate(rects):
            first, length = done / total, (right - left) / total
            corner = min(int(content.look.size_q * CORNER), (right - left) // 2, (bottom - top) // 2)
            shape = ShapeContent(
                shape="rect",
                fill=work.look.colour(mark.marker),
                stroke=None,
                stroke_q=0,
                radii_q=(corner, corner, corner, corner),
            )
            drawn = placed(
                work,
                layer,
                (left, top, right, bottom),
                shape,
                sources,
                part=f"-mark{number}-{index}",
                tracks={"reveal": grown_part(whole, first, length, frames)},
            )
            yield replace(drawn, anchor_q=anchor, reveal_from="right" if rtl else "left")
            done += right - left


def _pen(span: WordSpan, content: TextContent, rect: Rect, mark: Highlight) -> Rect:
    size = content.look.size_q
    above, below = (BOX_ABOVE, BOX_BELOW) if mark.pen == "box" else (LINE_ABOVE, LINE_BELOW)
    left, baseline = rect[0] + content.column_q, rect[1] + span.baseline_q
    beside = int(size * BESIDE)
    return (
        left + span.left_q - beside,
        baseline - int(size * above),
        left + span.right_q + beside,
        baseline + int(size * below),
    )


def _texts(
    work: SceneWork,
    layer: ParagraphLayer,
    content: TextContent,
    rect: Rect,
    sources: Sequence[Message],
    ranges: Sequence[tuple[Range, ...]],
) -> tuple[ScoreLayer, ...]:
    coloured = [
        (number, mark, [TextMark(start=start, end=end, colour=content.look.colour) for start, end in places])
        for number, (mark, places) in enumerate(zip(layer.highlights, ranges, strict=True))
        if mark.colour is not None and places
    ]
    if not coloured:
        return (placed(work, layer, rect, content, sources),)
    every = sorted((one for _, _, marks in coloured for one in marks), key=lambda one: one.start)
    rest = replace(content, marks=(*content.marks, *every), shown="unmarked")
    found = [placed(work, layer, rect, rest, sources)]
    frames = layer_span(work, layer)[1]
    for number, mark, marks in coloured:
        start = frames_of(mark.start_s, work.fps)
        length = frames_of(mark.duration_s, work.fps)
        pace = easing(mark.easing)
        fade = sampled(_fade(start, length, pace), frames, U)
        colour = work.look.colour(mark.colour or "")
        before = replace(content, marks=(*content.marks, *marks), shown="marked")
        after = replace(before, marks=(*content.marks, *(replace(one, colour=colour) for one in marks)))
        if start + length > 0:
            until = sampled(lambda frame, end=start + length: float(frame < end), frames, U)  # type: ignore[misc]
            found.append(placed(work, layer, rect, before, sources, part=f"-words{number}", tracks={"opacity": until}))
        found.append(placed(work, layer, rect, after, sources, part=f"-colour{number}", tracks={"opacity": fade}))
    return tuple(found)


def _fade(start: int, length: int, pace: Curve) -> Callable[[int], float]:
    def opacity(frame: int) -> float:
        if frame < start or (length and frame == start):
            return 0.0
        return 1.0 if frame >= start + length else float(min(max(pace((frame - start) / length), 0.0), 1.0))

    return opacity
