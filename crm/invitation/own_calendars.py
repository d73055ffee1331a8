"""The way to meetings in users' own calendars; whoever runs the hub gives one, for they are not the agenda's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from storage.unit_of_work import SqlUnitOfWork
from sync_engine.model import Event


class Heard(StrEnum):
    """What became of an answer."""

    TAKEN = "taken"
    UNKNOWN = "unknown"  # no user organises a meeting of this UID
    UNINVITED = "uninvited"
    OLDER = "older"  # it answers an earlier version
    NOTHING = "nothing"  # it gives no answer


class OwnCalendars(Protocol):
    """Takes answers that came by mail."""

    def reply(self, unit: SqlUnitOfWork, event: Event, guest: str) -> Heard:
        """An answer (RFC 5546 3.2.3) of the guest with this mail address, who has surely sent it."""


@dataclass(frozen=True, slots=True)
class NoOwnCalendars:
    """Nobody has any."""

    def reply(self, unit: SqlUnitOfWork, event: Event, guest: str) -> Heard:
        """See `OwnCalendars`."""
        del unit, event, guest
        return Heard.UNKNOWN
