"""Inboxes (RFC 6638 2.2, 4.1): the messages that a user's programs show him."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from storage import dav_scheduling as store
from storage.dav_scheduling import Person
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Origin

KEPT = timedelta(days=60)  # many programs never take a message out
_AT_ONCE = 20  # old messages that are taken out when a new one comes
_LONGEST_UID = 600


def drop_into_inbox(
    unit: SqlUnitOfWork, person: Person, uid: str, text: str, origin: Origin, *, about: str = ""
) -> None:
    """Put a message into an inbox; it takes the place of the one before it about the same meeting.

    `about`: the guest who answers, so that the answers of two stand beside each other.
    """
    now = unit.session.now()
    inbox = store.inbox(unit.session.connection, person.id, now)
    unit.lock_collection(inbox)
    name = uid if not about and len(uid) <= _LONGEST_UID else f"{sha256(uid.encode()).hexdigest()}/{about[:80]}"
    item = Item.stored(Kind.EVENT, name, text)
    known = unit.items_by_uid(inbox, [name]).get(name)
    if known is not None and not known.deleted:
        unit.update_item(known.id, item, origin)
    else:
        unit.create_item(inbox, item, origin, href=f"{sha256(name.encode()).hexdigest()[:32]}.ics")
    _tidy(unit, inbox, now, origin)


def _tidy(unit: SqlUnitOfWork, inbox: int, now: datetime, origin: Origin) -> None:
    for number in store.old_messages(unit.session.connection, inbox, now - KEPT, _AT_ONCE):
        unit.delete_item(number, origin)
