"""Meetings at Google: who may write what, and that nobody hears of a sync (R10, R13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.people import people_in
from sync_engine.errors import PartlyWritten, Rejected, VersionConflict
from sync_engine.item import Item
from sync_engine.ports import RemoteRef, Role, Write
from tests.integration.google_workspace.contacts_desk import OnePart
from tests.integration.google_workspace.events_desk import (
    ADA,
    BOB,
    EventsDesk,
    details,
    events_desk,
    hub,
    read,
    same,
    written,
)
from tests.integration.microsoft.microsoft365_desk import event, moved, weekly

EVE = "eve@example.com"
HERS, BOBS = f"calendars/{ADA}", f"calendars/{BOB}"


@pytest.fixture
def desk() -> Iterator[EventsDesk]:
    with events_desk() as made:
        made.google.give(BOB)
        yield made


@pytest.fixture
def connector(desk: EventsDesk) -> OnePart:
    return desk.connector()


def meeting(summary: str = "Lunch", organizer: str = BOB, guests: tuple[str, ...] = (ADA, BOB), **more: str) -> Item:
    """An event with people in it."""
    item = event(summary, more.pop("UID", "uid-1"), ORGANIZER=f"mailto:{organizer}", **more)
    lines = "".join(f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{one}\r\n" for one in guests)
    return Item.read(item.text.replace("END:VEVENT", f"{lines}END:VEVENT"))


def invite(desk: EventsDesk, by: str = BOB, **body: Any) -> str:
    """Somebody invites Ada or Bob, in Google Calendar."""
    times = {"start": {"dateTime": "2026-03-12T09:00:00Z"}, "end": {"dateTime": "2026-03-12T10:00:00Z"}}
    guests = [{"email": one} for one in (ADA, BOB) if one != by]
    told = {"summary": "Lunch", **times, "attendees": guests, **body}
    return str(desk.api(by).events().insert(calendarId=by, body=told, sendUpdates="none").execute()["id"])


# ---------------------------------------------------------------- roles


def test_r12_each_knows_what_he_is_in_a_meeting(desk: EventsDesk, connector: OnePart) -> None:
    name = invite(desk)
    assert read(connector, HERS, name).role is Role.GUEST
    assert read(desk.connector(BOB), BOBS, name).role is Role.ORGANIZER
    assert read(connector, HERS, name).item.uid == read(desk.connector(BOB), BOBS, name).item.uid
    plain = connector.create(HERS, event(), "key")
    assert (plain.role, read(connector, HERS, plain.id).role) == (Role.NONE, Role.NONE)


@pytest.mark.parametrize("together", [False, True])
def test_r13_a_guest_writes_what_is_his_own(together: bool, desk: EventsDesk, connector: OnePart) -> None:
    name = invite(desk)
    found = read(connector, HERS, name)
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT30M\r\nEND:VALARM\r\nEND:VEVENT"
    text = found.item.text.replace("END:VEVENT", f"CLASS:PRIVATE\r\nTRANSP:TRANSPARENT\r\n{alarm}")
    own = Item.read(text)
    before = desk.entry(BOBS).etag
    if together:
        (outcome,) = written(connector, HERS, Write(found.ref, own, found.item))
        assert isinstance(outcome, RemoteRef)
    else:
        connector.update(HERS, found.ref, own, found.item)
    now = details(read(connector, HERS, name))
    assert (now.classification, now.transparency) == ("PRIVATE", "TRANSPARENT")
    assert (desk.entry(BOBS).etag, desk.entry(BOBS).body.get("visibility")) == (before, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SUMMARY:Lunch", "SUMMARY:Dinner"),
        ("T100000", "T093000"),
        ("PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED"),
    ],
)
def test_r13_a_guest_writes_nothing_of_the_organisers(old: str, new: str, desk: EventsDesk, connector: OnePart) -> None:
    name = invite(desk)
    found = read(connector, HERS, name)
    after = Item.read(found.item.text.replace(old, new))
    assert after.record != found.item.record
    desk.asked()
    with pytest.raises(Rejected, match="Only the organiser"):
        connector.update(HERS, found.ref, after, found.item)
    (outcome,) = written(connector, HERS, Write(found.ref, after, found.item))
    assert isinstance(outcome, Rejected)
    assert "events.patch" not in desk.asked()


def test_r13_a_guest_may_take_it_away(desk: EventsDesk, connector: OnePart) -> None:
    name = invite(desk)
    connector.delete(HERS, read(connector, HERS, name).ref)
    assert desk.entries(HERS) == []
    assert desk.entry(BOBS).id == name


def test_r10_the_organiser_changes_it_for_all_and_no_mail_is_sent(desk: EventsDesk, connector: OnePart) -> None:
    name = invite(desk, ADA)
    found = read(connector, HERS, name)
    after = Item.read(found.item.text.replace("SUMMARY:Lunch", "SUMMARY:Dinner"))
    ref = connector.update(HERS, found.ref, after, found.item)
    assert desk.entry(BOBS).body["summary"] == "Dinner"
    connector.delete(HERS, ref)
    assert desk.entries(BOBS) == []


def test_r10_the_list_of_guests_is_written_as_a_whole(desk: EventsDesk, connector: OnePart) -> None:
    name = invite(desk, ADA)
    found = read(connector, HERS, name)
    after = Item.read(found.item.text.replace("END:VEVENT", f"ATTENDEE:mailto:{EVE}\r\nEND:VEVENT"))
    bodies = desk.bodies("patch")
    connector.update(HERS, found.ref, after, found.item)
    assert [[one["email"] for one in body["attendees"]] for body in bodies] == [[BOB, EVE]]


# ---------------------------------------------------------------- copies that we make


@pytest.mark.parametrize("organizer", [ADA, BOB])
def test_r10_a_meeting_is_made_as_a_private_copy(organizer: str, desk: EventsDesk, connector: OnePart) -> None:
    item = meeting(organizer=organizer)
    ref = connector.create(HERS, item, "key")
    assert desk.entries(BOBS) == []
    found = read(connector, HERS, ref.id)
    assert (found.role, ref.role) == (Role.NONE, Role.NONE)
    assert people_in(found.item.record) == {ADA, BOB}
    assert found.item.record == connector.part.kept(item.record)


@pytest.mark.parametrize("may", [True, False])
@pytest.mark.parametrize("unheard", [True, False])
@pytest.mark.parametrize("together", [True, False])
def test_a_copy_of_somebody_elses_meeting_follows_the_hub(
    may: bool, unheard: bool, together: bool, desk: EventsDesk, connector: OnePart
) -> None:
    """Nobody says whether Google lets the owner of a copy change it; if not, it is imported once more."""
    item = meeting()
    ref = connector.create(HERS, item, "key")
    desk.by_hand(HERS, ref.id, {"colorId": "5"})
    desk.entry(HERS).body["guestsCanModify"] = may
    desk.google.switches.guests_unheard = unheard
    found = read(connector, HERS, ref.id)
    after = Item.read(found.item.text.replace("SUMMARY:Lunch", "SUMMARY:Dinner"))
    if together:
        (outcome,) = written(connector, HERS, Write(found.ref, after, found.item))
        assert isinstance(outcome, RemoteRef)
    else:
        connector.update(HERS, found.ref, after, found.item)
    entry = desk.entry(HERS)
    assert (entry.id, entry.body["summary"], entry.body["colorId"]) == (ref.id, "Dinner", "5")
    assert same(read(connector, HERS, ref.id), after)
    assert desk.entries(BOBS) == []


def test_r15_a_copy_of_somebody_elses_series_has_its_exceptions(desk: EventsDesk, connector: OnePart) -> None:
    people = f"ORGANIZER:mailto:{BOB}\r\nATTENDEE:mailto:{ADA}\r\nATTENDEE:mailto:{BOB}\r\n"
    item = weekly(more=people, overrides=(moved("20260323") + people,))
    ref = connector.create(HERS, item, "key")
    found = read(connector, HERS, ref.id)
    assert found.item.record == connector.part.kept(item.record)
    assert len(desk.entries(HERS)) == 2
    assert desk.entries(BOBS) == []


def test_a_copy_of_a_series_that_google_does_not_let_us_change_is_told(desk: EventsDesk, connector: OnePart) -> None:
    people = f"ORGANIZER:mailto:{BOB}\r\nATTENDEE:mailto:{ADA}\r\n"
    imports = desk.google.handlers["calendar.events.import"]

    def strictly(call: Any) -> Any:
        call.body.pop("guestsCanModify")
        return imports(call)

    desk.google.handlers["calendar.events.import"] = strictly
    with pytest.raises(PartlyWritten):
        connector.create(HERS, weekly(more=people, overrides=(moved("20260323") + people,)), "key")
    assert len(desk.entries(HERS)) == 1


def test_r37_a_meeting_that_somebody_makes_of_our_copy_is_his_meeting(desk: EventsDesk, connector: OnePart) -> None:
    connector.create(HERS, meeting(organizer=ADA), "key")
    body = {name: value for name, value in desk.entry(HERS).body.items() if name != "privateCopy"}
    copy = desk.put(HERS, **body)
    assert read(connector, HERS, copy.id).role is Role.ORGANIZER


def test_in_a_shared_calendar_its_owner_takes_part_and_not_who_writes(desk: EventsDesk, connector: OnePart) -> None:
    desk.google.calendar.calendars.share(BOB, ADA, "writer")
    alone = connector.create(BOBS, meeting(organizer=EVE, guests=(ADA, EVE)), "key")
    assert people_in(read(connector, BOBS, alone.id).item.record) == frozenset()
    with_him = connector.create(BOBS, meeting(organizer=EVE, guests=(BOB,), UID="other"), "other")
    assert people_in(read(connector, BOBS, with_him.id).item.record) == {BOB, EVE}


@pytest.mark.parametrize("duplicates", [True, False])
def test_r03_a_meeting_that_its_organiser_cancelled_may_be_made_again(
    duplicates: bool, desk: EventsDesk, connector: OnePart
) -> None:
    """What is left of the invitation is his: it is imported over, where Google lets us."""
    name = invite(desk)
    found = read(connector, HERS, name)
    desk.cancel(BOBS, name, BOB)
    desk.google.switches.import_duplicates = duplicates
    item = Item.read(found.item.text)
    if duplicates:
        with pytest.raises(VersionConflict):
            connector.create(HERS, item, "key")
        assert desk.entries(HERS) == []
    else:
        again = connector.create(HERS, item, "key")
        assert (again.id, again.role) == (name, Role.NONE)
        assert people_in(read(connector, HERS, name).item.record) == {ADA, BOB}
    assert desk.entries(BOBS) == []


# ---------------------------------------------------------------- meetings of others


def test_r10_of_a_meeting_of_others_nobody_is_written_down(desk: EventsDesk, connector: OnePart) -> None:
    item = meeting(organizer=BOB, guests=(BOB, EVE))
    ref = connector.create(HERS, item, "key")
    found = read(connector, HERS, ref.id)
    assert people_in(found.item.record) == frozenset()
    assert found.item.record == connector.part.kept(item.record)
    after = meeting("Dinner", organizer=BOB, guests=(BOB, EVE, "carl@example.com"))
    bodies = desk.bodies("patch")
    connector.update(HERS, found.ref, after, item)
    assert bodies == [{"summary": "Dinner"}]
    assert desk.entries(BOBS) == []


def test_what_is_kept_of_people_is_not_known_before_the_owner_is(desk: EventsDesk, connector: OnePart) -> None:
    item = meeting()
    assert connector.part.kept(item.record) is None
    connector.collections()
    kept = connector.part.kept(item.record)
    assert kept is not None
    assert people_in(kept) == {ADA, BOB}


def test_r12_a_meeting_is_one_item_of_both_calendars(desk: EventsDesk, connector: OnePart) -> None:
    name = invite(desk, recurrence=["RRULE:FREQ=WEEKLY;COUNT=5"], start=_at(9), end=_at(10))
    desk.by_hand(BOBS, f"{name}_20260319T080000Z", {"summary": "Long lunch"}, BOB)
    ours, theirs = hub(connector, HERS), hub(desk.connector(BOB), BOBS)
    assert ours.items.keys() == theirs.items.keys() == {name}
    assert people_in(ours.items[name].record) == {ADA, BOB}


def _at(hour: int) -> dict[str, str]:
    return {"dateTime": f"2026-03-12T{hour:02}:00:00", "timeZone": "Europe/Prague"}
