"""Events and tasks at Google: a sample of each row, what is refused, and what stays what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.google_workspace.mapping_event_tables import EVENT_TABLE
from connectors.google_workspace.mapping_events import (
    event_patch,
    instance_key,
    kept_event,
    new_event,
    read_event,
)
from connectors.google_workspace.mapping_hidden import PIECES
from connectors.google_workspace.mapping_tasks import TASK_TABLE, kept_task, new_task, read_task, task_patch
from connectors.reminders import reminder
from sync_engine.errors import Rejected, Unreadable
from sync_engine.item import Item
from sync_engine.model import CalendarUser, Component, ContentLine, Event, EventDetails, Moment, Task, TaskDetails
from sync_engine.zone_flags import unknown_zone
from tests.property.google_keeps import GoogleSeries, merged

HOME = "Europe/Zurich"
NINE = Moment("20260302T090000", "Europe/Prague")
TEN = Moment("20260302T100000", "Europe/Prague")
AT_NINE = {"dateTime": "2026-03-02T09:00:00+01:00", "timeZone": "Europe/Prague"}
AT_TEN = {"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Europe/Prague"}


def event(**fields: Any) -> Event:
    return Event("u", EventDetails(**({"start": NINE, "end": TEN} | fields)))


def master_of(found: Event) -> EventDetails:
    assert found.master is not None
    return found.master


def read(document: dict[str, Any], *exceptions: dict[str, Any], zone: str = HOME, **more: Any) -> Event:
    return read_event({"start": AT_NINE, "end": AT_TEN, **document}, exceptions, "u", zone, **more)


def line(name: str, value: str, **params: str) -> ContentLine:
    return ContentLine(name, value, tuple(sorted((key, (text,)) for key, text in params.items())))


# ---------------------------------------------------------------- rows

ROWS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"summary": "Lunch"}, {"summary": "Lunch"}),
    ({"description": "a\n b"}, {"description": "a\n b"}),
    ({"description": "1 < 2 & 3"}, {"description": "1 < 2 & 3"}),
    ({"description": "<b>x</b>"}, {"description": "&lt;b&gt;x&lt;/b&gt;"}),
    ({"location": "Room 1"}, {"location": "Room 1"}),
    ({"status": "TENTATIVE"}, {"status": "tentative"}),
    ({"transparency": "TRANSPARENT"}, {"transparency": "transparent"}),
    ({"classification": "PRIVATE"}, {"visibility": "private"}),
    ({"url": "https://example.org/a"}, {"source": {"url": "https://example.org/a", "title": "https://example.org/a"}}),
    ({"extra": (line("COLOR", "tomato"),)}, {"colorId": "11"}),
    (
        {"attachments": (line("ATTACH", "https://drive.example/1", FILENAME="a.pdf", FMTTYPE="application/pdf"),)},
        {"attachments": [{"fileUrl": "https://drive.example/1", "title": "a.pdf", "mimeType": "application/pdf"}]},
    ),
    (
        {"alarms": (*reminder(0), *reminder(90))},
        {
            "reminders": {
                "useDefault": False,
                "overrides": [{"method": "popup", "minutes": 0}, {"method": "popup", "minutes": 90}],
            }
        },
    ),
    (
        {"categories": ("Red", "Work"), "priority": "1"},
        {"extendedProperties": {"private": {"AgendaHubLines1": "PRIORITY:1\nCATEGORIES:Red,Work"}}},
    ),
    (
        {"classification": "CONFIDENTIAL"},
        {"visibility": "confidential", "extendedProperties": {"private": {"AgendaHubLines1": "CLASS:CONFIDENTIAL"}}},
    ),
]


@pytest.mark.parametrize(("fields", "properties"), ROWS)
def test_a_row_stands_there_and_comes_back(fields: dict[str, Any], properties: dict[str, Any]) -> None:
    written = new_event(event(**fields), HOME).master
    assert written | properties == written
    assert read(written) == kept_event(event(**fields), HOME)
    found = master_of(read(written))
    assert {name: getattr(found, name) for name in fields} == fields
    patch = event_patch(event(), event(**fields), HOME).master
    assert set(patch) == set(properties)
    back = event_patch(event(**fields), event(), HOME).master
    assert read(merged(written, back)) == kept_event(event(), HOME)


def test_every_row_has_a_sample() -> None:
    said = {name for fields, _ in ROWS for name in fields} | {"start", "end", "duration", "rules", "recurrence_dates"}
    assert {field for row in EVENT_TABLE if row.put for field in row.fields} - said == {"attendees"}


def test_attendees_with_all_that_google_says_of_them() -> None:
    guests = (
        CalendarUser("mailto:b@x.org", (("CN", ("Bob",)), ("PARTSTAT", ("ACCEPTED",)), ("X-NUM-GUESTS", ("2",)))),
        CalendarUser("mailto:c@x.org", (("PARTSTAT", ("NEEDS-ACTION",)), ("ROLE", ("OPT-PARTICIPANT",)))),
        CalendarUser(
            "mailto:r@x.org", (("CUTYPE", ("RESOURCE",)), ("PARTSTAT", ("DECLINED",)), ("ROLE", ("NON-PARTICIPANT",)))
        ),
        CalendarUser("mailto:t@x.org", (("PARTSTAT", ("TENTATIVE",)), ("X-RESPONSE-COMMENT", ("late",)))),
    )
    meeting = event(attendees=guests, organizer=CalendarUser("mailto:a@x.org", (("CN", ("Ada",)),)))
    written = new_event(meeting, HOME).master
    assert written["attendees"] == [
        {"email": "b@x.org", "displayName": "Bob", "additionalGuests": 2, "responseStatus": "accepted"},
        {"email": "c@x.org", "optional": True, "responseStatus": "needsAction"},
        {"email": "r@x.org", "resource": True, "responseStatus": "declined"},
        {"email": "t@x.org", "comment": "late", "responseStatus": "tentative"},
    ]
    assert written["organizer"] == {"email": "a@x.org", "displayName": "Ada"}
    assert read(written) == kept_event(meeting, HOME)
    assert master_of(read(written)).attendees == guests


def test_who_has_no_address_is_no_guest_and_the_owner_alone_no_organiser() -> None:
    found = event(
        attendees=(CalendarUser("urn:x"), CalendarUser("mailto:no address")), organizer=CalendarUser("mailto:a@x")
    )
    written = new_event(found, HOME).master
    assert not {"attendees", "organizer"} & set(written)
    assert master_of(read(written | {"organizer": {"email": "me@x.org", "self": True}})).organizer is None


def test_r10_the_organiser_is_never_changed_later() -> None:
    guests = (CalendarUser("mailto:b@x.org"),)
    before, after = (event(attendees=guests, organizer=CalendarUser(f"mailto:{who}@x.org")) for who in "ac")
    assert not event_patch(before, after, HOME)


# ---------------------------------------------------------------- times


def test_r19_a_moment_has_its_offset_and_its_zone_and_a_floating_one_is_at_home() -> None:
    assert new_event(event(), HOME).master["start"] == AT_NINE
    floating = new_event(event(start=Moment("20260702T090000"), end=None, duration="PT30M"), HOME).master
    assert floating["start"] == {"dateTime": "2026-07-02T09:00:00+02:00", "timeZone": HOME}
    assert floating["end"] == {"dateTime": "2026-07-02T09:30:00+02:00", "timeZone": HOME}
    in_utc = new_event(event(start=Moment("20260302T080000", "UTC"), end=None), HOME).master
    assert in_utc["start"] == in_utc["end"] == {"dateTime": "2026-03-02T08:00:00+00:00", "timeZone": "UTC"}


def test_r19_the_hour_that_comes_twice_is_told_by_its_offset() -> None:
    late = {"dateTime": "2026-10-25T02:30:00+02:00", "timeZone": "Europe/Prague"}
    found = new_event(event(start=Moment("20261025T023000", "Europe/Prague"), end=None), HOME).master
    assert found["start"] == late


def test_days_are_days_and_their_end_is_the_day_after() -> None:
    days = event(start=Moment("20260302"), end=Moment("20260304"))
    written = new_event(days, HOME).master
    assert written["start"] == {"date": "2026-03-02"}
    assert written["end"] == {"date": "2026-03-04"}
    assert read(written) == days
    assert new_event(event(start=Moment("20260302"), end=None), HOME).master["end"] == {"date": "2026-03-03"}


def test_a_time_that_becomes_a_day_clears_the_time() -> None:
    patch = event_patch(event(), event(start=Moment("20260302"), end=None), HOME).master
    assert patch["start"] == {"date": "2026-03-02", "dateTime": None, "timeZone": None}
    back = event_patch(event(start=Moment("20260302"), end=None), event(), HOME).master
    assert back["start"] == {"date": None} | AT_NINE


def test_times_of_google_are_in_the_zone_of_the_event_or_of_its_calendar() -> None:
    there = {"dateTime": "2026-03-02T03:00:00-05:00", "timeZone": "Europe/Prague"}
    assert master_of(read({"start": there})).start == NINE
    nameless = {"dateTime": "2026-03-02T08:00:00Z"}
    assert master_of(read({"start": nameless}, zone="Asia/Tokyo")).start == Moment("20260302T170000", "Asia/Tokyo")


def test_r19_a_zone_that_nobody_knows_keeps_its_name_and_is_told() -> None:
    found = read({"start": {"dateTime": "2026-03-02T08:00:00Z", "timeZone": "Mars/Olympus"}})
    assert unknown_zone(found) == "Mars/Olympus"


def _zone(name: str, winter: str, summer: str) -> Component:
    def part(kind: str, before: str, after: str, month: int) -> Component:
        rule = f"FREQ=YEARLY;BYMONTH={month};BYDAY=-1SU"
        lines = (("DTSTART", "20000101T020000"), ("RRULE", rule), ("TZOFFSETFROM", before), ("TZOFFSETTO", after))
        return Component(kind, tuple(ContentLine(*pair) for pair in lines))

    parts = (part("DAYLIGHT", winter, summer, 3), part("STANDARD", summer, winter, 10))
    return Component("VTIMEZONE", (ContentLine("TZID", name),), parts)


@pytest.mark.parametrize(
    ("name", "iana"),
    [
        ("Tokyo Standard Time", "Asia/Tokyo"),
        ("/mozilla.org/20050126_1/Europe/Prague", "Europe/Prague"),
        ("UTC+11", "Etc/GMT-11"),
    ],
)
def test_r19_other_names_of_zones_become_googles(name: str, iana: str) -> None:
    found = kept_event(event(start=replace(NINE, zone=name), end=None), HOME)
    assert master_of(found).start == replace(NINE, zone=iana)


def test_r19_a_custom_zone_is_the_one_with_its_hours() -> None:
    custom = replace(
        event(start=replace(NINE, zone="Our Zone"), end=None), zones=(_zone("Our Zone", "+0100", "+0200"),)
    )
    assert master_of(kept_event(custom, HOME)).start == replace(NINE, zone="Europe/Berlin")


def test_r19_a_single_event_in_a_zone_of_its_own_is_an_instant_and_a_series_is_refused() -> None:
    own = (_zone("Moon", "+0117", "+0217"),)
    single = replace(event(start=replace(NINE, zone="Moon"), end=None), zones=own)
    assert master_of(kept_event(single, HOME)).start == Moment("20260302T074300", "UTC")
    series = replace(single, master=replace(master_of(single), rules=("FREQ=DAILY",)))
    with pytest.raises(Rejected, match="no time zone with the rules of 'Moon'"):
        new_event(series, HOME)


def test_an_event_ends_after_it_starts() -> None:
    with pytest.raises(Rejected, match="ends before it starts"):
        new_event(event(end=Moment("20260302T080000", "Europe/Prague")), HOME)


@pytest.mark.parametrize("time", [{"dateTime": "soon"}, {"date": "2026-13-01"}, {}])
def test_a_time_that_is_none_cannot_be_read(time: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read({"start": time})


# ---------------------------------------------------------------- what has no place of its own


def test_what_has_no_place_is_hidden_and_comes_back() -> None:
    extra = (line("GEO", "1;2"), line("X-FOO", "a\\, b", A="b;c"))
    found = event(extra=extra, status="CANCELLED", url="message:1", classification="X-OWN")
    written = new_event(found, HOME).master
    assert (written["status"], written["visibility"]) == ("confirmed", "private")
    assert read(written) == found


def test_a_cancelled_event_of_the_hub_is_never_deleted_at_google() -> None:
    assert new_event(event(status="CANCELLED"), HOME).master["status"] == "confirmed"
    assert "status" not in event_patch(event(), event(status="CANCELLED"), HOME).master


def test_lines_that_do_not_fit_stay_in_the_hub_and_long_ones_are_cut_in_pieces() -> None:
    long, longer = line("X-LONG", "é" * 900), line("X-LONGER", "x" * 9000)
    written = new_event(event(extra=(long, longer)), HOME).master
    hidden = written["extendedProperties"]["private"]
    assert 1 < len(hidden) <= PIECES
    assert all(len(text.encode()) <= 1024 and len(name) <= 44 for name, text in hidden.items())
    assert master_of(read(written)).extra == (long,)


def test_r20_of_what_is_hidden_only_the_pieces_that_differ_are_said() -> None:
    before, after = event(categories=("a",), extra=(line("X-A", "x" * 1500),)), event(categories=("b",))
    assert event_patch(before, after, HOME).master == {
        "extendedProperties": {"private": {"AgendaHubLines1": "CATEGORIES:b", "AgendaHubLines2": None}}
    }


def test_a_line_that_would_be_read_as_a_field_is_not_hidden() -> None:
    odd = (line("CLASS", "SECOND"), line("SUMMARY", "second"))
    assert master_of(kept_event(event(extra=odd), HOME)) == master_of(event())


def test_a_colour_of_another_name_is_the_nearest_until_somebody_chooses_another() -> None:
    written = new_event(event(extra=(line("COLOR", "crimson"),)), HOME).master
    assert written["colorId"] == "11"
    assert master_of(read(written)).extra == (line("COLOR", "crimson"),)
    assert master_of(read(written | {"colorId": "2"})).extra == (line("COLOR", "mediumaquamarine"),)
    assert "colorId" not in new_event(event(extra=(line("COLOR", "like the sea"),)), HOME).master


def test_the_link_of_a_conference_is_only_read() -> None:
    link = "https://meet.google.com/abc"
    found = read({"hangoutLink": link})
    assert (master_of(found).url, master_of(found).extra) == (link, (line("X-GOOGLE-CONFERENCE", link),))
    video = {"entryPoints": [{"entryPointType": "phone", "uri": "tel:1"}, {"entryPointType": "video", "uri": link}]}
    told = read({"conferenceData": video, "source": {"url": "https://example.org"}})
    assert (master_of(told).url, master_of(told).extra) == ("https://example.org", (line("X-GOOGLE-CONFERENCE", link),))
    moved = replace(found, master=replace(master_of(found), summary="x"))
    assert event_patch(found, moved, HOME).master == {"summary": "x"}


def test_a_description_of_google_is_read_without_its_markup() -> None:
    html = '<p>One <b>two</b></p>\nthree<br>four &amp; <a href="https://x">link</a>'
    assert master_of(read({"description": html})).description == "One two\nthree\nfour & link"


def test_reminders_at_most_five_none_after_the_start_and_mail_is_mail() -> None:
    mail = Component("VALARM", (line("ACTION", "EMAIL"), line("TRIGGER", "-PT1H")))
    late = Component("VALARM", (line("ACTION", "DISPLAY"), line("TRIGGER", "PT5M")))
    many = (mail, late, *(reminder(minutes)[0] for minutes in (1, 2, 3, 4, 70, 50000)))
    said = new_event(event(alarms=many), HOME).master["reminders"]
    assert [one["minutes"] for one in said["overrides"]] == [1, 2, 3, 4, 60]
    assert said["overrides"][-1]["method"] == "email"
    assert {a.lines[0].value for a in master_of(kept_event(event(alarms=(mail,)), HOME)).alarms} == {"EMAIL"}


def test_an_event_that_rings_as_its_calendar_does_has_the_alarms_of_the_calendar_and_keeps_doing_so() -> None:
    found = read({"reminders": {"useDefault": True}}, defaults=[{"method": "popup", "minutes": 30}])
    assert master_of(found).alarms == reminder(30)
    moved = replace(found, master=replace(master_of(found), summary="x"))
    assert "reminders" not in event_patch(found, moved, HOME).master
    assert master_of(read({"reminders": {"useDefault": True}})).alarms == ()


def test_what_google_says_and_nobody_maps_is_never_touched() -> None:
    there = {"guestsCanModify": True, "eventType": "default", "gadget": {"title": "x"}}
    patch = event_patch(read(there), read(there | {"summary": "x"}), HOME).master
    assert merged(there, patch) == there | {"summary": "x"}


# ---------------------------------------------------------------- tasks


def task(**fields: Any) -> Task:
    return Task("u", TaskDetails(**fields))


@pytest.mark.parametrize(
    ("fields", "properties"),
    [
        ({"summary": "Buy tea"}, {"title": "Buy tea"}),
        ({"description": "green\nor black"}, {"notes": "green\nor black"}),
        ({"due": Moment("20260301")}, {"due": "2026-03-01T00:00:00.000Z"}),
        (
            {"status": "COMPLETED", "completed": Moment("20260301T080000", "UTC")},
            {"status": "completed", "completed": "2026-03-01T08:00:00.000Z"},
        ),
    ],
)
def test_a_row_of_a_task_stands_there_and_comes_back(fields: dict[str, Any], properties: dict[str, Any]) -> None:
    written = new_task(task(**fields))
    assert written | properties == written
    assert read_task(written, "u") == kept_task(task(**fields)) == task(**fields)
    assert task_patch(task(), task(**fields)) == properties
    assert read_task(merged(written, task_patch(task(**fields), task())), "u") == task()


def test_every_row_of_tasks_has_a_sample() -> None:
    assert {field for row in TASK_TABLE for field in row.fields} == {
        "summary", "description", "due", "status", "completed",
    }  # fmt: skip


def test_a_task_is_due_on_its_day_and_done_or_not() -> None:
    assert new_task(task(due=NINE))["due"] == "2026-03-02T00:00:00.000Z"
    assert new_task(task(status="IN-PROCESS", percent_complete="50"))["status"] == "needsAction"
    assert new_task(task(percent_complete="100"))["status"] == "completed"
    again = task_patch(task(status="COMPLETED"), task())
    assert again == {"status": "needsAction", "completed": None}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (task(summary="x" * 1025), "a title of 1024 characters at most, and this task's has 1025"),
        (task(description="x" * 8193), "notes of 8192 characters at most"),
        (task(rules=("FREQ=DAILY",)), "no program make a recurring task"),
        (Task("u", None, (TaskDetails(recurrence_id=NINE),)), "no changed or single occurrences"),
    ],
)
def test_r09_tasks_that_google_does_not_hold_are_refused_with_the_reason(wrong: Task, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        new_task(wrong)


@pytest.mark.parametrize("document", [{"due": "soon"}, {"status": "completed", "completed": "2026"}])
def test_a_task_with_a_time_that_is_none_cannot_be_read(document: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read_task(document, "u")


# ---------------------------------------------------------------- the same text again


def test_a_series_comes_back_as_text() -> None:
    series = event(rules=("FREQ=WEEKLY;COUNT=3",), exception_dates=(Moment("20260309T090000", "Europe/Prague"),))
    google = GoogleSeries().apply(new_event(series, HOME))
    found = read_event(*google.answer(), "u", HOME)
    assert Item.read(Item.of(found).text).record == found == series
    assert [instance_key(one) for one in google.answer()[1]] == []
