"""Photos of Google's contacts: read by their address, written by a request of their own."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.google_workspace.contact_person import KEY, UID
from sync_engine.errors import OutcomeUnknown, PartlyWritten, Throttled
from sync_engine.item import Item
from sync_engine.ports import Broken, Changed, RemoteRef, Write
from tests.contract.connector_contract import Hub
from tests.integration.google_workspace.contacts_desk import OnePart, PartsDesk, card, contact, hub, parts_desk
from tests.servers.google_workspace.protocol import Fault

FACE, OTHER = b"\xff\xd8\xff\xe0 one face", b"\x89PNG\r\n\x1a\n another"
HTML = b"<!DOCTYPE html><title>Please sign in to the hotel's network</title>"


@pytest.fixture
def desk() -> Iterator[PartsDesk]:
    with parts_desk() as made:
        yield made


@pytest.fixture
def contacts(desk: PartsDesk) -> OnePart:
    return desk.contacts()


def pictured(picture: bytes, name: str = "Ada", uid: str = "card-1") -> Item:
    return card(name, uid, f"PHOTO;ENCODING=b;TYPE=JPEG:{base64.b64encode(picture).decode()}\r\n")


def stored(desk: PartsDesk, name: str) -> bytes:
    """What Google has."""
    return desk.book.photos.get(desk.book.contacts.get(name).photo, b"")


def read(contacts: OnePart, name: str) -> bytes:
    """What the connector reads."""
    photo = contact(next(contacts.fetch("contacts", [name]))).photo
    return base64.b64decode(photo.data) if photo else b""


def marks(desk: PartsDesk, name: str) -> set[str]:
    return {one["key"] for one in desk.book.contacts.get(name).fields["clientData"]}


def test_a_photo_goes_both_ways(desk: PartsDesk, contacts: OnePart) -> None:
    ref = contacts.create("contacts", pictured(FACE), "key")
    assert (stored(desk, ref.id), read(contacts, ref.id), marks(desk, ref.id)) == (FACE, FACE, {UID, KEY})
    assert hub(contacts).versions[ref.id] == ref.version
    ref = contacts.update("contacts", ref, pictured(OTHER), pictured(FACE))
    assert (stored(desk, ref.id), read(contacts, ref.id), marks(desk, ref.id)) == (OTHER, OTHER, {UID, KEY})
    ref = contacts.update("contacts", ref, card(), pictured(OTHER))
    assert (stored(desk, ref.id), read(contacts, ref.id)) == (b"", b"")
    assert hub(contacts).versions[ref.id] == ref.version


def test_photos_in_a_batch_follow_it(desk: PartsDesk, contacts: OnePart) -> None:
    writes = [Write(None, pictured(FACE, f"c{n}", f"u{n}") if n else card("c0", "u0"), key=f"k{n}") for n in range(3)]
    told = [one for one in contacts.write("contacts", writes) if isinstance(one, RemoteRef)]
    assert [stored(desk, one.id) for one in told] == [b"", FACE, FACE]
    assert desk.asked() == ["people.batchCreateContacts", *["people.updateContactPhoto", "people.updateContact"] * 2]
    assert {one.id: one.version for one in told} == hub(contacts).versions


def test_a_photo_is_not_sent_again_with_another_change(desk: PartsDesk, contacts: OnePart) -> None:
    ref = contacts.create("contacts", pictured(FACE), "key")
    desk.asked()
    contacts.update("contacts", ref, pictured(FACE, "Ada L."), pictured(FACE))
    assert desk.asked() == ["people.get", "people.updateContact"]
    assert stored(desk, ref.id) == FACE


def test_a_photo_that_google_rewrites_is_under_the_version_of_the_write(desk: PartsDesk, contacts: OnePart) -> None:
    """So that the engine knows it for its own, and takes it for nobody's edit (R20)."""
    desk.google.people.switches.recoded_photos = True
    ref = contacts.create("contacts", pictured(FACE), "key")
    (found,) = contacts.fetch("contacts", [ref.id])
    assert isinstance(found, Changed)
    assert found.ref.version == ref.version
    assert read(contacts, ref.id) != FACE


def test_only_photos_that_their_owner_chose_are_read_and_in_a_good_size(desk: PartsDesk, contacts: OnePart) -> None:
    desk.book.add({"names": [{"givenName": "plain"}]})
    pictured_one = desk.book.add({"names": [{"givenName": "pictured"}]}, photo=FACE).name
    known = hub(contacts)
    assert len(desk.google.people.photo_requests) == 1
    assert all(token == "" for _, token in desk.google.people.photo_requests)
    assert contact(next(contacts.fetch("contacts", [pictured_one]))).photo is not None
    desk.google.people.photo_requests.clear()
    known.pull(afresh=True)
    assert desk.google.people.photo_requests == [], "of what is known nothing is read"


def test_r01_a_photo_that_cannot_be_read_takes_none_away(desk: PartsDesk, contacts: OnePart) -> None:
    names = [desk.book.add({"names": [{"givenName": f"c{n}"}]}, photo=FACE).name for n in range(2)]
    plain = desk.book.add({"names": [{"givenName": "plain"}]}).name
    desk.google.people.switches.no_photo_urls = True
    (page,) = contacts.changes("contacts", None, lambda _: {})
    told = {one.ref.id: one for one in page.changes if isinstance(one, Changed | Broken)}
    assert isinstance(told[plain], Changed)
    assert all(isinstance(told[name], Broken) for name in names)


