"""Brokers for tests, from Debian's packages: Redis and RabbitMQ, each on ports that the system chose, with its files in
a folder of the test. What a test starts ends with it, whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from renderer.guard import die_with_parent
from tests.ports import free_port

KINDS = ("redis", "rabbitmq")
START_S = 150.0

_SCRIPTS = Path("/usr/lib/rabbitmq/bin")


class Own:
    """A broker at ``address``."""

    kind: Literal["redis", "rabbitmq"]

    def __init__(self, folder: Path, address: str = "127.0.0.1") -> None:
        self.folder = folder
        self.address = address
        folder.mkdir(parents=True)
        self.port = free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.kills = 0
        self.start()

    @property
    def url(self) -> str:
        """Its address as a service is given it."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, with what it had, and wait until it answers."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it says what a broker of its kind says first."""
        raise NotImplementedError

    def running(self) -> bool:
        return bool(self.processes) and self.processes[-1].poll() is None

    def kill(self) -> None:
        """``kill -9``. What stands beside it may stay."""
        self.processes[-1].kill()
        self.processes[-1].wait()
        self.kills += 1

    def stop(self) -> None:
        """Stop it in order."""
        if self.running():
            self.processes[-1].terminate()
            try:
                self.processes[-1].wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def close(self) -> None:
        """End all of it."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    def forget(self) -> None:
        """Start with nothing, as after its disk was lost."""
        self.kill()
        self.wipe()
        self.start()

    def wipe(self) -> None:
        """Remove all that it has."""
        raise NotImplementedError

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")[-3000:]

    def _run(self, *command: str, environment: dict[str, str] | None = None) -> None:
        parent = os.getpid()
        with (self.folder / "log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    env=None if environment is None else {**os.environ, **environment},
                    start_new_session=True,
                    preexec_fn=lambda: die_with_parent(parent, signal.SIGKILL),
                )
            )

    def _wait(self, *, last: bool = True) -> bool:
        """Wait until it answers; False when it has ended instead, which is an error for the ``last`` try."""
        until = time.monotonic() + START_S
        while not self.answers():
            assert time.monotonic() < until, self.log()
            if not self.running():
                assert not last, self.log()
                return False
            time.sleep(0.05)
        return True

    def said(self, opening: bytes, size: int) -> bytes:
        """What it answers to the first bytes of a client."""
        try:
            with socket.create_connection((self.address, self.port), 2) as client:
                client.sendall(opening)
                return client.recv(size)
        except OSError:
            return b""


class Redis(Own):
    """``redis-server``, with its append-only file."""

    kind = "redis"

    @property
    def url(self) -> str:
        return f"redis://{self.address}:{self.port}/0"

    def start(self) -> None:
        options = {
            "port": str(self.port),
            "bind": self.address,
            "protected-mode": "no",
            "dir": str(self.folder),
            "appendonly": "yes",
            "save": "",
            "daemonize": "no",
        }
        self._run("redis-server", *(word for name, value in options.items() for word in (f"--{name}", value)))
        self._wait()

    def answers(self) -> bool:
        return self.said(b"PING\r\n", 16).startswith(b"+PONG")

    def wipe(self) -> None:
        shutil.rmtree(self.folder / "appendonlydir")


class RabbitMQ(Own):
    """``rabbitmq-server`` as Debian has it, without its wrapper, which wants to be its own user: no plug-in, and a node
    name, a cookie and a port mapper (epmd) of its own."""

    kind = "rabbitmq"

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@{self.address}:{self.port}//"

    def start(self) -> None:
        (self.folder / "home").mkdir(exist_ok=True)
        cookie = self.folder / "home/.erlang.cookie"
        if not cookie.exists():
            cookie.write_text(os.urandom(12).hex())
            cookie.chmod(0o400)
            (self.folder / "rabbitmq.conf").write_text(
                f"listeners.tcp.1 = {self.address}:{self.port}\nloopback_users = none\n"
                "log.file = false\nlog.console = true\nlog.console.level = warning\n"
            )
            (self.folder / "plugins").write_text("[].")
            (self.folder / "no-environment").touch()
            self._mapper, self._nodes = free_port(), free_port()
        if not self.processes:
            self._run("epmd", "-port", str(self._mapper), "-address", "127.0.0.1")
        environment = {
            "HOME": str(self.folder / "home"),
            "ERL_EPMD_PORT": str(self._mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"dearly{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._nodes),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "no-environment"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RUNNING_UNDER_SYSTEMD": "1",  # the server itself, without a shell that waits for it
        }
        for left in (2, 1, 0):  # the name of one that was killed a moment ago may not be free yet
            self._run(str(_SCRIPTS / "rabbitmq-server"), environment=environment)
            if self._wait(last=not left):
                return

    def answers(self) -> bool:
        return self.said(b"AMQP\0\0\x09\x01", 1) == b"\x01"  # the frame of connection.start

    def wipe(self) -> None:
        shutil.rmtree(self.folder / "data")


def broker(kind: str, folder: Path, address: str = "127.0.0.1") -> Own:
    """A new one of a kind."""
    return {"redis": Redis, "rabbitmq": RabbitMQ}[kind](folder, address)


@contextmanager
def running(kind: str, folder: Path, address: str = "127.0.0.1") -> Iterator[Own]:
    """One that ends with the block."""
    own = broker(kind, folder, address)
    try:
        yield own
    finally:
        own.close()
