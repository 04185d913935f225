"""Traces reach a real collector over OTLP: from a call over its request to every part, out of processes that are
recycled, and with nothing personal in them. A collector that is away costs nobody anything."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from renderer.errors import EnvironmentFault
from renderer.ledger.model import Origin
from renderer.settings import Settings
from renderer.tracing import NO_TRACES, About, Traces, derived, open_traces
from tests import small_template
from tests.collector import Collector, collector
from tests.http_house import HttpHouse, http_house
from tests.queue_house import PLANTED, Service
from workers.tasks import work_on

ROOT = Path(__file__).resolve().parents[2]
CALLER = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


@pytest.fixture
def told() -> Iterator[Collector]:
    with collector() as found:
        yield found


@pytest.fixture
def traces(told: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Traces]:
    for name, value in told.environment.items():
        monkeypatch.setenv(name, value)
    found = open_traces(Settings(), "test")
    yield found
    found.close(5)


@pytest.fixture
def house(tmp_path: Path, traces: Traces) -> Iterator[HttpHouse]:
    with http_house(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", traces) as made:
        yield made


def work(house: HttpHouse, traces: Traces) -> None:
    """A worker's work, in this process, until nothing is left."""
    services = house.services
    for queue in ("control", "statement"):
        ready = services.leader.dispatch(queue, 100, 60_000)
        work_on(services, [one.part_id for one in ready], traces=traces)


def test_a_call_its_request_and_its_parts_are_one_trace_of_the_caller(
    house: HttpHouse, traces: Traces, told: Collector
) -> None:
    body = {"template": "small", "profile": small_template.profile_with(), "channels": ["statement"]}
    taken = house.call(
        "POST", "/v1/requests", body, Idempotency_Key="traced-1", traceparent=f"00-{CALLER[0]}-{CALLER[1]}-01"
    )
    id_ = taken.json["id"]
    house.call("GET", "/healthz", key=None)
    house.call("GET", f"/v1/requests/{id_}")
    house.call("GET", "/v1/requests/no-such-id-with-a-name-in-it")
    work(house, traces)
    assert house.call("GET", f"/v1/requests/{id_}").json["state"] == "done"
    told.until(lambda: len(told.spans) >= 7)
    (call,) = told.named("POST /v1/requests")
    (request,) = told.named("request")
    (plan,), (statement,) = told.named("part plan"), told.named("part statement")
    assert (call.trace, call.parent) == CALLER
    assert (request.trace, request.parent) == (CALLER[0], call.id)
    assert {(part.trace, part.parent) for part in (plan, statement)} == {(CALLER[0], request.id)}
    assert call.attributes["http.response.status_code"] == 202 and call.attributes["dearly.call"]
    assert statement.attributes["dearly.request"] == id_ and statement.attributes["dearly.attempt"] == 1
    assert statement.attributes["dearly.outcome"] == "done" and not statement.error and statement.seconds > 0
    # Calls that brought no trace have their own; addresses are patterns.
    looks = told.named("GET /v1/requests/{id}")
    assert len(looks) == 3 and len({CALLER[0], *(span.trace for span in looks)}) == 4
    assert all(span.service == "dearly-test" for span in told.spans) and len(told.spans) == 7
    for planted in (b"Anna", b"Bianchi", b"7731", b"C-1", b"66.9", b"traced-1", b"no-such-id", house.all.encode()):
        assert planted not in told.raw


def test_a_request_that_brought_no_trace_has_one_of_its_own(house: HttpHouse, traces: Traces, told: Collector) -> None:
    """Of a stream, as of a batch or the queue: no call has a million children. A plan that cannot be made says why."""
    lines = [
        {"request_id": f"r-{n}", "template": "small", "channels": ["statement"],
         "profile": small_template.profile_with(customer__id=f"C{n}", as_of=as_of)}
        for n, as_of in enumerate(["2026-11-09", "2026-11-10"])
    ]  # fmt: skip
    ids = [answer["id"] for answer in house.stream(lines).lines[:2]]
    work(house, traces)
    told.until(lambda: len(told.spans) >= 7)
    (call,) = told.named("POST /v1/requests:stream")
    requests = {span.attributes["dearly.request"]: span for span in told.named("request")}
    assert {*requests} == {*ids}
    for id_, span in requests.items():
        assert span.trace == f"{derived('trace', id_, 16):032x}" != call.trace and span.parent == ""
        below = [one for one in told.spans if one.parent == span.id]
        assert {one.name for one in below} == {"part plan", "part statement"} and {one.trace for one in below} == {
            span.trace
        }


def test_a_caller_that_is_not_sampled_is_not_told_of(house: HttpHouse, traces: Traces, told: Collector) -> None:
    body = {"template": "small", "profile": small_template.profile_with(), "channels": ["statement"]}
    for header in (f"00-{CALLER[0]}-{CALLER[1]}-00", "00-zz-é-01"):
        sent = header.encode().decode("latin-1")
        house.call("POST", "/v1/requests", body, Idempotency_Key=f"quiet-{len(header)}", traceparent=sent)
    work(house, traces)
    traces.close(60)
    # The second header is none: that call and all below it are told of.
    assert [span.name for span in told.spans].count("part statement") == 1
    assert CALLER[0] not in {span.trace for span in told.spans}


def test_children_that_are_recycled_lose_no_span(tmp_path: Path, told: Collector) -> None:
    """One message for each child, and spans that would wait a minute if nothing else came: only its farewell tells."""
    patient = {"QUEUE_APP_TELL_S": "60", "OTEL_BSP_SCHEDULE_DELAY": "60000"}
    service = Service(tmp_path, **told.environment, QUEUE_APP_MESSAGES="1", **patient)
    try:
        run = service.submit([{"do": "it"}] * 3, channels=["statement"], priority=0)
        assert service.finished(run).done == 3
        told.until(lambda: len(told.named("part statement")) == 3)
        told.until(lambda: len(told.named("part plan")) == 3 and len(told.named("request")) == 3)
    finally:
        service.stop()
    assert {span.service for span in told.spans} == {"dearly-worker"}
    assert len({span.id for span in told.spans}) == 9
    assert PLANTED.encode() not in told.raw


@pytest.mark.parametrize("how", ["nobody", "silent"])
def test_a_collector_that_is_away_costs_nothing(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Nobody listens, or somebody who never answers: spans are made as fast as with nobody told, memory is bounded, and
    a process that ends does not wait."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if how == "silent":
            listener.listen(1)
        port = listener.getsockname()[1]
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "100")  # whoever waits for an answer waits so long
        traces = open_traces(Settings(tracing=True), "test")
        about = About("0" * 32, "small", lambda: Origin(run_id="0" * 32, created_ms=0, traceparent=None))
        begun = time.monotonic()
        for _ in range(5_000):
            traces.part(about, f"{'0' * 32}-statement", "digest", 1).end("done")
        assert time.monotonic() - begun < 60  # a third of a second on an idle machine
        time.sleep(1)
        begun = time.monotonic()
        traces.close(1)
        assert time.monotonic() - begun < 60
        vars(traces)["_exporter"].away = True  # it has been said: what is left says nothing in another test


def test_tracing_is_off_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    assert open_traces(Settings(), "api") is NO_TRACES
    code = "import sys, renderer.api.app, workers.app; assert 'opentelemetry.sdk' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
    monkeypatch.setitem(sys.modules, "renderer.otlp", None)
    with pytest.raises(EnvironmentFault) as caught:
        open_traces(Settings(tracing=True), "api")
    assert caught.value.code == "environment.library" and "requirements/otel.txt" in str(caught.value.hint)
