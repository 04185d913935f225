"""Styles, script and font of the pages, under addresses that say what is in them: a browser keeps them for good."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from renderer.api.operate.pages import FOLDER
from renderer.assets.fonts import FontRequest, load_fonts
from renderer.errors import DearlyError
from renderer.render.microsite.webfonts import PREPARER, font_css

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
FONTS = "fonts.css"
FONT = FontRequest("IBM Plex Sans", (400, 500, 600))


class Sheets:
    """Read once. Used by several threads."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._lock = threading.Lock()
        self._fonts: bytes | None = None
        self._files = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in TYPES}
        self._digests = {name: _digest(data) for name, data in self._files.items()}
        self._digests[FONTS] = _digest(repr((PREPARER, FONT)).encode() + self._files["operate.css"])

    def path(self, name: str) -> str:
        """The address of one, below the prefix."""
        return f"/sheets/{self._digests[name]}/{name}"

    def get(self, digest: str, name: str) -> tuple[bytes, str] | None:
        """One of them with its media type. The font is made when it is first asked for; where it cannot be made, pages
        have the reader's own."""
        if self._digests.get(name) != digest:
            return None
        if name != FONTS:
            return self._files[name], TYPES[Path(name).suffix]
        with self._lock:
            if self._fonts is None:
                self._fonts = self._made()
            return self._fonts, TYPES[".css"]

    def _made(self) -> bytes:
        try:
            fonts = load_fonts([FONT], self._cache / "fonts")
            return font_css(fonts, "en", [self._files["operate.css"].decode()], self._cache).encode()
        except DearlyError:
            return b""


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()
