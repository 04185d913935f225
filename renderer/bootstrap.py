"""The only place that builds adapters: store, ledger, vault and engine, from the settings.

The engine is a port, so that the machinery of jobs can be tested with one that does nothing; the real one is the
pipeline. It is imported when it is first used: a broker's parent process must not load Pango or FFmpeg before it forks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from renderer.errors import EnvironmentFault, TemplateError
from renderer.installation import CheckedStore, agreed_key, check_store
from renderer.ledger.batches import Batches
from renderer.ledger.browse import Browse
from renderer.ledger.chunk_index import ChunkIndex
from renderer.ledger.database import Database
from renderer.ledger.deliveries import Deliveries
from renderer.ledger.delivery_log import DeliveryLog
from renderer.ledger.endpoints import Endpoints
from renderer.ledger.hand_in import HandIn
from renderer.ledger.identity import Identity
from renderer.ledger.intake import Intake
from renderer.ledger.key_ring import KeyRing
from renderer.ledger.leader import Leader, Roll
from renderer.ledger.reader import Reader
from renderer.ledger.release_book import ReleaseBook
from renderer.ledger.seal import Vault, installation_key
from renderer.ledger.summary import Summary
from renderer.ledger.transitions import Ledger
from renderer.ledger.walk import Walk
from renderer.orders import MadePlan, Order, Taken
from renderer.prepared import PreparedMedia
from renderer.settings import Settings
from renderer.store.base import Store
from renderer.store.local import LocalStore
from renderer.template.release import Release, open_bundle
from renderer.units import sha256

if TYPE_CHECKING:
    from renderer.plan.build import Planner
    from renderer.plan.controls import Controls
    from renderer.render.model import RenderResult
    from renderer.render.voice import VoiceSettings
    from renderer.shelf import Shelf
    from renderer.store.s3 import S3Store
    from renderer.template.model import Channel

Progress = Callable[[int, int], None]
"""Called with (steps done, steps in all) while a part is rendered."""


class Engine(Protocol):
    """What turns orders into plans and plans into files."""

    def take(self, release: Release, profile: str) -> Taken:
        """A profile as somebody outside sent it (JSON text), checked against the template's contract. Raises
        BadInput."""

    def plan(self, release: Release, order: Order) -> MadePlan:
        """The plan of an order. Raises BadInput when it cannot be made."""

    def render(
        self,
        release: Release,
        plan: MadePlan,
        channel: Channel,
        out: Path,
        made: Sequence[RenderResult],
        progress: Progress,
        use: str,
    ) -> RenderResult:
        """One channel's files under ``out/<channel>/``. ``made`` are the results of the channels it embeds, whose files
        are under ``out`` already. ``use`` names what is made: the part."""


class Releases:
    """Bundles of templates in the store. A process keeps the few it used last."""

    KEPT = 4

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, Release] = OrderedDict()

    def publish(self, release: Release) -> str:
        """Put a release's bundle into the store; the digest that requests pin. A damaged one is put there again."""
        key, bundle = release_key(release.files_digest), release.bundle()
        if self._store.put_if_absent(key, bundle).sha256 != sha256(bundle):  # the same files make the same bundle
            self._store.delete(key)
            self._store.put_if_absent(key, bundle)
        return release.files_digest

    def get(self, files_digest: str) -> Release:
        """A release, checked against its digest.

        Raises EnvironmentFault when it is not there (``store.missing``) or is not what was published
        (``store.damaged``): the requests that pin it can be made once the store has it again.
        """
        if files_digest not in self._kept:
            with self._store.open(release_key(files_digest)) as file:
                data = file.read()
            try:
                self._kept[files_digest] = open_bundle(data, files_digest)
            except TemplateError as error:
                raise EnvironmentFault(
                    "store.damaged",
                    f"The bundle of release {files_digest[:12]} is damaged.",
                    hint="Publish the same files again, or restore the store from a backup.",
                ) from error
            while len(self._kept) > self.KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(files_digest)
        return self._kept[files_digest]


def release_key(files_digest: str) -> str:
    """Where the store has a release's bundle."""
    return f"releases/{files_digest[:2]}/{files_digest}.zip"


