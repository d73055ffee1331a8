"""The company's people and groups, folders that are made, and calendars that are shared, seen through O365."""

from __future__ import annotations

import pytest

from tests.integration.microsoft.o365_account import ADA, Json, World, account, graph_world, single

__all__ = ["graph_world"]  # a fixture

BOB = "bob@example.com"
NAMES = ["Team / Übersicht", "100 % & more?", 'a\'b "c"', "日本語 😀", "x#y;z"]


@pytest.fixture
def company(world: World) -> World:
    """Ada, Bob, forty people without a mailbox, and a group in a group."""
    world.exchange.add_mailbox(BOB, "Bob Builder")
    people = world.exchange.directory
    for number in range(40):
        people.add_person(f"p{number:02}@example.com", f"Person {number:02}", department="Sales", accountEnabled=False)
    inner = people.add_group("inner@example.com", "Inner", BOB, "p00@example.com")
    outer = people.add_group("outer@example.com", "Outer", ADA, "inner@example.com")
    inner.members.append(outer.id)  # a circle
    return world


def _directory(world: World, path: str, **headers: str) -> Json:
    return world.json("get", f"{world.graph.url}/v1.0{path}", **headers)


def _all(world: World, path: str) -> list[Json]:
    page = _directory(world, path)
    found = list(page["value"])
    while link := page.get("@odata.nextLink"):
        page = world.json("get", link)
        found += page["value"]
    return found


def test_users_come_in_pages_and_by_filter(company: World) -> None:
    assert len(_directory(company, "/users?$top=20")["value"]) == 20
    found = _all(company, "/users?$top=20&$select=mail,accountEnabled")
    assert [one["mail"] for one in found][:3] == [ADA, BOB, "p00@example.com"]
    assert len(found) == 42
    enabled = _all(company, "/users?$filter=accountEnabled eq true and startswith(mail,'B')")
    assert [(one["displayName"], one["userPrincipalName"]) for one in enabled] == [("Bob Builder", BOB)]
    where = f"{company.graph.url}/v1.0/users?$filter=endswith(mail,'@example.com')&$count=true"
    assert company.code("get", where)[0] == 400
    assert company.json("get", where, consistencylevel="eventual")["@odata.count"] == 42
    assert company.code("get", f"{company.graph.url}/v1.0/users?$skip=10") == (400, "Request_UnsupportedQuery")


def test_a_person_is_found_by_address_and_by_id_and_may_have_no_mailbox(company: World) -> None:
    bob = _directory(company, f"/users/{BOB}")
    assert _directory(company, f"/users/{bob['id']}")["mail"] == BOB
    assert company.code("get", f"{company.graph.url}/v1.0/users/nobody@example.com") == (
        404,
        "Request_ResourceNotFound",
    )
    app = account(company.graph, company.graph.sign_in.give()).con
    base = f"{company.graph.url}/v1.0/users"
    assert app.get(f"{base}/{bob['id']}/contacts").status_code == 200
    assert app.get(f"{base}/p00@example.com/contacts").json()["error"]["code"] == "MailboxNotEnabledForRESTAPI"


def test_members_of_a_group_and_of_the_groups_in_it(company: World) -> None:
    [outer] = _directory(company, "/groups?$filter=mail eq 'outer@example.com'")["value"]
    direct = _directory(company, f"/groups/{outer['id']}/members")["value"]
    assert [(one["@odata.type"], one["mail"]) for one in direct] == [
        ("#microsoft.graph.user", ADA),
        ("#microsoft.graph.group", "inner@example.com"),
    ]
    everybody = _all(company, f"/groups/{outer['id']}/transitiveMembers/microsoft.graph.user?$top=2")
    assert [one["mail"] for one in everybody] == [ADA, BOB, "p00@example.com"]


def test_without_permission_the_directory_is_closed(company: World) -> None:
    company.graph.switches.directory = False
    assert company.code("get", f"{company.graph.url}/v1.0/users") == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize("name", NAMES)
def test_folders_have_names_of_any_characters(world: World, name: str) -> None:
    for path, field in (("/contactFolders", "displayName"), ("/calendars", "name"), ("/todo/lists", "displayName")):
        made = world.json("post", path, {field: name})
        assert world.json("get", f"{path}/{made['id']}")[field] == name
        assert world.json("patch", f"{path}/{made['id']}", {field: f"{name}!"})[field] == f"{name}!"
        assert world.code("post", path, {field: " "})[0] == 400
        assert world.ask("delete", f"{path}/{made['id']}").status_code == 204
        assert world.ask("get", f"{path}/{made['id']}").status_code == 404


def test_a_name_is_there_once_and_folders_are_in_folders(world: World) -> None:
    hub = world.json("post", "/contactFolders", {"displayName": "AgendaHub"})
    assert world.code("post", "/contactFolders", {"displayName": "agendahub"}) == (409, "ErrorFolderExists")
    inner = world.json("post", f"/contactFolders/{hub['id']}/childFolders", {"displayName": "AgendaHub"})
    assert inner["parentFolderId"] == hub["id"]
    assert [one["id"] for one in world.json("get", "/contactFolders")["value"]] == [hub["id"]]
    assert [one["id"] for one in world.json("get", f"/contactFolders/{hub['id']}/childFolders")["value"]] == [
        inner["id"]
    ]
    assert world.json("get", "/contactFolders?$filter=displayName eq 'AgendaHub'")["value"][0]["id"] == hub["id"]
    assert world.code("delete", "/contactFolders/contacts")[0] == 403
    world.json("post", "/calendars", {"name": "Plans"})
    assert world.code("post", "/calendars", {"name": "Plans"}) == (409, "ErrorFolderExists")


def test_a_shared_calendar_is_open_as_far_as_it_was_shared(company: World) -> None:
    bob = company.exchange.mailbox(BOB)
    team = bob.add_collection("calendar", "Team")
    event = bob.create(team.id, single())
    theirs = f"{company.graph.url}/v1.0/users/{BOB}"
    assert company.code("get", f"{theirs}/calendars") == (403, "ErrorAccessDenied")
    company.exchange.directory.share(team.id, ADA)
    assert [one["name"] for one in company.json("get", f"{theirs}/calendars")["value"]] == ["Team"]
    assert company.code("get", f"{theirs}/contacts") == (403, "ErrorAccessDenied")
    assert company.code("get", f"{theirs}/calendar/events") == (403, "ErrorAccessDenied")
    for base in (f"{theirs}/calendars/{team.id}", f"{company.graph.url}/v1.0/me/calendars/{team.id}"):
        assert [one["id"] for one in company.json("get", f"{base}/events")["value"]] == [event.id]
        assert company.code("post", f"{base}/events", single()) == (403, "ErrorAccessDenied")
        assert company.code("delete", f"{base}/events/{event.id}") == (403, "ErrorAccessDenied")
    [mine, hers] = company.json("get", "/calendars")["value"]
    assert (mine["canEdit"], hers["id"], hers["canEdit"], hers["owner"]["address"]) == (True, team.id, False, BOB)
    company.exchange.directory.share(team.id, ADA, "write")
    made = company.json("post", f"{theirs}/calendars/{team.id}/events", single())
    assert bob.find(made["id"]).collection == team.id
    company.exchange.directory.share(team.id, ADA, "")
    assert company.code("get", f"{theirs}/calendars/{team.id}/events") == (403, "ErrorAccessDenied")
