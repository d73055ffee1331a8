"""Zones that Exchange says by their rules, through exchangelib's reading of an appointment (R19, E11)."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exchangelib import CalendarItem
from lxml import etree

from connectors.exchange.mapping_series import event_patch, read_event
from connectors.exchange.mapping_zones import CustomZone
from sync_engine.errors import Rejected
from sync_engine.item import Item
from sync_engine.model import Event, Moment
from sync_engine.recurrence import instances
from sync_engine.zone_flags import unknown_zone
from sync_engine.zones import resolve

_TYPES = 'xmlns="http://schemas.microsoft.com/exchange/services/2006/types"'
_LAST_SUNDAY = "<TimeOffset>{hour}</TimeOffset><Month>{month}</Month><DayOfWeek>Sunday</DayOfWeek>" + (
    "<Occurrence>-1</Occurrence>"
)
_ZURICH = (
    '<Periods><Period Bias="-PT60M" Name="Standard" Id="s"/><Period Bias="-PT120M" Name="Daylight" Id="d"/></Periods>'
    '<TransitionsGroups><TransitionsGroup Id="0">'
    f'<RecurringDayTransition><To Kind="Period">d</To>{_LAST_SUNDAY.format(hour="PT2H", month=3)}'
    f'</RecurringDayTransition><RecurringDayTransition><To Kind="Period">s</To>'
    f"{_LAST_SUNDAY.format(hour='PT3H', month=10)}</RecurringDayTransition>"
    '</TransitionsGroup></TransitionsGroups><Transitions><Transition><To Kind="Group">0</To></Transition></Transitions>'
)
_MOVED = (  # an hour more from 2027 on, and no summer time
    '<Periods><Period Bias="-PT180M" Name="Standard" Id="a"/><Period Bias="-PT240M" Name="Standard" Id="b"/></Periods>'
    '<TransitionsGroups><TransitionsGroup Id="0"><Transition><To Kind="Period">a</To></Transition></TransitionsGroup>'
    '<TransitionsGroup Id="1"><Transition><To Kind="Period">b</To></Transition></TransitionsGroup></TransitionsGroups>'
    '<Transitions><Transition><To Kind="Group">0</To></Transition>'
    '<AbsoluteDateTransition><To Kind="Group">1</To><DateTime>2027-01-01T00:00:00</DateTime></AbsoluteDateTransition>'
    "</Transitions>"
)
_HALF = '<Periods><Period Bias="-PT60M" Name="Standard" Id="s"/></Periods>'
_WEEKLY = (
    "<Recurrence><WeeklyRecurrence><Interval>1</Interval><DaysOfWeek>Monday</DaysOfWeek></WeeklyRecurrence>"
    "<NoEndRecurrence><StartDate>2026-09-07</StartDate></NoEndRecurrence></Recurrence>"
)


def _item(zone: str, rules: str, *, more: str = "", start: str = "2026-09-07T07:00:00Z", days: bool = False) -> Any:
    said = "".join(f'<{name}TimeZone Id="{zone}">{rules}</{name}TimeZone>' for name in ("Start", "End"))
    end = datetime.fromisoformat(start) + timedelta(days=1 if days else 0, hours=0 if days else 1)
    text = (
        f'<CalendarItem {_TYPES}><ItemId Id="i" ChangeKey="c"/><UID>u</UID><Start>{start}</Start>'
        f"<End>{end:%Y-%m-%dT%H:%M:%SZ}</End><IsAllDayEvent>{'true' if days else 'false'}</IsAllDayEvent>{more}{said}"
        "</CalendarItem>"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return CalendarItem.from_xml(etree.fromstring(text), account=None)


def test_r19_a_series_in_a_zone_without_a_name_follows_its_rules() -> None:
    event = read_event(_item("Customized Time Zone", _ZURICH, more=_WEEKLY))
    assert event.master
    assert event.master.start == Moment("20260907T090000", "Customized Time Zone")
    assert unknown_zone(event) is None
    again = Item.read(Item.of(event).text).record
    assert isinstance(again, Event)
    begins = [
        begin for begin, _, _ in instances(again, datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
    ]
    assert begins == [
        datetime(2026, 10, 19, 7, tzinfo=UTC),
        *(datetime(2026, *day, 8, tzinfo=UTC) for day in ((10, 26), (11, 2))),
    ]


def test_r19_rules_that_change_in_a_year_change_in_that_year() -> None:
    event = read_event(_item("tzone://Microsoft/Custom", _MOVED))
    assert event.master
    assert event.master.start == Moment("20260907T100000", "tzone://Microsoft/Custom")
    assert resolve(Moment("20270907T100000", "tzone://Microsoft/Custom"), event.zones) == datetime(
        2027, 9, 7, 6, tzinfo=UTC
    )


@pytest.mark.parametrize("rules", ["", _HALF, "<Periods/>"])
def test_r19_a_zone_that_nobody_knows_keeps_its_instants_and_is_flagged(rules: str) -> None:
    event = read_event(_item("Kontor", rules))
    assert event.master
    assert event.master.start == Moment("20260907T070000", "Kontor")
    assert unknown_zone(event) == "Kontor"
    assert resolve(event.master.start, event.zones) == datetime(2026, 9, 7, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "iana"),
    [
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Berlin"),
        ("Mitteleurop\u00e4ische Zeit", "Europe/Berlin"),
        ("Central Europe Standard Time", "Europe/Budapest"),
        ("Asia/Tokyo", "Asia/Tokyo"),
        ("tzone://Microsoft/Utc", "UTC"),
    ],
)
def test_r19_names_of_all_kinds_are_known(name: str, iana: str) -> None:
    event = read_event(_item(name, ""))
    assert event.master
    assert event.master.start
    assert (event.master.start.zone, unknown_zone(event)) == (iana, None)


@pytest.mark.parametrize("zone", ["Customized Time Zone", "W. Europe Standard Time"])
@pytest.mark.parametrize("start", ["2026-03-28T23:00:00Z", "2026-03-27T23:00:00Z", "2026-10-24T22:00:00Z"])
def test_e11_days_are_days_in_the_zone_of_the_appointment(zone: str, start: str) -> None:
    day = datetime.fromisoformat(start).date() + timedelta(days=1)
    end = {"2026-03-28": "2026-03-29T22:00:00Z", "2026-10-24": "2026-10-25T23:00:00Z"}.get(
        start[:10], "2026-03-28T23:00:00Z"
    )
    item = _item(zone, _ZURICH, start=start, days=True)
    item.ends_at = type(item.ends_at).from_string(end)
    event = read_event(item)
    assert event.master
    assert event.master.start == Moment(f"{day:%Y%m%d}")
    assert event.master.end == Moment(f"{day + timedelta(days=1):%Y%m%d}")


def test_r19_words_of_a_series_in_such_a_zone_can_be_changed_and_its_times_are_refused() -> None:
    event = read_event(_item("Customized Time Zone", _MOVED, more=_WEEKLY))
    assert event.master
    renamed = replace(event, master=replace(event.master, summary="new"))
    assert event_patch(event, renamed, "Europe/Zurich").master == {"subject": "new"}
    later = replace(event, master=replace(event.master, start=Moment("20260907T110000", "Customized Time Zone")))
    with pytest.raises(Rejected, match="no time zone with the rules"):
        event_patch(event, later, "Europe/Zurich")


def test_a_zone_of_rules_is_one_that_exchangelib_can_count_with() -> None:
    zone = _item("Customized Time Zone", _ZURICH)._start_timezone
    assert isinstance(zone, CustomZone)
    at = datetime(2026, 7, 1, 12, tzinfo=UTC).astimezone(zone)
    assert (at.hour, at.utcoffset()) == (14, timedelta(hours=2))
