"""A small real template, page and statement, and customers with names that must not be found where they do not belong.

The statement has some lines, so that a kill finds something at work.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from tests import small_template

CHANNELS = ("microsite", "statement")
NAMES = ("Zwölfbein-Quastenflosser", "صالح الحوت الأزرق", "Ωριγένης Θαλάσσιος", "Łukasz Żółw", "Nguyễn Cá Voi")
"""Planted: several scripts, none of which occurs anywhere else."""

_VIDEO = '  video:\n    formats:\n      "16:9": {width: 320, height: 180}\n'
_PAGE = """\
<!doctype html>
<html lang="{{ locale }}">
<head><title>{{ text('doc-title') }}</title>{{ head }}</head>
<body><main><h1>{{ t('hello') }}</h1><p>{{ facts.total }}</p></main></body>
</html>
"""
_STATEMENT = """\
<h1>{{ t('hello') }}</h1>
<p>{{ facts.total }}</p>
<table>
{% for row in facts.lines.rows %}<tr><td>{{ row.label }}</td><td>{{ row.amount }}</td></tr>
{% endfor %}</table>
"""


def template(folder: Path) -> Path:
    """The template in ``folder``."""
    config = small_template.FILES["template.yaml"]
    assert _VIDEO in config
    faces = (
        "  - {family: IBM Plex Sans, weights: [400]}\n"
        "  - {family: IBM Plex Sans Arabic, weights: [400]}\n"
        "  - {family: Noto Sans, weights: [400]}\n"
    )
    config = config.replace("  - {family: IBM Plex Sans, weights: [400]}\n", faces).replace(_VIDEO, "")
    return small_template.write(
        folder,
        {
            "template.yaml": config,
            "microsite/index.html.j2": _PAGE,
            "statement/statement.html.j2": _STATEMENT,
            "video/storyboard.yaml": None,
        },
    )


def name(number: int) -> str:
    """The name of a customer: it tells the number."""
    return f"{NAMES[number % len(NAMES)]} {number:05d}"


def number_of(name: str) -> int:
    """The number that a customer's name tells."""
    return int(name[-5:])


def profile(number: int, *, lines: int = 25, note: str = "") -> dict[str, Any]:
    """One customer. ``note`` tells the engine of :mod:`tests.chaos.app` what to do."""
    record = deepcopy(small_template.PROFILE)
    record["customer"] |= {"id": f"C-{number}", "name": name(number)}
    record["bill"]["lines"] = [{"code": "energy", "amount": 1 + at % 7} for at in range(lines)]
    if note:
        record["bill"]["note"] = note
    return record


def write_records(file: Path, count: int, *, lines: int = 25) -> Path:
    """``count`` customers, from 1, as JSON Lines."""
    with file.open("w", encoding="utf-8") as out:
        for number in range(1, count + 1):
            out.write(json.dumps(profile(number, lines=lines), ensure_ascii=False) + "\n")
    return file


def spellings() -> Iterator[bytes]:
    """The planted names as they may be written: plain, in UTF-16, escaped for JSON, for addresses and for HTML, in
    hexadecimal, and in base64 at each of its three offsets."""
    for planted in NAMES:
        data = planted.encode()
        yield data
        yield planted.encode("utf-16-le")
        yield data.hex().encode()
        yield json.dumps(planted)[1:-1].encode()
        yield json.dumps(planted)[1:-1].upper().replace("\\U", "\\u").encode()
        yield quote(planted).encode()
        yield quote_plus(planted).encode()
        yield "".join(f"&#{ord(letter)};" if ord(letter) > 127 else letter for letter in planted).encode()
        yield repr(data)[2:-1].encode()
        yield ascii(planted)[1:-1].encode()
        for offset in range(3):
            whole = base64.b64encode(b"-" * offset + data)
            yield whole[4 if offset else 0 : len(whole) - 4]
