"""A long-lived child process in which templates are rendered, so that no template can run, grow or write for ever.

A layout engine is native code: an exception cannot interrupt it, but its process can be ended. Inside a Celery worker
the prefork child plays this part; commands that work in this process use one :class:`Guard`.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import pickle
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from functools import cache
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Literal, Self

from renderer.errors import DearlyError, RenderError, TransientError

GIB = 2**30
_PR_SET_PDEATHSIG = 1
SECONDS = 600.0
MEMORY = 12 * GIB
"""Address space of the child. Films map their prepared footage, a gigabyte and more, so this is far above what is
used."""


class Guard:
    """Runs functions in one spawned child, one at a time. A context manager; starting costs about half a second,
    once."""

    def __init__(self, *, memory: int = MEMORY) -> None:
        self._memory = memory
        self._process: Any = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        seconds: float = SECONDS,
        progress: Callable[..., None] | None = None,
    ) -> Any:
        """``function(*arguments, report)`` in the child; what it passes to ``report`` comes to ``progress`` here.

        Its error is raised here. Raises RenderError ``render.limit`` when it takes longer than ``seconds`` or more
        memory than the guard allows, and TransientError when the child dies of something else.
        """
        pipe = self._start()
        deadline = time.monotonic() + seconds
        try:
            pipe.send((function, arguments))
            kind, value = self._answer(pipe, deadline, progress)
        except (EOFError, ConnectionError):
            code = self._kill()
            raise TransientError("transient.child", f"The render process ended unexpectedly (status {code}).") from None
        except BaseException:
            # An interrupt, or a fault of `progress`: what comes back now must not answer the next call.
            self._kill()
            raise
        if kind == "late":
            self._kill()
            raise RenderError(
                "render.limit",
                f"Rendering took longer than {seconds:g} seconds and was stopped.",
                hint="Look for a loop over a large list, or content that makes pages without end.",
            )
        if kind == "error":
            raise value
        return value

    def _answer(
        self, pipe: Connection, deadline: float, progress: Callable[..., None] | None
    ) -> tuple[Literal["late", "error", "done"], Any]:
        while pipe.poll(max(0.0, deadline - time.monotonic())):
            kind, value = pipe.recv()
            if kind != "progress":
                return kind, value
            if progress is not None:
                progress(*value)
        return "late", None

    def close(self) -> None:
        """End the child."""
        if self._process is not None:
            self._kill()

    def interrupt(self) -> None:
        """End the child from another thread. A call under way raises TransientError; the next one starts a new
        child."""
        process = self._process
        if process is not None and process.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def _start(self) -> Connection:
        if self._pipe is None or not self._process.is_alive():
            self.close()
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            arguments = (theirs, self._memory, os.getpid())
            self._process = context.Process(target=_serve, args=arguments, name="dearly-render")
            try:
                self._process.start()
            finally:
                theirs.close()
        return self._pipe

    def _kill(self) -> int | None:
        code: int | None = None
        if self._process.pid is not None:  # it was started
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)  # its own children go with it
            self._process.kill()  # before it leads a group of its own
            self._process.join()
            code = self._process.exitcode
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None
        return code


def die_with_parent(parent: int, with_signal: int = signal.SIGKILL) -> None:
    """Have the kernel send this process ``with_signal`` when the thread that started it ends (on Linux only).

    ``parent`` is the process that should be our parent: if it ended before this call, the signal is sent at once. Safe
    between fork and exec, and kept over exec.
    """
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), with_signal)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _serve(pipe: Connection, memory: int, parent: int) -> None:
    """The child's life: calls in, results out, until the parent is gone."""
    die_with_parent(parent)
    with contextlib.suppress(PermissionError):
        os.setsid()
    os.dup2(2, 1)  # what an engine prints must not get into the command's own output
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (memory if hard == resource.RLIM_INFINITY else min(memory, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the recipient's data
    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(_done(pipe, function, arguments))


def _done(pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[str, Any]:
    """("done", result) or ("error", what was raised), sure to cross the border."""
    try:
        result = function(*arguments, lambda *step: pipe.send(("progress", step)))
        pickle.dumps(result)
        return "done", result
    except MemoryError:
        pass  # what filled the memory is only free once this handler is left
    except Exception as error:
        return "error", _portable(error)
    return "error", RenderError("render.limit", "Rendering needed more memory than it may use.")


def _portable(error: Exception) -> Exception:
    """``error`` with the way to it as a note, since a traceback does not cross a process border; or one that says as
    much as may be said of an error that cannot cross either."""
    if isinstance(error, DearlyError):
        return error
    error.add_note("In the render process:\n" + "".join(traceback.format_tb(error.__traceback__)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        named = RuntimeError(f"{type(error).__name__} in the render process")
        named.__notes__ = error.__notes__
        return named
    return error
