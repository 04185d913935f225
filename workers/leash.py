"""Who is alive, and who dies with whom.

A lease names its owner as *node:pid:start*, so that a supervisor on the same machine sees at once that an owner is
dead, and a new process with an old number is not taken for it. On another machine only the lease's end tells.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from renderer.guard import die_with_parent

__all__ = ["die_with_parent", "is_dead", "sweep_old", "sweep_work", "this_owner"]

ELSEWHERE_S = 3600.0
"""No message is at work for so long (workers/lanes.py)."""

_OWNED = re.compile(r"([0-9a-f]{12})-(\d+)-(\d+|-)(?:-|$)")

_names: dict[int, str] = {}  # this process's name by its id: each part asks for it


def this_owner() -> str:
    """The name under which this process takes leases."""
    pid = os.getpid()
    if pid not in _names:
        _names.clear()  # a parent's
        _names[pid] = f"{_node()}:{pid}:{_started(pid)}"
    return _names[pid]


def is_dead(owner: str) -> bool:
    """Whether an owner of this machine has ended; False when it lives, or when that cannot be known from here."""
    node, _, rest = owner.partition(":")
    pid, _, started = rest.partition(":")
    if node != _node() or not pid.isdecimal():
        return False
    return _started(int(pid)) != started


def owned_prefix() -> str:
    """How a name in the work folder begins that is this process's: by it :func:`sweep_work` knows whose it was."""
    return f"{this_owner().replace(':', '-')}-"


def sweep_work(folder: Path) -> None:
    """Remove what processes that are dead have left in ``folder``: files of parts that were at work.

    Of owners from before this machine was started, or from another container, nobody can tell whether they are dead.
    What they have left goes when it is old; one that lives and sweeps keeps its own young.
    """
    try:
        left = list(folder.iterdir())
    except OSError:
        return
    before = time.time() - ELSEWHERE_S
    for path in left:
        found = _OWNED.match(path.name)
        if found is None:
            continue
        owner = ":".join(found.groups())
        with suppress(OSError):
            if owner == this_owner():
                os.utime(path)
            elif is_dead(owner) or (found[1] != _node() and path.stat().st_mtime < before):
                shutil.rmtree(path, ignore_errors=True)


def sweep_old(folder: Path, older_s: float = 3600.0) -> None:
    """Remove files in ``folder`` that nobody has written to for so long: what puts into the store left when their
    process was killed."""
    before = time.time() - older_s
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()


@cache
def _node() -> str:
    """This machine since it was started, and this container's numbering of processes."""
    known = [socket.gethostname()]
    with suppress(OSError):
        known += [Path("/proc/sys/kernel/random/boot_id").read_text(), os.readlink("/proc/self/ns/pid")]
    return hashlib.blake2b("\n".join(known).encode(), digest_size=6).hexdigest()


def _started(pid: int) -> str:
    """When a process began (clock ticks since boot), ``-`` where the system does not say, empty when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return ""
    except (OSError, IndexError):
        return "-"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass
    return "-"
