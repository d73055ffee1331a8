"""Labels, photos, own data and searches at the People test server (P10, P11), through the real library."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import httplib2

from tests.integration.google_workspace.people_desk import ALL, PeopleDesk, ada
from tests.servers.google_workspace.client import refused

__all__ = ["ada"]  # a fixture

INVALID = (400, "INVALID_ARGUMENT")
JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n a picture"


def _label(ada: PeopleDesk, name: str, **more: Any) -> Any:
    body = {"contactGroup": {"name": name, **more}, "readGroupFields": "name,groupType,metadata,clientData"}
    return ada.api.contactGroups().create(body=body).execute()


def _groups(ada: PeopleDesk, **more: Any) -> Any:
    return ada.api.contactGroups().list(**more).execute()


def _modify(ada: PeopleDesk, group: str, add: list[str] | None = None, remove: list[str] | None = None) -> Any:
    body = {"resourceNamesToAdd": add or [], "resourceNamesToRemove": remove or []}
    return ada.api.contactGroups().members().modify(resourceName=group, body=body)


def test_p10_labels_are_listed_after_the_systems_groups_and_have_sync_tokens(ada: PeopleDesk) -> None:
    chess = _label(ada, "Chess")["resourceName"]
    page = _groups(ada)
    kinds = [one["groupType"] for one in page["contactGroups"]]
    assert kinds == ["SYSTEM_CONTACT_GROUP"] * 8 + ["USER_CONTACT_GROUP"]
    assert {one["resourceName"] for one in page["contactGroups"]} >= {"contactGroups/myContacts", chess}
    token = page["nextSyncToken"]
    page = _groups(ada, syncToken=token)
    assert ("contactGroups" in page, page["totalItems"]) == (False, 9)
    _label(ada, "Family and friends")
    ada.api.contactGroups().delete(resourceName=chess).execute()
    gone, new = sorted(_groups(ada, syncToken=token)["contactGroups"], key=lambda one: "name" in one)
    assert (gone["resourceName"], gone["metadata"]["deleted"]) == (chess, True)
    assert new["name"] == "Family and friends"


def test_p10_pages_of_labels_have_30_entries(ada: PeopleDesk) -> None:
    for place in range(31):
        ada.book.label(f"L{place}")
    page = _groups(ada)
    assert "nextSyncToken" not in page
    rest = _groups(ada, pageToken=page["nextPageToken"])
    names = [one["name"] for one in [*page["contactGroups"], *rest["contactGroups"]] if one["name"].startswith("L")]
    assert (len(names), bool(rest["nextSyncToken"])) == (31, True)


def test_p10_labels_can_lag_in_lists(ada: PeopleDesk) -> None:
    token = _groups(ada)["nextSyncToken"]
    ada.google.people.switches.label_lag = timedelta(minutes=1)
    chess = _label(ada, "Chess")["resourceName"]
    assert "contactGroups" not in _groups(ada, syncToken=token)
    assert ada.api.contactGroups().get(resourceName=chess).execute()["name"] == "Chess"
    ada.clock.turn(minutes=1)
    assert [one["name"] for one in _groups(ada, syncToken=token)["contactGroups"]] == ["Chess"]


def test_p10_labels_have_names_of_their_own(ada: PeopleDesk) -> None:
    chess = _label(ada, "Chess")
    body: Any = {"contactGroup": {"name": "Chess"}}
    assert refused(ada.api.contactGroups().create(body=body)) == (409, "ALREADY_EXISTS")
    go = _label(ada, "Go")["resourceName"]
    assert refused(ada.api.contactGroups().update(resourceName=go, body=body)) == (409, "ALREADY_EXISTS")
    body = {"contactGroup": {"name": "Chess club", "etag": chess["etag"]}}
    update = ada.api.contactGroups().update(resourceName=chess["resourceName"], body=body)
    assert update.execute()["name"] == "Chess club"
    assert refused(update) == (400, "FAILED_PRECONDITION")
    assert refused(ada.api.contactGroups().create(body={"contactGroup": {"name": " "}})) == INVALID


def test_p10_labels_carry_client_data(ada: PeopleDesk) -> None:
    data = [{"key": "AgendaHubCollection", "value": "team"}]
    chess = _label(ada, "Chess", clientData=data)
    assert chess["clientData"] == data
    shown = _groups(ada, groupFields="name,clientData")["contactGroups"][-1]
    assert (shown["clientData"], "groupType" in shown) == (data, False)
    assert "clientData" not in _groups(ada)["contactGroups"][-1]
    body = {"contactGroup": {"clientData": []}, "updateGroupFields": "clientData", "readGroupFields": "clientData,name"}
    assert "clientData" not in ada.api.contactGroups().update(resourceName=chess["resourceName"], body=body).execute()


def test_p10_members_are_modified_and_their_contacts_change(ada: PeopleDesk) -> None:
    bob, eve = ada.create("Bob")["resourceName"], ada.create("Eve")["resourceName"]
    chess = _label(ada, "Chess")["resourceName"]
    _, token = ada.round()
    assert _modify(ada, chess, add=[bob, "people/c7"]).execute() == {"notFoundResourceNames": ["people/c7"]}
    assert [one["resourceName"] for one in ada.round(token)[0]] == [bob]
    group = ada.api.contactGroups().get(resourceName=chess, maxMembers=10).execute()
    assert (group["memberResourceNames"], group["memberCount"]) == ([bob], 1)
    assert _modify(ada, "contactGroups/myContacts", remove=[bob]).execute() == {}
    assert _modify(ada, chess, remove=[bob]).execute() == {"canNotRemoveLastContactGroupResourceNames": [bob]}
    several = ada.api.contactGroups().batchGet(resourceNames=[chess, "contactGroups/no"], maxMembers=9).execute()
    assert several["responses"][0]["contactGroup"]["memberResourceNames"] == [bob]
    assert several["responses"][1]["status"]["code"] == 5
    assert refused(_modify(ada, chess, add=[eve] * 1001)) == INVALID


def test_p10_the_systems_groups_are_only_read_but_for_two(ada: PeopleDesk) -> None:
    bob = ada.create()["resourceName"]
    assert refused(_modify(ada, "contactGroups/family", add=[bob])) == INVALID
    assert _modify(ada, "contactGroups/starred", add=[bob]).execute() == {}
    for group in ("myContacts", "friends"):
        name = f"contactGroups/{group}"
        assert refused(ada.api.contactGroups().delete(resourceName=name)) == INVALID
        body = {"contactGroup": {"name": "Mine"}}
        assert refused(ada.api.contactGroups().update(resourceName=name, body=body)) == INVALID


def test_p10_without_its_label_a_contact_stays_unless_told_otherwise(ada: PeopleDesk) -> None:
    chess, go = _label(ada, "Chess")["resourceName"], _label(ada, "Go")["resourceName"]
    bob = ada.create("Bob", memberships=[_in(chess)])["resourceName"]
    ada.create("Eve", memberships=[_in(go)])
    ada.api.contactGroups().delete(resourceName=chess).execute()
    assert ada.get(bob)["memberships"][0]["contactGroupMembership"]["contactGroupId"] == "myContacts"
    ada.api.contactGroups().delete(resourceName=go, deleteContacts=True).execute()
    assert ada.whole() == ["Bob"]


def test_p11_own_ids_are_kept_in_client_data(ada: PeopleDesk) -> None:
    data = [{"key": "AgendaHubUid", "value": "u1"}, {"key": "AgendaHubUid", "value": "u2"}]
    bob = ada.create(clientData=data)
    assert [(one["key"], one["value"]) for one in bob["clientData"]] == [("AgendaHubUid", "u1"), ("AgendaHubUid", "u2")]
    [listed], _ = ada.round(personFields="clientData")
    assert len(listed["clientData"]) == 2


def test_p11_a_photo_is_written_by_itself_and_read_by_its_url_without_a_token(ada: PeopleDesk) -> None:
    bob = ada.create(photos=[{"url": "http://127.0.0.1/other.jpg"}])
    [letter] = bob["photos"]
    assert letter["default"] is True
    told = _put_photo(ada, bob, JPEG).execute()["person"]
    [photo] = told["photos"]
    assert "default" not in photo
    assert told["metadata"]["sources"][0]["etag"] != bob["metadata"]["sources"][0]["etag"]
    assert photo["url"].startswith(ada.google.url)
    assert _bytes(photo["url"]) == (200, JPEG)
    assert _bytes(letter["url"])[1] != JPEG
    assert {given for _, given in ada.google.people.photo_requests} == {""}
    png = _put_photo(ada, bob, PNG).execute()["person"]["photos"][0]
    assert (png["url"] != photo["url"], _bytes(png["url"])[1]) == (True, PNG)


def test_p11_photos_are_jpeg_or_png_and_go_away(ada: PeopleDesk) -> None:
    bob = ada.create()
    assert refused(_put_photo(ada, bob, b"GIF89a")) == INVALID
    remove = ada.api.people().deleteContactPhoto(resourceName=bob["resourceName"], personFields="photos")
    assert refused(remove) == (404, "NOT_FOUND")
    assert _put_photo(ada, bob, JPEG, "").execute() == {}
    assert remove.execute()["person"]["photos"][0]["default"] is True


def test_p11_photos_can_be_recoded_or_gone(ada: PeopleDesk) -> None:
    bob = ada.create()
    url = _put_photo(ada, bob, JPEG).execute()["person"]["photos"][0]["url"]
    ada.google.people.switches.recoded_photos = True
    assert _bytes(url)[1] != JPEG
    ada.google.people.switches.no_photo_urls = True
    assert _bytes(url)[0] == 404


def test_p11_a_search_finds_nothing_that_was_written_since_its_warm_up(ada: PeopleDesk) -> None:
    def found(query: str, **more: Any) -> list[str]:
        told = ada.api.people().searchContacts(query=query, readMask="names", **more).execute()
        return [one["person"]["names"][0]["displayName"] for one in told.get("results", [])]

    ada.create(names=[{"givenName": "Foo", "familyName": "Name"}])
    assert found("foo") == []
    assert found("") == []
    assert (found("f"), found("foo n"), found("nam"), found("oo n")) == (["Foo Name"], ["Foo Name"], ["Foo Name"], [])
    for place in range(31):
        ada.book.add({"names": [{"givenName": f"Fox{place}"}]})
    assert found("fox") == []
    found("")
    assert (len(found("fox")), len(found("fox", pageSize=50))) == (10, 30)


def test_an_other_contact_becomes_ones_own(ada: PeopleDesk) -> None:
    fields = {"emailAddresses": [{"value": "eve@example.com"}], "names": [{"givenName": "Eve"}]}
    other = ada.book.meet(fields).name
    copy = ada.api.otherContacts().copyOtherContactToMyContactsGroup
    made = copy(resourceName=other, body={"copyMask": "emailAddresses"}).execute()
    assert made["emailAddresses"][0]["value"] == "eve@example.com"
    assert "names" not in ada.get(made["resourceName"])
    assert "otherContacts" not in ada.api.otherContacts().list(readMask="names").execute()
    assert refused(copy(resourceName=other, body={"copyMask": "emailAddresses"})) == (404, "NOT_FOUND")


def test_names_addresses_and_phones_are_told_with_what_google_makes_of_them(ada: PeopleDesk) -> None:
    name = {"honorificPrefix": "Dr.", "givenName": "Ada", "familyName": "King", "honorificSuffix": "Jr."}
    address = {"streetAddress": "Main 1", "city": "Brno", "postalCode": "602 00", "type": "work"}
    phones = [{"value": "+420 602-1", "type": "mobile"}, {"value": "602"}]
    made = ada.create(names=[name], addresses=[address], phoneNumbers=phones, nicknames=[{"value": ""}])
    assert made["names"][0]["displayName"] == "Dr. Ada King, Jr."
    assert made["names"][0]["displayNameLastFirst"] == "King, Dr. Ada, Jr."
    assert made["addresses"][0]["formattedValue"] == "Main 1\n602 00 Brno"
    assert made["addresses"][0]["formattedType"] == "Work"
    assert [one.get("canonicalForm") for one in made["phoneNumbers"]] == ["+4206021", None]
    assert [one["metadata"].get("primary") for one in made["phoneNumbers"]] == [True, None]
    assert "nicknames" not in made
    whole = ada.create(names=[{"unstructuredName": "Grace Brewster Hopper"}])["names"][0]
    assert (whole["givenName"], whole["familyName"]) == ("Grace Brewster", "Hopper")


def test_the_own_profile_tells_who_one_is(ada: PeopleDesk) -> None:
    me = ada.get("people/me", "emailAddresses,names,metadata")
    assert me["emailAddresses"][0]["value"] == "ada@example.com"
    assert me["metadata"]["sources"][0]["type"] == "PROFILE"


def _put_photo(ada: PeopleDesk, person: Any, photo: bytes, fields: str = ALL) -> Any:
    body = {"photoBytes": base64.b64encode(photo).decode(), "personFields": fields}
    return ada.api.people().updateContactPhoto(resourceName=person["resourceName"], body=body)


def _bytes(url: str) -> tuple[int, bytes]:
    http = httplib2.Http(timeout=5)
    try:
        told, content = http.request(url)
    finally:
        http.close()
    return told.status, content


def _in(group: str) -> dict[str, Any]:
    return {"contactGroupMembership": {"contactGroupResourceName": group}}
