"""`dearly batch` as people and cron use it: real processes, a real service, the small template's statements."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from renderer.bootstrap import Services, build
from renderer.settings import Settings
from tests.pauses import pause, unpause
from tests.small_template import drawable, profile_with, write
from workers.start import is_running

ROOT = Path(__file__).resolve().parents[2]
PLANTED = "Zwölfbein-Quastenflosser"

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def person(number: int, **changes: Any) -> dict[str, Any]:
    return profile_with(customer__id=f"{PLANTED}-{number}", customer__name=f"{PLANTED} {number}", **changes)


def csv_row(number: int, total: object = 66.9) -> str:
    lines = '"[{""code"": ""fee"", ""amount"": 1}]"'
    return f"C-{number},{PLANTED},x,2026-11-09,en,{total},EUR,2026-11-30,{lines},2,3"


CSV_HEAD = (
    "customer.id,customer.name,customer.code,as_of,locale,bill.total,bill.currency,bill.due,bill.lines,usage.kwh,"
    "usage.days"
)


class House:
    """A home with a template, and `dearly` in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.template = str(write(folder / "template", drawable({})))
        self.settings = Settings(home=self.home, broker_url="", database_url="")
        self.said = ""

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DEARLY_HOME": str(self.home), "DEARLY_CHILDREN": "1", "PYTHONPATH": str(ROOT)}

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "renderer.cli.main", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "renderer.cli.main", *arguments],
            env=self.environment,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        self.said += done.stdout + done.stderr
        return done

    def batch(self, *arguments: str, code: int = 0, given: str | None = None) -> dict[str, Any]:
        done = self.run("batch", *arguments, "--json", given=given)
        assert done.returncode == code, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def file(self, records: Sequence[Any], name: str = "people.jsonl") -> str:
        path = self.folder / name
        path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in records), "utf-8")
        return str(path)

    def start(self, profiles: str, *arguments: str, code: int = 0, given: str | None = None) -> dict[str, Any]:
        return self.batch(
            "start", self.template, "--profiles", profiles, "--channel", "statement", *arguments, code=code, given=given
        )

    def services(self) -> Services:
        return build(self.settings)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """With a service in the foreground, as an operator runs it."""
    made = House(tmp_path_factory.mktemp("house"))
    service = made.begin("worker")
    until = time.monotonic() + 120
    while not is_running(made.settings):
        assert service.poll() is None and time.monotonic() < until
        time.sleep(0.1)
    yield made
    service.send_signal(signal.SIGTERM)
    out, err = service.communicate(timeout=120)
    assert service.returncode == 0 and "Stopped in order." in err, err
    assert out == "" and PLANTED not in err
    assert not is_running(made.settings)


def counts(found: dict[str, Any]) -> dict[str, int]:
    names = ("input", "done", "failed", "suppressed", "set_aside", "cancelled")
    return {name: found["counts"][name] for name in names if found["counts"][name]}


MESSY: list[Any] = [
    person(1),
    '{"customer": {"name": "' + PLANTED,
    person(2, customer__code=None),
    person(3, bill__total=PLANTED),
    person(1, bill__total=5),
    person(4, bill__currency="GBP", bill__total=0.1),
    person(5, bill__total=0),
    person(6, locale="fr", bill__total=100),
    person(7, bill__total=-3.25),
]


def test_a_messy_file_is_accounted_for_mended_and_sent_again(house: House) -> None:
    found = house.start(house.file(MESSY), code=1)
    assert counts(found) == {"input": 9, "done": 3, "failed": 1, "suppressed": 1, "set_aside": 4}
    assert found["state"] == "complete" and found["why"] == []
    assert found["totals"]["total"] == {
        "EUR": {"in": "235.55", "done": "63.65", "suppressed": "0", "failed": "100", "set_aside": "71.9"},
        "GBP": {"in": "0.1", "done": "0.1"},
    }
    assert found["unread"] == {"total": {"in": 2, "set_aside": 2}}

    aside = house.folder / "aside.jsonl"
    assert house.batch("set-aside", found["run"][:25], "--out", str(aside))["records"] == 4
    assert aside.stat().st_mode & 0o077 == 0
    house.batch("set-aside", found["run"], "--out", str(aside), code=2)  # it is there already
    lines = aside.read_text("utf-8").splitlines()
    notes = [json.loads(line)["_set_aside"] for line in lines[1:]]
    assert [(note["record"], note["line"], note["code"], note["field"]) for note in notes] == [
        (3, 3, "profile.missing", "customer.code"),
        (4, 4, "profile.kind", "bill.total"),
        (5, 5, "profile.duplicate", "customer.id"),
    ]
    assert lines[0].startswith('{"_set_aside": {"record": 2, "line": 2, "code": "usage.format"')
    # Somebody mends two, and leaves the others.
    mended = [json.loads(line) for line in lines[1:]]
    mended[0]["customer"]["code"] = "x"
    mended[1]["bill"]["total"] = 30
    again = house.start(house.file([lines[0], *mended], "mended.jsonl"), "--continues", found["run"], code=1)
    assert counts(again) == {"input": 4, "done": 2, "set_aside": 2}
    # The same file once more: all of them are known now, but for the one that nobody mended.
    third = house.start(house.file(mended, "mended2.jsonl"), "--continues", again["run"])
    assert counts(third) == {"input": 3, "set_aside": 3}
    # The whole file, mended: whoever failed comes again, nobody else is doubled.
    whole = [one for one in MESSY if not isinstance(one, str)]
    whole[1]["customer"]["code"], whole[2]["bill"]["total"], whole[6]["locale"] = "x", 30, "en"
    last = house.start(house.file([*whole, person(99)], "whole.jsonl"), "--continues", "latest")
    assert counts(last) == {"input": 9, "done": 2, "set_aside": 7}


