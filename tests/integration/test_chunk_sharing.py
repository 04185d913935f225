"""Chunks between real processes: one encode, what a killed one leaves, a full disk, a child that dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from renderer.bootstrap import ShelfSource, build, recipient_use
from renderer.orders import Order
from renderer.plan.build import Planner
from renderer.profile.carry import to_text
from renderer.profile.load import read_one
from renderer.render.video.encode import EncodeProfile
from renderer.render.video.packing import unpack
from renderer.settings import Settings
from renderer.store.local import LocalStore
from tests import small_template

ROOT = Path(__file__).resolve().parents[2]
PROFILE = EncodeProfile(width=320, height=176, fps=Fraction(10))
FRAMES = 40
HOUR_MS = 3_600_000

PROCESS = """
import json, os, resource, signal, sys, time
from fractions import Fraction
from pathlib import Path
import numpy as np
from renderer.errors import DearlyError
from renderer.ledger.chunk_index import ChunkIndex
from renderer.ledger.database import Database
from renderer.render.video.chunks import ChunkWork
from renderer.render.video.encode import EncodeProfile
from renderer.render.video.keys import KeyBook
from renderer.shelf import Shelf
from renderer.store.local import LocalStore
from tests.unit.test_video_chunks import score_of

home, options = Path(sys.argv[1]), json.loads(sys.argv[2])
noise = np.random.default_rng(1).integers(16, 235, (40, 264, 320), np.uint8)

def source():
    if options.get("dies"):
        os.kill(os.getpid(), signal.SIGKILL)
    def frame_at(number):
        composed.append(number)
        while options.get("meets") and len(list(home.glob("begun-*"))) < options["meets"]:
            (home / f"begun-{os.getpid()}").touch()
            time.sleep(0.01)
        if number == options.get("stops_at"):
            print("stopped", flush=True)
            time.sleep(600)
        time.sleep(options.get("slow_s", 0))
        return noise[number]
    return frame_at

composed = []

def main():
    shelf = Shelf(
        ChunkIndex(Database(f"sqlite:///{home / 'ledger.sqlite'}")),
        LocalStore(home / "store"),
        b"k" * 32,
        lease_ms=options.get("lease_ms", 1500),
        audit_one_in=0,
    )
    profile = EncodeProfile(width=320, height=176, fps=Fraction(10))
    work = ChunkWork(
        book=KeyBook(score_of("Ada"), profile, shelf.secret), profile=profile, source=source, here=source,
        prepare=lambda runs: None, processes=lambda frames: options.get("processes", 1), progress=lambda done: None,
        shelf=shelf, use="ada",
    )
    if "most_bytes" in options:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (options["most_bytes"],) * 2)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        film = work.film()
    except DearlyError as error:
        print(json.dumps({"error": error.code}))
        return
    samples = b"".join(sample for chunk in film.chunks for sample in chunk)
    print(json.dumps({"composed": composed, "reused": film.reused, "samples": hash_of(samples)}))

def hash_of(data):
    import hashlib
    return hashlib.sha256(data).hexdigest()

if __name__ == "__main__":
    main()
