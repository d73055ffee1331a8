"""The Google of the tests in a process of its own, so that its work is not counted as ours.

The first line that it prints says where it is. Then for each line it reads: ``count`` answers with the requests that
came since the last count (a batch is one), ``edit N`` changes the titles of N contacts and N events of the source.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from typing import Any

from tests.servers.google_workspace.client import service
from tests.servers.google_workspace.server import Google, google_workspace

SOURCE, TARGET = "source@example.net", "target@example.net"
_FIRST = datetime(2026, 11, 2, 8)  # noqa: DTZ001 - on the wall in Zurich
_AT_ONCE = 50  # of a batch


def _contact(number: int) -> dict[str, Any]:
    return {
        "names": [{"givenName": "Ada", "familyName": f"Lovelace {number}"}],
        "organizations": [{"name": "Analytical Engines AG", "title": "Engineer"}],
        "emailAddresses": [{"value": f"ada{number}@example.org", "type": "work"}],
        "phoneNumbers": [
            {"value": f"+41 44 000 {number:04}", "type": "work"},
            {"value": f"+41 79 000 {number:04}", "type": "mobile"},
        ],
        "addresses": [
            {"streetAddress": f"Main Street {number}", "city": "Zürich", "postalCode": "8001", "type": "work"}
        ],
        "biographies": [{"value": "Met at the fair.", "contentType": "TEXT_PLAIN"}],
    }


def _event(number: int) -> dict[str, Any]:
    start = _FIRST + timedelta(hours=number % 9, days=number % 200)
    made: dict[str, Any] = {
        "summary": f"Meeting {number}",
        "start": {"dateTime": start.isoformat(), "timeZone": "Europe/Zurich"},
        "end": {"dateTime": (start + timedelta(hours=1)).isoformat(), "timeZone": "Europe/Zurich"},
        "location": f"Room {number % 9}",
        "description": "Agenda: numbers, next steps",
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 15}]},
    }
    return made | ({"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=8"]} if number % 10 == 0 else {})


def fill(root: str, token: str, count: int) -> None:
    """Half contacts, half events, a tenth of these recurring."""
    people, calendar = service(root, "people.v1", token), service(root, "calendar.v3", token)
    for start in range(0, count // 2, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, count // 2))
        made = [{"contactPerson": _contact(number)} for number in numbers]
        people.people().batchCreateContacts(body={"contacts": made, "readMask": "names"}).execute()
        batch = calendar.new_batch_http_request(_insist)
        for number in numbers:
            batch.add(calendar.events().insert(calendarId="primary", body=_event(number), sendUpdates="none"))
        batch.execute()
    people.close()
    calendar.close()


def _insist(_id: str, _answer: Any, error: Exception | None) -> None:
    if error is not None:
        raise error


def edit(root: str, token: str, count: int) -> None:
    """Change the titles of the first so many of each kind."""
    people, calendar = service(root, "people.v1", token), service(root, "calendar.v3", token)
    asked = people.people().connections().list(resourceName="people/me", pageSize=count, personFields="names,metadata")
    for person in asked.execute()["connections"][:count]:
        names = [{"givenName": "Ada", "familyName": f"{person['names'][0]['familyName']}, edited"}]
        body = {"etag": person["etag"], "metadata": person["metadata"], "names": names}
        name = person["resourceName"]
        people.people().updateContact(resourceName=name, body=body, updatePersonFields="names").execute()
    for event in calendar.events().list(calendarId="primary", maxResults=count).execute()["items"][:count]:
        body = {"summary": f"{event['summary']}, edited"}
        calendar.events().patch(calendarId="primary", eventId=event["id"], body=body, sendUpdates="none").execute()
    people.close()
    calendar.close()


def main(count: int) -> None:
    """Serve until the input ends."""
    with google_workspace() as google:
        tokens = {"source": google.give(SOURCE), "target": google.give(TARGET)}
        fill(google.url, tokens["source"], count)
        _say(url=google.url, **tokens)
        _answer(google, tokens["source"])


def _answer(google: Google, token: str) -> None:
    counted = google.outer
    for line in sys.stdin:
        word, _, number = line.strip().partition(" ")
        if word == "edit":
            edit(google.url, token, int(number))
        now = google.outer
        _say(source=now - counted, target=now - counted)
        counted = now


def _say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