@pytest.mark.parametrize("status", [403, 500, 503])
def test_r09_a_photo_that_google_fails_to_give_holds_up_its_contact_only(
    desk: PartsDesk, contacts: OnePart, status: int
) -> None:
    """One that may come is read again soon: it has no version."""
    with_photo = desk.book.add({"names": [{"givenName": "c"}]}, photo=FACE).name
    plain = desk.book.add({"names": [{"givenName": "plain"}]}).name
    desk.google.people.switches.photo_status = status
    (page,) = contacts.changes("contacts", None, lambda _: {})
    told = {one.ref.id: one for one in page.changes if isinstance(one, Changed | Broken)}
    broken = told[with_photo]
    assert isinstance(told[plain], Changed)
    assert isinstance(broken, Broken)
    assert bool(broken.ref.version) == (status == 403)


def test_r27_a_pause_that_google_asks_for_at_a_photo_is_kept_and_nothing_lost(
    desk: PartsDesk, contacts: OnePart
) -> None:
    for n in range(130):
        desk.book.add({"names": [{"givenName": f"c{n}"}]}, photo=FACE if n == 120 else b"")
    desk.google.people.switches.photo_status = 429
    known, pages = Hub(contacts, "contacts"), contacts.changes("contacts", None, lambda _: {})
    assert len(next(pages).changes) == 100, "what came before stays in the hub"
    with pytest.raises(Throttled):
        next(pages)
    desk.google.people.switches.photo_status = 0
    assert len(known.pull().items) == 130


def test_a_photo_that_is_refused_leaves_the_contact_written(desk: PartsDesk, contacts: OnePart) -> None:
    gif = b"GIF89a a picture that Google does not take"
    desk.google.faults.append(Fault(400, "badRequest", "too large", method="updateContactPhoto"))
    with pytest.raises(PartlyWritten, match="refuses"):
        contacts.create("contacts", pictured(FACE, "C", "u3"), "key3")
    desk.book.remove(desk.book.contacts.living()[0].name)
    with pytest.raises(PartlyWritten) as caught:
        contacts.create("contacts", pictured(gif), "key")
    assert "picture" in str(caught.value)
    assert marks(desk, caught.value.remote_id) == {UID, KEY}
    assert hub(contacts).versions == {caught.value.remote_id: caught.value.version}
    told = list(contacts.write("contacts", [Write(None, pictured(gif, "B", "u2"), key="k2")]))
    assert [type(one) for one in told] == [PartlyWritten]


@pytest.mark.parametrize("step", ["updateContactPhoto", "people.updateContact$"])
@pytest.mark.parametrize("after", [False, True])
def test_r05_a_write_that_broke_off_between_its_steps_is_finished(
    desk: PartsDesk, contacts: OnePart, step: str, after: bool
) -> None:
    desk.google.faults.append(Fault(503, "backendError", method=step, after=after))
    with pytest.raises(OutcomeUnknown):
        contacts.create("contacts", pictured(FACE), "key")
    another = desk.contacts()
    another.finish("contacts", None, pictured(OTHER), "key")
    another.finish("contacts", None, pictured(FACE), "other key")
    another.finish("contacts", None, pictured(FACE), "key")
    (name,) = [one.name for one in desk.book.contacts.living()]
    assert (stored(desk, name), marks(desk, name)) == (FACE, {UID, KEY})
    desk.asked()
    another.finish("contacts", RemoteRef(name), pictured(FACE), "key")
    assert "people.updateContactPhoto" not in desk.asked()


def test_a_photo_at_which_google_fails_each_time_is_given_up(desk: PartsDesk, contacts: OnePart) -> None:
    desk.google.faults.append(Fault(500, "backendError", method="updateContactPhoto", times=9))
    with pytest.raises(OutcomeUnknown):
        contacts.create("contacts", pictured(FACE), "key")
    with pytest.raises(PartlyWritten):
        contacts.finish("contacts", None, pictured(FACE), "key")
    (name,) = [one.name for one in desk.book.contacts.living()]
    assert marks(desk, name) == {UID, KEY}


@pytest.mark.parametrize("picture", [FACE, b"GIF89a"])
@pytest.mark.parametrize("step", ["updateContactPhoto", "updateContact"])
def test_r07_what_a_person_writes_between_two_steps_is_seen(
    desk: PartsDesk, contacts: OnePart, step: str, picture: bytes
) -> None:
    handler = desk.google.handlers[f"people.people.{step}"]

    def late(call: Any) -> Any:
        desk.google.handlers[f"people.people.{step}"] = handler
        desk.book.change(call.text("resourceName"), {"names": [{"givenName": "theirs"}]})
        return handler(call)

    desk.google.handlers[f"people.people.{step}"] = late
    if picture == FACE:
        ref = contacts.create("contacts", pictured(picture), "key")
    else:
        with pytest.raises(PartlyWritten) as caught:
            contacts.create("contacts", pictured(picture), "key")
        ref = RemoteRef(caught.value.remote_id, caught.value.version)
    if step == "updateContact" or picture == FACE:
        assert ref.version == "", "what is read back tells"
        assert contact(next(contacts.fetch("contacts", [ref.id]))).full_name == "theirs"
    assert marks(desk, ref.id) == {UID, KEY}


def test_who_deletes_a_contact_between_two_steps_wins(desk: PartsDesk, contacts: OnePart) -> None:
    handler = desk.google.handlers["people.people.updateContact"]

    def late(call: Any) -> Any:
        desk.book.remove(call.text("resourceName"))
        return handler(call)

    desk.google.handlers["people.people.updateContact"] = late
    ref = contacts.create("contacts", pictured(FACE), "key")
    known = hub(contacts)
    assert (ref.id in known.items, known.titles) == (False, [])
