"""Series, occurrences, whole days and zones of the Graph test server, seen through O365 (G13-G17)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.microsoft.o365_account import MARCH, Json, World, graph_world, single, weekly

__all__ = ["graph_world"]  # a fixture


def test_g13_lists_have_masters_and_views_have_occurrences(world: World) -> None:
    made = world.json("post", "/events", weekly())
    world.json("post", "/events", single())
    assert [one["type"] for one in world.json("get", "/events")["value"]] == ["seriesMaster", "singleInstance"]
    seen = world.json("get", f"/calendarView?{MARCH}")["value"]
    assert [one["type"] for one in seen] == ["singleInstance", *["occurrence"] * 5]
    assert {one["seriesMasterId"] for one in seen[1:]} == {made["id"]}
    assert [one["start"]["dateTime"][11:16] for one in seen[1:]] == ["08:00", "08:00", "07:00", "07:00", "07:00"]


def test_g13_one_occurrence_is_addressed_changed_and_deleted(world: World) -> None:
    made = world.json("post", "/events", weekly())
    ids = [one["id"] for one in world.json("get", f"/events/{made['id']}/instances?{MARCH}")["value"]]
    assert world.json("get", f"/events/{ids[1]}")["type"] == "occurrence"
    world.json("patch", f"/events/{ids[1]}", {"subject": "Other"})
    assert world.ask("delete", f"/events/{ids[2]}").status_code == 204
    assert world.code("get", f"/events/{ids[2]}")[0] == 404
    assert world.code("delete", f"/events/{ids[2]}")[0] == 404
    master = world.json(
        "get", f"/events/{made['id']}?$select=subject,cancelledOccurrences&$expand=exceptionOccurrences"
    )
    assert master["cancelledOccurrences"] == [f"OID.{made['id']}.2026-03-30"]
    assert [(one["subject"], one["type"]) for one in master["exceptionOccurrences"]] == [("Other", "exception")]
    kinds = [one["type"] for one in world.json("get", f"/events/{made['id']}/instances?{MARCH}")["value"]]
    assert kinds == ["occurrence", "exception", "occurrence", "occurrence"]


def test_g13_o365_sees_the_same(world: World) -> None:
    made = world.json("post", "/events", weekly())
    calendar = world.o365.schedule().get_default_calendar()
    zone = ZoneInfo("UTC")
    found = list(
        calendar.get_events(
            include_recurring=True,
            start_recurring=datetime(2026, 3, 1, tzinfo=zone),
            end_recurring=datetime(2026, 4, 30, tzinfo=zone),
        )
    )
    assert [one.event_type.value for one in found] == ["occurrence"] * 5
    assert {one.series_master_id for one in found} == {made["id"]}


def test_g14_every_occurrence_has_its_own_ical_uid_and_original_start(world: World) -> None:
    made = world.json("post", "/events", weekly())
    seen = world.json("get", f"/events/{made['id']}/instances?{MARCH}")["value"]
    assert len({one["iCalUId"] for one in seen} | {made["iCalUId"]}) == 6
    assert {one["uid"] for one in seen} == {made["uid"]}
    later = single("2026-03-24")
    moved = {"start": later["start"], "end": later["end"]}
    changed = world.json("patch", f"/events/{seen[1]['id']}", moved)
    assert changed["originalStart"] == "2026-03-23T08:00:00Z"
    assert changed["start"]["dateTime"].startswith("2026-03-24T09:00")
    assert world.code("patch", f"/events/{made['id']}", {"iCalUId": "mine"})[0] == 400


def test_g14_the_original_start_of_a_whole_day_is_midnight_there_not_in_utc(world: World) -> None:
    whole = _whole_day("2026-03-23", "2026-03-24", zone="Europe/Prague")
    span = {"type": "numbered", "startDate": "2026-03-23", "numberOfOccurrences": 2}
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}
    made = world.json("post", "/events", {**whole, "recurrence": {"pattern": pattern, "range": span}})
    seen = world.json("get", f"/events/{made['id']}/instances?{MARCH}")["value"]
    assert [one["originalStart"] for one in seen] == ["2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"]
    assert [one["start"]["dateTime"] for one in seen] == ["2026-03-23T00:00:00.0000000", "2026-03-30T00:00:00.0000000"]


def test_g14_recurrence_time_zone_may_be_empty(world: World) -> None:
    made = world.json("post", "/events", weekly())
    assert made["recurrence"]["range"]["recurrenceTimeZone"] == "Europe/Prague"
    world.graph.switches.recurrence_zone = ""
    assert world.json("get", f"/events/{made['id']}")["recurrence"]["range"]["recurrenceTimeZone"] == ""


RANGE = {"type": "numbered", "startDate": "2026-01-15", "numberOfOccurrences": 3}
PATTERNS: list[tuple[Json, list[str]]] = [
    ({"type": "daily", "interval": 2}, ["01-15", "01-17", "01-19"]),
    ({"type": "weekly", "interval": 2, "daysOfWeek": ["thursday", "friday"]}, ["01-15", "01-16", "01-29"]),
    ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}, ["01-31", "02-28", "03-31"]),
    (
        {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "last"},
        ["01-30", "02-27", "03-27"],
    ),
    ({"type": "absoluteYearly", "interval": 1, "month": 2, "dayOfMonth": 3}, ["02-03", "02-03", "02-03"]),
    (
        {"type": "relativeYearly", "interval": 1, "month": 3, "daysOfWeek": ["sunday"], "index": "second"},
        ["03-08", "03-14", "03-12"],
    ),
]


@pytest.mark.parametrize(("pattern", "days"), PATTERNS, ids=[str(one[0]["type"]) for one in PATTERNS])
def test_g15_the_six_patterns(world: World, pattern: Json, days: list[str]) -> None:
    body = {**single("2026-01-15"), "recurrence": {"pattern": pattern, "range": RANGE}}
    made = world.json("post", "/events", body)
    wide = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2036-01-01T00:00:00Z"
    seen = world.json("get", f"/events/{made['id']}/instances?{wide}")["value"]
    assert [one["start"]["dateTime"][5:10] for one in seen] == days


@pytest.mark.parametrize(
    "pattern",
    [
        {"type": "hourly", "interval": 1},
        {"type": "daily", "interval": 1, "bySetPos": [1]},
        {"type": "weekly", "interval": 1},
        {"type": "daily", "interval": 0},
        {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": -1},
        {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "fifth"},
    ],
)
def test_g15_what_is_no_pattern_is_refused(world: World, pattern: Json) -> None:
    body = weekly(recurrence={"pattern": pattern, "range": RANGE})
    assert world.code("post", "/events", body) == (400, "ErrorInvalidRecurrence")
    extra = {**weekly()["recurrence"], "additionalDates": ["2026-05-01"]}
    assert world.code("post", "/events", weekly(recurrence=extra))[0] == 400


def _whole_day(first: str, last: str, zone: str = "UTC", end_zone: str = "", at: str = "00:00:00") -> dict[str, Any]:
    start = {"dateTime": f"{first}T{at}", "timeZone": zone}
    end = {"dateTime": f"{last}T{at}", "timeZone": end_zone or zone}
    return {"subject": "Whole", "isAllDay": True, "start": start, "end": end}


def test_g16_a_whole_day_is_from_midnight_to_midnight_in_one_zone(world: World) -> None:
    assert world.json("post", "/events", _whole_day("2026-03-10", "2026-03-11"))["isAllDay"] is True
    for wrong in (
        _whole_day("2026-03-10", "2026-03-10"),
        _whole_day("2026-03-10", "2026-03-11", at="09:00:00"),
        _whole_day("2026-03-10", "2026-03-11", "UTC", "Europe/Prague"),
    ):
        assert world.code("post", "/events", wrong)[0] == 400


@pytest.mark.parametrize("zone", ["Europe/Prague", "Central Europe Standard Time"])
def test_g17_answers_are_in_the_zone_that_is_preferred(world: World, zone: str) -> None:
    made = world.json("post", "/events", weekly())
    assert made["start"] == {"dateTime": "2026-03-16T08:00:00.0000000", "timeZone": "UTC"}
    seen = world.json("get", f"/events/{made['id']}", prefer=f'outlook.timezone="{zone}"')
    assert seen["start"] == {"dateTime": "2026-03-16T09:00:00.0000000", "timeZone": zone}
    assert seen["originalStartTimeZone"] == "Europe/Prague"


def test_g17_an_unknown_zone_is_refused(world: World) -> None:
    made = world.json("post", "/events", weekly())
    assert world.code("get", f"/events/{made['id']}", prefer='outlook.timezone="Atlantis"')[0] == 400
    nowhere = {"dateTime": "2026-03-16T09:00:00", "timeZone": "Atlantis"}
    assert world.code("post", "/events", single(start=nowhere))[0] == 400
