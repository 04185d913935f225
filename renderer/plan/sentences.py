"""Copy with facts in place. A :class:`Speaker` holds one locale's sentences, prepared so that a plan costs little.

Sentences without facts are said once for all. Those that only put facts between words are joined here; everything else
(selectors, terms, references) goes through fluent.runtime. A test holds both ways to the same text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fluent.syntax import ast

from renderer.errors import ProfileError
from renderer.labels import Sensitivity, highest
from renderer.plan.model import Fact, Message
from renderer.template.copy import SPOKEN, CopyBook

_ISOLATES = dict.fromkeys(range(0x2066, 0x206A))
FSI, PDI = "\u2068", "\u2069"
LONG = 2_000
"""Texts longer than this go around fluent.runtime, which refuses placeables of more than 2500 characters."""
Pieces = tuple[str | tuple[str], ...]
"""Words as str, facts as a tuple of their id."""


@dataclass(frozen=True)
class _Prepared:
    facts: tuple[str, ...]
    counts: tuple[str, ...]
    sensitivity: Sensitivity
    pieces: Pieces | None
    spoken_pieces: Pieces | None


class Speaker:
    """One locale's copy, prepared. ``labels`` are the facts' sensitivity labels, ``spoken`` the sentences that a voice
    speaks."""

    def __init__(self, book: CopyBook, labels: Mapping[str, Sensitivity], spoken: frozenset[str] = frozenset()) -> None:
        self._book = book
        self._spoken = spoken
        self._always: dict[str, Message] = {}
        self._prepared: dict[str, _Prepared] = {}
        for name, sentence in book.sentences.items():
            if sentence.pattern is None:
                continue
            if not sentence.facts:
                self._always[name] = Message(
                    id=name,
                    text=self._format(name, {}),
                    facts=(),
                    sensitivity="public",
                    spoken=_bare(self._format(name, {}, spoken=True)) if name in spoken else None,
                )
            else:
                self._prepared[name] = _Prepared(
                    sentence.facts,
                    sentence.counts,
                    highest([labels[fact] for fact in sentence.facts]),
                    _pieces(sentence.pattern),
                    _pieces(sentence.spoken or sentence.pattern),
                )

    def say(self, facts: Mapping[str, Fact], counts: Mapping[str, int]) -> dict[str, Message]:
        """Every sentence that can be said with these facts. One that names an absent fact is left out: the rules keep
        the block or scene that needs it away, and placing it all the same is an error of the layout."""
        said = dict(self._always)
        texts: dict[str, str | int] = {name: fact.text for name, fact in facts.items()}
        numbers = {f"{name}_n": number for name, number in counts.items()}
        texts |= numbers
        words: dict[str, str | int] = {}
        if self._spoken:
            words = {name: fact.spoken for name, fact in facts.items()} | numbers
        for name, sentence in self._prepared.items():
            if not all(fact in facts for fact in sentence.facts) or not all(fact in counts for fact in sentence.counts):
                continue
            if sentence.pieces is not None:
                text = _joined(sentence.pieces, texts)
            else:
                text = self._format(name, texts)
            said[name] = Message(
                id=name,
                text=text,
                facts=sentence.facts,
                sensitivity=sentence.sensitivity,
                spoken=self._words(name, sentence, words) if name in self._spoken else None,
            )
        return said

    def _words(self, name: str, sentence: _Prepared, words: Mapping[str, str | int]) -> str:
        if sentence.spoken_pieces is not None:
            return _bare(_joined(sentence.spoken_pieces, words))
        return _bare(self._format(name, words, spoken=True))

    def plain(self, name: str) -> str:
        """The text of a sentence without facts. Raises KeyError when there is none of that name."""
        return self._always[name].text

    def _format(self, name: str, values: Mapping[str, str | int], *, spoken: bool = False) -> str:
        message = self._book.bundle.get_message(name)
        pattern = message.attributes.get(SPOKEN, message.value) if spoken else message.value
        assert pattern is not None
        long = {key: text for key, text in values.items() if isinstance(text, str) and len(text) > LONG}
        text, errors = self._book.bundle.format_pattern(pattern, {**values, **{key: _stand_in(key) for key in long}})
        if errors:
            raise ProfileError(
                "plan.copy",
                f"The sentence '{name}' cannot be said ({type(errors[0]).__name__}).",
                place=self._book.sentences[name].place,
            )
        said = str(text)
        for key, whole in long.items():
            said = said.replace(_stand_in(key), whole)
        return said


def _bare(text: str) -> str:
    return text.translate(_ISOLATES)


def _stand_in(key: str) -> str:
    """What stands for a long text while fluent.runtime works: no text of a profile holds these code points."""
    return f"\ufdd0{key}\ufdd1"


def _pieces(pattern: ast.Pattern) -> Pieces | None:
    """The pattern as words and facts, or None when it holds anything else."""
    found: list[str | tuple[str]] = []
    for element in pattern.elements:
        if isinstance(element, ast.TextElement):
            found.append(element.value)
        elif isinstance(element, ast.Placeable) and isinstance(element.expression, ast.VariableReference):
            found.append((element.expression.id.name,))
        else:
            return None
    return tuple(found)


def _joined(pieces: Pieces, texts: Mapping[str, str | int]) -> str:
    if len(pieces) == 1 and isinstance(pieces[0], tuple):
        return str(texts[pieces[0][0]])  # alone there is nothing to isolate it from, as fluent.runtime has it
    return "".join(piece if isinstance(piece, str) else f"{FSI}{texts[piece[0]]}{PDI}" for piece in pieces)