def test_an_intake_that_is_killed_is_taken_up(house: House) -> None:
    people = house.file([person(number % 1450) if number % 7 else "{" for number in range(1, 1501)], "many.jsonl")
    command = ["start", house.template, "--profiles", people, "--key", "killed", "--hold-after", "0"]
    chance = random.Random(11)
    for _ in range(3):
        process = house.begin("batch", *command)
        assert process.stderr is not None and "Run" in process.stderr.readline()
        time.sleep(chance.uniform(0.05, 0.6))
        process.kill()
        house.said += "".join(process.communicate())
    found = house.batch(*command, code=1)
    assert found["counts"]["input"] == 1500
    # 1,450 different recipients and every seventh line broken, less those whose second record is a good one.
    broken = sum(number % 7 == 0 for number in range(1, 1501))
    recipients = {number % 1450 for number in range(1, 1501) if number % 7}
    assert found["counts"]["held"] == len(recipients)
    assert found["counts"]["set_aside"] == 1500 - len(recipients) >= broken
    assert house.batch(*command, code=1)["run"] == found["run"]  # the same file with the same key
    cancelled = house.batch("cancel", found["run"])
    assert counts(cancelled) == {
        "input": 1500,
        "set_aside": 1500 - len(recipients),
        "cancelled": len(recipients),
    }
    assert cancelled["state"] == "cancelled" and cancelled["why"] == []
    other = house.run("batch", *command[:3], house.file([person(1)], "other.jsonl"), *command[4:], "--json")
    assert other.returncode == 2 and json.loads(other.stdout)["errors"][0]["code"] == "usage.run"


def test_standard_input_and_csv(house: House) -> None:
    given = "".join(json.dumps(person(number)) + "\n" for number in range(3))
    found = house.start("-", "--format", "jsonl", given=given)
    assert counts(found) == {"input": 3, "done": 3}

    text = "\n".join([CSV_HEAD, csv_row(1), csv_row(2, "many"), "too,short", csv_row(1), csv_row(3)])
    found = house.start("-", "--format", "csv", given=text, code=1)
    assert counts(found) == {"input": 5, "done": 2, "set_aside": 3}
    aside = house.folder / "aside.csv"
    house.batch("set-aside", "latest", "--out", str(aside))
    head, first, *_ = aside.read_text("utf-8").splitlines()
    assert head == "_set_aside.record,_set_aside.line,_set_aside.field,_set_aside.code,_set_aside.message," + CSV_HEAD
    assert first.startswith("2,3,bill.total,profile.kind,")
    mended = aside.read_text("utf-8").replace("many", "12.5")
    (house.folder / "mended.csv").write_text(mended, "utf-8")
    found = house.start(str(house.folder / "mended.csv"), "--continues", "latest", code=1)
    assert counts(found) == {"input": 3, "done": 1, "set_aside": 2}


def test_the_rest_waits_until_it_is_approved(house: House) -> None:
    people = house.file([person(number) for number in range(5)])
    found = house.start(people, "--hold-after", "2")
    assert counts(found) == {"input": 5, "done": 2} and found["counts"]["held"] == 3
    assert found["waits"][0]["for"] == "approval"
    assert counts(house.batch("approve", "latest")) == {"input": 5, "done": 5}
    assert house.batch("approve", "latest")["state"] == "complete"


def test_a_sample_is_a_run_of_its_own(house: House) -> None:
    people = house.file([person(number) for number in range(40)])
    assert counts(house.start(people, "--sample", "2")) == {"input": 2, "done": 2}


