"""An activity: something that is planned or was done, mostly about a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm.errors import Invalid
from crm.mail.model import Party

KINDS = ("service", "product", "memo", "call", "visit", "meeting")
PLANNED, DONE, CANCELLED = "planned", "done", "cancelled"


@dataclass(frozen=True, slots=True)
class Activity:
    """As it is stored. With a time it is an event of the agenda, without one a task."""

    id: int
    request_id: int | None
    kind: str  # one of KINDS
    title: str
    text: str
    assigned_id: int | None  # a user
    state: str  # planned, done, cancelled
    starts_at: datetime | None  # UTC; of a whole day: midnight in `zone`
    ends_at: datetime | None  # UTC, not included
    zone: str  # IANA: in which it was planned
    all_day: bool
    minutes_planned: int | None
    minutes_done: int | None
    done_at: datetime | None
    result: str
    item_id: int | None  # of the hub: its event or task
    revision_id: int | None  # of that item, as this row knows it
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    version: int  # one more with each change


@dataclass(frozen=True, slots=True)
class NewActivity:
    """What is asked for to plan one."""

    kind: str
    title: str
    request_id: int | None = None
    text: str = ""
    assigned_id: int | None = None
    starts_at: datetime | None = None  # aware; None: a task
    ends_at: datetime | None = None  # None: `minutes_planned` later, else an hour, of a whole day the next midnight
    zone: str = "UTC"  # IANA
    all_day: bool = False  # `starts_at` says the first day, `ends_at` the day after the last one, both in `zone`
    minutes_planned: int | None = None
    location: str = ""
    organizer: str = ""  # address of the mailbox that invites; only with guests
    guests: tuple[Party, ...] = ()  # stand in the event; no mail goes out before `crm.invitation.outgoing.invite`


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of an activity: only the fields that are named. For example `Change.of(title="Visit")`."""

    fields: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, **fields: Any) -> Change:
        """Raises `Invalid` for a field that is none of `CHANGEABLE`."""
        strange = sorted(fields.keys() - CHANGEABLE)
        if strange:
            raise Invalid(
                f"An activity has no field {strange[0]!r} to change; there are {', '.join(sorted(CHANGEABLE))}."
            )
        return cls(dict(fields))


CHANGEABLE = frozenset(
    {"kind", "title", "text", "assigned_id", "starts_at", "ends_at", "zone", "all_day", "minutes_planned", "location"}
)
