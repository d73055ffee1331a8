"""Mails that we write, beside what `storage.crm.mails` does for all mails: drafts, and what an answer answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, select, update

from storage.crm.mails import AddressRow, NewMessage, add_parts, drop_parts
from storage.limits import clean, cut
from storage.tables import mail_raws, message_addresses, message_references, messages, requests, users

DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Written:
    """A mail, as those need it who write one."""

    id: int
    request_id: int | None
    direction: str
    automatic: str
    message_id: str
    subject: str
    from_address: str
    from_name: str
    forwarded_by: str
    sent_at: datetime | None
    received_at: datetime
    text: str
    raw_digest: str
    user_id: int | None
    state: str
    created_at: datetime


_COLUMNS = tuple(messages.c[name] for name in Written.__dataclass_fields__)


def message(connection: Connection, number: int) -> Written | None:
    """Any mail, incoming or our own."""
    row = connection.execute(select(*_COLUMNS).where(messages.c.id == number)).mappings().first()
    return None if row is None else Written(**row)


def newest(connection: Connection, request_id: int) -> Written | None:
    """The last mail that a person sent about a request."""
    m = messages.c
    wanted = select(*_COLUMNS).where(m.request_id == request_id, m.direction == "in", m.automatic == "")
    row = connection.execute(wanted.order_by(m.received_at.desc(), m.id.desc()).limit(1)).mappings().first()
    return None if row is None else Written(**row)


def with_header_id(connection: Connection, id_hash: str) -> Written | None:
    """Our own mail with a Message-ID, by the hash of it."""
    m = messages.c
    wanted = select(*_COLUMNS).where(m.id_hash == id_hash, m.direction == "out", m.state != DRAFT)
    row = connection.execute(wanted.order_by(m.id).limit(1)).mappings().first()
    return None if row is None else Written(**row)


def drafts_of(connection: Connection, request_id: int) -> list[Written]:
    """What people have begun to write, the newest first."""
    m = messages.c
    wanted = select(*_COLUMNS).where(m.request_id == request_id, m.direction == "out", m.state == DRAFT)
    return [Written(**row) for row in connection.execute(wanted.order_by(m.id.desc())).mappings()]


def change_draft(connection: Connection, number: int, new: NewMessage, now: datetime) -> bool:
    """It says something else now. False when it is a draft no more."""
    values = {
        "subject": cut(new.subject, 1000),
        "from_address": cut(new.from_address, 320),
        "text": clean(new.text),
        "raw_digest": new.raw_digest,
        "size": new.size,
        "received_at": now,
    }
    wanted = update(messages).where(messages.c.id == number, messages.c.state == DRAFT)
    if not connection.execute(wanted.values(**values)).rowcount:
        return False
    drop_parts(connection, number)
    add_parts(connection, number, new)
    return True


def drop_draft(connection: Connection, number: int) -> bool:
    """Thrown away, or sent as a mail of its own. False when it is a draft no more: of two who try one has done it."""
    gone = update(messages).where(messages.c.id == number, messages.c.state == DRAFT).values(state="dropped")
    if not connection.execute(gone).rowcount:
        return False
    drop_parts(connection, number)
    connection.execute(delete(messages).where(messages.c.id == number))
    return True


def forget_raw(connection: Connection, digest: str) -> None:
    """What a draft said before, unless a mail says the same."""
    used = exists().where(messages.c.raw_digest == digest)
    connection.execute(delete(mail_raws).where(mail_raws.c.digest == digest, ~used))


def addresses_of(connection: Connection, number: int) -> list[AddressRow]:
    """Of one mail, in its order."""
    c = message_addresses.c
    rows = connection.execute(select(c.role, c.address, c.name).where(c.message_id == number).order_by(c.id))
    return [AddressRow(*row) for row in rows]


def answered_by(connection: Connection, number: int) -> int | None:
    """The mail (of the same request) that a draft answers."""
    r, m = message_references.c, messages.c
    draft = messages.alias("draft")
    wanted = (
        select(func.min(m.id))
        .join_from(message_references, messages, m.id_hash == r.id_hash)
        .join(draft, draft.c.id == r.message_id)
        .where(r.message_id == number, r.position == 0, m.request_id == draft.c.request_id)
    )
    found = connection.execute(wanted).scalar()
    return None if found is None else int(found)


def number_of(connection: Connection, request_id: int) -> str | None:
    """What stands in subjects; None when there is no such request."""
    return connection.execute(select(requests.c.number).where(requests.c.id == request_id)).scalar()


def user_name(connection: Connection, user_id: int | None) -> str:
    """Of who wrote a mail; "" for nobody."""
    return connection.execute(select(users.c.name).where(users.c.id == user_id)).scalar() or ""


def user_address(connection: Connection, user_id: int | None) -> tuple[str, str] | None:
    """Name and mail address of a user."""
    wanted = select(users.c.display_name, users.c.name, users.c.address).where(users.c.id == user_id)
    row = connection.execute(wanted).first()
    return None if row is None else (str(row.display_name or row.name), str(row.address))
