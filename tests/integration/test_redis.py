"""What Redis does that RabbitMQ does not: what a worker had fetched when it died stays fetched for a while. A real
server, and nobody who works."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from kombu import Consumer

from renderer.settings import Settings
from tests import brokers
from workers import broker_options
from workers.app import SUBMIT, make_app
from workers.lanes import INTAKE
from workers.post import Post

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(120)]

ROOT = Path(__file__).resolve().parents[2]

FETCHES_AND_DIES = """
import os, signal
from renderer.settings import Settings
from workers.app import make_app
from workers.lanes import INTAKE
app = make_app(Settings(), lambda: None)
assert app.connection_for_read().default_channel.basic_get(INTAKE) is not None
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_request_that_a_killed_worker_had_fetched_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert broker_options.VISIBILITY_S <= 300, "somebody waits for what was handed in"
    monkeypatch.setattr(broker_options, "VISIBILITY_S", 1)
    with brokers.running("redis", tmp_path / "redis") as own:
        app = make_app(Settings(home=tmp_path, broker_url=own.url), lambda: pytest.fail("nobody works"))
        app.conf.broker_transport_options["unacked_restore_interval"] = 1
        post = Post(app)
        post.send(SUBMIT, INTAKE, kwargs={"request_id": "one"})
        post.hang_up()
        environment = {**os.environ, "DEARLY_HOME": str(tmp_path), "DEARLY_BROKER_URL": own.url}
        died = subprocess.run([sys.executable, "-c", FETCHES_AND_DIES], cwd=ROOT, env=environment, check=False)
        assert died.returncode == -9
        time.sleep(1.5)
        found: list[Any] = []
        with (
            app.connection_for_read() as connection,
            Consumer(connection, [app.amqp.queues[INTAKE]], callbacks=[lambda body, message: found.append(body)]),
        ):
            end = time.monotonic() + 60
            while not found:
                assert time.monotonic() < end
                try:
                    connection.drain_events(timeout=1)
                except TimeoutError:
                    continue
        assert found[0][1] == {"request_id": "one"}
