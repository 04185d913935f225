"""The operators' page in Debian's Chromium: the whole way without script, for all eyes, at any width, by keyboard; and
what was made in a frame that can do nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from renderer.ledger.model import Fault
from tests.browser.chromium import NEEDED, RULES, WAIT, chromium
from tests.http_house import HttpHouse, http_house
from tests.operate_house import NAME, batch, held_run, make_sample, person, requests_of

pytestmark = [*NEEDED, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpHouse]:
    folder = tmp_path_factory.mktemp("operate")
    with http_house(folder, f"sqlite:///{folder}/ledger.sqlite", api_rate=10_000, api_burst=100_000) as made:
        yield made


@pytest.fixture(scope="module")
def runs(house: HttpHouse, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Held runs with a sample that is made, by what is to become of them."""
    folder = tmp_path_factory.mktemp("runs")
    found = {}
    for name in ("look", "approve", "reject"):
        found[name] = held_run(house, folder, people=6, turn=f"-{name}-")
        for request in requests_of(house, found[name])[:2]:
            make_sample(house, request)
    found["failed"] = batch(house, folder, [person("failed-1"), person("failed-2")])
    for request in requests_of(house, found["failed"]):
        house.make(request, fault=Fault(code="render.glyph", message="A glyph is missing."))
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@contextmanager
def signed_in(browser: Browser, house: HttpHouse, *, width: int = 1280, **options: Any) -> Iterator[Page]:
    """Somebody with all scopes. On leaving, nothing may have been asked of anybody else, and no page complained."""
    context: BrowserContext = browser.new_context(viewport={"width": width, "height": 844}, **options)
    context.set_default_timeout(WAIT)
    page = context.new_page()
    seen: list[str] = []
    page.on("console", lambda message: seen.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.append(f"error: {error}"))
    page.on("request", lambda request: None if request.url.startswith(house.url) else seen.append(request.url))
    page.goto(f"{house.url}/operate/sign-in")
    page.get_by_label("API key").fill(house.all)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{house.url}/operate")
    yield page
    # The sample has a script and a link out of its frame on purpose, which must be refused.
    refused = ("Blocked script execution", "script-src", "Unsafe attempt to initiate navigation")
    assert [one for one in seen if not any(words in one for words in refused)] == []
    context.close()


def every_page(house: HttpHouse, runs: dict[str, str]) -> list[str]:
    run, request = runs["look"], requests_of(house, runs["look"])[0]
    return [
        "", "/runs", f"/runs/{run}", f"/runs/{runs['failed']}", f"/runs/{run}/approve", f"/runs/{run}/reject",
        f"/requests/{request}", f"/requests/{requests_of(house, runs['failed'])[0]}", f"/requests?run={run}",
        f"/requests?run={runs['failed']}", "/workers", "/releases", "/releases/small",
    ]  # fmt: skip


def test_the_whole_way_without_script(browser: Browser, house: HttpHouse, runs: dict[str, str]) -> None:
    with signed_in(browser, house, java_script_enabled=False) as page:
        need = page.locator("#needs-list li", has=page.locator(f"a[href$='{runs['approve']}']"))
        need.get_by_role("link", name="Look and decide").click()
        assert "4 requests wait for an approval" in page.locator(".decision").inner_text()
        page.get_by_role("link", name="Record 1").click()
        frame = page.frame_locator("iframe")
        assert frame.locator("h1").inner_text() == f"Dear {NAME}"
        expect(page.locator(".papers img")).to_have_count(1)
        expect(page.locator("video[controls]")).to_have_count(1)
        page.get_by_role("link", name="Decide about the run").click()
        page.get_by_role("link", name="Approve…").click()
        page.get_by_role("button", name="Approve 4 requests").click()
        assert page.get_by_role("status").inner_text().startswith("Approved.")
        assert "Approved" in page.locator(".history li").first.inner_text()
        assert page.get_by_role("link", name="Approve…").count() == 0

        page.goto(f"{house.url}/operate/runs/{runs['reject']}")
        page.get_by_role("link", name="Reject…").click()
        page.get_by_role("button", name="Reject 4 requests").click()
        assert page.get_by_role("status").inner_text().startswith("Rejected.")
        page.go_back()  # to the form, which is sent once more
        page.goto(f"{house.url}/operate/runs/{runs['reject']}/approve")
        assert "There is nothing to decide any more." in page.get_by_role("status").inner_text()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{house.url}/operate/sign-in")
        page.goto(f"{house.url}/operate/runs/{runs['look']}")
        assert "/operate/sign-in" in page.url


