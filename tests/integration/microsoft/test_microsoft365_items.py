"""Items: what is sent for a change, photos, tasks, keys and UIDs that we hide on them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from connectors.microsoft365.extended import KEY, UNFINISHED
from sync_engine.errors import OutcomeUnknown, PartlyWritten, VersionConflict
from sync_engine.item import Item
from sync_engine.model import Contact, Kind, Task
from sync_engine.ports import BatchWrites, Broken, Changed, ManySteps, ReadBack, RemoteRef, Write
from tests.contract.connector_contract import task
from tests.integration.microsoft.microsoft365_desk import DAY, Desk, card, desk_of_ada, event
from tests.servers.microsoft.graph_protocol import Fault

FACE, OTHER = b"\xff\xd8\xff\xe0 one face", b"\xff\xd8\xff\xe0 another"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


def pictured(picture: bytes, name: str = "Ada") -> Item:
    return card(name, more=f"PHOTO;ENCODING=b;TYPE=JPEG:{base64.b64encode(picture).decode()}\r\n")


def contact_of(desk: Desk, where: str, remote_id: str) -> Contact:
    (found,) = desk.connector.fetch(where, [remote_id])
    assert isinstance(found, Changed)
    assert isinstance(found.item.record, Contact)
    return found.item.record


def test_the_connector_has_the_capabilities_of_graph(desk: Desk) -> None:
    assert isinstance(desk.connector, BatchWrites)
    assert isinstance(desk.connector, ReadBack)
    assert isinstance(desk.connector, ManySteps)
    assert desk.connector.most_writes == 20


def test_collections_have_their_kinds_names_and_rights(desk: Desk) -> None:
    people, work, to_do = desk.contacts("Friends"), desk.calendar("Work"), desk.tasks("Errands")
    found = {one.id: one for one in desk.connector.collections()}
    assert {found[one].name for one in (people, work, to_do)} == {"Friends", "Work", "Errands"}
    assert [set(found[one].kinds) for one in (people, work, to_do)] == [{Kind.CONTACT}, {Kind.EVENT}, {Kind.TASK}]
    assert not any(found[one].read_only for one in (people, work, to_do))


def test_parts_of_a_mailbox_that_are_not_permitted_are_left_out(desk: Desk) -> None:
    desk.graph.faults.append(Fault(403, code="ErrorAccessDenied", path="/todo/lists", times=9))
    assert {kind for one in desk.connector.collections() for kind in one.kinds} == {Kind.CONTACT, Kind.EVENT}


# ---------------------------------------------------------------- what is sent

Edit = tuple[Item, Item, set[str]]
EDITS: dict[str, Callable[[], Edit]] = {
    "contacts": lambda: (
        card(more="TEL;TYPE=CELL:1\r\nNOTE:x\r\n"), card(more="TEL;TYPE=CELL:2\r\nNOTE:x\r\n"), {"mobilePhone"}
    ),
    "calendar": lambda: (event(LOCATION="here"), event(LOCATION="there"), {"location"}),
    "tasks": lambda: (task("one", "t"), task("two", "t"), {"title"}),
}  # fmt: skip


@pytest.mark.parametrize("what", EDITS)
def test_r20_the_changed_field_is_all_that_is_sent(desk: Desk, what: str) -> None:
    where = getattr(desk, what)()
    before, after, names = EDITS[what]()
    ref = desk.connector.create(where, before, "key")
    desk.bodies()
    ref = desk.connector.update(where, ref, after, before)
    assert [set(body) for body in desk.bodies()] == [names]
    (answer,) = desk.connector.write(where, [Write(ref, before, after)])
    assert isinstance(answer, RemoteRef)
    assert [set(body) for body in desk.bodies()] == [names]
    (found,) = desk.connector.fetch(where, [ref.id])
    assert isinstance(found, Changed)
    assert found.ref == answer


@pytest.mark.parametrize("what", EDITS)
def test_r21_no_difference_is_no_request(desk: Desk, what: str) -> None:
    where = getattr(desk, what)()
    before, _, _ = EDITS[what]()
    ref = desk.connector.create(where, before, "key")
    desk.asked()
    unseen = Item.read(before.text.replace("END:V", "X-OUR-OWN:1\r\nEND:V", 1))  # Outlook has no place for it
    assert desk.connector.update(where, ref, unseen, before) == ref
    assert list(desk.connector.write(where, [Write(ref, unseen, before)])) == [ref]
    assert desk.asked() == []


def test_without_a_base_a_look_tells_it(desk: Desk) -> None:
    where = desk.contacts()
    ref = desk.connector.create(where, card(more="NOTE:x\r\n"), "key")
    desk.bodies()
    ref = desk.connector.update(where, ref, card("Ada L.", more="NOTE:x\r\n"), None)
    (body,) = desk.bodies()
    assert set(body) == {"displayName", "givenName", "surname", "fileAs"} & set(body)
    assert "personalNotes" not in body
    with pytest.raises(VersionConflict):
        desk.connector.update(where, RemoteRef(ref.id, 'W/"old"'), card("other"), None)


def test_without_a_version_what_stands_there_must_be_the_base(desk: Desk) -> None:
    where = desk.contacts()
    ref = desk.connector.create(where, card(), "key")
    (found,) = desk.connector.fetch(where, [ref.id])
    assert isinstance(found, Changed)
    desk.connector.update(where, RemoteRef(ref.id), card("Ada L."), found.item)
    with pytest.raises(VersionConflict):
        desk.connector.update(where, RemoteRef(ref.id), card("again"), found.item)
    with pytest.raises(VersionConflict):
        desk.connector.delete(where, RemoteRef(ref.id))
    desk.connector.delete(where, RemoteRef("AAkAzzzzzz="))


# ---------------------------------------------------------------- what we hide on items


def test_the_uid_of_the_hub_is_hidden_and_that_of_outlook_told(desk: Desk) -> None:
    for where, item in ((desk.contacts(), card()), (desk.calendar(), event()), (desk.tasks(), task("t", "uid-t"))):
        ref = desk.connector.create(where, item, "key")
        (found,) = desk.connector.fetch(where, [ref.id])
        assert isinstance(found, Changed)
        assert (found.known_as, found.item.uid) == (item.uid, ref.uid)
        assert item.uid != ref.uid
        looked = desk.connector.find(where, item, "key")
        assert looked == found or (isinstance(looked, Changed) and looked.ref == found.ref)
        assert desk.connector.find(where, item, "KEY") is None, "keys are told apart by their case"


def test_r37_a_copy_has_the_hidden_uid_and_the_original_is_found_by_its_key(desk: Desk) -> None:
    where = desk.contacts()
    ref = desk.connector.create(where, card(), "key")
    original = desk.ada.items[ref.id]
    copy = desk.ada.create(original.collection, original.fields, extended=original.extended)
    original.created -= DAY
    hub = desk.hub(where)
    assert len({hub.items[one].uid for one in (ref.id, copy.id)}) == 2
    found = desk.connector.find(where, card(), "key")
    assert isinstance(found, Changed)
    assert found.ref.id == ref.id


def test_a_quote_in_a_key_or_uid_is_no_filter(desk: Desk) -> None:
    where = desk.calendar()
    item = event(uid="o'hara")
    ref = desk.connector.create(where, item, "k-o-hara")
    assert ref.id in desk.hub(where).items
    assert desk.connector.find(where, item, "k-o-hara") is not None
    assert desk.connector.find(where, event(uid="it's not there"), "none") is None


def test_tasks_keep_their_keys_in_an_extension(desk: Desk) -> None:
    where = desk.tasks()
    for n in range(130):
        desk.connector.create(where, task(f"t{n}", f"u{n}"), f"k{n}")
    found = desk.connector.find(where, task("t120", "u120"), "k120")
    assert isinstance(found, Changed)
    assert isinstance(found.item.record, Task)
    assert (found.known_as, found.item.record.master and found.item.record.master.summary) == ("u120", "t120")
    assert len(desk.hub(where).items) == 130


# ---------------------------------------------------------------- photos


def test_a_photo_goes_both_ways(desk: Desk) -> None:
    where = desk.contacts()
    ref = desk.connector.create(where, pictured(FACE), "key")
    stored = desk.ada.items[ref.id]
    assert (stored.photo, stored.extended[UNFINISHED]) == (FACE, "-")
    read = contact_of(desk, where, ref.id)
    assert read.photo is not None
    assert base64.b64decode(read.photo.data) == FACE
    hub = desk.hub(where)
    assert ref.version == ""  # somebody may have written between the two requests: reading it back tells
    assert isinstance(hub.items[ref.id].record, Contact)
    ref = desk.connector.update(where, ref, pictured(OTHER), pictured(FACE))
    assert [one.photo for one in desk.stored(where)] == [OTHER]
    ref = desk.connector.update(where, ref, card(), pictured(OTHER))
    assert [one.photo for one in desk.stored(where)] == [None]
    assert contact_of(desk, where, ref.id).photo is None


def test_a_photo_is_not_sent_again_with_another_change(desk: Desk) -> None:
    where = desk.contacts()
    ref = desk.connector.create(where, pictured(FACE), "key")
    desk.sent.clear()
    desk.connector.update(where, ref, pictured(FACE, "Ada L."), pictured(FACE))
    assert [method for method, _, _ in desk.sent] == ["PATCH"]


def test_photos_are_read_only_of_contacts_that_have_one(desk: Desk) -> None:
    where = desk.contacts()
    for n in range(45):
        desk.connector.create(where, card(f"c{n}", f"u{n}"), f"k{n}")
    with_photo = [one.id for one in desk.stored(where)[:3]]
    for one in with_photo:
        desk.ada.set_photo(one, FACE)
    desk.asked()
    hub = desk.hub(where)
    assert len([path for _, path in desk.asked() if path.endswith("/photo/$value")]) == 3
    shown = [one for one, item in hub.items.items() if isinstance(item.record, Contact) and item.record.photo]
    assert sorted(shown) == sorted(with_photo)


def test_r01_a_photo_that_cannot_be_read_is_not_deleted(desk: Desk) -> None:
    where = desk.contacts()
    refs = [desk.connector.create(where, pictured(FACE), "key"), desk.connector.create(where, card("b", "b"), "b")]
    desk.graph.faults.append(Fault(400, code="ErrorInvalidRequest", path="photo"))
    broken, well = desk.connector.fetch(where, [ref.id for ref in refs])
    assert isinstance(broken, Broken)
    assert broken.ref.version == "status:400"
    assert isinstance(well, Changed)


def test_a_photo_that_the_feed_does_not_show_comes_with_the_next_change(desk: Desk) -> None:
    where = desk.contacts()
    ref = desk.connector.create(where, card(), "key")
    hub = desk.hub(where)
    desk.ada.set_photo(ref.id, FACE)
    assert hub.poll().changed == []
    desk.ada.update(ref.id, {"jobTitle": "Countess"})
    assert hub.poll().changed == [ref.id]
    assert contact_of(desk, where, ref.id).photo is not None


def test_a_photo_that_is_only_an_address_takes_nothing_away(desk: Desk) -> None:
    where = desk.contacts()
    ref = desk.connector.create(where, pictured(FACE), "key")
    linked = card(more="PHOTO;VALUE=uri:https://example.org/ada.jpg\r\n")
    before = desk.ada.items[ref.id].change_key
    assert desk.connector.update(where, ref, linked, pictured(FACE)).id == ref.id
    assert desk.ada.items[ref.id].change_key == before
    assert desk.ada.items[ref.id].photo == FACE


def test_r05_a_contact_whose_photo_did_not_arrive_is_finished(desk: Desk) -> None:
    where = desk.contacts()
    desk.graph.faults.append(Fault(503, code="ServiceUnavailable", method="PUT"))
    with pytest.raises(OutcomeUnknown):
        desk.connector.create(where, pictured(FACE), "key")
    (stored,) = desk.stored(where)
    assert (stored.photo, stored.extended[KEY]) == (None, "key")
    desk.connector.finish(where, None, pictured(FACE), "key")
    assert (stored.photo, stored.extended[UNFINISHED]) == (FACE, "-")
    assert len(desk.stored(where)) == 1


def test_r09_a_photo_that_is_refused_leaves_the_contact(desk: Desk) -> None:
    where = desk.contacts()
    desk.graph.faults.append(Fault(413, code="ErrorMessageSizeExceeded", method="PUT"))
    with pytest.raises(PartlyWritten) as told:
        desk.connector.create(where, pictured(FACE), "key")
    (stored,) = desk.stored(where)
    assert (told.value.remote_id, stored.fields["displayName"], stored.photo) == (stored.id, "Ada", None)
    assert "ErrorMessageSizeExceeded" in told.value.server_said


def test_what_outlook_has_no_place_for_is_what_reading_back_shows(desk: Desk) -> None:
    where = desk.contacts()
    item = card(more="EMAIL:a@x\r\nEMAIL:b@x\r\nEMAIL:c@x\r\nEMAIL:d@x\r\nX-OUR-OWN:1\r\n")
    ref = desk.connector.create(where, item, "key")
    (kept,) = desk.connector.read_back(where, [ref.id])
    assert isinstance(kept, Changed)
    assert isinstance(kept.item.record, Contact)
    assert kept.ref.version == ref.version
    assert [one.value for one in kept.item.record.emails] == ["a@x", "b@x", "c@x"]
    assert replace(kept.item.record, uid="x").extra == ()
