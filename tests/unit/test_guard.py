"""A render child can run, grow or crash as it likes: its parent goes on, and takes it along when it goes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from renderer.errors import ErrorList, Place, RenderError, TemplateError, TransientError
from renderer.guard import Guard

Report = Callable[..., None]
ROOT = Path(__file__).parents[2]


def double(number: int, report: Report) -> int:
    report(1, 2)
    report(2, 2)
    return number * 2


def who(report: Report) -> tuple[int, int]:
    return os.getpid(), os.getpgid(0)


def never_ends(report: Report) -> None:
    while True:
        pass


def reports_for_ever(report: Report) -> None:
    while True:
        report(1, 2)
        time.sleep(0.01)


def grows(report: Report) -> None:
    held = []
    while True:
        held.append(bytearray(20_000_000))


def aborts(report: Report) -> None:
    os.abort()


def leaves(report: Report) -> None:
    os._exit(7)


def fails(error: Exception, report: Report) -> None:
    raise error


class Unportable(Exception):
    def __init__(self, secret: str, other: object) -> None:
        super().__init__(secret)
        self.other = other


def fails_oddly(report: Report) -> None:
    raise Unportable("7731" + "-SECRET", lambda: None)


def gives_what_cannot_travel(report: Report) -> Any:
    return lambda: None


def prints(report: Report) -> None:
    os.write(1, b"noise of an engine")


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with Guard(memory=2**30) as made:
        yield made


def still_works(guard: Guard) -> bool:
    return bool(guard.call(double, 21) == 42)


def test_results_and_progress_come_back(guard: Guard) -> None:
    steps: list[tuple[int, int]] = []
    assert guard.call(double, 4, progress=lambda *step: steps.append(step)) == 8
    assert steps == [(1, 2), (2, 2)]


def test_one_child_serves_many_calls(guard: Guard) -> None:
    assert guard.call(who) == guard.call(who)
    assert guard.call(who)[0] != os.getpid()


@pytest.mark.parametrize("function", [never_ends, reports_for_ever])
def test_an_endless_loop_is_stopped(guard: Guard, function: Callable[..., None]) -> None:
    guard.call(double, 1)
    pid, _ = guard.call(who)
    with pytest.raises(RenderError) as caught:
        guard.call(function, seconds=0.4)
    assert caught.value.code == "render.limit"
    assert is_gone(pid) and still_works(guard)


def test_a_limit_shorter_than_the_childs_start_does_not_hang() -> None:
    with Guard() as fresh, pytest.raises(RenderError):
        fresh.call(never_ends, seconds=0.0)


def test_too_much_memory_is_refused(guard: Guard) -> None:
    with pytest.raises(RenderError) as caught:
        guard.call(grows)
    assert caught.value.code == "render.limit" and "memory" in caught.value.message
    assert still_works(guard)


@pytest.mark.parametrize("function", [aborts, leaves])
def test_a_crash_may_work_another_time(guard: Guard, function: Callable[..., None]) -> None:
    with pytest.raises(TransientError) as caught:
        guard.call(function)
    assert caught.value.code == "transient.child"
    assert still_works(guard)


@pytest.mark.parametrize(
    "error",
    [
        RenderError("render.overflow", "Too long.", place=Place(scene="opening", record=3), hint="Shorten it."),
        ErrorList(
            [TemplateError("template.value", "x", place=Place(file="a", line=1)), RenderError("render.glyph", "y")]
        ),
    ],
)
def test_errors_keep_all_they_say(guard: Guard, error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        guard.call(fails, error)
    assert str(caught.value) == str(error)
    assert still_works(guard)


def test_a_bug_shows_the_way_to_it(guard: Guard) -> None:
    with pytest.raises(KeyError) as caught:
        guard.call(fails, KeyError("x"))
    assert any("test_guard.py" in note for note in caught.value.__notes__)


def test_an_error_that_cannot_travel_says_only_its_name(guard: Guard) -> None:
    with pytest.raises(RuntimeError, match="Unportable in the render process") as caught:
        guard.call(fails_oddly)
    assert "7731-SECRET" not in str(caught.value) + "".join(caught.value.__notes__)
    with pytest.raises(Exception, match="pickle"):
        guard.call(gives_what_cannot_travel)
    assert still_works(guard)


def test_an_interrupted_call_does_not_answer_the_next(guard: Guard) -> None:
    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guard.call(double, 1, progress=interrupt)
    assert guard.call(double, 5) == 10


def test_what_a_child_prints_is_not_our_output(guard: Guard, capfd: pytest.CaptureFixture[str]) -> None:
    with Guard() as fresh:
        fresh.call(prints)
    out, err = capfd.readouterr()
    assert "noise" not in out and "noise" in err


def test_closing_ends_the_child() -> None:
    with Guard() as fresh:
        pid, _ = fresh.call(who)
    assert is_gone(pid)


def test_a_child_that_could_not_be_started_is_nothing_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    with Guard() as guard:
        with monkeypatch.context() as patched:
            patched.setattr("multiprocessing.context.SpawnProcess._Popen", full)
            for _ in range(2):
                with pytest.raises(OSError, match="temporarily"):
                    guard.call(double, 2)
                guard.interrupt()
        assert guard.call(double, 2) == 4


def test_a_child_at_work_dies_with_its_parent() -> None:
    script = (
        "import sys\nfrom renderer.guard import Guard\nfrom tests.unit.test_guard import never_ends, who\n"
        "guard = Guard()\nprint(guard.call(who)[0], flush=True)\nguard.call(never_ends)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        child = int(parent.stdout.readline())
        time.sleep(0.3)
        assert not is_gone(child, wait=0)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert is_gone(child)


def is_gone(pid: int, wait: float = 60) -> bool:
    """Whether a process has ended (or is a zombie that nobody has asked for)."""
    end = time.monotonic() + wait
    while True:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.02)
