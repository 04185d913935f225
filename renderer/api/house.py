"""What the API's routes share: adapters, keys, threads, limits. One for a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from renderer.api.caller import Doorkeeper
from renderer.api.entry import Desk, Entry
from renderer.api.keys import Keys
from renderer.api.limits import Buckets, Budget, Held
from renderer.api.links import Links
from renderer.api.opened import OpenedTemplates
from renderer.api.pages import Cursors
from renderer.api.pool import Pool
from renderer.bootstrap import Services

THREADS, WAITING = 6, 200
"""Threads for single calls, and calls that may wait for one."""
STREAM_THREADS = 2
"""Threads for streams: theirs alone, so that a stream never makes single calls wait for one."""
BODIES = 256 * 2**20
"""Bytes of bodies that may be in memory at the same time; their JSON takes a few times as much."""


@dataclass
class House:
    """See the module."""

    services: Services
    pool: Pool = field(default_factory=lambda: Pool(THREADS, WAITING, "call"))
    stream_pool: Pool = field(default_factory=lambda: Pool(STREAM_THREADS, 1_000, "stream"))
    closing: list[Callable[[], None]] = field(default_factory=list)
    """What else is to be closed with it."""

    def __post_init__(self) -> None:
        services, settings = self.services, self.services.settings
        self.keys = Keys(services.key_ring, services.vault)
        self.limits = Buckets(settings.api_rate, settings.api_burst)
        self.bodies = Budget(BODIES)
        self.streams = Held(settings.api_streams)
        self.doorkeeper = Doorkeeper(self.keys, self.pool, self.limits)
        self.templates = OpenedTemplates(services)
        self.entry = Entry(services, self.templates)
        self.desk = Desk(self.entry, self.pool)
        self.links = Links(services.vault)
        self.cursors = Cursors(services.vault)
        self.base = urlsplit(settings.api_url).path.rstrip("/")
        """What stands before the API's own paths where clients reach it: nothing, or a path of the proxy's."""

    def close(self) -> None:
        """Wait for what is at work."""
        self.pool.close()
        self.stream_pool.close()
        for close in self.closing:
            close()
