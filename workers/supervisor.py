"""The supervisor: owns the embedded broker, the dispatcher and the workers of one DEARLY_HOME, and stops them in order.

One process each: Valkey on a Unix socket; a worker for what is urgent, with one child that nothing else can keep busy;
one for plans, one for pages and statements, one for films, each yielding the processor to those before it; the
dispatcher runs here. The kernel ties every child to this process, so none outlives it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import BinaryIO

import structlog

from renderer.bootstrap import Services
from renderer.errors import EnvironmentFault
from renderer.settings import Settings
from workers import log
from workers.app import make_app
from workers.broker import Broker
from workers.child import OFTEN_S, Child
from workers.dispatch import AWAY_S, TICK_S, Dispatcher, proven
from workers.lanes import LANES
from workers.leash import die_with_parent, is_dead, sweep_work
from workers.start import TIED_TO, lock_file

APP = "workers"
STOP_S = 10.0
"""How long workers may go on with what they do when the supervisor stops."""
TIDY_S = 5.0
"""How often the files of dead processes are removed."""
SOON_S = 10.0
"""For a command that waits, a process that ends too often in this time is a reason to give up."""
LISTEN_S = 5.0
"""How often it is looked whether somebody is to be told by webhook, while nobody is."""
TAKEN_S = 1.0
LOOKED_AT_S = 20.0
"""How long a home is waited for that another supervisor has, which may be about to end, and one at which somebody only
looks, who may have been stopped."""
DEATH_S = 5.0
"""How long the end of killed workers is waited for before their parts are left to the next supervisor."""

events = structlog.get_logger("dearly")


class Stopped(Exception):
    """A supervisor was told to stop before it had begun."""


class Supervisor:
    """Runs everything for ``services``; workers load the Celery application named ``app``.

    With ``at_once`` it was started for one command: when that ends nobody waits for what is still at work, so it is
    handed back and not finished. ``each_tick`` is called twenty times a second; it ends the service by giving true.
    """

    def __init__(
        self,
        services: Services,
        app: str = APP,
        *,
        at_once: bool = False,
        each_tick: Callable[[], bool] = lambda: False,
    ) -> None:
        self._services = services
        self._at_once = at_once
        self._each_tick = each_tick
        self._settings = services.settings
        self._stopping = False
        self._tidy = 0.0
        self._lock: BinaryIO | None = None
        self._dispatcher = Dispatcher(services, make_app(services.settings, lambda: services))
        worker = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            app,
            "worker",
            "--loglevel",
            "WARNING",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "--pool",
            "prefork",
        ]

        def lane(name: str, queues: str, children: int, messages: int, niceness: int = 0) -> Child:
            options = ["-n", f"{name}@%h", "-Q", queues, "-c", str(children), "--max-tasks-per-child", str(messages)]
            return Child(f"worker-{name}", [*worker, *options], niceness=niceness)

        children = self._settings.lane_children
        if at_once:  # one command waits for what it has sent: fewer processes start sooner
            self._workers = [lane("pages", "urgent,intake,control,site,statement,io", children, 100)]
        else:
            self._workers = [
                lane("urgent", "urgent,intake", 1, 100),
                lane("control", "control,intake,io", 1, 100, niceness=2),
                lane("pages", "site,statement", children, 100, niceness=5),
            ]
        self._workers.append(lane("films", "video", children, 20, niceness=8))
        self._broker = Broker(self._settings) if self._settings.embedded_broker else None
        metrics = Child("metrics", [sys.executable, "-m", "workers.metrics"], niceness=5)
        self._beside = [metrics] if self._settings.metrics_port else []
        self._courier = Child("courier", [sys.executable, "-m", "workers.courier"], niceness=2)
        self._listen = 0.0

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises EnvironmentFault when another supervisor has this home, when the store
        is not the ledger's, or when the broker or a worker cannot be kept running."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        try:
            self._lock = lock(self._settings, lambda: self._stopping)  # whoever sees it may tell us to stop
        except Stopped:
            return
        try:
            sweep_work(self._settings.work)
            if self._broker:
                self._broker.start(self._settings.logs)
            for child in self._workers:
                child.start(self._settings.logs)
            ready = taken_over = False
            while not self._stopping:
                self._keep_running()
                if not ready:
                    ready = self._store_is_ready()
                elif not taken_over:
                    taken_over = self._take_over()
                else:
                    self._dispatcher.tick()
                    self._stopping |= self._each_tick()
                time.sleep(TICK_S)
        finally:
            self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _store_is_ready(self) -> bool:
        """Whether the store is there and is as it must be; nothing is sent before. Raises EnvironmentFault when it is
        not, and at once where a command waits."""
        if proven(self._services):
            return True
        if self._at_once:
            self._services.store_care.prove()
        time.sleep(AWAY_S)
        return False

    def _take_over(self) -> bool:
        """Take back what an earlier supervisor's workers had when it was killed, which was not the parts' fault. False
        when the ledger is not there."""
        try:
            self._services.leader.sweep(is_dead, counted=False)
        except EnvironmentFault as error:
            events.error("the ledger is away", code=error.code)
            time.sleep(0.5)
            return False
        return True

    def _keep_running(self) -> None:
        now = time.monotonic()
        if now >= self._tidy:
            self._tidy = now + TIDY_S
            sweep_work(self._settings.work)
        if self._broker:
            self._broker.ping()
        if self._courier not in self._beside and now >= self._listen and self._anybody_listens(now):
            self._beside.append(self._courier)
        for child in self._beside:  # nobody waits for these: what becomes of them stops nothing
            if not child.running() and not child.too_often():
                with suppress(OSError):
                    child.start(self._settings.logs)
        for child in [*([self._broker] if self._broker else []), *self._workers]:
            if child.running():
                continue
            if child.too_often(SOON_S if self._at_once else OFTEN_S):
                if self._at_once:
                    raise EnvironmentFault(
                        "environment.worker",
                        f"The process '{child.name}' ends again and again.",
                        hint=f"See {child.name}.log in the logs of DEARLY_HOME.",
                    )
                if not child.held_up:
                    events.error("ends again and again", process=child.name)
                child.held_up = True
                continue
            child.held_up = False
            events.error("started again", process=child.name)
            try:
                child.start(self._settings.logs)
            except (EnvironmentFault, OSError) as error:
                if self._at_once:
                    raise
                events.error("does not start", process=child.name, error=type(error).__name__)
                child.note_start()

    def _anybody_listens(self, now: float) -> bool:
        """Whether there is a webhook endpoint to be told. Where there is none, no courier runs."""
        self._listen = now + LISTEN_S
        try:
            return self._services.endpoints.any_active()
        except EnvironmentFault:
            return False

    def _end(self) -> None:
        """Workers first, so that no message is lost to a broker that is gone; then the broker; the lock last."""
        # Celery takes three seconds to say goodbye. With nothing at work there is nothing to say.
        busy = self._at_work()
        for child in self._beside:  # the courier tells of what has just ended, if it is quick
            if child is self._courier and child.process is not None:
                with suppress(ProcessLookupError):
                    child.process.send_signal(signal.SIGTERM)
            else:
                child.kill()
        for child in self._workers:
            if self._at_once or not busy:
                child.kill()
            elif child.process is not None:
                with suppress(ProcessLookupError):
                    child.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + STOP_S
        for child in self._workers:
            child.stop(max(0.1, until - time.monotonic()))
        if self._courier in self._beside:
            self._courier.stop(max(0.1, until - time.monotonic()))
        self._hand_back()
        with suppress(EnvironmentFault):
            self._services.roll.bury(is_dead, silent=False)  # those that were killed could not say that they end
            self._dispatcher.resign()
        if self._broker:
            self._broker.stop(5)
        sweep_work(self._settings.work)
        if self._lock:
            remove_run_folder(self._settings)
            self._lock.close()

    def _hand_back(self) -> None:
        """Take back what the workers had to leave, which is not the parts' fault. A worker that was killed is waited
        for, but its children die a moment later than itself."""
        alive: set[str] = set()

        def gone(owner: str) -> bool:
            (alive.discard if is_dead(owner) else alive.add)(owner)
            return owner not in alive

        until = time.monotonic() + DEATH_S
        with suppress(EnvironmentFault):
            self._services.leader.sweep(gone, counted=False)
            while alive and time.monotonic() < until:
                time.sleep(0.05)
                self._services.leader.sweep(gone, counted=False)

    def _at_work(self) -> bool:
        """Whether a part is on its way or being rendered."""
        try:
            return any(sum(self._services.reader.in_flight(queue)) for queue in LANES)
        except EnvironmentFault:
            return True


def lock(settings: Settings, stopping: Callable[[], bool] = lambda: False) -> BinaryIO:
    """Take the home for one supervisor; closing the file, or ending, gives it back. Raises Stopped if it is to stop
    while it waits, EnvironmentFault if the home is taken."""
    began = time.monotonic()
    while True:
        try:
            file = lock_file(settings).open("ab")
        except FileNotFoundError:  # the folder was removed after it was made for us
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), lock_file(settings).stat()):
                    return file
            file.close()  # whoever had it has removed it
        except BlockingIOError as error:
            looked_at = _is_shared(file)
            file.close()
            if stopping():
                raise Stopped from None
            if time.monotonic() - began < (LOOKED_AT_S if looked_at else TAKEN_S):
                time.sleep(0.05)
                continue
            if looked_at:
                raise EnvironmentFault(
                    "environment.busy",
                    "A command that looked whether a service runs on this DEARLY_HOME was stopped, and keeps its lock.",
                    hint="End it, or let it go on; 'ps' shows it with state T.",
                ) from error
            raise EnvironmentFault(
                "environment.busy",
                "Another service of Dearly runs on this DEARLY_HOME.",
                hint="Stop it, or set DEARLY_HOME to another folder.",
            ) from error


def _is_shared(file: BinaryIO) -> bool:
    """Whether a lock that cannot be had is only held by those who look whether it is free."""
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return True
    return False


def remove_run_folder(settings: Settings) -> None:
    """Remove the run-time folder. Only for whoever has the lock; who waits for it sees that its file is gone."""
    settings.broker_socket.unlink(missing_ok=True)
    lock_file(settings).unlink(missing_ok=True)
    with suppress(OSError):  # somebody waits already, with a new file
        settings.run_folder.rmdir()


def main(build_services: Callable[[Settings], Services] | None = None, app: str = APP) -> int:
    """Run a supervisor for the settings in the environment; the exit code."""
    from renderer.bootstrap import build

    log.set_up()
    tied_to = os.environ.pop(TIED_TO, None)
    if tied_to is not None:  # a command that started us takes us along when it ends
        die_with_parent(int(tied_to), signal.SIGTERM)
    try:
        settings = Settings()
        services = build_services(settings) if build_services else build(settings, quick=True)
        Supervisor(services, app, at_once=tied_to is not None).run()
    except EnvironmentFault as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
