"""What needs a person: of all that a look at the installation shows, that which does not pass by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.deliver.retries import LONGEST_REST_S
from renderer.errors import CODES
from renderer.ledger.model import ENDLESS
from renderer.times import DAY_MS, HOUR_MS, ago

if TYPE_CHECKING:
    from renderer.operations.status import LedgerView, Status

PAUSED_MS = 300_000
"""A pause that is older than this will not pass by itself."""

UNBALANCED_MS = 7 * DAY_MS
"""For so long a run that does not add up is told of."""

STALE_MS = 7 * DAY_MS
"""A run that is open for longer than this, and is no endless one, has been left behind."""

FAILING_MS = HOUR_MS
"""An endpoint to which nothing has got through for longer than this may need somebody."""

OVERDUE_MS = 600_000
"""A message that is due for longer than this is brought by nobody."""

LEAST_FREE_BYTES = 2_000_000_000
LEAST_FREE = 0.05
"""The disk is nearly full below both: so many bytes, or this share of it."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """Something that needs a person. ``code`` is one word for machines, ``text`` a sentence, ``hint`` what to do.
    ``run`` is the run that it is about."""

    code: str
    text: str
    hint: str = ""
    run: str | None = None


def needs_of(status: Status) -> Iterator[Need]:
    """What needs somebody, in the order in which it is told."""
    if status.fault is not None:
        yield Need(code="ledger", text=status.fault.message, hint=status.fault.hint or "")
    if status.store.fault is not None:
        yield Need(code="store", text=status.store.fault.message, hint=status.store.fault.hint or "")
    if status.disk is not None and status.disk.free < min(LEAST_FREE_BYTES, LEAST_FREE * status.disk.total):
        yield Need(code="disk", text="The disk is nearly full.", hint="'dearly clean' makes room.")
    ledger = status.ledger
    if status.disk is None and ledger is not None:
        text = "The disk with the files cannot be read, or does not answer."
        yield Need(code="disk", text=text, hint="Look at the disk that DEARLY_HOME or its store is on.")
    if ledger is None:
        return
    if (status.service or not status.embedded) and not status.broker:
        yield Need(code="broker", text="The broker does not answer.", hint="See the logs in DEARLY_HOME.")
    if status.dead_letters:
        text = f"{_count(status.dead_letters, 'request')} could not be handed in: each time the worker died."
        yield Need(code="dead_letters", text=text, hint="See 'What RabbitMQ could not deliver' in docs/queue.md.")
    yield from _about_work(status, ledger)
    for pause in ledger.pauses:
        paused_ms = status.at_ms - pause.since_ms
        if paused_ms > PAUSED_MS:
            text = f"The queue '{pause.queue}' has been paused for {ago(paused_ms)}: {pause.fault.message}"
            yield Need(code="paused", text=text, hint="It goes on by itself once this is put right.")
    yield from _about_runs(status, ledger)
    yield from _about_webhooks(status, ledger)
    if ledger.erasures.open:
        are = "is" if ledger.erasures.open == 1 else "are"
        text = f"{_count(ledger.erasures.open, 'recipient')} {are} not wholly forgotten: it was cut short."
        yield Need(code="erasure", text=text, hint="Call 'dearly forget' again for them.")
    if ledger.retention_held_ms is not None:
        text = "The clock was moved, or nothing ran for long: no data is dropped by age for a while."
        yield Need(code="clock", text=text, hint="Check the clock of this machine.")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _waiting(number: int, noun: str) -> str:
    return f"{_count(number, noun)} wait{'s' if number == 1 else ''}"


def _about_work(status: Status, ledger: LedgerView) -> Iterator[Need]:
    waiting = {name: queue for name, queue in ledger.queues.items() if queue.ready or queue.sent}
    if not waiting:
        return
    parts = sum(queue.ready + queue.sent for queue in waiting.values())
    living = [worker for worker in ledger.workers if status.alive(worker)]
    if not status.service and (status.embedded or not living):
        text = f"{_waiting(parts, 'part')} and no service runs."
        yield Need(code="service", text=text, hint="Start it: 'dearly worker'.")
        return
    if not ledger.leader:
        text = f"{_waiting(parts, 'part')} and no dispatcher leads."
        yield Need(code="dispatcher", text=text, hint="Start one: 'python -m workers.dispatch'.")
    for name, queue in waiting.items():
        if not any(name in worker.queues for worker in living):
            oldest = "" if queue.oldest_ms is None else f", the oldest for {ago(status.at_ms - queue.oldest_ms)}"
            text = f"No worker serves the queue '{name}'; {_waiting(queue.ready + queue.sent, 'part')}{oldest}."
            yield Need(code="worker", text=text, hint=f"Start one: 'celery -A workers worker -Q {name}'.")


def _about_runs(status: Status, ledger: LedgerView) -> Iterator[Need]:
    for run_id in ledger.unbalanced:
        text = f"The run {run_id} does not add up."
        yield Need(code="unbalanced", text=text, hint=f"dearly batch report {run_id}", run=run_id)
    for run in ledger.runs:
        if run.held:
            text = f"The run {run.id} waits for an approval."
            yield Need(code="approval", text=text, hint=f"dearly batch approve {run.id}", run=run.id)
        elif run.kind not in ENDLESS and status.at_ms - run.created_ms > STALE_MS:
            text = f"The run {run.id} has been open for {ago(status.at_ms - run.created_ms)}; its data is kept so long."
            yield Need(code="stale", text=text, hint=f"dearly batch resume {run.id}, or cancel it.", run=run.id)


def _about_webhooks(status: Status, ledger: LedgerView) -> Iterator[Need]:
    for listening in ledger.webhooks:
        endpoint = listening.endpoint
        hint = f"dearly webhook log {endpoint.id}"
        if endpoint.state == "disabled":
            why, waiting = CODES.get(endpoint.why or "", "").removesuffix("."), _waiting(listening.waiting, "message")
            text = f"The webhook endpoint '{endpoint.name}' is disabled; {waiting}. {why}."
            yield Need(code="webhook", text=text, hint=f"dearly webhook resume {endpoint.id}, or remove it.")
        elif endpoint.state == "active" and endpoint.why is not None:
            text = f"Nothing can be signed for the webhook endpoint '{endpoint.name}': its secret cannot be opened."
            hint = f"Put the key back that it was made with, or make a new secret: dearly webhook rotate {endpoint.id}"
            yield Need(code="webhook", text=f"{text} {_waiting(listening.waiting, 'message')}.", hint=hint)
        elif endpoint.state == "active" and endpoint.failing_ms is not None:
            failing_ms = status.at_ms - endpoint.failing_ms
            if failing_ms > FAILING_MS:
                text = f"Nothing has got through to the webhook endpoint '{endpoint.name}' for {ago(failing_ms)}."
                yield Need(code="webhook", text=text, hint=hint)
    # What waits behind a receiver that fails, or is held, is not overdue, nor what waits for one that has asked for a
    # rest, while that may last; what is about to be tried again has a time that is to come.
    due = []
    for one in ledger.webhooks:
        kept = one.endpoint.state != "active" or one.endpoint.failing_ms is not None or one.endpoint.why is not None
        if one.due_ms is not None and not kept:
            rests = (one.endpoint.rests_ms or 0) > status.at_ms - OVERDUE_MS
            due.append(status.at_ms - one.due_ms - (LONGEST_REST_S * 1000 if rests else 0))
    # Where no courier runs at all, what happened has not even become a message to anybody.
    if ledger.untold_ms is not None and any(one.endpoint.state == "active" for one in ledger.webhooks):
        due.append(status.at_ms - ledger.untold_ms)
    if (status.service or not status.embedded) and max(due, default=0) > OVERDUE_MS:
        text = f"A webhook message has been due for {ago(max(due))}: no courier brings it, or not fast enough."
        yield Need(code="courier", text=text, hint="See courier.log; or start one: 'python -m workers.courier'.")
