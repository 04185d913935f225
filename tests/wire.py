"""A wire to a server on loopback that can be cut: a TCP relay for tests of what clients do when connections break.

Each connection follows the next of the plans that were given, and afterwards passes everything on.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What becomes of one connection: it is cut after so many bytes of the client (``up``) or of the server (``down``),
    or it is answered with ``say`` and never gets to the server. ``slow_s``: so long nothing comes from the server."""

    up: int | None = None
    down: int | None = None
    say: bytes | None = None
    slow_s: float = 0


class Wire:
    """Listens at ``url`` and leads to a port. ``made`` counts connections, ``cut`` those that were."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.plans: deque[Plan] = deque()
        self.made = 0
        self.cut = 0
        self._stopped = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.made += 1
            plan = self.plans.popleft() if self.plans else Plan()
            threading.Thread(target=self._lead, args=(client, plan), daemon=True).start()

    def _lead(self, client: socket.socket, plan: Plan) -> None:
        with client, suppress(OSError):  # either end may have gone
            if plan.say is not None:
                client.recv(2**16)
                client.sendall(plan.say)
                client.shutdown(socket.SHUT_WR)
                while client.recv(2**16):  # else what is unread would cut the answer off
                    pass
                return
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                back = threading.Thread(target=self._pass, args=(server, client, plan.down, plan.slow_s), daemon=True)
                back.start()
                self._pass(client, server, plan.up, 0)
                back.join()

    def _pass(self, source: socket.socket, target: socket.socket, most: int | None, slow_s: float) -> None:
        left = most
        with suppress(OSError):
            while data := source.recv(2**14 if left is None else max(1, min(2**14, left))):
                self._stopped.wait(slow_s)
                target.sendall(data)
                if left is not None:
                    left -= len(data)
                    if left <= 0:
                        self.cut += 1
                        for end in (source, target):
                            with suppress(OSError):
                                end.shutdown(socket.SHUT_RDWR)
                        return
            target.shutdown(socket.SHUT_WR)


@contextmanager
def wire(port: int) -> Iterator[Wire]:
    """A wire to a port, for a while."""
    made = Wire(port)
    try:
        yield made
    finally:
        made.close()