@dataclass(frozen=True, kw_only=True)
class StoreCare:
    """What a store needs beside its use. ``prove`` sees that it is the ledger's and keeps the first of two writers;
    whoever starts a service calls it. ``look`` sees soon whether it answers. ``tidy`` removes what writers that were
    killed have left and no key names; how many. All raise EnvironmentFault."""

    look: Callable[[], object]
    prove: Callable[[], None] = lambda: None
    tidy: Callable[[], int] = lambda: 0


@dataclass(frozen=True, kw_only=True)
class Services:
    """One process's adapters. Never carried over a fork."""

    settings: Settings
    database: Database
    store: Store
    store_care: StoreCare
    releases: Releases
    book: ReleaseBook
    intake: Intake
    batches: Batches
    ledger: Ledger
    leader: Leader
    roll: Roll
    reader: Reader
    browse: Browse
    hand_in: HandIn
    key_ring: KeyRing
    endpoints: Endpoints
    deliveries: Deliveries
    delivery_log: DeliveryLog
    summary: Summary
    walk: Walk
    vault: Vault
    engine: Engine


def build(
    settings: Settings, engine: Engine | None = None, *, quick: bool = False, only_look: bool = False
) -> Services:
    """The adapters that the settings ask for; ``quick`` for a process that must not wait long for a store,
    ``only_look`` for one that leaves the ledger's shape as it is. Raises EnvironmentFault when one cannot be opened, or
    is not the installation's."""
    settings.prepare()
    database = Database(settings.database, only_look=only_look)
    key = agreed_key(settings.key_file, Identity(database))
    store, care = open_store(settings, database, quick=quick)
    book, intake = ReleaseBook(database), Intake(database)
    return Services(
        settings=settings,
        database=database,
        store=store,
        store_care=care,
        releases=Releases(store),
        book=book,
        intake=intake,
        batches=Batches(database),
        ledger=Ledger(database),
        leader=Leader(database),
        roll=Roll(database),
        reader=Reader(database),
        browse=Browse(database),
        hand_in=HandIn(database, intake),
        key_ring=KeyRing(database),
        endpoints=Endpoints(database),
        deliveries=Deliveries(database),
        delivery_log=DeliveryLog(database),
        summary=Summary(database),
        walk=Walk(database),
        vault=Vault(key),
        engine=engine
        or PipelineEngine(settings.cache, ShelfSource(settings), settings, PreparedMedia(book, store, settings.cache)),
    )


def open_store(settings: Settings, database: Database, *, quick: bool = False) -> tuple[Store, StoreCare]:
    """The store that the settings ask for. A folder is looked at at once, a bucket when it is first used: it may be
    away when a process starts. Raises EnvironmentFault."""
    identity = Identity(database)
    if not settings.store_url:
        folder = LocalStore(settings.store)
        check_store(folder, identity)
        return folder, StoreCare(look=lambda: folder.stat("ready"))
    from renderer.store.s3_probe import probe

    patient, hasty = bucket(settings), bucket(settings, quick=True)
    store = hasty if quick else patient

    def check() -> None:
        check_store(store, identity, lambda: probe(patient))

    def prove() -> None:
        check()
        probe(patient)

    return CheckedStore(store, check), StoreCare(
        look=lambda: hasty.stat("ready"), prove=prove, tidy=store.abort_unfinished
    )


def bucket(settings: Settings, *, quick: bool = False) -> S3Store:
    """The bucket that the settings name, whosever it is. Raises EnvironmentFault."""
    from renderer.store.s3 import S3Store
    from renderer.store.s3_client import PATIENT, QUICK, Place

    place = Place.at(
        settings.store_url,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        addressing=settings.s3_addressing,
    )
    return S3Store(place, QUICK if quick else PATIENT)


@dataclass(frozen=True)
class ShelfSource:
    """Opens the shelf of film chunks that the settings ask for. Pickles, so that a child can open its own."""

    settings: Settings

    def __call__(self) -> Shelf:
        from renderer.shelf import Shelf

        settings = self.settings
        database = Database(settings.database)
        return Shelf(
            ChunkIndex(database),
            open_store(settings, database)[0],
            agreed_key(settings.key_file, Identity(database)),
            limit=int(settings.chunk_limit_gb * 1_000_000_000),
            audit_one_in=settings.chunk_audit,
        )


