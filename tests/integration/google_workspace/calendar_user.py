"""Somebody who works with a calendar through Google's library; every write says sendUpdates=none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.servers.google_workspace.client import Desk, refused

ADA, BOB, CARL = "ada@example.com", "bob@example.com", "carl@example.com"
Json = dict[str, Any]
PRAGUE = "Europe/Prague"


@dataclass
class Calendar:
    """One calendar of one user."""

    api: Any
    id: str = "primary"

    @property
    def events(self) -> Any:
        """The library's resource."""
        return self.api.events()

    def insert(self, body: Json, **more: Any) -> Json:
        """As it was made."""
        return dict(self.ask("insert", body=body, **more).execute(num_retries=0))

    def take_in(self, body: Json, **more: Any) -> Json:
        """Import it."""
        return dict(self.events.import_(calendarId=self.id, body=body, **more).execute(num_retries=0))

    def patch(self, name: str, body: Json, etag: str = "", **more: Any) -> Json:
        """As it is then."""
        request = self.ask("patch", eventId=name, body=body, **more)
        if etag:
            request.headers["If-Match"] = etag
        return dict(request.execute(num_retries=0))

    def put(self, name: str, body: Json, **more: Any) -> Json:
        """As it is then."""
        return dict(self.ask("update", eventId=name, body=body, **more).execute(num_retries=0))

    def delete(self, name: str) -> None:
        """It is cancelled then."""
        self.ask("delete", eventId=name).execute(num_retries=0)

    def get(self, name: str, **more: Any) -> Json:
        """One event."""
        return dict(self.events.get(calendarId=self.id, eventId=name, **more).execute(num_retries=0))

    def page(self, **more: Any) -> Json:
        """One page of a list."""
        return dict(self.events.list(calendarId=self.id, **more).execute(num_retries=0))

    def all(self, **more: Any) -> list[Json]:
        """All events of a list, page by page."""
        items, page = [], self.page(**more)
        items += page["items"]
        while "nextPageToken" in page:
            page = self.page(**more, pageToken=page["nextPageToken"])
            items += page["items"]
        return items

    def token(self, **more: Any) -> str:
        """The sync token of a whole list that fits on one page."""
        return str(self.page(**more)["nextSyncToken"])

    def ask(self, method: str, **more: Any) -> Any:
        """A request that could mail somebody, and does not."""
        return getattr(self.events, method)(calendarId=self.id, sendUpdates="none", **more)

    def no(self, method: str, **more: Any) -> tuple[int, str]:
        """Status and reason of a request that is refused."""
        quiet = {} if method in {"list", "get", "instances", "import_", "watch"} else {"sendUpdates": "none"}
        return refused(getattr(self.events, method)(calendarId=self.id, **quiet, **more))


def calendar_of(google: Desk, address: str = ADA, calendar: str = "primary", **more: Any) -> Calendar:
    """With a token of its own."""
    return Calendar(google.api(address, **more), calendar)


def timed(summary: str = "Lunch", day: str = "2026-03-01", hour: int = 9, **more: Any) -> Json:
    """An hour long, in Prague."""
    start = {"dateTime": f"{day}T{hour:02}:00:00", "timeZone": PRAGUE}
    end = {"dateTime": f"{day}T{hour + 1:02}:00:00", "timeZone": PRAGUE}
    return {"summary": summary, "start": start, "end": end, **more}


def whole_day(summary: str = "Fair", first: str = "2026-03-01", after: str = "2026-03-02", **more: Any) -> Json:
    """All day long."""
    return {"summary": summary, "start": {"date": first}, "end": {"date": after}, **more}


def daily(count: int = 5, **more: Any) -> Json:
    """A series in Prague, at nine from the first of March 2026 on."""
    return timed("Stand-up", recurrence=[f"RRULE:FREQ=DAILY;COUNT={count}"], **more)
