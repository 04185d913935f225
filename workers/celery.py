"""What ``celery -A workers`` looks for."""

from __future__ import annotations

from renderer.bootstrap import build
from renderer.settings import Settings
from workers.app import make_app

settings = Settings()
app = make_app(settings, lambda: build(settings))
