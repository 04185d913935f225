"""The README's picture: one sample customer as page, PDF page and stills of the film, made by the project itself.

    .venv/bin/python -m docs.make_pictures

In: a sample of the template `energy-bill`. Out: ``docs/images/one-bill.jpg``. The page is photographed by Debian's
Chromium, the PDF drawn by PDFium, the stills decoded from the finished film; Pillow only puts them side by side.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
import pypdfium2
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import sync_playwright

from renderer import pipeline
from renderer.plan.model import RenderPlan
from renderer.profile.load import read_one
from renderer.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "templates/energy-bill/samples/11-typical.json"
LOCALE = "en"
TARGET = ROOT / "docs/images/one-bill.jpg"

HEIGHT = 960
MARGIN = 56
GAP = 34
GROUND = "#e9e4da"
RADIUS = 10
SHADOW = 22
STILLS = ("opening", "amount-debit", "usage-down")
"""Scenes that the stills are taken from, near the end of each, when all has come in."""


def main() -> None:
    """Render, photograph, compose, write."""
    settings = Settings()
    settings.prepare()
    planner = pipeline.open_template("energy-bill")
    person = read_one(SAMPLE, planner.template.contract)
    plan = pipeline.plan(planner, person, locale=LOCALE)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        pipeline.render_all(planner.template.channels, planner.template, plan, dict(person.images), settings.cache, out)
        picture = composed(page(out), paper(out), stills(out, plan))
    TARGET.parent.mkdir(exist_ok=True)
    picture.save(TARGET, quality=84, optimize=True, progressive=True)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size // 1000} kB")


def page(out: Path) -> Image.Image:
    """The top of the web page, as a laptop shows it."""
    shot = out / "page.png"
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": 1080, "height": 1290}, device_scale_factor=1)
        view.goto((out / "microsite/index.html").as_uri())
        view.wait_for_timeout(3000)  # until the player's own spinner is gone
        view.screenshot(path=shot)
        browser.close()
    return Image.open(shot).convert("RGB")


def paper(out: Path) -> Image.Image:
    """The first page of the statement, at 150 dots an inch."""
    document = pypdfium2.PdfDocument(out / "statement/statement.pdf")
    drawn: Image.Image = document[0].render(scale=150 / 72).to_pil().convert("RGB")
    document.close()
    return drawn


def stills(out: Path, plan: RenderPlan) -> list[Image.Image]:
    """A frame of each scene in :data:`STILLS`, 70 % into the scene, by the chapters that the film has."""
    starts = [
        _seconds(line.partition(" ")[0])
        for line in (out / "video/chapters.vtt").read_text("utf-8").splitlines()
        if "-->" in line
    ]
    with av.open(str(out / "video/film.mp4")) as film:
        stream = film.streams.video[0]
        rate = float(stream.average_rate or 25)
        ends = [*starts[1:], float(stream.frames / rate)]
        wanted = [
            round((starts[index] + 0.7 * (ends[index] - starts[index])) * rate)
            for index, scene in enumerate(plan.scenes)
            if scene in STILLS
        ]
        found = {}
        for number, frame in enumerate(film.decode(stream)):
            if number in wanted:
                found[number] = Image.fromarray(frame.to_ndarray(format="rgb24"))
            if number >= max(wanted):
                break
    return [found[number] for number in wanted]


def composed(left: Image.Image, middle: Image.Image, right: Sequence[Image.Image]) -> Image.Image:
    """Page, paper and a column of stills side by side on a plain ground, all of one height."""
    tall = HEIGHT - 2 * MARGIN
    each = (tall - (len(right) - 1) * GAP) // len(right)
    left, middle = _high(left, tall), _high(middle, tall)
    column = [_high(image, each) for image in right]
    width = 2 * MARGIN + left.width + GAP + middle.width + GAP + column[0].width
    picture = Image.new("RGB", (width, HEIGHT), GROUND)
    _place(picture, left, (MARGIN, MARGIN))
    _place(picture, middle, (MARGIN + left.width + GAP, MARGIN))
    for index, image in enumerate(column):
        _place(picture, image, (width - MARGIN - image.width, MARGIN + index * (each + GAP)))
    return picture


def _high(image: Image.Image, height: int) -> Image.Image:
    """``image`` scaled to a height."""
    return image.resize((round(image.width * height / image.height), height), Image.Resampling.LANCZOS)


def _place(picture: Image.Image, image: Image.Image, at: tuple[int, int]) -> None:
    """``image`` with round corners and a soft shadow."""
    mask = Image.new("L", (image.width * 4, image.height * 4), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), RADIUS * 4, fill=255)
    mask = mask.resize(image.size, Image.Resampling.LANCZOS)
    shade = Image.new("L", picture.size, 0)
    shade.paste(mask.point(lambda level: level * 70 // 255), (at[0], at[1] + 8))
    picture.paste("#10262e", (0, 0), shade.filter(ImageFilter.GaussianBlur(SHADOW)))
    picture.paste(image, at, mask)


def _seconds(clock: str) -> float:
    parts = [float(part) for part in clock.split(":")]
    return sum(part * float(60**place) for place, part in enumerate(reversed(parts)))


if __name__ == "__main__":
    main()
