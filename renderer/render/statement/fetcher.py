"""The only way WeasyPrint gets bytes: references of the asset door and small ``data:`` images; all else is refused.

In: an address from a layout, a style sheet or an SVG picture. Out: the bytes of an image, or the end of the render. It
never opens a file or a connection itself, so there is no redirect to follow.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final
from urllib import request
from urllib.parse import unquote_to_bytes

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from renderer.assets.door import AssetDoor
from renderer.errors import DearlyError, Place, RenderError

SCHEME: Final = "dearly:"
"""What stands before a reference in the page that the engine reads: ``dearly:media/logo.svg``."""
MAX_DATA_URI: Final = 64 * 1024
"""Characters of a ``data:`` address."""
MAX_IMAGE_BYTES: Final = 20 * 1024 * 1024
_DATA = re.compile(r"data:(image/(?:png|jpeg|svg\+xml))((?:;[a-z0-9=-]+)*?)(;base64)?,", re.IGNORECASE)
_MAGIC: Final = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


class AssetFetcher(URLFetcher):  # type: ignore[misc]
    """A fetcher for one job.

    ``quote(text)`` gives a text back if it may stand in a message (because it is the template's own), else an ellipsis:
    an address may be built from what a profile holds.
    """

    def __init__(self, door: AssetDoor, quote: Callable[[str], str]) -> None:
        # The parent's constructor would set up handlers for files and networks, and read the host's certificates.
        request.OpenerDirector.__init__(self)
        self._fail_on_errors = True
        self._door = door
        self._quote = quote
        self.refused: list[DearlyError] = []
        """Why addresses were refused, in order. WeasyPrint's SVG code catches every exception, the fatal one included,
        so the caller must look here too."""

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The image behind ``url``. Raises FatalURLFetchingError, which ends the render, for everything refused."""
        try:
            media_type, data = self._image(url)
        except DearlyError as error:
            self.refused.append(error)
            raise FatalURLFetchingError(error.message) from error
        return URLFetcherResponse(url, body=data, headers={"Content-Type": media_type})

    def _image(self, url: str) -> tuple[str, bytes]:
        if url.startswith("data:"):
            return self._inline(url)
        if not url.startswith(SCHEME):
            raise _refusal(
                f"The address '{self._shown(url)}' is refused.",
                "A statement reads only its own media: asset('media/…') in layouts, url(media/…) in styles.",
            )
        reference = url.removeprefix(SCHEME)
        try:
            asset = self._door.get(reference)
        except DearlyError as error:
            reason = "it is not there" if error.code == "template.reference" else "it is not a reference"
            raise _refusal(f"The image '{self._quote(reference)}' cannot be had: {reason}.", error.hint) from error
        if asset.media_type != "image/svg+xml" and not _is_picture(asset.media_type, asset.data):
            raise _refusal(
                f"'{self._quote(reference)}' is not an SVG, PNG or JPEG image.",
                "Statements take images only; styles stand in template.yaml and faces in its font list.",
            )
        if len(asset.data) > MAX_IMAGE_BYTES:
            raise _refusal(f"The image '{self._quote(reference)}' is too large.", "Limit: 20 MiB.")
        return asset.media_type, asset.data

    def _inline(self, url: str) -> tuple[str, bytes]:
        match = _DATA.match(url[:200])
        if match is None:
            raise _refusal("A data: address is refused because it is no PNG, JPEG or SVG image.", None)
        if len(url) > MAX_DATA_URI:
            raise _refusal("A data: image is too large.", "Limit: 64 KiB; put larger images into media/.")
        media_type = match[1].lower()
        try:
            payload = unquote_to_bytes(url[match.end() :])
            data = base64.b64decode(payload, validate=True) if match[3] else payload
        except (binascii.Error, ValueError) as error:
            raise _refusal("A data: image cannot be decoded.", None) from error
        if media_type != "image/svg+xml" and not _is_picture(media_type, data):
            raise _refusal("A data: image is not of the kind it says.", None)
        return media_type, data

    def _shown(self, url: str) -> str:
        scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]{0,20}:", url)
        return shown if (shown := self._quote(url)) != "…" else (scheme[0] if scheme else "") + "…"


def _refusal(message: str, hint: str | None) -> RenderError:
    return RenderError("render.asset", message, place=Place(channel="statement"), hint=hint)


def _is_picture(media_type: str, data: bytes) -> bool:
    """Whether the bytes are what they say. WeasyPrint would try all of Pillow's forty formats on anything."""
    magic = _MAGIC.get(media_type)
    return magic is not None and data.startswith(magic)
