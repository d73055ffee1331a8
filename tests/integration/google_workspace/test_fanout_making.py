"""Labels, calendars and task lists that are made for a collection of the hub: found, or made once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from connectors.google_workspace.contact_person import COLLECTION, hidden
from connectors.google_workspace.making import CollectionMaking
from connectors.google_workspace.transport import Transport
from connectors.settings import ConnectorSettings
from sync_engine.errors import Rejected, Unavailable
from sync_engine.model import Kind
from tests.servers.google_workspace.client import Desk, desk
from tests.servers.google_workspace.protocol import Fault

ADA = "ada@example.com"
CONTACTS, EVENTS, TASKS = frozenset({Kind.CONTACT}), frozenset({Kind.EVENT}), frozenset({Kind.TASK})
KINDS = pytest.mark.parametrize("kinds", [CONTACTS, EVENTS, TASKS], ids=["label", "calendar", "list"])
MAKES = {CONTACTS: "contactGroups.create", EVENTS: "calendars.insert", TASKS: "tasklists.insert"}


@pytest.fixture
def google() -> Iterator[Desk]:
    with desk() as made:
        yield made


@pytest.fixture
def making(google: Desk) -> Iterator[CollectionMaking]:
    """In Ada's mailbox."""
    settings = ConnectorSettings(google.google.url, secret=google.google.give(ADA), auth="bearer", timeout=1.0)
    with closing(Transport(settings)) as transport:
        yield CollectionMaking(transport)


def there(google: Desk, kinds: frozenset[Kind]) -> list[str]:
    """Names, as Ada sees them."""
    if kinds == CONTACTS:
        return [one["name"] for one in labels(google)]
    if kinds == EVENTS:
        found = google.api(ADA).calendarList().list().execute()["items"]
        return [one["summary"] for one in found if not one.get("primary")]
    return [one["title"] for one in google.api(ADA, "tasks.v1").tasklists().list().execute()["items"]][1:]


def labels(google: Desk) -> list[dict[str, Any]]:
    groups = google.api(ADA, "people.v1").contactGroups().list(groupFields="name,groupType,clientData,memberCount")
    return [one for one in groups.execute()["contactGroups"] if one["groupType"] == "USER_CONTACT_GROUP"]


@KINDS
def test_it_is_made_once_and_then_found(google: Desk, making: CollectionMaking, kinds: frozenset[Kind]) -> None:
    made = making.make("Company / Übersicht", kinds)
    assert (made.name, made.kinds, made.read_only) == ("Company / Übersicht", kinds, False)
    assert making.make("Company / Übersicht", kinds).id == made.id
    assert making.make("COMPANY / ÜBERSICHT", kinds).id == made.id
    assert there(google, kinds) == ["Company / Übersicht"]
    assert making.make("Other", kinds).id != made.id


@KINDS
def test_r06_a_lost_answer_is_looked_for_and_not_asked_again(
    google: Desk, making: CollectionMaking, kinds: frozenset[Kind]
) -> None:
    google.google.faults.append(Fault(status=502, page=b"<html>", method=MAKES[kinds], after=True))
    made = making.make("Company", kinds)
    assert google.google.asked(MAKES[kinds]) == 1
    assert making.make("Company", kinds).id == made.id
    assert there(google, kinds) == ["Company"]


@KINDS
def test_r06_an_answer_that_was_lost_before_it_was_made_is_for_the_next_cycle(
    google: Desk, making: CollectionMaking, kinds: frozenset[Kind]
) -> None:
    google.google.faults.append(Fault(status=502, page=b"<html>", method=MAKES[kinds]))
    with pytest.raises(Unavailable, match="it is looked for again later"):
        making.make("Company", kinds)
    assert there(google, kinds) == []
    making.make("Company", kinds)
    assert there(google, kinds) == ["Company"]


def test_a_label_of_ours_is_marked_so_that_it_is_no_category(google: Desk, making: CollectionMaking) -> None:
    made = making.make("Company", CONTACTS)
    [label] = labels(google)
    assert label["resourceName"] == made.id
    assert hidden(label, COLLECTION) == "Company"


