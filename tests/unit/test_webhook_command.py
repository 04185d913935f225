"""``dearly webhook``: secrets are shown once, endpoints can be followed by their ids, and what is wrong with one is
told by status and metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from renderer.bootstrap import Services, build
from renderer.cli import webhook as webhook_command
from renderer.cli.webhook_tables import parse_since, readable
from renderer.errors import UsageError
from renderer.ledger.deliveries import Tried
from renderer.ledger.health import Health
from renderer.ledger.model import wall_clock
from renderer.ledger.tables import webhook_endpoints
from renderer.operations.metrics import LedgerCollector
from renderer.operations.status import as_json, look
from renderer.settings import Settings
from tests.receivers import LOOPBACK, receiver

DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEARLY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DEARLY_WEBHOOK_ALLOW", LOOPBACK)
    for name in ("DATABASE_URL", "BROKER_URL"):
        monkeypatch.delenv(f"DEARLY_{name}", raising=False)
    webhook_command.register()


def run(*arguments: str, code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(webhook_command.app, [*arguments, "--json"])
    assert done.exit_code == code, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def said(*arguments: str) -> str:
    done = CliRunner().invoke(webhook_command.app, [*arguments])
    assert done.exit_code == 0, done.output
    return done.output


def happen(services: Services, count: int = 1) -> None:
    for _ in range(count):
        services.intake.cancel_run(services.intake.open_run("demo"))


def fail(services: Services, code: str = "webhook.answer", *, gone: bool = False) -> None:
    """A courier's attempt at all that waits, without another to come."""
    services.deliveries.fan_out()
    for load in services.deliveries.take("test", 60_000, dict.fromkeys(services.deliveries.due(), 100)):
        tried = [
            Tried(
                delivery=one,
                endpoint_id=load.endpoint.id,
                at_ms=wall_clock(),
                took_ms=3,
                status=500,
                code=code,
                again_ms=None,
            )
            for one in load.deliveries
        ]
        services.deliveries.settle(tried, {load.endpoint.id: Health(through=False, gone=gone)})


def rest(services: Services, until_ms: int | None) -> None:
    with services.database.writing() as connection:
        connection.execute(update(webhook_endpoints).values(rests_ms=until_ms))


def test_the_life_of_an_endpoint() -> None:
    with receiver() as there:
        made = run("add", there.url(), "--topic", "run.complete", "--template", "energy-bill", "--name", "crm")
        assert made["secret"].startswith("whsec_")
        assert (made["name"], made["topics"], made["templates"]) == ("crm", ["run.complete"], ["energy-bill"])
        (listed,) = run("list")["endpoints"]
        assert "secret" not in listed and (listed["state"], listed["waiting"]) == ("active", 0)
        tested = run("test", made["id"])
        assert (tested["delivered"], tested["status"], tested["said"]) == (True, 200, "there")
        (got,) = there.got
        assert got.verified(made["secret"])["type"] == "test.ping"
        again = run("rotate", made["id"], "--overlap-hours", "1")
        assert again["id"] == made["id"] and again["secret"] != made["secret"]
        run("test", made["id"])
        for secret in (made["secret"], again["secret"]):
            there.got[1].verified(secret)
        there.answers["/ok"] = "302 Found\r\nlocation: /other"
        assert run("test", made["id"], code=1)["code"] == "webhook.redirect"
    assert run("test", made["id"], code=1)["code"] == "webhook.connect"
    assert run("pause", made["id"])["state"] == "paused"
    assert run("resume", made["id"])["state"] == "active"
    assert run("remove", made["id"])["state"] == "removed"
    assert run("list")["endpoints"] == []
    for command in ("test", "rotate", "pause", "resume", "remove", "log"):
        assert run(command, made["id"], code=2)["errors"][0]["code"] == "webhook.endpoint"


def test_people_are_told_too() -> None:
    with receiver() as there:
        shown = CliRunner().invoke(webhook_command.app, ["add", there.url()])
        assert shown.stdout.startswith("whsec_") and "not shown again" in shown.stderr
        (endpoint,) = run("list")["endpoints"]
        services = build(Settings())
        happen(services, 2)
        fail(services)
        services.database.close()
        assert "Nobody" not in said("list") and "got through" in said("test", endpoint["id"])
        log = said("log", endpoint["id"])
        assert "run.cancelled" in log and "webhook.answer" in log and "failed" in log
        assert "2 are sent again" in said("resend", "--endpoint", endpoint["id"])
        assert "told again" in said("resume", endpoint["id"])


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("webhook.address", ("http://10.0.0.1/",)),
        ("webhook.address", ("https://10.0.0.1/",)),
        ("webhook.address", ("https://user@crm.example/",)),
        ("usage.argument", ("https://127.0.0.1:8443/", "--topic", "run.over")),
        ("usage.argument", ("https://127.0.0.1:8443/", "--template", "../x")),
        ("usage.argument", ("https://127.0.0.1:8443/", "--name", "a\nb")),
    ],
)
def test_endpoints_that_cannot_be_made(code: str, arguments: tuple[str, ...]) -> None:
    assert run("add", *arguments, code=2)["errors"][0]["code"] == code
    assert run("list")["endpoints"] == []


