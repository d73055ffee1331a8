"""The outbox's rows. A mail goes waiting -> sending -> sent; `doubt` when nobody knows, `failed` when it cannot go;
a person may say of these two that it is `given_up`.

Each step is an UPDATE that names the state it comes from: of two who try it one has done it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, insert, or_, select, update

from storage.tables import message_addresses, messages, outgoing

UNFINISHED = ("waiting", "sending", "doubt", "failed")
_LONGEST_ERROR = 2000


@dataclass(frozen=True, slots=True)
class OutRow:
    """One mail of the outbox, with what is needed to send it and to tell of it."""

    id: int
    message_id: int
    request_id: int | None
    mailbox: str
    state: str
    sender: str
    recipients: tuple[str, ...]
    automatic: bool
    tries: int
    next_at: datetime | None
    started_at: datetime | None
    sent_at: datetime | None
    error: str
    subject: str
    header_id: str  # the Message-ID
    raw_digest: str
    user_id: int | None
    created_at: datetime


def enqueue(
    connection: Connection,
    message_id: int,
    mailbox: str,
    sender: str,
    recipients: Sequence[str],
    *,
    automatic: bool,
    now: datetime,
) -> None:
    """It waits from now on."""
    row = {
        "message_id": message_id,
        "mailbox": mailbox,
        "state": "waiting",
        "sender": sender,
        "recipients": "\n".join(recipients),
        "automatic": automatic,
        "tries": 0,
        "next_at": now,
        "error": "",
    }
    connection.execute(insert(outgoing).values(**row))


def due(connection: Connection, mailbox: str, now: datetime, limit: int) -> list[OutRow]:
    """What waits and may be tried now, the oldest first."""
    o = outgoing.c
    wanted = _rows().where(o.mailbox == mailbox, o.state == "waiting", o.next_at <= now)
    return _read(connection, wanted.order_by(o.next_at, o.id).limit(limit))


def mailboxes_due(connection: Connection, now: datetime) -> set[str]:
    """Mailboxes that have something to send or to settle."""
    o = outgoing.c
    ripe = and_(o.state.in_(["waiting", "doubt"]), o.next_at <= now)
    wanted = select(o.mailbox).where(or_(ripe, o.state == "sending")).distinct()
    return {str(name) for name in connection.execute(wanted).scalars()}


def in_doubt(connection: Connection, mailbox: str, now: datetime, limit: int) -> list[OutRow]:
    """What the system is to be asked about now. Those that only a person can decide have no `next_at`."""
    o = outgoing.c
    wanted = _rows().where(o.mailbox == mailbox, o.state == "doubt", o.next_at <= now)
    return _read(connection, wanted.order_by(o.next_at, o.id).limit(limit))


def last_sent(connection: Connection, mailbox: str, before: datetime) -> str | None:
    """The Message-ID of the last mail that went out for certain, sent before a moment."""
    o = outgoing.c
    wanted = (
        select(messages.c.message_id)
        .join_from(outgoing, messages, messages.c.id == o.message_id)
        .where(o.mailbox == mailbox, o.state == "sent", o.sent_at <= before)
    )
    return connection.execute(wanted.order_by(o.id.desc()).limit(1)).scalar()


def left_behind(connection: Connection, mailbox: str) -> list[OutRow]:
    """What somebody began to send. Whoever holds the lease of the mailbox knows: he is gone."""
    o = outgoing.c
    return _read(connection, _rows().where(o.mailbox == mailbox, o.state == "sending").order_by(o.id))


def by_id(connection: Connection, number: int) -> OutRow | None:
    """One entry by its own id."""
    found = _read(connection, _rows().where(outgoing.c.id == number))
    return found[0] if found else None


def of_message(connection: Connection, message_id: int) -> OutRow | None:
    """The entry of one mail."""
    found = _read(connection, _rows().where(outgoing.c.message_id == message_id))
    return found[0] if found else None


def listed(connection: Connection, states: Sequence[str], limit: int, before: int | None = None) -> list[OutRow]:
    """The newest first; `before` is the id of the last one of the page before."""
    o = outgoing.c
    wanted = _rows().where(o.state.in_(list(states)))
    if before is not None:
        wanted = wanted.where(o.id < before)
    return _read(connection, wanted.order_by(o.id.desc()).limit(limit))


@dataclass(frozen=True, slots=True)
class Standing:
    """How many mails of one mailbox are in a state."""

    mailbox: str
    state: str  # waiting, sending, doubt, failed
    count: int
    undecided: int  # of those in doubt: only a person can tell


def standing(connection: Connection) -> list[Standing]:
    """By mailbox and state; without those that were sent, which are many."""
    o = outgoing.c
    undecided = func.sum(case((and_(o.state == "doubt", o.next_at.is_(None)), 1), else_=0))
    wanted = select(o.mailbox, o.state, func.count(), undecided).where(o.state.in_(UNFINISHED))
    rows = connection.execute(wanted.group_by(o.mailbox, o.state).order_by(o.mailbox, o.state))
    return [Standing(mailbox, state, int(count), int(asked)) for mailbox, state, count, asked in rows]


def move(connection: Connection, number: int, old: str, new: str, **values: Any) -> bool:
    """From one state to another; False when it was not in the old one. The message's own state follows."""
    if "error" in values:
        values["error"] = values["error"][:_LONGEST_ERROR]
    wanted = update(outgoing).where(outgoing.c.id == number, outgoing.c.state == old)
    if not connection.execute(wanted.values(state=new, **values)).rowcount:
        return False
    if new != "sending":  # to everybody else that is waiting
        owner = select(outgoing.c.message_id).where(outgoing.c.id == number).scalar_subquery()
        connection.execute(update(messages).where(messages.c.id == owner).values(state=new))
    return True


