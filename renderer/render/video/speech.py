"""Text → speech, through a port: what a score asks, how engines answer, and the cache between them.

The score needs to know how long a sentence takes and when its words begin; the mix needs its sound: mono, 48 kHz,
int16. An *engine* makes sound of words (:mod:`.piper`, :mod:`.espeak`); a :class:`SpeakingVoice` puts names right by
the template's lexicon, takes silence off both ends, brings the voice to one level, and keeps what was said.

What is kept stands under keyed digests: a name is easily guessed, and the name of a file must not tell it. No text is
kept, only sound and where words begin.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from babel import Locale
from numpy.typing import NDArray

from renderer.errors import RenderError
from renderer.plan.words import words_of
from renderer.render.video.audio import RATE, measure
from renderer.render.video.speech_shelf import SpeechShelf
from renderer.template.lexicon import EMPTY, Lexicon, Pronunciation
from renderer.units import canonical_json, digest

Sound = NDArray[np.int16]
"""Shape (samples,), 48 kHz, mono."""
Raw = NDArray[np.float32]
"""Shape (samples,), the engine's own rate, full scale ±1."""

SPEECH = 1
"""Raise this when equal words would sound otherwise or begin elsewhere."""
LEVEL_LUFS = -20.0
"""Every voice is brought to this loudness, measured as it is mixed: in both channels."""
SILENCE_DB = -46.0
"""What is this far below the loudest 20 ms, and nothing but that, counts as silence at the ends."""
KEPT_S = 0.02
"""So much of the silence stays, so that no first sound is cut."""
LETTERS = {
    "en": frozenset("éèêëïöüôçñ"),
    "it": frozenset("àèéìíîòóùú"),
    "fr": frozenset("àâäçéèêëîïôöùûüÿœæñ"),
    "ro": frozenset("ăâîșțşţ"),
}
"""The letters beyond a to z that readers of a language know how to say."""
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Speech:
    """A spoken text: digest of its sound, its length in samples at 48 kHz, and (first sample, word) marks."""

    pcm_digest: str
    samples: int
    marks: tuple[tuple[int, str], ...]


class Voice(Protocol):
    """The port through which a score learns how long speech takes, and a mix gets it."""

    def speak(self, text: str, language: str, *, personal: bool = False) -> Speech:
        """Speech for ``text``. Equal arguments give equal speech. ``personal``: it names somebody, so it is kept for a
        while only. Raises EnvironmentFault ``environment.voice`` or RenderError ``render.media``."""

    def sound(self, pcm_digest: str) -> Sound:
        """The sound of something that this very voice has spoken before. Raises RenderError ``render.media``."""


@dataclass(frozen=True)
class Piece:
    """A word of a text and how it is to be said, by the lexicon or (None) as it is written."""

    text: str
    said: Pronunciation | None = None


class SpeechEngine(Protocol):
    """Makes sound of words in one language."""

    @property
    def fingerprint(self) -> dict[str, str]:
        """Whatever makes it sound as it does: engine, versions, model by digest."""

    def synthesize(self, pieces: Sequence[Piece]) -> tuple[Raw, int, list[int]]:
        """(sound, its rate, the sample at which each piece begins). Equal pieces give equal sound.

        Raises EnvironmentFault ``environment.voice``, RenderError ``render.media``."""

    def rest(self) -> None:
        """Nothing more is said for now: give back the memory that speaking took."""

    def unsure(self, word: str) -> bool:
        """Whether it would spell this word, read it in another language, or skip letters of it."""


class SpeakingVoice:
    """A voice: an engine, the template's lexicon for its locale, and the shelf."""

    def __init__(self, engine: SpeechEngine, shelf: SpeechShelf, lexicon: Lexicon = EMPTY) -> None:
        self._engine = engine
        self._shelf = shelf
        self._lexicon = lexicon
        self._heard: dict[str, Sound] = {}
        self._spoke = False
        self._said_before: dict[str, Mapping[str, Any]] = {}

    def speak(self, text: str, language: str, *, personal: bool = False) -> Speech:
        """See :class:`Voice`."""
        pieces = pieces_of(text, self._lexicon)
        name = self._name("speech", language, [[piece.text, _said(piece)] for piece in pieces])
        about = self._said_before.get(name) or self._kept(name)
        if about is None:
            about = self._said_before[name] = self._spoken(pieces, name, language, personal)
        return _speech(about, pieces)

    def _kept(self, name: str) -> Mapping[str, Any] | None:
        """What is on the shelf, with its sound."""
        kept = self._shelf.get(name)
        if kept is None:
            return None
        about: Mapping[str, Any] = json.loads(kept)
        data = self._shelf.get(about["pcm"])
        if data is None:
            return None
        self._heard[about["pcm"]] = np.frombuffer(data, dtype="<i2").astype(np.int16)
        self._said_before[name] = about
        return about

    def _spoken(self, pieces: Sequence[Piece], name: str, language: str, personal: bool) -> Mapping[str, Any]:
        self._spoke = True
        raw, rate, begins = self._engine.synthesize(pieces) if pieces else (np.zeros(1, np.float32), RATE, [])
        gain = 10 ** (self._gain_db(language) / 20)
        cut, begins = _trimmed(resampled(raw, rate), [round(begin * RATE / rate) for begin in begins])
        sound = np.clip(np.round(cut * gain * 32767), -32768, 32767).astype(np.int16)
        data = sound.astype("<i2").tobytes()
        pcm = digest(data)
        about = {"pcm": pcm, "samples": len(sound), "begins": begins}
        self._heard[pcm] = sound
        self._shelf.put(pcm, data, personal=personal)
        self._shelf.put(name, json.dumps(about).encode(), personal=personal)
        return about

    def sound(self, pcm_digest: str) -> Sound:
        """See :class:`Voice`."""
        if pcm_digest not in self._heard:
            raise RenderError("render.media", "This voice has not said that.")
        if self._spoke:  # the mix begins: all has been said
            self._spoke = False
            self._engine.rest()
        return self._heard[pcm_digest]

    def unsure(self, text: str, language: str) -> bool:
        """Whether a word of ``text`` that the lexicon does not know has letters that are foreign to the language, or
        ones that the engine would guess at."""
        letters = LETTERS.get(language.split("-")[0])
        return any(
            piece.said is None and (_foreign(piece.text, letters) or self._engine.unsure(piece.text))
            for piece in pieces_of(text, self._lexicon)
        )

    def _gain_db(self, language: str) -> float:
        """What brings this voice to its level: found once, by numbers that it says, and the same for every clip."""
        name = self._name("gain", language, [])
        kept = self._shelf.get(name)
        if kept is None:
            raw, rate, _ = self._engine.synthesize(pieces_of(_calibration(language), EMPTY))
            pcm = resampled(raw, rate)
            loudness = measure(np.repeat(pcm[:, None], 2, axis=1)).integrated
            kept = f"{LEVEL_LUFS - loudness:.2f}".encode() if loudness > -69 else b"0"
            self._shelf.put(name, kept, personal=False)
        return float(kept)

    def _name(self, what: str, language: str, rest: object) -> str:
        return digest(canonical_json([SPEECH, what, language, self._engine.fingerprint, rest]))


