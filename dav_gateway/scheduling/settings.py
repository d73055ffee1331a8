"""What a user may set: where new invitations go (RFC 6638 9.2)."""

from __future__ import annotations

import re
from dataclasses import replace

from dav_gateway.answers import Refused
from dav_gateway.paths import Area, Place
from dav_gateway.scheduling.boxes import NOT_MADE
from dav_gateway.scheduling.properties import DEFAULT_CALENDAR
from dav_gateway.site import Call
from dav_gateway.updates import Changes
from storage import dav_scheduling as store
from storage.dav_store import Shelf
from storage.unit_of_work import SqlUnitOfWork

_HREF = re.compile(r"<(?:\w+:)?href[^>]*>\s*([^<]+?)\s*</")


def change(call: Call, unit: SqlUnitOfWork, shelf: Shelf, changes: Changes) -> Shelf:
    """Take what concerns scheduling out of a PROPPATCH; gives the collection, made when it was only an address."""
    if shelf.role == "outbox":
        changes.refused |= dict.fromkeys(changes.names, 403)
    if DEFAULT_CALENDAR in changes.kept:
        value = changes.kept.pop(DEFAULT_CALENDAR)
        if shelf.role != "inbox":
            changes.refused[DEFAULT_CALENDAR] = 403
        elif not changes.refused:
            chosen = None if value is None else _chosen(call, unit, value)
            store.set_default(unit.session.connection, call.who.user_id, chosen)
    if shelf.role == "inbox" and shelf.id == NOT_MADE and not changes.refused:
        return replace(shelf, id=store.inbox(unit.session.connection, call.who.user_id, call.now))
    return shelf


def _chosen(call: Call, unit: SqlUnitOfWork, value: str) -> int:
    found = _HREF.search(value)
    place = call.place_of(found[1]) if found else None
    able = {desk.id for desk in store.desks(unit.session.connection, call.who.user_id) if desk.schedules}
    for shelf in call.shelves(unit):
        if shelf.id in able and place == Place(Area.CALENDARS, call.who.user, shelf.segment):
            return shelf.id
    condition = "<C:valid-schedule-default-calendar-URL/>"
    sentence = "Invitations go into a calendar of your own that no account is synced with."
    raise Refused(403, sentence, condition=condition)
