"""Sends messages to the broker, each process over a connection of its own."""

from __future__ import annotations

from typing import Any

from celery import Celery

from workers.broker_options import SENDING


class Post:
    """Sends tasks of ``app``.

    After any fault the connection is given up: the answer to what was sent may still be on its way, and would be taken
    for the answer to what is sent next. A new one also declares the queues anew, should somebody have removed them.
    """

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._producer: Any = None

    def send(self, task: str, queue: str, **options: Any) -> None:
        """Send one task. Once this returns RabbitMQ has written it down. Raises whatever the broker's client does."""
        if self._producer is None:
            self._producer = self._app.amqp.Producer(self._app.connection_for_write())
        try:
            self._app.send_task(task, queue=queue, producer=self._producer, ignore_result=True, **SENDING, **options)
        except BaseException:
            self.hang_up()
            raise

    def hang_up(self) -> None:
        """Drop the connection without a word: a broker that does not listen would not answer a farewell either."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.__connection__.collect()
