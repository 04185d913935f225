"""``dearly api``: the HTTP API as a process."""

from __future__ import annotations

import ipaddress
from typing import Annotated

import typer

from renderer.bootstrap import build
from renderer.cli import console
from renderer.errors import EnvironmentFault
from renderer.settings import Settings
from renderer.tracing import TELL_S, open_traces
from workers.start import is_running


@console.reports_errors
def api(
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Address to listen on instead of DEARLY_API_HOST.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", min=1, max=65535, help="Port to listen on instead of DEARLY_API_PORT."),
    ] = None,
) -> None:
    """Answer the HTTP API: other systems hand requests in with a key and fetch what was made.

    Workers make the requests; they run beside it. Clients need a key of 'dearly key create'. The operators' page is at
    /operate of the same address.

    [bold]Example:[/] dearly api --port 8480
    """
    from renderer.api import log
    from renderer.api.server import serve

    settings = Settings()
    host, port = host or settings.api_host, port or settings.api_port
    services = build(settings)
    try:
        services.store_care.prove()
    except EnvironmentFault as error:
        if error.code != "environment.store":
            raise
        console.warn(f"{error.message} It goes on without: /readyz tells when it is there.")
    traces = open_traces(settings, "api")
    log.set_up()
    at = f"[{host}]" if ":" in host else host

    def started() -> None:
        console.err.print(f"The HTTP API answers at [bold]http://{at}:{port}[/]. Ctrl-C ends it.", soft_wrap=True)
        console.err.print(f"The operators' page is at [bold]http://{at}:{port}/operate[/].", soft_wrap=True)
        if not _loopback(host):
            console.warn("It speaks HTTP without encryption: put a proxy with TLS before it.")

    try:
        serve(services, host, port, started, traces, lambda: is_running(settings))
    except SystemExit as error:
        if error.code:
            raise EnvironmentFault(
                "environment.busy", f"The HTTP API could not listen on port {port}.", hint="Choose another --port."
            ) from error
        raise
    finally:
        traces.close(TELL_S)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
