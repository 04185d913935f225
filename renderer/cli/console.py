"""What commands share towards the person at the terminal: output, errors, exit codes.

Results go to stdout, everything else (progress, warnings, errors) to stderr, so that ``--json`` can be piped.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from traceback import walk_tb
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from renderer.errors import DearlyError, EnvironmentFault, ErrorList, Place

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
P = ParamSpec("P")
R = TypeVar("R")


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Show Dearly's errors as such and end with their exit code; everything else is a bug and shows its trace."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except DearlyError as error:
            fail(error, as_json=bool(kwargs.get("json_")))
        except BrokenPipeError:
            _drop_output()  # whoever read it has enough
            raise typer.Exit(0) from None
        except OSError as error:
            fail(_refused(error), as_json=bool(kwargs.get("json_")))

    return wrapped


@contextmanager
def writes_into(folder: Path) -> Iterator[None]:
    """For what is written into the folder of ``--out``: a refusal is an EnvironmentFault that names the folder."""
    try:
        yield
    except OSError as error:
        raise EnvironmentFault(
            "environment.disk",
            f"The folder of --out cannot be written: {_reason(error)}.",
            place=Place(file=str(folder)),
            hint="Free some space, check the rights, or name another folder with --out.",
        ) from error


def _refused(error: OSError) -> EnvironmentFault:
    """An error of the system that nobody has given a place: of standard output, or of a file."""
    if _is_of_output(error):
        _drop_output()
        return EnvironmentFault(
            "environment.disk",
            f"The output cannot be written: {_reason(error)}.",
            place=Place(file="standard output"),
            hint="Send it where there is space, or to the terminal. Files that were made before are complete.",
        )
    return EnvironmentFault(
        "environment.disk",
        f"The system refused: {_reason(error)}.",
        hint="Free some space, and check the rights of the folders that are written: --out and DEARLY_HOME.",
    )


def _is_of_output(error: OSError) -> bool:
    """Whether it was printing that failed. Not every such error leaves something behind that a flush would tell."""
    *_, (frame, _line) = walk_tb(error.__traceback__)
    return frame.f_globals.get("__name__") in ("rich.console", __name__)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _drop_output() -> None:
    """What could not be written is still there; without this Python would complain again when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(error: DearlyError, *, as_json: bool = False) -> NoReturn:
    """Print an error (all of a list) and exit with its code."""
    report(error, as_json=as_json)
    raise typer.Exit(error.exit_code)


def report(error: DearlyError, *, as_json: bool = False) -> None:
    """Print an error, all of a list: for people on stderr, for machines as one object on stdout too."""
    if as_json:
        print_json({"errors": [single.as_json() for single in _each(error)]})
    for single in _each(error):
        show(single)


def show(error: DearlyError) -> None:
    """One error on stderr: where, what, code, and what to do."""
    where = str(error.place)
    head = f"[bold red]error[/] [dim]{escape(where)}[/] " if where else "[bold red]error[/] "
    err.print(f"{head}{escape(error.message)} [dim]\\[{error.code}][/]", soft_wrap=True)
    if error.hint:
        err.print(f"      [cyan]{escape(error.hint)}[/]", soft_wrap=True)


def warn(message: str, code: str | None = None) -> None:
    """One warning on stderr."""
    err.print(f"[yellow]warning[/] {escape(message)}" + (f" [dim]\\[{code}][/]" if code else ""), soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(
        json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None, default=str) + "\n"
    )
    sys.stdout.flush()


@contextmanager
def progress_bars(enabled: bool = True) -> Iterator[Progress]:
    """Progress bars on stderr; silent where stderr is not a terminal."""
    columns = (
        TextColumn("{task.description}", style="bold"),
        BarColumn(bar_width=32),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, disable=not enabled or not err.is_terminal, transient=True) as bars:
        yield bars


def _each(error: DearlyError) -> tuple[DearlyError, ...]:
    return error.errors if isinstance(error, ErrorList) else (error,)
