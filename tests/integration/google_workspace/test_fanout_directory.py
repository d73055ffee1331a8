"""Who is in the company and in its groups, asked of the Admin SDK as our connector asks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from connectors.google_workspace.directory import DirectoryReading
from connectors.google_workspace.transport import Transport
from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised, Rejected, SuspectListing
from tests.servers.google_workspace.admin_people import EVERYBODY
from tests.servers.google_workspace.protocol import Fault
from tests.servers.google_workspace.server import Google, google_workspace

ROOT, ADA, BOB = "root@example.com", "ada@example.com", "bob@example.com"


@pytest.fixture
def google() -> Iterator[Google]:
    """A company of three, and people who are away."""
    with google_workspace() as made:
        company = made.directory.company
        for address in (BOB, ADA):
            company.person(address, f"{address.partition('@')[0].title()} Smith")
        company.person(ROOT, "Root", admin=True)
        company.person("away@example.com", suspended=True)
        company.person("left@example.com", archived=True)
        company.person("robot@example.com", mailbox=False)
        yield made


@pytest.fixture
def directory(google: Google) -> Iterator[DirectoryReading]:
    """As the administrator reads it."""
    settings = ConnectorSettings(google.url, secret=google.give(ROOT), auth="bearer", timeout=2.0)
    with closing(Transport(settings)) as transport:
        yield DirectoryReading(transport)


def test_people_are_those_with_a_mailbox_who_are_not_away(directory: DirectoryReading) -> None:
    assert [(one.address, one.name) for one in directory.people()] == [
        (ADA, "Ada Smith"), (BOB, "Bob Smith"), (ROOT, "Root")
    ]  # fmt: skip


def test_r01_pages_may_be_short_or_empty(google: Google, directory: DirectoryReading) -> None:
    for number in range(20):
        google.directory.company.person(f"p{number:02}@example.com")
    google.switches.page_size, google.switches.empty_pages = 4, True
    assert len(list(directory.people())) == 23
    assert google.asked("directory.users.list") == 8, "one that is empty, and six or seven with four"


def test_a_group_counts_with_the_groups_in_it_and_each_person_once(google: Google, directory: DirectoryReading) -> None:
    company = google.directory.company
    company.group("inner@example.com", ADA, "outer@example.com")
    company.group("outer@example.com", "inner@example.com", ADA, BOB, "stranger@other.example", "away@example.com")
    google.switches.page_size = 2
    assert [one.address for one in directory.members("Outer@example.com")] == [ADA, BOB]


def test_a_group_may_hold_everybody(google: Google, directory: DirectoryReading) -> None:
    google.directory.company.group("all@example.com", EVERYBODY)
    assert [one.address for one in directory.members("all@example.com")] == [ADA, BOB, ROOT]


def test_a_group_that_is_not_there_is_named(directory: DirectoryReading) -> None:
    with pytest.raises(Rejected, match=r"no group sales@example\.com in Google Workspace") as raised:
        list(directory.members("sales@example.com"))
    assert "Resource Not Found: groupKey" in raised.value.server_said


def test_who_is_no_administrator_is_told_what_to_do(google: Google) -> None:
    settings = ConnectorSettings(google.url, secret=google.give(ADA), auth="bearer", timeout=2.0)
    with closing(Transport(settings)) as transport:
        for ask in (DirectoryReading(transport).people, lambda: DirectoryReading(transport).members("all@example.com")):
            with pytest.raises(NotAuthorised, match="set the account's `mailbox` to an administrator") as raised:
                list(ask())
            assert "Not Authorized to access this resource/api" in raised.value.server_said


def test_a_project_without_the_admin_sdk_is_told(google: Google, directory: DirectoryReading) -> None:
    google.directory.enabled = False
    with pytest.raises(NotAuthorised) as raised:
        list(directory.people())
    assert "Admin SDK API has not been used" in raised.value.server_said


@pytest.mark.parametrize("page", [b"<html>Please sign in</html>", b""])
def test_r01_what_stands_in_between_is_no_company(google: Google, directory: DirectoryReading, page: bytes) -> None:
    google.faults.append(Fault(status=200, page=page or b" ", method="users.list"))
    with pytest.raises(SuspectListing):
        list(directory.people())
