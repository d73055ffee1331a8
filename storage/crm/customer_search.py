"""Contacts of the company's address books, to be chosen as customers. Nobody's personal address book is looked into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, exists, func, or_, select

from storage.tables import collections, contact_emails, contact_phones, contacts, items


@dataclass(frozen=True, slots=True)
class CustomerFound:
    """A contact."""

    id: int  # for customer_id
    full_name: str
    organization: str
    title: str  # what he is there
    addresses: tuple[str, ...]  # of mail, lower case
    phones: tuple[str, ...]  # as written


def find_customers(connection: Connection, words: Sequence[str], limit: int) -> list[CustomerFound]:
    """Those in whose name, organisation or addresses all of these words stand, by name."""
    statement = _contacts().order_by(contacts.c.full_name, items.c.id).limit(limit)
    for word in words:
        pattern = f"%{_escaped(word.lower())}%"
        mails = contact_emails.c
        mailed = exists().where(mails.item_id == items.c.id, mails.address.like(pattern, escape="\\"))
        columns = (contacts.c.full_name, contacts.c.organization)
        statement = statement.where(or_(*(func.lower(c).like(pattern, escape="\\") for c in columns), mailed))
    return _whole(connection, statement)


def one_customer(connection: Connection, item_id: int) -> CustomerFound | None:
    """By the id of its item."""
    return next(iter(_whole(connection, _contacts().where(items.c.id == item_id))), None)


def _contacts() -> Select[Any]:
    return (
        select(items.c.id, contacts.c.full_name, contacts.c.organization, contacts.c.title)
        .join(contacts, contacts.c.item_id == items.c.id)
        .join(collections, collections.c.id == items.c.collection_id)
        .where(items.c.deleted.is_(False), collections.c.owner_id.is_(None), collections.c.deleted_at.is_(None))
    )


def _whole(connection: Connection, statement: Select[Any]) -> list[CustomerFound]:
    rows = connection.execute(statement).all()
    ids = [row.id for row in rows]
    addresses = _parts(connection, contact_emails, contact_emails.c.address, ids)
    phones = _parts(connection, contact_phones, contact_phones.c.number, ids)
    return [
        CustomerFound(
            row.id,
            row.full_name,
            row.organization,
            row.title,
            tuple(dict.fromkeys(addresses.get(row.id, ()))),
            tuple(dict.fromkeys(phones.get(row.id, ()))),
        )
        for row in rows
    ]


def _parts(connection: Connection, table: Any, column: Any, ids: Sequence[int]) -> dict[int, list[str]]:
    """At most `limit` contacts: one query."""
    found: dict[int, list[str]] = {}
    statement = select(table.c.item_id, column).where(table.c.item_id.in_(ids)).order_by(table.c.id)
    for item_id, value in connection.execute(statement) if ids else ():
        found.setdefault(item_id, []).append(value)
    return found


def _escaped(word: str) -> str:
    for sign in "\\%_[":
        word = word.replace(sign, f"\\{sign}")
    return word
