"""Lists and sync tokens of the People test server (P1-P5 of what Google does), through the real library."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.google_workspace.people_desk import ALL, PeopleDesk, ada, given
from tests.servers.google_workspace.client import refused

__all__ = ["ada"]  # a fixture


def _people(ada: PeopleDesk, count: int) -> list[str]:
    return [ada.book.add({"names": [{"givenName": f"P{place:03d}"}]}).name for place in range(count)]


def test_p01_the_sync_token_comes_with_the_last_page_and_only_if_it_is_asked_for(ada: PeopleDesk) -> None:
    made = _people(ada, 5)
    page = ada.page(pageSize=2).execute()
    assert [one["resourceName"] for one in page["connections"]] == made[:2]
    assert "nextPageToken" in page
    assert "nextSyncToken" not in page
    found, token = ada.round(pageSize=2)
    assert [one["resourceName"] for one in found] == made
    assert token
    assert "nextSyncToken" not in ada.page(requestSyncToken=False).execute()
    assert ada.round(token, pageSize=2)[0] == []


def test_p01_pages_have_100_contacts_and_1000_at_most(ada: PeopleDesk) -> None:
    _people(ada, 101)
    page = ada.page().execute()
    assert (len(page["connections"]), page["totalItems"]) == (100, 101)
    assert len(ada.page(pageSize=1000).execute()["connections"]) == 101
    assert refused(ada.page(pageSize=1001)) == (400, "INVALID_ARGUMENT")


def test_p01_pages_may_be_short_or_empty(ada: PeopleDesk) -> None:
    made = _people(ada, 5)
    ada.google.switches.empty_pages = ada.google.switches.short_pages = True
    page = ada.page(pageSize=3).execute()
    assert "connections" not in page
    page = ada.page(pageSize=3, pageToken=page["nextPageToken"]).execute()
    assert len(page["connections"]) == 2
    assert [one["resourceName"] for one in ada.round(pageSize=3)[0]] == made


def test_p01_parameters_must_match_the_first_call(ada: PeopleDesk) -> None:
    _people(ada, 3)
    page = ada.page(pageSize=1).execute()
    assert refused(ada.page(pageToken=page["nextPageToken"], personFields="names")) == (400, "INVALID_ARGUMENT")
    _, token = ada.round()
    assert refused(ada.page(syncToken=token, personFields="names")) == (400, "INVALID_ARGUMENT")
    assert refused(ada.page(syncToken=token, sources=["READ_SOURCE_TYPE_CONTACT"])) == (400, "INVALID_ARGUMENT")
    assert ada.page(syncToken=token).execute()["nextSyncToken"]


def test_p01_what_changes_while_pages_are_read_comes_with_the_next_round(ada: PeopleDesk) -> None:
    made = _people(ada, 3)
    page = ada.page(pageSize=2).execute()
    ada.book.change(made[0], {"names": [{"givenName": "New"}]})
    rest = ada.page(pageSize=2, pageToken=page["nextPageToken"]).execute()
    assert [given(one) for one in rest["connections"]] == ["P002"]
    assert [given(one) for one in ada.round(rest["nextSyncToken"])[0]] == ["New"]


def test_p02_a_sync_token_expires_seven_days_after_the_full_list_whatever_was_read_since(ada: PeopleDesk) -> None:
    _people(ada, 1)
    _, token = ada.round()
    ada.clock.turn(days=6, hours=23)
    _, token = ada.round(token)
    ada.clock.turn(hours=1)
    assert refused(ada.page(syncToken=token)) == (400, "EXPIRED_SYNC_TOKEN")
    found, token = ada.round()
    assert (len(found), ada.round(token)[0]) == (1, [])


def test_p02_a_token_that_nobody_knows_is_refused_in_the_same_way(ada: PeopleDesk) -> None:
    assert refused(ada.page(syncToken="nonsense")) == (400, "EXPIRED_SYNC_TOKEN")
    _, token = ada.round()
    ada.google.people.lists.forget()
    assert refused(ada.page(syncToken=token)) == (400, "EXPIRED_SYNC_TOKEN")


def test_p03_who_was_deleted_comes_with_metadata_deleted(ada: PeopleDesk) -> None:
    made = _people(ada, 2)
    _, token = ada.round()
    ada.api.people().deleteContact(resourceName=made[0]).execute()
    [gone], token = ada.round(token)
    assert (gone["resourceName"], gone["metadata"]["deleted"]) == (made[0], True)
    assert "names" not in gone
    assert ada.round(token)[0] == []
    assert [one["resourceName"] for one in ada.round()[0]] == made[1:]
    assert refused(ada.api.people().get(resourceName=made[0], personFields="names")) == (404, "NOT_FOUND")


def test_p03_without_metadata_in_the_mask_a_deletion_cannot_be_told_from_a_change(ada: PeopleDesk) -> None:
    [name] = _people(ada, 1)
    _, token = ada.round(personFields="names")
    ada.book.remove(name)
    [gone], _ = ada.round(token, personFields="names")
    assert set(gone) == {"resourceName", "etag"}


def test_p04_the_first_page_of_a_full_list_has_a_quota_of_its_own(ada: PeopleDesk) -> None:
    _people(ada, 3)
    ada.google.people.switches.full_lists = 1
    found, token = ada.round(pageSize=2)
    assert len(found) == 3
    assert refused(ada.page()) == (429, "RESOURCE_EXHAUSTED")
    assert ada.round(token, pageSize=2)[0] == []


def test_p05_lists_show_minutes_later_what_was_written(ada: PeopleDesk) -> None:
    [old] = _people(ada, 1)
    _, token = ada.round()
    ada.google.people.switches.lag = timedelta(minutes=5)
    ada.create("New")
    ada.book.change(old, {"names": [{"givenName": "Changed"}]})
    ada.clock.turn(minutes=4)
    found, token = ada.round(token)
    assert found == []
    assert ada.whole() == ["P000"]  # the old name, and not the new contact
    assert given(ada.get(old)) == "Changed"  # reads by name do not lag
    ada.clock.turn(minutes=1)
    assert sorted(given(one) for one in ada.round(token)[0]) == ["Changed", "New"]
    assert sorted(ada.whole()) == ["Changed", "New"]


def test_p05_a_deleted_contact_is_still_listed_until_it_got_around(ada: PeopleDesk) -> None:
    [name] = _people(ada, 1)
    _, token = ada.round()
    ada.google.people.switches.held = True
    ada.api.people().deleteContact(resourceName=name).execute()
    ada.clock.turn(days=1)
    assert ada.whole() == ["P000"]
    ada.google.people.switches.held = False
    assert ada.whole() == []
    assert [one["metadata"]["deleted"] for one in ada.round(token)[0]] == [True]


def test_p05_a_test_can_let_all_of_it_get_around_at_once(ada: PeopleDesk) -> None:
    ada.google.people.switches.lag = timedelta(hours=1)
    ada.create("New")
    assert ada.whole() == []
    ada.book.catch_up()
    assert ada.whole() == ["New"]


def test_p05_other_contacts_have_tokens_and_lag_too(ada: PeopleDesk) -> None:
    def asked(**more: Any) -> Any:
        fields = "names,emailAddresses,metadata"
        return ada.api.otherContacts().list(**{"readMask": fields, "requestSyncToken": True, **more}).execute()

    ada.book.meet({"emailAddresses": [{"value": "eve@example.com"}]})
    page = asked()
    [eve] = page["otherContacts"]
    assert eve["metadata"]["sources"][0]["type"] == "OTHER_CONTACT"
    ada.google.people.switches.lag = timedelta(minutes=1)
    ada.book.meet({"emailAddresses": [{"value": "mal@example.com"}]})
    assert "otherContacts" not in asked(syncToken=page["nextSyncToken"])
    ada.clock.turn(minutes=1)
    assert len(asked(syncToken=page["nextSyncToken"])["otherContacts"]) == 1
    assert refused(ada.api.otherContacts().list(readMask="addresses")) == (400, "INVALID_ARGUMENT")


def test_only_the_own_contacts_and_known_fields_can_be_asked_for(ada: PeopleDesk) -> None:
    assert refused(ada.page(resourceName="people/c1")) == (400, "INVALID_ARGUMENT")
    assert refused(ada.page(personFields="names,shoeSize")) == (400, "INVALID_ARGUMENT")
    assert refused(ada.api.people().connections().list(resourceName="people/me")) == (400, "INVALID_ARGUMENT")
    assert ada.page(personFields=ALL).execute()["totalItems"] == 0


def test_a_contact_that_is_linked_with_a_profile_has_another_name(ada: PeopleDesk) -> None:
    [name] = _people(ada, 1)
    _, token = ada.round(personFields=ALL)
    ada.book.link(name, {"names": [{"givenName": "Robert"}], "urls": [{"value": "https://example.com/bob"}]})
    [now], _ = ada.round(token, personFields=ALL)
    assert now["resourceName"] != name
    assert now["metadata"]["previousResourceNames"] == [name]
    assert [one["metadata"]["source"]["type"] for one in now["names"]] == ["CONTACT", "PROFILE"]
    assert ada.get(name)["resourceName"] == now["resourceName"]
    [whole], _ = ada.round(personFields=ALL)
    assert all("previousResourceNames" not in one["metadata"] for one in (ada.get(name), whole))
    only = ada.round(personFields=ALL, sources=["READ_SOURCE_TYPE_CONTACT"])[0][0]
    assert [one["metadata"]["source"]["type"] for one in only["names"]] == ["CONTACT"]


@pytest.mark.parametrize("reverse", [False, True])
def test_full_lists_have_no_guaranteed_order(ada: PeopleDesk, reverse: bool) -> None:
    made = _people(ada, 3)
    ada.google.switches.backwards = reverse
    found = [one["resourceName"] for one in ada.round(pageSize=2)[0]]
    assert found == (made[::-1] if reverse else made)
