"""Mails that could not be taken in. The mail itself is in `mail_raws`, unless its server did not give it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from storage.limits import cut
from storage.tables import mail_quarantine


@dataclass(frozen=True, slots=True)
class KeptAside:
    """One of them."""

    id: int
    mailbox: str
    folder: str
    remote_id: str
    raw_digest: str  # "": the server did not give it
    size: int
    reason: str
    at: datetime
    resolved_at: datetime | None


_COLUMNS = tuple(mail_quarantine.c[name] for name in KeptAside.__dataclass_fields__)


def keep_aside(
    connection: Connection,
    mailbox: str,
    folder: str,
    remote_id: str,
    *,
    raw_digest: str,
    size: int,
    reason: str,
    at: datetime,
) -> int:
    """Gives its id."""
    row = {
        "mailbox": mailbox,
        "folder": folder,
        "remote_id": remote_id,
        "raw_digest": raw_digest,
        "size": size,
        "reason": cut(reason, 2000),
        "at": at,
    }
    return int(connection.execute(insert(mail_quarantine).returning(mail_quarantine.c.id), row).scalar_one())


def kept_aside(connection: Connection, *, resolved: bool = False, after: int = 0, most: int = 200) -> list[KeptAside]:
    """The oldest first; those that were taken in meanwhile only when they are asked for. Go on after the last id."""
    statement = select(*_COLUMNS).where(mail_quarantine.c.id > after).order_by(mail_quarantine.c.id).limit(most)
    if not resolved:
        statement = statement.where(mail_quarantine.c.resolved_at.is_(None))
    return [KeptAside(**row) for row in connection.execute(statement).mappings()]


def kept_aside_entry(connection: Connection, entry_id: int) -> KeptAside | None:
    """One of them, resolved or not."""
    row = connection.execute(select(*_COLUMNS).where(mail_quarantine.c.id == entry_id)).mappings().first()
    return None if row is None else KeptAside(**row)


def resolve(connection: Connection, entry_id: int | None, at: datetime) -> None:
    """It was taken in."""
    connection.execute(update(mail_quarantine).where(mail_quarantine.c.id == entry_id).values(resolved_at=at))


def note_reason(connection: Connection, entry_id: int, reason: str, *, raw_digest: str = "", size: int = 0) -> None:
    """It was tried again in vain; maybe its server gave it by now."""
    values: dict[str, object] = {"reason": cut(reason, 2000)}
    if raw_digest:
        values |= {"raw_digest": raw_digest, "size": size}
    connection.execute(update(mail_quarantine).where(mail_quarantine.c.id == entry_id).values(**values))


def count_kept_aside(connection: Connection) -> dict[str, int]:
    """How many wait for a person, by mailbox."""
    statement = (
        select(mail_quarantine.c.mailbox, func.count())
        .where(mail_quarantine.c.resolved_at.is_(None))
        .group_by(mail_quarantine.c.mailbox)
    )
    return {str(mailbox): int(count) for mailbox, count in connection.execute(statement)}
