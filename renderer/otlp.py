"""Traces to an OpenTelemetry collector, by OTLP over HTTP. What the standard OTEL_… variables say counts.

Spans wait in memory for half a second at most and are sent by a thread. Whoever is traced never waits for the
collector: where it is away, spans are dropped, and the log says so once. The packages are the extra ``otel``; only
:mod:`renderer.tracing` imports this.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Sequence

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.environment_variables import OTEL_BSP_SCHEDULE_DELAY
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from renderer import __version__
from renderer.errors import EnvironmentFault
from renderer.ledger.model import Origin
from renderer.tracing import About, CallSpan, PartSpan, derived

SOON_MS = 500
"""So long a span waits for others, unless OTEL_BSP_SCHEDULE_DELAY says: a process that is killed loses no more."""
AWAY_S = 0.2
"""So long a process that ends waits for a collector that did not answer before."""
WELL = ("done", "late", "dropped")

events = structlog.get_logger("dearly")
_W3C = TraceContextTextMapPropagator()


class OtlpTraces:
    """See :class:`renderer.tracing.Traces`. Made in the process that uses it: it starts a thread."""

    def __init__(self, process: str) -> None:
        # The exporter says each try that fails; that it is so is said once, below.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        own = Resource.create({SERVICE_NAME: f"dearly-{process}", SERVICE_VERSION: __version__})
        self._ids = _Ids()
        self._provider = TracerProvider(
            resource=own.merge(OTELResourceDetector().detect()), id_generator=self._ids, shutdown_on_exit=False
        )
        self._exporter = _Exporter(OTLPSpanExporter())
        delay_ms = None if OTEL_BSP_SCHEDULE_DELAY in os.environ else SOON_MS
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter, schedule_delay_millis=delay_ms))
        self._tracer = self._provider.get_tracer("dearly", __version__)

    def call(self, method: str, call: str, traceparent: str | None) -> CallSpan:
        context = _W3C.extract({"traceparent": traceparent or ""}, Context())
        attributes = {"http.request.method": method, "dearly.call": call}
        return _Call(method, self._tracer.start_span(method, context, SpanKind.SERVER, attributes))

    def part(self, about: About, part_id: str, release: str, attempt: int) -> PartSpan:
        found = _asked(about)
        above = self._request(about.request_id, found)
        work = part_id.rpartition("-")[2]
        return _Part(
            self._tracer.start_span(
                f"part {work}",
                _under(above),
                SpanKind.CONSUMER,
                {
                    **_attributes(about, found),
                    "dearly.part": part_id,
                    "dearly.release": release,
                    "dearly.attempt": attempt,
                },
            )
        )

    def planned(self, about: About, code: str | None) -> None:
        found = _asked(about)
        above = self._request(about.request_id, found)
        brought = _remote(found)
        self._ids.next_trace, self._ids.next_span = above.trace_id, above.span_id
        begun_ns = found.created_ms * 1_000_000 if found is not None else time.time_ns()
        attributes = _attributes(about, found)
        try:
            span = self._tracer.start_span(
                "request", _under(brought), SpanKind.PRODUCER, attributes, start_time=min(begun_ns, time.time_ns())
            )
        finally:
            self._ids.next_trace = self._ids.next_span = None
        if code is not None:
            span.set_attribute("dearly.code", code)
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def close(self, seconds: float) -> None:
        # In a thread: the library's own time limits are not kept everywhere (opentelemetry-python#4568).
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(AWAY_S if self._exporter.away else seconds)

    def _request(self, request_id: str, origin: Origin | None) -> SpanContext:
        """The context of a request's own span, which somebody else may write, or has."""
        brought = _remote(origin)
        span_id = derived("span", request_id, 8)
        if brought is not None:
            return SpanContext(brought.trace_id, span_id, is_remote=True, trace_flags=brought.trace_flags)
        trace_id = derived("trace", request_id, 16)
        told = self._provider.sampler.should_sample(None, trace_id, "request").decision.is_sampled()  # type: ignore[no-untyped-call]
        flags = TraceFlags(TraceFlags.SAMPLED if told else TraceFlags.DEFAULT)
        return SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)


class _Call:
    def __init__(self, method: str, span: Span) -> None:
        self._method = method
        self._span = span
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, trace.set_span_in_context(span, Context()))
        self.traceparent = carrier.get("traceparent")

    def end(self, status: int, route: str, key: str) -> None:
        self._span.update_name(f"{self._method} {route}")
        self._span.set_attributes({"http.route": route, "http.response.status_code": status, "dearly.key": key})
        if status >= 500 or not status:
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class _Part:
    def __init__(self, span: Span) -> None:
        self._span = span

    def end(self, outcome: str, code: str | None = None) -> None:
        self._span.set_attribute("dearly.outcome", outcome)
        if code is not None:
            self._span.set_attribute("dearly.code", code)
        if outcome not in WELL:
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class _Ids(RandomIdGenerator):
    """Random ids, but for the next span of which they are given."""

    next_trace: int | None = None
    next_span: int | None = None

    def generate_trace_id(self) -> int:
        return self.next_trace or super().generate_trace_id()

    def generate_span_id(self) -> int:
        return self.next_span or super().generate_span_id()


class _Exporter(SpanExporter):
    """Says once that spans do not arrive, and once that they do again."""

    def __init__(self, exporter: OTLPSpanExporter) -> None:
        self._exporter = exporter
        self.away = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        away = result is not SpanExportResult.SUCCESS
        if away and not self.away:
            events.warning("traces do not arrive", lost=len(spans))
        elif self.away and not away:
            events.warning("traces arrive again")
        self.away = away
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


def _asked(about: About) -> Origin | None:
    """A trace is no reason for anything to fail."""
    try:
        return about.origin()
    except (EnvironmentFault, KeyError):
        return None


def _remote(origin: Origin | None) -> SpanContext | None:
    if origin is None or origin.traceparent is None:
        return None
    found = trace.get_current_span(_W3C.extract({"traceparent": origin.traceparent}, Context())).get_span_context()
    return found if found.is_valid else None


def _under(above: SpanContext | None) -> Context:
    return Context() if above is None else trace.set_span_in_context(NonRecordingSpan(above), Context())


def _attributes(about: About, origin: Origin | None) -> dict[str, str]:
    known = {"dearly.request": about.request_id, "dearly.template": about.template}
    return known if origin is None else {**known, "dearly.run": origin.run_id}
