"""Calendars and what is in them: every event, exception and deleted event is an entry with a place in the history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, takewhile
from typing import Any

from tests.servers.google_workspace.calendar_times import Moment, read
from tests.servers.google_workspace.discovery import Json
from tests.servers.google_workspace.protocol import GoogleError, User
from tests.servers.google_workspace.world import World

ROLES = ("none", "freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")
CANCELLED = "cancelled"
_SPLIT_OFF = re.compile(r"_R\d{8}(T\d{6}Z?)?\Z")
PALETTE = [f"{number}" for number in range(1, 25)]


@dataclass
class Entry:
    """An event, an exception of a series, or what is left of one, in one calendar."""

    id: str
    ical_uid: str
    body: Json  # what clients write: summary, start, attendees, ... without nulls
    organizer: Json  # {"email", "displayName"}
    creator: Json
    created: datetime
    updated: datetime
    etag: str
    seq: int  # when it changed last, in its calendar
    sequence: int = 0
    master: str = ""  # the id of the series that it is an exception of
    original: Moment | None = None  # when that instance would begin
    bare: bool = False  # only its id is left

    @property
    def cancelled(self) -> bool:
        """Is it deleted?"""
        return self.body.get("status") == CANCELLED

    @property
    def recurring(self) -> bool:
        """Is it a series?"""
        return bool(self.body.get("recurrence"))

    @property
    def start(self) -> Moment:
        """When it begins; a series: its first instance."""
        return read(self.body.get("start"), "start", recurring=False)

    @property
    def end(self) -> Moment:
        """When it ends, exclusive."""
        return read(self.body.get("end"), "end", recurring=False)

    def guest(self, address: str) -> Json | None:
        """An attendee by address."""
        for one in self.body.get("attendees", ()):
            if str(one.get("email", "")).lower() == address.lower():
                found: Json = one
                return found
        return None


@dataclass
class Box:
    """A calendar."""

    id: str  # the owner's address for the primary one
    owner: str
    about: Json  # summary, description, timeZone, location
    etag: str
    rules: dict[str, str] = field(default_factory=dict)  # access roles by address; "default" is everybody
    entries: dict[str, Entry] = field(default_factory=dict)  # in the order of their last changes
    seq: int = 0  # number of its last change
    forgotten: int = 0  # sync tokens of before this change have expired
    gone: bool = False
    _by_uid: dict[str, dict[str, Entry]] = field(default_factory=dict, repr=False)
    _by_master: dict[str, dict[str, Entry]] = field(default_factory=dict, repr=False)

    def keep(self, entry: Entry) -> None:
        """It is the one that changed last."""
        self.drop(entry.id)
        self.entries[entry.id] = entry
        self._by_uid.setdefault(entry.ical_uid, {})[entry.id] = entry
        if entry.master:
            self._by_master.setdefault(entry.master, {})[entry.id] = entry

    def drop(self, name: str) -> None:
        """Nothing is left of it."""
        if old := self.entries.pop(name, None):
            del self._by_uid[old.ical_uid][name]
            if old.master:
                del self._by_master[old.master][name]

    def changed(self, since: int) -> list[Entry]:
        """What changed after this, in order."""
        newest_first = takewhile(lambda one: one.seq > since, reversed(self.entries.values()))
        return list(newest_first)[::-1]

    @property
    def primary(self) -> bool:
        """Is it its owner's first?"""
        return self.id == self.owner

    @property
    def zone(self) -> str:
        """IANA."""
        return str(self.about["timeZone"])

    def role(self, address: str) -> str:
        """What somebody may do here."""
        if address == self.owner:
            return "owner"
        return max(self.rules.get(address, "none"), self.rules.get("default", "none"), key=ROLES.index)

    def exceptions(self, master: str) -> list[Entry]:
        """Of a series, cancelled ones as well."""
        return list(self._by_master.get(master, {}).values())

    def series(self, stem: str) -> Iterator[Entry]:
        """That are alive: the one of this id, then those that were split off it."""
        first = self.entries.get(stem)
        rest = (one for one in self.entries.values() if one is not first)
        for one in chain([first] if first else [], rest):
            if one.recurring and not one.cancelled and stem_of(one.id) == stem:
                yield one

    def with_uid(self, ical_uid: str) -> Entry | None:
        """The event or series with this iCalUID; of an invitation to one instance alone, that instance."""
        return min(self._by_uid.get(ical_uid, {}).values(), key=lambda one: bool(one.master), default=None)


def stem_of(name: str) -> str:
    """What the ids of its instances begin with: those of x_R20260330T070000, which was split off x, are x_... too."""
    return _SPLIT_OFF.sub("", name)


