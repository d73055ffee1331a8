"""The Calendar API: everything that tests look at."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from tests.servers.google_workspace.calendar_channels import Channels
from tests.servers.google_workspace.calendar_events import Events
from tests.servers.google_workspace.calendar_listing import Listing
from tests.servers.google_workspace.calendar_lists import CalendarLists
from tests.servers.google_workspace.calendar_store import Box, Calendars, Entry
from tests.servers.google_workspace.protocol import Handler
from tests.servers.google_workspace.world import World


class CalendarApi:
    """`calendars` has the data; `channels` who is called."""

    def __init__(self, world: World) -> None:
        self.calendars = Calendars(world)
        self.channels = Channels(self.calendars)
        self._parts = (Events(self.calendars), Listing(self.calendars), CalendarLists(self.calendars), self.channels)

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        return {name: run for part in self._parts for name, run in part.handlers().items()}

    def routes(self) -> list[Route]:
        """None but the documents'."""
        return []

    def box(self, calendar: str) -> Box:
        """A calendar by its id; a user's primary one by his address."""
        return self.calendars.boxes[calendar]

    def events(self, calendar: str) -> list[Entry]:
        """What is in it and not deleted, in the order of changes; exceptions too."""
        return sorted((one for one in self.box(calendar).entries.values() if not one.cancelled), key=lambda e: e.seq)

    def put(self, calendar: str, **body: Any) -> Entry:
        """As `Calendars.put`: what no client may write."""
        return self.calendars.put(calendar, **body)
