"""Which request a calendar part is about: many programs answer an invitation without saying which mail they answer."""

from __future__ import annotations

from collections.abc import Iterator

from crm.activity import keeping
from crm.activity.records import address_of
from crm.agenda.collection import agenda_if_there
from crm.invitation.parts import Told, told_by
from crm.mail.model import Mail
from crm.settings import CrmSettings
from storage.crm import activity_rows, invitation_rows
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.model import Event
from sync_engine.ports import HubItem

_MOST_PARTS = 5
_CHANGES = ("REQUEST", "CANCEL")


def requests_of(unit: SqlUnitOfWork, settings: CrmSettings, mail: Mail) -> Iterator[int]:
    """Those whose meeting it answers or changes; only where the sender is in it: UIDs may be known to others."""
    agenda = agenda_if_there(unit, settings) if mail.calendars and mail.verified and not mail.forged else None
    if agenda is None:
        return
    for part in mail.calendars[:_MOST_PARTS]:
        for told in told_by(part):
            found = _request(unit, agenda, told, mail.sender.address) if isinstance(told, Told) else None
            if found is not None:
                yield found


def _request(unit: SqlUnitOfWork, agenda: int, told: Told, sender: str) -> int | None:
    item = unit.items_by_uid(agenda, [told.uid]).get(told.uid)
    record = keeping.record(unit, item) if item is not None else None
    if item is None or not isinstance(record, Event) or sender not in _people(record):
        return None
    return _of_activity(unit, item) or _of_invitation(unit, told)


def _people(event: Event) -> set[str]:
    parts = [*([event.master] if event.master else []), *event.overrides]
    owners = {address_of(one.organizer) for one in parts if one.organizer}
    return (owners | {address_of(user) for one in parts for user in one.attendees}) - {""}


def _of_activity(unit: SqlUnitOfWork, item: HubItem) -> int | None:
    row = activity_rows.of_items(unit.session.connection, [item.id]).get(item.id)
    return None if row is None else row["request_id"]


def _of_invitation(unit: SqlUnitOfWork, told: Told) -> int | None:
    row = invitation_rows.newest(unit.session.connection, told.uid, _CHANGES, ["", told.occurrence])
    return None if row is None else row["request_id"]
