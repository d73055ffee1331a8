"""Labels of Google's contacts are categories here: missing ones are made, and their names are followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sync_engine.errors import CollectionGone, CursorExpired, Unavailable
from sync_engine.item import Item
from sync_engine.model import Contact
from sync_engine.ports import Changed, RemoteRef, Write
from tests.integration.google_workspace.contacts_desk import OnePart, PartsDesk, card, contact, hub, parts_desk
from tests.servers.google_workspace.people_checks import group_names
from tests.servers.google_workspace.protocol import Fault

MINE, STARRED = "contactGroups/myContacts", "contactGroups/starred"


@pytest.fixture
def desk() -> Iterator[PartsDesk]:
    with parts_desk() as made:
        yield made


@pytest.fixture
def contacts(desk: PartsDesk) -> OnePart:
    return desk.contacts()


def labelled(*names: str, uid: str = "card-1", more: str = "") -> Item:
    """A contact with categories."""
    return card("Ada", uid, (f"CATEGORIES:{','.join(names)}\r\n" if names else "") + more)


def labels(desk: PartsDesk) -> dict[str, str]:
    """All labels, by name."""
    return {one.fields["name"]: one.name for one in desk.book.groups.living()}


def groups(desk: PartsDesk, name: str) -> set[str]:
    """In which a contact is."""
    return set(group_names(desk.book.contacts.get(name).fields))


def test_missing_labels_are_made_once(desk: PartsDesk, contacts: OnePart) -> None:
    there = desk.book.label("Work").name
    told = list(contacts.write("contacts", [Write(None, labelled("Work", "Golf", uid=u), key=u) for u in "ab"]))
    assert set(labels(desk)) == {"Work", "Golf"}
    for ref in told:
        assert isinstance(ref, RemoteRef)
        assert groups(desk, ref.id) == {MINE, there, labels(desk)["Golf"]}
        assert contact(next(contacts.fetch("contacts", [ref.id]))).categories == ("Golf", "Work")
    assert desk.asked().count("contactGroups.create") == 1
    assert hub(contacts).versions == {ref.id: ref.version for ref in told if isinstance(ref, RemoteRef)}


def test_a_changed_category_leaves_stars_and_other_labels_alone(desk: PartsDesk, contacts: OnePart) -> None:
    ref = contacts.create("contacts", labelled("Work"), "key")
    desk.book.put_label(ref.id, STARRED)
    ours = desk.book.label("Company", [{"key": "AgendaHubCollection", "value": "1"}]).name
    known = hub(contacts)
    heard = desk.bodies("people.people.updateContact")
    now = RemoteRef(ref.id, known.versions[ref.id])
    contacts.update("contacts", now, labelled("Golf"), labelled("Work"))
    assert groups(desk, ref.id) == {MINE, STARRED, labels(desk)["Golf"]}
    assert set(heard[0]) == {"resourceName", "etag", "metadata", "memberships"}
    assert ours not in groups(desk, ref.id)


def test_the_last_label_leaves_a_contact_in_my_contacts(desk: PartsDesk, contacts: OnePart) -> None:
    work = desk.book.label("Work").name
    name = desk.book.add(
        {"memberships": [{"contactGroupMembership": {"contactGroupResourceName": work}}], "names": [{"givenName": "A"}]}
    ).name
    known = hub(contacts)
    before = known.items[name]
    assert isinstance(before.record, Contact)
    after = Item.of(replace(before.record, categories=()))
    contacts.update("contacts", RemoteRef(name, known.versions[name]), after, before)
    assert groups(desk, name) == {MINE}


def test_a_label_that_somebody_made_meanwhile_is_taken(desk: PartsDesk, contacts: OnePart) -> None:
    contacts.create("contacts", labelled("Work"), "key")
    desk.book.label("Golf")
    ref = contacts.create("contacts", labelled("Golf", uid="b"), "key2")
    assert labels(desk)["Golf"] in groups(desk, ref.id)


def test_a_category_that_google_takes_for_no_label_stays_in_the_hub(desk: PartsDesk, contacts: OnePart) -> None:
    """Google's own groups have names that nobody can take."""
    desk.google.faults.append(Fault(409, "alreadyExists", "Contact group name already exists", method="Groups.create"))
    ref = contacts.create("contacts", labelled("Starred", "Work"), "key")
    assert contact(next(contacts.fetch("contacts", [ref.id]))).categories == ("Work",)
    assert groups(desk, ref.id) == {MINE, labels(desk)["Work"]}
    desk.asked()
    contacts.create("contacts", labelled("Starred", uid="b"), "key2")
    assert "contactGroups.create" not in desk.asked(), "it is known by now"


