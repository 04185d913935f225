"""What pictures depend on besides a score: this program's own drawing code, the libraries it draws and encodes with.

Two machines with equal fingerprints draw equal frames from equal scores, so the fingerprint is part of every chunk's
key. Drawing code counts by its source: a number to be raised by hand would be forgotten.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import platform
import re
from contextlib import suppress
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np

from renderer.assets import fonts
from renderer.render.video import encode
from renderer.render.video.cache import source_digest
from renderer.render.video.text import engine_versions
from renderer.units import canonical_json, digest

NOT_DRAWING = frozenset(
    """
    __init__ audio boxes cache captioning captions charts chunks codes cuts encode encoders espeak fingerprint fit
    geometry groundwork hls holding interactions keys layer_kinds layering lines lossless moments mux packing
    paragraph parameter_sets piper playlists poster render rings safe score scoring seen soundtrack speech teaser
    telling visible voices voicing witness
    """.split()  # noqa: SIM905
)
"""The modules of this package that no pixel comes from: what they decide stands in the score, or comes after drawing. A
new module counts as drawing until it is put here."""

ELSEWHERE = (fonts,)
"""Modules of other packages that pixels come from: a text's fallback faces and the scale of colour emoji."""


@cache
def engine_fingerprint() -> dict[str, object]:
    """Everything here that pixels and samples depend on, as canonical JSON data. The same for the whole process."""
    return {
        "drawing": _source_digest(),
        "encoder": x264_build(),
        "libraries": {name: list(version) for name, version in sorted(av.library_versions.items())},
        "machine": platform.machine(),
        "numpy": np.__version__,
        "opencv": str(cv2.__version__),
        "packages": {name: _version(name) for name in ("moviepy", "pillow")},
        "shaping": _shaping_versions(),
        "text": engine_versions(),
    }


@cache
def engine_digest() -> str:
    """The fingerprint's name."""
    return digest(canonical_json(engine_fingerprint()))


@cache
def x264_build() -> str:
    """The build of x264, as it writes it into a stream: the library's own version number does not tell."""
    profile = encode.EncodeProfile(width=16, height=16, fps=Fraction(25))
    context = av.CodecContext.create("libx264", "w")
    encode.configure(context, profile)
    grey = np.full((24, 16), 128, np.uint8)
    packets = [*context.encode(av.VideoFrame.from_numpy_buffer(grey, format="yuv420p")), *context.encode(None)]
    found = re.search(rb"x264 - core [^ ]+(?: r\w+)?(?: \w+)?", b"".join(map(bytes, packets)))
    return found[0].decode("ascii") if found else "unknown"


def _source_digest() -> str:
    here = Path(__file__).parent
    return source_digest(
        [
            *(path for path in sorted(here.glob("*.py")) if path.stem not in NOT_DRAWING),
            *(Path(str(module.__file__)) for module in ELSEWHERE),
        ]
    )


def _shaping_versions() -> dict[str, str]:
    """HarfBuzz and FreeType, which Pango and cairo have loaded by now."""
    found = {"harfbuzz": "unknown", "freetype": "unknown"}
    for name in ("libharfbuzz.so.0", "libharfbuzz.0.dylib"):
        with suppress(OSError, AttributeError):
            version_string = ctypes.CDLL(name).hb_version_string
            version_string.restype = ctypes.c_char_p
            found["harfbuzz"] = version_string().decode("ascii")
    for name in ("libfreetype.so.6", "libfreetype.6.dylib"):
        with suppress(OSError, AttributeError):
            freetype, handle = ctypes.CDLL(name), ctypes.c_void_p()
            if freetype.FT_Init_FreeType(ctypes.byref(handle)) == 0:
                numbers = [ctypes.c_int() for _ in range(3)]
                freetype.FT_Library_Version(handle, *map(ctypes.byref, numbers))
                freetype.FT_Done_FreeType(handle)
                found["freetype"] = ".".join(str(number.value) for number in numbers)
    return found


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"
