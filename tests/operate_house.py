"""The operators' page for tests: somebody who is signed in as a browser would be, and runs to look at and to decide
about. Nothing is rendered; the files of a sample are small ones of these tests."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from PIL import Image
from sqlalchemy import func, select

from renderer.batch.intake import open_batch, take_in
from renderer.batch.model import BatchOptions
from renderer.ledger.tables import parts, requests, runs
from tests.http_house import TEMPLATES, Answer, HttpHouse, http_house
from tests.ledgers import sqlite
from tests.small_template import profile_with

NAME = "Zanzibar Quux"
"""A recipient who may stand in what was made, and in no page beside it."""

PAGE = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Yours</title>
<link rel="stylesheet" href="site.css"></head><body><h1>Dear {NAME}</h1><script>parent.document.title = "run"</script>
<img src="poster.jpg" alt=""><a href="https://example.com/" target="_top">Pay</a></body></html>"""

KINDS: Mapping[str, tuple[str, str]] = {
    "microsite/index.html": ("page", "text/html; charset=utf-8"),
    "microsite/site.css": ("asset", "text/css; charset=utf-8"),
    "microsite/poster.jpg": ("asset", "image/jpeg"),
    "statement/statement.pdf": ("pdf", "application/pdf"),
    "video/film.mp4": ("mp4", "video/mp4"),
    "video/captions.vtt": ("captions", "text/vtt"),
    "video/poster.jpg": ("poster", "image/jpeg"),
}


class Visitor:
    """Somebody with a browser. ``sent`` are the headers that a browser sends with a form."""

    def __init__(self, house: HttpHouse, key: str | None = None) -> None:
        self.house = house
        self.cookie = ""
        self.signed: Answer | None = None
        self.sent = {"Origin": house.url, "Sec_Fetch_Site": "same-origin"}
        if key is not None:
            self.signed = self.sign_in(key)

    def sign_in(self, key: str, to: str = "", **headers: str) -> Answer:
        answer = self.send("/operate/sign-in", {"key": key, "to": to}, **headers)
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.house.call("GET", path, key=None, **self._cookies(), **headers)

    def send(self, path: str, fields: Mapping[str, str], **headers: str) -> Answer:
        """Send a form. A header that is empty is not sent."""
        sent = {**self.sent, **headers, "Content_Type": "application/x-www-form-urlencoded", **self._cookies()}
        return self.house.call("POST", path, urlencode(fields), key=None, **{k: v for k, v in sent.items() if v})

    def token(self, path: str = "/operate") -> str:
        """The token that the forms of a page have."""
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.get(path).body.decode())
        assert found is not None
        return found[1]

    def decide(self, run: str, decision: str, **headers: str) -> Answer:
        """Approve or reject a run, as the button of the page that asks does."""
        return self.send(f"/operate/runs/{run}/{decision}", {"token": self.token()}, **headers)

    def _cookies(self) -> dict[str, str]:
        return {"Cookie": self.cookie} if self.cookie else {}


def text_of(answer: Answer) -> str:
    """What can be read on a page."""
    body = re.sub(r"<(script|style|title)\b.*?</\1>", " ", answer.body.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", body)).split())


def held_run(
    house: HttpHouse,
    folder: Path,
    template: str = "small",
    *,
    people: int = 5,
    hold_after: int | None = 2,
    turn: str = "",
) -> str:
    """A run whose first records are made as a sample and whose others wait; one record of it is set aside."""
    return batch(
        house,
        folder,
        [person(f"{template}{turn}{number}") for number in range(people)] + ['{"customer": {"id": "C-bad"}}'],
        template,
        hold_after=hold_after,
    )


def person(name: str, **changes: Any) -> dict[str, Any]:
    return profile_with(customer__id=f"C-{name}", customer__name=NAME, **changes)


def batch(
    house: HttpHouse, folder: Path, records: Sequence[Any], template: str = "small", *, hold_after: int | None = None
) -> str:
    """A run of some records, all of whose input was read."""
    services = house.services
    digest = services.book.active(template)
    assert digest is not None
    options = BatchOptions(channels=("statement",))
    run, _ = open_batch(services, services.releases.get(digest), options, hold_after=hold_after)
    source = folder / f"{run.id}.jsonl"
    source.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in records))
    return take_in(services, run.id, str(source)).id


