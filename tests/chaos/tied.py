"""Runs a module as ``python -m`` does, in a process that the kernel ends with the test: ``python -m tests.chaos.tied
PARENT MODULE ARGUMENTS…``. Whatever becomes of the test, no service of it is left."""

from __future__ import annotations

import runpy
import signal
import sys

from renderer.guard import die_with_parent

if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]), signal.SIGKILL)
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
