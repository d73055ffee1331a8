"""Calendars, who may see them, and a user's list of them, as Google's library sees them."""

from __future__ import annotations

import pytest

from tests.integration.google_workspace.calendar_user import ADA, BOB, calendar_of, timed
from tests.servers.google_workspace.client import Desk, refused


def test_a_user_has_a_primary_calendar_in_a_list(google: Desk) -> None:
    (entry,) = google.api(ADA).calendarList().list().execute()["items"]
    assert (entry["id"], entry["primary"], entry["accessRole"]) == (ADA, True, "owner")
    assert entry["timeZone"] == "Europe/Prague"
    assert google.api(ADA).calendars().get(calendarId="primary").execute()["id"] == ADA


def test_calendars_are_made_changed_and_deleted(google: Desk) -> None:
    api = google.api(ADA)
    made = api.calendars().insert(body={"summary": "Team", "timeZone": "Asia/Tokyo"}).execute()
    assert made["id"].endswith("@group.calendar.google.com")
    assert api.calendars().patch(calendarId=made["id"], body={"summary": "New"}).execute()["timeZone"] == "Asia/Tokyo"
    assert api.calendarList().get(calendarId=made["id"]).execute()["summary"] == "New"
    api.calendars().delete(calendarId=made["id"]).execute()
    assert [one["id"] for one in api.calendarList().list().execute()["items"]] == [ADA]
    assert refused(api.events().list(calendarId=made["id"])) == (404, "notFound")
    assert refused(api.calendars().delete(calendarId="primary"))[0] == 400
    assert refused(api.calendars().insert(body={"timeZone": "Asia/Tokyo"})) == (400, "required")


def test_a_list_of_calendars_has_tokens_and_pages(google: Desk) -> None:
    api, calendars = google.api(ADA), google.google.calendar.calendars
    boxes = [calendars.make(ADA, {"summary": f"{number}"}) for number in range(3)]
    first = api.calendarList().list(maxResults=3).execute()
    assert "nextSyncToken" not in first
    second = api.calendarList().list(maxResults=3, pageToken=first["nextPageToken"]).execute()
    assert [len(page["items"]) for page in (first, second)] == [3, 1]
    token = second["nextSyncToken"]
    assert api.calendarList().list(syncToken=token).execute()["items"] == []
    api.calendars().delete(calendarId=boxes[0].id).execute()
    api.calendarList().patch(calendarId=boxes[1].id, body={"hidden": True}).execute()
    changed = api.calendarList().list(syncToken=token).execute()["items"]
    assert {one["id"]: (one.get("deleted"), one.get("hidden")) for one in changed} == {
        boxes[0].id: (True, None),
        boxes[1].id: (None, True),
    }
    assert len(api.calendarList().list().execute()["items"]) == 2, "hidden ones must be asked for"
    assert len(api.calendarList().list(showHidden=True).execute()["items"]) == 3
    calendars.expire_tokens()
    assert refused(api.calendarList().list(syncToken=token)) == (410, "fullSyncRequired")


def test_what_somebody_shares_is_read_or_written_as_he_said(google: Desk) -> None:
    ada, calendars = calendar_of(google), google.google.calendar.calendars
    name = ada.insert(timed())["id"]
    bob = calendar_of(google, BOB, ADA)
    assert bob.no("list") == (404, "notFound")
    calendars.share(ADA, BOB, "reader")
    assert bob.page()["accessRole"] == "reader"
    assert bob.no("insert", body=timed()) == (403, "requiredAccessLevel")
    entries = bob.api.calendarList().list().execute()["items"]
    assert [(one["id"], one["accessRole"]) for one in entries] == [(BOB, "owner"), (ADA, "reader")]
    assert len(bob.api.calendarList().list(minAccessRole="writer").execute()["items"]) == 1
    calendars.share(ADA, BOB, "writer")
    assert bob.patch(name, {"summary": "Dinner"})["organizer"] == {"email": ADA, "self": True}
    made = bob.insert(timed())
    assert (made["creator"], made["organizer"]) == ({"email": BOB}, {"email": ADA, "self": True})
    calendars.share(ADA, BOB, "none")
    assert bob.no("get", eventId=name) == (404, "notFound")


@pytest.mark.parametrize(("role", "visibility"), [("freeBusyReader", "default"), ("reader", "private")])
def test_some_see_only_when_somebody_is_busy(google: Desk, role: str, visibility: str) -> None:
    ada = calendar_of(google)
    ada.insert(timed("secret", visibility=visibility, attendees=[{"email": "eva@elsewhere.example"}]))
    google.google.calendar.calendars.share(ADA, BOB, role)
    (seen,) = calendar_of(google, BOB, ADA).all()
    assert not {"summary", "attendees"} & set(seen)
    assert (seen["visibility"], seen["start"]["timeZone"]) == ("private", "Europe/Prague")


def test_rules_are_given_by_the_owner(google: Desk) -> None:
    rule = {"role": "reader", "scope": {"type": "user", "value": BOB}}
    ada = google.api(ADA)
    ada.acl().insert(calendarId="primary", body=rule, sendNotifications=False).execute()
    bob = google.api(BOB)
    bob.calendarList().insert(body={"id": ADA, "colorId": "7"}).execute()
    assert bob.calendarList().get(calendarId=ADA).execute()["backgroundColor"] == "#42d692"
    assert {one["role"] for one in ada.acl().list(calendarId="primary").execute()["items"]} == {"owner", "reader"}
    assert refused(bob.acl().list(calendarId=ADA)) == (403, "requiredAccessLevel")
    bob.calendarList().delete(calendarId=ADA).execute()
    assert len(bob.calendarList().list().execute()["items"]) == 1


def test_colours_and_settings(google: Desk) -> None:
    api = google.api(ADA)
    colors = api.colors().get().execute()
    assert (len(colors["event"]), len(colors["calendar"])) == (11, 24)
    assert api.settings().get(setting="timezone").execute()["value"] == "Europe/Prague"
    assert refused(api.settings().get(setting="shoes")) == (404, "notFound")


def test_a_calendar_is_cleared(google: Desk) -> None:
    ada = calendar_of(google)
    ada.insert(timed())
    ada.api.calendars().clear(calendarId="primary").execute()
    assert ada.all() == []
