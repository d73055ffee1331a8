"""People who work with clients of their own: what they do is done to the server's records, not by us."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sync_engine.model import Kind
from sync_engine.windows_zones import WINDOWS_ZONES

BERLIN = "W. Europe Standard Time"
TWO_YEARS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))


@dataclass
class Wish:
    """An appointment as a person enters it: times are those of the clock on her wall."""

    title: str
    start: datetime = datetime(2026, 3, 12, 9)
    end: datetime | None = None  # None: an hour later, or a day
    zone: str = BERLIN  # as Windows names it
    weeks: int = 0  # how often it repeats each week; 0: once
    whole_day: bool = False

    @property
    def until(self) -> datetime:
        """The end."""
        return self.end or self.start + (timedelta(days=1) if self.whole_day else timedelta(hours=1))

    @property
    def iana(self) -> str:
        """The zone, as everybody but Windows names it."""
        return WINDOWS_ZONES.get(self.zone, self.zone)

    def at(self, wall: datetime) -> datetime:
        """The point in time."""
        return wall.replace(tzinfo=ZoneInfo(self.iana)).astimezone(UTC)


class Person(ABC):
    """The owner of one collection at a system, who sees and changes what is in it."""

    kind: Kind

    @property
    @abstractmethod
    def box(self) -> Any:
        """The mailbox, as meetings need it (tests/servers/microsoft/meetings.py): its `name`, `address`, ..."""

    @abstractmethod
    def titles(self) -> list[str]:
        """Sorted; a duplicate comes twice."""

    @abstractmethod
    def enter(self, title: str) -> Any:
        """A new item."""

    @abstractmethod
    def remove(self, title: str) -> None:
        """Delete it."""

    @abstractmethod
    def rename(self, title: str, new: str) -> None:
        """Give it another title."""

    @abstractmethod
    def remark(self, title: str, text: str) -> None:
        """Change another field: a contact's job, an event's place, a task's text."""

    @abstractmethod
    def remark_of(self, title: str) -> str:
        """What `remark` wrote."""

    @abstractmethod
    def touch(self, title: str) -> None:
        """The server gives it another version by itself: it says what it said."""

    @abstractmethod
    def unfinished(self, title: str) -> bool:
        """Whether it is marked as one of whose write some steps are missing."""

    @abstractmethod
    def exceptions(self, title: str) -> tuple[int, int] | None:
        """Of a series, how many occurrences were changed, and how many cancelled; None of what is none."""

    # ------------------------------------------------------------ of events

    @abstractmethod
    def plan(self, wish: Wish) -> Any:
        """A new appointment."""

    @abstractmethod
    def shift(self, title: str, wish: Wish) -> None:
        """Other times, or another pattern: what was said of single days is forgotten."""

    @abstractmethod
    def cancel(self, title: str, day: str) -> None:
        """Of a series: not on this day (ISO, where the rule has it)."""

    @abstractmethod
    def move(self, title: str, day: str, start: datetime, zone: str = BERLIN) -> None:
        """Of a series: on this day at another time, for an hour."""

    @abstractmethod
    def held(self, title: str) -> list[datetime]:
        """When it takes place within two years: the server's own reckoning, in UTC."""

    @abstractmethod
    def days(self, title: str) -> tuple[str, str]:
        """First and last day of an event of whole days, as its owner sees it."""
