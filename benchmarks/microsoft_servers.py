"""The two Microsoft servers of the tests in a process of their own, so that their work is not counted as ours.

The first line that it prints says where they are. Then for each line it reads: ``count`` answers with the requests that
came since the last count, ``edit N`` changes the titles of N contacts and N events in the Graph mailbox.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

from tests.servers.microsoft.ews import add_person, exchange_server
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import Exchange, Mailbox
from tests.servers.microsoft.serving import serving

CLOUD, OUTLOOK, PASSWORD = "cloud@example.net", "outlook@example.net", "secret"
_FIRST = datetime(2026, 11, 2, 8)  # noqa: DTZ001 - on the wall in Zurich


def _contact(number: int) -> dict[str, Any]:
    return {
        "displayName": f"Ada Lovelace {number}",
        "givenName": "Ada",
        "surname": f"Lovelace {number}",
        "companyName": "Analytical Engines AG",
        "jobTitle": "Engineer",
        "emailAddresses": [{"address": f"ada{number}@example.org", "name": f"ada{number}@example.org"}],
        "businessPhones": [f"+41 44 000 {number:04}"],
        "mobilePhone": f"+41 79 000 {number:04}",
        "businessAddress": {"street": f"Main Street {number}", "city": "Zürich", "postalCode": "8001"},
        "categories": ["customers"],
        "personalNotes": "Met at the fair.",
    }


def _event(number: int) -> dict[str, Any]:
    start = _FIRST + timedelta(hours=number % 9, days=number % 200)
    made: dict[str, Any] = {
        "subject": f"Meeting {number}",
        "start": {"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "Europe/Zurich"},
        "end": {"dateTime": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "Europe/Zurich"},
        "location": {"displayName": f"Room {number % 9}"},
        "body": {"contentType": "text", "content": "Agenda: numbers, next steps"},
        "isReminderOn": True,
        "reminderMinutesBeforeStart": 15,
        "showAs": "busy",
    }
    if number % 10 == 0:
        pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [f"{start:%A}".lower()], "firstDayOfWeek": "monday"}
        limits = {"type": "numbered", "startDate": f"{start:%Y-%m-%d}", "numberOfOccurrences": 8}
        limits["recurrenceTimeZone"] = "Europe/Zurich"
        made["recurrence"] = {"pattern": pattern, "range": limits}
    return made


def fill(mailbox: Mailbox, count: int) -> None:
    """Half contacts, half events, a tenth of these recurring."""
    for name, make in (("contacts", _contact), ("calendar", _event)):
        where = mailbox.well_known(name).id
        for number in range(count // 2):
            mailbox.create(where, make(number))


def edit(mailbox: Mailbox, count: int) -> None:
    """Change the titles of the first so many of each kind."""
    for name, title in (("contacts", "displayName"), ("calendar", "subject")):
        for item in list(mailbox.in_collection(mailbox.well_known(name).id))[:count]:
            mailbox.update(item.id, {title: f"{item.fields[title]}, edited"})


def main(count: int) -> None:
    """Serve until the input ends."""
    with ExitStack() as stack:
        site = Site()
        add_person(site, OUTLOOK, PASSWORD, OUTLOOK, "Outlook")
        stack.enter_context(exchange_server(site))
        exchange = Exchange()
        mailbox = exchange.add_mailbox(CLOUD, "Cloud")
        fill(mailbox, count)
        graph = Graph(exchange)
        graph.url = stack.enter_context(serving(graph.app()))
        _say(graph=f"{graph.url}/v1.0", token=graph.sign_in.give(CLOUD), ews=site.url)
        counted = {"graph": 0, "ews": 0}
        for line in sys.stdin:
            word, _, number = line.strip().partition(" ")
            if word == "edit":
                edit(mailbox, int(number))
            now = {"graph": graph.outer, "ews": len(site.requests)}
            _say(**{name: now[name] - counted[name] for name in now})
            counted = now


def _say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
