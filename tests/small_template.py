"""A small but complete template: every file, every kind of fact, every kind of rule. Tests change one thing in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from renderer.plan.build import Planner
from renderer.plan.model import RenderPlan
from renderer.profile.load import parse_record
from renderer.template.load import load_template
from renderer.template.model import Template


def leaf(kind: str, label: str = "personal", /, **more: Any) -> dict[str, Any]:
    """A field with a label."""
    return {"type": kind, "x-sensitivity": label, **more}


def record_of(required: str, /, **properties: Any) -> dict[str, Any]:
    """An object's schema; ``required`` are names with spaces between."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


CONTRACT: dict[str, Any] = record_of(
    "customer as_of locale bill usage",
    customer=record_of(
        "id name code",
        id=leaf("string", **{"x-role": "recipient"}),
        name=leaf("string", maxLength=60),
        code=leaf("string", "secret"),
        mail=leaf("string", format="email"),
        photo=leaf("string", format="image"),
    ),
    as_of=leaf("string", "public", format="date", **{"x-role": "as_of"}),
    locale=leaf("string", "public", **{"x-role": "locale"}),
    bill=record_of(
        "total currency due lines",
        total=leaf("number", maximum=1_000_000, **{"x-decimals": 2}),
        currency=leaf("string", "public", pattern="^[A-Z]{3}$"),
        due=leaf("string", "public", format="date"),
        paid=leaf("boolean", default=False),
        kind=leaf("string", "public", enum=["first", "usual"], default="usual"),
        note=leaf("string", maxLength=8000),
        lines={
            "type": "array",
            "minItems": 1,
            "maxItems": 10_000,
            "items": record_of(
                "code amount",
                code=leaf("string", "public", enum=["energy", "fee"]),
                amount=leaf("number", **{"x-decimals": 2}),
                kwh=leaf("number"),
            ),
        },
    ),
    usage=record_of(
        "kwh days",
        kwh=leaf("number", minimum=0),
        last=leaf("number", minimum=0),
        days=leaf("integer", "public", minimum=1),
        share=leaf("number", "public", minimum=0, maximum=1),
        months={
            "type": "array",
            "maxItems": 13,
            "default": [],
            "items": record_of("month kwh", month=leaf("string", "public", format="date"), kwh=leaf("number")),
        },
    ),
    consent=record_of("", offers=leaf("boolean", default=True), post=leaf("boolean", default=True)),
    tags={"type": "array", "items": leaf("string", "public")},
)

PROFILE: dict[str, Any] = {
    "customer": {"id": "C-1", "name": "Anna Bianchi", "code": "7731-SECRET"},
    "as_of": "2026-11-09",
    "locale": "en",
    "bill": {
        "total": 66.9,
        "currency": "EUR",
        "due": "2026-11-30",
        "lines": [{"code": "energy", "amount": 59.4, "kwh": 248}, {"code": "fee", "amount": 7.5}],
    },
    "usage": {
        "kwh": 248,
        "last": 286,
        "days": 31,
        "share": 0.4,
        "months": [{"month": "2026-09-01", "kwh": 274}, {"month": "2026-10-01", "kwh": 248}],
    },
}

_COPY = {
    "en": """\
doc-title = Your bill
hello = Hello { $name }!
due = Pay { $total } by { $due_date }.
days =
    { $days_n ->
        [one] { $days } day
       *[other] { $days } days
    }
change = Usage changed by { $change }.
alone = { $name }
noted = Note: { $note }
line-energy = Energy
line-fee = Fee
""",
    "ar": """\
doc-title = فاتورتكم
hello = مرحبًا { $name }!
due = ادفعوا { $total } حتى { $due_date }.
days =
    { $days_n ->
        [zero] لا أيام
        [one] يوم واحد
        [two] يومان
        [few] { $days } أيام
        [many] { $days } يومًا
       *[other] { $days } يوم
    }
change = تغيّر الاستهلاك بنسبة { $change }.
alone = { $name }
noted = ملاحظة: { $note }
line-energy = الطاقة
line-fee = الرسم
""",
}

