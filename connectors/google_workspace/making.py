"""Making a label, a calendar or a task list for a collection of the hub: found by its name, else made, never twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.google_workspace.contact_person import COLLECTION, READ_CONTACTS, groups_of, hidden, name_of
from connectors.google_workspace.contact_turns import Turns
from connectors.google_workspace.lists import listed
from connectors.google_workspace.places import CALENDARS, LISTS, Place
from connectors.google_workspace.transport import Transport
from sync_engine.errors import ItemError, OutcomeUnknown, Rejected, Unavailable
from sync_engine.model import Kind
from sync_engine.ports import RemoteCollection

_TOGETHER = 500  # contacts in one change of a label: Google takes 1000
_GROUP_FIELDS = "name,groupType,memberCount,clientData"
_Thing = Mapping[str, Any]


class CollectionMaking:
    """Makes what is missing in one mailbox."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._turns = Turns(transport)

    def make(self, name: str, kinds: frozenset[Kind]) -> RemoteCollection:
        """As `connectors.capabilities.MakesCollections`."""
        if len(kinds) != 1:
            raise Rejected("A collection at Google holds one kind of things: contacts, events or tasks.")
        [kind] = kinds
        ways = {Kind.CONTACT: self._label, Kind.EVENT: self._calendar, Kind.TASK: self._list}
        return RemoteCollection(ways[kind](name).collection, name, kinds)

    # ---------------------------------------------------------------- labels

    def _label(self, name: str) -> Place:
        found = self._found_label(name)
        if found is None:
            body = {"contactGroup": {"name": name, "clientData": [_mark(name)]}, "readGroupFields": "name,clientData"}
            making = self._transport.people.contactGroups().create(body=body)
            found = self._made(making, lambda: self._found_label(name), f"the label {name!r}")
        elif not hidden(found, COLLECTION):
            found = self._marked(found, name)
        self._give_back(str(found["resourceName"]), name)
        sort, _, group = str(found["resourceName"]).partition("/")
        return Place(sort, group)

    def _found_label(self, name: str) -> _Thing | None:
        asked = {"groupFields": _GROUP_FIELDS, "pageSize": 1000}
        groups = listed(self._transport, self._transport.people.contactGroups(), asked, "contactGroups")
        return _named(groups, name, lambda one: one.get("groupType") == "USER_CONTACT_GROUP", "name")

    def _marked(self, label: _Thing, name: str) -> _Thing:
        """An empty one that its owner made is taken; one that is in use stays his."""
        if label.get("memberCount"):
            raise Rejected(
                f"The mailbox has a label {name!r} of its own with contacts in it; rename it there, or choose another "
                "name for the fan-out's `folder`."
            )
        data = [*label.get("clientData", ()), _mark(name)]
        group = {"name": label["name"], "etag": label.get("etag", ""), "clientData": data}
        body = {"contactGroup": group, "updateGroupFields": "clientData", "readGroupFields": "name,clientData"}
        groups = self._transport.people.contactGroups()
        return self._turns.ask(groups.update(resourceName=label["resourceName"], body=body))

    def _give_back(self, label: str, name: str) -> None:
        """To contacts that were made in the collection: who deletes a label may keep its contacts."""
        ours = self._transport.people.people().connections()
        asked = {"resourceName": "people/me", "personFields": "clientData,memberships,metadata", "pageSize": 1000}
        people = listed(self._transport, ours, asked | {"sources": READ_CONTACTS}, "connections")
        left = [name_of(one) for one in people if hidden(one, COLLECTION) == name and label not in groups_of(one)]
        for start in range(0, len(left), _TOGETHER):
            body = {"resourceNamesToAdd": left[start : start + _TOGETHER]}
            members = self._transport.people.contactGroups().members()
            self._turns.ask(members.modify(resourceName=label, body=body))

    # ---------------------------------------------------------------- calendars and task lists

    def _calendar(self, name: str) -> Place:
        return Place(CALENDARS, str((self._found_calendar(name) or self._new_calendar(name))["id"]))

    def _new_calendar(self, name: str) -> _Thing:
        """In the zone of its owner's own calendar."""
        calendars = self._transport.calendar.calendars()
        zone = self._transport.ask(calendars.get(calendarId="primary")).get("timeZone", "")
        body = {"summary": name} | ({"timeZone": zone} if zone else {})
        making = calendars.insert(body=body)
        return self._made(making, lambda: self._found_calendar(name), f"the calendar {name!r}")

    def _found_calendar(self, name: str) -> _Thing | None:
        asked = {"minAccessRole": "owner", "showHidden": True, "maxResults": 250}
        calendars = listed(self._transport, self._transport.calendar.calendarList(), asked, "items")
        return _named(calendars, name, lambda one: not (one.get("deleted") or one.get("primary")), "summary")

    def _list(self, name: str) -> Place:
        found = self._found_list(name)
        if found is None:
            making = self._transport.tasks.tasklists().insert(body={"title": name})
            found = self._made(making, lambda: self._found_list(name), f"the task list {name!r}")
        return Place(LISTS, str(found["id"]))

    def _found_list(self, name: str) -> _Thing | None:
        lists = listed(self._transport, self._transport.tasks.tasklists(), {"maxResults": 100}, "items")
        return _named(lists, name, lambda _: True, "title")

    # ---------------------------------------------------------------- what they share

    def _made(self, making: Any, look: Callable[[], _Thing | None], what: str) -> _Thing:
        """After an answer that was lost, or that told of another one, the list says what there is."""
        try:
            return self._turns.ask(making)
        except (OutcomeUnknown, ItemError) as err:
            if (found := look()) is not None:
                return found
            if isinstance(err, OutcomeUnknown):
                message = f"Google may have made {what} or not; it is looked for again later."
                raise Unavailable(message, server_said=err.server_said) from err
            message = f"Google does not make {what}; choose another name."
            raise Rejected(message, server_said=err.server_said) from err


def _mark(name: str) -> dict[str, str]:
    return {"key": COLLECTION, "value": name}


def _named(things: Iterator[_Thing], name: str, fits: Callable[[_Thing], bool], key: str) -> _Thing | None:
    """The one that is called exactly so, else one that differs in case only."""
    found = [one for one in things if fits(one) and str(one.get(key, "")).casefold() == name.casefold()]
    return next((one for one in found if one[key] == name), found[0] if found else None)
