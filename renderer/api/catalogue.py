"""Which templates there are and what they say. Nothing is changed: unlike a request, a look publishes nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from renderer.bootstrap import Services
from renderer.errors import BadInput
from renderer.ledger.seen import SeenRelease
from renderer.located import read_yaml
from renderer.template.load import installed, load_release, load_template
from renderer.template.model import Template

KEPT_S = 10.0
"""How long an installed template is taken to be the same."""


@dataclass(frozen=True)
class Named:
    """A template in the list."""

    id: str
    title: str
    active: str | None


@dataclass(frozen=True)
class Shown:
    """A template as its id means it now, and its releases, the newest first."""

    template: Template
    active: str | None
    releases: tuple[SeenRelease, ...]


class Catalogue:
    """Used by several threads."""

    def __init__(self, services: Services, now: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._now = now
        self._lock = threading.Lock()
        self._opened: dict[str, tuple[float, Template]] = {}

    def listed(self) -> list[Named]:
        """All templates that are installed or have an active release, by id."""
        titles = {id: _title(folder, id) for id, folder in installed()}
        active = self._services.browse.active()
        titles |= {id: title for id, (_, title) in active.items()}
        return [Named(id, title, active[id][0] if id in active else None) for id, title in sorted(titles.items())]

    def one(self, id: str) -> Shown | None:
        """A template; None when there is none, or the one that is installed is not in order."""
        active = self._services.book.active(id)
        template = self._release(active) if active is not None else self._installed(id)
        if template is None:
            return None
        return Shown(template, active, self._services.browse.releases(id))

    def _release(self, digest: str) -> Template:
        return self._kept(digest, lambda: load_release(self._services.releases.get(digest)), float("inf"))

    def _installed(self, id: str) -> Template | None:
        folder = dict(installed()).get(id)
        if folder is None:
            return None
        try:
            return self._kept(str(folder), lambda: load_template(folder), KEPT_S)
        except BadInput:
            return None

    def _kept(self, name: str, load: Callable[[], Template], seconds: float) -> Template:
        with self._lock:
            since, template = self._opened.get(name, (float("-inf"), None))
            if template is None or self._now() - since >= seconds:
                template = load()
                self._opened.pop(name, None)
                self._opened[name] = (self._now(), template)
                while len(self._opened) > 8:
                    del self._opened[next(iter(self._opened))]
            return template


def _title(folder: Path, id: str) -> str:
    data, _ = read_yaml((folder / "template.yaml").read_text("utf-8"), "template.yaml")
    found = data.get("title") if isinstance(data, dict) else None
    return found if isinstance(found, str) else id