@dataclass
class Listed:
    """A calendar in somebody's list."""

    box: Box
    own: Json  # colorId, summaryOverride, hidden, selected, defaultReminders, ...
    etag: str
    seq: int
    deleted: bool = False


class Calendars:
    """All calendars of a `World`. A test may look at everything, and put in what no client may write."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.boxes: dict[str, Box] = {}
        self.lists: dict[str, dict[str, Listed]] = {}  # by user: by calendar
        self.list_forgotten = 0  # sync tokens of calendar lists of before this change have expired
        world.on_new_user(self._welcome)

    def box(self, user: User, calendar: str, least: str = "freeBusyReader") -> Box:
        """By its id or `primary`. GoogleError 404 if it is closed to the user, 403 if he may not do so much."""
        box = self.boxes.get(user.address if calendar == "primary" else calendar.lower())
        if box is None or box.gone or box.role(user.address) == "none":
            raise GoogleError(404, "notFound", "Not Found")
        if ROLES.index(box.role(user.address)) < ROLES.index(least):
            text = f"You need to have {least} access to this calendar."
            raise GoogleError(403, "requiredAccessLevel", text, domain="calendar")
        return box

    def make(self, owner: str, about: Json, name: str = "") -> Box:
        """A calendar of somebody's, in his list."""
        name = name or f"c_{self.world.number():08x}@group.calendar.google.com"
        about = {"timeZone": "Europe/Prague", **about}
        box = self.boxes[name] = Box(name, owner, about, self.world.etag())
        self.enlist(owner, box)
        return box

    def enlist(self, address: str, box: Box, **own: Any) -> Listed:
        """Put it into somebody's list, or change how it stands there."""
        lists = self.lists.setdefault(address, {})
        before = lists[box.id].own if box.id in lists else {"colorId": PALETTE[len(lists) % 24], "selected": True}
        lists[box.id] = Listed(box, {**before, **own}, self.world.etag(), self.world.number())
        return lists[box.id]

    def delist(self, address: str, box: Box) -> None:
        """Take it out of somebody's list."""
        listed = self.lists.get(address, {}).get(box.id)
        if listed is not None and not listed.deleted:
            listed.deleted, listed.etag, listed.seq = True, self.world.etag(), self.world.number()

    def share(self, calendar: str, address: str, role: str, *, listed: bool = True) -> None:
        """Open a calendar to somebody, or with "none" close it; `default` is everybody."""
        with self.world.lock:
            box = self.boxes[calendar]
            if role == "none":
                box.rules.pop(address, None)
            else:
                box.rules[address] = role
            if address in self.world.users:
                self.world.user(address)
                if role == "none":
                    self.delist(address, box)
                elif listed:
                    self.enlist(address, box)

    def expire_tokens(self) -> None:
        """Every sync token that was given is too old now (C3)."""
        with self.world.lock:
            for box in self.boxes.values():
                box.seq += 1
                box.forgotten = box.seq
            self.list_forgotten = self.world.number()

    def touch(self, box: Box, entry: Entry, *, main: bool = True) -> Entry:
        """It changed: a new etag and the newest place; not `main`: only the user's own, such as reminders (C13)."""
        box.seq += 1
        entry.seq, entry.etag = box.seq, self.world.etag()
        if main:
            entry.updated = self.world.moment()
        box.keep(entry)
        return entry

    def forget_deleted(self, calendar: str) -> None:
        """Of deleted events nothing is left after some weeks: not even their ids are known any more."""
        with self.world.lock:
            box = self.boxes[calendar]
            for entry in [one for one in box.entries.values() if one.cancelled]:
                series = box.entries.get(entry.master)
                if series is None or series.cancelled or entry.bare:
                    box.drop(entry.id)

    def put(self, calendar: str, **body: Any) -> Entry:
        """An event that no client could make: fromGmail, birthday, somebody else's ... `organizer` and `id` count."""
        with self.world.lock:
            box, at = self.boxes[calendar], self.world.moment()
            name = body.pop("id", "") or f"seed{self.world.number():06d}"
            organizer = body.pop("organizer", {"email": box.id})
            uid = body.pop("iCalUID", f"{name}@google.com")
            body = {"status": "confirmed", "eventType": "default", "reminders": {"useDefault": True}, **body}
            return self.touch(box, Entry(name, uid, body, organizer, {"email": box.owner}, at, at, "", 0))

    def _welcome(self, user: User) -> None:
        self.make(user.address, {"summary": user.address}, user.address)
        self.enlist(user.address, self.boxes[user.address], defaultReminders=[{"method": "popup", "minutes": 10}])
