"""What RabbitMQ does that Redis does not: queues of a certain kind, messages that reach no queue, deliveries that are
counted, a broker that hangs. A real server, and nobody who works."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from renderer.operations import broker as broker_view
from renderer.settings import Settings
from tests import brokers
from tests.brokers import Own
from tests.chaos.house import until as until_so
from workers.app import WORK, make_app
from workers.broker_options import DELIVERIES
from workers.lanes import INTAKE
from workers.post import Post

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    with brokers.running("rabbitmq", tmp_path_factory.mktemp("broker") / "rabbitmq") as own:
        yield own


def settings(rabbitmq: Own, home: Path) -> Settings:
    return Settings(home=home, broker_url=rabbitmq.url, database_url="")


def test_all_queues_are_quorum_queues_and_a_message_that_is_never_done_with_is_kept(
    rabbitmq: Own, tmp_path: Path
) -> None:
    made = settings(rabbitmq, tmp_path)
    app = make_app(made, lambda: pytest.fail("nobody works"))
    assert {(queue.queue_arguments or {}).get("x-queue-type") for queue in app.amqp.queues.values()} == {"quorum"}
    post = Post(app)
    post.send("nobody's", INTAKE, kwargs={"request_id": "lost"})
    with app.connection_for_write() as connection:
        for queue in app.amqp.queues.values():
            queue(connection).declare()
        channel: Any = connection.default_channel
        # As often as a worker may die of it, and once more.
        for deliveries in range(DELIVERIES + 1):
            until = time.monotonic() + 60
            while (message := channel.basic_get(INTAKE)) is None:
                assert time.monotonic() < until, deliveries
            channel.basic_reject(message.delivery_tag, requeue=True)
        until = time.monotonic() + 60
        while broker_view.look(made) != broker_view.BrokerView(answers=True, dead_letters=1):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert channel.basic_get(INTAKE) is None
        message = channel.basic_get("intake-dead-letters")
        assert message.headers["task"] == "nobody's"
        channel.basic_ack(message.delivery_tag)
    post.hang_up()


def test_a_message_that_reaches_no_queue_is_an_error_and_the_next_one_makes_the_queue(
    rabbitmq: Own, tmp_path: Path
) -> None:
    app = make_app(settings(rabbitmq, tmp_path), lambda: pytest.fail("nobody works"))
    post = Post(app)
    post.send(WORK, "io", args=[["x-video"]])
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        channel.queue_delete("io")
        with pytest.raises(Exception, match="NO_ROUTE"):
            post.send(WORK, "io", args=[["x-video"]])
        post.send(WORK, "io", args=[["x-video"]])
        assert channel.queue_declare("io", passive=True).message_count == 1
        channel.queue_purge("io")
    post.hang_up()


def test_a_broker_that_hangs_is_not_waited_for(rabbitmq: Own, tmp_path: Path) -> None:
    app = make_app(settings(rabbitmq, tmp_path), lambda: pytest.fail("nobody works"))
    post = Post(app)
    post.send(WORK, "io", args=[["x-video"]])
    server = rabbitmq.processes[-1].pid
    os.kill(server, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(Exception):  # noqa: B017 - a broker that is away has many ways to say so
            post.send(WORK, "io", args=[["x-video"]])
        assert not broker_view.look(settings(rabbitmq, tmp_path)).answers
        assert time.monotonic() - began < 60
    finally:
        os.kill(server, signal.SIGCONT)
    until_so(rabbitmq.answers, rabbitmq.log)
    post.send(WORK, "io", args=[["x-video"]])
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        channel.queue_purge("io")
    post.hang_up()
