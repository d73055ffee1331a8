"""Events one by one, as Google's library sees them (CONNECTORS.md, C6 to C10)."""

from __future__ import annotations

import pytest

from tests.integration.google_workspace.calendar_user import Json, calendar_of, daily, timed, whole_day
from tests.servers.google_workspace.client import Desk, refused

SEED = "0123456789abcdefghijklmnopqrstuv"


def test_c06_a_list_has_series_and_their_exceptions_or_instances(google: Desk) -> None:
    ada = calendar_of(google)
    series = ada.insert(daily(3))["id"]
    moved = f"{series}_20260302T080000Z"
    ada.patch(moved, {"start": timed(hour=15)["start"], "end": timed(hour=15)["end"]})
    assert {one["id"] for one in ada.all()} == {series, moved}
    found = ada.all(singleEvents=True, orderBy="startTime")
    assert [one["start"]["dateTime"] for one in found] == [
        "2026-03-01T09:00:00+01:00",
        "2026-03-01T15:00:00+01:00",
        "2026-03-03T09:00:00+01:00",
    ]
    assert ada.no("list", orderBy="startTime") == (400, "badRequest")


def test_c06_the_id_of_an_instance_is_when_it_would_begin(google: Desk) -> None:
    ada = calendar_of(google)
    summer = ada.insert(timed(day="2026-03-28", recurrence=["RRULE:FREQ=DAILY;COUNT=3"]))["id"]
    ids = [one["id"] for one in ada.events.instances(calendarId="primary", eventId=summer).execute()["items"]]
    assert ids == [f"{summer}_20260328T080000Z", f"{summer}_20260329T070000Z", f"{summer}_20260330T070000Z"]
    fair = ada.insert(whole_day(recurrence=["RRULE:FREQ=DAILY;COUNT=2"]))["id"]
    one = ada.get(f"{fair}_20260302")
    assert (one["start"], one["end"]) == ({"date": "2026-03-02"}, {"date": "2026-03-03"})
    assert one["originalStartTime"] == {"date": "2026-03-02"}
    assert ada.no("get", eventId=f"{fair}_20260303") == (404, "notFound")
    assert ada.no("get", eventId=f"{fair}_20260302T080000Z") == (404, "notFound")


def test_c06_where_an_instance_belongs_does_not_change(google: Desk) -> None:
    ada = calendar_of(google)
    series = ada.insert(daily())["id"]
    name = f"{series}_20260302T080000Z"
    elsewhere = {"originalStartTime": {"dateTime": "2026-03-03T09:00:00+01:00"}, "recurringEventId": "other"}
    changed = ada.patch(name, {"summary": "Other", "start": timed()["start"], **elsewhere})
    assert changed["originalStartTime"]["dateTime"] == "2026-03-02T09:00:00+01:00"
    assert changed["recurringEventId"] == series


def test_c06_a_series_does_not_change_with_its_exceptions(google: Desk) -> None:
    ada = calendar_of(google)
    series = ada.insert(daily())
    name, token = f"{series['id']}_20260302T080000Z", ada.token()
    assert ada.get(name)["etag"] == series["etag"]
    changed = ada.patch(name, {"summary": "Other"}, etag=series["etag"])
    assert changed["etag"] != series["etag"]
    assert ada.get(series["id"])["etag"] == series["etag"]
    assert [one["id"] for one in ada.page(syncToken=token)["items"]] == [name]


def test_c06_exceptions_of_instances_that_a_series_has_no_more_vanish(google: Desk) -> None:
    ada = calendar_of(google)
    series = ada.insert(daily())["id"]
    kept, lost = f"{series}_20260302T080000Z", f"{series}_20260305T080000Z"
    ada.patch(kept, {"summary": "kept"})
    ada.patch(lost, {"summary": "lost"})
    token = ada.token()
    ada.patch(series, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]})
    assert {one["id"] for one in ada.all()} == {series, kept}
    told = {one["id"]: one["status"] for one in ada.page(syncToken=token)["items"]}
    assert told == {series: "confirmed", lost: "cancelled"}


def test_c06_exceptions_stay_as_they_are_or_follow_their_series(google: Desk) -> None:
    ada = calendar_of(google)
    series = ada.insert(daily(location="Brno"))["id"]
    name = f"{series}_20260302T080000Z"
    made = ada.patch(name, {"summary": "Other"})
    ada.patch(series, {"location": "Prague", "summary": "New"})
    assert (ada.get(name)["location"], ada.get(name)["etag"]) == ("Brno", made["etag"])
    google.google.switches.exceptions_follow = True
    ada.patch(series, {"location": "Brno"})
    ada.patch(series, {"location": "Plzen", "summary": "Newer"})
    assert (ada.get(name)["location"], ada.get(name)["summary"]) == ("Plzen", "Other")
    assert ada.get(name)["etag"] != made["etag"]


