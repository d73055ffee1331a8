"""People who invite each other on a running gateway."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from requests import Response

from storage import admin_people
from tests.servers.gateway import Hub, Phone, running_hub

ICS = {"Content-Type": "text/calendar; charset=utf-8"}


def meeting(*lines: str, uid: str = "m1", organizer: str = "ada", guests: tuple[str, ...] = ("bob",)) -> str:
    """A VEVENT on 1 December 2026, 9 to 10 UTC. `lines` may say it otherwise: they come before the usual ones."""
    given = {re.split("[:;]", line)[0] for line in lines}
    usual = [
        f"UID:{uid}",
        "DTSTAMP:20261101T000000Z",
        "DTSTART:20261201T090000Z",
        "DTEND:20261201T100000Z",
        "SUMMARY:Planning",
        f"ORGANIZER;CN=Ada:mailto:{organizer}@example.org",
        f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{organizer}@example.org",
        *(f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{guest}@example.org" for guest in guests),
    ]
    kept = [line for line in usual if re.split("[:;]", line)[0] not in given]
    return "\r\n".join(["BEGIN:VEVENT", *lines, *kept, "END:VEVENT"])


def calendar(*components: str) -> bytes:
    """A VCALENDAR."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y", *components, "END:VCALENDAR", ""]).encode()


def unfolded(text: str) -> str:
    """Without the folds of long lines."""
    return text.replace("\r\n ", "")


@dataclass
class Guest:
    """Somebody with a phone and a calendar of his own."""

    name: str
    phone: Phone

    @property
    def home(self) -> str:
        """His calendars."""
        return f"/dav/calendars/{self.name}/"

    def put(self, body: bytes, name: str = "m1.ics", calendar_: str = "mine", **headers: str) -> Response:
        """Store an event."""
        said = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.phone.put(f"{self.home}{calendar_}/{name}", data=body, headers={**ICS, **said})

    def names(self, calendar_: str = "mine") -> list[str]:
        """What is in a calendar."""
        text = self.phone.request("PROPFIND", f"{self.home}{calendar_}/", headers={"Depth": "1"}).text
        return re.findall(rf"<D:href>[^<]*/{re.escape(calendar_)}/([^<]+)</D:href>", text)

    def texts(self, calendar_: str = "mine") -> list[str]:
        """The texts in a calendar, unfolded."""
        return [unfolded(self.get(name, calendar_)) for name in self.names(calendar_)]

    def get(self, name: str, calendar_: str = "mine") -> str:
        """A text."""
        found = self.phone.get(f"{self.home}{calendar_}/{name}")
        assert found.status_code == 200
        return found.content.decode()

    def only(self, calendar_: str = "mine") -> str:
        """The only text in a calendar."""
        (text,) = self.texts(calendar_)
        return text

    def change(self, old: str, new: str, calendar_: str = "mine", **headers: str) -> Response:
        """Change the only event of a calendar as a program does: read it and store it again."""
        (name,) = self.names(calendar_)
        text = unfolded(self.get(name, calendar_))
        assert old in text
        return self.put(text.replace(old, new).encode(), name, calendar_, **headers)

    def answer(self, partstat: str, **headers: str) -> Response:
        """Answer the only invitation."""
        (name,) = self.names()
        text = unfolded(self.get(name))
        own = re.compile(rf"ATTENDEE[^\r\n]*:mailto:{self.name}@example.org")
        fresh, count = own.subn(f"ATTENDEE;PARTSTAT={partstat}:mailto:{self.name}@example.org", text)
        assert count
        return self.put(fresh.encode(), name, **headers)

    def delete(self, **headers: str) -> Response:
        """Delete the only event."""
        (name,) = self.names()
        said = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.phone.delete(f"{self.home}mine/{name}", headers=said)


@dataclass
class Office:
    """Ada, Bob and Cleo."""

    hub: Hub
    ada: Guest
    bob: Guest
    cleo: Guest

    def messages(self, guest: Guest) -> list[str]:
        """What is in somebody's inbox."""
        return guest.texts("~inbox")


@contextmanager
def office(folder: Path, url: str = "") -> Iterator[Office]:
    """A gateway with three people, each with an empty calendar "mine"."""
    with running_hub(folder, url=url) as hub:
        guests = [_guest(hub, name) for name in ("ada", "bob", "cleo")]
        yield Office(hub, *guests)


def _guest(hub: Hub, name: str) -> Guest:
    number = hub.user(name)
    with hub.database.begin() as unit:
        admin_people.set_address(unit.session.connection, name, f"{name}@example.org")
    hub.collection("mine", "event", number)
    return Guest(name, hub.phone(name))


def partstat(text: str, name: str) -> str:
    """The answer of somebody in a text with one component."""
    lines = unfolded(text).splitlines()
    line = next(line for line in lines if line.startswith("ATTENDEE") and f":mailto:{name}@" in line)
    found = re.search("PARTSTAT=([A-Z-]+)", line)
    return found[1] if found else ""
