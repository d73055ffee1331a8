"""What of Microsoft's world is refused, read kindly or left alone: case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.bodies import text_of
from connectors.days import day_at, day_of, text_of_day
from connectors.fields import ALL_FIELDS
from connectors.microsoft.pattern_to_rule import rule_of
from connectors.microsoft.patterns import Pattern, PatternKind, Recurrence
from connectors.microsoft.phones import by_kind, without_place
from connectors.microsoft.rule_to_pattern import recurrence_of
from connectors.microsoft.zone_names import windows_name
from connectors.microsoft365.mapping_contacts import CONTACT_FIELDS, new_contact
from connectors.microsoft365.mapping_events import EVENT_FIELDS, could_mail
from connectors.microsoft365.mapping_series import event_patch, new_event, read_event
from connectors.microsoft365.mapping_tasks import TASK_FIELDS
from sync_engine.errors import Rejected
from sync_engine.formats import parse
from sync_engine.model import Component, Contact, ContentLine, Event, EventDetails, Labelled, Moment
from sync_engine.zone_flags import unknown_zone
from sync_engine.zones import resolve

_START = Moment("20260131T090000", "Europe/Berlin")  # a Saturday, the last day of January


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=31", "no day 31"),
        ("FREQ=MONTHLY", "no day 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-2", "from the end"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,31", "several days"),
        ("FREQ=MONTHLY;BYDAY=5SA", "first four"),
        ("FREQ=MONTHLY;BYDAY=-2SA", "first four"),
        ("FREQ=MONTHLY;BYDAY=SA", "several weekdays"),
        ("FREQ=MONTHLY;BYDAY=-1SA;BYMONTH=1,2", "some months"),
        ("FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=31", "several months"),
        ("FREQ=YEARLY;BYDAY=5SA", "whole year"),
        ("FREQ=YEARLY;BYWEEKNO=5", "BYWEEKNO"),
        ("FREQ=YEARLY;BYYEARDAY=31", "BYYEARDAY"),
        ("FREQ=DAILY;BYHOUR=9,17", "times of the day"),
        ("FREQ=DAILY;INTERVAL=2;BYDAY=SA,SU", "leaves out"),
        ("FREQ=DAILY;BYMONTH=1", "some months"),
        ("FREQ=HOURLY;COUNT=3", "several times a day"),
        ("FREQ=WEEKLY;BYDAY=MO", "first day"),
        ("FREQ=WEEKLY;BYMONTH=1", "some weeks"),
        ("FREQ=DAILY;COUNT=1000", "more than 999"),
        ("FREQ=WEEKLY;INTERVAL=100", "longer than 99"),
        ("FREQ=DAILY;UNTIL=20260130", "ends before"),
    ],
)
def test_r09_what_outlook_cannot_express_is_refused_with_the_reason(rule: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        recurrence_of(EventDetails(start=_START, rules=(rule,)), _START, ())


def test_r09_single_dates_and_second_rules_are_refused() -> None:
    exrule = (ContentLine("EXRULE", "FREQ=WEEKLY"),)
    dates = (Moment("20260204T090000", "Europe/Berlin"),)
    for details, reason in [
        (EventDetails(start=_START, rules=("FREQ=DAILY",), recurrence_dates=dates), "RDATE"),
        (EventDetails(start=_START, rules=("FREQ=DAILY",), extra=exrule), "EXRULE"),
        (EventDetails(start=_START, rules=("FREQ=DAILY", "FREQ=WEEKLY")), "more than one"),
    ]:
        with pytest.raises(Rejected, match=reason):
            recurrence_of(details, _START, ())


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260210T080000Z", date(2026, 2, 10)),  # exactly at an occurrence
        ("20260210T075959Z", date(2026, 2, 9)),
        ("20260210", date(2026, 2, 10)),
        ("20260209T233000Z", date(2026, 2, 9)),  # already the tenth in Berlin, but before nine
    ],
)
def test_r16_the_last_day_of_a_series_is_that_of_its_own_zone(until: str, last: date) -> None:
    found = recurrence_of(EventDetails(start=_START, rules=(f"FREQ=DAILY;UNTIL={until}",)), _START, ())
    assert found is not None
    assert found.until == last


def test_r16_a_day_that_a_month_has_not_is_its_last_one() -> None:
    patterns = {day: Pattern(PatternKind.MONTHLY, day=day) for day in (30, 31)}
    days = {day: rule_of(Recurrence(pattern, date(2026, 1, 31)), _START) for day, pattern in patterns.items()}
    assert days == {30: "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", 31: "FREQ=MONTHLY;BYMONTHDAY=-1"}
    leap = Recurrence(Pattern(PatternKind.YEARLY, day=29, month=2), date(2028, 2, 29))
    assert rule_of(leap, Moment("20280229")) == "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"


def test_r15_an_exception_keeps_its_words_when_its_series_gets_others() -> None:
    """Also those that it had only because the series had them."""
    series = EventDetails(start=_START, end=_START, summary="A", rules=("FREQ=DAILY",))
    own = EventDetails(recurrence_id=_START, start=_START, end=_START, summary="A", location="Elsewhere")
    write = event_patch(Event("u", series, (own,)), Event("u", replace(series, summary="B"), (own,)), "UTC")
    assert (write.master, write.occurrences) == ({"subject": "B"}, {date(2026, 1, 31): {"subject": "A"}})


def test_this_and_future_and_lone_occurrences_are_refused() -> None:
    override = EventDetails(recurrence_id=_START, start=_START, this_and_future=True)
    master = EventDetails(start=_START, rules=("FREQ=DAILY",))
    with pytest.raises(Rejected, match="split the series"):
        new_event(Event("u", master, (override,)), "UTC")
    with pytest.raises(Rejected, match="not there itself"):
        new_event(Event("u", None, (override,)), "UTC")


def _custom_zone(name: str, summer: str) -> str:
    return (
        f"BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:{name}\nBEGIN:STANDARD\nDTSTART:16010101T030000\n"
        f"TZOFFSETFROM:{summer}\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\n"
        f"BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:{summer}\n"
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
        f"BEGIN:VEVENT\nUID:u\nDTSTART;TZID={name}:20260701T090000\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n"
    )


def test_r19_a_custom_zone_is_the_windows_zone_of_its_rules_not_its_name() -> None:
    event = parse(_custom_zone("Tokyo Standard Time", "+0200"))
    assert isinstance(event, Event)
    assert new_event(event, "UTC").master["start"] == {
        "dateTime": "2026-07-01T09:00:00",
        "timeZone": "W. Europe Standard Time",
    }


def test_r19_a_series_in_a_zone_that_windows_has_not_is_refused_a_single_event_is_in_utc() -> None:
    text = _custom_zone("Odd", "+0230")
    event = parse(text)
    assert isinstance(event, Event)
    with pytest.raises(Rejected, match="no time zone"):
        new_event(event, "UTC")
    single = parse(text.replace("RRULE:FREQ=DAILY\nEND:VEVENT", "END:VEVENT"))
    assert isinstance(single, Event)
    assert new_event(single, "UTC").master["start"] == {"dateTime": "2026-07-01T06:30:00", "timeZone": "UTC"}


def test_r17_zurich_and_prague_get_the_windows_names_of_their_countries() -> None:
    found = [windows_name(f"Europe/{city}", ()) for city in ("Zurich", "Prague", "Madrid")]
    assert found == ["W. Europe Standard Time", "Central Europe Standard Time", "Romance Standard Time"]


def test_a_document_as_graph_sends_it_with_all_that_is_not_used() -> None:
    document: dict[str, Any] = {
        "id": "AAMk",
        "uid": "u",
        "subject": "Jour fixe",
        "body": {"contentType": "html", "content": "<html><head><style>p {}</style></head><body><p>One<br>two</p>"},
        "start": {"dateTime": "2026-03-02T08:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-03-02T09:00:00.0000000", "timeZone": "UTC"},
        "originalStartTimeZone": "W. Europe Standard Time",
        "originalEndTimeZone": "W. Europe Standard Time",
        "isReminderOn": True,
        "reminderMinutesBeforeStart": 15,
        "attendees": [
            {"type": "optional", "status": {"response": "declined"}, "emailAddress": {"name": "B", "address": "b@x"}}
        ],
        "organizer": {"emailAddress": {"name": "A", "address": "a@x"}},
        "onlineMeeting": {"joinUrl": "https://meet.example.org/1"},
        "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "month": 0, "dayOfMonth": 0, "daysOfWeek": ["monday"]}
            | {"firstDayOfWeek": "sunday", "index": "first"},
            "range": {"type": "noEnd", "startDate": "2026-03-02", "endDate": "0001-01-01"}
            | {"recurrenceTimeZone": "", "numberOfOccurrences": 0},
        },
        "cancelledOccurrences": ["OID.AAMk.2026-04-06"],
    }
    master = read_event(document).master
    assert master is not None
    assert master.start == Moment("20260302T090000", "Europe/Berlin")
    assert master.rules == ("FREQ=WEEKLY;BYDAY=MO;WKST=SU",)
    assert master.exception_dates == (Moment("20260406T090000", "Europe/Berlin"),)
    assert master.description == "One\ntwo"
    assert master.url == "https://meet.example.org/1"
    assert [dict(user.params)["PARTSTAT"] for user in master.attendees] == [("DECLINED",)]
    assert master.organizer is not None
    assert master.organizer.address == "mailto:a@x"


def test_what_is_carried_are_fields_of_records_and_not_what_graph_has_no_place_for() -> None:
    assert CONTACT_FIELDS | EVENT_FIELDS | TASK_FIELDS < ALL_FIELDS
    assert not {"extra", "params", "photo", "attachments"} & (CONTACT_FIELDS | EVENT_FIELDS | TASK_FIELDS)
    assert "url" not in EVENT_FIELDS


def test_r10_a_patch_that_could_mail_somebody_is_known() -> None:
    meeting = {"attendees": [{"emailAddress": {"address": "b@x"}}]}
    assert could_mail(meeting, {"subject": "New"})
    assert could_mail({}, {"attendees": []})
    assert not could_mail(meeting, {"categories": ["Red"], "showAs": "free"})
    assert not could_mail({"attendees": []}, {"subject": "New"})


def test_phones_go_to_their_kind_and_what_has_no_place_is_said() -> None:
    phones = (
        Labelled("1", ("iphone",)),
        Labelled("2", ("cell", "voice")),
        Labelled("3", ("fax", "home", "internet")),
        Labelled("4", ("voice", "work"), preferred=True),
        Labelled("5"),
    )
    expected = {"MobilePhone": ("1",), "HomeFax": ("3",), "BusinessPhone": ("4",), "OtherTelephone": ("5",)}
    assert by_kind(phones) == expected
    assert without_place(phones) == (phones[1],)
    assert new_contact(Contact("u", phones=phones))["mobilePhone"] == "1"


@pytest.mark.parametrize(
    "instant", ["1985-04-11T22:00:00Z", "1985-04-12T00:00:00Z", "1985-04-12T05:00:00Z", "1985-04-12T11:59:00Z"]
)
def test_r18_a_birthday_is_the_same_day_whoever_wrote_it(instant: str) -> None:
    assert day_at(instant) == date(1985, 4, 12) == day_of("19850412")


def test_a_birthday_without_year_and_one_that_is_text() -> None:
    assert text_of_day(day_of("--0229")) == "--0229"
    assert day_of("circa 1800") is None
    assert day_of("1985-02-30") is None
    assert day_at("0001-01-01T00:00:00Z") is None


def test_an_alarm_that_outlook_has_not_is_not_bent() -> None:
    def reminders(trigger: str) -> tuple[bool, int]:
        lines = (ContentLine("ACTION", "DISPLAY"), ContentLine("TRIGGER", trigger))
        details = EventDetails(start=_START, alarms=(Component("VALARM", lines),))
        properties = new_event(Event("u", details), "UTC").master
        return properties["isReminderOn"], properties["reminderMinutesBeforeStart"]

    assert reminders("-PT1H30M") == (True, 90)
    assert reminders("PT9H") == (False, 0)
    assert reminders("-PT30S") == (False, 0)


def test_html_that_people_write_is_read_as_they_see_it() -> None:
    html = "<div>Hi &amp; <b>good</b>  bye</div><ul><li>one</li><li>two</li></ul><script>x()</script><pre>a\n  b</pre>"
    assert text_of(html) == "Hi & good bye\none\ntwo\na\n  b"


@pytest.mark.parametrize("name", ["tzone://Microsoft/Custom", "Kontor"])
def test_r19_a_zone_of_graph_that_nobody_knows_keeps_its_instant_and_is_flagged(name: str) -> None:
    time = {"dateTime": "2026-06-01T07:00:00.0000000", "timeZone": "UTC"}
    event = read_event({"id": "i", "start": time, "end": time, "originalStartTimeZone": name})
    assert event.master
    assert event.master.start
    assert (event.master.start.zone, unknown_zone(event)) == (name, name)
    assert resolve(event.master.start, event.zones) == datetime(2026, 6, 1, 7, tzinfo=UTC)


def test_r19_events_of_graph_come_with_the_rules_of_their_zone() -> None:
    time = {"dateTime": "2026-06-01T07:00:00.0000000", "timeZone": "UTC"}
    event = read_event({"id": "i", "start": time, "end": time, "originalStartTimeZone": "W. Europe Standard Time"})
    assert event.master
    assert event.master.start == Moment("20260601T090000", "Europe/Berlin")
    assert [line.value for zone in event.zones for line in zone.lines] == ["Europe/Berlin"]
