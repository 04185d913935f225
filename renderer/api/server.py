"""The API as a process: uvicorn around the application."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from renderer.api.app import make_app
from renderer.bootstrap import Services
from renderer.tracing import NO_TRACES, Traces

CALLS = 512
"""Connections and calls at the same time; more are turned away with 503."""
LEAVE_S = 20
"""Calls under way have so long to end when the process is told to."""


def serve(
    services: Services,
    host: str,
    port: int,
    started: Callable[[], None],
    traces: Traces = NO_TRACES,
    service: Callable[[], bool] = lambda: False,
) -> None:
    """Answer calls until the process is told to end. ``service`` says whether a supervisor runs on this home."""
    config = uvicorn.Config(
        make_app(services, traces, service),
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=CALLS,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=LEAVE_S,
        h11_max_incomplete_event_size=32 * 2**10,
        lifespan="on",
    )
    _Server(config, started).run()


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._told()
