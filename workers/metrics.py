"""Serves the metrics to Prometheus: a process of its own, so that whatever becomes of it, the service goes on.

The supervisor starts it where ``DEARLY_METRICS_PORT`` is set; elsewhere ``python -m workers.metrics`` does.
"""

from __future__ import annotations

import sys
import threading

import structlog
from prometheus_client import start_http_server

from renderer.errors import EnvironmentFault
from renderer.operations.metrics import LedgerCollector, registry
from renderer.settings import Settings
from workers import log

events = structlog.get_logger("dearly")


def main() -> int:
    """Serve until ended; the exit code."""
    log.set_up()
    try:
        settings = Settings()
    except EnvironmentFault as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if not settings.metrics_port:
        print("DEARLY_METRICS_PORT is not set: there is nothing to serve.", file=sys.stderr)
        return 2
    try:
        start_http_server(settings.metrics_port, settings.metrics_host, registry(LedgerCollector(settings)))
    except OSError as error:
        events.error("metrics are not served", code="environment.setting", reason=error.strerror)
        return 3
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
