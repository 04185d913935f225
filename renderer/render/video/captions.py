"""Captions, chapters and transcript of a film, from its score: WebVTT and plain text.

In: a :class:`.score.Score`. Out: bytes in UTF-8. The texts are the plan's own; here they are only cut to lines that
can be read, and what is spoken turns its pages with the voice. Captions stand beside the picture and are never burnt
in, so that a picture without personal words stays shared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from renderer.plan.model import Direction
from renderer.render.video.score import Score, ScoreCaption

MAX_COLUMNS = 42
"""Columns of a caption line, as broadcasters count: a wide character (CJK, emoji) takes two."""
MAX_LINES = 2
MIN_S = Fraction(1)

_ISOLATES = dict.fromkeys(range(0x2066, 0x206A))
_RIGHT_TO_LEFT_MARK = "\u200f"
_SENTENCE_ENDS = frozenset(".!?…؟。")
_CLAUSE_ENDS = frozenset(",;:،؛–—")
_CHART_PART = re.compile(r"-[a-z]+[0-9]+$")
"""What the score adds to a layer's name for one piece of a chart."""
_SENTENCE_BONUS = 30
"""So many columns of imbalance are worth a page that ends with its sentence."""
_CLAUSE_BONUS = 12
"""The same for a page that ends where a voice pauses."""
READ_A_SECOND = 17
"""Columns that people read in a second."""


@dataclass(frozen=True, kw_only=True)
class Cue:
    """A text from frame ``first`` until before frame ``end``."""

    first: int
    end: int
    lines: tuple[str, ...]


def captions_vtt(score: Score) -> bytes:
    """The captions as WebVTT: at most two lines each, at least one second long and no more than 17 columns a second
    where the next one leaves room."""
    return _vtt(caption_cues(score), _fps(score), score.direction)


def chapters_vtt(score: Score) -> bytes:
    """The chapters as WebVTT: one cue a chapter, its title the text."""
    cues = [Cue(first=one.first, end=one.end, lines=(_flat(one.title),)) for one in score.chapters]
    return _vtt(cues, _fps(score), score.direction)


def transcript_txt(score: Score) -> bytes:
    """What the film says and shows, to read: chapter titles as headings underlined with hyphens, then in order of time
    captions and, in square brackets, those texts of the picture that are not said too."""
    parts = []
    for chapter in score.chapters:
        title = _flat(chapter.title)
        said = [(one.first, _flat(one.text)) for one in score.captions if chapter.first <= one.first < chapter.end]
        heard = "\n".join([title, *(line for _, line in said)]).casefold()
        lines = sorted([*said, *_shown(score, chapter.scene, heard)], key=lambda line: line[0])
        parts.append("\n".join([title, "-" * columns(title), *(line for _, line in lines)]))
    return ("\n\n".join(parts) + "\n").encode()


def _shown(score: Score, scene: str, heard: str) -> list[tuple[int, str]]:
    """The texts that a scene draws, with the frame they come in: the parts of a chart in one line, of a counter only
    what it counts to; not what is in ``heard``."""
    last: dict[str, tuple[int, str]] = {}
    for one in score.texts:
        if one.scene == scene and _flat(one.text):
            first = last[one.layer][0] if one.layer in last else one.first
            last[one.layer] = first, _flat(one.text)
    lines: dict[str, tuple[int, list[str]]] = {}
    for layer, (first, text) in last.items():
        whole = _CHART_PART.sub("", layer)
        start, texts = lines.setdefault(whole, (first, []))
        lines[whole] = min(start, first), texts
        if text not in texts:
            texts.append(text)
    found: dict[str, int] = {}
    for first, texts in lines.values():
        missed = " · ".join(text for text in texts if not _is_heard(text, heard))
        if missed:
            found.setdefault(f"[{missed}]", first)
    return [(first, line) for line, first in found.items()]


def _is_heard(text: str, heard: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(text.casefold())}(?!\w)", heard) is not None


