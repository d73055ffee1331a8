"""Google's contacts: what is listed, what changed, what it costs, and what is not believed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_engine.errors import (
    CollectionGone,
    CursorExpired,
    NoAccess,
    SuspectListing,
    SyncError,
    Throttled,
    VersionConflict,
)
from sync_engine.model import Kind
from sync_engine.ports import Changed, RemoteRef, Removed
from tests.contract.connector_contract import Hub
from tests.integration.google_workspace.contacts_desk import ADA, OnePart, PartsDesk, card, hub, parts_desk
from tests.servers.google_workspace.protocol import Fault

HTML = b"<!DOCTYPE html><title>Please sign in to the hotel's network</title>"
PROFILE = {
    "names": [{"givenName": "Robert", "familyName": "of Google"}],
    "emailAddresses": [{"value": "rob@gmail.com"}],
}


@pytest.fixture
def desk() -> Iterator[PartsDesk]:
    with parts_desk() as made:
        yield made


@pytest.fixture
def contacts(desk: PartsDesk) -> OnePart:
    return desk.contacts()


def filled(desk: PartsDesk, count: int) -> list[str]:
    """So many contacts; their names."""
    return [desk.book.add(named(f"c{n}")).name for n in range(count)]


def named(given: str, **more: object) -> dict[str, object]:
    """The fields of a contact."""
    return {"names": [{"givenName": given}], **more}


# ---------------------------------------------------------------- what there is


def test_collections_are_contacts_our_labels_and_other_contacts(desk: PartsDesk, contacts: OnePart) -> None:
    ours = desk.book.label("Company", [{"key": "AgendaHubCollection", "value": "1"}])
    desk.book.label("Friends of mine")
    found = {one.id: one for one in contacts.collections()}
    assert set(found) == {"contacts", "otherContacts", ours.name}
    assert (found[ours.name].name, found[ours.name].read_only) == ("Company", False)
    assert found["otherContacts"].read_only
    assert {kind for one in found.values() for kind in one.kinds} == {Kind.CONTACT}


def test_a_first_listing_is_a_request_for_each_thousand(desk: PartsDesk, contacts: OnePart) -> None:
    filled(desk, 1050)
    assert len(hub(contacts).items) == 1050
    assert desk.asked() == ["contactGroups.list", *["people.connections.list"] * 2]


def test_r21_no_change_is_one_request_and_no_page(desk: PartsDesk, contacts: OnePart) -> None:
    filled(desk, 5)
    known = hub(contacts)
    desk.asked()
    assert list(contacts.changes("contacts", known.cursor, known.known)) == []
    assert desk.asked() == ["people.connections.list"]


def test_what_a_person_does_arrives(desk: PartsDesk, contacts: OnePart) -> None:
    edited, deleted, _ = filled(desk, 3)
    known = hub(contacts)
    desk.book.change(edited, named("new"))
    desk.book.remove(deleted)
    added = desk.book.add(named("added")).name
    desk.asked()
    known.pull()
    assert (set(known.changed), known.removed) == ({edited, added}, [deleted])
    assert desk.asked() == ["people.connections.list", "contactGroups.list", "people.get"]
    assert known.titles == ["added", "c2", "new"]


def test_a_contact_that_is_linked_with_a_profile_has_another_id_and_is_the_same(
    desk: PartsDesk, contacts: OnePart
) -> None:
    (old,) = filled(desk, 1)
    known = hub(contacts)
    uid = known.items[old].uid
    new = desk.book.link(old, PROFILE).name
    (found,) = contacts.fetch("contacts", [old])
    assert isinstance(found, Changed)
    assert (found.ref.id, found.item.uid) == (old, uid), "no list has told the new one so far"
    known.pull()
    assert (known.removed, known.changed) == ([old], [new])
    assert known.items[new].uid == uid
    assert known.titles == ["c0"], "the profile is not the owner's to write, and is not read"


def test_other_contacts_are_read(desk: PartsDesk, contacts: OnePart) -> None:
    met = [desk.book.meet(named(f"m{n}", emailAddresses=[{"value": f"m{n}@example.org"}])).name for n in range(3)]
    filled(desk, 1)
    known = hub(contacts, "otherContacts")
    assert known.titles == ["m0", "m1", "m2"]
    desk.book.others.remove(met[0])
    desk.asked()
    known.pull()
    assert (known.removed, known.changed) == ([met[0]], [])
    assert desk.asked() == ["otherContacts.list"]
    assert list(contacts.fetch("otherContacts", [met[0]])) == [Removed(met[0])]
    (found,) = contacts.fetch("otherContacts", [met[1]])
    assert isinstance(found, Changed)
    assert found.ref.version == known.versions[met[1]]


# ---------------------------------------------------------------- cursors


def test_r04_an_expired_token_is_a_full_list_without_a_read(desk: PartsDesk, contacts: OnePart) -> None:
    first, *_ = filled(desk, 3)
    known = hub(contacts)
    desk.book.remove(first)
    desk.clock.turn(days=8)
    with pytest.raises(CursorExpired):
        known.poll()
    known.pull()
    assert (known.completed, known.changed, known.removed, len(known.listed)) == (True, [], [first], 2)


@pytest.mark.parametrize("cursor", ["", "[]", '{"t":"x","at":0}', '{"t":"x","at":0,"labels":[]}', '{"labels":{}}'])
def test_r04_a_cursor_that_is_none_has_expired(contacts: OnePart, cursor: str) -> None:
    with pytest.raises(CursorExpired):
        list(contacts.changes("contacts", cursor, lambda _: {}))


def test_the_quota_of_full_lists_is_waited_for(desk: PartsDesk) -> None:
    desk.google.people.switches.full_lists = 0
    with pytest.raises(Throttled):
        hub(desk.contacts(max_wait=0.5))


def test_r24_without_the_permission_nothing_is_read(desk: PartsDesk) -> None:
    token = desk.google.give(ADA, scopes=["https://www.googleapis.com/auth/contacts"])
    contacts = desk.contacts(secret=token)
    assert hub(contacts).completed
    with pytest.raises(NoAccess):
        hub(contacts, "otherContacts")
    with pytest.raises(NoAccess):
        hub(desk.contacts(secret=desk.google.give(ADA, scopes=["https://www.googleapis.com/auth/tasks"])))


@pytest.mark.parametrize(
    "odd", ["", "people/", "people/a/b", "people/\u00e9 x", "otherContacts/c1", "c1", "people/c1?x=1"]
)
def test_an_id_that_can_be_nobodys_is_not_there(desk: PartsDesk, contacts: OnePart, odd: str) -> None:
    (name,) = filled(desk, 1)
    there, gone = contacts.fetch("contacts", [name, odd])
    assert isinstance(there, Changed)
    assert gone == Removed(odd)
    with pytest.raises(VersionConflict):
        contacts.update("contacts", RemoteRef(odd, "1 2 3 4"), card("x"), card("y"))
    contacts.delete("contacts", RemoteRef(odd, "1 2 3 4"))


def test_r01_a_delta_that_breaks_off_keeps_what_came_and_its_cursor(desk: PartsDesk, contacts: OnePart) -> None:
    names = filled(desk, 150)
    known = hub(contacts)
    for name in names:
        desk.book.change(name, {"nicknames": [{"value": "x"}]})
    pages = contacts.changes("contacts", known.cursor, known.known)
    first = next(pages)
    assert (len(first.changes), first.cursor) == (100, None)


# ---------------------------------------------------------------- what is not believed


@pytest.mark.parametrize(
    "fault",
    [Fault(page=HTML), Fault(502, page=HTML), Fault(cut=True), Fault(500), Fault(404), Fault(400, "badRequest")],
)
def test_r01_what_is_no_list_deletes_nothing(desk: PartsDesk, contacts: OnePart, fault: Fault) -> None:
    filled(desk, 5)
    known = hub(contacts)
    cursor = known.cursor
    fault.times, fault.method = 99, "connections.list"
    desk.google.faults.append(fault)
    for afresh in (True, False):
        with pytest.raises(SyncError):
            known.poll(afresh=afresh)
        assert (len(known.items), known.removed, known.cursor) == (5, [], cursor)


def test_r01_a_list_of_labels_that_is_none_says_nothing_of_contacts(desk: PartsDesk, contacts: OnePart) -> None:
    filled(desk, 2)
    known = hub(contacts)
    desk.google.faults.append(Fault(page=HTML, method="contactGroups.list", times=9))
    with pytest.raises(SyncError):
        known.poll(afresh=True)
    assert (len(known.items), known.removed) == (2, [])


def test_r22_a_read_says_removed_of_what_is_not_there_only(desk: PartsDesk, contacts: OnePart) -> None:
    names = filled(desk, 60)
    desk.book.remove(names[0])
    found = list(contacts.fetch("contacts", [*names, "people/c1"]))
    assert found[0] == Removed(names[0])
    assert all(isinstance(one, Changed) for one in found[1:-1])
    assert found[-1] == Removed("people/c1")
    for fault in (Fault(page=HTML), Fault(500), Fault(404, page=HTML)):
        fault.times, fault.method = 9, "people.get"
        desk.google.faults[:] = [fault]
        for ids in (names[:2], names[:1]):
            with pytest.raises(SyncError):
                list(contacts.fetch("contacts", ids))


def test_an_id_that_is_none_holds_up_no_other(desk: PartsDesk, contacts: OnePart) -> None:
    (name,) = filled(desk, 1)
    desk.google.faults.append(Fault(400, "badRequest", "Invalid name", method="getBatchGet"))
    there, gone = contacts.fetch("contacts", [name, "people/c1"])
    assert isinstance(there, Changed)
    assert gone == Removed("people/c1")


def test_what_is_no_day_holds_up_no_contact(desk: PartsDesk, contacts: OnePart) -> None:
    good, bad = filled(desk, 2)
    desk.book.change(bad, {"birthdays": [{"date": {"year": 2026, "month": 99, "day": 99}}]})
    assert set(hub(contacts).items) == {good, bad}


# ---------------------------------------------------------------- labels that are collections


def test_what_is_in_a_collection_of_ours_is_not_among_the_own_contacts(desk: PartsDesk, contacts: OnePart) -> None:
    ours = desk.book.label("Company", [{"key": "AgendaHubCollection", "value": "1"}]).name
    in_it, own = filled(desk, 2)
    desk.book.put_label(in_it, ours)
    mine, company = hub(contacts), hub(contacts, ours)
    assert (list(mine.items), list(company.items)) == ([own], [in_it])
    desk.book.put_label(own, ours)
    desk.book.put_label(in_it, ours, on=False)
    mine.pull()
    company.pull()
    assert (list(mine.items), list(company.items)) == ([in_it], [own])
    assert list(contacts.fetch("contacts", [own])) == [Removed(own)]
    assert list(contacts.fetch(ours, [in_it])) == [Removed(in_it)]


def test_a_label_that_is_gone_removes_no_contact(desk: PartsDesk, contacts: OnePart) -> None:
    ours = desk.book.label("Company", [{"key": "AgendaHubCollection", "value": "1"}]).name
    (name,) = filled(desk, 1)
    desk.book.put_label(name, ours)
    company = hub(contacts, ours)
    desk.book.remove_label(ours)
    for odd in ("contactGroups/a/b", "contactGroups/a?b", "contactGroups/ "):
        with pytest.raises(CollectionGone):
            hub(contacts, odd)
    for act in (company.poll, lambda: company.poll(afresh=True), lambda: list(contacts.fetch(ours, [name]))):
        with pytest.raises(CollectionGone):
            act()
    assert list(company.items) == [name]


def test_a_list_without_an_end_is_not_believed(desk: PartsDesk, contacts: OnePart) -> None:
    filled(desk, 3)
    answer = {"connections": [], "nextPageToken": ""}
    handler = desk.google.handlers["people.people.connections.list"]
    desk.google.handlers["people.people.connections.list"] = lambda call: type(handler(call))(answer)
    with pytest.raises(SuspectListing):
        Hub(contacts, "contacts").pull()
