"""What people can query of an item: rows for contacts ... tasks, from its record. Pure; never read by the sync engine.

Values are cut to the columns' lengths: the item's text has them in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Table

from storage import tables
from storage.limits import clean, cut
from storage.moments import ends_at, instant
from sync_engine.merge_keys import phone_digits
from sync_engine.model import Address, CalendarUser, Contact, Event, Kind, Labelled, Params, Record, Task

IndexRows: TypeAlias = list[tuple[Table, dict[str, Any]]]
"""Rows without their item_id."""

TABLES_OF: dict[Kind, tuple[Table, ...]] = {
    Kind.CONTACT: (tables.contacts, tables.contact_emails, tables.contact_phones, tables.contact_addresses),
    Kind.EVENT: (tables.events, tables.event_attendees),
    Kind.TASK: (tables.tasks,),
}


def index_rows(record: Record) -> IndexRows:
    """All rows for one item."""
    if isinstance(record, Contact):
        return _contact_rows(record)
    return _event_rows(record) if isinstance(record, Event) else _task_rows(record)


# ---------------------------------------------------------------- contacts


def _contact_rows(card: Contact) -> IndexRows:
    rows: IndexRows = [(tables.contacts, _contact(card))]
    rows += _each(tables.contact_emails, card.emails, _email)
    rows += _each(tables.contact_phones, card.phones, _phone)
    rows += _each(tables.contact_addresses, card.addresses, _address)
    return rows


def _each(table: Table, values: Iterable[Any], row_of: Callable[[Any], dict[str, Any]]) -> IndexRows:
    return [(table, row_of(value)) for value in values]


def _contact(card: Contact) -> dict[str, Any]:
    return {
        "full_name": cut(card.full_name, 400),
        "family_name": _words(card.name.family, 200),
        "given_name": _words(card.name.given, 200),
        "organization": _words(card.organization, 400, ", "),
        "title": cut(card.title, 200),
        "birthday": cut(card.birthday, 50),
        "categories": _words(card.categories, 1000, ", "),
        "note": clean(card.note),
        "has_photo": card.photo is not None,
    }


def _email(email: Labelled) -> dict[str, Any]:
    return {"address": cut(email.value.strip().lower(), 320), "types": _words(email.types, 100)}


def _phone(phone: Labelled) -> dict[str, Any]:
    return {
        "number": cut(phone.value, 100),
        "digits": cut(phone_digits(phone.value), 40),
        "types": _words(phone.types, 100),
    }


def _address(address: Address) -> dict[str, Any]:
    street = (*address.street, *address.extended, *address.po_box)
    return {
        "street": _words(street, 400, ", "),
        "city": _words(address.locality, 200),
        "region": _words(address.region, 200),
        "postal_code": _words(address.postal_code, 50),
        "country": _words(address.country, 100),
        "types": _words(address.types, 100),
    }


# ---------------------------------------------------------------- events and tasks


def _event_rows(event: Event) -> IndexRows:
    details = event.master or next(iter(event.overrides), None)
    if details is None:
        return []
    row = {
        "summary": cut(details.summary, 1000),
        "location": cut(details.location, 1000),
        "starts_at": instant(details.start, event.zones),
        "ends_at": ends_at(details, event.zones),
        "all_day": details.start is not None and details.start.is_date,
        "zone": cut(details.start.zone if details.start else "", 200),
        "recurring": bool(details.rules or details.recurrence_dates),
        "status": cut(details.status, 30),
        "classification": cut(details.classification, 30),
        "organizer": _mail(details.organizer) if details.organizer else "",
    }
    return [(tables.events, row), *_each(tables.event_attendees, details.attendees, _attendee)]


def _attendee(user: CalendarUser) -> dict[str, Any]:
    return {
        "address": _mail(user),
        "name": cut(_parameter(user.params, "CN"), 200),
        "status": cut(_parameter(user.params, "PARTSTAT").lower(), 30),
    }


def _task_rows(task: Task) -> IndexRows:
    details = task.master or next(iter(task.overrides), None)
    if details is None:
        return []
    row = {
        "summary": cut(details.summary, 1000),
        "starts_at": instant(details.start, task.zones),
        "due_at": instant(details.due, task.zones),
        "completed_at": instant(details.completed, task.zones),
        "status": cut(details.status, 30),
        "percent_complete": _percent(details.percent_complete),
    }
    return [(tables.tasks, row)]


# ---------------------------------------------------------------- values


def _words(parts: Sequence[str], length: int, between: str = " ") -> str:
    return cut(between.join(part for part in parts if part), length)


def _mail(user: CalendarUser) -> str:
    return cut(user.address.strip().lower().removeprefix("mailto:"), 320)


def _parameter(params: Params, name: str) -> str:
    return next((values[0] for key, values in params if key == name and values), "")


def _percent(written: str) -> int | None:
    digits = written.strip()
    return min(int(digits), 100) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
