"""Pictures of a web page, taken by an installed Chromium.

It is spoken to over two pipes (``--remote-debugging-pipe``: JSON messages that end in NUL), so no port is opened and
no driver has to be installed. It may read files and reaches no network.
"""

from __future__ import annotations

import base64
import fcntl
import io
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from PIL import Image

from renderer.errors import EnvironmentFault

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
SECONDS = 60.0
_MAX_HEIGHT = 12_000
_FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--no-default-browser-check", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--disable-dev-shm-usage", "--mute-audio", "--force-color-profile=srgb",
    "--font-render-hinting=none", "--disable-lcd-text", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
_SETTLE = """
Promise.all([
  document.fonts.ready,
  ...[...document.querySelectorAll("video[poster]")].map((video) => {
    video.controls = false;
    const still = new Image();
    still.src = video.poster;
    return still.decode().catch(() => 0);
  }),
  ...[...document.images].map((image) => {
    image.loading = "eager";
    return image.decode().catch(() => 0);
  }),
]).then(() => new Promise((done) => setTimeout(done, 80)))
"""
"""Waits for fonts and pictures, and takes a player's own controls away: they fade in and out as they like."""
_TRAMPOLINE = (
    "import os,sys\nos.dup2(int(sys.argv[1]),3)\nos.dup2(int(sys.argv[2]),4)\nos.execv(sys.argv[3],sys.argv[3:])"
)
"""Chromium wants its pipes as file descriptors 3 and 4, which subprocess cannot give."""


def find_chromium() -> str | None:
    """The path of an installed Chromium, or none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """A running browser. A context manager. Raises EnvironmentFault when it does not start or answer."""

    def __init__(self, program: str) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="dearly-browser-", ignore_cleanup_errors=True)
        theirs_in, self._to = _pipe()
        self._from, theirs_out = _pipe()
        flags = [*_FLAGS, f"--user-data-dir={self._profile.name}"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")  # Chromium refuses its sandbox to root; the pages carry no script
        command = [sys.executable, "-I", "-S", "-c", _TRAMPOLINE, str(theirs_in), str(theirs_out), program, *flags]
        try:
            self._process = subprocess.Popen(
                [*command, "about:blank"], pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self._last, self._rest = 0, b""
        self._seen: list[dict[str, Any]] = []
        self._session: str | None = None

    def __enter__(self) -> Self:
        try:
            self.version = str(self._ask("Browser.getVersion")["product"])
            target = self._ask("Target.createTarget", url="about:blank")["targetId"]
            self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            self._ask("Page.enable")
            self._ask(
                "Emulation.setEmulatedMedia",
                features=[
                    {"name": "prefers-reduced-motion", "value": "reduce"},
                    {"name": "prefers-color-scheme", "value": "light"},
                ],
            )
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and forget its profile folder."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for end in (self._to, self._from):
            if end >= 0:
                os.close(end)
        self._to = self._from = -1
        self._profile.cleanup()

    def picture(self, page: Path, width: int) -> Image.Image:
        """The whole page at a window's ``width`` in CSS pixels, one pixel each, down to 12000 pixels."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
        self._seen.clear()
        self._ask("Page.navigate", url=page.resolve().as_uri())
        self._await("Page.loadEventFired")
        self._ask("Runtime.evaluate", expression=_SETTLE, awaitPromise=True)
        size = self._ask("Page.getLayoutMetrics")["cssContentSize"]
        height = min(_MAX_HEIGHT, max(1, round(size["height"])))
        shot = self._ask(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1},
        )  # fmt: skip
        return Image.open(io.BytesIO(base64.b64decode(shot["data"])))

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One call and its answer."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        try:
            data = json.dumps(message).encode() + b"\0"
            while data:
                data = data[os.write(self._to, data) :]
        except OSError as error:
            raise _silent() from error
        deadline = time.monotonic() + SECONDS
        while True:
            answer = self._read(deadline)
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise EnvironmentFault("environment.library", f"Chromium refused {method}.")
                result: dict[str, Any] = answer.get("result", {})
                return result
            self._seen.append(answer)

    def _await(self, event: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not any(one.get("method") == event for one in self._seen):
            self._seen.append(self._read(deadline))

    def _read(self, deadline: float) -> dict[str, Any]:
        """The next message."""
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(self._from, 1 << 20) if ready else b""
            if not part:
                raise _silent()
            self._rest += part
        one, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(one)
        return message


def major(version: str) -> str:
    """The number before the first point of ``Chrome/120.0.1``, which is what changes how pages look."""
    found = re.search(r"/(\d+)", version)
    return found[1] if found else version


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are beyond the numbers that Chromium wants for itself."""
    ends = os.pipe()
    try:
        read, write = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    finally:
        for end in ends:
            os.close(end)
    return read, write


def _silent() -> EnvironmentFault:
    return EnvironmentFault(
        "environment.library",
        "Chromium does not start, or does not answer.",
        hint="Pass --no-page to test everything else.",
    )
