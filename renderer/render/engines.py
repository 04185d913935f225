"""What made something: Dearly's version, its own code and the libraries that had a part in it.

Two artefacts of one plan that differ can be told apart by it, and what was prepared elsewhere is only taken by those
who would make the same. There is nothing in it of a machine but its architecture, and nothing of a recipient. It is
found out once a process, and only libraries that the process needs anyway are loaded for it.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from renderer import __version__
from renderer.assets import fonts
from renderer.render.video.cache import source_digest
from renderer.template.model import Channel
from renderer.units import canonical_json, digest

PreparedKind = Literal["fonts", "webfonts", "mezzanine"]
"""Static faces · fonts of pages · footage and pictures of films. Each is a folder of a cache too."""

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class MadeBy:
    """A name for what made something, and what stands behind it (canonical JSON)."""

    digest: str
    versions: str


@cache
def engine_of(channel: Channel) -> MadeBy:
    """What makes a channel's files in this process."""
    own: dict[str, object] = {}
    match channel:
        case "video":
            from renderer.render.video.fingerprint import engine_fingerprint

            own = {**engine_fingerprint(), "voices": _packages("onnxruntime", "piper-tts")}
        case "statement":
            from weasyprint.text.ffi import pango

            names = ("cssselect2", "fonttools", "jinja2", "pikepdf", "pillow", "pydyf", "tinycss2", "tinyhtml5")
            own = {"packages": _packages("weasyprint", *names), "pango": int(pango.pango_version())}
        case "microsite":
            own = {"packages": _packages("brotli", "fonttools", "jinja2", "markupsafe")}
    code = source_digest([*sorted(_HERE.glob("*.py")), *sorted((_HERE / channel).glob("*.py"))])
    return _made_by({"dearly": __version__, "machine": platform.machine(), "channel": channel, "code": code, **own})


@cache
def preparer_of(kind: PreparedKind) -> MadeBy:
    """What prepares files of a kind in this process."""
    own: dict[str, object] = {}
    match kind:
        case "fonts":
            own = {"preparer": fonts.PREPARER, "packages": _packages("fonttools", "uharfbuzz")}
        case "webfonts":
            from renderer.render.microsite import webfonts

            own = {"preparer": webfonts.PREPARER, "packages": _packages("brotli", "fonttools")}
        case "mezzanine":
            from renderer.render.video.prepare import preparer

            own = {"preparer": preparer(), "machine": platform.machine()}
    return _made_by({"prepares": kind, **own})


def preparer_of_all(kinds: Sequence[PreparedKind]) -> MadeBy:
    """What prepares files of several kinds in this process: Dearly's version, and the digest of what prepares each."""
    return _made_by({"dearly": __version__, "prepares": {kind: preparer_of(kind).digest for kind in kinds}})


def _made_by(versions: dict[str, object]) -> MadeBy:
    data = canonical_json(versions)
    return MadeBy(digest(data), data.decode())


def _packages(*names: str) -> dict[str, str]:
    return {name: _version(name) for name in names}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
