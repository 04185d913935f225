"""References to bytes. Nothing else in Dearly opens a media file, and nothing here ever opens an address.

``media/…`` is a file of the template's own release, ``asset:…`` one that templates share, ``image:<digest>`` a picture
that came with the profile and was re-encoded. A reference that is anything else is refused.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from renderer.errors import Place, TemplateError, nearest
from renderer.units import digest

SHARED = Path(__file__).resolve().parents[2] / "assets"
_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_TYPES = {".svg": "image/svg+xml", ".woff2": "font/woff2", ".flac": "audio/flac", ".webp": "image/webp"}


@dataclass(frozen=True)
class Asset:
    """The bytes behind a reference."""

    ref: str
    data: bytes
    digest: str
    media_type: str


class AssetDoor:
    """Resolves the references of one job.

    ``release_files`` are the template's files by path, ``images`` the profile's pictures by digest, ``shared`` the
    folder behind ``asset:``.
    """

    def __init__(
        self, release_files: Mapping[str, bytes], *, images: Mapping[str, bytes] | None = None, shared: Path = SHARED
    ) -> None:
        self._files = dict(release_files)  # plain, since a door goes along to the processes that encode a film
        self._images = dict(images or {})
        self._shared = shared.resolve()

    def get(self, ref: str) -> Asset:
        """The asset behind ``ref``. Raises TemplateError for what is no reference or is not there."""
        scheme, _, name = ref.partition(":")
        if ref.startswith("media/"):
            path, data = ref, self._own(ref)
        elif scheme == "asset":
            path, data = name, self._common(name)
        elif scheme == "image":
            if name not in self._images:
                raise TemplateError("template.reference", "The image is not part of this plan.")
            data = self._images[name]
            path = "image.png" if data.startswith(b"\x89PNG") else "image.jpg"
        else:
            raise TemplateError(
                "template.path",
                "A layout or storyboard names something that is not a reference.",
                hint="Use media/… for the template's own files and asset:… for shared ones; no path, no address.",
            )
        suffix = Path(path).suffix.lower()
        kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        return Asset(ref, data, digest(data), kind)

    def _own(self, path: str) -> bytes:
        if not _PATH.fullmatch(path):
            raise TemplateError("template.path", "The reference is not a plain path.", place=Place(file=ascii(path)))
        if path not in self._files:
            media = [name for name in self._files if name.startswith("media/")]
            raise TemplateError("template.reference", f"The template has no file '{path}'.", hint=nearest(path, media))
        return self._files[path]

    def _common(self, name: str) -> bytes:
        refused = TemplateError("template.path", "The reference is not a plain path.", place=Place(file=ascii(name)))
        if not _PATH.fullmatch(name):
            raise refused
        target = (self._shared / name).resolve()
        if not target.is_relative_to(self._shared):
            raise refused
        if not target.is_file():
            raise TemplateError(
                "template.reference", f"There is no shared asset '{name}'.", hint="See the folder assets/."
            )
        return target.read_bytes()
