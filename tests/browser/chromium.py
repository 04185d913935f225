"""Debian's Chromium for the tests of pages, and a page in it that must ask nothing of anybody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

NEEDED = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed"),
]
"""Marks of every module that opens it."""

WAIT = 60_000
"""Milliseconds: the machine may be busy. What must be quick is measured and asserted by itself."""

expect.set_options(timeout=WAIT)

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""The rules that axe holds pages to."""


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """A browser, with ``more`` flags."""
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, *more])
        yield started
        started.close()


def _failed(request: Request) -> list[str]:
    """What is to be complained of when a request fails: not that a player has loaded enough of a film, nor that a page
    became so wide that it needs another picture than the one on its way."""
    enough = request.resource_type in ("media", "image") and request.failure == "net::ERR_ABORTED"
    return [] if enough else [f"failed: {request.url[:80]} {request.failure}"]


@contextmanager
def opened(browser: Browser, address: str, *, width: int = 390, height: int = 844, **options: Any) -> Iterator[Page]:
    """The page at ``address``; on leaving, no console message and no request beyond its folder may have been seen."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(WAIT)
    page = context.new_page()
    seen: list[str] = []
    base = address.rsplit("/", 1)[0]
    page.on("console", lambda message: seen.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.append(f"error: {error}"))
    page.on("requestfailed", lambda request: seen.extend(_failed(request)))
    page.on("request", lambda request: None if request.url.startswith((base, "data:")) else seen.append(request.url))
    page.goto(address, wait_until="load")
    yield page
    assert seen == [], seen
    context.close()
