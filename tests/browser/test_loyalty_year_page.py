"""The year in records in Debian's Chromium: six stories that look unlike each other, readable for all, at any width."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from renderer import pipeline
from renderer.plan.build import Planner
from renderer.plan.model import Table
from renderer.profile.load import parse_record
from renderer.render.microsite.render import render_microsite
from renderer.render.model import RenderJob
from tests.browser.chromium import NEEDED, RULES, chromium, opened
from tests.page_samples import stand_ins

pytestmark = NEEDED

YEAR = Path(__file__).resolve().parents[2] / "templates" / "loyalty-year"
CACHE = Path(gettempdir()) / "dearly-test-fonts"
PAGES = {"longest": ("01", "it"), "big-spender": ("07", "fr"), "long-gone": ("09", "en"), "regular": ("10", "ro"),
         "slipping": ("11", "fr"), "newcomer": ("13", "it"), "listener": ("14", "en"), "birthday": ("15", "ro"),
         "no-consent": ("16", "en")}  # fmt: skip
STORIES = ("big-spender", "long-gone", "regular", "slipping", "newcomer", "listener")


@cache
def planner() -> Planner:
    return pipeline.open_template(str(YEAR))


def job(sample: str, locale: str) -> RenderJob:
    """A job for the sample whose file name starts with ``sample``, in any of the four languages."""
    record: dict[str, Any] = json.loads(next(YEAR.glob(f"samples/{sample}*.json")).read_text("utf-8"))
    profile = parse_record(json.dumps(record), planner().template.contract)
    return pipeline.prepare_job(planner().template, planner().plan(profile, locale=locale), profile.images, CACHE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One microsite for each of PAGES."""
    root = tmp_path_factory.mktemp("years")
    for name, (sample, locale) in PAGES.items():
        film, statement = stand_ins(root / name)
        render_microsite(job(sample, locale), root / name, film=film, statement=statement)
    return root


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def year(browser: Browser, folder: Path, name: str, **options: Any) -> AbstractContextManager[Page]:
    """The page of ``name``, standing still unless the options say otherwise."""
    return opened(browser, (folder / name / "microsite/index.html").as_uri(), **{"reduced_motion": "reduce", **options})


def test_each_story_has_its_own_headline_colour_and_figure(browser: Browser, folder: Path) -> None:
    told = set()
    for name in STORIES:
        with year(browser, folder, name) as page:
            assert page.evaluate("document.body.className") == name
            assert page.locator(".numeral").is_visible()
            told.add((page.locator("h1").inner_text(), page.evaluate(GROUND)))
    assert len({headline for headline, _ in told}) == len({colour for _, colour in told}) == len(STORIES)


GROUND = "getComputedStyle(document.querySelector('.sleeve')).backgroundColor"


def test_the_record_is_pressed_from_the_months(browser: Browser, folder: Path) -> None:
    rows = job(*PAGES["regular"]).plan.facts["month_rows"].value
    assert isinstance(rows, Table)
    levels = [cell.text for row in rows.rows if (cell := row["level"]) is not None for _ in range(3)]
    with year(browser, folder, "regular") as page:
        heights = page.evaluate("[...document.querySelectorAll('.record rect')].map(e => e.getAttribute('height'))")
        assert heights == levels and "100" in heights
        page.locator(".more summary", has_text="tabel").click()
        assert page.locator("#months-title ~ *").first.is_visible()
        assert page.locator("table").first.locator("tbody tr").count() == 12


def test_a_year_without_orders_has_a_blank_record(browser: Browser, folder: Path) -> None:
    with year(browser, folder, "long-gone") as page:
        assert page.locator(".record rect").count() == 0 and page.locator(".record circle").count() > 30


@pytest.mark.parametrize("name", PAGES)
def test_no_width_needs_sideways_scrolling(browser: Browser, folder: Path, name: str) -> None:
    with year(browser, folder, name) as page:
        for width in (320, 390, 576, 704, 960, 1280, 1440):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(OUTSIDE) == []


OUTSIDE = """() => [...document.querySelectorAll('.words *, .boast *, .spine *, main *, footer *')].filter(e => {
                 if (e.closest('.foot-word, .record, .sr-only, svg, details:not([open])')) return false;
                 const box = e.getBoundingClientRect();
                 return box.width && (box.left < -9 || box.right > innerWidth + 1);
               }).map(e => e.className + ' ' + e.textContent.slice(0, 30))"""


