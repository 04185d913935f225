"""A small template and the energy bill's page, made for tests of layouts and of the microsite."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import av
import numpy as np
from PIL import Image

from renderer import pipeline
from renderer.assets.door import AssetDoor
from renderer.assets.fonts import FontRequest, FontSet, load_fonts
from renderer.plan.build import Planner
from renderer.plan.model import Direction, RenderPlan
from renderer.profile.load import parse_record
from renderer.profile.model import Profile
from renderer.render.model import Artefact, Kind, RenderJob, RenderResult, write_artefact
from renderer.template.load import load_release
from renderer.template.model import Channel, Template
from renderer.template.release import Release

CACHE = Path(gettempdir()) / "dearly-test-fonts"
BILLS = Path(__file__).resolve().parents[1] / "templates" / "energy-bill"

CONFIG = """
id: small
title: Small
locales: [en]
fonts: [{family: IBM Plex Sans, weights: [400]}]
brand:
  name: Brezza
  colours: {ink: {light: "#10262E", dark: "#EAF2F1"}, accent: {light: "#0B6E69"}}
  lengths: {gap: 1.5rem}
channels: {microsite: {}}
links:
  pay: {href: "https://brezza.example/pay/{who}"}
"""
CONTRACT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "who", "as_of"],
    "properties": {
        "id": {"type": "string", "x-role": "recipient", "x-sensitivity": "personal"},
        "who": {"type": "string", "x-sensitivity": "personal"},
        "as_of": {"type": "string", "format": "date", "x-role": "as_of", "x-sensitivity": "public"},
        "count": {"type": "integer", "x-sensitivity": "public"},
        "months": {
            "type": "array",
            "default": [],
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "x-sensitivity": "public"},
                    "kwh": {"type": "number", "x-sensitivity": "public"},
                },
            },
        },
    },
}
FACTS = """
who: {value: who, as: text}
count: {value: count, as: number}
months:
  as: table
  rows: months
  columns:
    name: {value: row.name, as: text}
    kwh: {value: row.kwh, as: number}
"""
COPY = "hello = Hello { $who }, welcome.\ncounted = { $count } times\nplain = Plain words\n"


@cache
def fonts() -> FontSet:
    """One weight of the brand's face; static files are kept between runs."""
    return load_fonts([FontRequest("IBM Plex Sans", (400,))], CACHE)


def small_template(layout: str, css: str = "", files: Mapping[str, str] | None = None) -> Template:
    """A template whose page is ``layout``; ``files`` adds files by path."""
    texts = {
        "template.yaml": CONFIG,
        "contract.json": json.dumps(CONTRACT),
        "facts.yaml": FACTS,
        "decisions.yaml": "blocks:\n  - {id: first}\n  - {id: counted, when: count is not none}\n",
        "copy/en.ftl": COPY,
        "microsite/index.html.j2": layout,
        "microsite/site.css": css,
        **(files or {}),
    }
    return load_release(Release({path: text.encode("utf-8") for path, text in texts.items()}))


def small_job(
    layout: str,
    css: str = "",
    *,
    who: str = "Ada",
    direction: Direction = "ltr",
    files: Mapping[str, str] | None = None,
) -> RenderJob:
    """A job for a template whose page is ``layout``."""
    template = small_template(layout, css, files)
    record = {"id": "1", "who": who, "as_of": "2026-11-01", "months": [{"name": "May", "kwh": 3}, {"name": "June"}]}
    profile = parse_record(json.dumps(record), template.contract)
    plan = replace(Planner(template).plan(profile, locale="en"), direction=direction)
    return RenderJob(plan=plan, template=template, assets=AssetDoor(template.release.files), fonts=fonts(), cache=CACHE)


@cache
def bill_planner() -> Planner:
    return pipeline.open_template(str(BILLS))


def bill_record(sample: str) -> dict[str, Any]:
    """The data of the sample whose file name starts with ``sample``; a picture beside it is left out."""
    path = next(BILLS.glob(f"samples/{sample}*.json"))
    record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if not str(record["customer"].get("photo", "data:")).startswith("data:"):
        record["customer"]["photo"] = _portrait()
    return record


def bill_plan(record: Mapping[str, Any], locale: str | None = None) -> tuple[RenderPlan, Profile]:
    profile = parse_record(json.dumps(record), bill_planner().template.contract)
    return bill_planner().plan(profile, locale=locale), profile


def bill_job(record: Mapping[str, Any], locale: str | None = None) -> RenderJob:
    """A job for the energy bill and one record."""
    plan, profile = bill_plan(record, locale)
    return pipeline.prepare_job(bill_planner().template, plan, profile.images, CACHE)


def stand_ins(out: Path) -> tuple[RenderResult, RenderResult]:
    """A short film and a small document, in place of what the other channels make."""
    poster, upright = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (1280, 720), "#0B6E69").save(poster, "JPEG")
    Image.new("RGB", (720, 1280), "#F4A52A").save(upright, "JPEG")

    def made(channel: Channel, kind: Kind, name: str, data: bytes, media_type: str) -> Artefact:
        return write_artefact(out, channel, kind, name, data, media_type)

    captions = "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHello &amp; welcome\n"
    chapters = (
        "WEBVTT\n\n1\n00:00:00.000 --> 00:00:00.500\nYour bill\n\n"
        "2\n00:00:00.500 --> 00:00:01.000\nWhy <b>it</b> changed\n"
    )
    film = RenderResult(
        channel="video",
        artefacts=(
            made("video", "mp4", "film.mp4", _film(320, 180), "video/mp4"),
            made("video", "mp4", "film-9x16.mp4", _film(180, 320), "video/mp4"),
            made("video", "captions", "captions.vtt", captions.encode(), "text/vtt"),
            made("video", "chapters", "chapters.vtt", chapters.encode(), "text/vtt"),
            made("video", "transcript", "transcript.txt", b"Hello & welcome.\n\nWhy it changed.\n", "text/plain"),
            made("video", "poster", "poster.jpg", poster.getvalue(), "image/jpeg"),
            made("video", "poster", "poster-9x16.jpg", upright.getvalue(), "image/jpeg"),
        ),
    )
    document = made("statement", "pdf", "statement.pdf", b"%PDF-1.7\n" + b"%" * 2000, "application/pdf")
    return film, RenderResult(channel="statement", artefacts=(document,))


@cache
def _film(width: int, height: int) -> bytes:
    """One second of teal, H.264."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for _ in range(25):
            frame = av.VideoFrame.from_ndarray(
                np.full((height, width, 3), (11, 110, 105), dtype=np.uint8), format="rgb24"
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


@cache
def _portrait() -> str:
    import base64

    out = io.BytesIO()
    Image.new("RGB", (96, 96), "#F4A52A").save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")
