"""Meetings, moves, and kinds of events that are not anybody's to write (CONNECTORS.md, C15)."""

from __future__ import annotations

import pytest

from tests.integration.google_workspace.calendar_user import ADA, BOB, CARL, Json, calendar_of, daily, timed, whole_day
from tests.servers.google_workspace.client import Desk

BOSS = {"email": "boss@elsewhere.example"}


def test_c15_who_is_invited_finds_the_event_in_his_calendar(google: Desk) -> None:
    ada, bob = calendar_of(google), calendar_of(google, BOB)
    made = ada.insert(timed(attendees=[{"email": BOB}, {"email": "out@elsewhere.example"}]))
    copy = bob.get(made["id"])
    assert (copy["iCalUID"], copy["summary"]) == (made["iCalUID"], "Lunch")
    assert copy["organizer"] == {"email": ADA}
    assert made["organizer"] == {"email": ADA, "self": True}
    assert [one.get("self", False) for one in copy["attendees"]] == [True, False]
    ada.patch(made["id"], {"summary": "Dinner"})
    assert bob.get(made["id"])["summary"] == "Dinner"
    ada.patch(made["id"], {"attendees": []})
    assert bob.get(made["id"])["status"] == "cancelled"


def test_c15_what_is_imported_stays_a_private_copy(google: Desk) -> None:
    ada, bob = calendar_of(google), calendar_of(google, BOB)
    made = ada.take_in(timed(iCalUID="a@b", attendees=[{"email": BOB}]))
    ada.patch(made["id"], {"summary": "Dinner"})
    assert bob.all(showDeleted=True) == []
    assert made["privateCopy"] is True


def test_c15_a_guest_changes_what_is_his_own(google: Desk) -> None:
    ada, bob = calendar_of(google), calendar_of(google, BOB)
    name = ada.insert(timed(attendees=[{"email": BOB}, {"email": CARL}]))["id"]
    own = {"reminders": {"useDefault": False}, "colorId": "3", "transparency": "transparent"}
    bob.patch(name, {**own, "extendedProperties": {"private": {"key": "1"}}})
    ada.patch(name, {"summary": "Dinner", "colorId": "7"})
    copy = bob.get(name)
    assert (copy["summary"], copy["colorId"], copy["transparency"]) == ("Dinner", "3", "transparent")
    assert copy["extendedProperties"] == {"private": {"key": "1"}}
    assert "extendedProperties" not in ada.get(name)


def test_c15_a_guest_may_also_be_refused_to_hide_anything(google: Desk) -> None:
    ada, bob = calendar_of(google), calendar_of(google, BOB)
    name = ada.insert(timed(attendees=[{"email": BOB}]))["id"]
    google.google.switches.guests_hide = False
    hidden = {"extendedProperties": {"private": {"key": "1"}}}
    assert bob.no("patch", eventId=name, body=hidden) == (403, "forbiddenForNonOrganizer")
    assert ada.patch(name, hidden)["extendedProperties"] == hidden["extendedProperties"]


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "Mine"},
        {"start": timed(hour=8)["start"]},
        {"attendees": [{"email": BOB}]},
        {"extendedProperties": {"shared": {"key": "1"}}},
        {"recurrence": ["RRULE:FREQ=DAILY"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_c15_a_guest_changes_nothing_that_is_the_organisers(google: Desk, change: Json) -> None:
    ada, bob = calendar_of(google), calendar_of(google, BOB)
    name = ada.insert(timed(attendees=[{"email": BOB}, {"email": CARL}]))["id"]
    assert bob.no("patch", eventId=name, body=change) == (403, "forbiddenForNonOrganizer")
    google.google.switches.guests_unheard = True
    before = bob.get(name)
    assert bob.patch(name, change) == before, "it may also be passed over in silence"


def test_c15_nor_of_what_he_imported_from_elsewhere(google: Desk) -> None:
    ada = calendar_of(google)
    name = ada.take_in(timed(iCalUID="a@b", organizer=BOSS, attendees=[{"email": ADA}]))["id"]
    assert ada.no("patch", eventId=name, body={"summary": "Mine"}) == (403, "forbiddenForNonOrganizer")
    assert ada.take_in(timed("New", iCalUID="a@b", organizer=BOSS, attendees=[{"email": ADA}]))["summary"] == "New"


def test_c15_the_answer_of_a_guest_reaches_everybody(google: Desk) -> None:
    ada, bob, carl = (calendar_of(google, address) for address in (ADA, BOB, CARL))
    name = ada.insert(timed(attendees=[{"email": BOB}, {"email": CARL}]))["id"]
    bob.patch(name, {"attendeesOmitted": True, "attendees": [{"email": BOB, "responseStatus": "accepted"}]})
    for calendar in (ada, carl):
        assert [one["responseStatus"] for one in calendar.get(name)["attendees"]] == ["accepted", "needsAction"]
    carl.delete(name)
    assert [one["responseStatus"] for one in ada.get(name)["attendees"]] == ["accepted", "declined"]
    ada.patch(name, {"summary": "Dinner"})
    assert carl.get(name)["status"] == "cancelled", "who took it out is not bothered again"


def test_c15_a_guest_of_one_instance_alone_has_only_that(google: Desk) -> None:
    ada, bob = calendar_of(google), calendar_of(google, BOB)
    series = ada.insert(daily(attendees=[{"email": CARL}]))["id"]
    name = f"{series}_20260302T080000Z"
    ada.patch(name, {"attendees": [{"email": CARL}, {"email": BOB}]})
    (alone,) = bob.all()
    assert (alone["id"], alone["recurringEventId"]) == (name, series)
    assert bob.no("get", eventId=series) == (404, "notFound")


def test_c15_a_move_leaves_a_cancelled_stub(google: Desk) -> None:
    other = google.google.calendar.calendars.make(ADA, {"summary": "Team"})
    ada, team = calendar_of(google), calendar_of(google, calendar=other.id)
    name, token = ada.insert(timed())["id"], ada.token()
    moved = ada.ask("move", eventId=name, destination=other.id).execute()
    assert (moved["organizer"]["email"], team.get(name)["summary"]) == (other.id, "Lunch")
    (stub,) = ada.page(syncToken=token)["items"]
    assert {key for key in stub if key not in {"kind", "etag"}} == {"id", "status"}
    assert ada.no("patch", eventId=name, body={"status": "confirmed"}) == (403, "forbidden")


def test_c15_kinds_of_events_that_cannot_be_made_or_changed(google: Desk) -> None:
    ada = calendar_of(google)
    assert ada.no("insert", body=timed(eventType="fromGmail")) == (400, "eventTypeRestriction")
    assert ada.no("insert", body=timed(eventType="workingLocation")) == (400, "malformedWorkingLocationEvent")
    flight = google.google.calendar.put(ADA, eventType="fromGmail", **timed("Flight")).id
    assert ada.no("patch", eventId=flight, body={"summary": "x"}) == (400, "eventTypeRestriction")
    assert ada.patch(flight, {"colorId": "2"})["colorId"] == "2"
    plain = ada.insert(timed())["id"]
    assert ada.no("patch", eventId=plain, body={"eventType": "birthday"}) == (400, "eventTypeRestriction")
    google.google.calendar.put(ADA, eventType="birthday", **whole_day("Eva"))
    assert {one["eventType"] for one in ada.all()} == {"fromGmail", "default", "birthday"}
    assert [one["id"] for one in ada.all(eventTypes=["default"])] == [plain]
