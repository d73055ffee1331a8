"""Keeps the daemon's outbox: looks what is to be sent, and has one thread for each mailbox hand it over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import structlog

from agendahub.crm_settings import crm_settings
from agendahub.failure import Failure, StoreTrouble
from agendahub.mail_senders import sender_of
from agendahub.outbox_words import to_decide
from agendahub.texts import _
from agendahub.waiting import BUSY_PAUSE, pause_after
from agendahub.workspace import Workspace
from config.settings import MailboxSettings
from connectors.mail import MailSender
from crm.answer.sending import Pass, Sending
from crm.settings import CrmSettings
from storage.crm import outbox
from storage.crm.outbox import Standing
from storage.errors import StoreError
from sync_engine.errors import AccountError, SyncError, Unavailable

LOOK = 2.0  # seconds between looks at the outbox
COUNT = 15.0  # seconds between counts of what is in it
_MOST_THREADS = 8
_REMIND = 86400.0

log = structlog.get_logger("agendahub.outbox")

SenderOf = Callable[[Workspace, MailboxSettings], MailSender]


@dataclass(slots=True)
class _Way:
    """One mailbox's way out. Times are of the monotonic clock."""

    box: MailboxSettings
    sending: Sending
    sender: MailSender | None = None
    due: float = 0.0
    failures: int = 0
    problem: str = ""
    told: str = ""
    told_at: float = 0.0
    work: Future[None] | None = field(default=None)

    @property
    def busy(self) -> bool:
        """Whether a thread is at it."""
        return self.work is not None and not self.work.done()


class OutboxKeeper:
    """Call `look` every `LOOK` seconds, from one thread at a time."""

    def __init__(
        self,
        workspace: Callable[[], Workspace],
        sender: SenderOf = sender_of,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`workspace` gives the one in use; `sender` makes the way out of a mailbox."""
        self._workspace, self._make, self._clock = workspace, sender, clock
        self._ways: dict[str, _Way] = {}
        self._seen: Workspace | None = None
        self._settings = CrmSettings()
        self._pool = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="outbox")
        self._stopping = threading.Event()
        self._store_problem = ""
        self.standing: list[Standing] = []  # what is in the outbox, as of the last count
        self._count_at = 0.0
        self._lost: set[str] = set()  # mailboxes with mails that the configuration does not have (any more)

    @property
    def problems(self) -> list[str]:
        """What an admin should know, one sentence each."""
        ways = [
            _("Mails of {name} cannot be sent: {problem}").format(name=name, problem=way.problem)
            for name, way in sorted(self._ways.items())
            if way.problem
        ]
        lost = [
            _("Mails wait to be sent from {name}, which is not in the configuration.").format(name=name)
            for name in sorted(self._lost)
        ]
        own = [self._store_problem] if self._store_problem else []
        return [*own, *ways, *lost, *to_decide(self.standing)]

    def look(self) -> None:
        """Hand what is due to the threads; returns at once."""
        workspace = self._workspace()
        idle = not (workspace.settings.mailboxes or self._ways)  # mails may wait all the same, and somebody must know
        if self._stopping.is_set() or (idle and self._clock() < self._count_at):
            return
        try:
            self._follow(workspace)
            with workspace.database.read() as unit:
                due = outbox.mailboxes_due(unit.session.connection, unit.session.now())
                if self._clock() >= self._count_at:
                    self.standing = outbox.standing(unit.session.connection)
                    self._count_at = self._clock() + COUNT
        except StoreError as err:
            self._store_problem = str(err)
            return
        self._store_problem = ""
        self._lost = due - {box.name for box in workspace.settings.mailboxes}
        now = self._clock()
        for name, way in self._ways.items():
            if not way.busy and (name in due or way.sending.unsaved) and now >= way.due:
                way.work = self._pool.submit(self._work, workspace, way)

    def hurry(self) -> None:
        """Try again now what waits for its account: a password was given, the configuration changed."""
        for way in self._ways.values():
            way.due, way.failures = 0.0, 0

    def begin_stop(self) -> None:
        """End after the mails that are being handed over; returns at once."""
        self._stopping.set()

    def stop(self, until: float) -> bool:
        """Wait until this moment of the monotonic clock; False when one is still at it: it will be in doubt."""
        self.begin_stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        works = [way.work for way in self._ways.values() if way.work is not None]
        ended = not wait(works, max(0.0, until - time.monotonic())).not_done
        if ended:
            for way in self._ways.values():
                _close(way)
        return ended

    # ---------------------------------------------------------------- the configuration

    def _follow(self, workspace: Workspace) -> None:
        """Know the mailboxes as they are configured now. One at which a thread works is left until it is done."""
        if workspace is not self._seen:
            if any(way.busy for way in self._ways.values()):
                return
            self._settings = crm_settings(workspace)
            self._seen = workspace
            kept = {name: way.sending for name, way in self._ways.items() if way.sending.unsaved}
            for way in self._ways.values():
                _close(way)
            self._ways = {box.name: self._way(workspace, box) for box in workspace.settings.mailboxes}
            for name, sending in kept.items():
                if name in self._ways:
                    self._ways[name].sending.take_over(sending)

    def _way(self, workspace: Workspace, box: MailboxSettings) -> _Way:
        return _Way(box, Sending(workspace.database, self._settings, box.name))

    # ---------------------------------------------------------------- in a thread

    def _work(self, workspace: Workspace, way: _Way) -> None:
        with structlog.contextvars.bound_contextvars(mailbox=way.box.name):
            try:
                if way.sender is None:
                    way.sender = self._make(workspace, way.box)
                done = way.sending.look(way.sender, self._stopping.is_set)
            except StoreError as err:
                self._after(way, StoreTrouble(str(err)))
            except Failure as err:
                self._after(way, AccountError(str(err)))
            except Exception as err:
                log.exception("sending mails broke off unexpectedly")
                self._after(way, Unavailable(f"{type(err).__name__}: {err}"))
            else:
                self._tell(done)
                self._after(way, done.error, busy=done.busy)

    def _after(self, way: _Way, error: SyncError | None, *, busy: bool = False) -> None:
        """A new error is told at once, the same one again once a day; a recovery too."""
        now = self._clock()
        if busy:
            way.due = now + BUSY_PAUSE
            return
        if error is None:
            if way.told:
                log.info("mails are sent again")
            way.failures, way.due, way.problem, way.told = 0, now, "", ""
            return
        _close(way)
        way.failures += 1
        way.problem = str(error)
        way.due = now + pause_after(error, way.failures, LOOK)
        if way.problem != way.told or now - way.told_at > _REMIND:
            log.warning("mails cannot be sent", reason=way.problem, next_try_in=round(way.due - now))
            way.told, way.told_at = way.problem, now

    def _tell(self, done: Pass) -> None:
        if done.sent or done.failed or done.doubt:
            log.info("mails", sent=done.sent, failed=done.failed, in_doubt=done.doubt)


def _close(way: _Way) -> None:
    sender, way.sender = way.sender, None
    if sender is not None:
        try:
            sender.close()
        except SyncError as err:
            log.info("a connection did not close well", reason=str(err))
