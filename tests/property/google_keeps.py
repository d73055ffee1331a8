"""What Google would answer to what was written: merged patches, and what it adds by itself.

Nobody says how it treats the exceptions of a series, so all ways are tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.google_workspace.mapping_events import EventWrite, read_event
from sync_engine.recurrence import instances

Json = Any


def merged(there: dict[str, Json], patch: dict[str, Json]) -> dict[str, Json]:
    """PATCH (RFC 7396): objects property by property, lists whole, null clears (C10)."""
    found = dict(there)
    for name, value in patch.items():
        if isinstance(value, dict):
            value = merged(there.get(name) or {}, value)
        if value is None:
            found.pop(name, None)
        else:
            found[name] = value
    return found


@dataclass(frozen=True)
class Ways:
    """How Google treats exceptions."""

    forgets: bool  # all of them, when times or rule of the series change
    copies: bool  # an exception has all of its series from the day on when it is made


class GoogleSeries:
    """One event or series."""

    def __init__(self, ways: Ways = Ways(False, False)) -> None:
        self.ways = ways
        self.master: dict[str, Json] = {"id": "abc", "iCalUID": "uid-1"}
        self.own: dict[str, dict[str, Json]] = {}
        self.cancelled: set[str] = set()

    def apply(self, write: EventWrite) -> GoogleSeries:
        if self.ways.forgets and {"start", "end", "recurrence"} & set(write.master):
            self.own, self.cancelled = {}, set()
        self.master = merged(self.master, write.master)
        if "recurrence" not in self.master:
            self.own, self.cancelled = {}, set()
        for key, own in write.exceptions.items():
            assert own, "nothing to write"
            if key in self.cancelled:
                assert own.get("status") in ("confirmed", "tentative"), "a cancelled occurrence is not brought back"
                self.cancelled.discard(key)
            assert key in self.own or self._is_there(key), "no such instance"
            start = self.own.get(key) or (self._inherited(key) if self.ways.copies else {})
            self.own[key] = _with_nulls(start, own)
        for key in write.cancelled:
            self.own.pop(key, None)
            if self._is_there(key):
                self.cancelled.add(key)
        return self

    def answer(self) -> tuple[dict[str, Json], list[dict[str, Json]]]:
        """The master and the exceptions, cancelled ones too."""
        gone = [{"status": "cancelled", "originalStartTime": self._original(key)} for key in sorted(self.cancelled)]
        changed = [self._exception(key) for key in sorted(self.own) if key not in self.cancelled]
        return _answered(self.master), [*map(_answered, changed), *gone]

    def _exception(self, key: str) -> dict[str, Json]:
        found = merged(self._inherited(key), self.own[key])
        return {**found, "originalStartTime": self._original(key), "recurringEventId": "abc"}

    def _inherited(self, key: str) -> dict[str, Json]:
        start, end = self.master["start"], self.master["end"]
        if "date" in start:
            length = datetime.fromisoformat(end["date"]) - datetime.fromisoformat(start["date"])
            first = datetime.strptime(key, "%Y%m%d")
            times = {"start": {"date": f"{first:%Y-%m-%d}"}, "end": {"date": f"{first + length:%Y-%m-%d}"}}
        else:
            length = datetime.fromisoformat(end["dateTime"]) - datetime.fromisoformat(start["dateTime"])
            at = _instant(key)
            times = {
                "start": _at(at, start["timeZone"]),
                "end": _at(at + length, end["timeZone"]),
            }
        return {**{name: value for name, value in self.master.items() if name != "recurrence"}, **times}

    def _original(self, key: str) -> dict[str, Json]:
        if len(key) == 8:
            return {"date": f"{key[:4]}-{key[4:6]}-{key[6:]}"}
        return _at(_instant(key), self.master["start"].get("timeZone", "UTC"))

    def _is_there(self, key: str) -> bool:
        bare = read_event(self.master, (), "uid-1", "UTC")
        at = _instant(key) if len(key) > 8 else datetime.strptime(key, "%Y%m%d").replace(tzinfo=UTC)
        return any(start == at for start, _, _ in instances(bare, at, at + timedelta(seconds=1)))


def _with_nulls(there: dict[str, Json], patch: dict[str, Json]) -> dict[str, Json]:
    """A patch upon a patch: what clears goes on clearing."""
    found = dict(there)
    for name, value in patch.items():
        before = there.get(name)
        found[name] = _with_nulls(before, value) if isinstance(value, dict) and isinstance(before, dict) else value
    return found


def _instant(key: str) -> datetime:
    return datetime.strptime(key, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _at(at: datetime, zone: str) -> dict[str, Json]:
    return {"dateTime": at.astimezone(ZoneInfo(zone)).isoformat(), "timeZone": zone}


def _answered(document: dict[str, Json]) -> dict[str, Json]:
    """Times as the zone of the calendar shows them, beside the event's own zone; and who owns it."""
    found = {"organizer": {"email": "me@x.org", "self": True}, "etag": '"1"', "kind": "calendar#event", **document}
    for name in ("start", "end", "originalStartTime"):
        if "dateTime" in found.get(name, {}):
            at = datetime.fromisoformat(found[name]["dateTime"])
            found[name] = {**found[name], "dateTime": at.astimezone(ZoneInfo("America/Denver")).isoformat()}
    return found


def person_answered(person: dict[str, Json]) -> dict[str, Json]:
    """Entries with their source and their place, what Google makes of them, and what the profile of the person adds."""
    found: dict[str, Json] = {"resourceName": "people/c1", "etag": "%1"}
    for name, entries in person.items():
        if not entries:
            continue
        marked = any(entry.get("metadata", {}).get("sourcePrimary") for entry in entries)
        told = [_entry(name, entry, marked, place) for place, entry in enumerate(entries)]
        profile = {"metadata": {"source": {"type": "PROFILE"}, "primary": True}, "value": "p", "displayName": "P"}
        found[name] = [profile, *reversed(told)]
    return found


def _entry(name: str, entry: dict[str, Json], marked: bool, place: int) -> dict[str, Json]:
    first = entry.get("metadata", {}).get("sourcePrimary") if marked else place == 0
    metadata = {"source": {"type": "CONTACT", "id": "1"}} | ({"sourcePrimary": True} if first else {})
    more = {"formattedType": "Something", "canonicalForm": "+1"}
    if name == "names":
        more = {"displayName": "As Google likes", "unstructuredName": "As Google likes"}
    if name == "addresses":
        more["formattedValue"] = "Somewhere"
    return {**more, **entry, "metadata": metadata}
