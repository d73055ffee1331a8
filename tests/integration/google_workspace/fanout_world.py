"""A company at Google Workspace whose address book goes into everybody's contacts: a hub and a Google of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.google_workspace.sign_in_scopes import DIRECTORY, SERVICES
from storage import secrets
from tests.integration.microsoft.fanout_world import FOLDER, Company, company_of_three
from tests.servers.google_workspace.people_book import Book
from tests.servers.google_workspace.people_history import State
from tests.servers.google_workspace.server import Google, google_workspace

ALL, ROOT = "all@example.org", "root@example.org"


class GoogleFront:
    """Google Workspace: a service account that may act for everybody, as `tests.integration.microsoft.fanout_world`."""

    def __init__(self, google: Google) -> None:
        self.google = google
        self.company = google.directory.company
        self.company.domains.append("example.org")
        self.company.person(ROOT, "Root", admin=True)
        self.company.group(ALL)
        self.key = google.sign_in.service_account(google.url)
        self.delegate()
        self.account: dict[str, Any] = {"connector": "google_workspace", "url": google.url, "auth": "app"}
        self.account |= {"mailbox": ROOT, "token": json.dumps(self.key), "timeout": 2.0}

    def delegate(self, *scopes: str) -> None:
        """In the Admin console; all that we ask for, if nothing is said."""
        self.google.sign_in.delegate(self.key, *(scopes or map(str, (*SERVICES, *DIRECTORY))))

    def requests(self) -> int:
        """Over the wire, so far; those for tokens are not counted."""
        return self.google.outer

    def add(self, address: str) -> None:
        """Somebody gets an account, and is in the group of all."""
        self.google.world.user(address)
        self.join(address)

    def join(self, address: str) -> None:
        """Somebody who has an account."""
        self.company.group(ALL, address)

    def drop(self, address: str) -> None:
        """Somebody is not in the group of all any more; his account stays."""
        del self.company.groups[ALL].members[address]

    def suspend(self, address: str, suspended: bool = True) -> None:
        """Nobody may open the mailbox, or again."""
        self.company.person(address, suspended=suspended)


class GoogleCompany(Company):
    """With one fan-out, "book", to everybody in the group of all."""

    front: GoogleFront

    def __post_init__(self) -> None:
        super().__post_init__()
        secrets.create_key_file(self.workspace.loaded.key_file)

    def book(self, address: str) -> Book:
        """Somebody's contacts."""
        return self.front.google.people.book(address)

    def labels(self, address: str, name: str = FOLDER) -> list[State]:
        """All of this name."""
        return [one for one in self.book(address).groups.living() if one.fields["name"] == name]

    def contacts(self, address: str, name: str = FOLDER) -> list[State]:
        """Those with the label, which is there once."""
        [label] = self.labels(address, name)
        return self.book(address).members(label.name)

    def inside(self, address: str, name: str = FOLDER) -> list[str]:
        """Their names."""
        return sorted(shown_name(one) for one in self.contacts(address, name))

    def everybody(self, address: str) -> list[str]:
        """The names of all contacts that somebody has."""
        return sorted(shown_name(one) for one in self.book(address).contacts.living())


def shown_name(contact: State) -> str:
    """As Google shows it."""
    [name] = contact.fields["names"]
    return f"{name.get('givenName', '')} {name.get('familyName', '')}".strip()


@contextmanager
def google_front() -> Iterator[GoogleFront]:
    """A Google."""
    with google_workspace() as google:
        google.switches.pushes = False
        yield GoogleFront(google)


@pytest.fixture(name="front")
def front_at_google() -> Iterator[GoogleFront]:
    """For tests of one file each."""
    with google_front() as made:
        yield made


@pytest.fixture(name="company")
def company_at_google(front: GoogleFront, tmp_path: Path) -> Iterator[GoogleCompany]:
    """Three colleagues, and two contacts of the company."""
    with company_of_three(front, tmp_path, GoogleCompany) as made:
        yield made
