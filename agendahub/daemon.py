"""The daemon keeps every binding in step: a scheduler looks once a second what is due, threads run the cycles."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from agendahub.board import Board, Slot
from agendahub.connections import Connections
from agendahub.crm_keeper import FOLLOW, CrmKeeper
from agendahub.crm_keeper import LOOK as CRM_LOOK
from agendahub.failure import Failure, StoreTrouble
from agendahub.fanout import MailboxAccount, service_of
from agendahub.fanout_keeper import LOOK, FanoutKeeper
from agendahub.feed_keeper import LOOK as FEEDS_LOOK
from agendahub.feed_keeper import FeedKeeper
from agendahub.housekeeping import retry, tidy
from agendahub.lockouts import Lockouts
from agendahub.metrics import Metrics, requests_of
from agendahub.outcome import Outcome, Result
from agendahub.push import Push
from agendahub.sign_ins import SignIns
from agendahub.texts import _
from agendahub.waiting import is_sign_in, spread
from agendahub.webdav_push_keeper import LOOK as WEBDAV_PUSH_LOOK
from agendahub.webdav_push_keeper import WebdavPushKeeper, keys_of
from agendahub.work import Worker, failed, unexpected
from agendahub.workspace import Workspace, utc_now
from config.reload import Watch
from config.settings import AccountSettings
from storage.admin_config import bindings_waiting, ensure_account, note_times, secret_times, set_account_state
from storage.errors import StoreError
from sync_engine.errors import NotAuthorised, SyncError, Throttled
from sync_engine.ports import Connector

TICK = 1.0  # seconds between looks at what is due; a change in the hub is noticed within two
RELOAD = 2.0
FLUSH = 60.0
TIDY = 6 * 3600.0
RETRY = 600.0
FIRST_TIDY = timedelta(minutes=5)  # after a start, so that a daemon that restarts often tidies too
GRACE = 10.0  # how long a cycle may take to come to a safe place when the daemon stops
SILENCE = 15.0  # how long the store may leave a question of ours without an answer before we call ourselves not well
_MOST_WORKERS = 64  # threads are made when they are needed
_REMIND = timedelta(days=1)

log = structlog.get_logger("agendahub.daemon")


class Daemon:
    """Start it, and stop it; everything else it does by itself."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.board = Board()
        self.metrics = Metrics()
        self.watch = Watch(workspace.loaded)
        self.push = Push(lambda: self.workspace, self.board, self.metrics.hinted)
        self.fanouts = FanoutKeeper(lambda: self.workspace, self.follow_configuration)
        self.crm = CrmKeeper(lambda: self.workspace, self.metrics.mail)
        self.feeds = FeedKeeper(lambda: self.workspace)
        self.webdav_push_keys = keys_of(workspace)
        self.webdav_push = WebdavPushKeeper(
            lambda: self.workspace, self.webdav_push_keys, self.metrics.webdav_push_message
        )
        self._accounts: dict[str, AccountSettings] = {}
        self._stopping = threading.Event()
        self._worker = Worker(workspace, self._stopping.is_set, go_on=True)
        self._connections = Connections(self._connect)
        self._pool = ThreadPoolExecutor(_MOST_WORKERS, thread_name_prefix="cycle")  # `tick` bounds them
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._store_problem = ""
        self._asked_store: float | None = None  # since when we wait for its answer
        self._stop_by = 0.0
        self._approved: set[int] = set()
        self._told_to_wait: dict[str, float] = {}  # accounts whose server asked for time -> when it is over
        self.sign_ins = SignIns()
        self._lockouts = Lockouts()
        self._idle = threading.Condition()
        self._handing_out = threading.Lock()
        self._running = 0

    @property
    def alive(self) -> bool:
        """Whether it looks after the bindings: its scheduler runs and the store can be reached."""
        return bool(self._scheduler.running) and not self.stopping and not self._store_problem and not self._silence

    @property
    def stopping(self) -> bool:
        """Whether it was told to end."""
        return self._stopping.is_set()

    @property
    def _silence(self) -> str:
        asked = self._asked_store
        silent = asked is not None and time.monotonic() - asked > SILENCE
        return _("The store does not answer; is its server overloaded or stopped?") if silent else ""

    @property
    def need_sign_in(self) -> list[str]:
        """Accounts that wait for a person to sign in, or for a new password."""
        return sorted({*self._lockouts.names(), *self.crm.need_sign_in})

    @property
    def problems(self) -> list[str]:
        """What an admin should know that is about no single binding."""
        own = (
            self.watch.problem,
            self._store_problem,
            self._silence,
            *self.board.store_troubles(),
            *self.fanouts.problems,
            *self.crm.problems,
            *self.webdav_push.problems,
        )
        return list(dict.fromkeys(problem for problem in own if problem))

    def start(self) -> None:
        """Begin; returns at once."""
        self.follow_configuration()
        jobs: tuple[tuple[Callable[[], None], float], ...] = (
            (self.tick, TICK),
            (self.reload, RELOAD),
            (self.flush, FLUSH),
            (lambda: retry(self.workspace), RETRY),
            (self.fanouts.look, LOOK),
            (self.crm.look, CRM_LOOK),
            (self.crm.follow, FOLLOW),
            (self.webdav_push.look, WEBDAV_PUSH_LOOK),
            (self.feeds.look, FEEDS_LOOK),
        )
        for job, seconds in jobs:
            self._scheduler.add_job(
                job, "interval", seconds=seconds, max_instances=1, coalesce=True, misfire_grace_time=None
            )
        self._scheduler.add_job(
            lambda: tidy(self.workspace), "interval", seconds=TIDY, next_run_time=utc_now() + FIRST_TIDY, coalesce=True
        )
        self._scheduler.start()
        self.push.start()
        log.info("started", bindings=len(self.workspace.settings.bindings), config=str(self.workspace.loaded.path))

    def begin_stop(self) -> None:
        """Tell the cycles to end at the next safe place; returns at once."""
        if not self._stopping.is_set():
            self._stop_by = time.monotonic() + GRACE
        self._stopping.set()
        self.push.begin_stop()
        self.crm.begin_stop()
        self.webdav_push.begin_stop()
        self.feeds.begin_stop()

    def stop(self) -> bool:
        """Wait for the cycles until `GRACE` seconds after `begin_stop`; False when one is still at it: no harm."""
        self.begin_stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._idle:
            ended = self._idle.wait_for(lambda: not self._running, max(0.0, self._stop_by - time.monotonic()))
        ended = self.crm.stop(self._stop_by) and ended
        ended = self.webdav_push.stop(self._stop_by) and ended
        ended = self.feeds.stop(self._stop_by) and ended
        self.push.stop(tell=not self._store_problem)
        self.flush()
        self._connections.drop_idle()
        log.info("stopped" if ended else "stopped in the middle of a cycle; it goes on at the next start")
        return ended

    # ---------------------------------------------------------------- once a second

    def tick(self) -> None:
        """Hand what is due to the workers."""
        if self._stopping.is_set():
            return
        now = self._asked_store = time.monotonic()
        try:
            self._look_at_store(now)
        except StoreError as err:
            self._say_store(str(err))
            return
        finally:
            self._asked_store = None
        self._say_store("")
        self._hand_out()

    def _hand_out(self) -> None:
        """Give the free workers what is due; also when a cycle ends, so that none of them waits for the next tick."""
        with self._handing_out:
            now = time.monotonic()
            for slot in self.board.take_due(now):
                account = self._accounts.get(slot.settings.account)
                if account is None or self._running >= self.workspace.settings.sync.workers:
                    continue
                waits = (self._told_to_wait.get(name, now) for name in (account.name, service_of(account)))
                if now < max(waits):  # for all of its bindings (SYNC.md R27)
                    continue
                if self._connections.free(account):
                    self._submit(slot, account)

    def _look_at_store(self, now: float) -> None:
        with self.workspace.database.read() as unit:
            behind, approved = bindings_waiting(unit.session.connection)
            given = secret_times(unit.session.connection) if self._lockouts else {}
        one_way = {slot.id for slot in self.board.slots() if slot.settings.direction == "in"}
        self.board.hurry(behind - one_way, now)
        self.board.hurry(approved - self._approved, now, even_failed=True)
        self._approved = approved
        for account in self._lockouts.renewed(self.workspace.settings, given):
            self._unlock(account, now)

    def _unlock(self, account: str, now: float) -> None:
        self._lockouts.well(account)
        settings = self._accounts.get(account)
        self._told_to_wait.pop(service_of(settings) if settings else account, None)
        self._connections.drop_idle(account)
        self.push.try_again(account)
        self.board.hurry_account(account, now)
        log.info("the account was changed and is tried again", account=account)

    def _submit(self, slot: Slot, account: AccountSettings) -> None:
        try:
            connector = self._connections.lend(account)
        except StoreError as err:
            self._after(slot, failed(StoreTrouble(str(err))))
            return
        except Failure as err:
            self._after(slot, self._worker.refused(slot.settings, err))
            return
        self.board.begin(slot)
        with self._idle:
            self._running += 1
        try:
            self._pool.submit(self._work, slot, account, connector)
        except RuntimeError:  # the pool was shut down meanwhile
            self._one_less()

    # ---------------------------------------------------------------- in a worker thread

    def _work(self, slot: Slot, account: AccountSettings, connector: Connector) -> None:
        names = {"binding": slot.settings.name, "account": account.name, "cycle": uuid.uuid4().hex[:8]}
        try:
            with structlog.contextvars.bound_contextvars(**names):
                sent = requests_of(connector)
                outcome = self._cycle(slot, connector)
                self.metrics.requests(account.name, requests_of(connector) - sent)
                self._connections.take_back(account, connector, keep=not isinstance(outcome.error, NotAuthorised))
                self._after(slot, outcome)
        finally:
            self._one_less()
            if not (self.stopping or self._store_problem):
                self._hand_out()

    def _one_less(self) -> None:
        with self._idle:
            self._running -= 1
            self._idle.notify_all()

    def _cycle(self, slot: Slot, connector: Connector) -> Outcome:
        """Run it. Whatever goes wrong ends this cycle only: other bindings and later cycles go on."""
        now = time.monotonic()
        everything = now >= slot.everything_due
        try:
            outcome = self._worker.cycle(slot.settings, connector, everything=everything)
            if outcome.result is Result.OK:
                self._know(slot, self._worker.bound(slot.settings, connector).id)
        except StoreError as err:
            return failed(StoreTrouble(str(err)))
        except Failure as err:
            return self._worker.refused(slot.settings, err)
        except Exception as err:
            return failed(unexpected(err))
        if everything and outcome.result is Result.OK:
            slot.everything_due = now + spread(self.workspace.settings.sync.reconcile)
        return outcome

    def _know(self, slot: Slot, number: int) -> None:
        if slot.id is None:  # what happens at its server may be told of from now on
            self.push.look_soon()
        slot.id = number

    def _after(self, slot: Slot, outcome: Outcome) -> None:
        interval = slot.settings.interval or self.workspace.settings.sync.interval
        pause = slot.pause(outcome, interval)
        if isinstance(outcome.error, Throttled):
            self._told_to_wait[slot.settings.account] = time.monotonic() + pause
        account = self._accounts.get(slot.settings.account)
        if isinstance(account, MailboxAccount) and is_sign_in(outcome.error):  # not tried once for each mailbox
            self._told_to_wait[account.service] = time.monotonic() + pause
        self.board.finish(slot, outcome, time.monotonic() + pause)
        self.metrics.cycle(slot, outcome)
        self._tell(slot, outcome, pause)

    def _tell(self, slot: Slot, outcome: Outcome, pause: float) -> None:
        """A new error is told at once, the same one again once a day; a recovery too (SYNC.md R24, R26)."""
        message, now = outcome.message, outcome.finished_at
        where = {
            "binding": slot.settings.name,
            "account": slot.settings.account,
            "collection": slot.settings.collection,
        }
        if outcome.error is not None:
            locked = is_sign_in(outcome.error)
            if locked:
                self._lockouts.refused(slot.settings.account, outcome.started_at)
            if message != slot.told or slot.told_at is None or now - slot.told_at > _REMIND:
                if not locked or self._lockouts.tell(slot.settings.account, message, now):
                    log.warning("the cycle failed", reason=message, next_try_in=round(pause), **where)
                slot.told, slot.told_at = message, now
                self._note_account(slot, outcome.error, message)
            return
        if slot.told and outcome.result is Result.OK:
            log.info("works again", **where)
            slot.told = ""
            self._lockouts.forget(slot.settings.account)
        if outcome.counts.changes or outcome.counts.quarantined or outcome.counts.held:
            log.info("changes", **outcome.in_numbers(), **where)

    def _connect(self, account: AccountSettings) -> Connector:
        return self.workspace.connector(account)

    def _note_account(self, slot: Slot, error: SyncError, message: str) -> None:
        if isinstance(error, StoreTrouble):
            return  # no fault of the account, and nothing that could be written now
        state = "needs_sign_in" if is_sign_in(error) else "unavailable"
        try:
            with self.workspace.database.begin() as unit:
                ensure_account(unit.session.connection, slot.settings.account, utc_now())
                set_account_state(unit.session.connection, slot.settings.account, state, message, utc_now())
        except StoreError as err:
            self._say_store(str(err))

    # ---------------------------------------------------------------- now and then

    def flush(self) -> None:
        """Write when idle cycles last finished: one transaction for all bindings."""
        waiting = self.board.unflushed()
        if not waiting:
            return
        times = {slot.id: {"last_ok_at": at} for slot, at in waiting if slot.id and not slot.failures}
        try:
            with self.workspace.database.begin() as unit:
                note_times(unit.session.connection, times)
        except StoreError as err:
            self._say_store(str(err))
            return
        for slot, at in waiting:
            slot.flushed_at = at

    def reload(self) -> None:
        """Follow the configuration file; a bad one is refused and the old one goes on."""
        before = self.watch.problem
        if self.watch.check():
            fresh = Workspace(self.watch.current)
            if fresh.loaded.database_url != self.workspace.loaded.database_url:
                log.warning("another store needs a restart; the old one stays in use until then")
            fresh.database = self.workspace.database
            old = {account.name: account for account in self.workspace.settings.accounts}
            self.workspace = self._worker.workspace = fresh
            try:
                self.follow_configuration()
            except StoreError as err:  # it is asked for the members of fan-outs
                self._say_store(str(err))
                self.fanouts.follow_again()
            for account in fresh.settings.accounts:
                if old.get(account.name, account) != account:
                    self._unlock(account.name, time.monotonic())
            log.info("the configuration was read again", bindings=len(fresh.settings.bindings))
        elif self.watch.problem and self.watch.problem != before:
            log.error("the new configuration is refused, the old one goes on", reason=self.watch.problem)

    def follow_configuration(self) -> None:
        """Know the bindings as they are configured now."""
        self.workspace.follow_members()
        sync = self.workspace.settings.sync
        self._accounts = {account.name: account for account in self.workspace.settings.accounts}
        changed = self.board.set_bindings(self.workspace.settings.bindings, time.monotonic(), spread(sync.reconcile))
        for name in changed:
            self._worker.forget(name)
        self.push.look_soon()

    def _say_store(self, problem: str) -> None:
        if problem and problem != self._store_problem:
            log.error("the store has a problem", reason=problem)
        elif self._store_problem and not problem:
            log.info("the store works again")
            self.board.hurry_store(time.monotonic())
        self._store_problem = problem