def test_what_was_made_can_do_nothing(browser: Browser, house: HttpHouse, runs: dict[str, str]) -> None:
    request = requests_of(house, runs["look"])[0]
    with signed_in(browser, house) as page:
        page.goto(f"{house.url}/operate/requests/{request}", wait_until="networkidle")
        frame = page.locator("iframe").element_handle().content_frame()
        assert frame is not None and frame.locator("h1").inner_text() == f"Dear {NAME}"
        # Its own style and picture are there, its script has not run, and it is of no origin.
        expect(frame.locator("h1")).to_have_css("color", "rgb(0, 128, 0)")
        expect(frame.locator("img")).to_have_js_property("naturalWidth", 240)
        assert frame.evaluate("origin") == "null" and page.title().startswith("Request ")
        for script in ("document.cookie", "localStorage.length"):
            with pytest.raises(Exception, match=r"SecurityError|sandboxed"):
                frame.evaluate(script)
        frame.locator("a").click()
        page.wait_for_timeout(300)
        assert page.url == f"{house.url}/operate/requests/{request}"
        assert page.evaluate("document.cookie") == ""  # nobody's script sees the session
        # Opened by itself it is no more than that.
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Open in a tab").click()
        alone = opened.value
        alone.wait_for_load_state()
        assert alone.evaluate("origin") == "null" and alone.title() == "Yours"
        alone.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, house: HttpHouse, runs: dict[str, str], scheme: Any) -> None:
    with signed_in(browser, house, color_scheme=scheme, bypass_csp=True) as page:
        guest = browser.new_context(color_scheme=scheme, bypass_csp=True)
        for path in ["/sign-in", "/nothing", *every_page(house, runs)]:
            here = guest.new_page() if path in ("/sign-in", "/nothing") else page
            here.goto(f"{house.url}/operate{path}")
            here.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
            # What is in the frame is the template's matter, and closed to scripts.
            where = {"exclude": [["iframe"]]}
            result = Axe().run(here, context=where, options={"runOnly": RULES, "preload": False}).response
            found = [(path, rule["id"], rule["nodes"][0]["html"][:120]) for rule in result["violations"]]
            assert found == []
            unsure = [(path, rule["id"], node["html"][:120]) for rule in result["incomplete"] for node in rule["nodes"]]
            assert unsure == []
        guest.close()


def test_no_width_needs_sideways_scrolling(browser: Browser, house: HttpHouse, runs: dict[str, str]) -> None:
    with signed_in(browser, house) as page:
        for path in every_page(house, runs):
            page.goto(f"{house.url}/operate{path}")
            for width in (320, 390, 620, 900, 1280):
                page.set_viewport_size({"width": width, "height": 844})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_the_keyboard_reaches_what_is_to_be_decided(browser: Browser, house: HttpHouse, runs: dict[str, str]) -> None:
    with signed_in(browser, house) as page:
        page.goto(f"{house.url}/operate/runs/{runs['look']}")
        reached = []
        for _ in range(14):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.textContent.trim().split('\\n')[0]"))
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", reached
        assert reached[0] == "Skip to the content"
        places = [reached.index(name) for name in ("Overview", "Runs", "Sign out", "Approve…", "Reject…")]
        assert places == sorted(places)
        page.keyboard.press("Shift+Tab")
        page.goto(f"{house.url}/operate/runs/{runs['look']}/approve")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_function("document.activeElement.id == 'main'")


def test_the_account_prints(browser: Browser, house: HttpHouse, runs: dict[str, str]) -> None:
    with signed_in(browser, house) as page:
        page.goto(f"{house.url}/operate/runs/{runs['failed']}")
        with pypdfium2.PdfDocument(io.BytesIO(page.pdf())) as document:
            said = " ".join(sheet.get_textpage().get_text_bounded() for sheet in document)
            assert len(document) <= 3
        assert "Accounted for" in said and "A glyph is missing." in said and runs["failed"] in said
        for screen in ("Sign out", "Report as JSON", "Overview"):
            assert screen not in said


def test_a_page_of_what_goes_on_looks_again_and_leaves_people_alone(
    browser: Browser, house: HttpHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = batch(house, tmp_path, [person(f"live-{number}") for number in range(3)])
    monkeypatch.setattr("renderer.api.operate.routes.runs.REFRESH_S", 1)
    with signed_in(browser, house) as page:
        page.goto(f"{house.url}/operate/runs/{run}")
        assert page.locator("#progress-live .of-done b").inner_text() == "0"
        page.locator("summary, a", has_text="Look through them").first.focus()
        house.make(requests_of(house, run)[0])
        expect(page.locator("#progress-live .of-done b")).to_have_text("1", timeout=60_000)
        assert page.evaluate("document.activeElement.textContent") == "Look through them"
        page.locator("body").evaluate("e => e.dataset.here = 'still'")
        house.services.intake.cancel_run(run)
        expect(page.locator("#state")).to_contain_text("cancelled", timeout=60_000)
        assert page.evaluate("document.body.dataset.here") == "still"  # nothing was loaded anew


def test_tables_can_be_sorted(browser: Browser, house: HttpHouse, runs: dict[str, str]) -> None:
    with signed_in(browser, house) as page:
        page.goto(f"{house.url}/operate/requests/{requests_of(house, runs['look'])[0]}")
        page.locator("#files summary").click()
        head = page.locator("#files th", has_text="Size")
        sizes = page.locator("#files tbody td:nth-child(3)")
        for order in ("ascending", "descending"):
            head.get_by_role("button").click()
            assert head.get_attribute("aria-sort") == order
            found = [int(cell.get_attribute("data-value") or "") for cell in sizes.all()]
            assert found == sorted(found, reverse=order == "descending") and len(found) == 7


def test_nothing_personal_is_on_a_page_but_in_what_was_made(
    browser: Browser, house: HttpHouse, runs: dict[str, str]
) -> None:
    with signed_in(browser, house) as page:
        for path in every_page(house, runs):
            page.goto(f"{house.url}/operate{path}")
            assert NAME not in page.content() and not re.search(r"C-small", page.content())
