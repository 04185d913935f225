"""The picture of "Watch and decide in the browser": a run that waits for an approval, as the operators' page shows it.

    .venv/bin/python -m docs.make_operators_picture

In: customers that are made up here. Out: ``docs/images/operators-page.png``. A batch is started in a home of its own,
with a sample of three, which takes minutes because its films are real; then the page is opened in Debian's Chromium.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import uvicorn
from PIL import Image
from playwright.sync_api import sync_playwright

from renderer.api.app import make_app
from renderer.api.keys import Keys
from renderer.bootstrap import build
from renderer.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs/images/operators-page.png"
PEOPLE = 2_400
SAMPLE = 3
WIDTH, HEIGHT = 1240, 1000
COLOURS = 128


def main() -> None:
    """Start the run, serve the page, photograph it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        run = held_run(Path(folder), home)
        services = build(Settings(home=home))
        _, key = Keys(services.key_ring, services.vault).create(
            "Ada", ["read", "artefacts", "runs:approve"], None, None
        )
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            config = uvicorn.Config(make_app(services), access_log=False, log_config=None, timeout_graceful_shutdown=1)
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            while not server.started:
                time.sleep(0.05)
            try:
                photograph(f"http://127.0.0.1:{listener.getsockname()[1]}/operate", key, run)
            finally:
                server.should_exit = True
                thread.join()
        services.database.close()
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size // 1000} kB")


def held_run(folder: Path, home: Path) -> str:
    """A run whose sample is made, and whose other requests wait."""
    environment = {**os.environ, "DEARLY_HOME": str(home)}
    people = folder / "people.jsonl"

    def dearly(*arguments: str) -> None:
        subprocess.run([sys.executable, "-m", "renderer.cli.main", *arguments], env=environment, check=True)

    dearly("sample", "loyalty-year", "--count", str(PEOPLE), "--seed", "11", "--out", str(people))
    dearly("batch", "start", "loyalty-year", "--profiles", str(people), "--hold-after", str(SAMPLE))
    services = build(Settings(home=home))
    try:
        return services.summary.run_id("latest")
    finally:
        services.database.close()


def photograph(address: str, key: str, run: str) -> None:
    """Sign in and take the picture."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1)
        view.goto(f"{address}/sign-in")
        view.fill("#key", key)
        view.click("main button")
        view.goto(f"{address}/runs/{run}", wait_until="networkidle")
        TARGET.parent.mkdir(exist_ok=True)
        view.screenshot(path=TARGET)
        browser.close()
    with Image.open(TARGET) as shot:
        small = shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
