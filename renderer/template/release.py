"""A template's release: one digest over every file it reads, and the bundle that carries them.

``files_digest`` covers paths and contents and nothing else, so a folder's place, name and time stamps do not matter.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from renderer.errors import Place, TemplateError
from renderer.units import canonical_json, digest

MAX_FILES = 2_000
MAX_BYTES = 512 * 1024 * 1024
IGNORED = {"__pycache__", ".DS_Store", "Thumbs.db", ".git"}
NOT_READ = {"golden", "samples"}
"""Folders that a release leaves out: samples are profiles, golden files are pictures of them."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")  # all but tab, line ends and NEL
NOT_READ_SUFFIXES = {".py", ".pyc", ".md"}
"""Files that a release leaves out: the code that made the media, and notes."""


@dataclass(frozen=True)
class Release:
    """The files of one template by POSIX path relative to its folder."""

    files: Mapping[str, bytes]

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """Content digest of each file."""
        return MappingProxyType({path: digest(data) for path, data in sorted(self.files.items())})

    @cached_property
    def files_digest(self) -> str:
        """The digest that a plan and a pinned job name."""
        return digest(canonical_json(dict(self.digests)))

    def text(self, path: str) -> str:
        """A file as text, without a byte order mark. Raises TemplateError when it is missing, is not UTF-8 or holds a
        control character."""
        try:
            text = self.files[path].decode("utf-8-sig")
        except KeyError:
            raise TemplateError(
                "template.missing-file", f"The template has no file '{path}'.", place=Place(file=path)
            ) from None
        except UnicodeDecodeError as error:
            raise TemplateError(
                "template.syntax", "The file is not UTF-8 text.", place=Place(file=path), hint="Save it as UTF-8."
            ) from error
        if control := _CONTROL.search(text):  # nothing shows it, and no channel can carry it
            raise TemplateError(
                "template.syntax",
                f"The file holds a control character, U+{ord(control[0]):04X}.",
                place=Place(file=path, line=text.count("\n", 0, control.start()) + 1),
                hint="Delete it.",
            )
        return text

    def bundle(self) -> bytes:
        """A zip of all files: same files, same bytes (fixed order, time stamps and rights; stored, not deflated,
        because zlib builds differ in their output)."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as bundle:
            for path, data in sorted(self.files.items()):
                entry = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                entry.create_system = 3
                bundle.writestr(entry, data)
        return out.getvalue()


def read_folder(root: Path) -> Release:
    """All files of a template folder. Links that leave it, links to folders, odd names and sizes beyond the limits are
    refused with a TemplateError, and so is what cannot be read."""
    root = root.resolve()
    files: dict[str, bytes] = {}
    folded: set[str] = set()
    total = 0
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        if unicodedata.normalize("NFC", name) != name or not name.isprintable() or "\\" in name:
            raise TemplateError(
                "template.path",
                "A file's name has characters that other systems change.",
                place=Place(file=ascii(name)),
                hint="Rename it to plain letters, digits, '-' and '_'.",
            )
        if name.casefold() in folded:
            raise TemplateError(
                "template.path",
                "Two files' names differ by capitals alone, which other systems take for one.",
                place=Place(file=name),
                hint="Rename one of them.",
            )
        folded.add(name.casefold())
        if len(files) >= MAX_FILES:
            raise _too_large(name)
        files[name] = _read(path, name, root, MAX_BYTES - total)
        total += len(files[name])
    return Release(MappingProxyType(files))


def open_bundle(data: bytes, expected_digest: str) -> Release:
    """The release inside a bundle, checked against the digest it was pinned by."""
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            entries = bundle.infolist()
            if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise TemplateError("template.release", "The bundle is too large.")
            for entry in entries:
                path = PurePosixPath(entry.filename)
                if entry.compress_type != zipfile.ZIP_STORED or path.is_absolute() or ".." in path.parts:
                    raise TemplateError("template.release", "The bundle was not made by Dearly.")
                files[entry.filename] = bundle.read(entry)
    except TemplateError:
        raise
    except Exception as error:  # zipfile raises almost anything on a file that was made to hurt
        raise TemplateError("template.release", "The bundle is not a zip file that can be read.") from error
    release = Release(MappingProxyType(files))
    if release.files_digest != expected_digest:
        raise TemplateError(
            "template.release",
            "The bundle's files do not match the digest they were pinned by.",
            hint="Publish the template again; a bundle is never changed.",
        )
    return release


def _walk(folder: Path, top: bool = True) -> Iterator[Path]:
    """The files of a folder that a release reads. Links to folders are yielded like files, so that they are refused."""
    for path in sorted(folder.iterdir()):
        if path.name in IGNORED or path.name.startswith(".") or path.suffix in NOT_READ_SUFFIXES:
            continue
        if path.is_symlink() or not path.is_dir():
            yield path
        elif not (top and path.name in NOT_READ):
            yield from _walk(path, top=False)


def _read(path: Path, name: str, root: Path, most: int) -> bytes:
    place = Place(file=name)
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root):
            raise TemplateError(
                "template.path",
                "A link leads out of the template's folder.",
                place=place,
                hint="Copy the file into the folder.",
            )
        if not real.is_file():
            raise TemplateError("template.path", "A link to a folder, or something that is no file.", place=place)
        if real.stat().st_size > most:
            raise _too_large(name)
        return real.read_bytes()
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        raise TemplateError("template.path", "The file cannot be read.", place=place) from error


def _too_large(name: str) -> TemplateError:
    return TemplateError(
        "template.release",
        "The folder is too large for a template.",
        place=Place(file=name),
        hint=f"Limits: {MAX_FILES} files, {MAX_BYTES // 2**20} MiB.",
    )
