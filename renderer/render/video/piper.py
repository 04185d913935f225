"""Piper: neural voices that are pleasant to listen to, one ONNX model each.

The package `piper-tts` (GPL 3) turns words into a model's phonemes; the model runs here, on one thread and without its
noise, so that equal words give equal sound. (Measured with en_US-joe-medium: no band of its spectrum differs by more
than 0.5 dB from speech with noise; with it, no two runs agree.) The model is asked for the length of every phoneme
too, so the times of words are its own.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from renderer.errors import EnvironmentFault, Place
from renderer.render.video.espeak import unsure_phonemes
from renderer.render.video.speech import Piece, Raw

if TYPE_CHECKING:
    from piper import PiperVoice

SENTENCE_S = 0.22
"""Silence between two sentences of one text, beside what the model itself leaves."""
_ENDS = re.compile(r"[.!?…؟。]['\"”’»)]*$")
_MARKS = ".,;:!?…"
_MODEL_GRAPH, _GRAPH_NODE, _GRAPH_OUTPUT = 7, 1, 12
_NODE_OUTPUT, _NODE_TYPE = 2, 4


def installed() -> bool:
    """Whether Piper and the runtime of its models are there."""
    return find_spec("piper") is not None and find_spec("onnxruntime") is not None


class PiperEngine:
    """The voice in a model file; its settings stand beside it, with ``.json`` added to its name.

    The model is loaded when something is first said (about a second), and once a process. Raises EnvironmentFault
    ``environment.voice`` when packages or files are missing, now or then when they are broken.
    """

    def __init__(self, model: Path) -> None:
        self._model = model
        if not installed():
            raise _fault("Piper is not installed.", "Install Dearly's extra 'voice'.")
        for path in (model, _settings(model)):
            if not path.is_file():
                raise _fault("A file of the voice is missing.", "Check DEARLY_VOICES.", path.name)

    @property
    def fingerprint(self) -> dict[str, str]:
        """See :class:`.speech.SpeechEngine`."""
        return {
            "engine": "piper",
            "version": metadata.version("piper-tts"),
            "runtime": metadata.version("onnxruntime"),
            "model": _digest(self._model, self._model.stat().st_mtime_ns),
            "settings": _digest(_settings(self._model), _settings(self._model).stat().st_mtime_ns),
        }

    def synthesize(self, pieces: Sequence[Piece]) -> tuple[Raw, int, list[int]]:
        """See :class:`.speech.SpeechEngine`. Words begin where the model's phonemes do."""
        voice = _loaded(self._model, self._changed())
        rate = voice.config.sample_rate
        silence = np.zeros(int(SENTENCE_S * rate), dtype=np.float32)
        parts: list[Raw] = []
        begins: list[int] = []
        for sentence in _sentences(pieces):
            if parts:
                parts.append(silence)
            start = sum(map(len, parts))
            sound, own = self._sentence(voice, sentence)
            begins += [start + begin for begin in own]
            parts.append(sound)
        return np.concatenate(parts), rate, begins

    def rest(self) -> None:
        """See :class:`.speech.SpeechEngine`. Giving back after every sentence would cost a quarter of speaking."""
        voice = _loaded(self._model, self._changed())
        with suppress(Exception):  # a model that cannot say this little: then it keeps what it has
            _run(voice, voice.phonemes_to_ids([]), shrink=True)

    def unsure(self, word: str) -> bool:
        """See :class:`.speech.SpeechEngine`: Piper's letters go through espeak-ng too."""
        from piper.phonemize_espeak import EspeakPhonemizer

        config = _config(self._model, self._changed())
        if config.phoneme_type.value != "espeak":
            return False
        from piper import espeakbridge

        EspeakPhonemizer()
        espeakbridge.set_voice(config.espeak_voice)
        found = " ".join(part for part, _, _ in espeakbridge.get_phonemes(word))
        known = set(config.phoneme_id_map)
        return unsure_phonemes(word, found) or not any(one in known for one in found if one.isalpha())

    def _changed(self) -> int:
        return max(path.stat().st_mtime_ns for path in (self._model, _settings(self._model)))

    def _sentence(self, voice: PiperVoice, pieces: Sequence[Piece]) -> tuple[Raw, list[int]]:
        phonemes = [one for part in voice.phonemize(" ".join(filter(None, map(_written, pieces)))) for one in part]
        ids = voice.phonemes_to_ids(phonemes)
        try:
            sound, lengths = _run(voice, ids)
        except Exception as error:  # of onnxruntime's own types
            raise _fault("A voice's model failed.", "Check DEARLY_VOICES.", self._model.name) from error
        sound = np.atleast_1d(np.clip(sound, -1, 1)).astype(np.float32)
        if lengths is None or len(lengths) != len(ids):  # a model that does not tell
            lengths = np.full(len(ids), len(sound) // max(len(ids), 1), dtype=np.int64)
        starts = list(_phoneme_starts(voice.config.phoneme_id_map, phonemes, lengths))
        return sound, list(_word_starts(voice, pieces, phonemes, starts))


def _run(voice: PiperVoice, ids: Sequence[int], shrink: bool = False) -> tuple[Any, Any]:
    """(sound, length of each phoneme in samples or None). A long sentence takes 300 MB to work, which the runtime keeps
    for the next one; it gives them back after a run that says ``shrink``."""
    import onnxruntime

    config = voice.config
    given = {
        "input": np.array([ids], dtype=np.int64),
        "input_lengths": np.array([len(ids)], dtype=np.int64),
        "scales": np.array([0, config.length_scale, 0], dtype=np.float32),  # noise, length, noise of lengths
    }
    if config.num_speakers > 1:
        given["sid"] = np.array([config.default_speaker_id], dtype=np.int64)
    options = onnxruntime.RunOptions()
    if shrink:
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    sound, *more = voice.session.run(None, given, options)
    lengths = (more[0].reshape(-1) * config.hop_length).astype(np.int64) if more else None
    return sound.squeeze(), lengths


def _phoneme_starts(ids: Any, phonemes: Sequence[str], lengths: Any) -> Iterator[int]:
    """The first sample of each phoneme: Piper puts a padding id after the start mark and after every phoneme's own."""
    at = int(lengths[: len(ids["^"]) + len(ids["_"])].sum())
    place = len(ids["^"]) + len(ids["_"])
    for phoneme in phonemes:
        yield at
        count = len(ids.get(phoneme, ()))
        if count:
            count += len(ids["_"])
        at += int(lengths[place : place + count].sum())
        place += count


def _word_starts(
    voice: PiperVoice, pieces: Sequence[Piece], phonemes: Sequence[str], starts: Sequence[int]
) -> Iterator[int]:
    """The first sample of each word of one sentence.

    espeak-ng writes short words together ("of the"), so words and phoneme groups may differ in number. Then each word's
    share of the phonemes, said alone, finds its place among those of the sentence.
    """
    if not starts:
        yield from (0 for _ in pieces)
        return
    heads = [0] + [index + 1 for index, one in enumerate(phonemes[:-1]) if one == " "]
    spoken = [piece for piece in pieces if piece.text]
    if len(heads) == len(spoken):
        places = heads
    else:
        shares = [sum(one.isalpha() for part in voice.phonemize(_written(piece)) for one in part) for piece in spoken]
        heard = [index for index, one in enumerate(phonemes) if one.isalpha()] or [0]
        before = [0, *accumulate(max(share, 1) for share in shares)]
        places = [heard[min(len(heard) - 1, round(len(heard) * part / before[-1]))] for part in before[:-1]]
    found = iter(places)
    place = 0
    for piece in pieces:
        if piece.text:
            place = next(found)
        yield starts[min(place, len(starts) - 1)]


def _sentences(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    sentence: list[Piece] = []
    for piece in pieces:
        sentence.append(piece)
        if piece.text and _ENDS.search(piece.text):
            yield sentence
            sentence = []
    if any(piece.text for piece in sentence):
        yield sentence


def _written(piece: Piece) -> str:
    """A word for Piper, with the IPA in double brackets."""
    if not piece.text:
        return ""
    if piece.said is None:
        return piece.text.replace("[[", "").replace("]]", "")
    word = piece.said.say or piece.text
    if piece.said.ipa is None:
        return word
    return f"[[{piece.said.ipa}]]{word[len(word.rstrip(_MARKS)) :]}"


@lru_cache(maxsize=3)
def _loaded(model: Path, changed: int) -> PiperVoice:
    """The model, with the lengths of phonemes as a second output."""
    import onnxruntime
    from piper import PiperVoice

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    config = _config(model, changed)
    try:
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:  # from a file it takes 60 MB less
            data = model.read_bytes()
            file.write(data)
            file.write(_with_lengths(data))
            file.flush()
            del data
            session = onnxruntime.InferenceSession(file.name, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises types of its own, one for each way to be broken
        raise _fault(
            "A voice's model cannot be read.", "Check DEARLY_VOICES, or get the file again.", model.name
        ) from error
    return PiperVoice(session=session, config=config)


@lru_cache(maxsize=8)
def _config(model: Path, changed: int) -> Any:
    from piper.config import PiperConfig

    try:
        return PiperConfig.from_dict(json.loads(_settings(model).read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _fault(
            "A voice's settings cannot be read.", "They come with the model, as MODEL.onnx.json.", model.name
        ) from error


def _settings(model: Path) -> Path:
    return model.with_name(f"{model.name}.json")


@lru_cache(maxsize=16)
def _digest(path: Path, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _fault(message: str, hint: str, file: str | None = None) -> EnvironmentFault:
    return EnvironmentFault("environment.voice", message, hint=hint, place=Place(file=file))


# ---------------------------------------------------------------- the model as a Protocol Buffers message


def _with_lengths(data: bytes) -> bytes:
    """What must be added to a model's bytes so that the lengths of phonemes are an output too; nothing if it cannot be.

    VITS rounds phoneme lengths up in its only ``Ceil``. A message that is given twice is merged (Protocol Buffers,
    "Last one wins"), so the graph with one more output can simply follow the model.
    """
    ceils: list[bytes] = []
    outputs = 0
    for number, graph in _fields(data, 0, len(data)):
        if number != _MODEL_GRAPH:
            continue
        for kind, part in _fields(data, *graph):
            if kind == _GRAPH_OUTPUT:
                outputs += 1
            if kind == _GRAPH_NODE:
                node = list(_fields(data, *part))
                if any(field == _NODE_TYPE and data[slice(*span)] == b"Ceil" for field, span in node):
                    ceils += [data[slice(*span)] for field, span in node if field == _NODE_OUTPUT]
    if len(ceils) != 1 or outputs != 1:
        return b""
    return _field(_MODEL_GRAPH, _field(_GRAPH_OUTPUT, _field(1, ceils[0])))


def _fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """(field number, span of its bytes) of the fields with a length. Raises IndexError or ValueError for others."""
    while start < end:
        key, start = _number(data, start)
        match key & 7:
            case 0:
                _, start = _number(data, start)
            case 1:
                start += 8
            case 2:
                length, start = _number(data, start)
                yield key >> 3, (start, start + length)
                start += length
            case 5:
                start += 4
            case _:
                raise ValueError("no Protocol Buffers message")


def _number(data: bytes, start: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[start]
        value |= (byte & 127) << shift
        shift, start = shift + 7, start + 1
        if byte < 128:
            return value, start


def _field(number: int, content: bytes) -> bytes:
    length = len(content)
    head = bytearray([number << 3 | 2])
    while length > 127:
        head.append(length & 127 | 128)
        length >>= 7
    head.append(length)
    return bytes(head) + content
