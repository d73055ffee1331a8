"""What cannot be taken in is kept as it came, with the reason, and can be tried again (REQUESTS.md 2)."""

from __future__ import annotations

import time
from shlex import quote

from crm import audit
from crm.actor import Actor
from crm.errors import CrmError, NotThere, Refused
from crm.intake.model import Delivered, Taken, What
from crm.intake.taking import take, take_in
from crm.rights import authorise
from crm.settings import CrmSettings
from storage.crm.mail_raws import keep, raw_of
from storage.crm.quarantined import KeptAside, keep_aside, kept_aside, kept_aside_entry, note_reason, resolve
from storage.crm.receipts import add_receipt, receipts_at, resolve_receipt
from storage.database import Database
from storage.errors import CommitInDoubt, StoreBusy, StoreError, StoreRefused
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import SyncError

_TRIES = 4  # of a transaction that met another one, such as the same mail out of another mailbox
_PAUSE = 0.05  # seconds, after the first one
_UNEXPECTED = "AgendaHub could not read this mail ({kind}: {text}). Its octets are kept; report this with them."


class _NotGiven(Refused):
    """There are no octets to try again."""


def take_or_keep(database: Database, settings: CrmSettings, delivered: Delivered) -> Taken:
    """Take a mail in, committed. Whatever goes wrong with this mail: it is rolled back, and the mail kept aside.

    Raises `StoreError` when the store itself fails: the mail is then to be offered again.
    """
    try:
        return _tried(database, settings, delivered)
    except Exception as err:
        if is_store_trouble(err):
            raise
        reason = in_words(err)
    with database.begin() as unit:
        return keep_delivered(unit, delivered, reason)


def _tried(database: Database, settings: CrmSettings, delivered: Delivered) -> Taken:
    """As a whole again when it met another transaction. After a commit in doubt the receipt tells."""
    for number in range(_TRIES):
        try:
            with database.begin() as unit:
                return take(unit, settings, delivered)
        except (StoreBusy, StoreRefused, CommitInDoubt):
            if number == _TRIES - 1:
                raise
            time.sleep(_PAUSE * 2**number)
    raise AssertionError("unreachable")


def keep_delivered(unit: SqlUnitOfWork, delivered: Delivered, reason: str) -> Taken:
    """Keep a mail aside with its octets; one that lies aside already is not kept twice."""
    connection, now = unit.session.connection, unit.session.now()
    digest = keep(connection, delivered.raw, now)
    return _keep(unit, delivered, reason, digest, len(delivered.raw))


def keep_unread(unit: SqlUnitOfWork, mailbox: str, folder: str, remote_id: str, size: int, reason: str) -> Taken:
    """Note a mail that its server does not give."""
    return _keep(unit, Delivered(mailbox, folder, remote_id, b""), reason, "", size)


def _keep(unit: SqlUnitOfWork, delivered: Delivered, reason: str, digest: str, size: int) -> Taken:
    connection, now = unit.session.connection, unit.session.now()
    there = (delivered.mailbox, delivered.folder)
    receipt = receipts_at(connection, *there, [delivered.remote_id]).get(delivered.remote_id)
    if receipt is not None:
        if receipt.quarantine_id is not None:  # its server gives it by now
            note_reason(connection, receipt.quarantine_id, reason, raw_digest=digest, size=size)
        return Taken(receipt.message_id, None, What.KNOWN, receipt.quarantine_id)
    entry = keep_aside(connection, *there, delivered.remote_id, raw_digest=digest, size=size, reason=reason, at=now)
    add_receipt(connection, *there, delivered.remote_id, now, quarantine_id=entry)
    return Taken(None, None, What.KEPT_ASIDE, entry)


# ---------------------------------------------------------------- what a person does about it


def entries(unit: SqlUnitOfWork, actor: Actor, *, resolved: bool = False, after: int = 0) -> list[KeptAside]:
    """Mails that were kept aside, the oldest first, 200 at most; go on after the last id."""
    authorise(actor, "quarantine.read")
    return kept_aside(unit.session.connection, resolved=resolved, after=after)


def entry_raw(unit: SqlUnitOfWork, actor: Actor, entry_id: int) -> bytes:
    """The mail as it came. Raises `NotThere` also for one that its server did not give."""
    authorise(actor, "quarantine.read")
    entry = _entry(unit, entry_id)
    raw = raw_of(unit.session.connection, entry.raw_digest) if entry.raw_digest else None
    if raw is None:
        raise NotThere("The server never gave this mail; look at it there.")
    return raw


def dismiss(unit: SqlUnitOfWork, actor: Actor, entry_id: int) -> None:
    """A person says that nothing is to be done about it. What is kept of the mail stays. Raises `NotThere`."""
    authorise(actor, "quarantine.edit")
    resolve(unit.session.connection, _entry(unit, entry_id).id, unit.session.now())
    audit.note(unit, actor, "quarantine.edit", f"mail {entry_id}", "nothing is to be done")


def reprocess(database: Database, settings: CrmSettings, actor: Actor, entry_id: int) -> Taken:
    """Try a mail again that was kept aside. Nothing is answered by itself.

    Raises `NotThere`, and `Refused` for one that its server never gave or that fails again, with the reason.
    """
    authorise(actor, "quarantine.edit")
    try:
        with database.begin() as unit:
            return _again(unit, settings, actor, _entry(unit, entry_id))
    except (NotThere, _NotGiven):
        raise
    except Exception as err:
        if is_store_trouble(err):
            raise
        reason = err
    with database.begin() as unit:
        note_reason(unit.session.connection, entry_id, in_words(reason))
    raise Refused(f"It failed again: {in_words(reason)}") from reason


def _again(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, entry: KeptAside) -> Taken:
    connection, now = unit.session.connection, unit.session.now()
    receipt = receipts_at(connection, entry.mailbox, entry.folder, [entry.remote_id]).get(entry.remote_id)
    if entry.resolved_at is not None:
        return Taken(receipt.message_id if receipt else None, None, What.KNOWN, entry.id)
    raw = raw_of(connection, entry.raw_digest) if entry.raw_digest else None
    if raw is None:
        at_once = f"agendahub mailbox read {quote(entry.mailbox)}"
        raise _NotGiven(f"Its server did not give this mail; it is asked every hour, and at once by `{at_once}`.")
    taken = take_in(unit, settings, Delivered(entry.mailbox, entry.folder, entry.remote_id, raw, entry.at))
    if receipt is not None and taken.message_id is not None:
        resolve_receipt(connection, receipt.id, taken.message_id)
    resolve(connection, entry.id, now)
    audit.note(unit, actor, "quarantine.edit", f"mail {entry.id}", "taken in")
    return Taken(taken.message_id, taken.request_id, taken.what, entry.id)


def _entry(unit: SqlUnitOfWork, entry_id: int) -> KeptAside:
    entry = kept_aside_entry(unit.session.connection, entry_id)
    if entry is None:
        raise NotThere("There is no such mail.")
    return entry


def is_store_trouble(err: Exception) -> bool:
    """Whether the store failed, and not a value that it will never take, which is this mail's fault."""
    return isinstance(err, StoreError) and not isinstance(err, StoreRefused) and type(err) is not StoreError


def in_words(err: Exception) -> str:
    """One sentence."""
    if isinstance(err, (CrmError, SyncError, StoreError)):
        return str(err)
    return _UNEXPECTED.format(kind=type(err).__name__, text=str(err)[:300])
