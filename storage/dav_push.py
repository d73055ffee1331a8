"""Registrations of WebDAV-Push, on the connection of a unit of work: who wants to be told, and who is behind.

What was told is a number beside the registration, and what there is to tell is the collection's own: one query finds
who is behind, and nothing is written while somebody waits. Whoever may not see a collection (any more) is never found.
"""

from __future__ import annotations

import hashlib
import json
import secrets as chance
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, exists, false, func, insert, or_, select, update

from storage.secrets import seal, unseal
from storage.session import chunks
from storage.tables import collections, devices, grants, proxies, push_registrations, users

_ID_BYTES = 18  # of a registration's name: nobody guesses it


class Keys(NamedTuple):
    """What a client gave to encrypt messages for it (RFC 8291), base64url."""

    public: str
    auth: str


class Behind(NamedTuple):
    """A registration whose collection has changes that were not told."""

    id: int
    registration: str  # the last part of its URL
    endpoint: str
    sealed: str
    told: int
    failures: int
    collection_id: int
    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What a device registers."""

    device_id: int
    collection_id: int
    endpoint: str
    keys: Keys
    expires_at: datetime


_R, _C = push_registrations.c, collections.c

_SEEN = or_(
    _C.owner_id.is_(None),
    _C.owner_id == users.c.id,
    exists().where(and_(grants.c.collection_id == _C.id, grants.c.user_id == users.c.id)),
    exists().where(and_(proxies.c.user_id == _C.owner_id, proxies.c.delegate_id == users.c.id)),
)
_BEHIND_COLUMNS: list[Any] = [
    _R.id, _R.registration, _R.endpoint, _R.sealed, _R.seq, _R.failures, _C.id, _C.epoch, _C.seq,
]  # fmt: skip
_BEHIND = (
    select(*_BEHIND_COLUMNS)
    .select_from(push_registrations)
    .join(collections, _C.id == _R.collection_id)
    .join(devices, devices.c.id == _R.device_id)
    .join(users, users.c.id == devices.c.user_id)
    .where(
        _C.seq > _R.seq,
        _C.deleted_at.is_(None),
        _R.expires_at > bindparam("now"),
        or_(_R.retry_at.is_(None), _R.retry_at <= bindparam("now")),
        devices.c.revoked_at.is_(None),
        users.c.blocked == false(),
        _SEEN,
    )
    .order_by(_R.id)
)

# ---------------------------------------------------------------- registering


def register(connection: Connection, key: bytes, wish: Wish, seq: int, now: datetime, most: int) -> str | None:
    """Make a registration, or renew the one that this device has for this endpoint. Gives its name.

    None when the device has `most` registrations already. `seq`: changes up to here are known to the device.
    """
    digest = hashlib.sha256(wish.endpoint.encode()).hexdigest()
    same = (_R.device_id == wish.device_id, _R.collection_id == wish.collection_id, _R.endpoint_hash == digest)
    name: str | None = connection.execute(select(_R.registration).where(*same)).scalar_one_or_none()
    if name is not None:
        changes = {"sealed": _sealed(key, name, wish.keys), "expires_at": wish.expires_at}
        connection.execute(update(push_registrations).where(*same).values(**changes, failures=0, retry_at=None))
        return name
    count = select(func.count()).where(_R.device_id == wish.device_id)
    if connection.execute(count).scalar_one() >= most:
        return None
    name = chance.token_urlsafe(_ID_BYTES)
    row = {"registration": name, "sealed": _sealed(key, name, wish.keys), "endpoint_hash": digest, "seq": seq}
    row |= {"device_id": wish.device_id, "collection_id": wish.collection_id, "endpoint": wish.endpoint}
    connection.execute(insert(push_registrations).values(**row, expires_at=wish.expires_at, created_at=now))
    return name


def unregister(connection: Connection, user_id: int, registration: str, now: datetime) -> bool:
    """Take away a registration of one of a user's devices. False when he has none of this name, or it is over."""
    mine = select(devices.c.id).where(devices.c.user_id == user_id)
    here = (_R.registration == registration, _R.device_id.in_(mine))
    live = connection.execute(select(_R.expires_at).where(*here)).scalar_one_or_none()
    connection.execute(delete(push_registrations).where(*here))
    return live is not None and live > now


def pass_over(
    connection: Connection, user_id: int, collection_id: int, was: int, seq: int, registrations: Iterable[str] | None
) -> None:
    """Take the changes from `was` to `seq` as told, where all before were: to some of a user's registrations, or all.

    Push-Dont-Notify. Where something is still to be told, the message will tell of both.
    """
    mine = select(devices.c.id).where(devices.c.user_id == user_id)
    here = [_R.collection_id == collection_id, _R.seq >= was, _R.seq < seq, _R.device_id.in_(mine)]
    for part in [None] if registrations is None else chunks(registrations):
        wanted = here if part is None else [*here, _R.registration.in_(part)]
        connection.execute(update(push_registrations).where(*wanted).values(seq=seq))


def _sealed(key: bytes, name: str, keys: Keys) -> str:
    return seal(key, f"push registration {name}", json.dumps(keys))


def keys_of(key: bytes, behind: Behind) -> Keys:
    """The keys of a registration. Raises `KeyProblem`."""
    return Keys(*json.loads(unseal(key, f"push registration {behind.registration}", behind.sealed)))


# ---------------------------------------------------------------- telling


def behind(connection: Connection, now: datetime, most: int) -> list[Behind]:
    """Who is to be told of something now, the oldest registrations first."""
    return [Behind(*row) for row in connection.execute(_BEHIND.limit(most), {"now": now})]


def told(connection: Connection, seqs: Sequence[tuple[int, int]]) -> None:
    """These registrations (by id) were told of changes up to a number."""
    for number, seq in seqs:
        statement = update(push_registrations).where(_R.id == number, _R.seq < seq)
        connection.execute(statement.values(seq=seq, failures=0, retry_at=None))


def not_told(connection: Connection, number: int, failures: int, retry_at: datetime) -> None:
    """A message did not go out; it is tried again then."""
    statement = update(push_registrations).where(_R.id == number)
    connection.execute(statement.values(failures=failures, retry_at=retry_at))


def drop(connection: Connection, numbers: Iterable[int]) -> None:
    """Forget registrations, by id."""
    for part in chunks(numbers):
        connection.execute(delete(push_registrations).where(_R.id.in_(part)))


def forget_stale(connection: Connection, now: datetime) -> int:
    """Forget what is over: expired, of a device that was revoked, or of a collection that is gone. Gives how many."""
    revoked = select(devices.c.id).where(devices.c.revoked_at.is_not(None))
    gone = select(_C.id).where(_C.deleted_at.is_not(None))
    over = or_(_R.expires_at <= now, _R.device_id.in_(revoked), _R.collection_id.in_(gone))
    return connection.execute(delete(push_registrations).where(over)).rowcount


def forget_all(connection: Connection) -> None:
    """Forget every registration: none can be used any more."""
    connection.execute(delete(push_registrations))


def count(connection: Connection) -> int:
    """How many registrations there are."""
    return int(connection.execute(select(func.count()).select_from(push_registrations)).scalar_one())
