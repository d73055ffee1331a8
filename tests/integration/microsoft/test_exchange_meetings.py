"""Meetings: whose they are, what may be written of them, and that nobody gets a mail (R10, R12, R13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connectors.exchange.restrictions import global_object_id
from sync_engine.errors import Rejected, VersionConflict
from sync_engine.item import Item
from sync_engine.model import Event
from sync_engine.ports import Changed, RemoteRef, Role, Write
from tests.integration.microsoft.exchange_desk import ADA, BOB, Desk, desk_of_ada
from tests.integration.microsoft.microsoft365_desk import event
from tests.integration.microsoft.test_exchange_writes import updates
from tests.servers.microsoft.ews import add_person
from tests.servers.microsoft.ews_meetings import hold_meeting

EVE = "eve@example.com"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        add_person(made.site, "bob", "secret", BOB, "Bob")
        add_person(made.site, "eve", "secret", EVE, "Eve")
        yield made


def hold(desk: Desk, organizer: str, *guests: str) -> Changed:
    """As Ada has it."""
    start, end = datetime(2026, 3, 12, 9, tzinfo=UTC), datetime(2026, 3, 12, 10, tzinfo=UTC)
    hold_meeting(desk.site.exchange, organizer, guests, "Plan", start, end)
    (stored,) = desk.stored(desk.calendar)
    found = desk.there(desk.calendar, stored.folder_id)
    desk.asked()
    return found


def changed(found: Changed, old: str, new: str) -> Item:
    assert old in found.item.text
    return Item.read(found.item.text.replace(old, new))


def guests(organizer: str, *people: str) -> dict[str, str]:
    lines = "\r\n".join(f"ATTENDEE:mailto:{one}" for one in people)
    return {"ORGANIZER": f"mailto:{organizer}\r\n{lines}"}


def test_r12_the_feed_says_whose_meeting_it_is(desk: Desk) -> None:
    assert desk.there(desk.calendar, desk.connector.create(desk.calendar, event(), "key").id).role is Role.NONE
    desk.ada.delete(desk.stored(desk.calendar)[0].id)
    assert hold(desk, ADA, BOB).role is Role.ORGANIZER
    desk.ada.delete(desk.stored(desk.calendar)[0].id)
    found = hold(desk, BOB, ADA, EVE)
    assert found.role is Role.GUEST
    assert isinstance(found.item.record, Event)
    assert found.item.record.master is not None
    assert [one.address for one in found.item.record.master.attendees] == [f"mailto:{ADA}", f"mailto:{EVE}"]


def test_r13_of_a_guests_copy_only_what_concerns_nobody_else_is_written(desk: Desk) -> None:
    found = hold(desk, BOB, ADA)
    own = changed(found, "SUMMARY:Plan", "SUMMARY:Plan\r\nCATEGORIES:Work")
    desk.connector.update(desk.calendar, found.ref, own, found.item)
    assert updates(desk.bodies()[-1]) == ["SetItemField item:Categories"]
    found = desk.there(desk.calendar, found.ref.id)
    with pytest.raises(Rejected, match="Only the organiser"):
        desk.connector.update(desk.calendar, found.ref, changed(found, "SUMMARY:Plan", "SUMMARY:My plan"), found.item)
    assert desk.stored(desk.calendar)[0].fields["Subject"].count("Plan") == 1


def test_r10_the_organiser_changes_a_meeting_and_nobody_is_told(desk: Desk) -> None:
    found = hold(desk, ADA, BOB)
    new = changed(found, "SUMMARY:Plan", "SUMMARY:New plan\r\nATTENDEE:mailto:eve@example.com")
    desk.connector.update(desk.calendar, found.ref, new, found.item)
    assert updates(desk.bodies()[-1]) == ["SetItemField item:Subject", "SetItemField calendar:RequiredAttendees"]
    assert desk.there(desk.calendar, found.ref.id).role is Role.ORGANIZER


def test_r10_a_meeting_is_deleted_and_nobody_is_told(desk: Desk) -> None:
    found = hold(desk, ADA, BOB)
    desk.connector.delete(desk.calendar, found.ref)
    assert desk.stored(desk.calendar) == []
    assert desk.site.dispositions[-1] == ("DeleteItem", "SendToNone")


def test_r13_a_meeting_is_not_made_for_somebody_who_is_invited(desk: Desk) -> None:
    item = event("Plan", "uid-of-bob", **guests(BOB, ADA, EVE))
    (answer,) = desk.connector.write(desk.calendar, [Write(None, item, key="key")])
    assert isinstance(answer, Rejected)
    assert "invitation has to arrive" in str(answer)
    assert desk.stored(desk.calendar) == []


def test_r12_a_meeting_that_is_there_is_not_made_again(desk: Desk) -> None:
    found = hold(desk, BOB, ADA)
    (answer,) = desk.connector.write(desk.calendar, [Write(None, found.item, key="key")])
    assert isinstance(answer, VersionConflict)
    again = desk.connector.find(desk.calendar, found.item, "key")
    assert isinstance(again, Changed)
    assert again.ref == found.ref


def test_r10_the_organiser_makes_a_meeting_and_nobody_is_told(desk: Desk) -> None:
    item = event("Plan", "uid-of-ada", **guests(ADA, BOB, EVE))
    (answer,) = desk.connector.write(desk.calendar, [Write(None, item, key="key")])
    assert isinstance(answer, RemoteRef)
    assert (answer.role, answer.uid) == (Role.ORGANIZER, "uid-of-ada")
    found = desk.there(desk.calendar, answer.id)
    assert found.role is Role.ORGANIZER
    assert "mailto:bob@example.com" in found.item.text
    assert not desk.site.exchange.mailbox(BOB).items


def test_a_meeting_of_others_comes_without_its_guests(desk: Desk) -> None:
    item = event("Plan", "uid-of-bob", **guests(BOB, EVE))
    (answer,) = desk.connector.write(desk.calendar, [Write(None, item, key="key")])
    assert isinstance(answer, RemoteRef)
    assert desk.there(desk.calendar, answer.id).role is Role.NONE
    assert "RequiredAttendees" not in desk.stored(desk.calendar)[0].fields


def test_who_signs_in_by_an_address_needs_no_look_up(desk: Desk) -> None:
    one = desk.another(username=ADA)
    desk.asked()
    list(one.write(desk.calendar, [Write(None, event("Plan", "u", **guests(BOB, ADA)), key="key")]))
    assert "ResolveNames" not in desk.asked()


@pytest.mark.parametrize("uid", ["ada@example.org", "{B-1}:?#", "ü", "040000008200E00074C5B7101A82E00800ff"])
def test_uids_become_object_ids(uid: str) -> None:
    """MS-OXCICAL 2.1.3.1.1.20.26."""
    made = global_object_id(uid)
    assert made.hex().upper().startswith("040000008200E00074C5B7101A82E008")
    if uid.startswith("04"):
        assert made.hex() == uid.lower()
    else:
        size = int.from_bytes(made[36:40], "little")
        assert made[40:] == b"vCal-Uid\x01\x00\x00\x00" + uid.encode() + b"\x00"
        assert len(made) == 40 + size