def wake(connection: Connection, mailbox: str, now: datetime) -> None:
    """Have what waits for its account tried now: nobody began to hand it over, so it has no `started_at`."""
    o = outgoing.c
    for_account = (o.mailbox == mailbox, o.state == "waiting", o.next_at > now, o.tries > 0, o.started_at.is_(None))
    connection.execute(update(outgoing).where(*for_account).values(next_at=now))


def automatic_to(connection: Connection, address: str, since: datetime) -> int:
    """How many automatic mails went to an address, or wait to; for `eva+anything@` to all such names of Eva's."""
    m, a = messages.c, message_addresses.c
    wanted = (
        select(func.count())
        .select_from(message_addresses.join(messages, m.id == a.message_id))
        .where(_to(address), a.role == "to", m.direction == "out", m.automatic != "", m.created_at > since)
    )
    return int(connection.execute(wanted).scalar_one())


def _to(address: str) -> ColumnElement[bool]:
    """Names with a + are few; only for them is it more than one look into an index."""
    a = message_addresses.c.address
    local, _at, domain = address.rpartition("@")
    person, plus, _tag = local.partition("+")
    if not plus or not person:
        return a == address
    tagged = and_(a.startswith(f"{person}+", autoescape=True), a.endswith(f"@{domain}", autoescape=True))
    return or_(a == f"{person}@{domain}", tagged)


def automatic_of(connection: Connection, request_id: int) -> int:
    """How many automatic mails a request has."""
    m = messages.c
    wanted = select(func.count()).where(m.request_id == request_id, m.direction == "out", m.automatic != "")
    return int(connection.execute(wanted).scalar_one())


def _rows() -> Select[Any]:
    o, m = outgoing.c, messages.c
    own = (o.id, o.message_id, m.request_id, o.mailbox, o.state, o.sender, o.recipients, o.automatic, o.tries)
    times = (o.next_at, o.started_at, o.sent_at, o.error)
    mail = (m.subject, m.message_id.label("header_id"), m.raw_digest, m.user_id, m.created_at)
    return select(*own, *times, *mail).join_from(outgoing, messages, m.id == o.message_id)


def _read(connection: Connection, wanted: Select[Any]) -> list[OutRow]:
    rows = connection.execute(wanted).mappings()
    return [OutRow(**{**row, "recipients": tuple(row["recipients"].split("\n"))}) for row in rows]
