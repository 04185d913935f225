"""Links to files for those who have no key: an address that nobody can guess or make, for some time.

A token is the request's id, the id of the key that made the link, the second at which it ends, and the beginning of a
digest of the file's path, authenticated with the installation's key (HMAC-SHA256, 128 bits of it). Nothing personal is
in it and nothing is stored: opening a link changes nothing. It ends with its time, its key and its file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from renderer.ledger.seal import Vault

TOKEN = r"^[A-Za-z0-9_-]{70}$"
LONGEST_S = 30 * 24 * 3600

_FORM = b"\x01"
_REQUEST, _KEY, _UNTIL, _PATH, _MAC = 16, 6, 5, 8, 16


@dataclass(frozen=True)
class Link:
    """What a token says. ``path`` is the beginning of a digest of the path."""

    request_id: str
    key_id: str
    until_s: int
    path: bytes

    def leads_to(self, path: str) -> bool:
        """Whether this is the file."""
        return self.path == _short(path)


class Links:
    """Makes tokens and reads them."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def token(self, request_id: str, key_id: str, until_s: int, path: str) -> str:
        """A token for one file."""
        said = (
            _FORM + bytes.fromhex(request_id) + bytes.fromhex(key_id) + until_s.to_bytes(_UNTIL, "big") + _short(path)
        )
        return _text(said + self._mac(said))

    def read(self, token: str, now_s: float) -> Link | None:
        """What a token says; None for one that was not made here or whose time is over."""
        try:
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        # A text with other spare bits at its end has the same bytes: only one writing of a token counts.
        if len(data) != 1 + _REQUEST + _KEY + _UNTIL + _PATH + _MAC or _text(data) != token or data[:1] != _FORM:
            return None
        said, mac = data[:-_MAC], data[-_MAC:]
        if not hmac.compare_digest(mac, self._mac(said)):
            return None
        parts = said[1:]
        until_s = int.from_bytes(parts[_REQUEST + _KEY : _REQUEST + _KEY + _UNTIL], "big")
        if now_s >= until_s:
            return None
        return Link(
            request_id=parts[:_REQUEST].hex(),
            key_id=parts[_REQUEST : _REQUEST + _KEY].hex(),
            until_s=until_s,
            path=parts[-_PATH:],
        )

    def _mac(self, said: bytes) -> bytes:
        return bytes.fromhex(self._vault.keyed("link", said.hex()))[:_MAC]


def _short(path: str) -> bytes:
    return hashlib.sha256(path.encode()).digest()[:_PATH]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
