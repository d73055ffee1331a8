"""Ids, contacts, photos, extended properties, categories and mail folders, seen through O365 (G18-G23)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.microsoft.o365_account import ADA, Json, World, account, graph_world, single

__all__ = ["graph_world"]  # a fixture

GUID = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name"


def test_g18_immutable_ids_outlive_a_move_and_others_do_not(world: World) -> None:
    plain = account(world.graph, world.graph.sign_in.give(ADA), immutable=False)
    made = world.json("post", "/mailFolders/inbox/messages", {"subject": "Hello"})["id"]
    before = plain.con.get(world.url(f"/messages/{made}")).json()["id"]
    assert before != made
    world.json("post", f"/messages/{made}/move", {"destinationId": "Drafts"})
    assert world.json("get", f"/messages/{made}")["id"] == made
    assert plain.con.get(world.url(f"/messages/{before}")).status_code == 404
    assert plain.con.get(world.url(f"/messages/{made}")).json()["id"] not in {made, before}


def test_g18_ids_are_case_sensitive(world: World) -> None:
    ids = [world.json("post", "/contacts", {"displayName": f"P{i}"})["id"] for i in range(6)]
    assert len({one.lower() for one in ids}) < len(set(ids)) == 6
    for number, one in enumerate(ids):
        assert world.json("get", f"/contacts/{one}")["displayName"] == f"P{number}"
    assert world.code("get", f"/contacts/{ids[0].swapcase()}") == (404, "ErrorItemNotFound")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("emailAddresses", [{"address": f"{i}@example.com"} for i in range(4)]),
        ("homePhones", ["1", "2", "3"]),
        ("businessPhones", ["1", "2", "3"]),
        ("birthday", "--03-08"),
        ("hobby", "chess"),
    ],
)
def test_g19_a_contact_has_its_limits(world: World, name: str, value: Any) -> None:
    assert world.code("post", "/contacts", {"displayName": "Eva", name: value})[0] == 400
    assert list(world.ada.in_collection("contacts")) == []


def test_g19_an_address_is_replaced_whole_and_null_clears(world: World) -> None:
    home = {"street": "Na Kopci 1", "city": "Praha"}
    made = world.json("post", "/contacts", {"displayName": "Eva", "homeAddress": home, "jobTitle": "Boss"})
    assert made["birthday"] is None
    where = f"/contacts/{made['id']}"
    world.json("patch", where, {"homeAddress": {"city": "Brno"}, "jobTitle": None})
    seen = world.json("get", where)
    assert (seen["homeAddress"], seen["jobTitle"], seen["displayName"]) == ({"city": "Brno"}, None, "Eva")


def test_g19_o365_writes_and_reads_a_contact(world: World) -> None:
    contact = world.o365.address_book().new_contact()
    contact.name, contact.surname = "Eva", "Malá"
    contact.emails.add("eva@example.com")
    assert contact.save()
    (found,) = world.o365.address_book().get_contacts()
    assert (found.name, found.surname, found.main_email) == ("Eva", "Malá", "eva@example.com")


def test_g20_a_photo_has_a_place_of_its_own_and_no_delta(world: World) -> None:
    made = world.json("post", "/contacts", {"displayName": "Eva"})["id"]
    _, link = world.round("/contacts/delta")
    where = world.url(f"/contacts/{made}/photo/$value")
    assert world.o365.con.get(where).status_code == 404
    jpeg = b"\xff\xd8\xff\xe0 a picture"
    assert world.o365.con.put(where, data=jpeg, headers={"Content-type": "image/jpeg"}).status_code == 200
    assert world.o365.con.get(where).content == jpeg
    assert world.round(link)[0] == []


def test_g21_extended_properties_are_shown_when_asked_for_only(world: World) -> None:
    own = {"singleValueExtendedProperties": [{"id": f"{GUID} AgendaHubKey", "value": "Key-1"}]}
    made = world.json("post", "/contacts", {"displayName": "Eva", **own})["id"]
    world.json("post", "/contacts", {"displayName": "Other"})
    assert "singleValueExtendedProperties" not in world.json("get", f"/contacts/{made}")

    def expanded(name: str) -> Json:
        return world.json("get", f"/contacts/{made}?$expand=singleValueExtendedProperties($filter=id eq '{name}')")

    assert expanded(f"{GUID} AgendaHubKey")["singleValueExtendedProperties"][0]["value"] == "Key-1"
    assert "singleValueExtendedProperties" not in expanded(f"{GUID} agendahubkey")
    assert _found(world, f"{GUID} AgendaHubKey", "KEY-1") == [made]
    assert _found(world, f"{GUID} agendahubkey", "Key-1") == []
    assert _found(world, f"{GUID} AgendaHubKey", "Key-2") == []


def _found(world: World, name: str, value: str) -> list[str]:
    any_of = f"singleValueExtendedProperties/Any(ep: ep/id eq '{name}' and ep/value eq '{value}')"
    return [one["id"] for one in world.json("get", f"/contacts?$filter={any_of}")["value"]]


def test_g22_categories_are_names_and_their_colours_are_elsewhere(world: World) -> None:
    made = world.json("post", "/events", single(categories=["Red day", "No colour"]))
    assert made["categories"] == ["Red day", "No colour"]
    world.json("post", "/outlook/masterCategories", {"displayName": "Red day", "color": "preset0"})
    assert world.code("post", "/outlook/masterCategories", {"displayName": "Red day", "color": "preset1"})[0] == 409
    assert [one["color"] for one in world.json("get", "/outlook/masterCategories")["value"]] == ["preset0"]


def test_g23_messages_are_told_by_folder_and_a_move_is_a_tombstone(world: World) -> None:
    made = world.json("post", "/mailFolders/Inbox/messages", {"subject": "Hello", "body": {"content": "Text"}})
    found, link = world.round("/mailFolders/inbox/messages/delta")
    assert [one["internetMessageId"] for one in found] == [made["internetMessageId"]]
    world.json("post", f"/messages/{made['id']}/move", {"destinationId": "drafts"})
    assert world.round(link)[0] == [{"id": made["id"], "@removed": {"reason": "deleted"}}]
    mime = world.ask("get", f"/messages/{made['id']}/$value").text
    assert "Subject: Hello" in mime
    assert "Message-ID: " in mime
    large = {"name": "a.bin", "contentBytes": "A" * (4 * 1024 * 1024 + 4)}
    assert world.code("post", f"/messages/{made['id']}/attachments", large)[0] == 413
