"""How a run stands at this moment: how far it is, how long it will take, what it waits for and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from renderer.bootstrap import Services
from renderer.ledger.model import QUEUES, URGENT_QUEUE, Pause, wall_clock
from renderer.ledger.summary import Pace, Reason, Run, Tally
from renderer.times import iso, second

READING_MS = 30_000
"""An input of which nothing was read for so long is not being read any more."""


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Something that a run waits for: a word for machines, a sentence, and what to do about it."""

    word: str
    message: str
    hint: str | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One look at a run. ``held`` requests wait for an approval, ``at_work`` counts parts by what they make. ``eta_s``
    is None when it cannot be known, and ``no_eta`` says why."""

    run: Run
    tally: Tally
    held: int
    pace: Pace | None
    eta_s: float | None
    no_eta: str | None
    at_work: dict[str, int]
    waits: tuple[Wait, ...]
    failures: tuple[Reason, ...]
    suppressions: tuple[Reason, ...]
    set_aside: tuple[Reason, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more by itself. What was cancelled is still summed up."""
        return self.run.finished_ms is not None

    @property
    def input(self) -> int:
        """Records of the input; those read so far while it is being read."""
        return records_in(self.run, self.tally)

    @property
    def share(self) -> float:
        """How much of the input has ended, 0 to 1."""
        return min(1.0, self.tally.ended / self.input) if self.input else float(self.ended)

    @property
    def state(self) -> str:
        """The run's state in words."""
        return state_of(self.run, self.tally, self.held)


def state_of(run: Run, tally: Tally, held: int) -> str:
    """A run's state in words. ``held`` of its requests wait for an approval."""
    if run.state == "cancelled" and run.finished_ms is None:
        return "being cancelled"
    if run.state == "running":
        if tally.open == 0:
            return "being summed up"
        if held == tally.open:
            return "waiting for approval"
    return STATES[run.state]


def records_in(run: Run, tally: Tally) -> int:
    """Records of a run's input, those read so far while it is being read. A batch counts them itself."""
    if run.totals is not None:
        return int(run.totals["input"])
    return tally.all if run.expected is None else run.expected


STATES = {
    "open": "reading the input",
    "running": "at work",
    "complete": "complete",
    "unbalanced": "unbalanced",
    "cancelled": "cancelled",
}


def look(services: Services, run_id: str) -> Standing:
    """How a run stands. Raises UsageError ``usage.run``."""
    summary = services.summary
    run = summary.run(run_id)
    tally = summary.tally(run_id)
    live = run.finished_ms is None
    held = summary.held(run)
    pace = summary.pace(run_id, max(run.created_ms, run.approved_ms or 0)) if live else None
    waits = tuple(_waits(services, run, tally, held)) if live else ()
    eta, no_eta = _eta(run, tally, held, pace, waits) if live else (None, None)
    return Standing(
        run=run,
        tally=tally,
        held=held,
        pace=pace,
        eta_s=eta,
        no_eta=no_eta,
        at_work=summary.at_work(run_id) if live else {},
        waits=waits,
        failures=tuple(summary.failures(run_id)) if tally.failed else (),
        suppressions=tuple(summary.suppressions(run_id)) if tally.suppressed else (),
        set_aside=tuple(summary.set_aside(run_id)) if tally.set_aside else (),
    )


def _waits(services: Services, run: Run, tally: Tally, held: int) -> list[Wait]:
    found = []
    if run.state == "open":
        last = services.summary.last_read_ms(run.id) or run.created_ms
        if wall_clock() - last > READING_MS:
            found.append(
                Wait(
                    word="input",
                    message=f"Nothing of the input was read since {clock(last)}.",
                    hint=f"dearly batch resume {run.id}",
                )
            )
    if held:
        found.append(
            Wait(
                word="approval",
                message=f"{held:,} {'request waits' if held == 1 else 'requests wait'} for approval.",
                hint=f"dearly batch approve {run.id}",
            )
        )
    if tally.open == held:
        return found
    wanted = queues_of(run)
    found += [_paused(pause) for pause in services.reader.pauses() if pause.queue in wanted]
    missing = wanted - services.summary.queues_served()
    if missing == wanted:
        found.append(Wait(word="workers", message="No worker is alive.", hint="dearly worker"))
    elif missing:
        queues = ", ".join(sorted(missing))
        found.append(
            Wait(word="workers", message=f"No worker takes parts from the queue {queues}.", hint="dearly worker")
        )
    return found


