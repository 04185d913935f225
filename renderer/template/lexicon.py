"""How names and brands are pronounced: `voice/lexicon.<locale>.yaml`.

The file maps a word, or several, as copy and data write them to how a voice shall say them:

    Brezza: Bret-sa
    Niccolò: {ipa: nikkoˈlɔ, espeak: "nikkol'O"}

A text is a respelling, read by the rules of the locale. ``ipa`` is for Piper, ``espeak`` (its own mnemonics) for
espeak-ng; an engine that finds nothing for itself takes the respelling ``say``, or reads the word as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from renderer.errors import DearlyError, ErrorList, TemplateError, nearest
from renderer.located import Lines, parse
from renderer.template.model import Strict

MAX_ENTRIES = 5_000


class Pronunciation(Strict):
    """How one word is said."""

    say: str | None = Field(
        None, min_length=1, max_length=200, pattern=r"^[^\[\]]+$", description="The word respelled as it sounds."
    )
    ipa: str | None = Field(
        None, min_length=1, max_length=200, pattern=r"^[^\[\]]+$", description="Its sounds in the IPA, for Piper."
    )
    espeak: str | None = Field(
        None, min_length=1, max_length=200, pattern=r"^[^\[\]]+$", description="Its sounds as espeak-ng writes them."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.say is None and self.ipa is None and self.espeak is None:
            raise PydanticCustomError("template.value", "A pronunciation has 'say', 'ipa' or 'espeak'.")
        return self


@dataclass(frozen=True)
class Lexicon:
    """The pronunciations of one locale, by the word in small letters."""

    entries: Mapping[str, Pronunciation]

    def __contains__(self, word: str) -> bool:
        return word.casefold() in self.entries

    def __reduce__(self) -> Any:
        return _lexicon, (dict(self.entries),)


def _lexicon(entries: dict[str, Pronunciation]) -> Lexicon:
    return Lexicon(MappingProxyType(entries))


EMPTY = Lexicon(MappingProxyType({}))


def lexicon_path(locale: str) -> str:
    """Where a template keeps the lexicon of a locale."""
    return f"voice/lexicon.{locale}.yaml"


def locale_of(path: str) -> str | None:
    """The locale whose lexicon has this path; None for a path that is no lexicon's."""
    if path.startswith("voice/lexicon.") and path.endswith(".yaml"):
        return path.removeprefix("voice/lexicon.").removesuffix(".yaml")
    return None


def read_lexicon(data: Any, lines: Lines) -> Lexicon:
    """The lexicon in a file. Raises ErrorList with a line for each fault."""
    if data is None:
        return EMPTY
    if not isinstance(data, dict):
        raise TemplateError("template.value", "A lexicon maps words to pronunciations.", place=lines.place(()))
    if len(data) > MAX_ENTRIES:
        raise TemplateError("template.value", f"A lexicon has at most {MAX_ENTRIES} words.", place=lines.place(()))
    entries: dict[str, Pronunciation] = {}
    faults: list[DearlyError] = []
    for word, said in data.items():
        inner = Lines(lines.file, {path[1:]: line for path, line in lines.by_path.items() if path[:1] == (word,)})
        try:
            found = parse(Pronunciation, {"say": said} if isinstance(said, str) else said, inner)
        except ErrorList as error:
            faults += error.errors
            continue
        name = " ".join(str(word).casefold().split())
        if not name or name in entries:
            faults.append(
                TemplateError(
                    "template.duplicate",
                    f"The word '{name}' stands twice; capitals make no difference.",
                    place=lines.place((word,)),
                    hint=nearest(name, [one for one in entries if one != name]),
                )
            )
        entries[name] = found
    if faults:
        raise ErrorList(faults)
    return _lexicon(entries)
