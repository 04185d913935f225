"""What listens to RabbitMQ in a worker: Celery's consumer, named in its settings (:mod:`workers.broker_options`)."""

from __future__ import annotations

from typing import Any

from celery.worker import consumer

_Steps: Any = consumer.Consumer.Blueprint


class Consumer(consumer.Consumer):
    """Without what Dearly has no use for: delays in the broker, which would be 28 queues, and what workers tell each
    other, which RabbitMQ would have to confirm while the worker waits for nothing else."""

    class Blueprint(_Steps):  # type: ignore[misc]
        default_steps = tuple(step for step in _Steps.default_steps if "delayed" not in step)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        silent = {"without_mingle": True, "without_gossip": True, "without_heartbeat": True}
        named["worker_options"] = {**(named.get("worker_options") or {}), **silent}
        super().__init__(*arguments, **named)
