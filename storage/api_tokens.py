"""Tokens of programs that use the admin API: random, shown once, stored as a hash (as app passwords are)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from storage import tables as t
from storage.errors import StoreRefused

ACCESSES = ("read", "write")


@dataclass(frozen=True, slots=True)
class Token:
    """One program's way in."""

    id: int
    name: str
    access: str  # read: it may only look; write
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


_COLUMNS = tuple(t.tokens.c[name] for name in Token.__dataclass_fields__)


def add_token(connection: Connection, name: str, access: str, token_hash: str, now: datetime) -> int:
    """Gives its id. Raises `StoreRefused` for a second one of that name in use."""
    if any(token.name == name and token.revoked_at is None for token in tokens(connection)):
        raise StoreRefused(f"There is a token {name!r} already; revoke it first or choose another name.")
    row = {"name": name, "access": access, "token_hash": token_hash, "created_at": now}
    key = connection.execute(insert(t.tokens).values(**row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def tokens(connection: Connection) -> list[Token]:
    """All of them, the revoked ones too."""
    rows = connection.execute(select(*_COLUMNS).order_by(t.tokens.c.name, t.tokens.c.id)).mappings()
    return [Token(**row) for row in rows]


def token_with(connection: Connection, token_hash: str) -> Token | None:
    """The token in use with this hash."""
    wanted = (t.tokens.c.token_hash == token_hash, t.tokens.c.revoked_at.is_(None))
    row = connection.execute(select(*_COLUMNS).where(*wanted)).mappings().first()
    return None if row is None else Token(**row)


def revoke_token(connection: Connection, name: str, now: datetime) -> None:
    """It is refused from now on. Raises `StoreRefused`."""
    wanted = (t.tokens.c.name == name, t.tokens.c.revoked_at.is_(None))
    if not connection.execute(update(t.tokens).where(*wanted).values(revoked_at=now)).rowcount:
        raise StoreRefused(f"There is no token {name!r} in use; `agendahub token list` shows them all.")


def touch_token(connection: Connection, token_id: int, at: datetime) -> None:
    """Remember that it was used."""
    connection.execute(update(t.tokens).where(t.tokens.c.id == token_id).values(last_used_at=at))
