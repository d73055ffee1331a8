"""What is known of the meeting that a calendar part is about: the agenda, and the parts that came before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.activity import keeping
from crm.activity.records import address_of
from crm.agenda.collection import agenda_collection
from crm.invitation.deciding import Known
from crm.invitation.parts import Told, sent_by, stamp_of
from crm.settings import CrmSettings
from storage.crm import invitation_rows
from storage.crm.invitation_rows import EPOCH
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.model import Event, EventDetails
from sync_engine.ports import HubItem

_CHANGES = ("REQUEST", "CANCEL")
_NO_BINDING = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The event of the agenda, also a deleted one, and what decides about the part."""

    known: Known
    item: HubItem | None = None
    event: Event | None = None
    answered: str = "tentative"  # how a person answered the newest invitation
    called_off: bool = False  # the newest part is a cancellation


def look(unit: SqlUnitOfWork, settings: CrmSettings, told: Told) -> Found:
    """By the UID; a mailbox that is synced may know the meeting by it and the hub by another."""
    connection = unit.session.connection
    unit.flush()
    item = item_of(unit, settings, told.uid)
    record = keeping.record(unit, item) if item is not None else None
    event = record if isinstance(record, Event) else None
    newest = invitation_rows.newest(connection, told.uid, _CHANGES, ["", told.occurrence])
    reply = invitation_rows.newest(connection, told.uid, ["REPLY"], [told.occurrence], told.attendee or "-")
    if item is None:
        same = newest is not None and newest["organizer"] == told.organizer
        return Found(Known(there=False, newest=_version(newest) if same else None))
    called_off = newest is not None and newest["method"] == "CANCEL"
    return Found(_known(unit, settings, item, event, newest, reply), item, event, _answered(newest), called_off)


def item_of(unit: SqlUnitOfWork, settings: CrmSettings, uid: str) -> HubItem | None:
    """The item of the agenda with this UID, or its tombstone."""
    agenda = agenda_collection(unit, settings)
    found = unit.items_by_uid(agenda, [uid]).get(uid)
    other = unit.items_by_remote_uid(agenda, [uid]).get(uid) if found is None or found.deleted else None
    return other or found


def _known(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    item: HubItem,
    event: Event | None,
    newest: Mapping[str, Any] | None,
    reply: Mapping[str, Any] | None,
) -> Known:
    parts = [*([event.master] if event.master else []), *event.overrides] if event else []
    first = parts[0] if parts else None
    owner = address_of(first.organizer) if first is not None and first.organizer else ""
    ours = owner in settings.own_addresses
    return Known(
        there=True,
        living=not item.deleted,
        organizer=owner,
        sent_by=sent_by(first.organizer) if first is not None and first.organizer else "",
        ours=ours,
        by_account=bool(unit.meeting_links(_NO_BINDING, [item.id]).get(item.id)),
        attendees=frozenset(address_of(user) for one in parts for user in one.attendees) - {""},
        newest=_version(newest) or (_of_event(first) if first is not None and not item.deleted else None),
        newest_reply=_version(reply),
        invited=newest["sequence"] if newest is not None and ours else None,
    )


def _version(row: Mapping[str, Any] | None) -> tuple[int, datetime] | None:
    return None if row is None else (row["sequence"], row["stamped_at"] or EPOCH)


def _of_event(first: EventDetails) -> tuple[int, datetime]:
    """Of an event that came another way than by mail."""
    return first.sequence, stamp_of(first)


def _answered(newest: Mapping[str, Any] | None) -> str:
    if newest is None or newest["method"] != "REQUEST" or newest["state"] not in invitation_rows.OPEN:
        return "tentative"
    return str(newest["state"])
