"""Figures about one request, each from an index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, Table, func, select

from storage.tables import activities, documents, messages, request_notes


def last_message(connection: Connection, request: int) -> RowMapping | None:
    """Who wrote it, and how it begins."""
    m = messages.c
    begin = func.substring(m.text, 1, 1000).label("begin")
    columns = (m.direction, m.from_name, m.from_address, begin)
    wanted = select(*columns).where(m.request_id == request, m.state != "draft")
    return connection.execute(wanted.order_by(m.received_at.desc(), m.id.desc()).limit(1)).mappings().first()


def count(connection: Connection, table: Table, request: int) -> int:
    """Rows of a table that are this request's; drafts are no messages."""
    wanted = select(func.count()).select_from(table).where(table.c.request_id == request)
    if table is messages:
        wanted = wanted.where(messages.c.state != "draft")
    return int(connection.execute(wanted).scalar_one())


def note_count(connection: Connection, request: int) -> int:
    """Internal notes."""
    return count(connection, request_notes, request)


def message_count(connection: Connection, request: int) -> int:
    """Mails that came and went."""
    return count(connection, messages, request)


def activity_counts(connection: Connection, request: int) -> dict[str, int]:
    """By their state: planned, done, cancelled."""
    a = activities.c
    wanted = select(a.state, func.count().label("often")).where(a.request_id == request).group_by(a.state)
    return {row.state: row.often for row in connection.execute(wanted)}


def next_activity(connection: Connection, request: int, now: datetime) -> RowMapping | None:
    """What is planned next."""
    a = activities.c
    wanted = select(a.title, a.starts_at).where(a.request_id == request, a.state == "planned", a.starts_at >= now)
    return connection.execute(wanted.order_by(a.starts_at, a.id).limit(1)).mappings().first()


def documents_of(connection: Connection, request: int) -> Sequence[RowMapping]:
    """The oldest first."""
    d = documents.c
    return connection.execute(select(d.kind, d.number).where(d.request_id == request).order_by(d.id)).mappings().all()
