"""A calendar part of a mail, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

ANSWERS = ("accepted", "declined", "tentative")


@dataclass(frozen=True, slots=True)
class Invitation:
    """As it is stored."""

    id: int
    message_id: int  # of `messages`
    request_id: int | None
    method: str  # upper case: REQUEST, REPLY, CANCEL, COUNTER ...
    uid: str
    occurrence: str  # RECURRENCE-ID as written; "": all of it
    sequence: int
    stamped_at: datetime | None  # DTSTAMP
    organizer: str  # address, lower case
    attendee: str  # of a reply: whose; lower case
    summary: str
    starts_at: datetime | None
    item_id: int | None  # the event in the agenda
    state: str  # tentative, accepted, declined, applied, outdated, refused, unread
    reason: str  # a sentence for a person, where there is something to say
    answered_at: datetime | None
    answered_by: str
