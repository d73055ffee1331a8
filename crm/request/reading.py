"""One request, as it is now."""

from __future__ import annotations

from crm.actor import Actor
from crm.errors import NotThere
from crm.request import gate
from crm.request.bounds import is_id, is_plain
from crm.request.gate import Row
from crm.request.model import Person, Request
from crm.request.shown import as_seen_by
from crm.rights import NOTHING_THERE, Subject
from storage.crm import request_parts, request_rows
from storage.unit_of_work import SqlUnitOfWork

_OWN = ("tags", "people")
_FIELDS = tuple(name for name in Request.__dataclass_fields__ if name not in _OWN)


def request(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> Request:
    """Of a merged one that into which it was merged. Raises `NotThere`."""
    return as_seen_by(actor, request_of(unit, gate.seen(unit, actor, "request.read", request_id)))


def by_number(unit: SqlUnitOfWork, actor: Actor, number: str) -> Request:
    """The same by its number, upper or lower case; the number of a merged one finds where it went."""
    found = id_called(unit, number)
    if found is None:
        raise NotThere(NOTHING_THERE)
    return request(unit, actor, found)


def subject_of(unit: SqlUnitOfWork, request_id: int) -> Subject:
    """What rights are asked about (`crm.rights.authorise`). Raises `NotThere`."""
    row = request_rows.one(unit.session.connection, current_id(unit, request_id) or 0)
    if row is None:
        raise NotThere(NOTHING_THERE)
    return gate.subject_of_row(unit, row)


def current_id(unit: SqlUnitOfWork, request_id: int) -> int | None:
    """Where a request is now: its own id, that of the one into which it was merged, or None when there is none."""
    return request_rows.where_is(unit.session.connection, request_id) if is_id(request_id) else None


def id_called(unit: SqlUnitOfWork, number: str) -> int | None:
    """The id of the request with this number, as it stands in a subject or as a person types it: r-2026-17."""
    asked = number.strip().strip("[]#")[:40]
    if not asked or not is_plain(asked):
        return None
    head, dash, count = asked.rpartition("-")
    whole = f"{head}{dash}{count.zfill(6)}"  # as `opening` writes it
    for form in dict.fromkeys((asked, asked.upper(), whole.upper())):
        if (found := request_rows.called(unit.session.connection, form)) is not None:
            return found
    return None


def request_of(unit: SqlUnitOfWork, row: Row) -> Request:
    """The row with its tags and people."""
    connection, number = unit.session.connection, row["id"]
    return Request(
        **{name: row[name] for name in _FIELDS},
        tags=tuple(request_parts.tags_of(connection, [number]).get(number, ())),
        people=tuple(Person(**person) for person in request_parts.people(connection, number)),
    )
