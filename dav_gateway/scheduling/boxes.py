"""A user's inbox and outbox (RFC 6638 2.1, 2.2) as collections of his home.

The outbox is nothing but an address, and so is the inbox until the first message comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from storage.dav_scheduling import INBOX, OUTBOX, inbox_epoch
from storage.dav_store import Shelf

_EVER = datetime(2020, 1, 1, tzinfo=UTC)
NOT_MADE = 0  # id of what is nothing but an address


def is_box(segment: str) -> bool:
    """Whether this is an address of an inbox or outbox."""
    return segment in (INBOX, OUTBOX)


def box_at(segment: str, user_id: int, user: str) -> Shelf:
    """An inbox that holds nothing yet, or an outbox."""
    inbox = segment == INBOX
    return Shelf(
        id=NOT_MADE,
        slug=segment,
        owner_id=user_id,
        name="Inbox" if inbox else "Outbox",
        kinds=frozenset(("event",)),
        description="",
        color="",
        sort_order=0,
        timezone="",
        epoch=inbox_epoch(user_id) if inbox else f"outbox-{user_id}",
        seq=0,
        floor=0,
        created_at=_EVER,
        owner=user,
        access="write" if inbox else "read",
        segment=segment,
        role="inbox" if inbox else "outbox",
        transparent=True,  # messages take nobody's time
    )


def with_boxes(shelves: Sequence[Shelf], user_id: int, user: str) -> list[Shelf]:
    """The calendars of a home with both boxes, these last: some programs take the first calendar for the main one."""
    inbox = next((shelf for shelf in shelves if shelf.role == "inbox"), None) or box_at(INBOX, user_id, user)
    plain = [shelf for shelf in shelves if not shelf.role]
    return [*plain, replace(inbox, segment=INBOX), box_at(OUTBOX, user_id, user)]
