"""Sealing: profile and plan at rest, and keys of people as keyed digests, by one key of this installation.

The installation key is 32 random bytes in a file that only its owner reads. Two keys are derived from it (HKDF-SHA256):
one encrypts (AES-256-GCM), one makes digests (HMAC-SHA256) that nobody without it can guess a customer number from.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
import zlib
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from renderer.errors import EnvironmentFault

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORM = b"\x01"
_LEVEL = 3  # a plan of 76 kB: 13.3 kB in 0.6 ms; level 6 takes three times as long for 11.5 kB


class Vault:
    """Seals and opens with one installation key. Raises ValueError for a key of another length."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"an installation key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(_derived(key, b"dearly seal 1"))
        self._digest_key = _derived(key, b"dearly digest 1")

    def seal(self, data: bytes, name: str) -> bytes:
        """``data`` compressed and encrypted. ``name`` says what it is and must be given again to open it, so that one
        sealed thing cannot be put in another's place."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _FORM + nonce + self._cipher.encrypt(nonce, zlib.compress(data, _LEVEL), _FORM + name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """What was sealed. Raises EnvironmentFault if another key or name was used to seal it, or if it was changed."""
        try:
            if sealed[:1] != _FORM:
                raise InvalidTag
            nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
            return zlib.decompress(self._cipher.decrypt(nonce, body, _FORM + name.encode()))
        except (InvalidTag, ValueError) as error:
            raise EnvironmentFault(
                "environment.key",
                "Something sealed cannot be opened with this installation's key.",
                hint="Use the key file that was there when the request was submitted.",
            ) from error

    def keyed(self, purpose: str, *values: str) -> str:
        """A digest of some values (each with its length, so that no two lists of values read alike), in hex."""
        mac = hmac.new(self._digest_key, digestmod=hashlib.sha256)
        for value in (purpose, *values):
            data = value.encode("utf-8", "surrogatepass")
            mac.update(len(data).to_bytes(8, "big") + data)
        return mac.hexdigest()


def installation_key(path: Path) -> bytes:
    """The key in ``path``, made on first use (rights 0600; of racing processes the first one's key counts).

    Raises EnvironmentFault when the file cannot be read or made, is open to others, or is no key.
    """
    try:
        if not path.exists():
            _make_key(path)
        status = path.stat()
        key = path.read_bytes()
    except OSError as error:
        raise EnvironmentFault(
            "environment.key", f"The installation's key cannot be read: {error.strerror}.", hint="Check DEARLY_HOME."
        ) from error
    if status.st_mode & 0o077:
        raise EnvironmentFault(
            "environment.key", "Other users can read the installation's key.", hint=f"chmod 600 {path.name}"
        )
    if len(key) != KEY_BYTES:
        raise EnvironmentFault(
            "environment.key", "The installation's key file is damaged.", hint="Restore it from a backup."
        )
    return key


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink(missing_ok=True)


def _derived(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)