def test_c06_dates_that_are_left_out_or_added(google: Desk) -> None:
    ada = calendar_of(google)
    lines = ["RRULE:FREQ=DAILY;UNTIL=20260303T080000Z", "EXDATE;TZID=Europe/Prague:20260302T090000"]
    series = ada.insert(timed(recurrence=[*lines, "RDATE:20260310T120000Z"]))["id"]
    items = ada.events.instances(calendarId="primary", eventId=series).execute()["items"]
    assert [one["id"].rpartition("_")[2] for one in items] == [
        "20260301T080000Z",
        "20260303T080000Z",
        "20260310T120000Z",
    ]


def test_c06_one_instance_by_its_original_start(google: Desk) -> None:
    ada = calendar_of(google)
    series = ada.insert(daily())["id"]
    asked = ada.events.instances(calendarId="primary", eventId=series, originalStart="2026-03-04T09:00:00+01:00")
    assert [one["id"] for one in asked.execute()["items"]] == [f"{series}_20260304T080000Z"]


@pytest.mark.parametrize("name", ["abcd", "wxyz1", "UPPER1", "with_line", "a" * 1025])
def test_c07_an_id_of_a_client_has_its_alphabet(google: Desk, name: str) -> None:
    assert calendar_of(google).no("insert", body=timed(id=name)) == (400, "invalid")


def test_c07_an_id_is_used_once_and_a_deleted_event_keeps_it(google: Desk) -> None:
    ada = calendar_of(google)
    assert ada.insert(timed(id=SEED))["id"] == SEED
    assert ada.no("insert", body=timed(id=SEED)) == (409, "duplicate")
    ada.delete(SEED)
    assert ada.no("insert", body=timed(id=SEED)) == (409, "duplicate")
    other = google.google.calendar.calendars.make("ada@example.com", {"summary": "Other"})
    assert calendar_of(google, calendar=other.id).insert(timed(id=SEED))["id"] == SEED, "it is one per calendar"


def test_c08_an_event_is_made_with_an_id_or_with_an_ical_uid(google: Desk) -> None:
    ada = calendar_of(google)
    assert ada.no("insert", body=timed(id=SEED, iCalUID="a@b")) == (400, "invalid")
    made = ada.insert(timed(iCalUID="a@b"))
    assert made["iCalUID"] == "a@b"
    assert made["id"] != "a@b"
    assert ada.insert(timed(id=SEED))["iCalUID"] == f"{SEED}@google.com"
    assert ada.no("insert", body=timed(iCalUID="a@b")) == (409, "duplicate")


def test_c08_import_keeps_the_ical_uid_and_writes_over_what_has_it(google: Desk) -> None:
    ada = calendar_of(google)
    first = ada.take_in(timed("one", iCalUID="urn:uuid:1", location="Brno"))
    second = ada.take_in(timed("two", iCalUID="urn:uuid:1"))
    assert (first["iCalUID"], first["id"]) == ("urn:uuid:1", second["id"])
    assert "location" not in second
    assert [one["summary"] for one in ada.all(iCalUID="urn:uuid:1")] == ["two"]
    assert ada.no("import_", body=timed("none")) == (400, "required")
    assert ada.no("import_", body=timed(id=SEED, iCalUID="c@d")) == (400, "invalid")


def test_c08_import_can_also_refuse_what_is_there(google: Desk) -> None:
    ada = calendar_of(google)
    google.google.switches.import_duplicates = True
    ada.take_in(timed(iCalUID="a@b"))
    assert ada.no("import_", body=timed(iCalUID="a@b")) == (409, "duplicate")


def test_c08_import_brings_back_what_was_deleted_with_a_sequence_that_is_no_older(google: Desk) -> None:
    ada = calendar_of(google)
    made = ada.take_in(timed(iCalUID="a@b", sequence=3))
    ada.delete(made["id"])
    gone = ada.get(made["id"])
    assert gone["sequence"] == 4
    assert ada.no("import_", body=timed(iCalUID="a@b", sequence=3)) == (400, "invalid")
    assert ada.take_in(timed(iCalUID="a@b", sequence=4))["status"] == "confirmed"
    ada.delete(made["id"])
    assert ada.take_in(timed(iCalUID="a@b"))["id"] == made["id"]


def test_c08_import_is_for_events_that_one_has_to_do_with(google: Desk) -> None:
    ada = calendar_of(google)
    boss = {"email": "boss@elsewhere.example", "displayName": "The boss"}
    meeting = timed(iCalUID="a@b", organizer=boss, attendees=[{"email": "carl@elsewhere.example"}])
    assert ada.no("import_", body=meeting) == (400, "participantIsNeitherOrganizerNorAttendee")
    meeting["attendees"].append({"email": "ada@example.com", "responseStatus": "accepted"})
    made = ada.take_in(meeting)
    assert made["organizer"] == boss
    assert [one.get("self", False) for one in made["attendees"]] == [False, True]


