"""How many requests the HTTP API takes in, against an endpoint that only parses the same JSON in the same framework.

    .venv/bin/python -m benchmarks.api single [--requests 3000] [--clients 8] [--postgres URL]
    .venv/bin/python -m benchmarks.api stream [--requests 100000] [--postgres URL]     with the memory of the server

Both servers run as processes of their own beside the clients, one after the other, on the same cores. A record is a
sample of the energy bill under a name of its own. A PostgreSQL address is that of an empty database.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from renderer.api.keys import Keys
from renderer.bootstrap import build
from renderer.ledger.database import Database
from renderer.settings import Settings

TEMPLATE = "energy-bill"
SAMPLE = Path("templates") / TEMPLATE / "samples/01-longest-name.json"
BARE = """
import sys, uvicorn
from fastapi import FastAPI, Request
app = FastAPI()
@app.post("/v1/requests", status_code=202)
async def take(request: Request):
    return {"fields": len(await request.json())}
uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_config=None)
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def server(command: list[str], port: int, **environment: str) -> Iterator[int]:
    """A server process while the block lasts; its id."""
    process = subprocess.Popen(
        [sys.executable, *command], env={**os.environ, **environment}, stderr=subprocess.DEVNULL, text=True
    )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if time.monotonic() > until or process.poll() is not None:
                    raise
                time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def api(postgres: str) -> Iterator[tuple[int, int, str]]:
    """The API with an empty ledger: its process, its port and a key."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), database_url=postgres)
        if postgres:
            Database(postgres, upgrade=True).close()
        services = build(settings)
        _, key = Keys(services.key_ring, services.vault).create("benchmark", ["submit"], None, None)
        services.database.close()
        port = free_port()
        given = {"DEARLY_HOME": folder, "DEARLY_DATABASE_URL": postgres, "DEARLY_API_RATE": "100000",
                 "DEARLY_API_BURST": "1000000"}  # fmt: skip
        with server(["-m", "renderer.cli.main", "api", "--port", str(port)], port, **given) as process:
            yield process, port, key


def posts(port: int, key: str, profile: Any, requests: int, clients: int, prefix: str) -> tuple[float, list[float]]:
    """Requests a second, and the milliseconds that each took, of clients that send one after the other."""
    body = json.dumps({"template": TEMPLATE, "profile": profile}).encode()
    times: list[float] = []
    faults: list[bytes] = []

    def client(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rb") as answers:
            for turn in range(requests // clients):
                head = (
                    f"POST /v1/requests HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
                    f"Idempotency-Key: {prefix}-{number}-{turn}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n"
                )
                begun = time.perf_counter()
                line.sendall(head.encode() + body)
                status = answers.readline()
                length = 0
                while (header := answers.readline()) != b"\r\n":
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                said = answers.read(length)
                times.append((time.perf_counter() - begun) * 1000)
                if b" 202 " not in status:
                    faults.append(status + said)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise SystemExit(f"{len(faults)} were not taken: {faults[0]!r}")
    return len(times) / (time.perf_counter() - begun), times


@dataclass(frozen=True)
class Measured:
    """Requests a second, how long they took, and what they cost."""

    rate: float
    p50: float
    p95: float
    cpu_ms: float


def measured(process: int, port: int, key: str, profile: Any, options: argparse.Namespace) -> Measured:
    posts(port, key, profile, 200, options.clients, "warm")
    before = _cpu_s(process)
    rate, times = posts(port, key, profile, options.requests, options.clients, "run")
    cpu_ms = (_cpu_s(process) - before) * 1000 / len(times)
    return Measured(rate, _at(times, 50), _at(times, 95), cpu_ms)


def single(options: argparse.Namespace) -> None:
    profile = json.loads(SAMPLE.read_text("utf-8"))
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(BARE)
        file.flush()
        with server([file.name, str(port)], port) as process:
            bare = measured(process, port, "", profile, options)
    with api(options.postgres) as (process, port, key):
        ours = measured(process, port, key, profile, options)
    print(f"a body of {len(json.dumps(profile))} bytes, {options.clients} clients")
    for name, found in (("parses JSON only", bare), ("HTTP API", ours)):
        print(
            f"{name:17}{found.rate:7.0f} requests/s   p50 {found.p50:6.1f} ms   p95 {found.p95:6.1f} ms   "
            f"{found.cpu_ms:5.2f} ms CPU of the server a request"
        )
    print(f"of the endpoint that parses only: {ours.rate / bare.rate:.2f}; by CPU {bare.cpu_ms / ours.cpu_ms:.2f}")


def stream(options: argparse.Namespace) -> None:
    profile = json.loads(SAMPLE.read_text("utf-8"))
    with api(options.postgres) as (process, port, key):
        posts(port, key, profile, 8, 1, "warm")
        before = _memory_mb(process)
        samples: list[tuple[int, float]] = []
        for turn in ("first", "again"):
            begun, cpu = time.perf_counter(), _cpu_s(process)
            last = _stream(port, key, profile, options.requests, process, samples if turn == "first" else [])
            took = time.perf_counter() - begun
            cost = (_cpu_s(process) - cpu) * 1000 / options.requests
            print(f"{turn}: {options.requests / took:8.0f} requests/s   {cost:.2f} ms CPU of the server each   {last}")
    print(f"memory of the server: {before:.0f} MB before; while it took them in: "
          + ", ".join(f"{count} {size:.0f} MB" for count, size in samples))  # fmt: skip


def _stream(
    port: int, key: str, profile: Any, requests: int, process: int, samples: list[tuple[int, float]]
) -> dict[str, Any]:
    """Send a stream and read its answer at the same time; the last line of it."""
    template = json.dumps({"template": TEMPLATE, "profile": profile, "request_id": "@NAME@"}).encode() + b"\n"
    head = (
        f"POST /v1/requests:stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n"
        "Content-Type: application/jsonl\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    line = socket.create_connection(("127.0.0.1", port))

    def send() -> None:
        line.sendall(head.encode())
        for start in range(0, requests, 50):
            data = b"".join(
                template.replace(b"@NAME@", b"n%d" % number) for number in range(start, min(start + 50, requests))
            )
            line.sendall(b"%x\r\n" % len(data) + data + b"\r\n")
        line.sendall(b"0\r\n\r\n")

    sender = threading.Thread(target=send)
    sender.start()
    lines = 0
    tail = b""
    step = max(1, requests // 8)
    while piece := line.recv(2**16):
        lines += piece.count(b'"status"')
        tail = (tail + piece)[-2000:]
        if lines // step > len(samples):
            samples.append((lines, _memory_mb(process)))
    sender.join()
    line.close()
    found = [json.loads(one) for one in tail.splitlines() if one.startswith(b'{"status"')]
    if not found or found[-1]["status"] != "end":
        raise SystemExit(f"the stream did not end well: {tail[-300:]!r}")
    last: dict[str, Any] = found[-1]
    return last


def _at(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100)[percent - 1]


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, usual in (("single", 3_000), ("stream", 100_000)):
        command = commands.add_parser(name)
        command.add_argument("--requests", type=int, default=usual)
        command.add_argument("--postgres", default="")
        if name == "single":
            command.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    {"single": single, "stream": stream}[options.command](options)


if __name__ == "__main__":
    main()
