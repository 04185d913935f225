"""Fonts come from packages, never from the host, and every face is known by digest.

A :class:`FontSet` is what one template lists. Variable fonts are pinned to one static file per weight, because PDF
knows no variable fonts and because a named instance must not depend on the host's FreeType. Each set has a private
fontconfig file that sees these faces and no others: an engine that is asked for anything else falls back to a listed
face, or shows that it lacks the glyph, and both can be checked.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import json
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from xml.sax.saxutils import escape

from renderer.errors import EnvironmentFault, TemplateError
from renderer.units import canonical_json, digest

EMOJI_FAMILY = "Noto Color Emoji"
EMOJI_FILES = (
    Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"),
    Path("/usr/share/fonts/noto/NotoColorEmoji.ttf"),
    Path("/usr/share/fonts/google-noto-emoji/NotoColorEmoji.ttf"),
)
PREPARER = "4"
"""Raised when the way static files are made changes, so that old ones are not reused."""
WEIGHT_NAMES = {
    100: "Thin",
    200: "ExtraLight",
    300: "Light",
    400: "Regular",
    500: "Medium",
    600: "SemiBold",
    700: "Bold",
    800: "ExtraBold",
    900: "Black",
}

# Colour emoji are pictures of one size (109 px); without this rule, fontconfig's own 10-scale-bitmap-fonts.conf, they
# are set at that size whatever was asked for.
_SCALE_BITMAPS = """\
  <match target="font">
    <test name="outline" compare="eq"><bool>false</bool></test>
    <edit name="pixelsizefixupfactor" mode="assign">
      <divide><name target="pattern">pixelsize</name><name target="font">pixelsize</name></divide>
    </edit>
    <edit name="matrix" mode="assign">
      <times>
        <name>matrix</name>
        <matrix>
          <name>pixelsizefixupfactor</name><double>0</double><double>0</double><name>pixelsizefixupfactor</name>
        </matrix>
      </times>
    </edit>
    <edit name="size" mode="assign"><divide><name>size</name><name>pixelsizefixupfactor</name></divide></edit>
  </match>
"""


@dataclass(frozen=True)
class FontRequest:
    """One family of a template's list with the weights and slopes it uses."""

    family: str
    weights: tuple[int, ...]
    italic: bool = False


@dataclass(frozen=True)
class Face:
    """One static font file."""

    family: str
    weight: int
    italic: bool
    path: Path
    digest: str


@dataclass(frozen=True)
class FontSet:
    """The faces of one template in fallback order."""

    faces: tuple[Face, ...]
    config_file: Path

    @cached_property
    def families(self) -> tuple[str, ...]:
        """Family names in fallback order, each once."""
        return tuple(dict.fromkeys(face.family for face in self.faces))

    @cached_property
    def digest(self) -> str:
        """One digest over all faces and their order."""
        return _set_digest(self.faces)

    def activate(self) -> None:
        """Make this set the one that the next fontconfig configuration of this process reads.

        Pango and WeasyPrint read the environment when they make a *new* font map, so call this right before that.
        """
        os.environ["FONTCONFIG_FILE"] = str(self.config_file)
        os.environ["FONTCONFIG_PATH"] = str(self.config_file.parent)

    def missing_glyphs(self, text: str) -> tuple[str, ...]:
        """The characters of ``text`` that no face has, in order, each once.

        What is never drawn does not count: controls, isolates, joiners, variation selectors. A character that only its
        decomposition can draw counts as present.
        """
        have = self._covered
        missing = dict.fromkeys(
            character
            for character in unicodedata.normalize("NFC", text)
            if ord(character) not in have
            and not _ignorable(character)
            and not all(ord(part) in have for part in unicodedata.normalize("NFD", character))
        )
        return tuple(missing)

    @cached_property
    def _covered(self) -> frozenset[int]:
        return frozenset().union(*(_code_points(face.path, face.digest) for face in self.faces))


def load_fonts(requests: Sequence[FontRequest], cache_folder: Path) -> FontSet:
    """The set for a template's font list. Static files and the configuration are kept under ``cache_folder``.

    Raises EnvironmentFault when a family is not installed and TemplateError when it lacks a listed weight.
    """
    faces = tuple(face for request in requests for face in _faces(request, cache_folder))
    return FontSet(faces, _configuration(faces, cache_folder))


def _faces(request: FontRequest, cache_folder: Path) -> Iterable[Face]:
    if request.family == EMOJI_FAMILY:
        path = next((candidate for candidate in EMOJI_FILES if candidate.exists()), None)
        if path is None:
            raise EnvironmentFault(
                "environment.font",
                f"The font '{EMOJI_FAMILY}' is not installed.",
                hint="Install it: apt-get install fonts-noto-color-emoji (./run does that).",
            )
        yield Face(request.family, 400, False, path, _file_digest(path))
        return
    package = _packages().get(request.family)
    if package is None:
        raise EnvironmentFault(
            "environment.font",
            f"The font '{request.family}' is not installed.",
            hint=f"Install its package: pip install fontpkg-{request.family.lower().replace(' ', '-')}.",
        )
    for italic in (False, True) if request.italic else (False,):
        for weight in request.weights:
            yield _face(request.family, package, weight, italic, cache_folder)


