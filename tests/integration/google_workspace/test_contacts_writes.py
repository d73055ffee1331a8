"""Google's contacts: what is sent, under which condition, in how few requests, and what becomes of lost answers."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.google_workspace.contact_person import KEY, UID
from connectors.google_workspace.contact_writing import Full
from sync_engine.errors import OutcomeUnknown, Rejected, SyncError, Throttled, VersionConflict
from sync_engine.item import Item
from sync_engine.model import Contact, Photo
from sync_engine.ports import Changed, RemoteRef, Write
from tests.contract.connector_contract import event
from tests.integration.google_workspace.contacts_desk import OnePart, PartsDesk, card, contact, hub, parts_desk
from tests.servers.google_workspace.protocol import Fault

PHONE = "TEL;TYPE=CELL:{}\r\n"


@pytest.fixture
def desk() -> Iterator[PartsDesk]:
    with parts_desk() as made:
        yield made


@pytest.fixture
def contacts(desk: PartsDesk) -> OnePart:
    return desk.contacts()


def creations(count: int) -> list[Write]:
    """So many new contacts."""
    return [Write(None, card(f"c{n}", f"u{n}", PHONE.format(n)), key=f"k{n}") for n in range(count)]


def edits(told: list[Any]) -> list[Write]:
    """Another number for each of those."""
    return [
        Write(ref, card(f"c{n}", f"u{n}", PHONE.format(f"9{n}")), card(f"c{n}", f"u{n}", PHONE.format(n)))
        for n, ref in enumerate(told)
    ]


# ---------------------------------------------------------------- what is sent


def test_r20_the_changed_fields_are_all_that_is_sent(desk: PartsDesk, contacts: OnePart) -> None:
    before, after = card(more=PHONE.format(1) + "NOTE:x\r\n"), card(more=PHONE.format(2) + "NOTE:x\r\n")
    ref = contacts.create("contacts", before, "key")
    heard = desk.bodies("people.people.updateContact")
    ref = contacts.update("contacts", ref, after, before)
    (answer,) = contacts.write("contacts", [Write(ref, before, after)])
    for body in heard:
        assert set(body) == {"resourceName", "etag", "metadata", "phoneNumbers"}
    (found,) = contacts.fetch("contacts", [ref.id])
    assert isinstance(found, Changed)
    assert found.as_written == answer


def test_r20_what_others_hid_on_a_contact_stays(desk: PartsDesk, contacts: OnePart) -> None:
    theirs = {"clientData": [{"key": "theirs", "value": "1"}], "interests": [{"value": "chess"}]}
    name = desk.book.add({"names": [{"givenName": "Ada"}], **theirs}).name
    known = hub(contacts)
    before = known.items[name]
    assert isinstance(before.record, Contact)
    photo = Photo(base64.b64encode(b"\xff\xd8\xff\xe0 face").decode(), media_type="image/jpeg")
    after = Item.of(replace(before.record, categories=("a",), photo=photo))
    contacts.update("contacts", RemoteRef(name, known.versions[name]), after, before)
    stored = desk.book.contacts.get(name)
    assert {key: stored.fields[key] for key in theirs} == theirs
    assert stored.photo


def test_r20_what_no_record_has_of_an_entry_stays_when_the_entry_changes(desk: PartsDesk, contacts: OnePart) -> None:
    job = {"name": "Engines", "title": "Countess", "symbol": "ENG", "domain": "engines.example"}
    name = desk.book.add({"names": [{"givenName": "Ada"}], "organizations": [job]}).name
    known = hub(contacts)
    before = known.items[name]
    assert isinstance(before.record, Contact)
    after = Item.of(replace(before.record, title="Queen"))
    (told,) = contacts.write("contacts", [Write(RemoteRef(name, known.versions[name]), after, before)])
    assert isinstance(told, RemoteRef)
    assert desk.book.contacts.get(name).fields["organizations"] == [job | {"title": "Queen"}]


def test_r21_no_difference_is_no_request(desk: PartsDesk, contacts: OnePart) -> None:
    before = card()
    ref = contacts.create("contacts", before, "key")
    desk.asked()
    assert contacts.update("contacts", ref, card(), before) == ref
    assert list(contacts.write("contacts", [Write(ref, card(), before)])) == [ref]
    assert desk.asked() == []


def test_our_uid_and_key_are_hidden_and_google_gives_its_own(desk: PartsDesk, contacts: OnePart) -> None:
    ref = contacts.create("contacts", card(uid="uid-1"), "key")
    stored = desk.book.contacts.get(ref.id).fields
    assert stored["clientData"] == [{"key": UID, "value": "uid-1"}, {"key": KEY, "value": "key"}]
    (found,) = contacts.fetch("contacts", [ref.id])
    assert isinstance(found, Changed)
    assert (found.known_as, found.item.uid, found.ref.version) == ("uid-1", ref.uid, ref.version)


def test_the_answer_of_a_write_has_the_version_that_is_read(desk: PartsDesk, contacts: OnePart) -> None:
    told = list(contacts.write("contacts", creations(3)))
    known = hub(desk.contacts())
    assert {one.id: one.version for one in told if isinstance(one, RemoteRef)} == known.versions


# ---------------------------------------------------------------- conditions


def test_a_change_of_another_version_is_refused(desk: PartsDesk, contacts: OnePart) -> None:
    ref = contacts.create("contacts", card(), "key")
    desk.book.change(ref.id, {"names": [{"givenName": "theirs"}]})
    for act in (
        lambda: contacts.update("contacts", ref, card("ours"), card()),
        lambda: contacts.update("contacts", RemoteRef(ref.id), card("ours"), card()),
        lambda: contacts.delete("contacts", ref),
        lambda: contacts.delete("contacts", RemoteRef(ref.id)),
    ):
        with pytest.raises(VersionConflict):
            act()
    told = list(contacts.write("contacts", [Write(ref, card("ours"), card()), Write(ref, None)]))
    assert [type(one) for one in told] == [VersionConflict, VersionConflict]
    assert contact(next(contacts.fetch("contacts", [ref.id]))).full_name == "theirs"


def test_who_writes_between_our_look_and_our_change_is_not_overwritten(desk: PartsDesk, contacts: OnePart) -> None:
    ref = contacts.create("contacts", card(), "key")
    handler = desk.google.handlers["people.people.updateContact"]

    def late(call: Any) -> Any:
        desk.book.change(ref.id, {"names": [{"givenName": "theirs"}]})
        return handler(call)

    desk.google.handlers["people.people.updateContact"] = late
    with pytest.raises(VersionConflict):
        contacts.update("contacts", ref, card("ours"), card())
    assert contact(next(contacts.fetch("contacts", [ref.id]))).full_name == "theirs"


def test_other_contacts_are_never_written(desk: PartsDesk, contacts: OnePart) -> None:
    met = desk.book.meet({"names": [{"givenName": "Met"}]}).name
    desk.asked()
    with pytest.raises(Rejected):
        contacts.create("otherContacts", card(), "key")
    told = list(contacts.write("otherContacts", [Write(RemoteRef(met, "v"), card("x"), card("y"))]))
    assert [type(one) for one in told] == [Rejected]
    assert not [one for one in desk.asked() if "update" in one or "create" in one]


def test_an_appointment_is_no_contact(contacts: OnePart) -> None:
    told = list(contacts.write("contacts", [Write(None, event("e"), key="k"), *creations(1)]))
    assert [type(one) for one in told] == [Rejected, RemoteRef]


# ---------------------------------------------------------------- many at once


def test_ten_changes_are_a_look_and_a_request(desk: PartsDesk, contacts: OnePart) -> None:
    told = list(contacts.write("contacts", creations(10)))
    assert desk.asked() == ["people.batchCreateContacts"]
    changed = list(contacts.write("contacts", edits(told)))
    assert desk.asked() == ["people.getBatchGet", "people.batchUpdateContacts"]
    assert all(isinstance(one, RemoteRef) for one in changed)
    gone = [Write(ref, None) for ref in changed if isinstance(ref, RemoteRef)]
    assert list(contacts.write("contacts", gone)) == [None] * 10
    assert desk.asked() == ["people.getBatchGet", "people.batchDeleteContacts"]
    assert desk.book.contacts.living() == []


def test_changes_of_the_same_fields_go_together(desk: PartsDesk, contacts: OnePart) -> None:
    told = list(contacts.write("contacts", creations(4)))
    writes = edits(told)
    for n in (1, 3):
        writes[n] = Write(writes[n].ref, card(f"new {n}", f"u{n}", PHONE.format(n)), writes[n].base)
    desk.asked()
    heard = desk.bodies("people.people.batchUpdateContacts")
    changed = list(contacts.write("contacts", writes))
    assert [one.id for one in changed if isinstance(one, RemoteRef)] == [one.id for one in told]  # type: ignore[union-attr]
    assert [(len(body["contacts"]), body["updateMask"].split(",")[-1]) for body in heard] == [
        (2, "phoneNumbers"),
        (2, "names"),
    ]
    assert hub(contacts).titles == ["c0", "c2", "new 1", "new 3"]


def test_r09_one_that_is_refused_holds_up_no_other(desk: PartsDesk, contacts: OnePart) -> None:
    desk.google.faults.append(Fault(400, "badRequest", "One of them is bad", method="batchCreateContacts"))
    desk.google.faults.append(Fault(400, "badRequest", "This one is bad", method="people.createContact"))
    told = list(contacts.write("contacts", creations(3)))
    assert [type(one) for one in told] == [Rejected, RemoteRef, RemoteRef]
    desk.book.change(told[1].id, {"nicknames": [{"value": "theirs"}]})  # type: ignore[union-attr]
    changed = list(contacts.write("contacts", edits(told)[1:]))
    assert [type(one) for one in changed] == [VersionConflict, RemoteRef]


def test_r09_a_conflict_in_the_middle_of_a_batch_is_that_contacts_own(desk: PartsDesk, contacts: OnePart) -> None:
    told = list(contacts.write("contacts", creations(3)))
    handler = desk.google.handlers["people.people.batchUpdateContacts"]

    def late(call: Any) -> Any:
        desk.book.change(told[1].id, {"nicknames": [{"value": "theirs"}]})  # type: ignore[union-attr]
        return handler(call)

    desk.google.handlers["people.people.batchUpdateContacts"] = late
    changed = list(contacts.write("contacts", edits(told)))
    assert [type(one) for one in changed] == [RemoteRef, VersionConflict, RemoteRef]


def test_deleting_many_of_which_one_is_gone_is_fine(desk: PartsDesk, contacts: OnePart) -> None:
    told = [one for one in contacts.write("contacts", creations(4)) if isinstance(one, RemoteRef)]
    desk.book.remove(told[0].id)
    handler = desk.google.handlers["people.people.batchDeleteContacts"]

    def late(call: Any) -> Any:
        desk.book.remove(told[1].id)
        return handler(call)

    desk.google.handlers["people.people.batchDeleteContacts"] = late
    assert list(contacts.write("contacts", [Write(ref, None) for ref in told])) == [None] * 4
    assert desk.book.contacts.living() == []


# ---------------------------------------------------------------- lost answers, and Google in trouble


def test_r06_a_lost_answer_is_settled_by_the_key(desk: PartsDesk, contacts: OnePart) -> None:
    assert contacts.find("contacts", card(), "key") is None
    desk.clock.turn(minutes=1)
    desk.google.faults.append(Fault(method="createContact", after=True, drop=True))
    with pytest.raises(OutcomeUnknown):
        contacts.create("contacts", card(), "key")
    found = contacts.find("contacts", card(), "key")
    assert isinstance(found, Changed)
    assert (found.known_as, len(desk.book.contacts.living())) == ("card-1", 1)
    assert contacts.find("contacts", card(), "KEY") is None


def test_a_batch_whose_answer_is_lost_is_in_doubt_and_found_by_one_list(desk: PartsDesk, contacts: OnePart) -> None:
    desk.google.faults.append(Fault(500, "backendError", method="batchCreateContacts", after=True))
    told = list(contacts.write("contacts", creations(3)))
    assert [type(one) for one in told] == [OutcomeUnknown] * 3
    desk.asked()
    found = [contacts.find("contacts", write.item, write.key) for write in creations(3) if write.item]
    assert all(isinstance(one, Changed) for one in found)
    assert desk.asked().count("people.connections.list") == 1


def test_r05_a_key_makes_one_contact(desk: PartsDesk, contacts: OnePart) -> None:
    ref = contacts.create("contacts", card(), "key")
    assert contacts.create("contacts", card(), "key").id == ref.id
    assert list(contacts.write("contacts", [Write(None, card(), key="key")])) == [RemoteRef(ref.id)]
    assert len(desk.book.contacts.living()) == 1
    desk.book.remove(ref.id)
    assert contacts.find("contacts", card(), "key") is None
    assert contacts.create("contacts", card(), "key").id != ref.id


def test_r37_a_copy_has_our_uid_and_the_original_is_found_by_its_key(desk: PartsDesk, contacts: OnePart) -> None:
    ref = desk.contacts().create("contacts", card(), "key")
    desk.clock.turn(minutes=1)
    copy = desk.book.add(desk.book.contacts.get(ref.id).fields)
    known = hub(contacts)
    assert known.items[ref.id].uid != known.items[copy.name].uid
    found = contacts.find("contacts", card(), "key")
    assert isinstance(found, Changed)
    assert found.ref.id == ref.id


def test_r27_what_was_not_sent_for_now_is_untouched(desk: PartsDesk, contacts: OnePart) -> None:
    told = [one for one in contacts.write("contacts", creations(3)) if isinstance(one, RemoteRef)]
    fault = Fault(429, headers={"Retry-After": "900"}, method="batchUpdateContacts")
    desk.google.faults.append(fault)
    with pytest.raises(Throttled):
        next(contacts.write("contacts", edits(list(told))))
    numbers = [one.fields["phoneNumbers"][0]["value"] for one in desk.book.contacts.living()]
    assert sorted(numbers) == ["0", "1", "2"]


def test_r09_one_contact_too_many_is_refused_and_the_others_go_on(desk: PartsDesk) -> None:
    contacts = desk.contacts(max_wait=0.5)
    told = list(contacts.write("contacts", creations(2)))
    desk.google.people.switches.most_contacts = 3
    more = [Write(None, card(f"d{n}", f"d{n}"), key=f"d{n}") for n in range(4)]
    answers = list(contacts.write("contacts", [*edits(told), *more]))
    assert [type(one) for one in answers] == [RemoteRef, RemoteRef, RemoteRef, Full, Full, Full]
    assert len(desk.book.contacts.living()) == 3


def test_r24_a_sign_in_that_is_no_good_any_more_stops_the_writes(desk: PartsDesk, contacts: OnePart) -> None:
    desk.google.world.grants.clear()
    with pytest.raises(SyncError):
        list(contacts.write("contacts", creations(2)))
    with pytest.raises(SyncError):
        hub(contacts)


def test_changes_of_one_user_go_one_after_the_other(desk: PartsDesk) -> None:
    """Over all connectors of the process (P9)."""
    desk.google.people.switches.change_seconds = 0.02
    connectors = [desk.contacts() for _ in range(4)]
    told: list[object] = []

    def write(n: int) -> None:
        for m in range(3):
            labelled = card(f"c{n}{m}", f"u{n}{m}", f"CATEGORIES:l{n}{m}\r\n")
            told.append(connectors[n].create("contacts", labelled, f"k{n}{m}"))

    threads = [threading.Thread(target=write, args=[n]) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(told), desk.google.people.overlaps) == (12, 0)
