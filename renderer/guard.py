"""A long-lived child process in which templates are rendered, so that no template can run, grow or write for ever.

A layout engine is native code: an exception cannot interrupt it, but its process can be ended. Inside a Celery worker
the prefork child plays this part; commands that work in this process use one :class:`Guard`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from renderer.errors import RenderError, TransientError

GIB = 2**30
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
        pipe.send((function, arguments))
        deadline = time.monotonic() + seconds
        while True:
            if not pipe.poll(max(0.0, deadline - time.monotonic())):
                self._kill()
                raise RenderError(
                    "render.limit",
                    f"Rendering took longer than {seconds:g} seconds and was stopped.",
                    hint="Look for a loop over a large list, or content that makes pages without end.",
                )
            try:
                kind, value = pipe.recv()
            except (EOFError, OSError):
                code = self._kill()
                raise TransientError(
                    "transient.child", f"The render process ended unexpectedly (status {code})."
                ) from None
            if kind == "progress":
                if progress is not None:
                    progress(*value)
            elif kind == "error":
                raise value
            else:
                return value

    def close(self) -> None:
        """End the child."""
        if self._process is not None:
            self._kill()

    def interrupt(self) -> None:
        """End the child from another thread. A call under way raises TransientError; the next one starts a new child."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def _start(self) -> Connection:
        if self._pipe is None or not self._process.is_alive():
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, self._memory), name="dearly-render")
            self._process.start()
            theirs.close()
        return self._pipe

    def _kill(self) -> int | None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # its own children go with it
        self._process.join()
        code: int | None = self._process.exitcode
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None
        return code


def _serve(pipe: Connection, memory: int) -> None:
    """The child's life: calls in, results out, until the parent is gone."""
    with contextlib.suppress(PermissionError):
        os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            pipe.send(("done", function(*arguments, lambda *step: pipe.send(("progress", step)))))
        except MemoryError:
            pipe.send(("error", RenderError("render.limit", "Rendering needed more memory than it may use.")))
        except Exception as error:
            pipe.send(("error", _portable(error)))


def _portable(error: Exception) -> Exception:
    """``error``, or one that says as much as may be said of an error that cannot cross a process border."""
    import pickle

    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__} in the render process")
    return error
