"""Tokens of programs and users for the API: random, shown once, stored as a hash (as app passwords are)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from storage import tables as t
from storage.errors import StoreRefused

ACCESSES = ("read", "write")


@dataclass(frozen=True, slots=True)
class Token:
    """A way in: of an admin's program, or of one that acts for a user."""

    id: int
    user_id: int | None  # for whom it acts; None: an admin's program
    name: str
    access: str  # read: it may only look; write
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


_COLUMNS = tuple(t.tokens.c[name] for name in Token.__dataclass_fields__)


def add_token(
    connection: Connection, name: str, access: str, token_hash: str, now: datetime, user_id: int | None = None
) -> int:
    """Gives its id. `user_id`: for whom it acts. Raises `StoreRefused` for a second one of that name in use."""
    if any(token.name == name and token.revoked_at is None for token in tokens(connection)):
        raise StoreRefused(f"There is a token {name!r} already; revoke it first or choose another name.")
    row = {"name": name, "access": access, "token_hash": token_hash, "created_at": now, "user_id": user_id}
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
