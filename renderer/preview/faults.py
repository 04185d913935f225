"""Errors as the studio shows them: what, where, what to do, and the lines of the file around the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from renderer.errors import DearlyError, ErrorList

AROUND = 2
MAX_FILE = 2 * 2**20
LONG = 240


def faults(error: BaseException, folder: Path) -> list[dict[str, Any]]:
    """Every error in ``error`` as JSON data; ``lines`` are (number, text) of the template's file around the place."""
    if isinstance(error, ErrorList):
        return [fault for single in error.errors for fault in faults(single, folder)]
    if not isinstance(error, DearlyError):
        return [{"code": "bug", "message": f"{type(error).__name__} in the render process: {error}", "lines": []}]
    return [{**error.as_json(), "lines": _excerpt(folder, error.place.file, error.place.line)}]


def _excerpt(folder: Path, file: str | None, line: int | None) -> list[tuple[int, str]]:
    if file is None or line is None:
        return []
    root = folder.resolve()
    path = (root / file).resolve()
    try:
        if not path.is_relative_to(root) or path.stat().st_size > MAX_FILE:
            return []
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        return []
    first = max(1, line - AROUND)
    return [(first + index, text[:LONG]) for index, text in enumerate(lines[first - 1 : line + AROUND])]
