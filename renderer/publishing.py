"""Releases by name: which one a request is made with.

A name is ``id``, ``id@digest`` or a template's folder. ``id`` is the active release; where none was ever activated it
is the installed template, as it is now. ``id@digest`` is that release and no other. A folder is what is in it; only
commands take folders, since whoever can reach the broker must not name paths.

Whatever is found is in the store and in the book of releases when it is given back, so a request may pin it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from renderer.bootstrap import Services, release_key
from renderer.errors import EnvironmentFault, UsageError, nearest
from renderer.guard import Guard
from renderer.ledger.release_book import Entry, Prepared, Switch
from renderer.prepared import KINDS, lacking, lay_up, move_in
from renderer.render.engines import PreparedKind, preparer_of, preparer_of_all
from renderer.render.video.cache import ABANDONED_S
from renderer.template.load import find_template, installed, load_release
from renderer.template.model import Template
from renderer.template.release import Release, read_folder

KEPT_S = 10.0
"""How long an installed template is taken to be the same."""
LEAST_PREFIX = 8
"""So many digits of a digest are enough, if no other release of the template begins with them."""

PREPARE_S = 3600.0
"""Longer than this nothing may take to be prepared."""

TEMPLATE_ID = "[a-z0-9][a-z0-9_-]{0,99}"
"""How the id of a template looks from outside. Whether there is one of this id is asked afterwards."""

NAME = re.compile(rf"({TEMPLATE_ID})(?:@([0-9a-f]{{1,64}}))?")
"""An id, and the digest or its beginning."""
_WHOLE = 64


def check_ids(templates: Iterable[str]) -> None:
    """See that each of some texts may be a template's id. Raises UsageError."""
    for template in templates:
        if not re.fullmatch(TEMPLATE_ID, template):
            raise UsageError(
                "usage.argument", "A template is named by its id here.", hint="Such as energy-bill, without a digest."
            )


@dataclass(frozen=True)
class Pinned:
    """A release and the id of its template: what a request names."""

    template: str
    release: Release


def resolve(services: Services, name: str) -> Release:
    """The release that a command's ``TEMPLATE`` means: an id, ``id@digest`` or a folder. A folder is read, loaded and
    put into store and book without becoming active.

    Raises UsageError for a name that means nothing here, ErrorList or TemplateError for a template that is wrong,
    EnvironmentFault when store or ledger cannot be used.
    """
    return Resolver(services, folders=True).find(name).release


