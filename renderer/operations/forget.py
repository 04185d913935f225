"""Forgets a recipient: all that this installation keeps of them, wherever it stands.

The ledger goes first (:mod:`renderer.ledger.erasing`): with it open requests are cancelled, so that no work under way
is taken any more. Then files, found by the request's id and not only by rows, so that what no row names goes too. Then
pieces of film. What a worker stores after that it removes itself when it learns that its part is lost (:func:`late`),
and where it was killed before it could, the last look does (:func:`look_again`).

Every step may be repeated, so an erasure that was cut short goes on when it is asked for again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

from renderer.batch.model import Balance
from renderer.bootstrap import Services, recipient_use
from renderer.errors import EnvironmentFault
from renderer.ledger.chunk_index import ChunkIndex
from renderer.ledger.erasing import Erasing, Erasure, Known, Sum
from renderer.ledger.model import Fence, artefact_folder, request_of_key
from renderer.ledger.seal import installation_key
from renderer.ledger.tables import sealed, set_aside
from renderer.operations import broker
from renderer.plan.controls import amounts_from_bytes
from renderer.render.video.speech_shelf import SpeechShelf

if TYPE_CHECKING:
    from renderer.shelf import Shelf

SEALED = (sealed, set_aside)
"""The tables that hold what is sealed."""

LOOK_AFTER_MS = 15 * 60 * 1000
"""When the last look is taken: no part may be at work for so long (workers/lanes.py)."""

Step = Callable[[], None]
"""Called after each request."""


def known(services: Services, recipient: str) -> Known:
    """What there is to forget. ``recipient`` is the key in clear here and below."""
    return Erasing(services.database).known(_digest(services, recipient), recipient_use(services.settings, recipient))


def last(services: Services, recipient: str) -> Erasure | None:
    """The last erasure of a recipient, which may not be finished."""
    return Erasing(services.database).last(_digest(services, recipient))


def forget(services: Services, recipient: str, step: Step = lambda: None) -> Erasure:
    """Forget a recipient; the proof. Raises EnvironmentFault; then, or when it is killed, call it again."""
    erasing = Erasing(services.database)
    digest = _digest(services, recipient)
    erasure = erasing.begin(digest)
    shelf = shelf_of(services)
    while True:
        _requests(services, erasing, shelf, erasure, step)
        while erasing.forget_records(erasure.id, digest, _adder(services)):
            pass
        use = recipient_use(services.settings, recipient)
        erasing.count_chunks(erasure.id, shelf.release(use))
        _chunks_of_nobody(erasing, shelf, erasure)
        if erasing.known(digest, use).nothing:  # nothing came in meanwhile
            break
    _speech(services)
    broker.cut_log(services.settings, broker.CUT_S)
    services.database.scrub(SEALED)
    return erasing.finish(erasure.id)


def late(services: Services, request_id: str) -> bool:
    """For a worker that has lost its part: if that is because the recipient was forgotten, remove what was made of it.
    Whether it was."""
    erasing = Erasing(services.database)
    if not erasing.forgotten(request_id):
        return False
    shelf = shelf_of(services)
    _leftovers(services, shelf, request_id, erasing.parts(request_id))
    _unused(shelf)
    _speech(services)
    return True


def look_again(services: Services, before_ms: int, fence: Fence | None = None) -> Generator[None, None, int]:
    """Remove whatever workers that were killed have left of recipients who were forgotten before then; gives of how
    many at its end. It pauses after each request: a bucket takes a while to say what it has. Raises NotLeader."""
    erasing = Erasing(services.database)
    found = erasing.unchecked(before_ms)
    if not found:
        return 0
    _speech(services)
    broker.cut_log(services.settings)  # it may not have run
    services.database.scrub(SEALED, wait_s=0.1)
    shelf = shelf_of(services)
    for erasure in found:
        after = ""
        while ids := erasing.requests(erasure.recipient, after):
            for request_id in ids:
                if erasing.forgotten(request_id):  # one that came in since is none of ours
                    _leftovers(services, shelf, request_id, erasing.parts(request_id))
                yield
            after = ids[-1]
        erasing.checked(erasure.id, fence)
    following: str | None = ""
    while following is not None:
        _, following = shelf.drop_unused(following)
        yield
    return len(found)


def shelf_of(services: Services) -> Shelf:
    """The shelf of film chunks over the services' own ledger and store."""
    from renderer.shelf import Shelf  # loads what encodes films

    key = installation_key(services.settings.key_file)
    return Shelf(ChunkIndex(services.database), services.store, key)


def files_of(services: Services, request_id: str) -> list[str]:
    """All that the store has of a request, be there a row of it or not."""
    keys = services.store.list(artefact_folder(request_id))
    return [key for key in keys if request_of_key(key) == request_id]


def _adder(services: Services) -> Sum:
    """Adds amounts that are erased to one sum of their run, so that it can still be told whether its money adds up."""

    def add_up(totals: str, sealed_amounts: bytes | None, name: str) -> str | None:
        try:
            amounts = {} if sealed_amounts is None else amounts_from_bytes(services.vault.open(sealed_amounts, name))
        except EnvironmentFault:  # damaged, or of another key: nobody is kept for that
            return None
        return json.dumps(Balance.from_json(totals).erase(amounts).to_json())

    return add_up


def _requests(services: Services, erasing: Erasing, shelf: Shelf, erasure: Erasure, step: Step) -> None:
    after = ""
    while ids := erasing.requests(erasure.recipient, after):
        for request_id in ids:
            parts = erasing.forget(erasure.id, request_id, _adder(services))
            erasing.count_chunks(erasure.id, _leftovers(services, shelf, request_id, parts))
            step()
        after = ids[-1]


def _leftovers(services: Services, shelf: Shelf, request_id: str, parts: Sequence[str]) -> int:
    """Remove a request's files and its hold on chunks; the number of chunks that went with it."""
    for key in files_of(services, request_id):
        services.store.delete(key)
    return sum(shelf.release(part_id) for part_id in parts)


def _chunks_of_nobody(erasing: Erasing, shelf: Shelf, erasure: Erasure) -> None:
    erasing.count_chunks(erasure.id, _unused(shelf))


def _unused(shelf: Shelf) -> int:
    gone, after = 0, ""
    while True:
        some, following = shelf.drop_unused(after)
        gone += some
        if following is None:
            return gone
        after = following


def _speech(services: Services) -> None:
    """Personal speech stands under digests of what is said, which people of one name share: nobody can tell whose it
    is, so all of it goes. It is made again."""
    SpeechShelf(services.settings.cache / "speech", b"").prune(days=0)


def _digest(services: Services, recipient: str) -> str:
    return services.vault.keyed("recipient", recipient)
