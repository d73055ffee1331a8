"""Two colleagues with their phones at the gateway: a meeting, an answer, and what is private."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from demo.checks import Checks
from demo.dav_client import DavCollection
from demo.hub import Hub
from demo.patience import soon

_PEOPLE = {"ada": "ada@example.org", "bob": "bob@example.org"}
_EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Demo//Phone//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n"
    "DTSTAMP:20261101T080000Z\r\nDTSTART:20261203T{hour:02}0000Z\r\nDURATION:PT1H\r\nSUMMARY:{title}\r\n{more}"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
_GUESTS = "".join(
    [
        f"ORGANIZER:mailto:{_PEOPLE['ada']}\r\n",
        f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{_PEOPLE['ada']}\r\n",
        f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{_PEOPLE['bob']}\r\n",
    ]
)


class Colleagues:
    """What people do among themselves, without any server but the hub."""

    def __init__(self, console: Console, hub: Hub, device: dict[str, Any], checks: Checks) -> None:
        self.console = console
        self.hub = hub
        self.device = device
        self.checks = checks

    def run(self, url: str) -> None:
        """Everything, in order; `url` is the hub's."""
        self.console.print("\nBob gets a phone too. Ada invites him, and shows him her own calendar ...")
        self.hub.run("user", "add", "bob", "--name", "Bob")
        for name, address in _PEOPLE.items():
            self.hub.run("user", "set-address", name, address)
        bob = self.hub.ask("device", "add", "bob", "Phone")
        own = {
            "ada": self._calendar(url, "ada", str(self.device["password"])),
            "bob": self._calendar(url, "bob", str(bob["password"])),
        }
        self._invite(own)
        self._share(url, own["ada"], str(bob["password"]))

    def _calendar(self, url: str, user: str, password: str) -> DavCollection:
        made = DavCollection(f"{url}/dav/calendars/{user}/mine/", "event", user, password)
        made.make()
        return made

    def _invite(self, own: dict[str, DavCollection]) -> None:
        own["ada"].put("plan.ics", _EVENT.format(uid="plan", hour=9, title="Plan the year", more=_GUESTS))
        invited = soon(lambda: "plan" in own["bob"].items())
        self.checks.add("Ada invites Bob: it is on his phone", invited, "once" if invited else "not there")
        if not invited:
            return
        own["bob"].edit("plan", lambda text: text.replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED"))
        answered = soon(lambda: "NEEDS-ACTION" not in own["ada"].items()["plan"].text)
        self.checks.add("Bob accepts: Ada sees it", answered, "PARTSTAT=ACCEPTED" if answered else "no answer")

    def _share(self, url: str, own: DavCollection, password: str) -> None:
        own.put("doctor.ics", _EVENT.format(uid="doctor", hour=14, title="Dentist", more="CLASS:PRIVATE\r\n"))
        self.hub.run("share", "add", "ada/mine", "bob")
        seen = DavCollection(f"{url}/dav/calendars/bob/mine~ada/", "event", "bob", password).items()
        hidden = "doctor" in seen and "Dentist" not in seen["doctor"].text and "Plan the year" in seen["plan"].text
        self.checks.add("shared with Bob; what is private is busy", hidden, f"{len(seen)} events, 1 without words")
