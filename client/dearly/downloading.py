"""One file of a request to a path: in pieces, taken up by Range where it was cut, checked, there only when whole."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import quote

import httpx

from dearly.calls import Calls, Patience, place
from dearly.errors import Busy, Damaged, Unreachable

PIECE = 2**18


def download(calls: Calls, request_id: str, path: str, to: str | os.PathLike[str]) -> Path:
    """Fetch a file. See :meth:`dearly.client.Client.download`."""
    target = Path(to)
    if target.is_dir():
        target = target / PurePosixPath(path).name
    # Beside its place, so that it can be put there in one step, and for its owner only.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".dearly-")
    try:
        with os.fdopen(handle, "wb") as file:
            _fetch(calls, f"{place('requests', request_id, 'artefacts')}/{quote(path)}", file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
    return target


def place_in(folder: Path, path: str) -> Path:
    """Where a file of a request goes in a folder. Raises Damaged for a path that leads out of it."""
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or path.startswith("/") or "\\" in path or ":" in parts[0]:
        raise Damaged("The API names a file by a path that is none.")
    return folder.joinpath(*parts)


def _fetch(calls: Calls, address: str, file: BinaryIO) -> None:
    """Write all of a file. Raises Damaged when it is not what its digest says."""
    patience = Patience(calls.patience_s)
    digest, there, tag = hashlib.sha256(), 0, ""
    while True:
        before = there
        headers = {"Accept-Encoding": "identity"}  # a proxy that packs would give other bytes than the digest's
        if there:
            headers.update({"Range": f"bytes={there}-", "If-Range": tag})
        try:
            with calls.stream("GET", address, headers=headers) as response:
                if there and not _goes_on(response, there, tag):  # it is another file now, or ranges are not taken
                    digest, there = hashlib.sha256(), 0
                    file.seek(0)
                    file.truncate()
                tag = response.headers.get("etag", "")
                for piece in response.iter_raw(PIECE):
                    file.write(piece)
                    digest.update(piece)
                    there += len(piece)
            break
        except (Busy, Unreachable) as error:
            if there and tag == _tag(digest):  # only the end was cut, after the last byte
                return
            if there > before:  # it goes on, if slowly
                patience = Patience(calls.patience_s)
            patience.pause(error)
    if tag != _tag(digest):
        raise Damaged("The file that came is not the one that the API has.")


def _tag(digest: hashlib._Hash) -> str:
    return f'"{digest.hexdigest()}"'


def _goes_on(response: httpx.Response, there: int, tag: str) -> bool:
    begins = response.headers.get("content-range", "").startswith(f"bytes {there}-")
    return response.status_code == 206 and begins and response.headers.get("etag") == tag