def caption_cues(score: Score) -> tuple[Cue, ...]:
    """The captions in time: in order, without overlap, long ones cut into several by how much there is to read."""
    cues: list[Cue] = []
    said = sorted((one for one in score.captions if _flat(one.text)), key=lambda one: one.first)
    for index, caption in enumerate(said):
        limit = said[index + 1].first if index + 1 < len(said) else score.frames
        text, least = _flat(caption.text), int(MIN_S * _fps(score))
        # Where nothing follows at once it stays until it can be read.
        readable = -(-columns(text) * _fps(score) // READ_A_SECOND)
        end = min(max(caption.end, caption.first + max(least, readable)), limit)
        if end <= caption.first:
            continue
        pages = _pages(text)
        starts = _spoken_starts(caption, pages, end, least)
        if starts is None:
            shares = _shared_out(end - caption.first, pages, least)
            starts = [caption.first + sum(shares[:count]) for count in range(len(pages))]
        elif end < limit:  # nothing follows at once: the last page stays until it can be read
            columns_left = sum(map(columns, pages[-1]))
            end = min(max(end, starts[-1] + -(-columns_left * _fps(score) // READ_A_SECOND)), limit)
        for page, start, stop in zip(pages, starts, [*starts[1:], end], strict=True):
            if stop > start:
                cues.append(Cue(first=start, end=stop, lines=page))
    return tuple(cues)


def _spoken_starts(caption: ScoreCaption, pages: Sequence[Sequence[str]], end: int, least: int) -> list[int] | None:
    """The frames at which the voice begins each page, but none shorter than ``least`` where that can be; None for a
    caption that is not spoken, or whose words were broken."""
    counts = [len(" ".join(page).split(" ")) for page in pages]
    if not caption.words or sum(counts) != len(caption.words):
        return None
    starts = [caption.first, *(caption.words[sum(counts[:index])] for index in range(1, len(pages)))]
    if end - caption.first >= least * len(pages):
        for index in range(1, len(starts)):
            starts[index] = max(starts[index], starts[index - 1] + least)
        for index in range(len(starts) - 1, 0, -1):
            starts[index] = min(starts[index], end - least * (len(starts) - index))
    return starts


def _shared_out(frames: int, pages: Sequence[Sequence[str]], least: int) -> list[int]:
    """How long each page stays: ``least`` for all if there is so much, and the rest by how much there is to read."""
    base = least if frames >= least * len(pages) else 0
    weights = [sum(map(columns, page)) or 1 for page in pages]
    rest, whole = frames - base * len(pages), sum(weights)
    borders = [rest * sum(weights[:count]) // whole for count in range(len(pages) + 1)]
    return [base + stop - start for start, stop in pairwise(borders)]


def columns(text: str) -> int:
    """How many columns a text takes: 2 for wide characters, 0 for marks and invisible ones, else 1."""
    wide = 0
    for character in text:
        if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
            continue
        wide += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return wide


def _pages(text: str) -> list[tuple[str, ...]]:
    """The text in pages of at most two lines; the lines of a page are about equally long, the lower one longer.

    What takes several pages is cut where a sentence ends if it can be, and into about equal parts, so that no page
    holds a lone last word.
    """
    lines = list(_filled(text, MAX_COLUMNS))
    if len(lines) <= MAX_LINES:
        return [_balanced(lines) if len(lines) == 2 else tuple(lines)]
    pages = -(-len(lines) // MAX_LINES)
    words = text.split(" ")
    best: tuple[float, int] | None = None
    for cut in range(1, len(words)):
        first, rest = " ".join(words[:cut]), " ".join(words[cut:])
        if len(list(_filled(first, MAX_COLUMNS))) > MAX_LINES:
            break
        if -(-len(list(_filled(rest, MAX_COLUMNS))) // MAX_LINES) > pages - 1:
            continue
        bonus = _SENTENCE_BONUS if first[-1:] in _SENTENCE_ENDS else _CLAUSE_BONUS if first[-1:] in _CLAUSE_ENDS else 0
        cost = abs(columns(first) - columns(text) / pages) - bonus
        best = min(best or (cost, cut), (cost, cut))
    if best is None:  # words longer than lines: cut where the lines are full
        return [tuple(lines[:MAX_LINES]), *_pages_of(lines[MAX_LINES:])]
    return [*_pages(" ".join(words[: best[1]])), *_pages(" ".join(words[best[1] :]))]


def _pages_of(lines: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(lines[start : start + MAX_LINES]) for start in range(0, len(lines), MAX_LINES)]


def _filled(text: str, room: int) -> Iterator[str]:
    """Lines as full as they get. Breaks at spaces only, but inside a word that is longer than a line."""
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if columns(joined) <= room:
            line = joined
            continue
        if line:
            yield line
        *full, line = _broken(word, room)
        yield from full
    if line:
        yield line


def _broken(word: str, room: int) -> list[str]:
    parts, part = [], ""
    for character in word:
        if part and columns(part + character) > room:
            parts.append(part)
            part = ""
        part += character
    return [*parts, part]


def _balanced(page: Sequence[str]) -> tuple[str, ...]:
    words = " ".join(page).split(" ")
    if len(words) < 2:
        return tuple(page)
    halves = [(" ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, len(words))]
    fitting = [half for half in halves if max(map(columns, half)) <= MAX_COLUMNS]
    if not fitting:
        return tuple(page)
    return min(fitting, key=lambda half: (max(map(columns, half)), -columns(half[1])))


def _flat(text: str) -> str:
    """Without isolates and without line breaks: one line of words with single spaces (no-break spaces stay)."""
    return " ".join(part for part in text.translate(_ISOLATES).replace("\n", " ").split(" ") if part)


def _vtt(cues: Sequence[Cue], fps: Fraction, direction: Direction) -> bytes:
    # Players take a line's direction from its first strong character, which may be a Latin name in an Arabic line.
    mark = _RIGHT_TO_LEFT_MARK if direction == "rtl" else ""
    blocks = ["WEBVTT"]
    for number, cue in enumerate(cues, 1):
        text = "\n".join(mark + _escaped(line) for line in cue.lines)
        blocks.append(f"{number}\n{_clock(cue.first, fps)} --> {_clock(cue.end, fps)}\n{text}")
    return ("\n\n".join(blocks) + "\n").encode()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(frame: int, fps: Fraction) -> str:
    milliseconds = round(frame / fps * 1000)
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{milliseconds:03}"


def _fps(score: Score) -> Fraction:
    return Fraction(score.fps_num, score.fps_den)