def test_the_log_and_what_is_sent_again() -> None:
    made = run("add", "https://127.0.0.1:8443/")
    services = build(Settings())
    happen(services, 3)
    fail(services)
    found = run("log", made["id"], "--failed")["deliveries"]
    assert len(found) == 3 and {one["state"] for one in found} == {"failed"}
    assert found[0]["attempts"][0]["code"] == "webhook.answer" and found[0]["type"] == "run.cancelled"
    assert run("resend", found[0]["webhook_id"])["resent"] == 1
    assert run("resend", str(found[1]["delivery"]))["resent"] == 1
    assert run("resend", "--endpoint", made["id"], "--since", "1h")["resent"] == 1
    assert run("log", made["id"], "--failed")["deliveries"] == []
    for wrong in ((), ("1", "--endpoint", made["id"]), ("--endpoint", made["id"], "--since", "soon")):
        assert run("resend", *wrong, code=2)["errors"][0]["code"] == "usage.argument"
    assert run("resend", "run-no", code=2)["errors"][0]["code"] == "webhook.endpoint"
    services.database.close()


def test_what_is_wrong_is_told_by_status_and_metrics() -> None:
    made = run("add", "https://127.0.0.1:8443/", "--name", "crm")
    services = build(Settings())
    settings, now = services.settings, wall_clock()

    def needs(later_ms: int = 0, *, service: bool = True) -> list[str]:
        return [need.code for need in look(settings, service, lambda: now + later_ms).needs if need.code != "broker"]

    def metrics() -> dict[tuple[str, ...], float]:
        collector = LedgerCollector(settings, lambda: services.database, lambda: now + 700_000)
        return {
            (sample.name, *sample.labels.values()): sample.value
            for one in collector.collect()
            for sample in one.samples
        }

    assert needs() == [] and metrics()["dearly_webhook_oldest_seconds",] == 0
    happen(services, 2)
    assert needs() == [] and needs(700_000) == ["courier"]  # nobody has even taken it up
    assert 690 < metrics()["dearly_webhook_oldest_seconds",] < 710
    services.deliveries.fan_out()
    assert needs() == [] and needs(700_000) == ["courier"] and needs(700_000, service=False) == []
    rest(services, now + 4_000_000)  # its receiver takes some, and has asked for a rest
    assert needs(700_000) == [] and needs(4_500_000) == ["courier"]
    rest(services, None)
    found = metrics()
    assert (found["dearly_webhook_waiting",], found["dearly_webhook_endpoints", "active"]) == (2, 1)
    assert 690 < found["dearly_webhook_oldest_seconds",] < 710
    fail(services)
    found = metrics()
    assert found["dearly_webhook_attempts_total", "answer"] == 2 and found["dearly_webhook_waiting",] == 0
    assert found["dearly_webhook_endpoints_failing",] == 1
    assert needs() == [] and needs(4_000_000) == ["webhook"]
    happen(services)
    rest(services, None)
    fail(services, "webhook.gone", gone=True)
    status = look(settings, True, lambda: now)
    (need,) = [need for need in status.needs if need.code != "broker"]
    assert "'crm' is disabled" in need.text and made["id"] in need.hint
    assert as_json(status)["webhooks"][0]["why"] == "webhook.gone"
    assert metrics()["dearly_webhook_endpoints", "disabled"] == 1
    services.database.close()


def test_times_and_answers_as_people_write_them() -> None:
    assert parse_since("6h", DAY_MS) == DAY_MS - 6 * 3_600_000 and parse_since("2d", 3 * DAY_MS) == DAY_MS
    assert parse_since("1970-01-02", 0) == DAY_MS
    for wrong in ("", "6", "6m", "-1d", "1970-1-2", "99999d"):
        with pytest.raises(UsageError):
            parse_since(wrong, 0)
    assert readable(b"ok\x1b[2Jgone\xff") == "ok�[2Jgone�" and len(readable(b"x" * 9999)) == 300
