"""Meetings: nobody gets a mail because of a sync, and nobody's copy is bent (SYNC.md R10, R13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sync_engine.errors import Rejected, VersionConflict
from sync_engine.item import Item
from sync_engine.ports import Changed, RemoteRef, Role, Write
from tests.contract.connector_contract import Hub
from tests.integration.microsoft.microsoft365_desk import (
    ADA,
    BOB,
    Desk,
    calendar_of,
    desk_of_ada,
    event,
    moved,
    weekly,
    without,
)
from tests.servers.microsoft.mailbox import Item as Stored

WEEKLY: dict[str, Any] = {
    "subject": "Standup",
    "start": {"dateTime": "2026-03-16T09:00:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-03-16T09:30:00", "timeZone": "Europe/Berlin"},
}
RECURRENCE = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
    "range": {"type": "numbered", "startDate": "2026-03-16", "numberOfOccurrences": 5},
}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made
        assert made.exchange.outbox == [], "a sync sends no mail"


def meeting(desk: Desk, organizer: str, guest: str, **more: Any) -> tuple[str, Hub, Changed]:
    """In Ada's calendar; how a hub reads it."""
    copies = desk.exchange.hold_meeting(organizer, [guest], {**WEEKLY, **more})
    mine = next(one for one in copies if one.id in desk.ada.items)
    where = f"calendars/{desk.ada.well_known('calendar').id}"
    hub = desk.hub(where)
    (found,) = desk.connector.fetch(where, [mine.id])
    assert isinstance(found, Changed)
    return where, hub, found


def edited(item: Item, old: str, new: str) -> Item:
    assert old in item.text
    return Item.read(item.text.replace(old, new))


def test_r13_the_role_of_the_mailbox_is_told(desk: Desk) -> None:
    _, _, ours = meeting(desk, ADA, BOB)
    _, _, theirs = meeting(desk, BOB, ADA)
    where = desk.calendar()
    alone = desk.connector.create(where, event(), "key")
    (plain,) = desk.connector.fetch(where, [alone.id])
    assert isinstance(plain, Changed)
    assert (ours.role, theirs.role, plain.role) == (Role.ORGANIZER, Role.GUEST, Role.NONE)
    assert alone.role is Role.NONE


def test_r12_a_meeting_has_one_uid_in_all_mailboxes(desk: Desk) -> None:
    _, _, ours = meeting(desk, ADA, BOB)
    (other,) = desk.exchange.mailbox(BOB).items.values()
    assert ours.item.uid == other.uid


def test_r10_a_meeting_of_ones_own_is_not_changed_nor_deleted(desk: Desk) -> None:
    where, _, ours = meeting(desk, ADA, BOB)
    changed = edited(ours.item, "Standup", "Sit-down")
    with pytest.raises(Rejected, match="change it in Outlook"):
        desk.connector.update(where, ours.ref, changed, ours.item)
    with pytest.raises(Rejected, match="delete it in Outlook"):
        desk.connector.delete(where, ours.ref)
    answers = list(desk.connector.write(where, [Write(ours.ref, changed, ours.item), Write(ours.ref, None)]))
    assert [type(one) for one in answers] == [Rejected, Rejected]
    assert desk.sent == []


def test_r10_silent_properties_of_ones_own_meeting_are_written(desk: Desk) -> None:
    where, _, ours = meeting(desk, ADA, BOB)
    changed = edited(ours.item, "SUMMARY:", "CATEGORIES:Red\r\nSUMMARY:")
    ref = desk.connector.update(where, ours.ref, changed, ours.item)
    assert desk.ada.items[ref.id].fields["categories"] == ["Red"]
    again = edited(changed, "Red", "Blue")
    (answer,) = desk.connector.write(where, [Write(ref, again, changed)])
    assert isinstance(answer, RemoteRef)
    assert [set(body) for body in desk.bodies()] == [{"categories"}, {"categories"}]


def test_r13_a_guests_copy_is_changed_silently_or_not_at_all(desk: Desk) -> None:
    where, _, theirs = meeting(desk, BOB, ADA)
    with pytest.raises(Rejected, match="Only the organiser"):
        desk.connector.update(where, theirs.ref, edited(theirs.item, "Standup", "Mine"), theirs.item)
    changed = edited(theirs.item, "SUMMARY:", "CLASS:PRIVATE\r\nTRANSP:TRANSPARENT\r\nSUMMARY:")
    ref = desk.connector.update(where, theirs.ref, changed, theirs.item)
    assert set(*desk.bodies()) == {"sensitivity", "showAs"}
    desk.connector.delete(where, ref)
    assert ref.id not in desk.ada.items, "a guest may drop the own copy; nobody is told"


