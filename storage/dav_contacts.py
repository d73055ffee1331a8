"""Which contacts have an address or number that a search is about, told by the tables that repeat them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, false, select

from storage.tables import contact_emails, contact_phones, items

INDEXED = {"EMAIL": 320, "TEL": 100}  # properties, each with the characters of its values that the table holds


def _values(column: Any, owner: Any) -> Select[Any]:
    return (
        select(items.c.href, column)
        .join(items, items.c.id == owner)
        .where(items.c.collection_id == bindparam("collection"), items.c.deleted == false())
    )


_VALUES = {
    "EMAIL": _values(contact_emails.c.address, contact_emails.c.item_id),
    "TEL": _values(contact_phones.c.number, contact_phones.c.item_id),
}


def holders(connection: Connection, collection_id: int, name: str, fits: Callable[[str], bool]) -> set[str]:
    """Names of live contacts with a value of a property of `INDEXED` that fits. Addresses come in lower case."""
    rows = connection.execute(_VALUES[name], {"collection": collection_id}).all()
    return {row[0] for row in rows if fits(row[1])}
