"""What an admin's commands ask about shares and delegates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from storage.tables import collections, grants, proxies, users

_owners, _others = users.alias("owners"), users.alias("others")
_SHARES = (
    select(_owners.c.name, collections.c.slug, collections.c.name, _others.c.name, grants.c.access)
    .select_from(grants)
    .join(collections, collections.c.id == grants.c.collection_id)
    .join(_owners, _owners.c.id == collections.c.owner_id)
    .join(_others, _others.c.id == grants.c.user_id)
    .where(collections.c.deleted_at.is_(None))
    .order_by(_owners.c.name, collections.c.slug, _others.c.name)
)
_DELEGATES = (
    select(_owners.c.name, _others.c.name, proxies.c.access)
    .select_from(proxies)
    .join(_owners, _owners.c.id == proxies.c.user_id)
    .join(_others, _others.c.id == proxies.c.delegate_id)
    .order_by(_owners.c.name, _others.c.name)
)


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A collection that somebody else sees."""

    owner: str
    slug: str  # the last part of its URL
    name: str
    user: str
    access: str  # read, write


@dataclass(frozen=True, slots=True)
class DelegateRow:
    """Somebody who may act for another."""

    owner: str
    user: str
    access: str  # read, write


def shares(connection: Connection) -> list[ShareRow]:
    """All shares, by owner and collection."""
    return [ShareRow(*row) for row in connection.execute(_SHARES)]


def delegates(connection: Connection) -> list[DelegateRow]:
    """All delegates, by whom they act for."""
    return [DelegateRow(*row) for row in connection.execute(_DELEGATES)]


def set_collection(connection: Connection, collection_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of a collection: name, read_only, color."""
    connection.execute(update(collections).where(collections.c.id == collection_id).values(dict(values)))


def source_of(connection: Connection, collection_id: int) -> str:
    """The address of the feed that a collection repeats; "" for none."""
    return str(connection.execute(select(collections.c.source).where(collections.c.id == collection_id)).scalar() or "")
