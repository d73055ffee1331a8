"""Ada at Google: her calendar, her contacts and her tasks, as she works with them in Google's own apps.

What she does is done by the server's own hands, without a request.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sync_engine.model import Kind
from tests.integration.google_workspace.google_calendar import MeetingBox, OwnCalendar
from tests.integration.rules.person import BERLIN, TWO_YEARS, Person, Wish
from tests.servers.google_workspace.calendar_store import Entry
from tests.servers.google_workspace.people_book import Book
from tests.servers.google_workspace.people_history import State
from tests.servers.google_workspace.server import Google
from tests.servers.google_workspace.task_book import TaskBook, TaskList

ADA = "ada@example.com"
Json = dict[str, Any]


@dataclass
class CalendarOwner(Person):
    """Of her first calendar, or of another one."""

    google: Google
    calendar: str = ADA
    kind: Kind = Kind.EVENT
    own: OwnCalendar = field(init=False)

    def __post_init__(self) -> None:
        self.own = OwnCalendar(self.google, ADA, self.calendar)

    @property
    def box(self) -> MeetingBox:
        return MeetingBox(self.own)

    def items(self) -> list[Entry]:
        """Single events and series; of an invitation to one day alone, that day."""
        there = self.google.calendar.events(self.calendar)
        return [one for one in there if not one.master or one.master not in self.own.entries]

    def one(self, title: str) -> Entry:
        """The only one with this title."""
        (found,) = [one for one in self.items() if one.body.get("summary", "") == title]
        return found

    def titles(self) -> list[str]:
        return sorted(one.body.get("summary", "") for one in self.items())

    def enter(self, title: str) -> Json:
        return self.plan(Wish(title))

    def remove(self, title: str) -> None:
        self.own.delete(self.one(title).id)

    def rename(self, title: str, new: str) -> None:
        self.own.change(self.one(title), {"summary": new})

    def remark(self, title: str, text: str) -> None:
        self.own.change(self.one(title), {"location": text})

    def remark_of(self, title: str) -> str:
        return str(self.one(title).body.get("location", ""))

    def touch(self, title: str) -> None:
        with self.google.world.lock:
            self.google.calendar.calendars.touch(self.own.stored, replace(self.one(title)))

    def unfinished(self, title: str) -> bool:
        hidden = self.one(title).body.get("extendedProperties", {}).get("private", {})
        return any("Unfinished" in name and value != "-" for name, value in hidden.items())

    def exceptions(self, title: str) -> tuple[int, int] | None:
        series = self.one(title)
        if not series.recurring:
            return None
        there = [one for one in self.own.stored.exceptions(series.id) if not one.bare]
        left_out = sum(line.count(",") + 1 for line in series.body["recurrence"] if line.startswith("EXDATE"))
        cancelled = sum(one.cancelled for one in there)
        return len(there) - cancelled, cancelled + left_out

    def plan(self, wish: Wish) -> Json:
        return self.own.insert(wished(wish))

    def shift(self, title: str, wish: Wish) -> None:
        series = self.one(title)
        self.own.patch(series.id, {"recurrence": None, **wished(wish)})

    def cancel(self, title: str, day: str) -> None:
        self.own.delete(self.own.instance(self.one(title), day))

    def move(self, title: str, day: str, start: datetime, zone: str = BERLIN) -> None:
        self.own.patch(self.own.instance(self.one(title), day), times_of(Wish(title, start, zone=zone)))

    def held(self, title: str) -> list[datetime]:
        found = [one.start.instant(self.own.stored.zone) for one in self.own.apart(self.one(title))]
        return sorted(one for one in found if TWO_YEARS[0] <= one < TWO_YEARS[1])

    def days(self, title: str) -> tuple[str, str]:
        event = self.one(title)
        assert event.start.day is not None
        assert event.end.day is not None
        return event.start.day.isoformat(), (event.end.day - timedelta(days=1)).isoformat()


def wished(wish: Wish) -> Json:
    """A body of the Calendar API."""
    weekly = {"recurrence": [f"RRULE:FREQ=WEEKLY;COUNT={wish.weeks}"]} if wish.weeks else {}
    return {"summary": wish.title, **times_of(wish), **weekly}


def times_of(wish: Wish) -> Json:
    """Start and end alone."""
    walls = {"start": wish.start, "end": wish.until}
    if wish.whole_day:
        return {name: {"date": wall.date().isoformat()} for name, wall in walls.items()}
    return {name: {"dateTime": wall.isoformat(), "timeZone": wish.iana} for name, wall in walls.items()}


class _Apart(Person):
    """Who has no calendar here."""

    @property
    def box(self) -> Any:
        raise NotImplementedError

    def exceptions(self, title: str) -> None:
        return None

    def plan(self, wish: Wish) -> Any:
        raise NotImplementedError

    def shift(self, title: str, wish: Wish) -> None:
        raise NotImplementedError

    def cancel(self, title: str, day: str) -> None:
        raise NotImplementedError

    def move(self, title: str, day: str, start: datetime, zone: str = BERLIN) -> None:
        raise NotImplementedError

    def held(self, title: str) -> list[datetime]:
        raise NotImplementedError

    def days(self, title: str) -> tuple[str, str]:
        raise NotImplementedError


@dataclass
class ContactsOwner(_Apart):
    """All her contacts."""

    google: Google
    kind: Kind = Kind.CONTACT

    @property
    def book(self) -> Book:
        """Hers."""
        return self.google.people.book(ADA)

    def one(self, title: str) -> State:
        """The only one of this name."""
        (found,) = [one for one in self.book.contacts.living() if name_of(one) == title]
        return found

    def titles(self) -> list[str]:
        return sorted(map(name_of, self.book.contacts.living()))

    def enter(self, title: str) -> State:
        return self.book.add({"names": [{"familyName": title}]})

    def remove(self, title: str) -> None:
        self.book.remove(self.one(title).name)

    def rename(self, title: str, new: str) -> None:
        self.book.change(self.one(title).name, {"names": [{"familyName": new}]})

    def remark(self, title: str, text: str) -> None:
        job: Json = next(iter(self.one(title).fields.get("organizations", ())), {})
        self.book.change(self.one(title).name, {"organizations": [{**job, "title": text}]})

    def remark_of(self, title: str) -> str:
        jobs = self.one(title).fields.get("organizations", ())
        return str(next((job.get("title", "") for job in jobs), ""))

    def touch(self, title: str) -> None:
        self.touch_as(self.one(title))

    def touch_as(self, contact: State) -> None:
        """This one, which may have a double."""
        self.book.change(contact.name, {})

    def unfinished(self, title: str) -> bool:
        return any("Unfinished" in one["key"] for one in self.one(title).fields.get("clientData", ()))


def name_of(state: State) -> str:
    """Given name and family name."""
    name: Json = next(iter(state.fields.get("names", ())), {})
    return " ".join(filter(None, (name.get("givenName"), name.get("familyName"))))


@dataclass
class TasksOwner(_Apart):
    """One of her lists."""

    google: Google
    where: TaskList
    kind: Kind = Kind.TASK

    @property
    def book(self) -> TaskBook:
        """Hers."""
        return self.google.tasks.book(ADA)

    def items(self) -> list[Json]:
        """What is not deleted."""
        return [one for one in self.where.tasks.values() if not one.get("deleted")]

    def one(self, title: str) -> Json:
        """The only one with this title."""
        (found,) = [one for one in self.items() if one["title"] == title]
        return found

    def titles(self) -> list[str]:
        return sorted(one["title"] for one in self.items())

    def enter(self, title: str) -> Json:
        return self.book.add(self.where, {"title": title})

    def remove(self, title: str) -> None:
        self.book.delete(self.where, self.one(title)["id"])

    def rename(self, title: str, new: str) -> None:
        self.book.change(self.where, self.one(title)["id"], {"title": new})

    def remark(self, title: str, text: str) -> None:
        self.book.change(self.where, self.one(title)["id"], {"notes": text})

    def remark_of(self, title: str) -> str:
        return str(self.one(title).get("notes", ""))

    def touch(self, title: str) -> None:
        self.book.change(self.where, self.one(title)["id"], {})

    def unfinished(self, title: str) -> bool:
        return False
