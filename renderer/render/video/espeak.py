"""espeak-ng: it speaks a hundred languages and always sounds like a machine. The fallback, and the voice of tests.

The library comes in the wheel `espeakng-loader`, under the GPL 3, and is called through ctypes. It has global state
that its own end does not clear: a second sentence would be some samples longer than the same one said first. So every
call loads it, uses it and unloads it, under a lock (two milliseconds).
"""

from __future__ import annotations

import _ctypes
import ctypes
import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from renderer.errors import EnvironmentFault, RenderError
from renderer.render.video.speech import Piece, Raw

_SYNCHRONOUS = 2
_UTF8, _PHONEMES = 1, 0x100
_LIST_END, _WORD = 0, 1
_RATE_PARAMETER, WORDS_A_MINUTE = 1, 155
_LOCK = threading.Lock()


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def installed() -> bool:
    """Whether the library's wheel is there."""
    return find_spec("espeakng_loader") is not None


class EspeakEngine:
    """The voice of one locale. Raises EnvironmentFault ``environment.voice`` without the library or the language."""

    def __init__(self, locale: str) -> None:
        self._voice = _chosen(locale)

    @property
    def fingerprint(self) -> dict[str, str]:
        """See :class:`.speech.SpeechEngine`."""
        return {
            "engine": "espeak-ng",
            "version": metadata.version("espeakng-loader"),
            "voice": self._voice,
            "library": _library_digest(),
            "rate": str(WORDS_A_MINUTE),
        }

    def synthesize(self, pieces: Sequence[Piece]) -> tuple[Raw, int, list[int]]:
        """See :class:`.speech.SpeechEngine`. Words begin where the engine's own events say."""
        text, places = _written(pieces)
        sound: list[Any] = []
        words: list[tuple[int, int]] = []

        def hear(wave: Any, count: int, events: Any) -> int:
            if count > 0:
                sound.append(np.ctypeslib.as_array(wave, shape=(count,)).astype(np.float32) / 32768)
            index = 0
            while events[index].type != _LIST_END:
                if events[index].type == _WORD:
                    words.append((events[index].text_position - 1, events[index].sample))
                index += 1
            return 0

        callback = _CALLBACK(hear)
        with _library() as (library, rate):
            self._use(library)
            library.espeak_SetParameter(_RATE_PARAMETER, WORDS_A_MINUTE, 0)
            library.espeak_SetSynthCallback(callback)
            encoded = text.encode()
            library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _UTF8 | _PHONEMES, None, None)
            library.espeak_Synchronize()
        if not sound:
            raise RenderError("render.media", "The voice said nothing.")
        whole = np.concatenate(sound)
        return whole, rate, _begins(places, words, len(whole))

    def rest(self) -> None:
        """See :class:`.speech.SpeechEngine`: it takes nothing."""

    def unsure(self, word: str) -> bool:
        """See :class:`.speech.SpeechEngine`: by the phonemes that espeak-ng finds."""
        return unsure_phonemes(word, self.phonemes(word))

    def phonemes(self, word: str) -> str:
        """The word in the IPA, with its marks of other languages, ``(en)…(it)``."""
        with _library() as (library, _):
            self._use(library)
            encoded = word.encode()
            pointer = ctypes.c_char_p(encoded)
            found: list[str] = []
            while pointer.value is not None and len(found) <= len(encoded):
                part = library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, 2)
                found.append(part.decode("utf-8", "replace") if part else "")
        return " ".join(found)

    def _use(self, library: Any) -> None:
        if library.espeak_SetVoiceByName(self._voice.encode()) != 0:
            raise _missing("espeak-ng could not start.")


def _chosen(locale: str) -> str:
    """espeak's name for a locale: itself in small letters, else its language."""
    names = [locale.lower(), locale.split("-")[0].lower()]
    if names[-1] == "en":
        names = ["en-us" if locale == "en" else names[0], "en-us"]
    with _library() as (library, _):
        found = next((name for name in names if library.espeak_SetVoiceByName(name.encode()) == 0), None)
    if found is None:
        raise _missing(f"espeak-ng does not speak '{locale}'.")
    return found


def unsure_phonemes(word: str, phonemes: str) -> bool:
    """Whether espeak's phonemes show that it guessed: it switched to another language, named letters or code points, or
    gave a word of many letters hardly a sound."""
    letters = sum(character.isalpha() for character in word)
    if not letters:
        return False
    if "(" in phonemes or "lˌɛɾɚ" in phonemes:
        return True
    stressed = phonemes.count("ˈ") + phonemes.count("ˌ")
    spelled = letters > 1 and not any(vowel in word.casefold() for vowel in "aeiouyàáâãäåăæèéêëěìíîïıòóôõöøőùúûüůűýÿœ")
    if word.isascii() or _latin(word):
        return spelled and stressed >= letters - 1
    return not phonemes.strip() or (" " in phonemes.strip() and stressed >= letters)


def _latin(word: str) -> bool:
    return all(ord(character) < 0x250 for character in word if character.isalpha())


def _written(pieces: Sequence[Piece]) -> tuple[str, list[int]]:
    """The text for espeak-ng, with mnemonics in double brackets, and where in it each piece begins."""
    text, places = "", []
    for piece in pieces:
        places.append(len(text))
        if not piece.text:
            continue
        word = piece.text
        if piece.said is not None:
            word = piece.said.say or word
            if piece.said.espeak is not None:
                end = len(word.rstrip(".,;:!?…"))
                word = f"[[{piece.said.espeak}]]{word[end:]}"
        text += word.replace("[[", "").replace("]]", "") if not word.startswith("[[") else word
        text += " "
    return text.rstrip() or " ", places


def _begins(places: Sequence[int], words: Sequence[tuple[int, int]], samples: int) -> list[int]:
    """The first sample of each piece, by the first event inside it. espeak-ng says short words together ("of the") and
    tells of the first; those after it share the time until the next one it tells of."""
    heard: list[int | None] = []
    for index, place in enumerate(places):
        end = places[index + 1] if index + 1 < len(places) else None
        heard.append(next((sample for at, sample in words if at >= place and (end is None or at < end)), None))
    heard.append(samples)
    found: list[int] = []
    for index, sample in enumerate(heard[:-1]):
        if sample is None:
            following = next(after for after in range(index, len(heard)) if heard[after] is not None)
            before, until = found[-1] if found else 0, heard[following] or 0
            sample = before + (until - before) // (following - index + 1)
        found.append(min(max(sample, found[-1] if found else 0), samples))
    return found


@contextmanager
def _library() -> Iterator[tuple[Any, int]]:
    """The library, started, and its sample rate."""
    if not installed():
        raise _missing("espeak-ng is not installed.")
    import espeakng_loader

    with _LOCK:
        try:
            library = ctypes.CDLL(espeakng_loader.get_library_path())
            data = espeakng_loader.get_data_path().encode()
        except (OSError, RuntimeError) as error:
            raise _missing("espeak-ng's library cannot be loaded.") from error
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]
        library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        try:
            rate = int(library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0))
            if rate <= 0:
                raise _missing("espeak-ng could not start.")
            yield library, rate
        finally:
            library.espeak_Terminate()
            _ctypes.dlclose(library._handle)


@cache
def _library_digest() -> str:
    import espeakng_loader

    return hashlib.blake2b(Path(espeakng_loader.get_library_path()).read_bytes(), digest_size=16).hexdigest()


def _missing(message: str) -> EnvironmentFault:
    return EnvironmentFault(
        "environment.voice", message, hint="Install Dearly's extra 'voice', or let the template do without a voice."
    )
