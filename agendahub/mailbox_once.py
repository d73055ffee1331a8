"""`agendahub mailbox read`: a mailbox is read once, or it is shown what that would do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NoReturn

from agendahub.crm_settings import crm_settings
from agendahub.mail_sources import reading_of, source_of
from agendahub.workspace import Workspace
from config.settings import MailboxSettings
from connectors.mail import Arrival, MailSource
from crm.errors import CrmError
from crm.intake.aside import in_words, is_store_trouble
from crm.intake.model import Delivered, Taken, What
from crm.intake.reader import Looked, Reader
from crm.intake.taking import take
from crm.mail.reading import read_mail
from crm.settings import CrmSettings
from storage.crm.mail_cursors import folder_cursor
from storage.crm.receipts import receipts_at
from storage.named_locks import named_lock
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import CursorExpired, ItemError

_PATIENCE = 30.0  # seconds that a running daemon may still be reading it


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a mail would become."""

    folder: str
    arrived_at: datetime | None
    sender: str
    subject: str
    automatic: str
    what: str  # opened, added, known, report, ignored, kept aside
    detail: str  # the request it would be added to, or why it would be kept aside


def read_once(workspace: Workspace, box: MailboxSettings) -> Looked:
    """Take in what came. Raises Failure, StoreError, AccountError."""
    source = source_of(workspace, box)
    try:
        with named_lock(workspace.database, f"mailbox {box.name}", _PATIENCE):
            return Reader(workspace.database, crm_settings(workspace), source, reading_of(box)).look()
    finally:
        source.close()


def foreseen(workspace: Workspace, box: MailboxSettings, most: int) -> Iterator[Foreseen]:
    """What `read_once` would do with each of the first mails: it is done, looked at and rolled back.

    Each by itself: of two mails of a new thread the second one is told to open a request, too.
    """
    source, settings = source_of(workspace, box), crm_settings(workspace)
    try:
        for folder, arrival in islice(_new(workspace, source, box), most):
            try:
                raw = source.raw(folder, arrival.id)
            except ItemError as err:
                yield Foreseen(folder, arrival.arrived_at, "", "", "", str(What.KEPT_ASIDE), str(err))
                continue
            if raw is not None:
                yield _foreseen(workspace, settings, Delivered(box.name, folder, arrival.id, raw, arrival.arrived_at))
    finally:
        source.close()


def _new(workspace: Workspace, source: MailSource, box: MailboxSettings) -> Iterator[tuple[str, Arrival]]:
    for folder in box.folders:
        with workspace.database.read() as unit:
            found = folder_cursor(unit.session.connection, box.name, folder)
        for arrivals in _pages(source, folder, found.cursor if found is not None else None):
            with workspace.database.read() as unit:
                known = receipts_at(unit.session.connection, box.name, folder, [one.id for one in arrivals])
            yield from ((folder, arrival) for arrival in arrivals if arrival.id not in known)


def _pages(source: MailSource, folder: str, cursor: str | None) -> Iterator[tuple[Arrival, ...]]:
    try:
        for page in source.arrivals(folder, cursor):
            yield page.arrivals
    except CursorExpired:
        for page in source.arrivals(folder, None):
            yield page.arrivals


class _RolledBackError(Exception):
    """What was tried must not stay."""

    def __init__(self, what: str, number: str) -> None:
        super().__init__()
        self.what, self.number = what, number


def _foreseen(workspace: Workspace, settings: CrmSettings, delivered: Delivered) -> Foreseen:
    mail = read_mail(delivered.raw, own=settings.own_addresses, trusted=settings.trusted_authserv)
    what, detail = _tried(workspace, settings, delivered)
    where = delivered.folder, delivered.arrived_at
    return Foreseen(*where, mail.sender.address, mail.subject, mail.automatic, what, detail)


def _tried(workspace: Workspace, settings: CrmSettings, delivered: Delivered) -> tuple[str, str]:
    """What, and the request's number or why."""
    try:
        with workspace.database.begin() as unit:
            _take_and_undo(unit, settings, delivered)
    except _RolledBackError as done:
        return done.what, done.number
    except Exception as err:
        if is_store_trouble(err):
            raise
        return str(What.KEPT_ASIDE), in_words(err)


def _take_and_undo(unit: SqlUnitOfWork, settings: CrmSettings, delivered: Delivered) -> NoReturn:
    taken = take(unit, settings, delivered)
    raise _RolledBackError(str(taken.what), _number(unit, taken))


def _number(unit: SqlUnitOfWork, taken: Taken) -> str:
    from crm.actor import INTAKE
    from crm.request.reading import request

    if taken.request_id is None:
        return ""
    try:
        found = request(unit, INTAKE, taken.request_id)
    except CrmError:
        return ""
    return f"{found.number}, {found.type_name}"