def test_c08_import_makes_default_events_only(google: Desk) -> None:
    ada = calendar_of(google)
    assert ada.take_in(timed(iCalUID="a@b", eventType="focusTime"))["eventType"] == "default"


def test_c09_a_stale_etag_is_412(google: Desk) -> None:
    ada = calendar_of(google)
    old = ada.insert(timed())
    new = ada.patch(old["id"], {"summary": "new"}, etag=old["etag"])
    for method, more in (("patch", {"body": {}}), ("update", {"body": timed()}), ("delete", {})):
        request = ada.ask(method, eventId=old["id"], **more)
        request.headers["If-Match"] = old["etag"]
        assert refused(request) == (412, "conditionNotMet")
    request = ada.ask("delete", eventId=old["id"])
    request.headers["If-Match"] = new["etag"]
    request.execute()
    assert ada.get(old["id"])["status"] == "cancelled"


def test_c09_without_an_etag_the_last_one_wins(google: Desk) -> None:
    ada = calendar_of(google)
    name = ada.insert(timed())["id"]
    ada.patch(name, {"summary": "one"})
    ada.patch(name, {"summary": "two"})
    assert ada.get(name)["summary"] == "two"


def test_c09_what_one_has_already_is_304(google: Desk) -> None:
    ada = calendar_of(google)
    made = ada.insert(timed())
    request = ada.events.get(calendarId="primary", eventId=made["id"])
    request.headers["If-None-Match"] = made["etag"]
    response, _ = request.http.request(request.uri, "GET", headers=request.headers)
    assert response.status == 304


def test_c10_an_update_replaces_and_a_patch_merges(google: Desk) -> None:
    ada = calendar_of(google)
    hidden = {"private": {"a": "1", "b": "2"}, "shared": {"c": "3"}}
    body = timed(location="Brno", description="long", extendedProperties=hidden, colorId="5")
    name = ada.insert(body)["id"]
    patched = ada.patch(name, {"location": None, "extendedProperties": {"private": {"b": None, "d": "4"}}})
    assert "location" not in patched
    assert (patched["description"], patched["colorId"]) == ("long", "5")
    assert patched["extendedProperties"] == {"private": {"a": "1", "d": "4"}, "shared": {"c": "3"}}
    replaced = ada.put(name, timed("other"))
    assert not {"description", "colorId", "extendedProperties"} & set(replaced)
    assert ada.no("update", eventId=name, body={"summary": "no times"}) == (400, "required")


def test_c10_a_patch_replaces_arrays_whole(google: Desk) -> None:
    ada = calendar_of(google)
    body = timed(attendees=[{"email": "bob@example.com"}, {"email": "carl@example.com"}])
    name = ada.insert(body)["id"]
    patched = ada.patch(name, {"attendees": [{"email": "carl@example.com"}]})
    assert [one["email"] for one in patched["attendees"]] == ["carl@example.com"]
    assert "attendees" not in ada.patch(name, {"attendees": None})


def test_c10_from_a_time_to_a_day_and_back(google: Desk) -> None:
    ada = calendar_of(google)
    name = ada.insert(timed())["id"]
    day: Json = {"start": {"date": "2026-03-01"}, "end": {"date": "2026-03-02"}}
    assert ada.no("patch", eventId=name, body=day) == (400, "invalid")
    for time in day.values():
        time.update(dateTime=None, timeZone=None)
    assert ada.patch(name, day)["start"] == {"date": "2026-03-01"}


def test_c10_the_sequence_grows_with_the_times_and_never_shrinks(google: Desk) -> None:
    ada = calendar_of(google)
    made = ada.insert(timed())
    assert made["sequence"] == 0
    assert ada.patch(made["id"], {"summary": "x"})["sequence"] == 0
    assert ada.patch(made["id"], {"end": timed(hour=10)["end"]})["sequence"] == 1
    assert ada.no("patch", eventId=made["id"], body={"sequence": 0}) == (400, "invalid")
    assert ada.patch(made["id"], {"sequence": 7})["sequence"] == 7


def test_c10_who_does_not_know_attachments_and_conferences_changes_none(google: Desk) -> None:
    ada = calendar_of(google)
    asked = {"createRequest": {"requestId": "r1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    sheet = {"fileUrl": "https://drive.example/1", "title": "Sheet"}
    body = timed(conferenceData=asked, attachments=[sheet])
    assert not {"conferenceData", "attachments"} & set(ada.insert(body))
    made = ada.insert(body, conferenceDataVersion=1, supportsAttachments=True)
    assert made["hangoutLink"].startswith("https://meet.google.com/")
    assert ada.put(made["id"], timed())["attachments"] == [sheet]
    both = ada.put(made["id"], timed(), conferenceDataVersion=1, supportsAttachments=True)
    assert not {"conferenceData", "attachments", "hangoutLink"} & set(both)
