"""How long profile and plan are kept: the days that a template's release says (``retention_days``).

A published release has them in the ledger. Of one that is only in the store the bundle says it; of one that is nowhere
any more the default holds.
"""

from __future__ import annotations

import zipfile

from renderer.bootstrap import release_key
from renderer.errors import EnvironmentFault, TemplateError
from renderer.ledger.upkeep import Upkeep
from renderer.located import read_yaml
from renderer.store.base import Store
from renderer.times import DAY_MS

DEFAULT_DAYS = 90
LEAST_DAYS, MOST_DAYS = 1, 3650


class Retention:
    """The days of each release, as far as they were asked for."""

    def __init__(self, upkeep: Upkeep, store: Store) -> None:
        self._upkeep = upkeep
        self._store = store
        self._days: dict[str, int] = {}

    def days(self, release: str | None) -> int:
        """Days that data of this release is kept."""
        if release is None:
            return DEFAULT_DAYS
        if release not in self._days:
            self._days |= self._upkeep.published()
        if release not in self._days:
            self._days[release] = self._in_bundle(release)
        return self._days[release]

    def before_ms(self, release: str | None, now_ms: int) -> int:
        """What ended before then is not kept any longer."""
        return now_ms - self.days(release) * DAY_MS

    def _in_bundle(self, release: str) -> int:
        try:
            with self._store.open(release_key(release)) as file, zipfile.ZipFile(file) as bundle:
                config, _ = read_yaml(bundle.read("template.yaml").decode("utf-8-sig"), "template.yaml")
            days = config.get("retention_days", DEFAULT_DAYS)
        except EnvironmentFault as error:
            if error.code != "store.missing":  # a store that is away says nothing of how long to keep
                raise
            return DEFAULT_DAYS
        except (TemplateError, zipfile.BadZipFile, KeyError, ValueError, AttributeError):
            return DEFAULT_DAYS
        return days if isinstance(days, int) and LEAST_DAYS <= days <= MOST_DAYS else DEFAULT_DAYS
