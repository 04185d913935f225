"""A template's faces and no others, each pinned, named and known by digest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from renderer.assets import fonts as assets_fonts
from renderer.assets.fonts import EMOJI_FAMILY, FontRequest, FontSet, load_fonts
from renderer.errors import EnvironmentFault, TemplateError

LATIN, ARABIC = "IBM Plex Sans", "IBM Plex Sans Arabic"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fonts")


@pytest.fixture(scope="module")
def fonts(cache: Path) -> FontSet:
    return load_fonts(
        [FontRequest(LATIN, (400, 700)), FontRequest(ARABIC, (400,)), FontRequest(EMOJI_FAMILY, (400,))], cache
    )


def test_faces_are_static_and_named_by_family_and_weight(fonts: FontSet) -> None:
    assert fonts.families == (LATIN, ARABIC, EMOJI_FAMILY)
    assert [(face.family, face.weight) for face in fonts.faces[:2]] == [(LATIN, 400), (LATIN, 700)]
    for face in fonts.faces[:2]:
        with TTFont(face.path) as font:
            assert "fvar" not in font
            assert font["OS/2"].usWeightClass == face.weight
            assert font["name"].getDebugName(1) == LATIN


def test_the_same_list_gives_the_same_set_anywhere(fonts: FontSet, tmp_path: Path) -> None:
    again = load_fonts([FontRequest(LATIN, (400,))], tmp_path)
    assert again.faces[0].digest == fonts.faces[0].digest
    assert again.digest != fonts.digest
    stamp = again.faces[0].path.stat().st_mtime_ns
    assert load_fonts([FontRequest(LATIN, (400,))], tmp_path).faces[0].path.stat().st_mtime_ns == stamp


def test_other_rules_for_fonts_have_a_configuration_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = load_fonts([FontRequest(LATIN, (400,))], tmp_path), assets_fonts._file_digest
    module = Path(assets_fonts.__file__)
    monkeypatch.setattr(assets_fonts, "_file_digest", lambda path: "edited" if path == module else real(path))
    after = load_fonts([FontRequest(LATIN, (400,))], tmp_path)
    assert after.config_file != before.config_file and after.faces == before.faces


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Zoë, 12,50 € — “sì”", ()),
        ("\u2068مرحبا\u2069 \u200f\n\t", ()),
        ("e\u0301", ()),
        ("Ǧǩ", ()),  # drawn as a letter and its mark
        ("Ȁ", ("Ȁ",)),  # the letter is there, its mark is not
        ("❤️🎉👍🏽", ()),
        ("漢字漢", ("漢", "字")),
        ("ก", ("ก",)),
    ],
)
def test_missing_glyphs_are_found_once_each(fonts: FontSet, text: str, missing: tuple[str, ...]) -> None:
    assert fonts.missing_glyphs(text) == missing


def test_an_engine_sees_these_faces_and_no_others(fonts: FontSet) -> None:
    listed = subprocess.run(
        [sys.executable, "-c", _LIST_FAMILIES],
        env={**os.environ, "FONTCONFIG_FILE": str(fonts.config_file), "FONTCONFIG_PATH": str(fonts.config_file.parent)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    assert {name for name in listed if name} == set(fonts.families)


_LIST_FAMILIES = """
import ctypes, ctypes.util
fc = ctypes.CDLL(ctypes.util.find_library("fontconfig") or "libfontconfig.so.1")
for name in ("FcInitLoadConfigAndFonts", "FcPatternCreate", "FcObjectSetBuild", "FcFontList"):
    getattr(fc, name).restype = ctypes.c_void_p
class Set(ctypes.Structure):
    _fields_ = [("n", ctypes.c_int), ("s", ctypes.c_int), ("fonts", ctypes.POINTER(ctypes.c_void_p))]
fc.FcFontList.restype = ctypes.POINTER(Set)
config = ctypes.c_void_p(fc.FcInitLoadConfigAndFonts())
pattern = ctypes.c_void_p(fc.FcPatternCreate())
objects = ctypes.c_void_p(fc.FcObjectSetBuild(b"family", None))
found = fc.FcFontList(config, pattern, objects).contents
for index in range(found.n):
    text = ctypes.c_char_p()
    fc.FcPatternGetString(ctypes.c_void_p(found.fonts[index]), b"family", 0, ctypes.byref(text))
    print(text.value.decode())
"""


def test_a_broken_cache_is_mended(tmp_path: Path) -> None:
    made = load_fonts([FontRequest(LATIN, (400,))], tmp_path)
    (link,) = (made.config_file.parent / "faces").iterdir()
    link.unlink()
    load_fonts([FontRequest(LATIN, (400,))], tmp_path)
    assert link.exists()


def test_what_is_not_installed_or_not_in_a_font_is_said(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="'No Such Sans' is not installed"):
        load_fonts([FontRequest("No Such Sans", (400,))], tmp_path)
    with pytest.raises(TemplateError, match="has no weight 900"):
        load_fonts([FontRequest(LATIN, (900,))], tmp_path)
    with pytest.raises(TemplateError, match="no italic face"):
        load_fonts([FontRequest(ARABIC, (400,), italic=True)], tmp_path)
