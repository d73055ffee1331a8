"""The outbox of one mailbox is worked off: each mail is handed over once (docs/answers.md).

That a mail is about to be sent is committed before it is. Whoever finds it so later cannot know whether it went out:
it is in doubt, the system that was to send it is asked, and where that cannot tell a person decides. Nothing is sent a
second time by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from connectors.mail import MailSender, Receipt
from crm.answer import outcomes
from crm.answer.outcomes import FIRST_PAUSE, SETTLE_AFTER, Outcome, State, pause_after
from crm.settings import CrmSettings
from storage.crm import mail_raws
from storage.crm import outbox as rows
from storage.crm.outbox import OutRow
from storage.database import Database, run
from storage.errors import CommitInDoubt, StoreBusy
from storage.named_locks import named_lock
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import AccountError, NotAuthorised, OutcomeUnknown, SyncError, Throttled

BATCH = 20  # mails of one pass; the next one comes soon
_LONGEST_ORDERED = timedelta(hours=12)  # what a server may ask us to wait


@dataclass(slots=True)
class Pass:
    """What one look at the outbox did."""

    sent: int = 0
    failed: int = 0
    doubt: int = 0
    later: int = 0
    busy: bool = False  # another process works it off, or the store is busy
    error: SyncError | None = None  # of the account: nothing more was tried


class Sending:
    """Of one mailbox, of one thread. Keeps what it knows of mails whose outcome the store did not take yet."""

    def __init__(self, database: Database, settings: CrmSettings, mailbox: str) -> None:
        self._database, self._settings, self._mailbox = database, settings, mailbox
        self._unsaved: dict[int, Outcome] = {}  # id in the outbox -> what became of it

    def look(self, sender: MailSender, stopped: Callable[[], bool] = lambda: False) -> Pass:
        """Settle what is in doubt, then send what is due. Raises `StoreError`; an error of the account is told."""
        done = Pass()
        try:
            with named_lock(self._database, f"outbox {self._mailbox}", patience=0):
                self._save(done)
                self._find_left_behind(done)
                self._settle(sender, done)
                self._send(sender, done, stopped)
        except StoreBusy:
            done.busy = True
        return done

    @property
    def unsaved(self) -> bool:
        """Whether it knows of outcomes that the store did not take yet."""
        return bool(self._unsaved)

    def take_over(self, other: Sending) -> None:
        """Know what another one of the same mailbox knew, before that is forgotten."""
        self._unsaved.update(other._unsaved)

    def _save(self, done: Pass) -> None:
        """What the store did not take last time, first of all: else it would look as if nobody knew."""
        for number, outcome in list(self._unsaved.items()):
            self._write(number, outcome, done)

    def _find_left_behind(self, done: Pass) -> None:
        """Somebody was killed between "it is being sent" and "it was sent"."""
        with self._database.read() as unit:
            left = rows.left_behind(unit.session.connection, self._mailbox)
        for row in left:
            self._write(row.id, Outcome(State.DOUBT, "AgendaHub was stopped while this mail was being sent."), done)

    def _settle(self, sender: MailSender, done: Pass) -> None:
        with self._database.read() as unit:
            asked = rows.in_doubt(unit.session.connection, self._mailbox, unit.session.now(), BATCH)
        for row in asked:
            try:
                found = self._find(sender, row)
            except SyncError as err:
                done.error = err
                self._write(row.id, Outcome(State.ASK_LATER, row.error), done)
                return
            self._write(row.id, outcomes.of_search(found, row), done)

    def _find(self, sender: MailSender, row: OutRow) -> bool | None:
        """Whether the system has it among what it sent.

        "No" counts only if it finds the last mail that went out for certain: some systems write a Message-ID of their
        own, some admins have sent mails deleted, and then it would say so of every mail. Nor can it tell of a mail that
        some recipients had before.
        """
        if row.sent_at is not None:
            return None
        found = sender.find_sent(row.header_id)
        if found is False:
            with self._database.read() as unit:
                before = unit.session.now() - SETTLE_AFTER
                known = rows.last_sent(unit.session.connection, self._mailbox, before)
            return False if known and sender.find_sent(known) else None
        return found

    def _send(self, sender: MailSender, done: Pass, stopped: Callable[[], bool]) -> None:
        with self._database.read() as unit:
            waiting = rows.due(unit.session.connection, self._mailbox, unit.session.now(), BATCH)
        for row in waiting:
            if stopped() or done.error is not None:
                return
            raw = self._claim(row)
            if raw is not None:
                outcome = _hand_over(sender, raw, row)
                self._write(row.id, outcome, done)
                done.error = outcome.account_error

    def _claim(self, row: OutRow) -> bytes | None:
        """Say that it is being sent, before it is; None when it is not ours to send after all."""

        def claim(unit: SqlUnitOfWork) -> bytes | None:
            connection = unit.session.connection
            taken = rows.move(
                connection, row.id, "waiting", "sending", started_at=unit.session.now(), tries=row.tries + 1
            )
            return mail_raws.raw_of(connection, row.raw_digest) if taken else None

        try:
            return run(self._database, claim)
        except CommitInDoubt:  # nothing was sent, whatever the store says
            self._unsaved[row.id] = Outcome(State.WAITING, "The store failed before the mail was sent.")
            raise

    def _write(self, number: int, outcome: Outcome, done: Pass) -> None:
        """Into the store; where it does not take it, remembered until it does."""
        self._unsaved[number] = outcome

        def write(unit: SqlUnitOfWork) -> State | None:
            return outcomes.apply(unit, self._settings, number, outcome)

        try:
            state = run(self._database, write)
        except CommitInDoubt:
            state = run(self._database, write)  # harmless twice: each step names the state that it comes from
        del self._unsaved[number]
        _count(done, state)


def _hand_over(sender: MailSender, raw: bytes, row: OutRow) -> Outcome:
    try:
        receipt: Receipt = sender.send(raw, row.sender, row.recipients)
    except OutcomeUnknown as err:
        return Outcome(State.DOUBT, str(err), account_error=err)
    except Throttled as err:
        wait = min(timedelta(seconds=max(err.retry_after, 1.0)), _LONGEST_ORDERED)
        return Outcome(State.WAITING, _said(err), pause=wait, account_error=err)
    except NotAuthorised as err:  # no mail is to wait long once the password is right
        return Outcome(State.WAITING, _said(err), pause=FIRST_PAUSE, account_error=err)
    except AccountError as err:
        return Outcome(State.WAITING, _said(err), pause=pause_after(row.tries + 1), account_error=err)
    except SyncError as err:
        return Outcome(State.FAILED, _said(err))
    except Exception as err:  # a fault of ours or of a library, who knows how far it came
        return Outcome(State.DOUBT, f"Sending broke with an error of the program ({type(err).__name__}).")
    return Outcome(State.SENT, refused=receipt.refused)


def _said(error: SyncError) -> str:
    return f"{error} ({error.server_said})" if error.server_said else str(error)


def _count(done: Pass, state: State | None) -> None:
    if state is State.SENT:
        done.sent += 1
    elif state is State.FAILED:
        done.failed += 1
    elif state is State.DOUBT:
        done.doubt += 1
    elif state is State.WAITING:
        done.later += 1
