"""Proves that a bucket's store keeps the first of two writers, which everything here relies on: some stores take the
condition of a put and do not keep it. Costs a few small files, which are removed again."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from renderer.errors import EnvironmentFault
from renderer.store.s3 import S3Store, not_create_only

PREFIX = "probe"
"""Where the files of the trial are, should it be killed."""
RACERS = 4


def probe(store: S3Store) -> None:
    """Write one key twice, whole and in parts, one after the other and at once.

    Raises EnvironmentFault: ``store.create-only`` when not exactly the first one counts, ``environment.store`` when
    the store cannot be used.
    """
    name = f"{PREFIX}/{secrets.token_hex(8)}"
    whole, parts, race = f"{name}.whole", f"{name}.parts", f"{name}.race"
    try:
        _twice(store, whole, "a second file")
        in_parts = store.in_parts()
        _twice(in_parts, parts, "a second large file")
        if in_parts.put_if_absent(whole, b"third").created:
            raise _fails("a large file")
        with ThreadPoolExecutor(RACERS) as racers:
            found = list(racers.map(lambda number: store.put_if_absent(race, b"%d" % number), range(RACERS)))
        if sum(one.created for one in found) != 1:
            raise _fails("several files at once")
    finally:
        for key in (whole, parts, race):
            with suppress(EnvironmentFault):
                store.delete(key)


def _twice(store: S3Store, key: str, what: str) -> None:
    store.put_if_absent(key, b"first")
    second = store.put_if_absent(key, b"second")
    if second.created:
        raise _fails(what)
    with store.open(key) as file:
        if file.read() != b"first":
            raise _fails(what)


def _fails(what: str) -> EnvironmentFault:
    return not_create_only(f"it took {what} under a name that was taken")
