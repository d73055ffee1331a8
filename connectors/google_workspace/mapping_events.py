"""A whole event and the Google events that it is: a master, its exceptions and its cancelled occurrences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.described import Document, Json
from sync_engine.model import Event

EVENT_FIELDS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EventParts:
    """The Google resources that are one event."""

    master: Document | None  # None: invited to single occurrences only
    exceptions: tuple[Document, ...] = ()  # changed and cancelled ones


@dataclass(frozen=True, slots=True)
class EventWrite:
    """What to send: to the master first, then to single occurrences, each by its original start (`instance_key`)."""

    master: dict[str, Json]  # properties to create or to change
    exceptions: dict[str, dict[str, Json]] = field(default_factory=dict)  # changed properties of each
    cancelled: tuple[str, ...] = ()  # occurrences to delete

    def __bool__(self) -> bool:
        return bool(self.master or self.exceptions or self.cancelled)


def read_event(
    master: Document | None,
    exceptions: Sequence[Document],
    uid: str,
    calendar_zone: str,
    defaults: Sequence[Document] = (),
) -> Event:
    """The event of a single Google event, or of a master with its exceptions, cancelled ones too.

    `calendar_zone` (IANA) is where times are that name no zone; `defaults` are the calendar's defaultReminders. Raises
    `Unreadable`.
    """
    raise NotImplementedError


def new_event(event: Event, home_zone: str) -> EventWrite:
    """What creates an event. Raises `Rejected` with the reason for what Google cannot express."""
    raise NotImplementedError


def event_patch(base: Event, event: Event, home_zone: str) -> EventWrite:
    """What makes `base` into `event`: changed properties only (SYNC.md R20). Raises as `new_event`."""
    raise NotImplementedError


def kept_event(event: Event, home_zone: str) -> Event:
    """What will be read of an event that was written. Raises as `new_event`."""
    raise NotImplementedError


def instance_key(exception: Document) -> str:
    """Of originalStartTime, as it stands in the ids of instances: 20260301T080000Z or 20260301."""
    raise NotImplementedError
