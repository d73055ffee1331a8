"""What differs between contacts, appointments and tasks when they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exchangelib import CalendarItem, Contact, Task
from exchangelib.fields import FieldPath

from connectors.exchange.asking import paths
from connectors.exchange.mapping_contacts import CONTACT_NAMES, read_contact
from connectors.exchange.mapping_events import EVENT_NAMES
from connectors.exchange.mapping_series import read_event
from connectors.exchange.mapping_tasks import TASK_NAMES, read_task
from connectors.exchange.mapping_updates import OWN_NAMES
from sync_engine.formats import with_uid
from sync_engine.model import Kind, Record


@dataclass(frozen=True, slots=True)
class Sort:
    """One kind of items at Exchange."""

    kind: Kind
    model: Any  # exchangelib's class
    fields: Sequence[FieldPath]  # to ask for

    @property
    def tag(self) -> str:
        """What EWS calls it; folders hold other things too, such as distribution lists."""
        return str(self.model.ELEMENT_NAME)


SORTS = {
    Kind.CONTACT: Sort(Kind.CONTACT, Contact, paths(Contact, (*CONTACT_NAMES, *OWN_NAMES))),
    Kind.EVENT: Sort(Kind.EVENT, CalendarItem, paths(CalendarItem, (*EVENT_NAMES, *OWN_NAMES))),
    Kind.TASK: Sort(Kind.TASK, Task, paths(Task, (*TASK_NAMES, *OWN_NAMES))),
}


def own_uid(item_id: str) -> str:
    """The UID of a contact or task, for which Exchange has none; its ids are too long for a name."""
    return f"{hashlib.sha256(item_id.encode()).hexdigest()[:32]}@exchange"


def record_of(kind: Kind, item: Any, exceptions: Sequence[Any] = ()) -> Record:
    """The record under the UID that Exchange itself gives, without its photo. Raises `Unreadable`."""
    if kind is Kind.EVENT:
        return read_event(item, exceptions, str(item.uid or ""))
    uid = own_uid(str(item.id))
    record: Record = read_contact(item, uid) if kind is Kind.CONTACT else read_task(item, uid)
    return with_uid(record, uid)