@pytest.mark.parametrize("name", PAGES)
def test_the_story_and_the_action_stand_above_the_fold(browser: Browser, folder: Path, name: str) -> None:
    with year(browser, folder, name) as page:
        for part in ("h1", ".button"):
            box = page.locator(part).first.bounding_box()
            assert box is not None and box["y"] + box["height"] < 844
        assert page.locator(".sleeve .button").count() == 1


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, folder: Path, name: str, scheme: str) -> None:
    options: dict[str, Any] = {"color_scheme": scheme, "bypass_csp": True}
    width = 390 if name in ("longest", "regular", "birthday") else 1280
    with year(browser, folder, name, width=width, **options) as page:
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        result = Axe().run(page, options={"runOnly": RULES, "preload": False}).response
        assert [(rule["id"], rule["nodes"][0]["html"][:120]) for rule in result["violations"]] == []


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("width", [320, 390, 768, 960, 1280, 1440])
def test_no_words_of_the_sleeve_lie_on_the_record(browser: Browser, folder: Path, name: str, width: int) -> None:
    """axe cannot see what a drawing puts behind words. Rings, rays and waves are in colours that the words keep their
    contrast on; the disc is not, so words either keep clear of it or bring their own ground."""
    with year(browser, folder, name, width=width) as page:
        assert page.evaluate(ON_THE_DISC) == []


ON_THE_DISC = """() => {
  const disc = document.querySelector('.record-turns > circle').getBoundingClientRect();
  const x = disc.left + disc.width / 2, y = disc.top + disc.height / 2, radius = disc.width / 2;
  const words = [...document.querySelectorAll('h1, .lead, .eyebrow, .actions')].filter(e => e.closest('.words'));
  return words.flatMap(e => {
    const range = document.createRange();
    range.selectNodeContents(e);
    return [...range.getClientRects()].filter(box => {
      const dx = Math.max(box.left - x, 0, x - box.right), dy = Math.max(box.top - y, 0, y - box.bottom);
      return !e.matches('.actions') && Math.hypot(dx, dy) < radius - 1;
    }).map(() => e.tagName + ' ' + e.textContent.trim().slice(0, 30));
  });
}"""


@pytest.mark.parametrize("name", ["big-spender", "long-gone", "regular"])
def test_it_prints_on_two_pages(browser: Browser, folder: Path, name: str) -> None:
    with year(browser, folder, name, width=800) as page:
        with pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True))) as document:
            assert len(document) <= 2
        page.emulate_media(media="print")
        assert not page.locator("video").is_visible()
        assert page.locator(".film-still img").is_visible()
        assert not page.locator(".button").first.is_visible()


def test_the_keyboard_reaches_everything_in_order(browser: Browser, folder: Path) -> None:
    with year(browser, folder, "regular", width=1280) as page:
        reached = []
        for _ in range(6):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.className || document.activeElement.tagName"))
            shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert shown != "none" or reached[-1] == "film-player"  # its own controls show the focus
        assert reached[:4] == ["skip", "top-link", "button", "film-player"]


def test_it_needs_no_script(browser: Browser, folder: Path) -> None:
    with year(browser, folder, "regular", java_script_enabled=False) as page:
        page.locator(".film details summary").first.click()
        assert page.locator(".chapters a").first.is_visible()


def test_the_record_comes_to_rest(browser: Browser, folder: Path) -> None:
    turning = "getComputedStyle(document.querySelector('.record-turns'))"
    with year(browser, folder, "regular", reduced_motion="no-preference") as page:
        name, length, times = page.evaluate(
            f"[{turning}.animationName, {turning}.animationDuration, {turning}.animationIterationCount]"
        )
        assert name == "settle" and float(length.removesuffix("s")) < 5 and times == "1"
    with year(browser, folder, "regular") as page:
        assert page.evaluate(f"{turning}.animationName") == "none"


@pytest.mark.parametrize("preference", [{"forced_colors": "active"}, {"contrast": "more"}])
def test_preferences_are_kept(browser: Browser, folder: Path, preference: dict[str, Any]) -> None:
    with year(browser, folder, "regular", **preference) as page:
        assert page.locator(".numeral").is_visible() and page.locator(".button").first.is_visible()
        assert page.locator(".record").is_visible() == ("contrast" in preference)
