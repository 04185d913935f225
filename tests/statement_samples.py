"""The energy bill's statement on its own, and what tests read back from a PDF."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pikepdf
import pypdfium2
from ruamel.yaml import YAML

from renderer import pipeline
from renderer.assets.fonts import FontRequest, FontSet, load_fonts
from renderer.plan.build import Planner
from renderer.profile.load import parse_record
from renderer.render.model import RenderJob
from renderer.template.load import load_release
from renderer.template.release import Release, read_folder

BILLS = Path(__file__).resolve().parents[1] / "templates" / "energy-bill"
SAMPLES = tuple(path.stem for path in sorted((BILLS / "samples").glob("*.json")))
CACHE = Path(gettempdir()) / "dearly-test-fonts"
CONTROLS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
NO_PHOTO = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4slQLAARUAcTkQmYJAAAAAElFTkSuQmCC"
)


@cache
def fonts() -> FontSet:
    """Two weights of the brand's faces and the emoji."""
    return load_fonts(
        [
            FontRequest("IBM Plex Sans", (400, 700)),
            FontRequest("IBM Plex Sans Arabic", (400,)),
            FontRequest("Noto Color Emoji", (400,)),
        ],
        CACHE / "fonts",
    )


def bill_release(changes: Mapping[str, str] | None = None) -> Release:
    """The energy bill with the statement as its only channel; ``changes`` replaces files by path."""
    files = dict(read_folder(BILLS).files)
    yaml = YAML()
    config = yaml.load(files["template.yaml"].decode())
    config["channels"] = {"statement": config["channels"]["statement"]}
    out = io.BytesIO()
    yaml.dump(config, out)
    files["template.yaml"] = out.getvalue()
    files.update({path: text.encode() for path, text in (changes or {}).items()})
    return Release(files)


@cache
def planner() -> Planner:
    return Planner(load_release(bill_release()))


def record(sample: str) -> dict[str, Any]:
    """A sample's data; a picture that lies beside it is replaced by one dot."""
    found: dict[str, Any] = json.loads(next(BILLS.glob(f"samples/{sample}*.json")).read_text("utf-8"))
    if not str(found["customer"].get("photo", "data:")).startswith("data:"):
        found["customer"]["photo"] = NO_PHOTO
    return found


def job(data: Mapping[str, Any], locale: str | None = None, by: Planner | None = None) -> RenderJob:
    made_by = by or planner()
    profile = parse_record(json.dumps(data), made_by.template.contract)
    return pipeline.prepare_job(made_by.template, made_by.plan(profile, locale=locale), profile.images, CACHE)


def pages_of(pdf: bytes) -> list[str]:
    """What a reader finds on each page, as it is compared."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [unified(page.get_textpage().get_text_bounded()) for page in document]
    finally:
        document.close()


def unified(text: str) -> str:
    """``text`` after NFKC, without direction controls, every kind of space as one."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).translate(CONTROLS)).strip()


def tags(pdf: bytes) -> list[str]:
    """The structure elements of a PDF in reading order, by name (``Table``, ``TR``, …)."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return [str(element.S)[1:] for element in elements(document)]


def elements(document: pikepdf.Pdf) -> list[Any]:
    """The structure elements themselves, depth first."""
    found: list[Any] = []

    def walk(node: Any) -> None:
        if isinstance(node, pikepdf.Array):
            for item in node:
                walk(item)
        elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
            found.append(node)
            walk(node.get("/K", pikepdf.Array()))

    walk(document.Root.StructTreeRoot.K)
    return found
