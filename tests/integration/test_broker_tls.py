"""TLS to the broker: nobody is told anything who shows no certificate of the address, signed by somebody trusted. What
listens here speaks TLS and notes what comes through it."""

from __future__ import annotations

import ast
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from celery import Celery

from renderer.operations import broker as broker_view
from renderer.settings import Settings
from tests.certificates import certificate
from workers.app import WORK, make_app
from workers.post import Post

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

SCHEMES = ("rediss", "amqps")
ONCE = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
"""What a client is told that is not to wait."""

ENQUEUE = (Path(__file__).resolve().parents[2] / "docs/enqueue.md").read_text()


class Listener:
    """What was said to it once TLS stood."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard: list[bytes] = []


@contextmanager
def listener(context: ssl.SSLContext) -> Iterator[Listener]:
    """Takes connections until the block ends, and ends each after its first words."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Listener(server.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                except OSError:
                    return
                with plain, suppress(OSError):
                    plain.settimeout(60)
                    with context.wrap_socket(plain, server_side=True) as client:
                        found.heard.append(client.recv(256))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield found
        server.shutdown(socket.SHUT_RDWR)
    thread.join(60)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("name", "trusted"), [("127.0.0.1", True), ("127.0.0.1", False), ("other.example", True)], ids=str
)
def test_a_broker_is_spoken_to_only_if_its_certificate_is_trusted_and_of_its_name(
    scheme: str, name: str, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, context = certificate(tmp_path, name)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with listener(context) as there:
        settings = Settings(home=tmp_path, broker_url=f"{scheme}://user:secret@127.0.0.1:{there.port}/0")
        app = make_app(settings, lambda: pytest.fail("nobody works"))
        app.conf.task_publish_retry = False
        app.conf.broker_transport_options.update(ONCE)
        with pytest.raises(Exception):  # noqa: B017 - it is no broker
            Post(app).send(WORK, "io", args=[["x-video"]])
        sent = len(there.heard)
        assert not broker_view.look(settings).answers
        looked = len(there.heard) - sent
    assert [sent > 0, looked > 0] == [name == "127.0.0.1" and trusted] * 2, there.heard


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("trusted", [True, False])
def test_a_sender_who_says_what_the_docs_say_tells_nobody_else(
    scheme: str, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, context = certificate(tmp_path, "127.0.0.1")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    query = re.search(r"`rediss://\S+(\?\S+)`", ENQUEUE)
    said = re.search(r"`queue\.conf\.broker_use_ssl = ({.*})`", ENQUEUE)
    assert query is not None and said is not None
    with listener(context) as there:
        queue = Celery(
            "crm", broker=f"{scheme}://:secret@127.0.0.1:{there.port}/0{query[1] if scheme == 'rediss' else ''}"
        )
        queue.conf.broker_transport_options = ONCE
        if scheme == "amqps":
            queue.conf.broker_use_ssl = ast.literal_eval(said[1])
        with pytest.raises(Exception):  # noqa: B017 - it is no broker
            queue.send_task("dearly.submit", retry=False)
    assert bool(there.heard) == trusted