FILES: dict[str, str] = {
    "template.yaml": """\
id: small
title: A small bill
locales: [en, ar]
fonts:
  - {family: IBM Plex Sans, weights: [400]}
brand:
  name: Brezza
  colours:
    ink: {light: "#10262E"}
    paper: {light: "#FBF8F2"}
  contrast:
    - [ink, paper]
channels:
  microsite: {}
  statement: {title: doc-title}
  video:
    formats:
      "16:9": {width: 320, height: 180}
links:
  pay: {href: "https://brezza.example/pay?by={due_date}&note={note}"}
  account: {href: "https://brezza.example/account"}
control_totals:
  total: {value: bill.total, currency: bill.currency}
""",
    "contract.json": json.dumps(CONTRACT, indent=1),
    "facts.yaml": """\
name: {value: customer.name, as: text}
code: {value: customer.code, as: text}
note: {value: bill.note, as: text}
photo: {value: customer.photo, as: image}
total: {value: bill.total, as: money, currency: bill.currency, steps: 8}
due_date: {value: bill.due, as: date}
kwh: {value: usage.kwh, as: quantity, unit: energy-kilowatt-hour, decimals: 0, of: most}
days: {value: usage.days, as: number, decimals: 0}
change: {value: change, as: percent, decimals: 0, sign: always, steps: 4}
share: {value: usage.share, as: percent, of: "1"}
kind_name: {value: "'line-fee'", as: copy}
code_length: {value: code_length, as: number, decimals: 0}
months:
  as: series
  rows: usage.months
  x: {value: row.month, as: date, style: month}
  y: {value: row.kwh, as: quantity, unit: energy-kilowatt-hour, decimals: 0, ticks: 4}
  mark: row.month == last_month
lines:
  as: table
  rows: bill.lines
  columns:
    label: {value: "'line-' ~ row.code", as: copy}
    kwh: {value: row.kwh, as: quantity, unit: energy-kilowatt-hour, decimals: 0}
    amount: {value: row.amount, as: money, currency: bill.currency}
""",
    "decisions.yaml": """\
derive:
  change: {value: (usage.kwh - usage.last) / usage.last, when: usage.last is not none and usage.last > 0}
  most: {value: "[usage.kwh, usage.last | default(0)] | max"}
  last_month: {value: usage.months | map(attribute='month') | max}
  code_length: {value: customer.code | length}
suppress:
  - {code: no-consent, when: not consent.post}
  - {code: nothing-due, when: bill.total == 0}
segments:
  high-user: {when: usage.kwh > 1000}
  long-code: {when: code_length > 100}
offers:
  - maybe: main
    from:
      - {id: offer-saver, when: consent.offers and segment.high_user}
scenes:
  - {id: opening}
  - choose: amount
    from:
      - {id: credit, when: bill.total < 0, excludes: [closing]}
      - {id: big, when: bill.total > 1000}
    default: due-scene
  - {id: closing}
blocks:
  - {id: photo-block, when: customer.photo is not none}
  - choose: change-block
    from:
      - {id: up, when: change is not none and change > 0}
      - {id: down, when: change is not none and change < 0}
    default: same
""",
    "copy/en.ftl": _COPY["en"],
    "copy/ar/all.ftl": _COPY["ar"],
    "microsite/index.html.j2": "<title>{{ text('doc-title') }}</title><p>{{ t('hello') }}</p>\n",
    "microsite/site.css": "p { color: var(--colour-ink) }\n",
    "statement/statement.html.j2": "<p>{{ facts.total }}</p>\n",
    "statement/statement.css": "@page { size: A4 }\n",
    "video/storyboard.yaml": """\
styles:
  plain: {size_px: 40, colour: ink}
scenes:
"""
    + "".join(
        f"""\
  - id: {scene}
    title: doc-title
    duration_s: 2
    backdrop: {{kind: colour, colour: paper}}
    layers:
      - {{kind: text, id: words, copy: hello, style: plain, box: {{x: 10, y: 10, width: 900, height: 90}}}}
"""
        for scene in ("opening", "credit", "big", "due-scene", "closing")
    ),
    "media/dot.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
    "media/make_dot.py": "print('not part of a release')\n",
    "samples/one.json": json.dumps(PROFILE),
}


def write(folder: Path, changes: Mapping[str, str | None] | None = None) -> Path:
    """The template in ``folder``, with other texts for some files; None leaves a file out."""
    for path, text in {**FILES, **(changes or {})}.items():
        if text is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
    return folder


def changed(path: str, old: str, new: str) -> dict[str, str]:
    """A file with one thing replaced, which must be there."""
    assert old in FILES[path]
    return {path: FILES[path].replace(old, new)}


def load(folder: Path, changes: Mapping[str, str | None] | None = None) -> Template:
    """The template as loaded."""
    return load_template(write(folder, changes))


def profile_with(**changes: Any) -> dict[str, Any]:
    """:data:`PROFILE` with other values: ``bill__total=5`` sets ``bill.total``; None leaves a field out."""
    record = deepcopy(PROFILE)
    for name, value in changes.items():
        *way, last = name.split("__")
        target = record
        for part in way:
            target = target.setdefault(part, {})
        if value is None:
            target.pop(last, None)
        else:
            target[last] = value
    return record


def plan_of(planner: Planner, **changes: Any) -> RenderPlan:
    """The plan of :data:`PROFILE` with other values."""
    return planner.plan(parse_record(json.dumps(profile_with(**changes)), planner.template.contract))
