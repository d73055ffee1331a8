"""Lists of events and what changed since, as Google's library sees them (CONNECTORS.md, C1 to C5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.google_workspace.calendar_user import calendar_of, daily, timed
from tests.servers.google_workspace.client import Desk


def test_c01_a_sync_token_comes_on_the_last_page_only(google: Desk) -> None:
    ada = calendar_of(google)
    names = [ada.insert(timed(f"{number}"))["id"] for number in range(5)]
    pages = [ada.page(maxResults=2)]
    while "nextPageToken" in pages[-1]:
        assert "nextSyncToken" not in pages[-1]
        pages.append(ada.page(maxResults=2, pageToken=pages[-1]["nextPageToken"]))
    assert [[one["id"] for one in page["items"]] for page in pages] == [names[:2], names[2:4], names[4:]]
    assert "nextSyncToken" in pages[-1]


def test_c01_pages_may_be_short_or_empty(google: Desk) -> None:
    ada = calendar_of(google)
    names = [ada.insert(timed(f"{number}"))["id"] for number in range(4)]
    google.google.switches.empty_pages = google.google.switches.short_pages = True
    first = ada.page(maxResults=3)
    assert first["items"] == []
    assert "nextPageToken" in first
    second = ada.page(maxResults=3, pageToken=first["nextPageToken"])
    assert len(second["items"]) == 2
    assert [one["id"] for one in ada.all(maxResults=3)] == names


def test_c01_pages_have_250_events_and_never_more_than_2500(google: Desk) -> None:
    ada = calendar_of(google)
    for number in range(252):
        google.google.calendar.put("ada@example.com", id=f"seed{number:05}", **timed())
    assert len(ada.page()["items"]) == 250
    assert len(ada.page(maxResults=9999)["items"]) == 252
    for number in range(252, 2502):
        google.google.calendar.put("ada@example.com", id=f"seed{number:05}", **timed())
    assert len(ada.page(maxResults=9999, fields="items(id)")["items"]) == 2500


def test_c01_what_changes_between_two_pages_comes_with_the_token(google: Desk) -> None:
    ada = calendar_of(google)
    names = [ada.insert(timed(f"{number}"))["id"] for number in range(4)]
    first = ada.page(maxResults=2)
    ada.patch(names[0], {"summary": "new"})
    ada.delete(names[3])
    second = ada.page(maxResults=2, pageToken=first["nextPageToken"])
    assert [one["id"] for one in second["items"]] == [names[2]]
    changed = ada.page(syncToken=second["nextSyncToken"])["items"]
    assert [(one["id"], one["status"]) for one in changed] == [(names[0], "confirmed"), (names[3], "cancelled")]


@pytest.mark.parametrize(
    "param",
    [
        {"iCalUID": "x"},
        {"orderBy": "updated"},
        {"privateExtendedProperty": "a=b"},
        {"q": "x"},
        {"sharedExtendedProperty": "a=b"},
        {"timeMin": "2026-01-01T00:00:00Z"},
        {"timeMax": "2026-01-01T00:00:00Z"},
        {"updatedMin": "2026-01-01T00:00:00Z"},
        {"showDeleted": False},
    ],
    ids=lambda param: next(iter(param)),
)
def test_c02_a_token_allows_no_other_question(google: Desk, param: dict[str, Any]) -> None:
    ada = calendar_of(google)
    assert ada.no("list", syncToken=ada.token(), **param)[0] == 400


def test_c02_the_other_parameters_must_stay(google: Desk) -> None:
    ada = calendar_of(google)
    token = ada.token(eventTypes=["default"])
    assert ada.page(syncToken=token, eventTypes=["default"], maxResults=7)["items"] == []
    assert ada.no("list", syncToken=token)[0] == 400
    assert ada.no("list", syncToken=token, eventTypes=["default"], singleEvents=True)[0] == 400
    assert ada.no("list", syncToken="nonsense") == (400, "invalid")
    assert ada.no("list", pageToken="nonsense") == (400, "invalid")


def test_c02_a_token_belongs_to_its_calendar(google: Desk) -> None:
    ada = calendar_of(google)
    other = google.google.calendar.calendars.make("ada@example.com", {"summary": "Other"})
    assert calendar_of(google, calendar=other.id).no("list", syncToken=ada.token())[0] == 400


def test_c03_an_old_token_is_410_and_a_whole_list_heals_it(google: Desk) -> None:
    ada = calendar_of(google)
    name, token = ada.insert(timed())["id"], ada.token()
    google.google.calendar.calendars.expire_tokens()
    assert ada.no("list", syncToken=token) == (410, "fullSyncRequired")
    page = ada.page()
    assert [one["id"] for one in page["items"]] == [name]
    assert ada.page(syncToken=page["nextSyncToken"])["items"] == []


def test_c03_a_time_of_change_too_long_ago_is_410(google: Desk) -> None:
    long_ago = (datetime.now(UTC) - timedelta(days=60)).isoformat()
    lately = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    ada = calendar_of(google)
    name = ada.insert(timed())["id"]
    ada.delete(name)
    assert ada.no("list", updatedMin=long_ago) == (410, "updatedMinTooLongAgo")
    assert [one["status"] for one in ada.all(updatedMin=lately)] == ["cancelled"]


def test_c04_a_deleted_event_is_cancelled_and_told_to_who_asks(google: Desk) -> None:
    ada = calendar_of(google)
    name = ada.insert(timed())["id"]
    token = ada.token()
    ada.delete(name)
    assert ada.all() == []
    (told,) = ada.page(syncToken=token)["items"]
    assert {key for key in told if key not in {"kind", "etag"}} == {"id", "status"}
    assert (told["id"], told["status"]) == (name, "cancelled")
    assert [one["id"] for one in ada.all(showDeleted=True)] == [name]
    assert (ada.get(name)["status"], ada.get(name)["summary"]) == ("cancelled", "Lunch")
    assert ada.no("delete", eventId=name) == (410, "deleted")
    assert ada.no("delete", eventId="neverwas") == (404, "notFound")
    assert ada.no("get", eventId="neverwas") == (404, "notFound")


def test_c04_a_deleted_event_is_changed_by_bringing_it_back_only(google: Desk) -> None:
    ada = calendar_of(google)
    name = ada.insert(timed())["id"]
    ada.delete(name)
    assert ada.no("patch", eventId=name, body={"summary": "x"}) == (403, "forbidden")
    assert ada.patch(name, {"status": "confirmed", "summary": "back"})["summary"] == "back"
    assert [one["id"] for one in ada.all()] == [name]


def test_c05_a_cancelled_instance_says_which_one_and_nothing_else(google: Desk) -> None:
    ada = calendar_of(google)
    series, token = ada.insert(daily())["id"], ada.token()
    name = f"{series}_20260303T080000Z"
    ada.delete(name)
    (told,) = ada.page(syncToken=token)["items"]
    assert set(told) == {"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"}
    assert told["originalStartTime"] == {"dateTime": "2026-03-03T09:00:00+01:00", "timeZone": "Europe/Prague"}
    assert (told["id"], told["recurringEventId"], told["status"]) == (name, series, "cancelled")
    assert {one["id"] for one in ada.all()} == {series, name}, "a full list tells it as well"
    assert ada.get(name) == told
    assert ada.no("delete", eventId=name) == (410, "deleted")


def test_c05_a_cancelled_instance_comes_back_as_its_series_says(google: Desk) -> None:
    ada = calendar_of(google)
    series = ada.insert(daily())["id"]
    name = f"{series}_20260303T080000Z"
    ada.patch(name, {"summary": "Other"})
    ada.delete(name)
    back = ada.patch(name, {"status": "confirmed"})
    assert (back["summary"], back["start"]["dateTime"]) == ("Stand-up", "2026-03-03T09:00:00+01:00")


def test_c05_instances_go_with_their_series(google: Desk) -> None:
    ada = calendar_of(google)
    series = ada.insert(daily())["id"]
    ada.patch(f"{series}_20260302T080000Z", {"summary": "Other"})
    ada.delete(f"{series}_20260303T080000Z")
    token = ada.token()
    ada.delete(series)
    assert ada.all() == []
    assert {one["status"] for one in ada.page(syncToken=token)["items"]} == {"cancelled"}


def test_c05_a_series_that_comes_back_has_all_its_instances(google: Desk) -> None:
    ada = calendar_of(google)
    series = ada.take_in(daily(3, iCalUID="a@b"))["id"]
    ada.delete(f"{series}_20260302T080000Z")
    ada.delete(series)
    ada.take_in(daily(3, iCalUID="a@b"))
    assert [one["id"] for one in ada.all(showDeleted=True)] == [series]
    assert ada.get(f"{series}_20260302T080000Z")["status"] == "confirmed"


def test_c04_deleted_events_disappear_after_some_weeks(google: Desk) -> None:
    ada = calendar_of(google)
    name, series = ada.insert(timed(id="abcde"))["id"], ada.insert(daily())["id"]
    ada.delete(name)
    ada.delete(f"{series}_20260302T080000Z")
    google.google.calendar.calendars.forget_deleted("ada@example.com")
    assert ada.no("get", eventId=name) == (404, "notFound")
    assert ada.no("delete", eventId=name) == (404, "notFound")
    assert ada.get(f"{series}_20260302T080000Z")["status"] == "cancelled", "as long as the series lives"
    assert ada.insert(timed(id="abcde"))["id"] == name
