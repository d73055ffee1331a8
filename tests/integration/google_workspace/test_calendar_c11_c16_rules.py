"""Quotas, hidden properties, reminders, recurrence and times (CONNECTORS.md, C11 to C13 and C16)."""

from __future__ import annotations

import pytest

from tests.integration.google_workspace.calendar_user import BOB, Json, calendar_of, timed, whole_day
from tests.servers.google_workspace.client import Desk
from tests.servers.google_workspace.protocol import Fault


def test_c11_a_user_has_so_many_calls_in_a_minute(google: Desk) -> None:
    ada, bob = calendar_of(google), calendar_of(google, BOB)
    google.google.switches.user_quota = 2
    ada.page()
    ada.page()
    assert ada.no("list") == (403, "userRateLimitExceeded")
    assert bob.page()["items"] == [], "everybody has his own"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "rateLimitExceeded"),
        (403, "userRateLimitExceeded"),
        (403, "quotaExceeded"),
        (429, "rateLimitExceeded"),
        (500, "backendError"),
    ],
)
def test_c11_refusals_that_pass(google: Desk, status: int, reason: str) -> None:
    ada = calendar_of(google)
    google.google.faults.append(Fault(status, reason, method="events.insert", headers={"Retry-After": "2"}))
    assert ada.no("insert", body=timed()) == (status, reason)
    assert ada.all() == [], "nothing was done"
    assert ada.insert(timed())["summary"] == "Lunch"


def test_c12_hidden_properties_find_their_event_in_a_full_list(google: Desk) -> None:
    ada = calendar_of(google)
    mine = ada.insert(timed(extendedProperties={"private": {"key": "1", "sort": "x"}}))["id"]
    ada.insert(timed(extendedProperties={"private": {"key": "2", "sort": "x"}}))
    shared = ada.insert(timed(extendedProperties={"shared": {"key": "1"}}))["id"]
    assert [one["id"] for one in ada.all(privateExtendedProperty=["key=1", "sort=x"])] == [mine]
    assert [one["id"] for one in ada.all(sharedExtendedProperty="key=1")] == [shared]
    assert ada.all(privateExtendedProperty="key=3") == []
    assert "nextSyncToken" not in ada.page(privateExtendedProperty="key=1")


def test_c12_hidden_properties_have_limits(google: Desk) -> None:
    ada = calendar_of(google)
    hidden = {"a" * 44: "kept", "b" * 45: "dropped", "long": "x" * 2000}
    made = ada.insert(timed(extendedProperties={"private": hidden}))["extendedProperties"]["private"]
    assert made == {"a" * 44: "kept", "long": "x" * 1024}
    much = {f"key{number}": "x" * 1024 for number in range(33)}
    assert ada.no("insert", body=timed(extendedProperties={"private": much})) == (400, "invalid")


