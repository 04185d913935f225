"""The microsite in Debian's Chromium: nothing blocked, nothing asked from outside, readable for all, at any width."""

from __future__ import annotations

import functools
import http.server
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page

from renderer.render.microsite.render import render_microsite
from tests.browser.chromium import NEEDED, RULES, WAIT, chromium, opened
from tests.page_samples import bill_job, bill_record, stand_ins

pytestmark = NEEDED

PAGES = {"debit": ("11", "it"), "due": ("08", "en"), "credit": ("13", "ar"), "longest": ("01", "it"),
         "first": ("10", "en"), "zero": ("06", "ar"), "least": ("09", "it")}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One microsite for each of PAGES, and one full of hostile texts."""
    root = tmp_path_factory.mktemp("sites")
    for name, (sample, locale) in PAGES.items():
        film, statement = stand_ins(root / name)
        render_microsite(bill_job(bill_record(sample), locale), root / name, film=film, statement=statement)
    run = "document.title='run'"
    evil = f'</p><script>{run}</script><img src=https://example.com/x onerror="{run}">{{{{7*7}}}}'
    record = bill_record("01")
    record["note"] = evil
    record["customer"]["name"] = evil[:120]
    record["tariff"]["name"] = evil[:60]
    film, statement = stand_ins(root / "hostile")
    (root / "hostile/video/transcript.txt").write_text(evil)
    render_microsite(bill_job(record), root / "hostile", film=film, statement=statement)
    return root


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def on_disk(folder: Path, name: str) -> str:
    return (folder / name / "microsite" / "index.html").as_uri()


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


PLAYED = """async () => {
  const video = document.querySelector('video');
  await Promise.race([video.play(), new Promise((_, no) => setTimeout(() => no(new Error('no play')), 60000))]);
  await document.fonts.ready;
  const shows = () => video.currentTime > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 0
    && [...video.textTracks].some(track => track.cues && track.cues.length);
  for (let turn = 0; turn < 600 && !shows(); turn++) await new Promise(done => setTimeout(done, 100));
  const quality = video.getVideoPlaybackQuality();
  const tracks = [...video.textTracks].map(track => [track.kind, track.mode, track.cues ? track.cues.length : 0]);
  return {time: video.currentTime, width: video.videoWidth, frames: quality.totalVideoFrames, tracks,
          error: video.error};
}"""


@pytest.mark.parametrize("how", ["disk", "served"])
def test_it_loads_and_plays_with_its_captions(browser: Browser, folder: Path, served: str, how: str) -> None:
    address = on_disk(folder, "debit") if how == "disk" else f"{served}/debit/microsite/index.html"
    with opened(browser, address, width=1280) as page:
        state = page.evaluate(PLAYED)
        assert state["time"] > 0 and state["width"] == 320 and state["frames"] > 0 and state["error"] is None
        assert ["captions", "showing", 1] in state["tracks"]
        fonts = page.evaluate("[...document.fonts].filter(face => face.status == 'loaded').map(face => face.weight)")
        assert set(fonts) == {"400", "600"}
        page.wait_for_function("[...document.images].every(image => image.naturalWidth)")


@pytest.mark.parametrize(("width", "height", "film"), [(390, 844, "film-9x16.mp4"), (768, 1024, "film-9x16.mp4"),
                                                       (1280, 800, "film.mp4"), (844, 390, "film.mp4")])  # fmt: skip
def test_each_screen_gets_its_film_and_poster_and_nothing_jumps(
    browser: Browser, served: str, width: int, height: int, film: str
) -> None:
    with opened(browser, f"{served}/debit/microsite/index.html", width=width, height=height) as page:
        poster = film.replace("film", "poster").replace("mp4", "jpg")
        page.wait_for_function(f"({LOADED}).includes('{poster}')")  # a page is loaded without what its style shows
        before = page.evaluate(PLAYER)
        assert before["source"].endswith(f"/{film}")
        page.locator("video").scroll_into_view_if_needed()
        wanted = (0xF4, 0xA5, 0x2A) if "9x16" in film else (0x0B, 0x6E, 0x69)
        until = time.monotonic() + WAIT / 1000
        while not alike(seen := in_view(page), wanted):
            assert time.monotonic() < until, seen  # it has come, and is drawn a moment later
        state = page.evaluate(PLAYED)
        assert state["width"] == (180 if "9x16" in film else 320) and state["frames"] > 0
        assert ("poster-9x16.jpg" in page.evaluate(LOADED)) == ("9x16" in film)  # the other is on paper anyway
        after = page.evaluate(PLAYER)
        assert (after["width"], after["height"]) == (before["width"], before["height"])
        assert before["height"] <= 0.85 * height and before["width"] <= width
        assert before["width"] / before["height"] == pytest.approx(9 / 16 if "9x16" in film else 16 / 9, rel=0.01)


def alike(seen: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return max(abs(one - other) for one, other in zip(seen, wanted, strict=True)) <= 12


def in_view(page: Page) -> Any:
    """The colour that is seen where the film is."""
    with Image.open(io.BytesIO(page.locator("video").screenshot())) as shown:
        return shown.convert("RGB").getpixel((shown.width // 2, shown.height // 4))


LOADED = "performance.getEntriesByType('resource').map(entry => entry.name.split('/').pop())"
PLAYER = """() => {
  const video = document.querySelector('video');
  const box = video.getBoundingClientRect();
  return {source: video.currentSrc, width: box.width, height: box.height};
}"""


@pytest.mark.parametrize("name", PAGES)
def test_no_width_needs_sideways_scrolling(browser: Browser, folder: Path, name: str) -> None:
    with opened(browser, on_disk(folder, name)) as page:
        for width in (320, 390, 576, 768, 960, 1280, 1440):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(OUTSIDE) == []


OUTSIDE = """() => [...document.querySelectorAll('main *, footer *')].filter(e => {
                 if (e.closest('.breeze, .sr-only, svg, details:not([open])')) return false;
                 const box = e.getBoundingClientRect();
                 return box.width && (box.left < -1 || box.right > innerWidth + 1);
               }).map(e => e.className + ' ' + e.textContent.slice(0, 30))"""


@pytest.mark.parametrize("name", ["debit", "due", "credit"])
def test_the_amount_and_the_action_stand_above_the_fold(browser: Browser, folder: Path, name: str) -> None:
    with opened(browser, on_disk(folder, name)) as page:
        for part in (".amount", ".button"):
            box = page.locator(part).first.bounding_box()
            assert box is not None and box["y"] + box["height"] < 844


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, folder: Path, name: str, scheme: str) -> None:
    options: dict[str, Any] = {"color_scheme": scheme, "bypass_csp": True}
    width = 390 if name in ("due", "longest", "zero") else 1280
    with opened(browser, on_disk(folder, name), width=width, **options) as page:
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        result = Axe().run(page, options={"runOnly": RULES, "preload": False}).response
        found = [(rule["id"], rule["nodes"][0]["html"][:120]) for rule in result["violations"]]
        assert found == []
        # axe cannot see what lies behind a text in SVG, so those are measured below.
        unsure = [(rule["id"], node["html"][:120]) for rule in result["incomplete"] for node in rule["nodes"]]
        assert [item for item in unsure if not item[1].startswith("<text ")] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_in_charts_have_contrast(browser: Browser, folder: Path, scheme: Any) -> None:
    with opened(browser, on_disk(folder, "debit"), color_scheme=scheme) as page:
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        fills = page.evaluate("[...document.querySelectorAll('.chart text')].map(e => getComputedStyle(e).fill)")
        assert len(fills) > 20
        assert min(contrast(fill, ground) for fill in set(fills)) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two CSS colours ``rgb(r, g, b)`` (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", PAGES)
def test_it_prints_on_two_pages(browser: Browser, folder: Path, name: str) -> None:
    with opened(browser, on_disk(folder, name), width=800) as page:
        with pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True))) as document:
            assert len(document) <= 2
        page.emulate_media(media="print")
        assert not page.locator("video").is_visible()
        assert page.locator(".film-still img").is_visible()
        assert not page.locator(".button").first.is_visible()


def test_right_to_left_is_mirrored(browser: Browser, folder: Path) -> None:
    with opened(browser, on_disk(folder, "credit"), width=1280) as page:
        logo, account = page.locator(".logo").bounding_box(), page.locator(".quiet-link").first.bounding_box()
        assert logo is not None and account is not None and logo["x"] > account["x"]
        assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"


def test_hostile_texts_run_nowhere(browser: Browser, folder: Path) -> None:
    with opened(browser, on_disk(folder, "hostile")) as page:
        assert "run" not in page.title()
        assert page.locator("script").count() == 0
        assert "{{7*7}}" in page.locator(".note blockquote").inner_text()


def test_the_keyboard_reaches_everything_in_order(browser: Browser, folder: Path) -> None:
    with opened(browser, on_disk(folder, "due"), width=1280) as page:
        reached = []
        for _ in range(8):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.className || document.activeElement.tagName"))
            shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert shown != "none" or reached[-1] == "film-player"  # its own controls show the focus
        assert reached[0] == "skip"
        assert reached.index("button") < reached.index("button button-quiet") < reached.index("film-player")


def test_it_needs_no_script(browser: Browser, folder: Path) -> None:
    with opened(browser, on_disk(folder, "debit"), java_script_enabled=False) as page:
        page.locator(".film details summary").first.click()
        assert page.locator(".chapters a").first.is_visible()


PREFERENCES = [{"forced_colors": "active"}, {"reduced_motion": "reduce"}, {"contrast": "more"}]


@pytest.mark.parametrize("preference", PREFERENCES)
def test_preferences_are_kept(browser: Browser, folder: Path, preference: dict[str, Any]) -> None:
    with opened(browser, on_disk(folder, "due"), **preference) as page:
        assert page.locator(".amount").is_visible()
        if "reduced_motion" in preference:
            assert page.evaluate("getComputedStyle(document.querySelector('.button')).transitionDuration") == "0s"
