"""``dearly metrics``: the numbers that Prometheus reads, once."""

from __future__ import annotations

from renderer.cli import console
from renderer.operations.metrics import exposition
from renderer.settings import Settings


@console.reports_errors
def metrics() -> None:
    """Print the metrics of this installation in Prometheus' text form.

    The service gives the same on DEARLY_METRICS_PORT.

    [bold]Example:[/] dearly metrics | grep oldest
    """
    console.out.print(exposition(Settings()), end="", markup=False, soft_wrap=True)
