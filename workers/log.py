"""Logs of workers: one JSON object a line on stderr, events with ids and codes, never a profile's values. What the
renderer logs itself brings its event, code and ids as ``extra={"fields": …}``.

A message of a library may quote what it was given (a name in a style warning, a value in an exception). So Celery's and
kombu's own loggers are written out, but for what they quote; of any other only the logger's name and the level.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO, cast

import structlog

_SPOKEN = ("celery", "kombu", "dearly")


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        spoken = record.name.partition(".")[0] in _SPOKEN
        found: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record) if spoken else "(a library's message, left out)",
            "pid": record.process,
        }
        if spoken:
            found |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            found["error"] = type(record.exc_info[1]).__name__
            found["where"] = where(record.exc_info[1])
        return json.dumps(found)


def _event(record: logging.LogRecord) -> str:
    """What Celery says, without what it quotes: a message that came to the wrong queue or that cannot be read (it may
    hand in a profile), and what an exception says."""
    template = str(record.msg)
    if "body" in template:
        return template.strip().partition("\n")[0]
    if isinstance(record.args, Mapping) and "exc" in record.args:
        return template % {**record.args, "exc": "(left out)"}
    return record.getMessage()


class _Stderr:
    """stderr, where a full disk is no reason to stop: what cannot be written is not said."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def set_up(level: int = logging.WARNING) -> None:
    """Send this process's logs to stderr in the form above."""
    handler = logging.StreamHandler(_Stderr())
    handler.setFormatter(_Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)  # or they would be printed, with what they quote
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Stderr())),
        cache_logger_on_first_use=False,
    )


def where(error: BaseException) -> list[str]:
    """The places an exception passed, innermost last: file, line and function; no source text and no message."""
    return [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-12:]
    ]