def test_c13_reminders_change_an_event_but_not_its_time_of_change(google: Desk) -> None:
    ada = calendar_of(google)
    made, token = ada.insert(timed()), ada.token()
    later = ada.patch(
        made["id"], {"reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]}}
    )
    assert later["updated"] == made["updated"]
    assert later["etag"] != made["etag"]
    assert [one["id"] for one in ada.page(syncToken=token)["items"]] == [made["id"]]


@pytest.mark.parametrize(
    ("reminders", "reason"),
    [
        (
            {"useDefault": True, "overrides": [{"method": "popup", "minutes": 5}]},
            "cannotUseDefaultRemindersAndSpecifyOverride",
        ),
        ({"useDefault": False, "overrides": [{"method": "popup", "minutes": n} for n in range(6)]}, "invalid"),
        ({"useDefault": False, "overrides": [{"method": "popup", "minutes": 40321}]}, "invalid"),
        ({"useDefault": False, "overrides": [{"method": "popup", "minutes": -1}]}, "invalid"),
        ({"useDefault": False, "overrides": [{"method": "sms", "minutes": 5}]}, "invalid"),
    ],
)
def test_c13_reminders_that_are_refused(google: Desk, reminders: Json, reason: str) -> None:
    assert calendar_of(google).no("insert", body=timed(reminders=reminders)) == (400, reason)


@pytest.mark.parametrize(
    "lines",
    [
        ["DTSTART:20260301T090000Z", "RRULE:FREQ=DAILY"],
        ["RRULE:FREQ=DAILY", "DTEND:20260301T100000Z"],
        ["FREQ=DAILY"],
        ["RRULE:FREQ=SOMETIMES"],
        ["RRULE:COUNT=3"],
        ["EXDATE:someday"],
    ],
)
def test_c16_recurrence_is_rules_and_dates_only(google: Desk, lines: list[str]) -> None:
    assert calendar_of(google).no("insert", body=timed(recurrence=lines)) == (400, "invalid")


def test_c16_a_series_with_times_needs_a_zone(google: Desk) -> None:
    times: Json = {"start": {"dateTime": "2026-03-01T09:00:00+01:00"}, "end": {"dateTime": "2026-03-01T10:00:00+01:00"}}
    ada = calendar_of(google)
    assert ada.insert(times)["start"] == {"dateTime": "2026-03-01T09:00:00+01:00", "timeZone": "Europe/Prague"}
    rule: Json = {"recurrence": ["RRULE:FREQ=DAILY"]}
    assert ada.no("insert", body={**times, **rule}) == (400, "required")
    times["start"]["timeZone"] = "Europe/Prague"
    assert ada.no("insert", body={**times, **rule}) == (400, "required"), "the end as well"
    assert ada.insert(whole_day(**rule))["recurrence"] == rule["recurrence"]


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        ({"dateTime": "2026-03-01T09:00:00Z"}, {"dateTime": "2026-03-01T08:00:00Z"}, "timeRangeEmpty"),
        ({"date": "2026-03-01"}, {"date": "2026-03-01"}, "timeRangeEmpty"),
        ({"date": "2026-03-01"}, {"dateTime": "2026-03-01T08:00:00Z"}, "invalid"),
        ({"dateTime": "2026-03-01T09:00:00"}, {"dateTime": "2026-03-01T10:00:00"}, "required"),
        ({"date": "2026-03-01", "dateTime": "2026-03-01T09:00:00Z"}, {"date": "2026-03-02"}, "invalid"),
        ({"dateTime": "2026-03-01T09:00:00", "timeZone": "Mars/Base"}, {"date": "2026-03-02"}, "invalid"),
        ({"timeZone": "Europe/Prague"}, {"date": "2026-03-02"}, "required"),
    ],
)
def test_c16_times_that_are_refused(google: Desk, start: Json, end: Json, reason: str) -> None:
    assert calendar_of(google).no("insert", body={"start": start, "end": end}) == (400, reason)


def test_c16_times_are_told_on_the_wall_of_the_calendar_or_of_who_asks(google: Desk) -> None:
    ada = calendar_of(google)
    tokyo = {"dateTime": "2026-03-01T09:00:00", "timeZone": "Asia/Tokyo"}
    name = ada.insert({"start": tokyo, "end": {**tokyo, "dateTime": "2026-03-01T10:00:00"}})["id"]
    assert ada.get(name)["start"] == {"dateTime": "2026-03-01T01:00:00+01:00", "timeZone": "Asia/Tokyo"}
    assert ada.get(name, timeZone="UTC")["start"]["dateTime"] == "2026-03-01T00:00:00Z"


def test_c16_a_list_in_a_window(google: Desk) -> None:
    ada = calendar_of(google)
    ada.insert(timed("early", day="2026-01-01"))
    inside = ada.insert(timed("inside", day="2026-03-02"))["id"]
    series = ada.insert(timed("series", day="2026-01-01", recurrence=["RRULE:FREQ=DAILY"]))["id"]
    window = {"timeMin": "2026-03-01T00:00:00Z", "timeMax": "2026-03-03T00:00:00Z"}
    assert {one["id"] for one in ada.all(**window)} == {inside, series}
    assert len(ada.all(**window, singleEvents=True)) == 3
    assert ada.no("list", timeMin=window["timeMax"], timeMax=window["timeMin"]) == (400, "timeRangeEmpty")
    assert ada.no("list", timeMin="2026-03-01T00:00:00") == (400, "invalidParameter")