"""


class Process:
    """One process that makes the film, once it is let go."""

    def __init__(self, folder: Path, **options: Any) -> None:
        script = folder / "process.py"
        script.write_text(PROCESS)
        self._process = subprocess.Popen(
            [sys.executable, str(script), str(folder), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.line())
        assert self._process.wait(60) == 0
        return found

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(60)

    def close(self) -> None:
        self._process.kill()
        self._process.wait(60)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def processes(folder: Path, *options: dict[str, Any]) -> Iterator[list[Process]]:
    """Processes that stand ready, all of them."""
    made = [Process(folder, **one) for one in options]
    try:
        for process in made:
            assert process.line() == "ready"
        yield made
    finally:
        for process in made:
            process.close()


def run(folder: Path, **options: Any) -> dict[str, Any]:
    with processes(folder, options) as (process,):
        process.go()
        return process.result()


def all_whole(folder: Path) -> int:
    """How many chunks are in the store; each must be one."""
    store, count = LocalStore(folder / "store"), 0
    for place in store.list("chunks"):
        with store.open(place) as file:
            unpack(file.read(), place.rpartition("/")[2], PROFILE)
        count += 1
    return count


def test_the_command_and_the_workers_share_and_a_person_can_be_forgotten(tmp_path: Path, small: Planner) -> None:
    """`dearly render` for two people, then a worker's engine for the first; the small film's scenes all say a name."""
    folder, settings = small_template.write(tmp_path / "template"), Settings(home=tmp_path / "home")
    records = {
        name: small_template.profile_with(customer__name=name, customer__id=f"C-{name}") for name in ("Ada", "Bo")
    }

    def rendered(name: str) -> dict[str, Any]:
        profile = tmp_path / f"{name}.json"
        profile.write_text(json.dumps(records[name]))
        command = ("render", folder, "--profile", profile, "--channel", "video", "--out", tmp_path / name, "--json")
        done = subprocess.run(
            [sys.executable, "-m", "renderer.cli.main", *map(str, command)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "DEARLY_HOME": str(settings.home)},
            capture_output=True,
            text=True,
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    ada, bo = rendered("Ada"), rendered("Bo")
    assert ada["chunks"] > ada["chunks_reused"] and bo["frames_encoded"] > 0
    services = build(settings)
    release = small.template.release
    order = Order(profile=to_text(read_one(tmp_path / "Ada.json", small.template.contract)))
    plan = services.engine.plan(release, order)
    again = services.engine.render(
        release, plan, "video", tmp_path / "worker", (), lambda step, steps: None, "a-part-video"
    )
    assert again.figures["chunks_reused"] == again.figures["chunks"] == ada["chunks"]
    assert again.figures["frames_encoded"] == 0
    film = again.of("mp4")
    assert film is not None
    assert (tmp_path / "worker" / film.path).read_bytes() == (tmp_path / "Ada" / film.path).read_bytes()

    shelf = ShelfSource(settings)()
    kept = sum(1 for _ in services.store.list("chunks"))
    assert shelf.release(recipient_use(settings, "C-Ada")) == 0  # the part has them too
    gone = shelf.release("a-part-video")
    assert gone > 0 and sum(1 for _ in services.store.list("chunks")) == kept - gone
    assert rendered("Bo")["frames_encoded"] == 0 < rendered("Ada")["frames_encoded"]


@pytest.mark.chaos
def test_two_processes_on_one_film_encode_each_chunk_once(tmp_path: Path) -> None:
    meeting = {"meets": 2, "slow_s": 0.02, "lease_ms": HOUR_MS}  # each has begun before one goes on
    with processes(tmp_path, meeting, meeting) as both:
        for process in both:
            process.go()
        one, other = (process.result() for process in both)
    assert sorted([*one["composed"], *other["composed"]]) == list(range(FRAMES))
    assert one["composed"] and other["composed"]
    assert one["samples"] == other["samples"] == run(tmp_path)["samples"]


@pytest.mark.chaos
def test_what_a_killed_process_was_at_is_done_by_the_next(tmp_path: Path) -> None:
    with processes(tmp_path, {"stops_at": 10}) as (dying,):
        dying.go()
        assert dying.line() == "stopped"
        dying.kill()
    kept = all_whole(tmp_path)
    heir = run(tmp_path)
    assert 0 < kept < all_whole(tmp_path) and heir["reused"] == kept
    assert 10 in heir["composed"] and len(heir["composed"]) < FRAMES
    assert run(tmp_path) == {"composed": [], "reused": all_whole(tmp_path), "samples": heir["samples"]}


@pytest.mark.chaos
def test_a_full_disk_is_a_clear_error_and_nothing_half_is_left(tmp_path: Path) -> None:
    assert run(tmp_path, most_bytes=500_000, lease_ms=HOUR_MS) == {"error": "environment.disk"}
    all_whole(tmp_path)
    later = run(tmp_path)  # the leases were given up, or this would last an hour
    assert sorted(later["composed"])[-1] == FRAMES - 1
    assert all_whole(tmp_path) == 4


@pytest.mark.chaos
def test_a_child_that_dies_is_a_transient_error_and_leaves_no_lease(tmp_path: Path) -> None:
    assert run(tmp_path, processes=2, dies=True, lease_ms=HOUR_MS) == {"error": "transient.child"}
    assert len(run(tmp_path)["composed"]) == FRAMES