def test_an_empty_label_of_this_name_is_taken(google: Desk, making: CollectionMaking) -> None:
    people = google.api(ADA, "people.v1")
    mine = [{"key": "mine", "value": "1"}]
    body = {"contactGroup": {"name": "Company", "clientData": mine}}
    own = people.contactGroups().create(body=body).execute()
    assert making.make("company", CONTACTS).id == own["resourceName"]
    [label] = labels(google)
    assert (label["name"], hidden(label, COLLECTION), label["clientData"][0]) == ("Company", "company", mine[0])


def test_r05_contacts_get_their_label_again_also_after_a_crash_between_the_two(
    google: Desk, making: CollectionMaking
) -> None:
    book = google.google.people.book(ADA)
    left = book.add({"names": [{"givenName": "Eva"}], "clientData": [{"key": COLLECTION, "value": "Company"}]})
    book.add({"names": [{"givenName": "Mum"}]})
    google.google.faults.append(Fault(502, page=b"<html>", method="members.modify"))
    with pytest.raises(Unavailable):
        making.make("Company", CONTACTS)
    made = making.make("Company", CONTACTS)
    assert [one.name for one in book.members(made.id)] == [left.name]
    making.make("Company", CONTACTS)
    assert google.google.asked("members.modify") == 2
    assert making.make("Other", CONTACTS).id != made.id
    assert google.google.asked("members.modify") == 2, "they are not of that one"


def test_a_label_that_somebody_uses_stays_his(google: Desk, making: CollectionMaking) -> None:
    people = google.api(ADA, "people.v1")
    own = people.contactGroups().create(body={"contactGroup": {"name": "Company"}}).execute()["resourceName"]
    inside = [{"contactGroupMembership": {"contactGroupResourceName": own}}]
    people.people().createContact(body={"names": [{"givenName": "Eva"}], "memberships": inside}).execute()
    with pytest.raises(Rejected, match="has a label 'Company' of its own with contacts in it; rename it there"):
        making.make("Company", CONTACTS)
    assert not hidden(labels(google)[0], COLLECTION)


def test_a_name_that_google_keeps_for_itself_is_refused(google: Desk, making: CollectionMaking) -> None:
    with pytest.raises(Rejected, match="does not make the label 'Friends'; choose another name"):
        making.make("Friends", CONTACTS)
    assert labels(google) == []


def test_a_calendar_is_in_the_zone_of_its_owners_own(google: Desk, making: CollectionMaking) -> None:
    calendars = google.api(ADA).calendars()
    calendars.patch(calendarId="primary", body={"timeZone": "Europe/Prague"}).execute()
    made = making.make("Company", EVENTS)
    assert calendars.get(calendarId=made.id.removeprefix("calendars/")).execute()["timeZone"] == "Europe/Prague"


def test_the_own_calendar_of_a_person_is_not_taken_whatever_it_is_called(
    google: Desk, making: CollectionMaking
) -> None:
    google.api(ADA).calendars().patch(calendarId="primary", body={"summary": "Company"}).execute()
    assert making.make("Company", EVENTS).id != f"calendars/{ADA}"
    assert there(google, EVENTS) == ["Company"]


def test_somebody_elses_calendar_of_this_name_is_none_of_hers(google: Desk, making: CollectionMaking) -> None:
    bob = google.api("bob@example.com")
    theirs = bob.calendars().insert(body={"summary": "Company"}).execute()["id"]
    rule = {"role": "writer", "scope": {"type": "user", "value": ADA}}
    bob.acl().insert(calendarId=theirs, body=rule, sendNotifications=False).execute()
    google.api(ADA).calendarList().insert(body={"id": theirs}).execute()
    assert making.make("Company", EVENTS).id != f"calendars/{theirs}"


def test_contacts_and_events_are_no_one_collection(making: CollectionMaking) -> None:
    with pytest.raises(Rejected, match="one kind of things"):
        making.make("Company", EVENTS | TASKS)
