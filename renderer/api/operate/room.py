"""What the routes of the operators' page share. One for a process.

Its threads are its own: however many look, and however long a report takes, calls of the API never wait for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from renderer.api.catalogue import Catalogue
from renderer.api.house import House
from renderer.api.operate.doorman import Doorman
from renderer.api.operate.glances import Glances
from renderer.api.operate.pages import Pages
from renderer.api.operate.sessions import Sessions
from renderer.api.operate.sheets import Sheets
from renderer.api.pool import Pool
from renderer.ledger.ended_sessions import EndedSessions

THREADS, WAITING = 3, 100
"""Threads for pages, and pages that may wait for one."""
LONG_THREADS = 2
"""Threads for reports and downloads."""
DECIDED_THREADS = 2
"""Threads for what an approval or a rejection goes on with: no report of anybody keeps a run waiting."""


@dataclass
class Room:
    """See the module. ``service`` says whether a supervisor runs on this home."""

    house: House
    service: Callable[[], bool]
    pool: Pool = field(default_factory=lambda: Pool(THREADS, WAITING, "operate"))
    long_pool: Pool = field(default_factory=lambda: Pool(LONG_THREADS, WAITING, "operate-long"))
    decided_pool: Pool = field(default_factory=lambda: Pool(DECIDED_THREADS, WAITING, "operate-decided"))

    def __post_init__(self) -> None:
        house = self.house
        self.services = house.services
        self.sessions = Sessions(house.services.vault)
        self.doorman = Doorman(
            house.keys,
            self.sessions,
            EndedSessions(house.services.database),
            self.pool,
            house.doorkeeper,
            house.services.settings.api_url,
        )
        self.sheets = Sheets(house.services.settings.cache)
        self.pages = Pages(self.doorman.base, lambda name: f"{self.doorman.base}/operate{self.sheets.path(name)}")
        self.glances = Glances()
        self.catalogue = Catalogue(house.services)

    def close(self) -> None:
        """Wait for what is at work."""
        self.pool.close()
        self.long_pool.close()
        self.decided_pool.close()
