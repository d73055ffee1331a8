"""The rows that stand for what the configuration names: accounts, hub collections, bindings."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, text, true, update

from storage import tables as t
from storage.errors import StoreRefused

_LOCKS = {
    "postgresql": "SELECT pg_advisory_xact_lock(4278348, 1)",
    "mssql": "EXEC sp_getapplock @Resource = 'agendahub-rows', @LockMode = 'Exclusive', @LockOwner = 'Transaction'",
}
_RESET = {"cursor": None, "hub_cursor": 0, "approved": False, "last_error": ""}


def ensure_account(connection: Connection, name: str, now: datetime) -> int:
    """The id of an account's row, made if need be."""
    _one_at_a_time(connection)
    found = connection.execute(select(t.accounts.c.id).where(t.accounts.c.name == name)).scalar_one_or_none()
    if found is None:
        found = _inserted(connection, insert(t.accounts).values(name=name, since=now))
    return int(found)


def ensure_collection(connection: Connection, name: str, kinds: Sequence[str], owner: str, now: datetime) -> int:
    """The id of a hub collection, made if need be. Raises `StoreRefused`: unknown owner, kinds it cannot hold."""
    _one_at_a_time(connection)
    owner_id = _owner(connection, owner)
    found = _collection(connection, name, owner_id)
    if found is None:
        return _create_collection(connection, name, kinds, owner_id, now)
    return _widened(connection, found.id, name, found.kinds, kinds)


def find_collection(connection: Connection, name: str, kinds: Sequence[str], owner: str) -> int | None:
    """The id of a hub collection; None where it is not made yet. Raises `StoreRefused` as `ensure_collection`."""
    found = _collection(connection, name, _owner(connection, owner))
    if found is not None:
        _together(name, found.kinds, kinds)
    return None if found is None else int(found.id)


def _collection(connection: Connection, name: str, owner_id: int | None):  # type: ignore[no-untyped-def]
    return connection.execute(
        select(t.collections.c.id, t.collections.c.kinds).where(
            t.collections.c.name == name,
            _owned_by(owner_id),
            t.collections.c.deleted_at.is_(None),
            t.collections.c.role == "",
        )
    ).first()


def _one_at_a_time(connection: Connection) -> None:
    """Wait for other transactions that make rows here: two workers that meet would each make the same collection.

    Lasts until the end of the transaction. SQLite has one writer at a time anyway.
    """
    if connection.dialect.name in _LOCKS:
        connection.execute(text(_LOCKS[connection.dialect.name]))


def _owner(connection: Connection, owner: str) -> int | None:
    if not owner:
        return None
    found = connection.execute(select(t.users.c.id).where(t.users.c.name == owner)).scalar_one_or_none()
    if found is None:
        raise StoreRefused(f"There is no user {owner!r}; add one with `agendahub user add {owner}`.")
    return int(found)


def _owned_by(owner_id: int | None):  # type: ignore[no-untyped-def]
    column = t.collections.c.owner_id
    return column.is_(None) if owner_id is None else column == owner_id


def _create_collection(
    connection: Connection, name: str, kinds: Sequence[str], owner_id: int | None, now: datetime
) -> int:
    row = {
        "slug": _free_slug(connection, name, owner_id),
        "owner_id": owner_id,
        "name": name,
        "kinds": ",".join(sorted(kinds)),
        "epoch": secrets.token_hex(16),
        "created_at": now,
    }
    return _inserted(connection, insert(t.collections).values(**row))


def _free_slug(connection: Connection, name: str, owner_id: int | None) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "collection"
    taken = set(connection.execute(select(t.collections.c.slug).where(_owned_by(owner_id))).scalars())
    return next(slug for n in range(1, len(taken) + 2) if (slug := stem if n == 1 else f"{stem}-{n}") not in taken)


def _widened(connection: Connection, collection_id: int, name: str, has: str, wanted: Sequence[str]) -> int:
    kinds = _together(name, has, wanted)
    if kinds != set(has.split(",")):
        joined = ",".join(sorted(kinds))
        connection.execute(update(t.collections).where(t.collections.c.id == collection_id).values(kinds=joined))
    return collection_id


def _together(name: str, has: str, wanted: Sequence[str]) -> set[str]:
    """Events and tasks may come to share a collection; contacts stay by themselves."""
    kinds = set(has.split(",")) | set(wanted)
    if "contact" in kinds and len(kinds) > 1:
        raise StoreRefused(f"The collection {name!r} holds {has}, so it cannot hold {', '.join(wanted)} too.")
    return kinds


