"""Calendars themselves: a user's list of them, who may see them, the colours."""

from __future__ import annotations

import secrets
from typing import Any

from tests.servers.google_workspace.calendar_colors import CALENDAR_COLORS, EVENT_COLORS
from tests.servers.google_workspace.calendar_rules import invalid
from tests.servers.google_workspace.calendar_store import ROLES, Box, Calendars, Listed
from tests.servers.google_workspace.calendar_times import known as zone_is_known
from tests.servers.google_workspace.calendar_view import removed
from tests.servers.google_workspace.discovery import Json
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler

_OWN = ("colorId", "summaryOverride", "hidden", "selected", "defaultReminders", "notificationSettings")
_ABOUT = ("summary", "description", "location", "timeZone")


class CalendarLists:
    """calendarList, calendars, acl, colors and settings."""

    def __init__(self, calendars: Calendars) -> None:
        self.calendars, self.world = calendars, calendars.world
        self._tokens: dict[str, tuple[Json, int, int]] = {}  # the question, what was seen, place in the list

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        return {
            "calendar.calendarList.list": self._list,
            "calendar.calendarList.get": self._get_listed,
            "calendar.calendarList.insert": self._enlist,
            "calendar.calendarList.patch": self._relist,
            "calendar.calendarList.update": self._relist,
            "calendar.calendarList.delete": self._delist,
            "calendar.calendars.get": self._get,
            "calendar.calendars.insert": self._insert,
            "calendar.calendars.patch": self._patch,
            "calendar.calendars.update": self._patch,
            "calendar.calendars.delete": self._delete,
            "calendar.calendars.clear": self._clear,
            "calendar.acl.list": self._rules,
            "calendar.acl.insert": self._allow,
            "calendar.colors.get": lambda _: Answer({"kind": "calendar#colors", **_colors()}),
            "calendar.settings.get": self._setting,
        }

    # ------------------------------------------------------------ a user's list

    def _list(self, call: Call) -> Answer:
        question = {k: v for k, v in call.params.items() if k not in {"syncToken", "pageToken", "maxResults", "alt"}}
        question["who"] = call.user.address
        floor, since, place = self._place(call, question)
        found = [one for one in self._listed(call) if since < one.seq <= floor and self._shown(call, one, since)]
        size = min(call.number("maxResults", 100, 250), self.world.switches.page_size or 250)
        if self.world.switches.empty_pages and not place and "pageToken" not in call.params:
            size = 0
        about: Json = {"kind": "calendar#calendarList", "etag": f'"p{floor:08d}o"'}
        about["items"] = [self._told(call, one) for one in found[place : place + size]]
        token = f"C{secrets.token_urlsafe(18)}"
        if place + size < len(found) or size == 0:
            self._tokens[token] = ({**question, "floor": floor}, since, place + size)
            return Answer(about | {"nextPageToken": token})
        self._tokens[token] = (question, floor, 0)
        return Answer(about if "minAccessRole" in call.params else about | {"nextSyncToken": token})

    def _place(self, call: Call, question: Json) -> tuple[int, int, int]:
        """Up to which change, since which, from which place on."""
        if "pageToken" in call.params:
            known, since, place = self._tokens.get(call.text("pageToken"), ({}, 0, 0))
            if {k: v for k, v in known.items() if k != "floor"} != question or "floor" not in known:
                raise invalid("Invalid page token value.")
            return known["floor"], since, place
        if "syncToken" not in call.params:
            return self.world.number(), 0, 0
        known, since, _ = self._tokens.get(call.text("syncToken"), ({}, 0, 0))
        if "minAccessRole" in call.params or known != question:
            raise GoogleError(400, "invalid", "Invalid sync token value.", location="syncToken")
        if since < self.calendars.list_forgotten:
            text = "Sync token is no longer valid, a full sync is required."
            raise GoogleError(410, "fullSyncRequired", text, domain="calendar", location="syncToken")
        return self.world.number(), since, 0

    def _listed(self, call: Call) -> list[Listed]:
        return sorted(self.calendars.lists.get(call.user.address, {}).values(), key=lambda one: one.seq)

    def _shown(self, call: Call, one: Listed, since: int) -> bool:
        """What went or was hidden is told in a list of changes only, unless it is asked for."""
        least, role = call.text("minAccessRole", "freeBusyReader"), one.box.role(call.user.address)
        if not self._open(call, one):
            return since > 0 or call.yes("showDeleted")
        return ROLES.index(role) >= ROLES.index(least) and (
            since > 0 or call.yes("showHidden") or not one.own.get("hidden")
        )

    def _open(self, call: Call, one: Listed) -> bool:
        return not one.deleted and not one.box.gone and one.box.role(call.user.address) != "none"

    def _told(self, call: Call, one: Listed) -> Json:
        box, kind = one.box, "calendar#calendarListEntry"
        if not self._open(call, one):
            return {"kind": kind, "etag": one.etag, "id": box.id, "deleted": True}
        color = CALENDAR_COLORS[one.own["colorId"]]
        about: Json = {"kind": kind, "etag": one.etag, "id": box.id, **box.about}
        about |= {name: value for name, value in one.own.items() if value is not False}
        about |= {"backgroundColor": color["background"], "foregroundColor": color["foreground"]}
        about |= {"accessRole": box.role(call.user.address), "defaultReminders": one.own.get("defaultReminders", [])}
        about["conferenceProperties"] = {"allowedConferenceSolutionTypes": ["hangoutsMeet"]}
        if box.id == call.user.address:
            about["primary"] = True
        return about if box.primary else about | {"dataOwner": box.owner}

    def _find_listed(self, call: Call) -> Listed:
        box = self.calendars.box(call.user, call.text("calendarId"))
        found = self.calendars.lists.get(call.user.address, {}).get(box.id)
        if found is None or found.deleted:
            raise GoogleError(404, "notFound", "Not Found")
        return found

    def _get_listed(self, call: Call) -> Answer:
        return Answer(self._told(call, self._find_listed(call)))

    def _enlist(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, str(call.body["id"]))
        return Answer(self._told(call, self.calendars.enlist(call.user.address, box, **_given(call, _OWN))))

    def _relist(self, call: Call) -> Answer:
        listed = self._find_listed(call)
        return Answer(self._told(call, self.calendars.enlist(call.user.address, listed.box, **_given(call, _OWN))))

    def _delist(self, call: Call) -> Answer:
        listed = self._find_listed(call)
        if listed.box.owner == call.user.address and listed.box.primary:
            raise GoogleError(403, "forbidden", "Forbidden")
        self.calendars.delist(call.user.address, listed.box)
        return Answer()

    # ------------------------------------------------------------ calendars

    def _get(self, call: Call) -> Answer:
        return Answer(_calendar(self.calendars.box(call.user, call.text("calendarId"))))

    def _insert(self, call: Call) -> Answer:
        box = self.calendars.make(call.user.address, _about(call))
        return Answer(_calendar(box))

    def _patch(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"), "owner")
        old = {} if call.method.id.endswith("update") else box.about
        box.about, box.etag = {"timeZone": box.zone, **old, **_about(call)}, self.world.etag()
        for address, lists in self.calendars.lists.items():
            if box.id in lists and not lists[box.id].deleted:
                self.calendars.enlist(address, box)
        return Answer(_calendar(box))

    def _delete(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"), "owner")
        if box.primary:
            raise GoogleError(400, "cannotDeletePrimaryCalendar", "Primary calendars cannot be deleted.")
        box.gone = True
        for address in self.calendars.lists:
            self.calendars.delist(address, box)
        return Answer()

    def _clear(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"), "owner")
        if not box.primary:
            raise invalid("Only primary calendars can be cleared.")
        for entry in [one for one in box.entries.values() if not one.cancelled]:
            removed(entry)
            self.calendars.touch(box, entry)
        return Answer()

    # ------------------------------------------------------------ who may

    def _rules(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"), "owner")
        items = [_rule(address, role) for address, role in {box.owner: "owner", **box.rules}.items()]
        return Answer({"kind": "calendar#acl", "etag": box.etag, "items": items, "nextSyncToken": "C" + box.etag})

    def _allow(self, call: Call) -> Answer:
        box = self.calendars.box(call.user, call.text("calendarId"), "owner")
        role, scope = str(call.body["role"]), call.body["scope"]
        address = "default" if scope["type"] == "default" else str(scope.get("value", "")).lower()
        if role not in ROLES or not address:
            raise invalid("Invalid access rule.")
        self.calendars.share(box.id, address, role, listed=False)
        return Answer(_rule(address, role))

    def _setting(self, call: Call) -> Answer:
        values = {"timezone": self.calendars.boxes[call.user.address].zone, "locale": "en", "weekStart": "1"}
        name = call.text("setting")
        if name not in values:
            raise GoogleError(404, "notFound", "Not Found")
        return Answer({"kind": "calendar#setting", "etag": '"0"', "id": name, "value": values[name]})


def _about(call: Call) -> Json:
    about = _given(call, _ABOUT)
    if not about.get("summary", "x"):
        raise invalid("Missing title.", "required")
    if not zone_is_known(about.get("timeZone", "UTC")):
        raise invalid("Invalid time zone.")
    return about


def _given(call: Call, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: call.body[name] for name in names if call.body.get(name) is not None}


def _calendar(box: Box) -> Json:
    about: Json = {"kind": "calendar#calendar", "etag": box.etag, "id": box.id, **box.about}
    about["conferenceProperties"] = {"allowedConferenceSolutionTypes": ["hangoutsMeet"]}
    return about if box.primary else about | {"dataOwner": box.owner}


def _rule(address: str, role: str) -> Json:
    scope: Json = {"type": "default"} if address == "default" else {"type": "user", "value": address}
    name = "default" if address == "default" else f"user:{address}"
    return {"kind": "calendar#aclRule", "etag": f'"{role}"', "id": name, "role": role, "scope": scope}


def _colors() -> Json:
    return {"updated": "2012-02-14T00:00:00.000Z", "calendar": CALENDAR_COLORS, "event": EVENT_COLORS}