def test_a_retry_settles_again(house: House) -> None:
    found = house.start(house.file([person(1, locale="fr"), person(2)]), code=1)
    assert house.batch("retry", "latest", code=2)["errors"][0]["code"] == "usage.argument"
    again = house.batch("retry", "latest", "--failed", code=1)
    assert again["run"] == found["run"] and counts(again) == {"input": 2, "done": 1, "failed": 1}


def test_a_file_that_is_torn_leaves_the_run_open(house: House) -> None:
    people = Path(house.file([person(1), person(2)]))
    good = people.read_bytes()
    people.write_bytes(good + b'{"customer": "\xff"}\n')
    done = house.run("batch", "start", house.template, "--profiles", str(people), "--channel", "statement")
    assert done.returncode == 2 and "dearly batch resume" in done.stderr and "stays open" in done.stderr
    assert house.batch("resume", "latest", code=2)["errors"][0]["code"] == "usage.argument"
    people.write_bytes(good)
    assert counts(house.batch("resume", "latest", "--profiles", str(people))) == {"input": 2, "done": 2}


def test_words_for_people_say_what_to_do_next(house: House) -> None:
    people = house.file([person(1), "{"])
    done = house.run("batch", "start", house.template, "--profiles", people, "--channel", "statement")
    assert done.returncode == 1
    assert "1 done" in done.stdout and "1 set aside" in done.stdout
    assert "dearly batch set-aside" in done.stderr


def test_nothing_personal_is_said_or_kept_in_clear(house: House) -> None:
    """Looks at what the tests before this one have left: run alone it makes a run first."""
    if not house.said:
        house.start(house.file(MESSY), code=1)
    assert PLANTED not in house.said
    for path in house.home.rglob("*"):
        if path.is_file() and "store" not in path.relative_to(house.home).parts:
            data = path.read_bytes()
            assert PLANTED.encode() not in data and json.dumps(PLANTED)[1:-1].encode() not in data, path.name


@pytest.mark.slow
def test_the_page_does_what_it_says(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/batch.md").read_text("utf-8")
    monkeypatch.chdir(house.folder)
    lines = [line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 6
    for line in lines:
        words = shlex.split(line.replace("--count 20", "--count 4"))
        assert words[0] == "dearly"
        done = house.run(*words[1:])
        assert done.returncode == (1 if "--profiles people.jsonl" in line else 0), done.stdout + done.stderr
        if words[1] == "sample":  # as the page supposes, something is wrong with one of them
            people = Path("people.jsonl").read_text("utf-8")
            Path("people.jsonl").write_text(people.replace('"currency": "EUR"', '"currency": 978', 1), "utf-8")
        if words[2] == "set-aside":
            mend = Path("mend.jsonl").read_text("utf-8")
            assert mend.count("\n") == 1 and '"_set_aside"' in mend
            Path("mend.jsonl").write_text(mend.replace('"currency": 978', '"currency": "EUR"'), "utf-8")
    found = house.batch("resume", "latest")
    assert counts(found)["input"] == 1 and not found["counts"]["set_aside"]
    (shown,) = re.findall(r"<!-- json: start -->\n```json\n(.*?)```", page, re.DOTALL)
    assert set(found) == set(json.loads(shown)) and set(found["counts"]) == set(json.loads(shown)["counts"])


# ---------------------------------------------------------------- without a service


def test_a_detached_run_is_made_by_a_service_that_ends_by_itself(tmp_path: Path) -> None:
    house = House(tmp_path)
    found = house.start(house.file([person(1), person(2)]), "--detach")
    assert found["counts"]["input"] == 2
    services = house.services()
    until = time.monotonic() + 150
    while not services.batches.run(found["run"]).settled:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert services.batches.run(found["run"]).state == "complete"
    while is_running(house.settings):
        assert time.monotonic() < until
        time.sleep(0.2)
    assert counts(house.batch("resume", found["run"])) == {"input": 2, "done": 2}
    assert not is_running(house.settings)  # nothing was left to do, so none was started


def test_an_interrupt_leaves_the_run_and_stops_our_service(tmp_path: Path) -> None:
    house = House(tmp_path)
    people = house.file([person(number) for number in range(12)])
    database = house.services().database
    pause(database, "statement")  # else all may be done before the interrupt comes
    process = house.begin("batch", "start", house.template, "--profiles", people, "--channel", "statement")
    assert process.stderr is not None
    while "Read 12 records" not in (line := process.stderr.readline()):
        assert line
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130 and "dearly batch resume" in err
    assert not is_running(house.settings)
    unpause(database)
    database.close()
    assert counts(house.batch("resume", "latest")) == {"input": 12, "done": 12}
    assert not is_running(house.settings)
