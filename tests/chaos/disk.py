"""A small real file system that can be filled and freed; where mounting one is not allowed, a limit on the size of the
files that a service's processes write."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.house import House
from tests.chaos.processes import kind_of

BLOCKS = (1 << 20, 1 << 14, 1 << 12, 1)
_LEAST = 1024


class Disk:
    """A file system at ``root``, full while the block of :meth:`full` runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._ballast = root / ".ballast"

    @contextmanager
    def full(self, _house: House) -> Iterator[Callable[[], None]]:
        """Full, to the last byte. What the block is given fills what was freed meanwhile; call it often."""
        with self._ballast.open("ab", buffering=0) as file:

            def fill() -> None:
                for size in BLOCKS:
                    while True:
                        try:
                            if file.write(b"\0" * size) < size:
                                break
                        except OSError:
                            break

            fill()
            try:
                yield fill
            finally:
                self._ballast.unlink()


class Limited(Disk):
    """Processes that may write only small files."""

    @contextmanager
    def full(self, house: House) -> Iterator[Callable[[], None]]:
        def limit(most: int) -> None:
            family = house.look()
            for process in family:
                if kind_of(process, family) != "broker" and process.alive():
                    hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, hard))

        limit(_LEAST)
        try:
            yield lambda: limit(_LEAST)
        finally:
            limit(resource.RLIM_INFINITY)


@contextmanager
def small(root: Path, mebibytes: int) -> Iterator[Disk]:
    """A small disk at ``root``, gone after the block."""
    root.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0700", "dearly-chaos", str(root)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        yield Limited(root)
        return
    try:
        yield Disk(root)
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=True, capture_output=True)


def keep(fill: Callable[[], None], seconds: float) -> None:
    """Keep a disk full for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        fill()
        time.sleep(0.05)


def stands(fill: Callable[[], None], done: Callable[[], int], seconds: float) -> bool:
    """Whether nothing was done for so long on a full disk. Files and pages that have room still take a little after
    the first refusal; then nothing has."""
    before = done()
    keep(fill, seconds)
    return done() == before
