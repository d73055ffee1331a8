"""The directory of the Google test server (Admin SDK), through google-api-python-client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.google_workspace.admin_people import EVERYBODY
from tests.servers.google_workspace.client import Desk, desk, refused
from tests.servers.google_workspace.world import ALL_SCOPES, AUTH

ROOT = "root@example.com"


@pytest.fixture
def office() -> Iterator[Desk]:
    """A company with an administrator."""
    with desk() as made:
        made.google.directory.company.person(ROOT, "Root", admin=True)
        yield made


def _admin(office: Desk, address: str = ROOT) -> Any:
    return office.api(address, "admin.directory_v1")


def _addresses(page: Any, name: str) -> list[str]:
    return [str(one.get("primaryEmail") or one.get("email")) for one in page.get(name, [])]


def test_only_administrators_see_the_directory(office: Desk) -> None:
    ada = _admin(office, "ada@example.com")
    assert refused(ada.users().list(customer="my_customer")) == (403, "forbidden")
    assert refused(ada.members().list(groupKey="staff@example.com")) == (403, "forbidden")
    public = ada.users().list(customer="my_customer", viewType="domain_public").execute()
    assert _addresses(public, "users") == ["ada@example.com", ROOT]
    assert "isAdmin" not in public["users"][0]
    stranger = _admin(office, "eve@elsewhere.example")
    assert refused(stranger.users().list(customer="my_customer", viewType="domain_public")) == (403, "forbidden")
    office.google.directory.enabled = False
    assert refused(_admin(office).users().list(customer="my_customer")) == (403, "accessNotConfigured")


def test_users_come_by_customer_or_domain_page_by_page(office: Desk) -> None:
    company = office.google.directory.company
    for place in range(4):
        company.person(f"p{place}@example.com")
    company.domains.append("example.org")
    company.person("org@example.org")
    users = _admin(office).users()
    assert refused(users.list()) == (400, "badRequest")
    assert refused(users.list(domain="elsewhere.example")) == (404, "notFound")
    assert _addresses(users.list(domain="example.org").execute(), "users") == ["org@example.org"]
    request, found = users.list(customer="my_customer", maxResults=4), list[list[str]]()
    while request is not None:
        page = request.execute()
        found.append(_addresses(page, "users"))
        request = users.list_next(request, page)
    assert [len(one) for one in found] == [4, 2]
    assert refused(users.list(customer="my_customer", maxResults=501)) == (400, "invalidParameter")


def test_users_tell_whether_they_are_there(office: Desk) -> None:
    company = office.google.directory.company
    company.person("old@example.com", suspended=True)
    company.person("new@example.com", mailbox=False, aliases=("fresh@example.com",), unit="/Sales")
    users = _admin(office).users()
    told = {one["primaryEmail"]: one for one in users.list(customer="my_customer").execute()["users"]}
    assert told["old@example.com"]["suspended"] is True
    assert (told["new@example.com"]["isMailboxSetup"], told["new@example.com"]["suspended"]) == (False, False)
    assert users.get(userKey="fresh@example.com").execute()["primaryEmail"] == "new@example.com"
    assert refused(users.get(userKey="nobody@example.com")) == (404, "notFound")

    def asked(query: str) -> list[str]:
        return _addresses(users.list(customer="my_customer", query=query).execute(), "users")

    assert asked("isSuspended=true") == ["old@example.com"]
    assert asked("isSuspended=false email:ne*") == ["new@example.com"]
    assert asked("orgUnitPath='/Sales'") == ["new@example.com"]
    assert refused(users.list(customer="my_customer", query="shoe=44")) == (400, "invalid")


def test_members_come_with_those_of_the_groups_in_a_group_if_they_are_asked_for(office: Desk) -> None:
    company = office.google.directory.company
    company.person("ada@example.com")
    company.person("old@example.com", suspended=True)
    company.group("board@example.com", "ada@example.com", "old@example.com", "all@example.com")
    company.group("all@example.com", "eve@elsewhere.example", "board@example.com")
    company.group("staff@example.com", "board@example.com", "bob@example.com")
    members = _admin(office).members()
    direct = members.list(groupKey="staff@example.com").execute()
    assert [(one["email"], one["type"]) for one in direct["members"]] == [
        ("board@example.com", "GROUP"),
        ("bob@example.com", "USER"),
    ]
    derived = members.list(groupKey="staff@example.com", includeDerivedMembership=True).execute()
    found = {one["email"]: (one["type"], one["status"]) for one in derived["members"]}
    assert len(found) == len(derived["members"])
    assert found == {
        "board@example.com": ("GROUP", "ACTIVE"),
        "bob@example.com": ("USER", "ACTIVE"),
        "ada@example.com": ("USER", "ACTIVE"),
        "old@example.com": ("USER", "SUSPENDED"),
        "all@example.com": ("GROUP", "ACTIVE"),
        "eve@elsewhere.example": ("USER", "ACTIVE"),
    }
    inside = members.hasMember(groupKey="staff@example.com", memberKey="ada@example.com").execute()
    assert inside["isMember"] is True
    assert refused(members.list(groupKey="nowhere@example.com")) == (404, "notFound")


def test_a_group_may_say_that_everybody_is_in_it(office: Desk) -> None:
    office.google.directory.company.group("all@example.com", EVERYBODY)
    [one] = _admin(office).members().list(groupKey="all@example.com").execute()["members"]
    assert (one["type"], "email" in one) == ("CUSTOMER", False)


def test_members_have_roles_and_come_page_by_page(office: Desk) -> None:
    company = office.google.directory.company
    company.group("staff@example.com", *(f"p{place}@example.com" for place in range(3)))
    company.group("staff@example.com", ROOT, role="OWNER")
    members = _admin(office).members()
    owners = members.list(groupKey="staff@example.com", roles="OWNER").execute()
    assert _addresses(owners, "members") == [ROOT]
    page = members.list(groupKey="staff@example.com", maxResults=3).execute()
    rest = members.list(groupKey="staff@example.com", maxResults=3, pageToken=page["nextPageToken"]).execute()
    assert len(page["members"]) + len(rest["members"]) == 4


def test_groups_are_listed_and_found(office: Desk) -> None:
    company = office.google.directory.company
    company.group("staff@example.com", "ada@example.com", name="Staff")
    company.group("chess@example.com", "eve@example.com")
    scopes = ALL_SCOPES | {AUTH + "admin.directory.group.readonly"}
    groups = office.api(ROOT, "admin.directory_v1", scopes=scopes).groups()
    assert _addresses(groups.list(customer="my_customer").execute(), "groups") == [
        "staff@example.com",
        "chess@example.com",
    ]
    assert _addresses(groups.list(userKey="ada@example.com").execute(), "groups") == ["staff@example.com"]
    assert groups.get(groupKey="staff@example.com").execute()["name"] == "Staff"
    assert refused(groups.list()) == (400, "badRequest")
