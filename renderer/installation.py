"""One installation: one ledger, one key, one store, on however many machines.

A machine with another key could not open what the others have sealed; one with another store would say that files are
there which nobody finds; two ledgers over one store would each remove the other's files as left over. All three are
found out before anything is written: the ledger keeps a keyed fingerprint of the key and the number of the store, and
the store keeps both numbers under :data:`MARKER`. Nor does a machine work with a clock of its own.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from renderer.errors import EnvironmentFault
from renderer.ledger.database import Database, server_ms
from renderer.ledger.identity import Identity
from renderer.ledger.model import Clock, wall_clock
from renderer.ledger.seal import Vault, installation_key
from renderer.store.base import Store, Stored

MARKER = "installation.json"
"""Where a store says whose it is."""

CLOCK_MS = 5_000
"""So far a machine's clock may be from that of the ledger's server. Its leases are judged by other machines' clocks
(15 s after a lease a part is taken for lost: ledger/leader.py), and the server's beats by its own (12 s)."""


def agreed_key(path: Path, identity: Identity) -> bytes:
    """The installation's key, made where neither the file nor the ledger knows one.

    Raises EnvironmentFault ``environment.key`` when it is not the one that the ledger's other machines use.
    """
    agreed = identity.known().get("installation-key")
    if agreed is not None and not path.exists():
        raise EnvironmentFault(
            "environment.key",
            "The installation's key is not here, and the ledger was used with one.",
            hint="Copy the key file of the machine that has it, or name it with DEARLY_KEY_FILE.",
        )
    key = installation_key(path)
    vault = Vault(key)
    if agreed is None:
        sample = identity.something_sealed()  # a ledger from before keys were noted
        if sample is not None:
            vault.open(sample[1], sample[0])
        agreed = identity.agree("installation-key", _fingerprint(vault))
    if agreed != _fingerprint(vault):
        raise EnvironmentFault(
            "environment.key",
            "This machine's key is not the one that the ledger's other machines use.",
            hint="Copy their key file, or name it with DEARLY_KEY_FILE. Keep this one if it belongs to another ledger.",
        )
    return key


def check_clock(database: Database, clock: Clock = wall_clock) -> None:
    """See that this machine's clock is the ledger's server's, more or less. Raises EnvironmentFault
    ``environment.clock`` when it is not."""
    with database.reading() as connection:
        before = clock()
        theirs = server_ms(connection)
        after = clock()
    if theirs is None or before - CLOCK_MS <= theirs <= after + CLOCK_MS:
        return
    off_s = ((before if theirs < before else after) - theirs) / 1000
    raise EnvironmentFault(
        "environment.clock",
        f"This machine's clock is {abs(off_s):,.0f} s {'ahead of' if off_s > 0 else 'behind'} that of the ledger's "
        "server.",
        hint="Set the clocks of all machines by NTP.",
    )


def check_store(store: Store, identity: Identity, prove: Callable[[], None] = lambda: None) -> None:
    """See that the store is the ledger's, and mark it as such if it is new; before that it is to ``prove`` itself.

    Raises EnvironmentFault ``store.other`` when it is not, and whatever store, ledger and proof raise.
    """
    known = identity.known()
    installation = known.get("installation")
    if installation is None:
        installation = identity.agree("installation", secrets.randbits(63))
    found = _read(store)
    if found is None:
        if "installation-store" in known:
            raise EnvironmentFault(
                "store.other",
                "The store is not the one that the ledger's files are in: it has no mark of this installation.",
                hint="Check DEARLY_STORE_URL, and that the store's disk is there. A store that was moved is copied "
                f"whole, with its file {MARKER}.",
            )
        prove()
        mine = _Mark(installation=installation, store=secrets.randbits(63))
        store.put_if_absent(MARKER, mine.to_bytes())
        found = _read(store) or mine
    if found.installation != installation:
        raise EnvironmentFault(
            "store.other",
            "The store belongs to another installation, with a ledger of its own.",
            hint="Give each installation a folder or prefix of its own: DEARLY_STORE_URL or DEARLY_HOME.",
        )
    agreed = known.get("installation-store")
    if agreed is None:
        agreed = identity.agree("installation-store", found.store)
    if agreed != found.store:
        raise EnvironmentFault(
            "store.other",
            "The store is not the one that the ledger's other machines use.",
            hint="Give all of them the same DEARLY_STORE_URL. A folder serves one machine.",
        )


@dataclass(frozen=True, kw_only=True)
class _Mark:
    installation: int
    store: int

    def to_bytes(self) -> bytes:
        return json.dumps({"installation": self.installation, "store": self.store}).encode()


def _read(store: Store) -> _Mark | None:
    try:
        with store.open(MARKER) as file:
            known = json.loads(file.read())
            return _Mark(installation=int(known["installation"]), store=int(known["store"]))
    except EnvironmentFault as error:
        if error.code != "store.missing":
            raise
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise EnvironmentFault(
            "store.damaged", f"The store's file {MARKER} is damaged.", hint="Restore it from a backup."
        ) from error


def _fingerprint(vault: Vault) -> int:
    return int(vault.keyed("installation")[:15], 16)


class CheckedStore:
    """A store that is looked at before it is first used, and again until that went well: for one that may be away when
    a process starts. Safe between threads."""

    def __init__(self, store: Store, check: Callable[[], None]) -> None:
        self._store, self._check = store, check
        self._lock = Lock()
        self._checked = False

    def put_if_absent(self, key: str, data: bytes | Path, *, durable: bool = True, take: bool = False) -> Stored:
        return self._known().put_if_absent(key, data, durable=durable, take=take)

    def open(self, key: str) -> BinaryIO:
        return self._known().open(key)

    def stat(self, key: str) -> int | None:
        return self._known().stat(key)

    def delete(self, key: str) -> bool:
        return self._known().delete(key)

    def list(self, prefix: str = "") -> Iterator[str]:
        yield from self._known().list(prefix)

    def _known(self) -> Store:
        if not self._checked:
            with self._lock:
                if not self._checked:
                    self._check()
                    self._checked = True
        return self._store
