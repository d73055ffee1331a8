"""Contacts as customers: who has a mail address, in the address books of the company."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, case, select

from storage.tables import collections, contact_emails, contacts, items, users


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A contact with a mail address."""

    item_id: int
    full_name: str
    organization: str
    categories: tuple[str, ...]


_FIRST = case((collections.c.name == bindparam("book"), 0), else_=1)
_CONTACTS = (
    select(items.c.id, contacts.c.full_name, contacts.c.organization, contacts.c.categories)
    .select_from(contact_emails)
    .join(items, items.c.id == contact_emails.c.item_id)
    .join(contacts, contacts.c.item_id == items.c.id)
    .join(collections, collections.c.id == items.c.collection_id)
    .where(
        contact_emails.c.address == bindparam("address"),
        items.c.deleted.is_(False),
        collections.c.owner_id.is_(None),
        collections.c.deleted_at.is_(None),
    )
    .order_by(_FIRST, items.c.id)
)
_COLLEAGUE = select(users.c.id).where(users.c.address == bindparam("address")).order_by(users.c.id)


def customers_at(connection: Connection, address: str, book: str) -> list[CustomerRow]:
    """The contacts with this address (lower case), those of the address book of this name first, each once.

    Personal address books are not looked into: what is in them is nobody else's business.
    """
    found = connection.execute(_CONTACTS, {"address": address, "book": book})
    rows = {
        int(row.id): CustomerRow(int(row.id), row.full_name, row.organization, _split(row.categories)) for row in found
    }
    return list(rows.values())


def colleague_at(connection: Connection, address: str) -> int | None:
    """The user with this mail address (lower case)."""
    found = connection.execute(_COLLEAGUE, {"address": address}).scalar() if address else None
    return None if found is None else int(found)


def _split(categories: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in categories.split(",") if part.strip())
