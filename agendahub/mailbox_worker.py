"""The thread that reads one mailbox: looks, waits for its server to tell of mail or for the interval, looks again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from agendahub.failure import Failure, StoreTrouble
from agendahub.mail_sources import reading_of, source_of
from agendahub.outcome import in_words
from agendahub.texts import _
from agendahub.waiting import BUSY_PAUSE, is_sign_in, mailbox_pause, spread
from agendahub.workspace import Workspace, utc_now
from config.settings import MailboxSettings
from connectors.mail import MailSource, Waits
from crm.intake.model import Taken, What
from crm.intake.reader import Looked, Reader
from crm.settings import CrmSettings
from storage.crm.mail_cursors import note_problem
from storage.errors import StoreBusy, StoreError
from storage.named_locks import named_lock
from sync_engine.errors import AccountError, SyncError, Unavailable

_REMIND = timedelta(days=1)
_NAP = 0.5  # seconds between looks whether to stop

Took = Callable[[str, What], None]

log = structlog.get_logger("agendahub.mail")


@dataclass(slots=True)
class MailboxState:
    """What a running daemon knows of a mailbox."""

    name: str
    state: str = "new"  # new, ok, failed, needs_sign_in, busy
    detail: str = ""
    last_ok_at: datetime | None = None
    tried_at: datetime | None = None  # when the last look began


class MailboxWorker:
    """One mailbox, from `start` to `stop`. Whatever goes wrong, it goes on, and says what it was."""

    def __init__(self, workspace: Workspace, settings: CrmSettings, box: MailboxSettings, took: Took) -> None:
        self.box, self.state = box, MailboxState(box.name)
        self._workspace, self._settings, self._told = workspace, settings, took
        self._stopping, self._awake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"mail {box.name}", daemon=True)
        self._source: MailSource | None = None
        self._reader: Reader | None = None
        self._failures = 0
        self._said, self._said_at = "", utc_now()

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def begin_stop(self) -> None:
        """End after the mail that is being taken in; returns at once."""
        self._stopping.set()
        self._awake.set()

    def join(self, seconds: float) -> bool:
        """Wait for it; False when it is still at it."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def hurry(self) -> None:
        """Do not wait any longer."""
        self._awake.set()

    # ---------------------------------------------------------------- in the thread

    def _run(self) -> None:
        with structlog.contextvars.bound_contextvars(mailbox=self.box.name):
            while not self._stopping.is_set():
                pause = self._look()
                if not self._stopping.is_set():
                    self._wait(pause)
            self._close()

    def _look(self) -> float:
        """One look; gives the seconds until the next."""
        self.state.tried_at = utc_now()
        try:
            with named_lock(self._workspace.database, f"mailbox {self.box.name}", patience=0):
                looked = self._reading().look()
        except StoreBusy:
            self.state.state, self.state.detail = "busy", _("another process reads it, or the store is busy")
            return BUSY_PAUSE
        except StoreError as err:
            return self._failed(StoreTrouble(str(err)))
        except SyncError as err:
            return self._failed(err)
        except Failure as err:
            return self._failed(AccountError(str(err)))
        except Exception as err:
            log.exception("reading a mailbox broke off unexpectedly")
            return self._failed(Unavailable(f"{type(err).__name__}: {err}"))
        return self._well(looked)

    def _reading(self) -> Reader:
        """The reader with its connection, made anew after a failure."""
        if self._reader is None:
            self._source = source_of(self._workspace, self.box)
            self._reader = Reader(
                self._workspace.database,
                self._settings,
                self._source,
                reading_of(self.box),
                stopped=self._stopping.is_set,
                took=self._took,
            )
        return self._reader

    def _took(self, taken: Taken) -> None:
        self._told(self.box.name, taken.what)
        if taken.what is What.KEPT_ASIDE:
            log.warning("a mail could not be taken in and is kept aside", entry=taken.quarantine_id)

    def _wait(self, pause: float) -> None:
        """Until new mail is told of, where the server does that and all is well; else for the pause."""
        end = time.monotonic() + pause
        told = _told_of_mail(self._source) if self.state.state == "ok" else None
        if told is not None:
            try:
                told.wait(self.box.folders[0], pause, self._is_awake)
            except SyncError as err:
                end = time.monotonic() + self._failed(err)
            else:
                end = 0.0
        while time.monotonic() < end and not self._awake.wait(min(_NAP, max(0.0, end - time.monotonic()))):
            pass
        self._awake.clear()

    def _is_awake(self) -> bool:
        return self._awake.is_set() or self._stopping.is_set()

    def _close(self) -> None:
        source, self._source, self._reader = self._source, None, None
        if source is not None:
            with suppress(SyncError):
                source.close()

    # ---------------------------------------------------------------- how it went

    def _well(self, looked: Looked) -> float:
        self._failures = 0
        self.state.state, self.state.detail, self.state.last_ok_at = "ok", looked.problem, utc_now()
        if looked.problem:
            self._say(looked.problem, "mails cannot be flagged")
        elif self._said:
            log.info("works again")
            self._said = ""
        if looked.taken or looked.gone:
            counts = {str(what).replace(" ", "_"): count for what, count in looked.counts.items() if count}
            log.info("mails", settled=looked.settled, gone=looked.gone, **counts)
        return spread(self.box.interval)

    def _failed(self, err: SyncError) -> float:
        """The cursor stays where it is; the pause grows to a bound, and a recovery is noticed at once."""
        self._failures += 1
        self._close()
        message = in_words(err)
        self.state.state = "needs_sign_in" if is_sign_in(err) else "failed"
        self.state.detail = message
        pause = mailbox_pause(err, self._failures, self.box.interval)
        self._say(message, "the mailbox could not be read", next_try_in=round(pause))
        if not isinstance(err, StoreTrouble):
            self._note(message)
        return pause

    def _say(self, message: str, event: str, **more: object) -> None:
        """A new problem at once, the same one again once a day."""
        now = utc_now()
        if message != self._said or now - self._said_at > _REMIND:
            log.warning(event, reason=message, **more)
            self._said, self._said_at = message, now

    def _note(self, message: str) -> None:
        """For who asks in another process."""
        with suppress(StoreError), self._workspace.database.begin() as unit:
            now = unit.session.now()
            for folder in self.box.folders:
                note_problem(unit.session.connection, self.box.name, folder, now, message)


def _told_of_mail(source: object) -> Waits | None:
    return source if isinstance(source, Waits) else None