def ensure_binding(connection: Connection, name: str, account_id: int, collection_id: int, remote_id: str) -> int:
    """The id of a binding's row. One that now ties other ends starts anew: its links are forgotten, items stay."""
    ends = {"account_id": account_id, "collection_id": collection_id, "remote_id": remote_id}
    row = connection.execute(select(t.bindings).where(t.bindings.c.name == name)).mappings().first()
    if row is None:
        return _inserted(connection, insert(t.bindings).values(name=name, **ends))
    if any(row[key] != value for key, value in ends.items()):
        _forget_links(connection, row["id"])
        connection.execute(update(t.bindings).where(t.bindings.c.id == row["id"]).values(**ends, **_RESET))
    return int(row["id"])


def forget_binding(connection: Connection, name: str) -> bool:
    """Forget a binding and its links; the items of both sides stay as they are (SYNC.md R34). False: there was none."""
    found = connection.execute(select(t.bindings.c.id).where(t.bindings.c.name == name)).scalar_one_or_none()
    if found is None:
        return False
    _forget_links(connection, found)
    for table in (t.conflicts, t.runs):  # history stays, without its binding
        connection.execute(update(table).where(table.c.binding_id == found).values(binding_id=None))
    connection.execute(delete(t.bindings).where(t.bindings.c.id == found))
    return True


def forget_account(connection: Connection, name: str) -> None:
    """Forget an account and its bindings; items stay (SYNC.md R34)."""
    found = connection.execute(select(t.accounts.c.id).where(t.accounts.c.name == name)).scalar_one_or_none()
    if found is None:
        return
    names = connection.execute(select(t.bindings.c.name).where(t.bindings.c.account_id == found)).scalars().all()
    for binding in names:
        forget_binding(connection, binding)
    connection.execute(delete(t.push_states).where(t.push_states.c.account_id == found))
    connection.execute(delete(t.accounts).where(t.accounts.c.id == found))


def _forget_links(connection: Connection, binding_id: int) -> None:
    for table in (t.links, t.intents, t.holds, t.hold_answers, t.quarantine, t.push_subscriptions):
        connection.execute(delete(table).where(table.c.binding_id == binding_id))


def set_account_state(connection: Connection, name: str, state: str, detail: str, now: datetime) -> None:
    """Record how an account is: ok, needs_sign_in, unavailable. `since` moves only when the state does."""
    row = connection.execute(select(t.accounts.c.state).where(t.accounts.c.name == name)).first()
    values: dict[str, object] = {"state": state, "detail": detail[:500]}
    if row is not None and row.state != state:
        values["since"] = now
    connection.execute(update(t.accounts).where(t.accounts.c.name == name).values(**values))


def note_times(connection: Connection, times: Mapping[int, Mapping[str, object]]) -> None:
    """Write what the daemon kept in memory: binding id -> columns of ``bindings``."""
    for binding_id, values in times.items():
        if values:  # an UPDATE of nothing is a syntax error
            connection.execute(update(t.bindings).where(t.bindings.c.id == binding_id).values(**values))


def binding_id(connection: Connection, name: str) -> int | None:
    """The id of a binding's row, if it was ever used."""
    found = connection.execute(select(t.bindings.c.id).where(t.bindings.c.name == name)).scalar_one_or_none()
    return None if found is None else int(found)


def bound_collections(connection: Connection) -> dict[str, int]:
    """The hub collection of every binding that was ever at work, by the binding's name."""
    rows = connection.execute(select(t.bindings.c.name, t.bindings.c.collection_id))
    return {row.name: row.collection_id for row in rows}


def bindings_waiting(connection: Connection) -> tuple[set[int], set[int]]:
    """Bindings whose hub collection changed since they last looked, and approved ones. One query for all."""
    b = t.bindings.c
    behind = t.collections.c.seq > b.hub_cursor
    joined = t.bindings.join(t.collections, t.collections.c.id == b.collection_id)
    rows = connection.execute(
        select(b.id, b.approved, t.collections.c.seq, b.hub_cursor)
        .select_from(joined)
        .where(or_(behind, b.approved == true()))
    ).all()
    return {row.id for row in rows if row.seq > row.hub_cursor}, {row.id for row in rows if row.approved}


def secret_times(connection: Connection) -> dict[str, datetime]:
    """When each stored secret was last given, by name."""
    return {row.name: row.changed_at for row in connection.execute(select(t.secrets.c.name, t.secrets.c.changed_at))}


def _inserted(connection: Connection, statement) -> int:  # type: ignore[no-untyped-def]
    key = connection.execute(statement).inserted_primary_key
    assert key is not None
    return int(key[0])


def account_states(connection: Connection) -> dict[str, tuple[str, str]]:
    """(state, detail) of every account the store knows, by name."""
    rows = connection.execute(select(t.accounts.c.name, t.accounts.c.state, t.accounts.c.detail))
    return {row.name: (row.state, row.detail) for row in rows}
