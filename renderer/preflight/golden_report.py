"""Differences → one HTML page that needs nothing beside it: before, after and what differs, plans as text."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape

from renderer.preflight.golden_model import Difference, GoldenReport
from renderer.preflight.golden_pictures import marked

_WORDS = {"changed": "changed", "new": "new: there is no golden file yet", "gone": "gone: it is not made any more"}
_STYLE = """
:root { color-scheme: light dark }
body { margin: 0 auto; max-width: 100rem; padding: 2rem 1.5rem; font: 1rem/1.5 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.6rem } h2 { margin: 3rem 0 0; font-size: 1.25rem }
h3 { margin: 1.5rem 0 .5rem; font-size: 1rem }
h3 small { font-weight: 400; opacity: .7 }
.row { display: flex; gap: 1rem; align-items: flex-start }
figure { margin: 0; flex: 0 1 calc((100% - 2rem) / 3) } figcaption { font-size: .85rem; opacity: .7 }
img { display: block; max-width: 100%; border: 1px solid #8886 }
pre { margin: 0; padding: 1rem; overflow-x: auto; border: 1px solid #8886; font-size: .85rem; line-height: 1.45 }
.add { background: #2da44e33 } .cut { background: #cf222e33 } .at { opacity: .6 }
pre span { display: block; min-height: 1.45em }
nav { columns: 20rem; margin: 1rem 0 }
"""


def report_html(report: GoldenReport, title: str) -> str:
    """The page. It shows the samples' data: who may see the samples may see it."""
    return "".join(_page(report, title))


def _page(report: GoldenReport, title: str) -> Iterator[str]:
    count = len(report.differences)
    head = f"{title}: {count} difference{'s' * (count != 1)}" if count else f"{title}: nothing differs"
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield f"<title>{escape(head)}</title><style>{_STYLE}</style></head><body>\n<h1>{escape(head)}</h1>\n"
    yield f"<p>{report.samples} samples, {report.files} golden files.</p>\n"
    for notice in report.notices:
        yield f"<p>{escape(notice)}</p>\n"
    if report.errors:
        yield "<h2>Samples that could not be made</h2>\n<ul>"
        for sample, error in report.errors:
            yield f"<li><b>{escape(sample)}</b>: {escape(error.message)} [{escape(error.code)}]</li>"
        yield "</ul>\n"
    samples = list(dict.fromkeys(one.sample for one in report.differences))
    if len(samples) > 1:
        yield "<nav>"
        yield "".join(f'<a href="#{escape(name)}">{escape(name)}</a><br>' for name in samples)
        yield "</nav>\n"
    for name in samples:
        yield f'<h2 id="{escape(name)}">{escape(name)}</h2>\n'
        for one in report.differences:
            if one.sample == name:
                yield from _difference(one)
    if report.unreached:
        yield "<h2>What no sample reaches</h2>\n<ul>"
        for kind, ids in report.unreached.items():
            yield f"<li>{escape(kind)}: {escape(', '.join(ids))}</li>"
        yield "</ul>\n"
    yield "</body></html>\n"


def _difference(one: Difference) -> Iterator[str]:
    said = f"{100 * one.part:.2f} % of its pixels" if one.part else _WORDS[one.change]
    yield f"<h3>{escape(one.name)} <small>{said}</small></h3>\n"
    if not one.name.endswith(".webp"):
        if one.lines:
            yield "<pre>" + "".join(_line(line) for line in one.lines) + "</pre>\n"
        return
    pictures = [("before", one.before), ("after", one.after)]
    if one.before is not None and one.after is not None:
        try:
            pictures.append(("difference", marked(one.before, one.after)))
        except OSError:
            pictures[0] = ("before", None)
    yield '<div class="row">'
    for title, data in pictures:
        if data is not None:
            address = "data:image/webp;base64," + base64.b64encode(data).decode("ascii")
            yield f'<figure><img src="{address}" alt="{title}"><figcaption>{title}</figcaption></figure>'
    yield "</div>\n"


def _line(line: str) -> str:
    kind = "at" if line.startswith(("@@", "---", "+++")) else {"+": "add", "-": "cut"}.get(line[:1], "")
    return f'<span class="{kind}">{escape(line)}</span>' if kind else f"<span>{escape(line)}</span>"
