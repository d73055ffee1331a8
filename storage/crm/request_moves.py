"""What hangs on a request goes to another one: all of it at a merge, some messages at a split."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, func, select, update

from storage import tables as t
from storage.crm import link_rows, request_parts
from storage.session import chunks

MOVED: tuple[Table, ...] = (
    *(t.messages, t.request_notes, t.activities, t.documents, t.sales, t.reviews, t.invitations),
)
"""Each row of these is of one request. The history stays where it happened, and is read together with the new one's."""


def merge(connection: Connection, source: int, target: int) -> None:
    """Everything of one request to another one; nothing is lost but what stands there already."""
    for table in MOVED:
        connection.execute(update(table).where(table.c.request_id == source).values(request_id=target))
    for person in request_parts.people(connection, source):
        role = "copy" if person["role"] == "customer" else person["role"]
        request_parts.add_person(connection, target, person["address"], person["name"], role)
    for tag in request_parts.tags_of(connection, [source]).get(source, ()):
        request_parts.add_tag(connection, target, tag)
    earlier = update(t.requests).where(t.requests.c.id.in_(link_rows.merged_into(source)))
    connection.execute(earlier.values(merged_into_id=target))
    link_rows.move(connection, source, target)
    for table in (t.request_people, t.request_tags, t.request_viewers, t.request_texts):
        connection.execute(delete(table).where(table.c.request_id == source))


def messages_of(connection: Connection, request: int) -> Sequence[RowMapping]:
    """Who wrote what when, the oldest first."""
    m = t.messages.c
    columns = (m.id, m.direction, m.automatic, m.subject, m.from_address, m.from_name, m.received_at, m.state)
    wanted = select(*columns).where(m.request_id == request).order_by(m.received_at, m.id)
    return connection.execute(wanted).mappings().all()


def move_messages(connection: Connection, messages: Sequence[int], target: int) -> None:
    """Some messages, and the invitations in them."""
    for part in chunks(messages):
        connection.execute(update(t.messages).where(t.messages.c.id.in_(part)).values(request_id=target))
        inviting = update(t.invitations).where(t.invitations.c.message_id.in_(part))
        connection.execute(inviting.values(request_id=target))


def contact_at(connection: Connection, address: str) -> int | None:
    """A contact of the company with this address (lower case)."""
    wanted = (
        select(func.min(t.items.c.id))
        .select_from(t.contact_emails)
        .join(t.items, t.items.c.id == t.contact_emails.c.item_id)
        .join(t.collections, t.collections.c.id == t.items.c.collection_id)
        .where(
            t.contact_emails.c.address == address,
            ~t.items.c.deleted,
            t.collections.c.owner_id.is_(None),
            t.collections.c.deleted_at.is_(None),
        )
    )
    found = connection.execute(wanted).scalar() if address else None
    return None if found is None else int(found)


def times_of_mails(connection: Connection, request: int) -> dict[str, datetime | None]:
    """When the last mail came or went, and when a person's first answer went."""
    m = t.messages.c
    there = (m.request_id == request, m.state != "draft")
    last: Any = select(func.max(m.received_at)).where(*there)
    first: Any = select(func.min(m.received_at)).where(*there, m.direction == "out", m.automatic == "")
    return {
        "last_message_at": connection.execute(last).scalar(),
        "first_answer_at": connection.execute(first).scalar(),
    }
