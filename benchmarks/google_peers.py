"""What Google's client library needs to read all items of an account once, as a program without sync tokens does."""

from __future__ import annotations

from typing import Any

from tests.servers.google_workspace.client import service

_FIELDS = "names,organizations,emailAddresses,phoneNumbers,addresses,biographies,memberships,clientData,metadata"


def read_by_client(name: str, told: dict[str, Any], count: int) -> None:
    """All contacts and events, with the largest pages there are."""
    people, calendar = service(told["url"], "people.v1", told[name]), service(told["url"], "calendar.v3", told[name])
    contacts = people.people().connections()
    events = calendar.events()
    asked = contacts.list(resourceName="people/me", pageSize=1000, personFields=_FIELDS)
    found = _all(contacts, asked, "connections") + _all(
        events, events.list(calendarId="primary", maxResults=2500), "items"
    )
    people.close()
    calendar.close()
    assert found == count, found


def _all(resource: Any, asked: Any, name: str) -> int:
    found = 0
    while asked is not None:
        page = asked.execute()
        found += len(page.get(name, ()))
        asked = resource.list_next(asked, page)
    return found