def pieces_of(text: str, lexicon: Lexicon) -> list[Piece]:
    """The words of a text with the pronunciations that the lexicon has for them.

    A pronunciation of several words goes to the first of them; the others are then silent. Punctuation stays.
    """
    words: list[str] = []
    for word in _WORD.findall(sayable(text)):
        if any(map(_heard_letter, word)):
            words.append(word)
        elif words:  # punctuation that stands alone, as in "Bonjour !"
            words[-1] += word
    pieces: list[Piece] = []
    longest = max((entry.count(" ") + 1 for entry in lexicon.entries), default=0)
    index = 0
    while index < len(words):
        for count in range(min(longest, len(words) - index), 0, -1):
            before, core, after = _core(" ".join(words[index : index + count]))
            entry = lexicon.entries.get(core.casefold())
            if entry is not None:
                said = entry.model_copy(
                    update={"say": f"{before}{entry.say or core}{after}"}  # with the punctuation that it had
                )
                pieces += [Piece(words[index], said), *(Piece("", said) for _ in range(count - 1))]
                index += count
                break
        else:
            pieces.append(Piece(words[index]))
            index += 1
    return pieces


def sayable(text: str) -> str:
    """A text without what a voice would read as "smiling face": pictures, variation marks, isolates and the like."""
    kept = (
        " " if unicodedata.category(one) in ("So", "Cc") or one in "\u00a0\u202f" else one
        for one in unicodedata.normalize("NFC", text)
        if unicodedata.category(one) not in ("Cf", "Cs", "Co") and not 0xFE00 <= ord(one) <= 0xFE0F
    )
    return " ".join("".join(kept).split())


def _heard_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN" or character in "%€$£+="


def _foreign(word: str, letters: frozenset[str] | None) -> bool:
    return letters is not None and any(
        one.isalpha() and not one.isascii() and one not in letters for one in word.casefold()
    )


def _core(word: str) -> tuple[str, str, str]:
    """(punctuation before, the word, punctuation after); an English or Italian "'s" counts as punctuation."""
    found = re.match(r"^(\W*)(.*?)((?:['’]s)?\W*)$", word, re.DOTALL)
    assert found is not None
    return found[1], found[2], found[3]


def _said(piece: Piece) -> list[str | None] | None:
    return None if piece.said is None else [piece.said.say, piece.said.ipa, piece.said.espeak]


def _speech(about: Mapping[str, Any], pieces: Sequence[Piece]) -> Speech:
    return Speech(
        pcm_digest=about["pcm"],
        samples=about["samples"],
        marks=tuple((begin, piece.text) for begin, piece in zip(about["begins"], pieces, strict=True) if piece.text),
    )


def _trimmed(pcm: Raw, begins: Sequence[int]) -> tuple[Raw, list[int]]:
    """Without the silence at both ends, and with marks that follow."""
    block = RATE // 100
    whole = len(pcm) // block * block
    if not whole:
        return pcm, list(begins)
    power = np.square(pcm[:whole].reshape(-1, block)).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (SILENCE_DB / 10))
    if not len(loud):
        return pcm, list(begins)
    kept = int(KEPT_S * RATE)
    first = max(0, int(loud[0]) * block - kept)
    last = min(len(pcm), (int(loud[-1]) + 1) * block + 2 * kept)
    cut = pcm[first:last]
    return cut, [min(max(begin - first, 0), len(cut) - 1) for begin in begins]


def resampled(raw: Raw, rate: int) -> Raw:
    """Mono sound at 48 kHz."""
    if rate == RATE:
        return raw
    resampler = AudioResampler(format="flt", layout="mono", rate=RATE)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(raw, dtype=np.float32).reshape(1, -1), "flt", "mono")
    frame.sample_rate = rate
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([np.asarray(one.to_ndarray(), np.float32).reshape(-1) for one in frames])


@lru_cache(maxsize=32)
def _calibration(language: str) -> str:
    """What a voice says to be measured: numbers, in words where we know them."""
    words = words_of(Locale.parse(language, sep="-"))
    numbers = (*range(1, 13), 27, 84, 366, 1999)
    said = [words.number(Decimal(number)) if words else str(number) for number in numbers]
    return " ".join(f"{', '.join(said[start : start + 8])}." for start in range(0, len(said), 8))
