"""The VTIMEZONEs that we write: the same instants as the IANA data, for us and for another reader (R19)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz

from sync_engine.formats import parse, render
from sync_engine.model import Component, Event, EventDetails, Moment
from sync_engine.observances import observances_of
from sync_engine.vtimezones import missing_zones, vtimezone, with_zones
from sync_engine.windows_zones import WINDOWS_ZONES
from sync_engine.zones import by_name, resolve
from tests.zone_cases import changes

_WEEKS = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=7 * number, hours=1) for number in range(25 * 52)]
_HOUR = timedelta(hours=1)


def _made(name: str, year: int = 2026) -> Component:
    found = vtimezone(name, year)
    assert found is not None
    return found


def test_r19_every_windows_zone_is_described_with_the_offsets_of_25_years() -> None:
    wrong = []
    for windows, iana in WINDOWS_ZONES.items():
        zone, rules = ZoneInfo(iana), observances_of(_made(iana))
        assert rules
        wrong += [(windows, at) for at in _WEEKS if rules.offset_from(at.replace(tzinfo=None)) != _offset(zone, at)]
    assert not wrong


def test_r19_both_changes_of_the_clock_come_at_their_second_for_us_and_for_dateutil() -> None:
    wrong = []
    for iana in WINDOWS_ZONES.values():
        zone, rules = ZoneInfo(iana), observances_of(_made(iana))
        read = _by_dateutil(iana)
        assert rules
        for change in changes(iana):
            local = change.local.replace(tzinfo=zone)
            onset = (local - timedelta(minutes=1)).astimezone(UTC) + timedelta(minutes=1)
            for at in (onset - timedelta(seconds=1), onset, onset + _HOUR * 30):
                told = {rules.offset_from(at.replace(tzinfo=None)), at.astimezone(read).utcoffset()}
                wrong += [(iana, at, told)] if told != {_offset(zone, at)} else []
    assert not wrong


def _offset(zone: ZoneInfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _by_dateutil(name: str) -> tzinfo:
    lines = [line for line in render(_event(Moment("20260101T090000", name))).splitlines() if line]
    text = "\n".join(lines[lines.index("BEGIN:VTIMEZONE") : lines.index("END:VTIMEZONE") + 1])
    found = tz.tzical(StringIO(text.replace("\n ", ""))).get(name)
    assert isinstance(found, tzinfo)
    return found


def _event(*times: Moment) -> Event:
    return with_zones(Event("u", EventDetails(start=times[0], end=times[-1], summary="x")))


@pytest.mark.parametrize(("zone", "observances"), [("Europe/Berlin", 2), ("Asia/Tokyo", 1), ("America/New_York", 2)])
def test_what_is_the_same_every_year_is_said_once(zone: str, observances: int) -> None:
    assert len(_made(zone).components) == observances


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Africa/Casablanca"])
def test_an_old_event_has_the_offsets_of_its_time(zone: str) -> None:
    rules = observances_of(_made(zone, 1975))
    assert rules
    days = [datetime(1974, 1, 1, 1) + timedelta(days=number * 5) for number in range(53 * 73)]
    assert not [at for at in days if rules.offset_from(at) != _offset(ZoneInfo(zone), at.replace(tzinfo=UTC))]


def test_a_windows_name_is_described_under_its_own_name() -> None:
    made = _event(Moment("20260101T090000", "W. Europe Standard Time"))
    read = parse(render(made))
    assert isinstance(read, Event)
    assert observances_of(read.zones[0])
    assert [line.value for line in read.zones[0].lines] == ["W. Europe Standard Time"]


def test_r19_zones_that_are_described_or_that_nobody_knows_stay_as_they_are() -> None:
    own = Component("VTIMEZONE", _made("Asia/Tokyo").lines, _made("Europe/Berlin").components)
    times = (Moment("20260101T090000", "Asia/Tokyo"), Moment("20260101T100000", "Nowhere/Land"))
    event = Event("u", EventDetails(start=times[0], end=times[1]), zones=(own,))
    assert by_name("Nowhere/Land") is None
    assert with_zones(event).zones == (own,)
    assert missing_zones(event) == ()


def test_r19_a_zone_that_nobody_knows_does_not_get_the_rules_of_another() -> None:
    times = (Moment("20260601T090000", "Nowhere/Land"), Moment("20260601T120000", "Europe/Berlin"))
    event = _event(*times)
    assert resolve(times[0], event.zones) == datetime(2026, 6, 1, 9, tzinfo=UTC)


def test_days_floating_times_and_utc_need_no_zone() -> None:
    for moment in (Moment("20260101"), Moment("20260101T090000"), Moment("20260101T090000", "UTC")):
        assert _event(moment).zones == ()


def test_every_zone_of_a_series_is_described_once() -> None:
    new_york, berlin = "America/New_York", "Europe/Berlin"
    master = EventDetails(
        start=Moment("20260101T090000", berlin), exception_dates=(Moment("20260102T090000", new_york),)
    )
    override = EventDetails(recurrence_id=Moment("20260103T090000", berlin), start=Moment("20260103T030000", new_york))
    found = with_zones(Event("u", master, (override,)))
    assert [line.value for zone in found.zones for line in zone.lines] == [berlin, new_york]


def test_an_event_of_the_far_future_has_the_text_of_today() -> None:
    assert vtimezone("Europe/Berlin", 2047) is _made("Europe/Berlin")