def test_googles_own_groups_are_no_categories(desk: PartsDesk, contacts: OnePart) -> None:
    name = desk.book.add({"names": [{"givenName": "A"}]}).name
    desk.book.put_label(name, STARRED)
    assert contact(next(contacts.fetch("contacts", [name]))).categories == ()


# ---------------------------------------------------------------- names that change


def test_a_label_with_another_name_changes_its_contacts(desk: PartsDesk, contacts: OnePart) -> None:
    refs = [contacts.create("contacts", labelled("Work", uid=u), u) for u in "ab"]
    other = contacts.create("contacts", labelled("Golf", uid="c"), "c")
    known = hub(contacts)
    desk.book.groups.put(labels(desk)["Work"], {"name": "Job"})
    assert known.pull().changed == [], "no list of contacts tells it"
    desk.clock.turn(hours=1.1)
    known.pull()
    assert set(known.changed) == {ref.id for ref in refs}
    assert contact(next(contacts.fetch("contacts", [refs[0].id]))).categories == ("Job",)
    assert other.id not in known.changed
    assert (known.pull().changed, known.pull().removed) == ([], [])


def test_another_name_is_seen_with_any_change(desk: PartsDesk, contacts: OnePart) -> None:
    first, second = (contacts.create("contacts", labelled("Work", uid=u), u) for u in "ab")
    known = hub(contacts)
    desk.book.groups.put(labels(desk)["Work"], {"name": "Job"})
    desk.book.change(second.id, {"nicknames": [{"value": "x"}]})
    assert set(known.pull().changed) == {first.id, second.id}
    found = {one: contact_of(known.items[one]).categories for one in known.items}
    assert set(found.values()) == {("Job",)}


def test_another_name_of_a_label_with_many_contacts_is_a_full_list(desk: PartsDesk, contacts: OnePart) -> None:
    work = desk.book.label("Work").name
    member = [{"contactGroupMembership": {"contactGroupResourceName": work}}]
    names = [desk.book.add({"names": [{"givenName": f"c{n}"}], "memberships": member}).name for n in range(205)]
    known = hub(contacts)
    desk.book.groups.put(work, {"name": "Job"})
    for name in names[:10]:
        desk.book.change(name, {"nicknames": [{"value": "x"}]})
    assert set(known.pull().changed) == set(names)
    assert known.completed


def test_a_label_that_goes_is_a_full_list(desk: PartsDesk, contacts: OnePart) -> None:
    ref = contacts.create("contacts", labelled("Work"), "key")
    kept = contacts.create("contacts", card("B", "b"), "key2")
    known = hub(contacts)
    desk.clock.turn(minutes=2)
    desk.book.remove_label(labels(desk)["Work"])
    with pytest.raises(CursorExpired):
        known.poll()
    known.pull()
    assert (known.completed, known.changed, known.listed) == (True, [ref.id], [kept.id])
    assert contact_of(known.items[ref.id]).categories == ()


