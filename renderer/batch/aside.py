"""Records that were set aside, as a file: each as it came, with its reason in a key (JSON Lines) or in columns (CSV)
that readers pass over. So the file is mended where it is wrong and sent again as it is."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TextIO

from renderer.batch.intake import KNOWN
from renderer.batch.model import BatchOptions
from renderer.bootstrap import Services
from renderer.ledger.erasing import Erasing
from renderer.ledger.taking import SetAside
from renderer.profile.csvfile import NOTE

_SPACE = " \t\r\n"
_BREAKS = re.compile(r"[\r\n]")
TOO_LARGE = ("profile.depth", "larger than")
"""The code of a record that was too large to be read, and what its message has that no other one of the code has."""
COLUMNS = ("record", "line", "field", "code", "message")


Lost = Literal["too_large", "forgotten", "retention"]
"""Why a record's content is not there: it never was, its recipient was forgotten, or the days are over that the
template keeps it."""


def write_aside(services: Services, run_id: str, out: Path, *, known: bool = False) -> tuple[int, Counter[Lost]]:
    """Write the records of a run that were set aside into a new file, readable by its owner only, because it holds
    people's data. CSV where the input was CSV, else JSON Lines; (records written, those without
    their content by the reason).

    Records whose recipient an earlier run has dealt with need no mending: they come only with ``known``. Raises
    OSError, FileExistsError when ``out`` is there.
    """
    options = BatchOptions.from_json(services.batches.run(run_id).options)
    with open(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="") as file:
        try:
            return _write(services, run_id, options, file, known)
        except BaseException:  # half of it would pass for the whole
            out.unlink(missing_ok=True)
            raise


def _write(
    services: Services, run_id: str, options: BatchOptions, file: TextIO, known: bool
) -> tuple[int, Counter[Lost]]:
    written, lost = 0, Counter[Lost]()
    for text, what in _lines(services, run_id, options, known):
        file.write(text)
        written += what is not None
        if what is not None and what != "there":
            lost[what] += 1
    file.flush()
    return written, lost


def aside_pieces(services: Services, run_id: str, *, known: bool = False, size: int = 1 << 16) -> Iterator[str]:
    """What :func:`write_aside` writes, in pieces of about ``size`` characters, for one who sends it on without keeping
    it anywhere."""
    options = BatchOptions.from_json(services.batches.run(run_id).options)
    held, length = [], 0
    for text, _ in _lines(services, run_id, options, known):
        held.append(text)
        length += len(text)
        if length >= size:
            yield "".join(held)
            held, length = [], 0
    yield "".join(held)


def _lines(
    services: Services, run_id: str, options: BatchOptions, known: bool
) -> Iterator[tuple[str, Lost | Literal["there"] | None]]:
    """The lines of the file: with what became of the record's content, None for the line of titles."""
    erasing = Erasing(services.database)
    held = io.StringIO()
    # Before Python 3.13 it quotes only what ends its own lines, and a lone return in a cell ends a reader's row too.
    table = csv.writer(held, lineterminator="\r\n") if options.form == "csv" else None
    columns = options.columns or ()
    kept = [place for place, name in enumerate(columns) if not name.strip().startswith(f"{NOTE}.")]

    def row(cells: Sequence[object]) -> str:
        assert table is not None
        held.seek(0)
        held.truncate()
        table.writerow(cells)
        return held.getvalue().removesuffix("\r\n") + "\n"

    if table is not None:
        yield row([*(f"{NOTE}.{name}" for name in COLUMNS), *(columns[place] for place in kept)]), None
    for record in services.batches.aside(run_id):
        if record.code == KNOWN and not known:
            continue
        name = f"record {run_id} {record.record}"
        text = None if record.data is None else services.vault.open(record.data, name).decode("utf-8", "replace")
        why = _why(record)
        if table is None:
            line = _line(text, why) + "\n"
        else:
            cells = [] if text is None else json.loads(text)
            if len(cells) == len(columns):
                cells = [cells[place] for place in kept]
            line = row([*(why[name] for name in COLUMNS), *cells])
        yield line, "there" if text is not None else _lost(erasing, record)


def _lost(erasing: Erasing, record: SetAside) -> Lost:
    if record.code == TOO_LARGE[0] and TOO_LARGE[1] in record.faults:
        return "too_large"
    forgotten = record.recipient is not None and erasing.last(record.recipient) is not None
    return "forgotten" if forgotten else "retention"


def _why(record: SetAside) -> dict[str, Any]:
    faults = json.loads(record.faults)
    said = "; ".join(
        (f"{fault['field']}: " if "field" in fault and len(faults) > 1 else "") + fault["message"] for fault in faults
    )
    return {
        "record": record.record,
        "line": record.line,
        "field": record.field or "",
        "code": record.code,
        "message": said,
    }


def _line(text: str | None, why: dict[str, Any]) -> str:
    """The record on one line with its reason before all else. What is no object cannot take a key: its text goes into
    the reason."""
    note = {name: value for name, value in why.items() if value != ""}
    body = _BREAKS.sub(" ", (text or "").strip(_SPACE))
    if not body.startswith("{"):
        rest = "}"
        note |= {} if text is None else {"text": body}
    else:
        rest = body[1:].lstrip(_SPACE)
        if rest.startswith(f'"{NOTE}"'):  # it was set aside before: what was said then goes
            rest, before = _without_note(rest)
            note |= {"text": before["text"]} if "text" in before else {}
    said = f'{{"{NOTE}": {json.dumps(note, ensure_ascii=False)}'
    return said + (rest if rest in ("", "}") else f", {rest}")


def _without_note(rest: str) -> tuple[str, dict[str, Any]]:
    """What follows the old reason in the text of an object, and that reason; all of it where that cannot be told."""
    start = rest.index(":") + 1 if ":" in rest else len(rest)
    start += len(rest[start:]) - len(rest[start:].lstrip(_SPACE))
    try:
        before, end = json.JSONDecoder().raw_decode(rest, start)
    except ValueError:
        return rest, {}
    left = rest[end:].lstrip(_SPACE)
    left = left[1:].lstrip(_SPACE) if left.startswith(",") else left
    return left, before if isinstance(before, dict) else {}
