"""The same amount reads the same in page, statement, film and captions.

Texts are compared after NFKC, without direction controls, with every kind of space as one space. In right-to-left
locales the order of a number and its currency depends on who reads it back, so there they are compared as sets.
"""

from __future__ import annotations

import html
import re
import subprocess
import unicodedata
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image

from renderer import pipeline
from renderer.plan.build import Planner
from renderer.plan.model import RenderPlan, Series
from renderer.profile.model import Profile
from renderer.render.model import RenderJob
from renderer.render.video.captions import captions_vtt
from renderer.render.video.compose import Composer
from renderer.render.video.render import film_backdrops
from renderer.render.video.score import Score
from renderer.render.video.scoring import build_score
from renderer.render.video.text import TextEngine

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "templates/energy-bill/samples").glob("*.json"))
CONTROLS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
NUMBER = re.compile(r"[0-9][0-9.,]*[0-9]|[0-9]")


def unified(text: str) -> str:
    """``text`` as it is compared."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text.translate(CONTROLS))).translate(CONTROLS).strip()


def reads(figure: str, text: str, plan: RenderPlan) -> bool:
    """Whether ``text`` shows ``figure``."""
    if plan.direction == "ltr":
        return unified(figure) in text
    return all(part in text.split() or part in text for part in unified(figure).split())


def numbers(text: str) -> set[str]:
    """Everything in ``text`` that looks like a number."""
    return set(NUMBER.findall(unified(text)))


class Made:
    """One sample in all channels; the film as score and composer."""

    def __init__(self, planner: Planner, person: Profile, cache: Path, out: Path) -> None:
        self.plan = pipeline.plan(planner, person)
        self.job: RenderJob = pipeline.prepare_job(planner.template, self.plan, person.images, cache)
        statement = pipeline.render_channel("statement", self.job, out)
        pipeline.render_channel("microsite", self.job, out, statement=statement)
        markup = (out / "microsite/index.html").read_text("utf-8")
        self.page = unified(html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"</?bdi[^>]*>", "", markup))))
        document = pypdfium2.PdfDocument(out / "statement/statement.pdf")
        self.pdf = unified(" ".join(page.get_textpage().get_text_range() for page in document))
        document.close()
        self.score: Score = build_score(
            self.plan, planner.template, self.job.fonts, self.job.assets, TextEngine(self.job.fonts)
        )
        self.drawn = unified(" ".join(text.text for text in self.score.texts))
        self.captions = unified(html.unescape(captions_vtt(self.score).decode("utf-8")))


@pytest.fixture(scope="module")
def planner() -> Planner:
    """The template."""
    return pipeline.open_template(str(SAMPLES[0].parents[1]))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared fonts and footage, made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda path: path.stem)
def made(
    request: pytest.FixtureRequest, planner: Planner, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """Each sample in turn."""
    person = next(iter(pipeline.profiles(request.param, planner)))
    assert isinstance(person, Profile)
    return Made(planner, person, cache, tmp_path_factory.mktemp("agreement"))


def test_the_amount_is_in_every_channel(made: Made) -> None:
    shown = [made.plan.facts["total"].text, made.plan.facts["total_abs"].text]  # a credit may be shown without its sign
    for channel in ("page", "pdf", "drawn", "captions"):
        text = getattr(made, channel)
        assert any(reads(figure, text, made.plan) for figure in shown), channel


def test_the_film_shows_no_figure_that_is_not_a_fact(made: Made) -> None:
    facts = made.plan.facts.values()
    known = {number for fact in facts for text in (fact.text, *fact.steps) for number in numbers(text)}
    known |= {
        number
        for fact in facts
        if isinstance(fact.value, Series)
        for point in fact.value.points
        for cell in (point.x, point.y)
        for number in numbers(cell.text)
    }
    known |= {number for message in made.plan.copy.values() if not message.facts for number in numbers(message.text)}
    assert numbers(made.drawn) <= known
    spoken = re.sub(r"[0-9:.]+ --> [0-9:.]+.*|^WEBVTT.*", " ", captions_vtt(made.score).decode("utf-8"))
    spoken = "\n".join(line for line in spoken.splitlines() if not re.fullmatch(r"\s*[0-9]+\s*", line))
    assert numbers(html.unescape(spoken)) <= known


def test_amounts_of_the_film_stand_in_page_and_statement(made: Made) -> None:
    """What the film says in money, the documents say too."""
    drawn = [fact for fact in made.plan.facts.values() if fact.kind == "money" and unified(fact.text) in made.drawn]
    assert drawn
    for fact in drawn:
        assert reads(fact.text, made.page, made.plan), f"{fact.id} is not on the page"


@pytest.mark.parametrize("name", ["11-typical", "12-high-user-ev", "08-five-figures"])
def test_a_still_of_the_film_reads_as_the_fact(name: str, planner: Planner, cache: Path, tmp_path: Path) -> None:
    person = next(iter(pipeline.profiles(next(path for path in SAMPLES if path.stem == name), planner)))
    assert isinstance(person, Profile)
    plan = pipeline.plan(planner, person)
    job = pipeline.prepare_job(planner.template, plan, person.images, cache)
    score = build_score(plan, planner.template, job.fonts, job.assets, TextEngine(job.fonts))
    wanted = {unified(plan.facts[fact].text) for fact in ("total", "total_abs")}
    still = max((text for text in score.texts if unified(text.text) in wanted), key=lambda text: text.last - text.first)
    composer = Composer(score, backdrops=film_backdrops(score, job.assets, cache), fonts=job.fonts, assets=job.assets)
    luma = composer.frame(still.first + (still.last - still.first) * 2 // 3).planes[0]
    digits = {re.sub(r"[^0-9]", "", figure) for figure in wanted}
    readings = [reading for scale in (1, 2, 3) for reading in read_back(luma, scale, tmp_path / "still.png")]
    assert any(re.sub(r"[^0-9]", "", line) in digits for line in readings), readings


def read_back(luma: NDArray[np.uint8], scale: int, path: Path) -> list[str]:
    """What OCR reads in a picture, line by line. It mistakes a digit now and then, so a few sizes are tried."""
    height, width = luma.shape
    Image.fromarray(luma).resize((width * scale, height * scale), Image.Resampling.LANCZOS).save(path)
    command = ["tesseract", str(path), "-", "--psm", "11", "-l", "eng"]
    read = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line for line in read.splitlines() if line.strip()]
