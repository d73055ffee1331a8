"""Sessions of people in a browser: opaque and random; kept here is only the hash of what the browser has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, false, func, insert, or_, select, update

from storage.errors import StoreRefused
from storage.tables import users, web_sessions

IDLE = timedelta(hours=8)  # a session ends when it was not used for so long
LONGEST = timedelta(days=7)  # and in any case so long after it began
TOUCH_AFTER = timedelta(minutes=5)  # its last use is written no more often


@dataclass(frozen=True, slots=True)
class Person:
    """Who signs in."""

    user_id: int
    user: str
    display_name: str
    password_hash: str  # "" for none: he cannot sign in
    blocked: bool


@dataclass(frozen=True, slots=True)
class WebSession:
    """A browser somebody is signed in with."""

    token_hash: str
    user_id: int
    user: str
    display_name: str
    csrf: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    client: str  # the address it began at


_PERSON = (users.c.id, users.c.name, users.c.display_name, users.c.password_hash, users.c.blocked)
_SESSION = (
    web_sessions.c.token_hash,
    web_sessions.c.user_id,
    users.c.name,
    users.c.display_name,
    web_sessions.c.csrf,
    web_sessions.c.created_at,
    web_sessions.c.used_at,
    web_sessions.c.expires_at,
    web_sessions.c.client,
)


def person(connection: Connection, typed: str) -> Person | None:
    """The user of this name; phones like to begin one with a capital, so that its case matters only between two."""
    alike = or_(users.c.name == typed, func.lower(users.c.name) == typed.lower())
    found = [Person(*row) for row in connection.execute(select(*_PERSON).where(alike))]
    exact = [one for one in found if one.user == typed]
    return exact[0] if exact else found[0] if len(found) == 1 else None


def set_password(connection: Connection, user: str, password_hash: str) -> int:
    """Gives the user's id. His sessions end: whoever knew the old password is out. Raises `StoreRefused`."""
    number = connection.execute(select(users.c.id).where(users.c.name == user)).scalar()
    if number is None:
        raise StoreRefused(f"There is no user {user!r}; `agendahub user list` shows them all.")
    connection.execute(update(users).where(users.c.id == number).values(password_hash=password_hash))
    end_sessions_of(connection, number)
    return int(number)


def begin_session(connection: Connection, user_id: int, token_hash: str, csrf: str, client: str, now: datetime) -> None:
    """A new one. Those that are over are forgotten with it."""
    forget_old(connection, now)
    row = {"token_hash": token_hash, "user_id": user_id, "csrf": csrf, "client": client[:100]}
    connection.execute(insert(web_sessions).values(**row, created_at=now, used_at=now, expires_at=now + LONGEST))


def session_with(connection: Connection, token_hash: str, now: datetime) -> WebSession | None:
    """The session with this hash; None when there is none, it is over or its user is blocked."""
    statement = (
        select(*_SESSION)
        .join(users, users.c.id == web_sessions.c.user_id)
        .where(web_sessions.c.token_hash == token_hash, users.c.blocked == false())
        .where(web_sessions.c.expires_at > now, web_sessions.c.used_at > now - IDLE)
    )
    row = connection.execute(statement).one_or_none()
    return WebSession(*row) if row else None


def touch_session(connection: Connection, token_hash: str, now: datetime) -> None:
    """Remember that it was used."""
    connection.execute(update(web_sessions).where(web_sessions.c.token_hash == token_hash).values(used_at=now))


def end_session(connection: Connection, token_hash: str) -> None:
    """Sign out."""
    connection.execute(delete(web_sessions).where(web_sessions.c.token_hash == token_hash))


def end_sessions_of(connection: Connection, user_id: int) -> int:
    """Sign a user out everywhere; gives how many there were."""
    return connection.execute(delete(web_sessions).where(web_sessions.c.user_id == user_id)).rowcount


def forget_old(connection: Connection, now: datetime) -> None:
    """Forget what is over."""
    over = or_(web_sessions.c.expires_at <= now, web_sessions.c.used_at <= now - IDLE)
    connection.execute(delete(web_sessions).where(over))
