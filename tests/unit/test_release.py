"""A release is its files: the same in any place, another when a byte changes, and its bundle gives it back whole."""

from __future__ import annotations

import io
import os
import shutil
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from renderer.errors import TemplateError
from renderer.template import release
from renderer.template.release import open_bundle, read_folder


def digest_of(folder: Path) -> str:
    return read_folder(folder).files_digest


def test_place_name_and_time_do_not_matter(small_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(small_folder, tmp_path / "elsewhere" / "other-name")
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o755 if path.is_dir() else 0o600)
    link = tmp_path / "link"
    link.symlink_to(small_folder)
    assert digest_of(copy) == digest_of(small_folder) == digest_of(link)


def test_one_byte_of_any_file_that_is_read_changes_it(small_folder: Path) -> None:
    before = digest_of(small_folder)
    assert len(read_folder(small_folder).files) == 12
    for name in read_folder(small_folder).files:
        path = small_folder / name
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert digest_of(small_folder) != before, name
        path.write_bytes(data)
    assert digest_of(small_folder) == before
    (small_folder / "media" / "dot.svg").rename(small_folder / "media" / "point.svg")
    assert digest_of(small_folder) != before


@pytest.mark.parametrize(
    "name",
    ["samples/two.json", "media/make_more.py", "README.md", ".hidden", "media/.DS_Store", "media/__pycache__/x.pyc"],
)
def test_what_no_recipient_gets_is_left_out(small_folder: Path, name: str) -> None:
    before = digest_of(small_folder)
    (small_folder / name).parent.mkdir(exist_ok=True)
    (small_folder / name).write_text("x")
    assert digest_of(small_folder) == before


def test_a_folder_called_samples_deeper_down_is_read(small_folder: Path) -> None:
    before = digest_of(small_folder)
    (small_folder / "media" / "samples").mkdir()
    (small_folder / "media" / "samples" / "x.json").write_text("{}")
    assert digest_of(small_folder) != before


def _link_out(folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("x")
    (folder / "media" / "x.txt").symlink_to(folder.parent / "secret.txt")


def _folder_link_out(folder: Path) -> None:
    (folder.parent / "other").mkdir()
    (folder.parent / "other" / "x.txt").write_text("x")
    (folder / "media" / "more").symlink_to(folder.parent / "other")


ODD: list[tuple[Callable[[Path], object], str]] = [
    (_link_out, "leads out"),
    (_folder_link_out, "leads out"),
    (lambda f: (f / "media" / "all").symlink_to(f), "link to a folder"),
    (lambda f: (f / "media" / "me").symlink_to(f / "media" / "me"), "cannot be read"),
    (lambda f: (f / "media" / "gone").symlink_to(f / "media" / "nothing"), "cannot be read"),
    (lambda f: os.mkfifo(f / "media" / "pipe"), "no file"),
    (lambda f: (f / "media" / "a\\b").write_text("x"), "other systems change"),
    (lambda f: (f / "media" / "a\nb").write_text("x"), "other systems change"),
    (lambda f: (f / "media" / unicodedata.normalize("NFD", "caffè")).write_text("x"), "other systems change"),
    (lambda f: (f / "media" / "DOT.svg").write_text("x"), "capitals alone"),
]


@pytest.mark.parametrize(("make", "said"), ODD)
def test_odd_files_are_refused_and_named(small_folder: Path, make: Callable[[Path], object], said: str) -> None:
    make(small_folder)
    with pytest.raises(TemplateError, match=said) as caught:
        read_folder(small_folder)
    assert caught.value.code == "template.path" and caught.value.place.file is not None


def test_a_link_inside_the_folder_is_followed(small_folder: Path) -> None:
    (small_folder / "media" / "same.svg").symlink_to("dot.svg")
    files = read_folder(small_folder).files
    assert files["media/same.svg"] == files["media/dot.svg"]


@pytest.mark.parametrize(("limit", "value"), [("MAX_FILES", 5), ("MAX_BYTES", 1000)])
def test_size_has_limits(small_folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(release, limit, value)
    with pytest.raises(TemplateError, match="too large"):
        read_folder(small_folder)


# ---------------------------------------------------------------- bundles


def test_a_bundle_gives_the_release_back_byte_for_byte(small_folder: Path) -> None:
    made = read_folder(small_folder)
    again = open_bundle(made.bundle(), made.files_digest)
    assert dict(again.files) == dict(made.files)
    assert again.bundle() == made.bundle()


def zipped(entries: dict[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as bundle:
        for name, data in entries.items():
            bundle.writestr(name, data)
    return out.getvalue()


def test_a_tampered_bundle_is_refused(small_folder: Path) -> None:
    made = read_folder(small_folder)
    data = made.bundle()
    changed = data.replace(b"Your bill", b"Your bull")
    assert changed != data
    more = zipped({**made.files, "media/extra.svg": b"x"})
    less = zipped({name: content for name, content in made.files.items() if name != "media/dot.svg"})
    for bad in (changed, more, less, data[:-10], data[: len(data) // 2], b"", b"PK\x03\x04"):
        with pytest.raises(TemplateError) as caught:
            open_bundle(bad, made.files_digest)
        assert caught.value.code == "template.release"
    with pytest.raises(TemplateError, match="digest they were pinned by"):
        open_bundle(more, made.files_digest)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x"])
def test_a_bundle_cannot_name_a_place_outside(name: str) -> None:
    with pytest.raises(TemplateError, match="not made by Dearly"):
        open_bundle(zipped({name: b"x"}), "0" * 64)


def test_a_bundle_that_unfolds_is_refused_before_it_does() -> None:
    with pytest.raises(TemplateError, match="not made by Dearly"):
        open_bundle(zipped({"a": b"\0" * 10_000_000}, zipfile.ZIP_DEFLATED), "0" * 64)


@pytest.mark.parametrize(("limit", "value"), [("MAX_FILES", 1), ("MAX_BYTES", 3)])
def test_a_large_bundle_is_refused(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(release, limit, value)
    with pytest.raises(TemplateError, match="too large"):
        open_bundle(zipped({"a": b"12", "b": b"34"}), "0" * 64)
