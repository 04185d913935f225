"""What Celery must be told about each kind of broker: Redis or Valkey, and RabbitMQ.

A connection may be cut without a word, by a cable or a firewall. So whoever waits for a broker waits for seconds and
not for the quarter of an hour that the kernel would: the ledger has everything, and what was not sent is sent again.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from typing import Any

from kombu import Exchange, Queue

from renderer.settings import DEAD_LETTERS, Settings
from workers.lanes import INTAKE

VISIBILITY_S = 120
"""After this Redis delivers an unacknowledged message again. Of parts the ledger finds dead workers long before. But of
what somebody hands in the ledger knows nothing yet, if the worker that had fetched it was killed. Messages that take
longer than this come twice, which finds nothing to claim."""

SILENT_S = 10
"""How long an answer is waited for. A peer that acknowledges nothing for so long is gone."""

HEARTBEAT_S = 20
"""RabbitMQ and a worker each hear of the other at least so often, or think that it has gone."""

DELIVERIES = 50
"""A message from outside that comes back so often, because its worker died each time, goes to :data:`DEAD_LETTERS`.
RabbitMQ 4 would do so after twenty by itself, and drop it. The door refuses a harmful one long before."""

SENDING: dict[str, Any] = {"mandatory": True, "confirm_timeout": 5, "timeout": 5}
"""For messages of ours: one that reaches no queue is an error, and RabbitMQ says when it has one. Redis ignores it."""


def options(settings: Settings, queues: Iterable[str]) -> dict[str, Any]:
    """Celery's settings for the broker of an installation; ``queues`` are the names of ours."""
    return _rabbitmq(settings, queues) if settings.broker_kind == "rabbitmq" else _redis(settings, queues)


def _redis(settings: Settings, queues: Iterable[str]) -> dict[str, Any]:
    local = settings.broker.startswith("redis+socket:")
    return {
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_S,
            # Without both, a lost message comes back after ten times the time-out.
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_keepalive": not local,
            "health_check_interval": 25,
            **({} if local else {"socket_connect_timeout": SILENT_S, "socket_keepalive_options": _impatience()}),
        },
        # Left to itself kombu takes any certificate. What the address says (`?ssl_cert_reqs=…`) counts more.
        **({"broker_use_ssl": {"ssl_cert_reqs": ssl.CERT_REQUIRED}} if settings.broker.startswith("rediss:") else {}),
        "task_queues": {name: {"exchange": name, "routing_key": name} for name in queues},
    }


def _rabbitmq(settings: Settings, queues: Iterable[str]) -> dict[str, Any]:
    return {
        "broker_heartbeat": HEARTBEAT_S,
        "broker_transport_options": {
            "confirm_publish": True,
            "read_timeout": SILENT_S,
            "write_timeout": SILENT_S,
            "socket_settings": _impatience(),
        },
        # None stands for the host of the address: py-amqp compares a certificate's name only when it is given one.
        **({"broker_use_ssl": {"server_hostname": None}} if settings.broker.startswith("amqps:") else {}),
        "task_create_missing_queue_type": "quorum",
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.1},
        "task_queues": [_quorum(name) for name in queues],
        "worker_consumer": "workers.consumer:Consumer",
        # Its queues are neither durable nor exclusive, which RabbitMQ 4 is to refuse; the ledger tells who is alive.
        "worker_enable_remote_control": False,
    }


def _impatience() -> dict[int, int]:
    """TCP: speak to a silent peer after five seconds, and give up one that does not acknowledge."""
    wanted = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": SILENT_S * 1000}
    return {getattr(socket, name): value for name, value in wanted.items() if hasattr(socket, name)}


def _quorum(name: str) -> Queue:
    """A queue on RabbitMQ. Its arguments are compared with those of the queue that is there: one that has others is an
    error, so they are not to be changed."""
    if name == INTAKE:
        return _Intake(name, Exchange(""), name, queue_arguments=_INTAKE)
    return Queue(name, Exchange(""), name, queue_arguments=_QUORUM)


_QUORUM = {"x-queue-type": "quorum"}

_INTAKE = {
    **_QUORUM,
    "x-delivery-limit": DELIVERIES,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": DEAD_LETTERS,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",  # which that strategy asks for
}


class _Intake(Queue):
    """The queue that outsiders send to: the only one whose messages nobody can make again. The queue for those that
    cannot be delivered is there before it."""

    def declare(self, nowait: bool = False, channel: Any = None) -> str | None:
        dead = Queue(DEAD_LETTERS, Exchange(""), DEAD_LETTERS, queue_arguments=_QUORUM)
        dead(channel or self.channel).declare(nowait=nowait)
        return super().declare(nowait=nowait, channel=channel)
