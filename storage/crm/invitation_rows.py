"""Rows of invitations: calendar parts of mails, in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, insert, select, update

from storage.limits import clean, cut
from storage.tables import invitations, requests

Row: TypeAlias = Mapping[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # of a part without a stamp: older than any that has one
COUNTED = ("tentative", "accepted", "declined", "applied")  # states of parts that were followed
OPEN = ("tentative", "accepted", "declined")  # that can be answered, or answered anew
_LENGTHS = {"organizer": 320, "attendee": 320, "summary": 1000, "reason": 1000, "answered_by": 300}


def add(connection: Connection, values: Row) -> int:
    """A new one; gives its id."""
    key = connection.execute(insert(invitations).values(**_fitting(values))).inserted_primary_key
    assert key is not None
    return int(key[0])


def one(connection: Connection, invitation_id: int) -> Row | None:
    """By its id."""
    row = connection.execute(select(invitations).where(invitations.c.id == invitation_id)).one_or_none()
    return None if row is None else row._asdict()


def of_request(connection: Connection, request_id: int, limit: int) -> list[Row]:
    """In the order in which they came."""
    query = select(invitations).where(invitations.c.request_id == request_id).order_by(invitations.c.id).limit(limit)
    return [row._asdict() for row in connection.execute(query)]


def newest(
    connection: Connection, uid: str, methods: Sequence[str], occurrences: Sequence[str], attendee: str = ""
) -> Row | None:
    """The part with the highest sequence, and of those with the latest stamp, that was followed."""
    wanted = (
        invitations.c.uid == uid,
        invitations.c.method.in_(methods),
        invitations.c.occurrence.in_(occurrences),
        invitations.c.state.in_(COUNTED),
        *([invitations.c.attendee == attendee] if attendee else []),
    )
    order = (invitations.c.sequence.desc(), invitations.c.stamped_at.desc(), invitations.c.id.desc())
    row = connection.execute(select(invitations).where(*wanted).order_by(*order).limit(1)).one_or_none()
    return None if row is None else row._asdict()


def outdate(connection: Connection, uid: str, occurrence: str, sequence: int, but: int, reason: str) -> None:
    """Earlier invitations cannot be answered any more: those to this occurrence; with "" all that are not newer."""
    wanted = [
        invitations.c.uid == uid,
        invitations.c.id != but,
        invitations.c.sequence <= sequence,
        invitations.c.method == "REQUEST",
        invitations.c.state.in_(OPEN),
        *([invitations.c.occurrence == occurrence] if occurrence else []),
    ]
    connection.execute(update(invitations).where(*wanted).values(state="outdated", reason=cut(reason, 1000)))


def alter(connection: Connection, invitation_id: int, values: Row) -> None:
    """Set columns."""
    connection.execute(update(invitations).where(invitations.c.id == invitation_id).values(**_fitting(values)))


def is_spam(connection: Connection, request_id: int) -> bool:
    """Whether a request was taken for spam."""
    return bool(connection.execute(select(requests.c.spam).where(requests.c.id == request_id)).scalar())


def _fitting(values: Row) -> dict[str, Any]:
    return {
        name: (cut(value, _LENGTHS[name]) if name in _LENGTHS else clean(value)) if isinstance(value, str) else value
        for name, value in values.items()
    }


def mailbox_of(connection: Connection, request_id: int) -> str:
    """The name of the mailbox that a request came through."""
    return connection.execute(select(requests.c.mailbox).where(requests.c.id == request_id)).scalar() or ""
