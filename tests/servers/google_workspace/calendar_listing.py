"""Lists of events: whole, in pages, what changed since a token, and series taken apart (C1 to C6, C12)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.google_workspace import calendar_series
from tests.servers.google_workspace.calendar_events import find, instance
from tests.servers.google_workspace.calendar_store import Box, Calendars, Entry
from tests.servers.google_workspace.calendar_times import Moment
from tests.servers.google_workspace.calendar_view import told
from tests.servers.google_workspace.discovery import Json
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler
from tests.servers.google_workspace.world import stamp

NOT_WITH_TOKEN = (
    *("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty"),
    *("timeMin", "timeMax", "updatedMin"),
)
_NOT_THE_QUESTION = {"syncToken", "pageToken", "maxResults", "timeMin", "timeMax", "fields", "alt", "prettyPrint"}
_NO_TOKEN = {"iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin"}
DEFAULT, MOST = 250, 2500
LONG_AGO = timedelta(days=28)


@dataclass
class Round:
    """A list that is read page by page."""

    calendar: str
    question: Json  # the parameters; they must stay the same
    ids: list[str]
    place: int
    floor: int  # what changes after this comes the next time
    window: tuple[str, str]  # timeMin and timeMax
    since: int | None  # a round of changes: since when
    greeted: bool = False  # the empty page in the beginning has been told


@dataclass(frozen=True)
class Token:
    """What a sync token stands for."""

    calendar: str
    question: Json
    seq: int
    window: tuple[str, str]


class Listing:
    """events.list and events.instances."""

    def __init__(self, calendars: Calendars) -> None:
        self.calendars, self.world = calendars, calendars.world
        self._rounds: dict[str, Round] = {}
        self._tokens: dict[str, Token] = {}

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        return {"calendar.events.list": self._list, "calendar.events.instances": self._instances}

    def _list(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"))
        _checked(call, self.world.clock())
        if "pageToken" in call.params:
            return self._page(call, box, self._round(call, box))
        return self._page(call, box, self._changes(call, box) if "syncToken" in call.params else self._all(call, box))

    def _instances(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"))
        series = find(box, call.text("eventId"))
        if "pageToken" in call.params:
            return self._page(call, box, self._round(call, box))
        found = [one for one in _apart(call, box, series) if _in_window(call, box, one)]
        if original := call.text("originalStart"):
            found = [one for one in found if one.original and _is_at(one.original, original, box.zone)]
        ids = [one.id for one in found if call.yes("showDeleted") or not one.cancelled]
        return self._page(call, box, Round(box.id, _question(call), ids, 0, box.seq, ("", ""), None))

    # ------------------------------------------------------------ which events

    def _all(self, call: Call, box: Box) -> Round:
        ids = [one.id for one in self._ordered(call, box, _wanted(call, box))]
        window = (call.text("timeMin"), call.text("timeMax"))
        return Round(box.id, _question(call), ids, 0, box.seq, window, None)

    def _changes(self, call: Call, box: Box) -> Round:
        token = self._tokens.get(call.text("syncToken"))
        if token is None or token.calendar != box.id:
            raise GoogleError(400, "invalid", "Invalid sync token value.", location="syncToken")
        if token.question != _question(call):
            raise GoogleError(400, "invalid", "Other parameters than those of the first list.", location="syncToken")
        if token.seq < box.forgotten:
            text = "Sync token is no longer valid, a full sync is required."
            raise GoogleError(410, "fullSyncRequired", text, domain="calendar", location="syncToken")
        changed = box.changed(token.seq)
        if call.yes("singleEvents"):
            changed = [part for one in changed for part in _parts(call, box, one)]
        ids = [one.id for one in sorted(changed, key=_seq)]
        if self.world.switches.backwards:
            ids.reverse()
        return Round(box.id, token.question, ids, 0, box.seq, token.window, token.seq)

    def _ordered(self, call: Call, box: Box, found: Iterator[Entry]) -> list[Entry]:
        order: Callable[[Entry], Any] = _seq
        if call.text("orderBy") == "startTime":
            order = lambda one: one.start.instant(box.zone)  # noqa: E731
        elif call.text("orderBy") == "updated":
            order = lambda one: one.updated  # noqa: E731
        return sorted(found, key=order, reverse=self.world.switches.backwards)

    # ------------------------------------------------------------ pages

    def _round(self, call: Call, box: Box) -> Round:
        found = self._rounds.get(call.text("pageToken"))
        if found is None or found.calendar != box.id or found.question != _question(call):
            raise GoogleError(400, "invalid", "Invalid page token value.", location="pageToken")
        return replace(found)

    def _page(self, call: Call, box: Box, around: Round) -> Answer:
        switches = self.world.switches
        size = min(call.number("maxResults", DEFAULT, MOST), switches.page_size or MOST)
        if switches.short_pages and size > 1:
            size -= 1
        if switches.empty_pages and not around.greeted:
            size = 0
        around.greeted = True
        shown = around.ids[around.place : around.place + size]
        around.place += len(shown)
        events = [self._told(call, box, one) for one in _there(box, shown, around)]
        about = self._about(call, box) | {"items": events}
        if around.place < len(around.ids) or (switches.empty_pages and size == 0):
            return Answer(about | {"nextPageToken": _keep(self._rounds, around)})
        if call.method.id.endswith("list") and not _NO_TOKEN & set(call.params):
            about["nextSyncToken"] = _keep(self._tokens, Token(box.id, around.question, around.floor, around.window))
        return Answer(about)

    def _told(self, call: Call, box: Box, entry: Entry) -> Json:
        """Deleted events have their details only where they were asked for, and for certain nothing but an id."""
        bare = self.world.switches.bare_tombstones
        told_so = told(call, box, entry, details=call.yes("showDeleted") and not bare)
        if not bare or not _is_gone(entry, box.entries.get(entry.master)):
            return told_so
        return {name: told_so[name] for name in ("kind", "etag", "id", "status")}

    def _about(self, call: Call, box: Box) -> Json:
        last = next(reversed(box.entries.values()), None)
        listed = self.calendars.lists.get(call.user.address, {}).get(box.id)
        about = {
            "kind": "calendar#events",
            "etag": f'"p{box.seq:08d}o"',
            "summary": box.about.get("summary", ""),
            "updated": stamp(last.updated if last else self.world.clock()),
            "timeZone": call.text("timeZone") or box.zone,
            "accessRole": box.role(call.user.address),
            "defaultReminders": list(listed.own.get("defaultReminders", [])) if listed else [],
        }
        return about | ({"description": box.about["description"]} if "description" in box.about else {})


def _checked(call: Call, now: datetime) -> None:
    """GoogleError for questions that cannot be asked (C2)."""
    params = call.params
    if "syncToken" in params:
        if wrong := [name for name in NOT_WITH_TOKEN if name in params]:
            text = f"Sync token cannot be used with {wrong[0]}."
            raise GoogleError(400, "invalid", text, location=wrong[0])
        if params.get("showDeleted") is False:
            text = "Deleted events cannot be hidden in an incremental list."
            raise GoogleError(400, "invalid", text, location="showDeleted")
    if params.get("orderBy") == "startTime" and not call.yes("singleEvents"):
        text = "The requested ordering is not available for the particular query."
        raise GoogleError(400, "badRequest", text, location="orderBy")
    if {"timeMin", "timeMax"} <= set(params) and _instant(params["timeMax"]) <= _instant(params["timeMin"]):
        text = "The specified time range is empty."
        raise GoogleError(400, "timeRangeEmpty", text, domain="calendar", location="timeMax")
    if "updatedMin" in params and _instant(params["updatedMin"]) < now - LONG_AGO:
        text = "The requested minimum modification time lies too far in the past."
        raise GoogleError(410, "updatedMinTooLongAgo", text, domain="calendar", location="updatedMin")


def _wanted(call: Call, box: Box) -> Iterator[Entry]:
    """Everything that a list without a token tells."""
    deleted = call.yes("showDeleted") or "updatedMin" in call.params
    for entry in list(box.entries.values()):
        series = box.entries.get(entry.master)
        if call.yes("singleEvents"):
            parts: Iterator[Entry] = _parts(call, box, entry)
            yield from (one for one in parts if (deleted or not one.cancelled) and _fits(call, box, one))
        elif (deleted or not _is_gone(entry, series)) and _fits(call, box, entry):
            yield entry


def _is_gone(entry: Entry, series: Entry | None) -> bool:
    """Deleted; cancelled instances of a series that lives are told all the same."""
    return entry.cancelled and (entry.bare or series is None or series.cancelled)


def _parts(call: Call, box: Box, entry: Entry) -> Iterator[Entry]:
    """With singleEvents: a series is its instances; its exceptions come with it (C6)."""
    if entry.recurring and not entry.cancelled:
        yield from (one for one in _apart(call, box, entry) if one.id not in box.entries)
    elif not entry.recurring:
        yield entry


def _apart(call: Call, box: Box, series: Entry) -> Iterator[Entry]:
    last = _instant(call.text("timeMax")) if "timeMax" in call.params else None
    for original in calendar_series.times(series.body.get("recurrence", []), series.start):
        if last and original.instant(box.zone) >= last:
            return
        made = instance(box, series, original)
        yield box.entries.get(made.id, made)


def _there(box: Box, ids: Sequence[str], around: Round) -> Iterator[Entry]:
    """As they are now: what was deleted in the meantime comes the next time."""
    for name in ids:
        try:
            entry = find(box, name)
        except GoogleError:
            continue
        if around.since is None and entry.seq > around.floor and entry.cancelled:
            continue
        yield entry


def _fits(call: Call, box: Box, entry: Entry) -> bool:
    kinds = call.params.get("eventTypes")
    checks = (
        kinds is None or entry.body.get("eventType", "default") in kinds,
        "iCalUID" not in call.params or entry.ical_uid == call.text("iCalUID"),
        "updatedMin" not in call.params or entry.updated >= _instant(call.text("updatedMin")),
        all(_hides(entry, sort, pair) for sort in ("private", "shared") for pair in _pairs(call, sort)),
        call.text("q").lower() in _words(entry),
    )
    return all(checks) and _in_window(call, box, entry)


def _words(entry: Entry) -> str:
    return " ".join(str(entry.body.get(name, "")) for name in ("summary", "description", "location")).lower()


def _in_window(call: Call, box: Box, entry: Entry) -> bool:
    """It ends after timeMin and starts before timeMax; of a series: one of its instances does."""
    low, high = call.text("timeMin"), call.text("timeMax")
    if not low and not high:
        return True
    spans = [(entry.start, entry.end)]
    if entry.recurring:
        spans = [(one.start, one.end) for one in _apart(call, box, entry)]
    return any(_inside(start, end, box.zone, low, high) for start, end in spans)


def _inside(start: Moment, end: Moment, zone: str, low: str, high: str) -> bool:
    after = not low or end.instant(zone) > _instant(low)
    return after and (not high or start.instant(zone) < _instant(high))


def _pairs(call: Call, sort: str) -> list[str]:
    return list(call.params.get(f"{sort}ExtendedProperty", []))


def _hides(entry: Entry, sort: str, pair: str) -> bool:
    name, _, value = pair.partition("=")
    return bool(entry.body.get("extendedProperties", {}).get(sort, {}).get(name) == value)


def _question(call: Call) -> Json:
    kept = {name: value for name, value in call.params.items() if name not in _NOT_THE_QUESTION}
    kept["calendarId"] = ""
    return kept | {"who": call.user.address}


def _keep(where: dict[str, Any], what: Any) -> str:
    token = "C" + secrets.token_urlsafe(24)
    where[token] = what
    return token


def _is_at(moment: Moment, text: str, zone: str) -> bool:
    """`text` is a day or a time with its offset."""
    if len(text) == len("2026-03-16"):
        return moment.all_day and f"{moment.day}" == text
    return moment.instant(zone) == _instant(text)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _seq(entry: Entry) -> int:
    return entry.seq
