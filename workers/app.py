"""The Celery application and its settings. A message of ours holds ids of parts and nothing else."""

from __future__ import annotations

import mmap
import multiprocessing.process
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from multiprocessing import util
from typing import Any

import structlog
from celery import Celery, signals
from celery.exceptions import Reject

from renderer.bootstrap import Services, open_store
from renderer.errors import EnvironmentFault
from renderer.guard import MEMORY
from renderer.installation import MARKER, agreed_key, check_clock
from renderer.ledger.database import Database
from renderer.ledger.identity import Identity
from renderer.ledger.model import Work
from renderer.settings import Settings
from renderer.tracing import NO_TRACES, TELL_S, Traces, need_packages, open_traces
from workers import broker_options, log
from workers.door import Door
from workers.heart import Heart
from workers.lanes import INTAKE, LANES, LIMITS, Limit
from workers.leash import die_with_parent, owned_prefix, this_owner
from workers.post import Post
from workers.tasks import work_on

WORK = "dearly.work"
"""The task that the dispatcher sends: some parts' ids."""

SUBMIT = "dearly.submit"
"""The task that others send."""

MAX_CHILD_KIB = 3 * 2**20
"""A worker process that has grown to this is replaced once its message is done."""

events = structlog.get_logger("dearly")


def make_app(
    settings: Settings,
    build: Callable[[], Services],
    *,
    limits: Mapping[Work, Limit] = LIMITS,
    memory: int = MEMORY,
) -> Celery:
    """An application whose workers make their adapters with ``build``, each process its own and only when it works.
    A part may take what ``limits`` says, and its process ``memory`` bytes of address space."""
    app = Celery("dearly", broker=settings.broker)
    app.conf.update(
        accept_content=["json"],
        # A broker that cannot write to its disk says so as an error of the channel; it is waited for, however long.
        broker_channel_error_retry=True,
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        enable_utc=True,
        result_serializer="json",
        task_acks_late=True,
        task_create_missing_queues=True,
        task_default_queue="site",
        task_ignore_result=True,
        task_publish_retry_policy={"max_retries": 3, "interval_start": 0.1, "interval_step": 0.5, "interval_max": 2},
        task_reject_on_worker_lost=True,
        task_serializer="json",
        task_store_errors_even_if_ignored=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=True,
        worker_hijack_root_logger=False,
        worker_max_memory_per_child=MAX_CHILD_KIB,
        worker_prefetch_multiplier=1,
        worker_proc_alive_timeout=60,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
    )
    app.conf.update(broker_options.options(settings, (*LANES, INTAKE)))
    main = os.getpid()
    held: dict[int, Services] = {}

    def services() -> Services:
        pid = os.getpid()
        if pid not in held:
            held.clear()  # what a parent process opened is not ours
            held[pid] = build()
        return held[pid]

    # Shared with the children: 1 once the worker is to stop, so that they hand back what they have not begun.
    stopping = mmap.mmap(-1, 1)
    worker = this_owner()

    traced: dict[int, Traces] = {}

    def traces() -> Traces:
        """This process's own: what tells them has a thread, which no fork takes along."""
        pid = os.getpid()
        if pid not in traced:
            traced.clear()
            try:
                traced[pid] = open_traces(settings, "worker")
            except EnvironmentFault as error:  # it is said when the worker starts, too
                events.error("no traces", code=error.code)
                traced[pid] = NO_TRACES
        return traced[pid]

    @app.task(name=WORK, ignore_result=True)
    def work(part_ids: list[str]) -> None:
        """Make some parts, those that are to be had."""
        work_on(services(), part_ids, worker, lambda: stopping[0] == 1, limits, traces())

    @signals.worker_init.connect(weak=False)
    def worker_starts(**_: object) -> None:
        """End what could do nothing well. Give multiprocessing a folder that is swept once we are dead: the one that it
        makes for what a pool shares with its children is in the temporary directory, and stays when we are killed."""
        settings.prepare()
        _same_installation(settings)
        _check_traces(settings)
        folder = tempfile.mkdtemp(dir=settings.work, prefix=owned_prefix())
        multiprocessing.process.current_process()._config["tempdir"] = folder  # type: ignore[attr-defined]
        util.Finalize(None, shutil.rmtree, args=(folder, True), exitpriority=-100)  # last, as multiprocessing does it

    doors: dict[int, tuple[Door, Post]] = {}

    @app.task(name=SUBMIT, ignore_result=True)
    def submit(*_: object, **message: object) -> None:
        """Put a request of somebody outside into the ledger; acknowledged once it is there."""
        own = services()
        if id(own) not in doors:
            doors.clear()
            doors[id(own)] = Door(own), Post(app)
        door, post = doors[id(own)]
        try:
            door.submit(message)
        except EnvironmentFault as error:
            events.error("the door waits", code=error.code)
            time.sleep(1)
            if settings.broker_kind == "rabbitmq":  # which counts how often a message goes back, and may end it
                with suppress(Exception):  # a broker that is away has many ways to say so
                    post.send(SUBMIT, INTAKE, kwargs=message, argsrepr="", kwargsrepr="")
                    return
            raise Reject(requeue=True) from None

    hearts: list[Heart] = []

    @signals.worker_ready.connect(weak=False)
    def worker_is_ready(sender: Any, **_: object) -> None:
        name = str(sender.hostname).partition("@")[0]
        queues = sorted(sender.app.amqp.queues.consume_from)
        heart = Heart(settings, worker, name, queues, sender.controller.concurrency)
        hearts.append(heart)
        heart.start()

    @signals.worker_shutting_down.connect(weak=False)
    def worker_stops(**_: object) -> None:
        stopping[0] = 1

    @signals.worker_shutdown.connect(weak=False)
    def worker_ends(**_: object) -> None:
        for heart in hearts:
            heart.stop()

    @signals.worker_process_init.connect(weak=False)
    def child_starts(**_: object) -> None:
        if os.getpid() != main:
            die_with_parent(main)
            resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump of memory would hold profiles

    @signals.worker_process_shutdown.connect(weak=False)
    def child_ends(**_: object) -> None:
        """Also when a child has done as many messages as it may: the process ends without any other farewell."""
        if os.getpid() in traced:
            traced[os.getpid()].close(TELL_S)

    return app


def _check_traces(settings: Settings) -> None:
    """End a worker that is to trace and cannot. Imported here, before the forks, it costs no child anything."""
    if settings.tracing:
        try:
            need_packages()
        except EnvironmentFault as error:
            print(error, file=sys.stderr)
            raise SystemExit(error.exit_code) from error


def _same_installation(settings: Settings) -> None:
    """End a worker whose key could open nothing of what the ledger holds, or whose store is another one: it would only
    hand parts back, and pause their queues for everybody. Or whose clock is wrong: its parts would be taken for late.
    While ledger or store is away, its processes look at these when they begin."""
    try:
        with closing(Database(settings.database, pooled=False)) as database:
            check_clock(database)
            agreed_key(settings.key_file, Identity(database))
            store, _ = open_store(settings, database, quick=True)
            store.stat(MARKER)
    except EnvironmentFault as error:
        if error.code in ("environment.clock", "environment.key", "store.other"):
            print(error, file=sys.stderr)
            raise SystemExit(error.exit_code) from error


@signals.setup_logging.connect(weak=False)
def _logs(**_: object) -> None:
    log.set_up()
