"""Zones: the right instants, by the rules of the calendar first (SYNC.md R17, R19)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sync_engine.formats import parse
from sync_engine.model import Component, ContentLine, Event, Moment
from sync_engine.observances import observances_of
from sync_engine.windows_zones import WINDOWS_ZONES
from sync_engine.zone_aliases import PLACES
from sync_engine.zones import is_known, resolve

SAMPLES = Path(__file__).parents[2] / "samples"


def observance(name: str, start: str, before: str, after: str, rule: str = "") -> Component:
    values = {"DTSTART": start, "TZOFFSETFROM": before, "TZOFFSETTO": after} | ({"RRULE": rule} if rule else {})
    return Component(name, tuple(ContentLine(key, value) for key, value in values.items()))


def zone(name: str, *observances: Component) -> Component:
    return Component("VTIMEZONE", (ContentLine("TZID", name),), observances)


BERLIN = (
    observance("DAYLIGHT", "19700329T020000", "+0100", "+0200", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"),
    observance("STANDARD", "19701025T030000", "+0200", "+0100", "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
)


def at(value: str, name: str, *zones: Component) -> str:
    return resolve(Moment(value, name), zones).strftime("%Y%m%dT%H%M%S")


@pytest.mark.parametrize("year", [1975, 2026, 2050, 2099])
def test_r17_the_rules_of_a_vtimezone_agree_with_the_zone_they_describe(year: int) -> None:
    local = datetime(year, 1, 1)
    for _ in range(365 * 4):
        local += timedelta(hours=6, minutes=13)
        found = resolve(Moment(local.strftime("%Y%m%dT%H%M%S"), "Mine"), (zone("Mine", *BERLIN),))
        if year < 1980 or year > 2037:
            assert timedelta(hours=1) <= local.replace(tzinfo=UTC) - found <= timedelta(hours=2)
        else:
            assert found == local.replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def test_r17_skipped_and_repeated_times() -> None:
    zones = (zone("Mine", *BERLIN),)
    for name, given in (("Mine", zones), ("Europe/Berlin", ())):
        assert at("20260329T023000", name, *given) == "20260329T013000"
        assert at("20261025T023000", name, *given) == "20261025T003000"


def test_r19_the_rules_count_and_not_the_name() -> None:
    odd = zone("Europe/Berlin", observance("STANDARD", "19700101T000000", "+0545", "+0545"))
    assert at("20260701T120000", "Europe/Berlin", odd) == "20260701T061500"
    assert at("20260701T120000", "Europe/Berlin") == "20260701T100000"


def test_r19_a_zone_of_another_calendar_is_not_taken() -> None:
    east = zone("Custom", observance("STANDARD", "19700101T000000", "+0500", "+0500"))
    west = zone("Custom", observance("STANDARD", "19700101T000000", "-0500", "-0500"))
    assert at("20260701T120000", "Custom", east) == "20260701T070000"
    assert at("20260701T120000", "Custom", west) == "20260701T170000"
    assert at("20260701T120000", "Custom") == "20260701T120000"


def test_r19_outlook_s_customized_zone() -> None:
    record = parse((SAMPLES / "event_overrides_outlook.ics").read_bytes().decode())
    assert isinstance(record, Event)
    assert record.master
    assert record.master.start
    assert resolve(record.master.start, record.zones) == datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
    assert is_known("Customized Time Zone", record.zones)


@pytest.mark.parametrize("name", sorted(WINDOWS_ZONES))
def test_r19_windows_names_are_known(name: str) -> None:
    assert is_known(name, ())
    for value in ("20260115T120000", "20260715T120000"):
        assert at(value, name) == at(value, WINDOWS_ZONES[name])


@pytest.mark.parametrize(
    ("name", "instant"),
    [
        ("/mozilla.org/2005/Basic_1/Europe/Berlin", "20260701T100000"),
        ("/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires", "20260701T150000"),
        ("posix/Europe/Vaduz", "20260701T100000"),
        ("europe/berlin", "20260701T100000"),
        ("America/Los Angeles", "20260701T190000"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "20260701T100000"),
        ("Pacific Time (US & Canada), Tijuana", "20260701T190000"),
        ("/mozilla.org/20070129_1/Europe/Berlin", "20260701T100000"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "20260701T100000"),
        ("/freeassociation.sourceforge.net/Tzfile/Japan", "20260701T030000"),
        ("(GMT-08.00) Pacific Time (US & Canada)", "20260701T190000"),
        ("(UTC-03:00) Brasília", "20260701T150000"),
        ("(GMT+01:00) Amsterdam\\, Berlin\\, Bern\\, Rom", "20260701T100000"),
        ("(UTC) Coordinated Universal Time", "20260701T120000"),
        ("Western/Central Europe", "20260701T100000"),
        ("Eastern", "20260701T160000"),
        ("W. Europe", "20260701T100000"),
        ("W. Europe Daylight Time", "20260701T100000"),
        ("Mitteleuropäische Zeit", "20260701T100000"),
        ('"Europe/Berlin"', "20260701T100000"),
        ("GMT+01:00", "20260701T110000"),
        ("UTC+11", "20260701T010000"),
        ("GMT-0330", "20260701T153000"),
        ("UTC", "20260701T120000"),
    ],
)
def test_r19_names_in_disguise(name: str, instant: str) -> None:
    assert is_known(name, ())
    assert at("20260701T120000", name) == instant


@pytest.mark.parametrize(
    "name", ["Fictitious", "../../etc/passwd", "a\0b", "Europe", "x" * 10_000, "(UTC+99:99) Nowhere"]
)
def test_r19_unknown_zones_are_flagged_and_taken_as_utc(name: str) -> None:
    assert not is_known(name, ())
    assert at("20260701T120000", name) == "20260701T120000"


def test_r19_an_unknown_name_with_an_offset_is_flagged_and_taken_at_that_offset() -> None:
    assert not is_known("(UTC-03:00) Nowhere", ())
    assert at("20260701T120000", "(UTC-03:00) Nowhere") == "20260701T150000"


def test_r19_two_seasons_without_rules_are_flagged_and_taken_as_the_likely_zone() -> None:
    name = "GMT +0100 (Standard) / GMT +0200 (Daylight)"
    assert not is_known(name, ())
    assert [at(f"2026{day}T120000", name) for day in ("0115", "0715")] == ["20260115T110000", "20260715T100000"]
    odd = "GMT +0700 (Standard) / GMT +0730 (Daylight)"
    assert at("20260715T120000", odd) == "20260715T050000"


def test_r19_the_only_zone_of_a_calendar_is_meant_even_under_another_name_but_flagged() -> None:
    east = zone("Custom", observance("STANDARD", "19700101T000000", "+0500", "+0500"))
    assert at("20260701T120000", "Custom 2", east) == "20260701T070000"
    assert not is_known("Custom 2", (east,))
    assert at("20260701T120000", "Asia/Tokyo", east) == "20260701T030000"  # a name that is known says more
    assert at("20260701T120000", "Custom 2", east, zone("Other", *BERLIN)) == "20260701T120000"


@pytest.mark.parametrize(("shown", "windows"), sorted(PLACES.items()))
def test_r19_what_windows_shows_is_the_zone_behind_it(shown: str, windows: str) -> None:
    for name in (f"(UTC+01:00) {shown}", f"(GMT) {shown.upper()}", shown):
        assert at("20260701T120000", name) == at("20260701T120000", WINDOWS_ZONES[windows]), name


def test_r19_a_city_counts_only_if_it_goes_by_the_offset_beside_it() -> None:
    assert is_known("(UTC+01:00) Lyon, Zurich", ())
    assert not is_known("(UTC+09:00) Lyon, Zurich", ())
    assert at("20260701T120000", "(UTC+09:00) Lyon, Zurich") == "20260701T030000"


def test_dates_and_floating_times_are_in_the_zone_that_is_asked_for() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert resolve(Moment("20260701"), (), berlin) == datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
    assert resolve(Moment("20260701T120000"), (), berlin) == datetime(2026, 7, 1, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("value", ["", "nonsense", "00010101T000000", "99991231T235959", "20260701T235960"])
@pytest.mark.parametrize("name", ["", "UTC", "Asia/Tokyo", "America/New_York"])
def test_no_moment_raises(value: str, name: str) -> None:
    assert resolve(Moment(value, name), ()).tzinfo is UTC


def test_hostile_rules_cost_nothing() -> None:
    rules = [
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;COUNT=" + "9" * 999,
        "FREQ=YEARLY;UNTIL=x",
        "=",
    ]
    parts = tuple(observance("STANDARD", "16010101T000000", "+0100", "+0100", rule) for rule in rules)
    assert at("20260701T120000", "Bomb", zone("Bomb", *parts * 3)) == "20260701T110000"


def test_r19_a_zone_that_changes_too_often_to_be_true_goes_by_its_name_or_is_flagged() -> None:
    weekly = observance("STANDARD", "19000101T000000", "+0100", "+0100", "FREQ=YEARLY;BYMONTH=1,2,3,4;BYDAY=MO")
    assert is_known("Bomb", (zone("Bomb", *[weekly] * 4),))
    bomb = (zone("Bomb", *[weekly] * 200), zone("Asia/Tokyo", *[weekly] * 200))
    assert not is_known("Bomb", bomb)
    assert at("20260701T120000", "Asia/Tokyo", *bomb) == "20260701T030000"


def _zone_of_rules(rules: Sequence[str]) -> Component:
    lines = {"TZOFFSETFROM": "+0100", "TZOFFSETTO": "+0200", "DTSTART": "19000301T020000"}
    told = [ContentLine(name, value) for name, value in lines.items()]
    told += [ContentLine("RRULE", rule) for rule in rules]
    return Component("VTIMEZONE", (ContentLine("TZID", "odd"),), (Component("DAYLIGHT", tuple(told)),))


def test_a_zone_of_thousands_of_rules_is_not_worked_out() -> None:
    """A short mail may bring it: each rule looks at every month of two centuries."""
    hostile = [f"FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=9MO;X={number}" for number in range(3000)]
    assert observances_of(_zone_of_rules(hostile)) is None
    once, often = (observances_of(_zone_of_rules(["FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"] * n)) for n in (1, 3000))
    assert once is not None
    assert often is not None
    assert once.onsets == often.onsets