def voice_settings(settings: Settings) -> VoiceSettings:
    """The voices that the settings name, and the key under which speech is kept. Raises UsageError."""
    from renderer.render.voice import VoiceSettings, voice_models

    return VoiceSettings(models=voice_models(settings.voices), key=installation_key(settings.key_file))


def recipient_use(settings: Settings, recipient: str) -> str:
    """The name under which chunks are held for a recipient whose film is made without a request."""
    return "recipient-" + Vault(installation_key(settings.key_file)).keyed("recipient", recipient)


class PipelineEngine:
    """The real engine. Keeps the compiled templates it used last; ``cache`` holds what can be made again, ``shelf``
    opens the chunks that films share, ``settings`` name the voices, ``prepared`` brings what was made when a release
    was published."""

    KEPT = 4

    def __init__(
        self,
        cache: Path,
        shelf: ShelfSource | None = None,
        settings: Settings | None = None,
        prepared: PreparedMedia | None = None,
    ) -> None:
        self._cache = cache
        self._prepared = prepared
        self._settings = settings
        self._shelf_source = shelf
        self._shelf: Shelf | None = None
        self._planners: OrderedDict[str, Planner] = OrderedDict()
        self._controls: WeakKeyDictionary[Planner, Controls] = WeakKeyDictionary()

    def take(self, release: Release, profile: str) -> Taken:
        from renderer.profile.carry import to_text
        from renderer.profile.load import parse_record

        template = self._planner(release).template
        read = parse_record(profile, template.contract)
        return Taken(
            template=template.id,
            channels=tuple(template.channels),
            recipient=read.recipient,
            order=Order(profile=to_text(read), record=read.record, images=read.images),
        )

    def plan(self, release: Release, order: Order) -> MadePlan:
        from renderer import pipeline
        from renderer.plan.controls import amounts_to_bytes
        from renderer.profile.carry import from_text

        planner = self._planner(release)
        profile = from_text(order.profile, planner.template.contract, order.record, order.images)
        made = pipeline.plan(
            planner,
            profile,
            as_of=None if order.as_of is None else date.fromisoformat(order.as_of),
            locale=order.locale,
            seed=order.seed,
        )
        shown = {name: data for name, data in profile.images.items() if name in made.images.values()}
        controls = self._controls_of(planner)
        return MadePlan(
            data=made.data.decode(),
            digest=made.digest,
            images=shown,
            suppression=made.suppression,
            amounts=amounts_to_bytes(controls.planned(made, profile)) if controls.ids else None,
        )

    def _controls_of(self, planner: Planner) -> Controls:
        from renderer.plan.controls import Controls

        if planner not in self._controls:
            self._controls[planner] = Controls(planner)
        return self._controls[planner]

    def render(
        self,
        release: Release,
        plan: MadePlan,
        channel: Channel,
        out: Path,
        made: Sequence[RenderResult],
        progress: Progress,
        use: str,
    ) -> RenderResult:
        from renderer import pipeline
        from renderer.plan.read import read_plan
        from renderer.render.engines import engine_of

        template = self._planner(release).template
        if self._prepared is not None:
            self._prepared.fetch(template.id, release.files_digest, channel)
        job = pipeline.prepare_job(
            template,
            read_plan(plan.data),
            plan.images,
            self._cache,
            lambda _channel, step, steps: progress(step, steps),
            channel,
            chunks=self._chunks() if channel == "video" else None,
            use=use,
            voices=voice_settings(self._settings) if channel == "video" and self._settings is not None else None,
        )
        found = {result.channel: result for result in made}
        result = pipeline.render_channel(channel, job, out, film=found.get("video"), statement=found.get("statement"))
        return replace(result, made_by=engine_of(channel))

    def _chunks(self) -> Shelf | None:
        if self._shelf is None and self._shelf_source is not None:
            self._shelf = self._shelf_source()
        return self._shelf

    def _planner(self, release: Release) -> Planner:
        from renderer import pipeline

        name = release.files_digest
        if name not in self._planners:
            self._planners[name] = pipeline.open_release(release)
            while len(self._planners) > self.KEPT:
                self._planners.popitem(last=False)
        self._planners.move_to_end(name)
        return self._planners[name]
