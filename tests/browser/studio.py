"""A running preview and its page in Debian's Chromium, for the tests of the studio."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from playwright.sync_api import Browser, Page, Request

from tests.browser.chromium import WAIT

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(gettempdir()) / "dearly-test-preview"


@contextmanager
def previewing(folder: Path, *options: str) -> Iterator[str]:
    """``dearly preview`` of a template's folder: its address. Fails if it does not end cleanly."""
    process = subprocess.Popen(
        [sys.executable, "-m", "renderer.cli.main", "preview", str(folder), *options],
        cwd=ROOT, env={**os.environ, "DEARLY_HOME": str(HOME)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        found = None
        while found is None:
            line = process.stdout.readline()
            assert line, "the preview ended before it had an address"
            found = re.search(r"http://127\.0\.0\.1:\d+/\S+/", line)
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert "Traceback" not in process.stdout.read()
        process.stdout.close()


@contextmanager
def studio(browser: Browser, url: str, expected: Sequence[str] = ()) -> Iterator[Page]:
    """The studio, opened and up to date; fails when anything was blocked, thrown or asked of another host."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", accept_downloads=True
    )
    context.set_default_timeout(WAIT)
    opened = context.new_page()
    complaints: list[str] = []
    known = re.compile("|".join([r"status of 4(22|09)", *expected]))  # faults and outlived views are answers

    def outside(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            complaints.append(f"asked {request.url}")

    opened.on("console", lambda said: complaints.append(said.text)
              if said.type in ("error", "warning") and not known.search(said.text) else None)  # fmt: skip
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", outside)
    opened.goto(url)
    settled(opened)
    yield opened
    context.close()
    assert complaints == []


def settled(page: Page) -> None:
    """Wait until everything that is visible is up to date."""
    page.locator("body:not(.working) #status[data-state=good]").wait_for(timeout=WAIT)


def slowness() -> float:
    """How much longer things may take than on a machine that does nothing else."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