def test_r20_an_update_after_another_name_of_a_label_is_no_conflict(desk: PartsDesk, contacts: OnePart) -> None:
    ref = contacts.create("contacts", labelled("Work"), "key")
    desk.book.groups.put(labels(desk)["Work"], {"name": "Job"})
    desk.clock.turn(hours=2)
    contacts.update("contacts", ref, labelled("Work", more="NOTE:x\r\n"), labelled("Work"))
    (found,) = contacts.fetch("contacts", [ref.id])
    assert contact(found).categories == ("Job",)


def test_a_label_that_went_since_it_was_listed_is_made_again(desk: PartsDesk, contacts: OnePart) -> None:
    contacts.create("contacts", labelled("Work"), "key")
    desk.clock.turn(minutes=2)
    desk.book.remove_label(labels(desk)["Work"])
    (told,) = contacts.write("contacts", [Write(None, labelled("Work", uid="b"), key="key2")])
    assert isinstance(told, RemoteRef)
    assert labels(desk)["Work"] in groups(desk, told.id)


def test_a_label_that_differs_in_case_only_is_taken_where_google_makes_no_second_one(
    desk: PartsDesk, contacts: OnePart
) -> None:
    desk.book.label("work")
    desk.google.faults.append(Fault(409, "alreadyExists", "Contact group name already exists", method="Groups.create"))
    refs = [contacts.create("contacts", labelled("Work", uid=u), u) for u in "ab"]
    assert all(labels(desk)["work"] in groups(desk, ref.id) for ref in refs)
    assert set(labels(desk)) == {"work"}


def test_a_lost_answer_to_a_new_label_writes_nothing_and_makes_no_second_one(
    desk: PartsDesk, contacts: OnePart
) -> None:
    desk.google.faults.append(Fault(503, "backendError", method="contactGroups.create", after=True))
    with pytest.raises(Unavailable):
        next(contacts.write("contacts", [Write(None, labelled("Work"), key="key")]))
    assert desk.book.contacts.living() == []
    desk.clock.turn(minutes=2)
    contacts.create("contacts", labelled("Work"), "key")
    assert len(desk.book.groups.living()) == 1


# ---------------------------------------------------------------- collections


def test_nothing_is_made_in_a_label_that_is_gone(desk: PartsDesk, contacts: OnePart) -> None:
    ours = desk.book.label("Company", [{"key": "AgendaHubCollection", "value": "1"}]).name
    contacts.create(ours, card(), "key")
    desk.book.remove_label(ours)
    with pytest.raises(CollectionGone):
        contacts.create(ours, card("B", "b"), "key2")
    with pytest.raises(CollectionGone):
        list(contacts.write(ours, [Write(None, card(u, u), key=u) for u in "cd"]))


def test_a_contact_that_is_made_in_a_label_is_in_it_and_in_my_contacts(desk: PartsDesk, contacts: OnePart) -> None:
    ours = desk.book.label("Company", [{"key": "AgendaHubCollection", "value": "1"}]).name
    ref = contacts.create(ours, labelled("Work"), "key")
    assert groups(desk, ref.id) == {MINE, ours, labels(desk)["Work"]}
    (found,) = contacts.fetch(ours, [ref.id])
    assert contact(found).categories == ("Work",)
    assert isinstance(found, Changed)
    assert found.ref.version == ref.version
    contacts.delete(ours, ref)
    assert desk.book.contacts.living() == []


def test_deleting_from_somebodys_own_label_only_takes_the_label_away(desk: PartsDesk, contacts: OnePart) -> None:
    work = desk.book.label("Work").name
    refs = [contacts.create(work, labelled("Golf", uid=u), u) for u in "abc"]
    contacts.delete(work, refs[0])
    assert list(contacts.write(work, [Write(ref, None) for ref in refs[1:]])) == [None, None]
    for ref in refs:
        assert groups(desk, ref.id) == {MINE, labels(desk)["Golf"]}
    assert hub(contacts, work).items == {}
    contacts.delete(work, refs[0])


def contact_of(item: Item) -> Contact:
    """Its record."""
    assert isinstance(item.record, Contact)
    return item.record
