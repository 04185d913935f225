"""Serves one folder to this machine: with byte ranges, so that films can seek, and with a careful host's headers."""

from __future__ import annotations

import os
import re
import threading
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

HOST = "127.0.0.1"
PORTS = (8320, 0)
"""The port asked for, then any that is free."""

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/mp4",
    ".mp4": "video/mp4",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".woff2": "font/woff2",
}

HEADERS = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def start(folder: Path) -> str:
    """Serve in a thread that ends with this process; the address."""
    handler = partial(_Handler, directory=str(folder.resolve()))
    for port in PORTS:
        try:
            server = ThreadingHTTPServer((HOST, port), handler)
            break
        except OSError:
            if port == PORTS[-1]:
                raise
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="serve", daemon=True).start()
    return f"http://{HOST}:{server.server_port}/"


def until_interrupted() -> None:
    """Wait for Ctrl-C."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return


class _Handler(SimpleHTTPRequestHandler):
    """GET and HEAD of files that exist; ``/`` is ``index.html``; no listings, nothing outside the folder."""

    protocol_version = "HTTP/1.1"
    server_version = "dearly"
    sys_version = ""
    timeout = 60

    def send_head(self) -> BinaryIO | None:
        self._left: int | None = None
        host = (self.headers.get("Host") or "").rpartition(":")[0]
        if host not in (HOST, "localhost"):  # a page elsewhere that points its own name here must read nothing
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path = path / "index.html"
        root = Path(self.directory).resolve()
        try:
            if not path.resolve().is_relative_to(root) or any(
                name.startswith(".") for name in path.relative_to(root).parts
            ):
                raise FileNotFoundError
            file = path.open("rb")
        except (OSError, ValueError):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        size = os.fstat(file.fileno()).st_size
        wanted = self.headers.get("Range")
        found = _byte_range(wanted, size) if wanted else None
        if wanted and found == (0, -1):
            file.close()
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        first, last = found or (0, size - 1)
        self.send_response(HTTPStatus.PARTIAL_CONTENT if found else HTTPStatus.OK)
        if found:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Type", TYPES.get(path.suffix.lower(), "application/octet-stream"))
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Accept-Ranges", "bytes")
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        file.seek(first)
        self._left = last - first + 1
        return file

    def copyfile(self, source: BinaryIO, outputfile: BinaryIO) -> None:  # type: ignore[override]
        left = self._left or 0
        try:
            while left > 0 and (block := source.read(min(left, 1 << 16))):
                outputfile.write(block)
                left -= len(block)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # a player that seeks hangs up on what it asked for before

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: paths name customers."""


def _byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a single range (RFC 9110, 14.2); (0, -1) if it cannot be satisfied; None to ignore it."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.group(0) == "bytes=-":
        return None
    begin, end = match.groups()
    if not begin:
        count = int(end)
        return (max(0, size - count), size - 1) if count and size else (0, -1)
    first, last = int(begin), min(int(end), size - 1) if end else size - 1
    if end and int(end) < first:
        return None
    return (first, last) if first < size else (0, -1)