def queues_of(run: Run) -> set[str]:
    """The queues that a run's parts go through."""
    if run.options.get("priority") == "urgent":
        return {URGENT_QUEUE}
    channels = run.options.get("channels") or [work for work in QUEUES if work != "plan"]
    return {QUEUES["plan"], *(QUEUES[channel] for channel in channels)}


def _paused(pause: Pause) -> Wait:
    return Wait(
        word="paused",
        message=f"The queue {pause.queue} is paused: {pause.fault.message} [{pause.fault.code}]",
        hint="It goes on by itself when the fault is gone.",
    )


def _eta(
    run: Run, tally: Tally, held: int, pace: Pace | None, waits: tuple[Wait, ...]
) -> tuple[float | None, str | None]:
    """Seconds until the last request that may be worked on has ended, or why that cannot be said."""
    if tally.open == held:
        return None, None
    if run.state == "open":
        return None, "the input is still being read"
    if any(wait.word in ("paused", "workers") for wait in waits):
        return None, "it waits"
    if pace is None or not pace.rendered_s:
        return None, "too little has ended to tell"
    # Who is suppressed ends with the plan, which may run far ahead of what is rendered. So what is rendered gives the
    # pace, and of those without a plan as many will be suppressed as were of the others.
    decided = tally.done + tally.failed + tally.suppressed + tally.working
    waiting = (tally.waiting - held) * (1 - tally.suppressed / decided)
    return (tally.working + waiting) / pace.rendered_s, None


def as_json(found: Standing) -> dict[str, Any]:
    """One look for machines."""
    run, tally = found.run, found.tally
    return {
        "run": run.id,
        "kind": run.kind,
        "template": run.template,
        "release": run.release,
        "state": run.state,
        "input_read": run.sealed_ms is not None,
        "counts": {
            "input": found.input,
            "done": tally.done,
            "failed": tally.failed,
            "suppressed": tally.suppressed,
            "set_aside": tally.set_aside,
            "cancelled": tally.cancelled,
            "working": tally.working,
            "waiting": tally.waiting,
            "held": found.held,
        },
        "parts_at_work": found.at_work,
        "per_second": None if found.pace is None else round(found.pace.rendered_s, 3),
        "eta_s": None if found.eta_s is None else round(found.eta_s),
        "waits": [{"for": wait.word, "message": wait.message, "hint": wait.hint} for wait in found.waits],
        "failed": [reason_json(reason) for reason in found.failures],
        "suppressed": [reason_json(reason) for reason in found.suppressions],
        "set_aside": [reason_json(reason) for reason in found.set_aside],
        "times": times(run),
        "why": list(whys(run)),
    }


def whys(run: Run) -> tuple[str, ...]:
    """What does not add up, in sentences."""
    if run.why is None:
        return ()
    if "why" in run.why:
        return tuple(run.why["why"])
    return (f"{run.why['input']} requests were handed in, {run.why['requests']} are there.",)  # a run that is no batch


def reason_json(reason: Reason) -> dict[str, Any]:
    """A reason with its examples."""
    found: dict[str, Any] = {"code": reason.code, "count": reason.count}
    if reason.field is not None:
        found["field"] = reason.field
    if reason.message is not None:
        found["message"] = reason.message
    found["examples"] = [
        {"record": record} if request is None else {"record": record, "request": request}
        for record, request in reason.examples
    ]
    return found


def times(run: Run) -> dict[str, str | None]:
    """When a run was started, its input read, it was approved and it ended."""
    return {
        "started": iso(run.created_ms),
        "input_read": iso(run.sealed_ms),
        "approved": iso(run.approved_ms),
        "finished": iso(run.finished_ms),
    }


def clock(at_ms: int) -> str:
    """A time for people, in UTC."""
    return f"{second(at_ms)} UTC"
