"""Whether what runs in this container works: ``healthy.py [api|worker]``, without a word whichever is there. For a
container's health check: it says that the process answers, not that nothing needs a person (``dearly status``)."""

from __future__ import annotations

import sys
import urllib.request

from renderer.settings import Settings


def api(settings: Settings) -> bool:
    """Whether the API answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.api_port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def worker(settings: Settings) -> bool:
    """Whether a supervisor has this home."""
    from workers.start import is_running

    return is_running(settings)


def main(asked: list[str]) -> int:
    settings = Settings()
    looks = {"api": api, "worker": worker}
    return 0 if any(looks[name](settings) for name in asked or looks) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
