"""The dispatcher: keeps a small window of parts in the broker, and takes back what nobody works on.

However large a run is, the broker holds a few messages of it; a cancelled run or a wiped broker needs no repair. It
runs in the supervisor, or by itself as ``python -m workers.dispatch`` where operators start the workers.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from renderer.bootstrap import Services
from renderer.errors import EnvironmentFault
from workers.app import RENDER_PART
from workers.lanes import LANES
from workers.leash import is_dead

TICK_S = 0.2
"""How often the window is looked at."""

SWEEP_S = 1.0
"""How often leases are looked at."""

events = structlog.get_logger("dearly")


class Dispatcher:
    """One dispatcher. A second one beside it does no harm: parts are marked as sent before they are sent."""

    def __init__(self, services: Services, app: Celery, now: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._app = app
        self._now = now
        self._swept = float("-inf")

    def tick(self) -> int:
        """Sweep when it is time, fill the windows; the number of parts sent. Raises nothing that will pass."""
        try:
            if self._now() - self._swept >= SWEEP_S:
                self._swept = self._now()
                back = self._services.ledger.sweep(is_dead)
                if back:
                    events.warning("taken back", parts=back)
            return sum(self._fill(queue) for queue in LANES)
        except EnvironmentFault as error:
            events.error("dispatcher waits", code=error.code)
        except OperationalError as error:
            events.error("dispatcher waits", code="environment.broker", error=type(error).__name__)
        return 0

    def _fill(self, queue: str) -> int:
        lane, ledger = LANES[queue], self._services.ledger
        room = lane.window * self._services.settings.lane_children - self._services.reader.in_flight(queue)
        if room <= 0 or not self._services.reader.waiting(queue):
            return 0
        ready = ledger.dispatch(queue, room, lane.sent_ms)
        for count, part_id in enumerate(ready):
            try:
                self._app.send_task(
                    RENDER_PART,
                    args=[part_id],
                    queue=queue,
                    ignore_result=True,
                    soft_time_limit=lane.soft_s,
                    time_limit=lane.hard_s,
                )
            except OperationalError:
                ledger.undispatch(ready[count:])
                raise
        return len(ready)


def main() -> None:
    """Dispatch until interrupted."""
    from renderer.bootstrap import build
    from renderer.settings import Settings
    from workers import log
    from workers.app import make_app

    log.set_up()
    settings = Settings()
    services = build(settings)
    dispatcher = Dispatcher(services, make_app(settings, lambda: services))
    while True:
        dispatcher.tick()
        time.sleep(TICK_S)


if __name__ == "__main__":
    main()
