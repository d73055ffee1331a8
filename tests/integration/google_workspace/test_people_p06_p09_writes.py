"""Writes of contacts at the People test server (P6-P9 of what Google does), through the real library."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.integration.google_workspace.people_desk import ADA, ALL, PeopleDesk, ada, given
from tests.servers.google_workspace.client import refused

__all__ = ["ada"]  # a fixture

PATIENCE = 20.0  # seconds
STALE = (400, "FAILED_PRECONDITION")
INVALID = (400, "INVALID_ARGUMENT")


def _named(name: str) -> list[dict[str, str]]:
    return [{"givenName": name}]


def test_p06_an_update_must_name_the_sources(ada: PeopleDesk) -> None:
    bob = ada.create()
    bare = {"names": _named("Rob"), "etag": bob["etag"]}
    asked = {"resourceName": bob["resourceName"], "updatePersonFields": "names"}
    assert refused(ada.api.people().updateContact(**asked, body=bare)) == INVALID
    profile = {**bare, "metadata": {"sources": [{"type": "PROFILE", "id": "1"}]}}
    assert refused(ada.api.people().updateContact(**asked, body=profile)) == INVALID
    ada.google.people.switches.etag_is_enough = True  # as Google seems to do
    assert given(ada.api.people().updateContact(**asked, body=bare).execute()) == "Rob"
    assert refused(ada.api.people().updateContact(**asked, body=bare)) == STALE


def test_p06_another_etag_of_the_source_is_refused_and_the_last_answers_is_good(ada: PeopleDesk) -> None:
    bob = ada.create()
    changed = ada.update(bob, "names", names=_named("Rob")).execute()
    assert changed["metadata"]["sources"][0]["etag"] != bob["metadata"]["sources"][0]["etag"]
    assert refused(ada.update(bob, "names", names=_named("Bert"))) == STALE
    assert given(ada.update(changed, "names", names=_named("Bert")).execute()) == "Bert"


def test_p06_update_time_and_both_etags_change_with_every_write(ada: PeopleDesk) -> None:
    bob = ada.create()
    ada.clock.turn(seconds=1)
    rob = ada.update(bob, "names", names=_named("Rob")).execute()
    old, new = (one["metadata"]["sources"][0] for one in (bob, rob))
    assert (old["updateTime"], new["updateTime"]) == ("2026-11-22T09:00:00.000000Z", "2026-11-22T09:00:01.000000Z")
    assert (old["etag"] != new["etag"], bob["etag"] != rob["etag"], old["id"] == new["id"]) == (True, True, True)


def test_p06_fields_are_replaced_whole_and_those_that_are_not_named_stay(ada: PeopleDesk) -> None:
    phones = [{"value": "+420 1", "type": "home"}, {"value": "+420 2", "type": "work"}]
    bob = ada.create(phoneNumbers=phones, urls=[{"value": "https://example.com"}])
    rob = ada.update(bob, "phoneNumbers", phoneNumbers=[{"value": "+420 3"}], urls=[]).execute()
    assert [one["value"] for one in rob["phoneNumbers"]] == ["+420 3"]
    assert [one["value"] for one in rob["urls"]] == ["https://example.com"]
    assert "phoneNumbers" not in ada.update(rob, "phoneNumbers").execute()
    assert refused(ada.update(rob, "photos")) == INVALID
    assert refused(ada.update(rob, "")) == INVALID


def test_p06_a_read_by_name_may_have_an_old_etag(ada: PeopleDesk) -> None:
    bob = ada.create()
    ada.google.people.switches.stale_gets = ada.google.people.switches.held = True
    rob = ada.update(bob, "names", names=_named("Rob")).execute()
    old = ada.get(bob["resourceName"])
    assert (given(old), old["etag"]) == ("Bob", bob["etag"])
    assert refused(ada.update(old, "names", names=_named("Bert"))) == STALE
    assert given(ada.update(rob, "names", names=_named("Bert")).execute()) == "Bert"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("names", [{"givenName": "A"}, {"givenName": "B"}]),
        ("biographies", [{"value": "A"}, {"value": "B"}]),
        ("birthdays", [{"date": {"month": 1, "day": 2}}, {"date": {"month": 1, "day": 3}}]),
        ("genders", [{"value": "male"}, {"value": "female"}]),
    ],
)
def test_p07_singletons_are_refused_twice(ada: PeopleDesk, field: str, values: list[Any]) -> None:
    create = ada.api.people().createContact(body={field: values})
    assert refused(create) == INVALID
    bob = ada.create()
    assert refused(ada.update(bob, field, **{field: values})) == INVALID
    assert len(ada.update(bob, field, **{field: values[:1]}).execute()[field]) == 1


def test_p07_dates_may_lack_the_year_but_not_everything(ada: PeopleDesk) -> None:
    bob = ada.create(birthdays=[{"date": {"year": 0, "month": 2, "day": 29}}])
    assert bob["birthdays"][0]["date"] == {"month": 2, "day": 29}
    for wrong in ({"day": 3}, {"month": 13, "day": 1}, {"year": 1990, "day": 3}):
        assert refused(ada.update(bob, "birthdays", birthdays=[{"date": wrong}])) == INVALID


def test_p08_memberships_need_a_contact_group(ada: PeopleDesk) -> None:
    bob = ada.create()
    assert _groups(bob) == ["contactGroups/myContacts"]
    assert refused(ada.update(bob, "memberships")) == INVALID
    assert refused(ada.update(bob, "memberships", memberships=[_in("contactGroups/nowhere")])) == INVALID
    assert refused(ada.update(bob, "memberships", memberships=[_in("contactGroups/friends")])) == INVALID
    label = ada.book.label("Chess").name
    rob = ada.update(bob, "memberships", memberships=[_in(label), _in("contactGroups/starred")]).execute()
    assert _groups(rob) == [label, "contactGroups/starred"]
    assert _groups(ada.create(memberships=[_in(label)])) == [label]


def test_p09_batches_write_200_and_delete_500(ada: PeopleDesk) -> None:
    people = ada.api.people()
    contacts = [{"contactPerson": {"names": _named(f"P{place}")}} for place in range(201)]
    many = {"contacts": contacts, "readMask": "names,metadata"}
    assert refused(people.batchCreateContacts(body=many)) == INVALID
    made = people.batchCreateContacts(body={**many, "contacts": contacts[:200]}).execute()["createdPeople"]
    assert [given(one["person"]) for one in made[:2]] == ["P0", "P1"]
    names = [one["person"]["resourceName"] for one in made]
    assert refused(people.getBatchGet(resourceNames=names + names[:1], personFields="names")) == INVALID
    read = people.getBatchGet(resourceNames=[*names[:199], "people/c1"], personFields="names").execute()["responses"]
    assert [one["httpStatusCode"] for one in read[-2:]] == [200, 404]
    assert refused(people.batchDeleteContacts(body={"resourceNames": names * 3})) == INVALID
    assert people.batchDeleteContacts(body={"resourceNames": names}).execute() == {}
    assert ada.whole() == []


def test_p09_a_batch_of_updates_tells_by_name_and_is_done_whole_or_not_at_all(ada: PeopleDesk) -> None:
    bob, eve = ada.create("Bob"), ada.create("Eve")

    def batch(**names: dict[str, Any]) -> Any:
        contacts = {
            one["resourceName"]: {"metadata": {"sources": one["metadata"]["sources"]}, "names": _named(name)}
            for name, one in names.items()
        }
        body = {"contacts": contacts, "updateMask": "names", "readMask": "names,metadata"}
        return ada.api.people().batchUpdateContacts(body=body)

    told = batch(Rob=bob).execute()["updateResult"]
    assert given(told[bob["resourceName"]]["person"]) == "Rob"
    with pytest.raises(HttpError) as error:
        batch(Bert=bob, Eva=eve).execute()
    [detail] = json.loads(error.value.content)["error"]["details"]
    assert list(detail["contactErrors"]) == [bob["resourceName"]]
    assert sorted(ada.whole()) == ["Eve", "Rob"]
    rob = told[bob["resourceName"]]["person"]
    assert len(batch(Bert=rob, Eva=eve).execute()["updateResult"]) == 2


def test_p09_without_a_read_mask_nothing_is_told(ada: PeopleDesk) -> None:
    body = {"contacts": [{"contactPerson": {"names": _named("Bob")}}]}
    assert ada.api.people().batchCreateContacts(body=body).execute() == {}
    assert ada.whole() == ["Bob"]


@pytest.mark.parametrize(("status", "reason"), [(409, "ABORTED"), (429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE")])
def test_p09_changes_of_one_user_that_overlap_are_refused(ada: PeopleDesk, status: int, reason: str) -> None:
    ada.google.people.switches.overlapping = status
    told = _both(ada, ADA)
    assert told == [(status, reason), "done"]
    assert ada.google.people.overlaps == 1
    assert len(ada.whole()) == 1
    assert _both(ada, "eve@example.com") == ["done", "done"]  # two users do not disturb each other


def test_p09_overlapping_changes_can_be_let_through(ada: PeopleDesk) -> None:
    ada.google.people.switches.overlapping = 0
    assert _both(ada, ADA) == ["done", "done"]
    assert (ada.google.people.overlaps, len(ada.whole())) == (1, 2)


def test_one_entry_of_a_field_is_preferred_wherever_it_stands(ada: PeopleDesk) -> None:
    phones: list[Any] = [{"value": "+420 1"}, {"value": "+420 2", "metadata": {"sourcePrimary": True}}]
    ada.google.people.switches.other_order = True
    bob = ada.create(phoneNumbers=phones)
    assert [one["value"] for one in bob["phoneNumbers"]] == ["+420 2", "+420 1"]
    ada.google.people.switches.other_order = False
    bob = ada.update(bob, "phoneNumbers", phoneNumbers=phones).execute()
    said = [(one["metadata"].get("sourcePrimary"), one["metadata"].get("primary")) for one in bob["phoneNumbers"]]
    assert said == [(None, None), (True, True)]
    twice = [phones[1], {**phones[1], "value": "+420 3"}]
    assert refused(ada.update(bob, "phoneNumbers", phoneNumbers=twice)) == INVALID


def test_lists_show_a_hundred_numbers_of_a_contact_and_reads_by_name_all(ada: PeopleDesk) -> None:
    bob = ada.create(phoneNumbers=[{"value": f"+420 {place}"} for place in range(120)])
    [listed], _ = ada.round(personFields="phoneNumbers")
    assert (len(listed["phoneNumbers"]), len(ada.get(bob["resourceName"])["phoneNumbers"])) == (100, 120)


def test_notes_are_plain_text(ada: PeopleDesk) -> None:
    assert ada.create(biographies=[{"value": "Chess"}])["biographies"][0]["contentType"] == "TEXT_PLAIN"


def test_there_is_a_most_of_contacts(ada: PeopleDesk) -> None:
    ada.google.people.switches.most_contacts = 1
    ada.create()
    assert refused(ada.api.people().createContact(body={"names": _named("Eve")})) == (429, "RESOURCE_EXHAUSTED")


def _both(ada: PeopleDesk, second: str) -> list[Any]:
    """What two changes are told, the second of which, for this user, comes while the first one runs."""
    people, gate, told = ada.google.people, threading.Event(), list[Any]()
    people.switches.change_gate = gate
    first = threading.Thread(target=_create, args=(ada, ADA, told))
    first.start()
    _until(lambda: people.running(ADA) == 1)
    later = threading.Thread(target=_create, args=(ada, second, told))
    later.start()
    _until(lambda: bool(told) or people.running(ADA) + people.running("eve@example.com") == 2)
    if people.switches.overlapping and second == ADA:
        later.join(PATIENCE)  # it is refused while the first one still runs
    gate.set()
    first.join(PATIENCE)
    later.join(PATIENCE)
    return told


def _create(ada: PeopleDesk, address: str, told: list[Any]) -> None:
    api = ada.made.api(address, "people.v1")
    try:
        api.people().createContact(body={"names": _named("X")}, personFields=ALL).execute()
        told.append("done")
    except HttpError as error:
        told.append((int(error.status_code), json.loads(error.content)["error"]["status"]))


def _until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _in(group: str) -> dict[str, Any]:
    return {"contactGroupMembership": {"contactGroupResourceName": group}}


def _groups(person: dict[str, Any]) -> list[str]:
    return [one["contactGroupMembership"]["contactGroupResourceName"] for one in person["memberships"]]
