"""A small OpenTelemetry collector for tests: takes OTLP over HTTP on loopback and keeps the spans."""

from __future__ import annotations

import gzip
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Told:
    """One span, ids in hex."""

    name: str
    service: str
    trace: str
    id: str
    parent: str
    seconds: float
    error: bool
    attributes: dict[str, Any]


class Collector:
    """Where spans go: set :attr:`environment` for the process that is to send them."""

    def __init__(self, port: int) -> None:
        self.spans: list[Told] = []
        self.raw = b""
        self.environment = {"DEARLY_TRACING": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"}

    def take(self, data: bytes) -> None:
        self.raw += data
        for group in ExportTraceServiceRequest.FromString(data).resource_spans:
            service = next(one.value.string_value for one in group.resource.attributes if one.key == "service.name")
            for scope in group.scope_spans:
                self.spans += [_told(span, service) for span in scope.spans]

    def named(self, name: str) -> list[Told]:
        return [span for span in self.spans if span.name == name]

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end, [span.name for span in self.spans]
            time.sleep(0.05)


def _told(span: Any, service: str) -> Told:
    return Told(
        name=span.name,
        service=service,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
        error=span.status.code == 2,
        attributes={one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in span.attributes},
    )


@contextmanager
def collector() -> Iterator[Collector]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            found.take(gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Collector(server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
