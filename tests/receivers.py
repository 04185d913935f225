"""A webhook receiver for tests: a real server on a loopback port, whose paths are the ways in which receivers behave.

It is an event loop in a thread, and reads HTTP by hand: a web server would not drip, break off or answer a hundred
megabytes.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

LOOPBACK = "127.0.0.0/8"
BIG = 100 * 2**20


@dataclass(frozen=True)
class Got:
    """A message that came. Names of headers are in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> dict[str, Any]:
        """What it says, as a receiver checks it. Raises WebhookVerificationError."""
        found: dict[str, Any] = Webhook(secret).verify(self.body, dict(self.headers))
        return found


@dataclass
class Receiver:
    """``answers`` gives the status of a path that is asked for; ``slow_s`` is how long ``/slow`` takes. With
    ``answers_to`` only so many messages are answered, the others wait until it is taken away."""

    port: int = 0
    scheme: str = "http"
    slow_s: float = 30.0
    answers_to: int | None = None
    answers: dict[str, str] = field(default_factory=dict)
    got: list[Got] = field(default_factory=list)
    sent: int = 0  # bytes of the big answer that were taken
    most: Counter[str] = field(default_factory=Counter)  # messages of a path at the same time
    now: Counter[str] = field(default_factory=Counter)
    connections: list[asyncio.StreamWriter] = field(default_factory=list, repr=False)

    def url(self, path: str = "/ok") -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def of(self, path: str) -> list[Got]:
        return [one for one in self.got if one.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                path = first.split(" ")[1]
                self.got.append(Got(path, headers, body))
                self.now[path] += 1
                self.most[path] = max(self.most[path], self.now[path])
                try:
                    if not await self._answer(path, writer):
                        break
                finally:
                    self.now[path] -= 1
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        number = len(self.got)
        while self.answers_to is not None and number > self.answers_to:
            await asyncio.sleep(0.02)
        if path in self.answers:
            writer.write(f"HTTP/1.1 {self.answers[path]}\r\ncontent-length: 0\r\n\r\n".encode())
            await writer.drain()
            return True
        match path:
            case "/slow":
                await asyncio.sleep(self.slow_s)
            case "/drip":
                for byte in b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * 1000:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.1)
                return False
            case "/drip-body":
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
                for _ in range(1000):
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.1)
                return False
            case "/big":
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % BIG)
                for _ in range(BIG // 2**16):
                    writer.write(bytes(2**16))
                    await writer.drain()
                    self.sent += 2**16
                return False
            case "/headers":
                writer.write(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200_000)
                await writer.drain()
                return False
            case "/drop":
                return False
            case "/nonsense":
                writer.write(b"220 mail.example ESMTP\r\n")
                return False
            case _ if path.startswith("/redirect-"):
                status = path.removeprefix("/redirect-")
                writer.write(
                    f"HTTP/1.1 {status} Moved\r\nlocation: {self.url('/inside')}\r\ncontent-length: 0\r\n\r\n".encode()
                )
                return True
        writer.write(b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 5\r\n\r\nthere")
        await writer.drain()
        return True


@contextmanager
def receiver(tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[Receiver]:
    """A receiver that runs while the block lasts."""
    found = Receiver(scheme="http" if tls is None else "https", **options)
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def run() -> None:
        server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=tls, limit=2**16)
        found.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await server.serve_forever()

    task: list[asyncio.Task[None]] = []

    def main() -> None:
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(lambda *_: None)  # a sender that breaks off is what is tried here
        task.append(loop.create_task(run()))
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task[0])
        left = asyncio.all_tasks(loop)
        for one in left:
            one.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        for one_writer in found.connections:  # one that has not sent all would stay open for ever
            one_writer.transport.abort()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=main)
    thread.start()
    assert ready.wait(30)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(task[0].cancel)
        thread.join(30)
