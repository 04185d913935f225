"""Ports for servers of tests that are to be found where they were, also after they were away."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 15_000

_chance = random.SystemRandom()  # the usual one begins anew with each test
_given: set[int] = set()


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody has, and that the system gives to nobody who asks for any: not while it is not taken yet, and
    not while its server is away."""
    while True:
        port = _chance.randrange(_LOWEST, int(_RANGE.read_text().split()[0]))
        with socket.socket() as asked:
            try:
                asked.bind((host, port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port
