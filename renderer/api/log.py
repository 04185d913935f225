"""What the API logs: one JSON object a line on stderr. A call is its method, the pattern of its address (never the
address itself: ids, cursors and the tokens of links stand in there), status, time, key's id. Messages of libraries may
quote what they were given, so of those only the logger's name and the level are written."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

import structlog

calls = structlog.get_logger("dearly")


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        found: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": "(a library's message, left out)",
        }
        if record.exc_info and record.exc_info[1] is not None:
            found |= fault(record.exc_info[1])
        return json.dumps(found)


def set_up(level: int = logging.WARNING) -> None:
    """Send this process's logs to stderr in the form above."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def fault(error: BaseException) -> dict[str, object]:
    """An exception's kind and the places it passed, innermost last; no message and no source text."""
    passed = traceback.extract_tb(error.__traceback__)[-12:]
    return {
        "error": type(error).__name__,
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in passed],
    }
