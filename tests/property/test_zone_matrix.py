"""R17-R19 for all Windows zones, around every change of the clock: the same instants however a calendar is passed on.

`tests.zone_cases` computes the instants with zoneinfo; `tests.series_oracle` reads what we write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO
from pathlib import Path

import pytest
from dateutil import tz

from sync_engine.formats import decode, parse, render
from sync_engine.item import Item
from sync_engine.merge import merge
from sync_engine.model import Event, Moment
from sync_engine.observances import observances_of
from sync_engine.ports import Prefer
from sync_engine.recurrence import instances, occurs, span
from sync_engine.windows_zones import WINDOWS_ZONES
from sync_engine.zone_aliases import PLACES
from sync_engine.zones import is_known, resolve
from tests import series_samples, zone_cases
from tests.series_oracle import as_utc, occurrences
from tests.zone_cases import Case, cases, described

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[1] / "samples" / "zones"
CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
START, END = datetime(2025, 6, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
SHOWN = {windows: places for places, windows in PLACES.items()}


def ours(text: str) -> list[str]:
    """When our own expansion says that an item takes place."""
    record = parse(text)
    assert isinstance(record, Event)
    return [begin.strftime("%Y-%m-%dT%H:%MZ") for begin, _, _ in instances(record, START, END)]


def passed_on(text: str) -> Iterator[tuple[str, str]]:
    """The text after each thing that may happen to it between two sides."""
    yield "written anew", render(parse(text))
    record = parse(text)
    hub = parse(text.replace("SUMMARY:x", "SUMMARY:y"))
    remote = parse(text.replace("SUMMARY:x", "SUMMARY:x\r\nLOCATION:z"))
    yield "merged", render(merge(record, hub, remote, Prefer.HUB).record)
    yield "stored", Item.stored(Item.read(text).kind, "s", text).text


@pytest.mark.parametrize("windows", sorted(WINDOWS_ZONES))
def test_r19_the_instants_around_both_changes_by_rules_by_name_and_by_what_windows_shows(windows: str) -> None:
    zone = WINDOWS_ZONES[windows]
    others = {f"(UTC) {SHOWN[windows]}": zone, windows: zone}
    for tzid, vtimezone in (("Mine", described("Mine", zone)), (windows, ""), (f"(UTC) {SHOWN[windows]}", "")):
        for case in cases(zone, tzid, vtimezone):
            assert ours(case.text) == case.begins, (tzid, case.label)
            if case.label.endswith("series"):
                for how, text in passed_on(case.text):
                    assert [begin for begin, _ in occurrences(text, others)] == case.begins, (tzid, case.label, how)


@pytest.mark.parametrize("windows", sorted(WINDOWS_ZONES))
def test_r17_a_range_holds_exactly_what_takes_place_in_it(windows: str) -> None:
    zone = WINDOWS_ZONES[windows]
    for case in cases(zone, windows):
        record = parse(case.text)
        assert isinstance(record, Event)
        times = [datetime.strptime(begin, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC) for begin in case.begins]
        found = span(record)
        assert found
        assert found[0] <= times[0]
        assert found[1]
        assert times[-1] < found[1]
        half = timedelta(minutes=30)
        for at in (*times[:2], *times[-2:]):
            assert occurs(record, at, at + timedelta(minutes=1))
            free = at + half
            assert occurs(record, free, free + timedelta(minutes=1)) == any(t <= free < t + half for t in times)


@pytest.mark.parametrize("hours", range(-12, 15))
def test_r18_days_and_floating_times_are_those_of_whoever_looks(hours: int) -> None:
    there = timezone(timedelta(hours=hours))
    for text, at in ((series_samples.DAYS, "00:00"), (series_samples.FLOATING, "09:00")):
        record = parse(text)
        assert isinstance(record, Event)
        found = [begin.astimezone(there) for begin, _, _ in instances(record, START, END, floating=there)]
        wanted = [begin[:10] for begin, _ in occurrences(text)]
        assert [begin.strftime("%Y-%m-%d") for begin in found][: len(wanted)] == wanted
        assert {begin.strftime("%H:%M") for begin in found} == {at}
        for _, again in passed_on(text):
            assert occurrences(again)[0][0] == occurrences(text)[0][0]


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.ics")), ids=lambda path: path.stem)
def test_r19_custom_localised_shown_and_nameless_zones_go_by_their_rules(path: Path) -> None:
    text = path.read_bytes().decode()
    record = parse(text)
    assert isinstance(record, Event)
    assert record.master
    assert record.master.start
    assert is_known(record.master.start.zone, record.zones)
    wanted = [
        begin for begin, _ in occurrences(text.replace("TZID:\r\n", "TZID:none\r\n").replace('TZID=""', "TZID=none"))
    ]
    assert len(wanted) == 59
    assert ours(text) == wanted
    assert ours(render(record)) == wanted
    assert ours(text.replace(f"SUMMARY:{record.uid}", "SUMMARY:y")) == wanted


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the corpora are not here; our own samples were looked at")
def test_r19_every_zone_of_the_corpora_is_what_dateutil_makes_of_it() -> None:
    texts = (decode(path.read_bytes()).replace("\r\n", "\n") for path in sorted(CORPORA.rglob("*.ics")))
    blocks = {block for text in texts for block in re.findall(r"BEGIN:VTIMEZONE.*?END:VTIMEZONE", text, re.S)}
    assert sum(map(_agrees, sorted(blocks))) > 40


def _agrees(block: str) -> bool:
    """Whether dateutil can read a zone at all; if so, it agrees over two years and around each change in them."""
    try:
        theirs = tz.tzical(StringIO(block.replace("\n ", "")))
        (name,) = theirs.keys()
        zone = theirs.get(name)
        record = parse(series_samples.calendar(f"{block}\n", series_samples.component("DTSTART:20260101T000000")))
    except Exception:  # malformed on purpose, as many are
        return False
    assert isinstance(record, Event)
    described = observances_of(record.zones[0])
    if described is None or zone is None:
        return False
    times = [datetime(2025, 6, 1, 0, 20) + number * timedelta(hours=61) for number in range(287)]
    changing = [onset.at for onset in described.onsets if 2025 < onset.at.year < 2027]
    times += [at + minutes * timedelta(minutes=1) for at in changing for minutes in (-90, -30, -1, 0, 30, 90)]
    for local in times:
        found = resolve(Moment(local.strftime("%Y%m%dT%H%M%S"), name), record.zones)
        assert found.replace(tzinfo=None) == as_utc(local, zone), (block, local)
    return True


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the copy of the CLDR is not here")
def test_r19_the_windows_zones_are_those_of_the_cldr() -> None:
    read = json.loads((CORPORA / "tz" / "windowsZones-48.2.0.json").read_text())
    rows = [row["mapZone"] for row in read["supplemental"]["windowsZones"]["mapTimezones"]]
    assert {row["_other"]: row["_type"] for row in rows if row["_territory"] == "001"} == WINDOWS_ZONES


def test_the_cases_are_what_they_say() -> None:
    berlin: list[Case] = list(cases("Europe/Berlin", "Europe/Berlin"))
    assert [case.begins[0] for case in berlin if "odd" in case.label] == ["2026-03-29T01:30Z", "2026-10-25T00:30Z"]
    assert sum(len(zone_cases.changes(zone)) == 2 for zone in WINDOWS_ZONES.values()) == 139