def _face(family: str, package: Path, weight: int, italic: bool, cache_folder: Path) -> Face:
    files = json.loads((package / "metadata.json").read_text("utf-8"))["files"]
    style = "italic" if italic else "normal"
    variable = next((f for f in files if f["variable"] and f["style"] == style), None)
    if variable is not None:
        path = _pinned(family, package / variable["path"], weight, italic, cache_folder)
        return Face(family, weight, italic, path, _file_digest(path))
    for file in files:
        if file["style"] == style and file["weight"] == weight:
            return Face(family, weight, italic, package / file["path"], _file_digest(package / file["path"]))
    known = sorted({f["weight"] for f in files if f["style"] == style})
    raise TemplateError(
        "template.reference",
        f"The font '{family}' has no {style} face of weight {weight}.",
        hint=f"It has {', '.join(map(str, known))}." if known else f"It has no {style} faces.",
    )


def _pinned(family: str, source: Path, weight: int, italic: bool, cache_folder: Path) -> Path:
    """A static instance of a variable font, made once and addressed by what it is made from.

    HarfBuzz pins the axes (a hundredth of a second; fontTools' instancer gives the same outlines in two and a half).
    Two processes that make it at once make the same file.
    """
    key = digest(canonical_json([PREPARER, _file_digest(source), family, weight, italic]))
    target = cache_folder / "static" / f"{key}.ttf"
    if target.exists():
        return target
    import uharfbuzz as harfbuzz
    from fontTools.ttLib import TTFont

    with TTFont(source, lazy=True) as font:
        axes = {axis.axisTag: (axis.minValue, axis.defaultValue, axis.maxValue) for axis in font["fvar"].axes}
    least, _, most = axes.get("wght", (weight, weight, weight))
    if not least <= weight <= most:
        raise TemplateError(
            "template.reference",
            f"The font '{family}' has no weight {weight}.",
            hint=f"It has weights from {least:g} to {most:g}.",
        )
    face = harfbuzz.Face(source.read_bytes())
    wanted = harfbuzz.SubsetInput()
    wanted.keep_everything()
    for tag, (_, default, _) in axes.items():
        wanted.pin_axis_location(face, tag, weight if tag == "wght" else default)
    instance = TTFont(io.BytesIO(harfbuzz.subset(face, wanted).blob.data), recalcTimestamp=False)
    style = WEIGHT_NAMES.get(weight, str(weight)) + (" Italic" if italic else "")
    instance["OS/2"].usWeightClass = weight
    names = instance["name"]
    for name_id in (16, 17, 21, 22, 25):
        names.removeNames(nameID=name_id)
    postscript = f"{family.replace(' ', '')}-{style.replace(' ', '')}"
    for name_id, text in ((1, family), (2, style), (3, postscript), (4, f"{family} {style}"), (6, postscript)):
        names.removeNames(nameID=name_id)
        names.setName(text, name_id, 3, 1, 0x409)
    if "STAT" in instance:
        del instance["STAT"]
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        instance.save(file)
    os.replace(temporary, target)
    return target


def _configuration(faces: tuple[Face, ...], cache_folder: Path) -> Path:
    """The fontconfig file that sees ``faces`` and nothing else. It is named by this module's source too: an older one,
    with other rules, would draw other pixels than a chunk's key promises."""
    folder = cache_folder / "sets" / digest(f"{_file_digest(Path(__file__))}:{_set_digest(faces)}".encode())[:24]
    config = folder / "fonts.conf"
    if config.exists() and all((folder / "faces" / f"{face.digest[:24]}{face.path.suffix}").exists() for face in faces):
        return config
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".building-"))
    (building / "faces").mkdir()
    for face in faces:
        # Links, not copies: fontconfig follows them and the emoji font is 10 MB.
        (building / "faces" / f"{face.digest[:24]}{face.path.suffix}").symlink_to(face.path)
    families = list(dict.fromkeys(face.family for face in faces))
    strings = "".join(f"<string>{escape(family)}</string>" for family in families)
    (building / "fonts.conf").write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n<fontconfig>\n'
        f"  <dir>{escape(str(folder / 'faces'))}</dir>\n"
        f"  <cachedir>{escape(str(cache_folder / 'fontconfig'))}</cachedir>\n"
        '  <match target="pattern"><edit name="family" mode="append_last" binding="weak">'
        f"{strings}</edit></match>\n"
        f"{_SCALE_BITMAPS}  <config><rescan><int>0</int></rescan></config>\n</fontconfig>\n",
        "utf-8",
    )
    try:
        os.rename(building, folder)
    except OSError:  # another process was first, or an older set lacks a face that was removed from the cache
        if not config.exists():
            raise
        for link in (building / "faces").iterdir():
            place = folder / "faces" / link.name
            if not place.exists():
                place.unlink(missing_ok=True)
                os.rename(link, place)
        shutil.rmtree(building, ignore_errors=True)
    return config


@cache
def _packages() -> Mapping[str, Path]:
    """Installed font packages by family name; their code is not run."""
    found = {}
    for entry in importlib.metadata.entry_points(group="fontpkg.family"):
        spec = importlib.util.find_spec(entry.value.partition(":")[0])
        if spec is not None and spec.origin is not None:
            folder = Path(spec.origin).parent
            found[json.loads((folder / "metadata.json").read_text("utf-8"))["family"]] = folder
    return found


@cache
def _file_digest(path: Path) -> str:
    return digest(path.read_bytes())


def _set_digest(faces: Sequence[Face]) -> str:
    return digest(canonical_json([[f.family, f.weight, f.italic, f.digest] for f in faces]))


@cache
def _code_points(path: Path, _digest: str) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _ignorable(character: str) -> bool:
    """Whether a character has no picture of its own (Unicode's default ignorables and white space, near enough)."""
    return (
        character.isspace()
        or unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp")
        or 0xFE00 <= ord(character) <= 0xFE0F
        or 0xE0100 <= ord(character) <= 0xE01EF
        or character == "͏"
    )