@pytest.mark.parametrize("organizer", [ADA, BOB])
def test_r10_r14_no_occurrence_of_a_meeting_is_cancelled_or_moved(desk: Desk, organizer: str) -> None:
    guest = BOB if organizer == ADA else ADA
    where, _, found = meeting(desk, organizer, guest, recurrence=RECURRENCE)
    cancelled = edited(found.item, "RRULE", f"{without('20260323')}RRULE")
    with pytest.raises(Rejected):
        desk.connector.update(where, found.ref, cancelled, found.item)
    own = found.item.text.partition("BEGIN:VEVENT\r\n")[2].partition("END:VEVENT")[0]
    exception = calendar_of(found.item.uid, own, moved("20260323"))
    with pytest.raises(Rejected):
        desk.connector.update(where, found.ref, exception, found.item)
    assert desk.sent == []
    assert desk.ada.items[found.ref.id].cancelled == set()


def test_r10_guests_of_one_occurrence_alone_get_no_mail(desk: Desk) -> None:
    where = desk.calendar()
    ref = desk.connector.create(where, weekly(), "key")
    guest = {"emailAddress": {"address": BOB, "name": "Bob"}, "type": "required"}
    desk.ada.change_occurrence(ref.id, "2026-03-23", {"attendees": [guest]})
    (found,) = desk.connector.fetch(where, [ref.id])
    assert isinstance(found, Changed)
    desk.sent.clear()
    for change in (
        edited(found.item, "SUMMARY:Standup\r\n", "SUMMARY:Sit-down\r\n"),
        edited(found.item, "RRULE", f"{without('20260323')}RRULE"),
    ):
        with pytest.raises(Rejected, match="change it in Outlook"):
            desk.connector.update(where, found.ref, change, found.item)
    with pytest.raises(Rejected, match="delete it in Outlook"):
        desk.connector.delete(where, found.ref)
    assert desk.sent == []


def test_r10_guests_are_never_written_into_an_event(desk: Desk) -> None:
    where = desk.calendar()
    people = {"ORGANIZER": "mailto:carl@example.com", "ATTENDEE": "mailto:dora@example.com"}
    desk.connector.create(where, event(**people), "key")
    (stored,) = desk.stored(where)
    assert "attendees" not in stored.fields
    (found,) = desk.connector.fetch(where, [stored.id])
    assert isinstance(found, Changed)
    assert found.role is Role.NONE


def test_a_meeting_of_this_mailbox_is_not_made_but_found(desk: Desk) -> None:
    where, _, theirs = meeting(desk, BOB, ADA)
    with pytest.raises(VersionConflict):
        desk.connector.create(where, theirs.item, "key")
    found = desk.connector.find(where, theirs.item, "key")
    assert isinstance(found, Changed)
    assert found.ref == theirs.ref
    missing = event(uid="another", ORGANIZER=f"mailto:{BOB}", ATTENDEE=f"MAILTO:{ADA.upper()}")
    with pytest.raises(Rejected, match="invitation has to arrive by itself"):
        desk.connector.create(where, missing, "key")
    assert [type(one) for one in desk.connector.write(where, [Write(None, missing, key="k")])] == [Rejected]


def test_r10_a_meeting_that_somebody_made_since_is_seen_before_it_is_changed(desk: Desk) -> None:
    """The hub knows an appointment; meanwhile people were invited: its version is another one."""
    where = desk.calendar()
    ref = desk.connector.create(where, event(), "key")
    stored: Stored = desk.ada.items[ref.id]
    desk.ada.update(stored.id, {"attendees": [{"emailAddress": {"address": BOB}, "type": "required"}]})
    with pytest.raises(VersionConflict):
        desk.connector.update(where, ref, event("changed"), event())
    with pytest.raises(VersionConflict):
        desk.connector.delete(where, ref)


def test_r10_a_first_listing_of_meetings_and_series_writes_nothing(desk: Desk) -> None:
    for n in range(3):
        desk.exchange.hold_meeting(ADA, [BOB], {**WEEKLY, "subject": f"m{n}", "recurrence": RECURRENCE})
        desk.exchange.hold_meeting(BOB, [ADA], {**WEEKLY, "subject": f"g{n}"})
    hub = desk.hub(f"calendars/{desk.ada.well_known('calendar').id}")
    assert len(hub.items) == 6
    assert desk.sent == []


def test_r20_an_event_without_guests_that_lost_its_people_in_the_hub_needs_no_request(desk: Desk) -> None:
    where = desk.calendar()
    with_people = event(ATTENDEE="mailto:dora@example.com")
    ref = desk.connector.create(where, with_people, "key")
    desk.sent.clear()
    assert desk.connector.update(where, ref, event(), with_people) == ref
    assert desk.sent == []
