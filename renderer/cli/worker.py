"""``dearly worker``: the service in the foreground: broker, dispatcher and workers of this home."""

from __future__ import annotations

import time
from contextlib import ExitStack, redirect_stderr
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text

from renderer.bootstrap import Services, build
from renderer.cli import console
from renderer.errors import EnvironmentFault
from renderer.ledger.model import QUEUES, URGENT_QUEUE
from renderer.settings import Settings

LOOK_S = 1.0
"""How often the ledger is asked how things stand."""

IDLE_S = 10.0
"""How long there must be nothing to do before a service that was told so ends."""


@console.reports_errors
def worker(
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Stop when nothing is left to do, instead of waiting for more.")
    ] = False,
) -> None:
    """Run the service, which makes what batches and other systems hand in, until Ctrl-C or SIGTERM stops it in order.

    [bold]Example:[/] dearly worker
    """
    from workers import log
    from workers.start import LOG
    from workers.supervisor import Supervisor

    settings = Settings()
    services = build(settings, quick=True)
    with ExitStack() as stack:
        if console.err.is_terminal:  # people look at a line, and at the log when something is wrong
            display = stack.enter_context(Live(console=console.err, auto_refresh=False, transient=True))
            stack.enter_context(redirect_stderr(stack.enter_context((settings.logs / LOG).open("a"))))
        else:  # whoever runs services collects what they say
            display = None
            console.err.print(f"Serving {settings.home} until SIGTERM.", soft_wrap=True, markup=False)
        log.set_up()
        while True:
            watch = _Watch(services, display, until_idle)
            Supervisor(services, each_tick=watch).run()
            # Who handed something in while we were ending has seen a service and started none.
            if not (watch.idle and watch.busy()):
                break
    console.err.print("Stopped in order.")


class _Watch:
    """Looks at the ledger now and then: shows how things stand, and tells when nothing is left to do."""

    def __init__(self, services: Services, display: Live | None, until_idle: bool) -> None:
        self._services = services
        self._display = display
        self._until_idle = until_idle
        self._next = 0.0
        self._busy = time.monotonic()
        self.idle = False

    def __call__(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        try:
            line, busy = self._look()
        except EnvironmentFault as error:  # the supervisor waits for the ledger; so do we
            line, busy = f"waits: {error.message}", True
        took = time.monotonic() - now
        self._next = now + max(LOOK_S, 20 * took)
        if busy:
            self._busy = now
        if self._display is not None:
            home = self._services.settings.home
            self._display.update(Text(f"Serving {home}  {line}  (Ctrl-C stops it)"), refresh=True)
        self.idle = self._until_idle and now - self._busy > IDLE_S
        return self.idle

    def busy(self) -> bool:
        """Whether there is something to do now."""
        try:
            return self._look()[1]
        except EnvironmentFault:
            return False

    def _look(self) -> tuple[str, bool]:
        reader, batches = self._services.reader, self._services.batches
        queues = (URGENT_QUEUE, *QUEUES.values())
        flight = [reader.in_flight(queue) for queue in queues]
        waiting = any(reader.waiting(queue) for queue in queues)
        sent, running = (sum(counts) for counts in zip(*flight, strict=True))
        ending = bool(batches.to_settle() or batches.unfinished_cancelled())
        words = [f"{running} at work"] if running or sent or waiting else ["nothing to do"]
        words += [f"{pause.queue} paused: {pause.fault.message}" for pause in reader.pauses()]
        if ending:
            words.append("summing up")
        return "  ".join(words), bool(running or sent or waiting or ending)