def requests_of(house: HttpHouse, run: str) -> list[str]:
    """The requests of a run, by record."""
    with house.services.database.reading() as connection:
        wanted = select(requests.c.id).where(requests.c.run_id == run).order_by(requests.c.record)
        return list(connection.scalars(wanted))


def make_sample(house: HttpHouse, request: str, page: str = PAGE, film: bytes = b"no film") -> None:
    """Let a request be done with a page, a statement and a film."""
    house.make(
        request,
        {
            "microsite/index.html": page.encode(),
            "microsite/site.css": b"h1 { color: rgb(0, 128, 0); }",
            "microsite/poster.jpg": picture("jpeg"),
            "statement/statement.pdf": picture("pdf"),
            "video/film.mp4": film,
            "video/captions.vtt": b"WEBVTT\n\n00:00.000 --> 00:01.000\nWords\n",
            "video/poster.jpg": picture("jpeg"),
        },
        kinds=KINDS,
    )


def picture(form: str) -> bytes:
    """A picture, or a PDF of one page."""
    out = io.BytesIO()
    Image.new("RGB", (240, 320), (90, 70, 200)).save(out, form)
    return out.getvalue()


@contextmanager
def operate_house(folder: Path) -> Iterator[HttpHouse]:
    """The API for many calls in a short time."""
    with http_house(folder, sqlite(folder / "ledger.sqlite"), api_rate=100_000, api_burst=1_000_000) as made:
        yield made


def location(answer: Answer) -> str:
    assert answer.status == 303, (answer.status, text_of(answer))
    return answer.headers["location"]


def run_row(house: HttpHouse, run: str) -> Any:
    with house.services.database.reading() as connection:
        return connection.execute(select(runs).where(runs.c.id == run)).one()


def waiting_of(house: HttpHouse, run: str) -> int:
    """Requests of a run that wait for its approval."""
    with house.services.database.reading() as connection:
        wanted = select(func.count()).select_from(parts).join(requests, requests.c.id == parts.c.request_id)
        wanted = wanted.where(requests.c.run_id == run, parts.c.channel == "plan", parts.c.waits > 0)
        return connection.scalar(wanted) or 0


class World:
    """A held run with a finished sample, of each template."""

    def __init__(self, house: HttpHouse, folder: Path) -> None:
        self.runs, self.requests = {}, {}
        for template in TEMPLATES:
            self.runs[template] = held_run(house, folder, template, turn="-world-")
            self.requests[template] = requests_of(house, self.runs[template])[0]
            make_sample(house, self.requests[template])
        self.single = house.submit("single").json["id"]
        self.endless = house.call("GET", f"/v1/requests/{self.single}").json["run"]


def pages(world: World, template: str) -> list[tuple[str, str]]:
    """Addresses that concern one template, with the scope that each needs."""
    run, request = world.runs[template], world.requests[template]
    return [
        ("read", f"/operate/runs/{run}"),
        ("read", f"/operate/runs/{run}/report.json"),
        ("read", f"/operate/runs/{run}/report.csv"),
        ("records", f"/operate/runs/{run}/set-aside"),
        ("runs:approve", f"/operate/runs/{run}/approve"),
        ("runs:approve", f"/operate/runs/{run}/reject"),
        ("read", f"/operate/requests/{request}"),
        ("artefacts", f"/operate/requests/{request}/files/statement/statement.pdf"),
        ("artefacts", f"/operate/requests/{request}/files/microsite/index.html"),
        ("artefacts", f"/operate/requests/{request}/paper/1/statement/statement.pdf"),
        ("read", f"/operate/releases/{template}"),
        ("read", f"/operate/releases/{template}/contract.json"),
    ]


def everywhere(world: World) -> list[str]:
    """Addresses that concern nothing in particular."""
    return ["/operate", "/operate/runs", "/operate/requests", "/operate/releases", "/operate/workers"]
