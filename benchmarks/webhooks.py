"""How many webhook messages a courier brings, against a loop that only posts the same messages with httpx.

    .venv/bin/python -m benchmarks.webhooks [--messages 5000] [--connections 8] [--postgres URL] [--beside 1]

The receiver is a process of its own on loopback that checks nothing and answers 200; the courier is one as the
supervisor starts it. Both share the machine's cores, as the bare loop and its receiver do. ``--beside`` adds endpoints
that never answer, whose messages wait beside the others. A PostgreSQL address is that of an empty database.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from sqlalchemy import func, select

from benchmarks.servers import cpu_s
from renderer.bootstrap import Services, build
from renderer.deliver.signing import Message, headers, new_secret
from renderer.ledger.database import Database
from renderer.ledger.model import new_id, wall_clock
from renderer.ledger.tables import outbox, webhook_deliveries
from renderer.operations.webhooks import Webhooks
from renderer.settings import Settings

ALLOW = "127.0.0.0/8"
RECEIVER = """
import asyncio
ANSWER = b"HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n"
async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\\r\\n")[0]))
            if head.startswith(b"POST /never"):
                await asyncio.sleep(3600)
            writer.write(ANSWER)
    except (asyncio.IncompleteReadError, OSError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@contextmanager
def receiver() -> Iterator[int]:
    """A receiver's port while the block lasts."""
    process = subprocess.Popen([sys.executable, "-c", RECEIVER], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def bare(port: int, messages: int, connections: int) -> dict[str, float]:
    """Messages a second of a loop that signs and posts, with httpx's client as its page shows it, and its CPU time."""
    secret = new_secret()

    async def run() -> dict[str, float]:
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
            left = iter(range(messages))

            async def post() -> None:
                for number in left:
                    message = Message(id=f"run-{number}", type="run.complete", at_ms=wall_clock(), data=_data(number))
                    body = message.body()
                    signed = headers(message.id, body, [secret], int(time.time()))
                    answer = await client.post(f"http://127.0.0.1:{port}/ok", content=body, headers=signed)
                    answer.raise_for_status()

            begun, cpu = time.perf_counter(), time.process_time()
            await asyncio.gather(*(post() for _ in range(connections)))
            spent = time.process_time() - cpu
            return {"rate": messages / (time.perf_counter() - begun), "cpu_ms": 1000 * spent / messages}

    return asyncio.run(run())


def courier(port: int, messages: int, connections: int, postgres: str, beside: int) -> dict[str, float]:
    """Messages a second of a courier, from the moment at which it finds all of them in the outbox, and its CPU time."""
    with tempfile.TemporaryDirectory(prefix="dearly-webhooks-") as folder:
        settings = Settings(home=Path(folder), database_url=postgres, webhook_allow=ALLOW)
        if postgres:
            Database(postgres, upgrade=True).close()
        services = build(settings)
        webhooks = Webhooks(settings, services.endpoints, services.vault)
        ours = webhooks.add(f"http://127.0.0.1:{port}/ok").endpoint.id
        for number in range(beside):
            webhooks.add(f"http://127.0.0.1:{port}/never{number}")
        _happen(services, messages)
        environment = {
            **os.environ,
            "DEARLY_HOME": folder,
            "DEARLY_DATABASE_URL": postgres,
            "DEARLY_WEBHOOK_ALLOW": ALLOW,
            "DEARLY_WEBHOOK_CONNECTIONS": str(connections),
        }
        process = subprocess.Popen([sys.executable, "-m", "workers.courier"], env=environment)
        try:
            done = _counter(services, ours)
            while done() < messages // 20:  # it has begun, and its connections are open
                time.sleep(0.01)
            begun, before, cpu = time.perf_counter(), done(), cpu_s(process.pid)
            while (now := done()) < messages:
                time.sleep(0.05)
            took = time.perf_counter() - begun
            spent = cpu_s(process.pid) - cpu
            return {"rate": (now - before) / took, "cpu_ms": 1000 * spent / (now - before)}
        finally:
            process.terminate()
            process.wait(30)
            services.database.close()


def _happen(services: Services, messages: int) -> None:
    """Put events into the outbox."""
    now = wall_clock()
    rows = [
        {"topic": "run.complete", "dedupe": f"run {number}", "payload": json.dumps(_data(number)), "created_ms": now}
        for number in range(messages)
    ]
    with services.database.writing() as connection:
        for start in range(0, messages, 1000):
            connection.execute(outbox.insert(), rows[start : start + 1000])


def _data(number: int) -> dict[str, object]:
    run = f"{number:032x}"
    counts = {"input": 1000, "done": 990, "failed": 10}
    return {"run": run, "kind": "batch", "template": "energy-bill", "release": new_id(0), "counts": counts}


def _counter(services: Services, endpoint: str) -> Callable[[], int]:
    done = select(func.count()).where(
        webhook_deliveries.c.endpoint_id == endpoint, webhook_deliveries.c.state == "delivered"
    )

    def count() -> int:
        with services.database.reading() as connection:
            return connection.scalar(done) or 0

    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=5_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--postgres", default="")
    parser.add_argument("--beside", type=int, default=0, help="Endpoints that never answer.")
    options = parser.parse_args()
    with receiver() as port:
        alone = bare(port, options.messages, options.connections)
        ours = courier(port, options.messages, options.connections, options.postgres, options.beside)
    print(f"{options.messages} messages, {options.connections} connections, {options.beside} receivers that are silent")
    for name, found in (("httpx alone", alone), ("courier", ours)):
        print(f"{name:12}{found['rate']:7.0f} messages/s   {found['cpu_ms']:.2f} ms CPU of the process each")
    share, cost = ours["rate"] / alone["rate"], ours["cpu_ms"] / alone["cpu_ms"]
    print(f"of httpx alone: {share:.2f} of the rate, {cost:.2f} times the CPU")


if __name__ == "__main__":
    main()