class Resolver:
    """Finds releases by name, one for a process. Activations are seen at once; changes in the folder of an installed
    template, which counts while none of its releases is active, within :data:`KEPT_S`."""

    def __init__(self, services: Services, *, folders: bool = False, now: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._folders = folders
        self._now = now
        self._installed: dict[str, tuple[float, str]] = {}

    def find(self, name: object) -> Pinned:
        """The release that ``name`` means. Raises as :func:`resolve` does."""
        found = NAME.fullmatch(name) if isinstance(name, str) else None
        if found is None:
            if self._folders and isinstance(name, str):
                return self._folder(name)
            raise UsageError("usage.argument", "The template is not given as 'id' or 'id@digest'.")
        template, digest = found.groups()
        if digest is not None:
            return Pinned(template, self._services.releases.get(self._pinned(template, digest)))
        digest = self._services.book.active(template) or self._of_installed(template)
        if digest is None:
            if self._folders:
                return self._folder(template)
            known = [*dict(installed()), *self._services.book.templates()]
            raise UsageError(
                "usage.argument", "There is no template with this id.", hint=nearest(template, sorted({*known}))
            )
        return Pinned(template, self._services.releases.get(digest))

    def _pinned(self, template: str, digest: str) -> str:
        """The whole digest of a release that was published."""
        if len(digest) < _WHOLE:
            return whole_digest(self._services, template, digest)
        if self._services.book.get(template, digest) or self._services.store.stat(release_key(digest)) is not None:
            return digest
        raise UsageError("usage.argument", "No release with this digest was published here.")

    def _of_installed(self, template: str) -> str | None:
        since, digest = self._installed.get(template, (float("-inf"), ""))
        if self._now() - since < KEPT_S:
            return digest
        folder = dict(installed()).get(template)
        if folder is None:
            return None
        digest = keep(self._services, read_folder(folder)).release.files_digest
        self._installed[template] = (self._now(), digest)
        return digest

    def _folder(self, name: str) -> Pinned:
        return keep(self._services, read_folder(find_template(name)))


def keep(services: Services, release: Release, template: Template | None = None) -> Pinned:
    """Put a release into the store and the book; what is active stays so. ``template`` is the release as loaded, where
    the caller has it. Raises ErrorList or TemplateError for files that are no template."""
    digest = release.files_digest
    known = services.book.template_of(digest)
    if known is not None and services.store.stat(release_key(digest)) is not None:
        return Pinned(known, release)
    template = template or load_release(release)
    services.releases.publish(release)
    services.book.record(entry_of(template))
    return Pinned(template.id, release)


@dataclass(frozen=True, kw_only=True)
class Published:
    """What publishing has done. ``new``: the release was not in the book; ``prepared_now``: the kinds that were
    prepared for it; ``switch``: how the active release changed, if it did."""

    entry: Entry
    new: bool
    prepared_now: tuple[PreparedKind, ...]
    switch: Switch | None
    active: bool

    @property
    def prepared(self) -> tuple[Prepared, ...]:
        """The files that this version of Dearly has prepared for it."""
        return tuple(one for kind in KINDS for one in self.entry.prepared.get(preparer_of(kind).digest, ()))


def publish(
    services: Services,
    template: Template,
    *,
    activate: bool | None = None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Published:
    """Put a template's release into store and book, with its prepared media, and make it active if ``activate`` says
    so; without a word, if none of the template is.

    What is there already is not made again. Raises RenderError or TemplateError for media that cannot be prepared,
    EnvironmentFault when store, ledger or disk refuse; then nothing was activated.
    """
    digest = template.release.files_digest
    services.releases.publish(template.release)
    new = services.book.record(entry_of(template))
    kinds = lacking(services.store, _entry(services, template), template.channels)
    if kinds:
        _prepare(services, template, kinds, progress)
    switch = None
    if activate is not False:
        switch = services.book.activate(template.id, digest, if_none=activate is None)
    return Published(
        entry=_entry(services, template),
        new=new,
        prepared_now=kinds,
        switch=switch,
        active=services.book.active(template.id) == digest,
    )


def activate(services: Services, template: str, digest: str) -> Switch | None:
    """Make a release the active one. None, and no change, when it is that already.

    Raises EnvironmentFault when the store cannot be used, or has no whole bundle of it: nothing could be made with it.
    """
    _whole_in_store(services, template, digest)
    return services.book.activate(template, digest)


def roll_back(services: Services, template: str) -> Switch | None:
    """Make the release active that was so before. None, and no change, when there was none. Raises as
    :func:`activate`."""
    while (digest := services.book.before(template)) is not None:
        _whole_in_store(services, template, digest)
        switch = services.book.roll_back(template, digest)
        if switch is not None:  # else somebody has activated another one meanwhile
            return switch
    return None


def _whole_in_store(services: Services, template: str, digest: str) -> None:
    try:
        services.releases.get(digest)
    except EnvironmentFault as error:
        if error.code not in ("store.missing", "store.damaged"):
            raise
        how = "is not in the store" if error.code == "store.missing" else "is damaged"
        raise EnvironmentFault(
            error.code,
            f"The bundle of {template}@{digest[:12]} {how}, so it was not activated.",
            hint="Publish the same files again, restore the store from a backup, or activate another release.",
        ) from error


def _prepare(
    services: Services,
    template: Template,
    kinds: Sequence[PreparedKind],
    progress: Callable[[str, int, int], None],
) -> None:
    """In an empty cache, so that all that comes to be there is this template's; then it goes into the own cache too."""
    from renderer.preflight.prepare import prepare_in_child

    settings = services.settings
    for left in settings.work.glob("publish-*"):  # of one that was killed
        with suppress(OSError):  # somebody else has cleared it
            if time.time() - left.stat().st_mtime > PREPARE_S + ABANDONED_S:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=settings.work, prefix="publish-") as folder, Guard() as guard:
        cache = Path(folder) / "cache"
        cache.mkdir()
        guard.call(
            prepare_in_child,
            dict(template.release.files),
            cache,
            kinds,
            seconds=PREPARE_S,
            progress=lambda done, total: progress("prepare", done, total),
        )
        files = lay_up(services.store, cache, kinds, Path(folder), lambda done, total: progress("store", done, total))
        for one in (one for some in files.values() for one in some):
            move_in(cache / one.path, settings.cache / one.path)
    versions = {preparer_of(kind).digest: preparer_of(kind).versions for kind in kinds}
    whole = preparer_of_all(kinds)
    services.book.keep_prepared(
        template.id, template.release.files_digest, whole.digest, files, {**versions, whole.digest: whole.versions}
    )


def _entry(services: Services, template: Template) -> Entry:
    found = services.book.get(template.id, template.release.files_digest)
    assert found is not None  # nothing is taken out of the book
    return found


def entry_of(template: Template) -> Entry:
    """What the book says of a release."""
    release = template.release
    return Entry(
        template=template.id,
        digest=release.files_digest,
        contract=release.digests["contract.json"],
        retention_days=template.config.retention_days,
        title=template.config.title,
        files=len(release.files),
        bytes=sum(map(len, release.files.values())),
    )


def whole_digest(services: Services, template: str, prefix: str) -> str:
    """The digest of the one release of a template that begins with ``prefix``. Raises UsageError when it is too short,
    or there is none, or more than one."""
    if len(prefix) < LEAST_PREFIX:
        raise UsageError("usage.argument", f"A digest needs at least {LEAST_PREFIX} of its digits.")
    found = services.book.matching(template, prefix)
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError("usage.argument", f"{len(found)} releases have a digest that begins so.", hint="Write more.")
    raise UsageError(
        "usage.argument",
        "No release with this digest was published here.",
        hint=f"See them with: dearly release list {template}",
    )
