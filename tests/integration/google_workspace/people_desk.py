"""Ada's contacts at the Google test server, seen through google-api-python-client, with a clock that can be turned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.servers.google_workspace.client import Desk, desk
from tests.servers.google_workspace.people_book import Book
from tests.servers.google_workspace.server import Google
from tests.servers.google_workspace.world import World

ADA = "ada@example.com"
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ALL = (
    "addresses,biographies,birthdays,clientData,emailAddresses,events,genders,memberships,metadata,names,nicknames,"
    "organizations,phoneNumbers,photos,relations,urls,userDefined"
)
Json = dict[str, Any]


@dataclass
class Clock:
    """Stands still until it is turned."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        """E.g. days=7."""
        self.at += timedelta(**by)


@dataclass
class PeopleDesk:
    """Ada's contacts."""

    made: Desk
    clock: Clock
    api: Any = field(init=False)  # the real library's people service

    def __post_init__(self) -> None:
        self.api = self.made.api(ADA, "people.v1")

    @property
    def google(self) -> Google:
        """The server."""
        return self.made.google

    @property
    def book(self) -> Book:
        """What Ada has, by her own hand."""
        return self.google.people.book(ADA)

    def create(self, given: str = "Bob", fields: str = ALL, **more: Any) -> Json:
        """A new contact, through the API."""
        body = {"names": [{"givenName": given}], **more}
        created: Json = self.api.people().createContact(body=body, personFields=fields).execute()
        return created

    def update(self, person: Json, what: str, **fields: Any) -> Any:
        """A request that changes some fields of a person that was read."""
        body = {"metadata": {"sources": person["metadata"]["sources"]}, **fields}
        return self.api.people().updateContact(
            resourceName=person["resourceName"], updatePersonFields=what, body=body, personFields=ALL
        )

    def get(self, name: str, fields: str = ALL) -> Json:
        """Read by its name."""
        got: Json = self.api.people().get(resourceName=name, personFields=fields).execute()
        return got

    def page(self, **more: Any) -> Any:
        """A request for one page of the contacts."""
        asked = {"resourceName": "people/me", "personFields": "names,metadata", "requestSyncToken": True, **more}
        return self.api.people().connections().list(**asked)

    def round(self, token: str = "", **more: Any) -> tuple[list[Json], str]:
        """All pages, and the sync token; what a connector does."""
        found: list[Json] = []
        asked = {**more, **({"syncToken": token} if token else {})}
        page = self.page(**asked).execute()
        while "nextPageToken" in page:
            assert "nextSyncToken" not in page
            found += page.get("connections", [])
            page = self.page(**asked, pageToken=page["nextPageToken"]).execute()
        return found + page.get("connections", []), page.get("nextSyncToken", "")

    def whole(self) -> list[str]:
        """Given names of a full list."""
        return [given(one) for one in self.round()[0]]


def given(person: Json) -> str:
    """The first name."""
    return str(person["names"][0].get("givenName", ""))


@pytest.fixture
def ada() -> Iterator[PeopleDesk]:
    """A server of its own, whose clock stands still."""
    clock = Clock()
    with desk(World(clock=clock)) as made:
        yield PeopleDesk(made, clock)
