"""Machines of a small network, made of namespaces: each with processes and addresses of its own, and a name that all
of them share. One can be cut off so that nobody is told: packets vanish, as behind a firewall or a switch that has lost
its table. Nothing is made outside of the namespaces, and they go with the processes in them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from renderer.guard import die_with_parent

NETWORK = "10.77.0"
BACK = f"{NETWORK}.1"
"""The address of what the machines share."""

_NEWNET = 0x40000000
_HERE = "/proc/thread-self/ns/net"


class NotPermitted(Exception):
    """This system lets us make no network."""


@contextmanager
def backplane() -> Iterator[None]:
    """A network of its own for this thread and all that it starts, with :data:`BACK` as its address. The machines are
    joined to it by a bridge. Raises NotPermitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open(_HERE, os.O_RDONLY)
    try:
        if libc.unshare(_NEWNET) != 0:
            raise NotPermitted(f"a network namespace cannot be made: {os.strerror(ctypes.get_errno())}")
        try:
            try:
                _ip("link", "set", "lo", "up")
                _ip("link", "add", "machines", "type", "bridge")
                _ip("addr", "add", f"{BACK}/24", "dev", "machines")
                _ip("link", "set", "machines", "up")
            except (OSError, subprocess.CalledProcessError) as error:
                raise NotPermitted(f"a bridge cannot be made: {error}") from error
            yield
        finally:
            assert libc.setns(before, _NEWNET) == 0
    finally:
        os.close(before)


class Machine:
    """One of them, while the backplane is there. Number 1 has the address 10.77.0.11."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.address = f"{NETWORK}.{10 + number}"
        parent = os.getpid()
        # The first process of the machine: when it ends, the kernel ends all others.
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "sleep", "infinity"],
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: die_with_parent(parent, signal.SIGKILL),
        )
        self._first = self._find_first()
        self._port = f"machine{number}"
        _ip("link", "add", self._port, "type", "veth", "peer", "name", "eth0", "netns", str(self._first))
        _ip("link", "set", self._port, "master", "machines", "up")
        for command in (
            ("addr", "add", f"{self.address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            subprocess.run([*self.within, "ip", *command], check=True)

    @property
    def within(self) -> Sequence[str]:
        """What a command begins with that is to run on it."""
        return ("nsenter", "--target", str(self._first), "--net", "--uts", "--pid", "--mount", "--")

    def cut_off(self) -> None:
        """Let nothing through any more, either way, and tell nobody."""
        self._let(through=False)

    def connect(self) -> None:
        """Let all through again."""
        self._let(through=True)

    def close(self) -> None:
        """Switch it off: everything on it ends at once."""
        self._holder.kill()
        self._holder.wait()

    def _let(self, *, through: bool) -> None:
        state = "3" if through else "0"  # forwarding, disabled (linux/if_bridge.h)
        subprocess.run(["bridge", "link", "set", "dev", self._port, "state", state], check=True)

    def _find_first(self) -> int:
        until = time.monotonic() + 30
        tasks = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        while True:
            children = tasks.read_text().split()
            if children and Path(f"/proc/{children[0]}/comm").read_text() == "sleep\n":  # its /proc is mounted by now
                return int(children[0])
            assert self._holder.poll() is None and time.monotonic() < until
            time.sleep(0.02)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
