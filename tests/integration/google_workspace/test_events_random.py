"""People and failures in any order: in the end the hub and Google hold the same, and it is quiet (R05, R07, R14, R21).

AGENDAHUB_GOOGLE_SEEDS=1000 runs that many days.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from googleapiclient.errors import HttpError

from connectors.google_workspace.event_documents import UNFINISHED, hidden
from sync_engine.item import Item
from sync_engine.model import Event
from sync_engine.ports import Changed
from tests.integration.google_workspace.events_desk import events_desk
from tests.integration.google_workspace.test_events_sync import HERS, Bound
from tests.integration.microsoft.microsoft365_desk import event, moved, weekly, without
from tests.servers.google_workspace.calendar_store import Entry
from tests.servers.google_workspace.protocol import Fault
from tests.world import World

SEEDS = int(os.environ.get("AGENDAHUB_GOOGLE_SEEDS", "8"))
MONDAYS = ["20260316", "20260323", "20260330", "20260406", "20260413"]
FAULTS: list[Callable[[], Fault]] = [
    lambda: Fault(503, reason="backendError", after=True),
    lambda: Fault(503, reason="backendError", times=2),
    lambda: Fault(403, reason="userRateLimitExceeded"),
    lambda: Fault(drop=True, after=True),
    lambda: Fault(page=b"<html>portal</html>"),
    lambda: Fault(cut=True),
    lambda: Fault(method="batch", drop=True, after=True),
    lambda: Fault(429, headers={"Retry-After": "0"}, inner=True, times=3),
]


class Day:
    """What happens on one day."""

    def __init__(self, bound: Bound, seed: int) -> None:
        self.bound, self.dice, self.made = bound, random.Random(seed), 0
        self.acts = [
            self.phone_adds, self.phone_adds_series, self.phone_edits, self.phone_changes_a_day,
            self.phone_cancels_a_day, self.phone_removes, self.google_edits, self.google_changes_a_day,
            self.google_cancels_a_day, self.google_removes, self.google_adds, self.fails, self.expires,
            self.phone_shifts_a_series, self.google_shifts_a_series, self.google_moves_a_day,
            self.phone_brings_a_day_back,
        ]  # fmt: skip

    def live(self, acts: int) -> None:
        """So many things happen, with a cycle now and then."""
        for _ in range(acts):
            self.dice.choice(self.acts)()
            if self.dice.random() < 0.6:
                self.bound.cycle()

    # ------------------------------------------------------------ the phone

    def word(self) -> str:
        self.made += 1
        return f"w{self.made}"

    def phone_adds(self) -> None:
        self.bound.world.phone_put(event(self.word(), f"phone-{self.made}"))

    def phone_adds_series(self) -> None:
        days = self.dice.sample(MONDAYS[1:], 2)
        self.bound.world.phone_put(
            weekly(f"phone-{self.made}", self.word(), without(days[0]), (moved(days[1], summary=self.word()),))
        )

    def one(self, *, series: bool) -> str:
        """An item of the hub."""
        records = {uid: item.record for uid, item in self.bound.world.hub().items()}
        fitting = [
            u for u, r in records.items() if isinstance(r, Event) and r.master and bool(r.master.rules) >= series
        ]
        return self.dice.choice(sorted(fitting)) if fitting else ""

    def phone_edits(self) -> None:
        if uid := self.one(series=False):
            self.bound.world.phone_edit(uid, lambda text: _with_line(text, f"LOCATION:{self.word()}"))

    def phone_changes_a_day(self) -> None:
        if uid := self.one(series=True):
            day, word = self.dice.choice(MONDAYS[1:]), self.word()
            self.edit(uid, lambda text: _changed_day(text, uid, day, word))

    def phone_cancels_a_day(self) -> None:
        if uid := self.one(series=True):
            day = self.dice.choice(MONDAYS[1:])
            self.edit(uid, lambda text: _cancelled_day(text, day))

    def phone_brings_a_day_back(self) -> None:
        if uid := self.one(series=True):
            self.edit(uid, lambda text: re.sub(r"EXDATE[^\r]*\r\n", "", text, count=1))

    def phone_shifts_a_series(self) -> None:
        """By an hour, with its exceptions and what is cancelled."""
        if uid := self.one(series=True):
            old, new = self.dice.sample(["09", "10", "12"], 2)
            self.edit(
                uid, lambda text: text.replace(f"T{old}0000", f"T{new}0000").replace(f"T{old}3000", f"T{new}3000")
            )

    def edit(self, uid: str, change: Callable[[str], str]) -> None:
        """Where it changes something."""
        text = self.bound.world.hub()[uid].text
        if change(text) != text:
            self.bound.world.phone_edit(uid, change)

    def phone_removes(self) -> None:
        if uid := self.one(series=False):
            self.bound.world.phone_remove(uid)

    # ------------------------------------------------------------ Google Calendar

    def entry(self, *, series: bool = False) -> Entry | None:
        found = [one for one in self.bound.there() if one.recurring >= series]
        return self.dice.choice(found) if found else None

    def day_of(self, entry: Entry) -> str:
        day, hour = self.dice.choice(MONDAYS[1:]), int(entry.body["start"]["dateTime"][11:13])
        return f"{entry.id}_{day}T{hour - (2 if day > '20260329' else 1):02}0000Z"

    def by_hand(self, act: Callable[[], object]) -> None:
        """Nothing befalls people."""
        faults, self.bound.desk.google.faults = self.bound.desk.google.faults, []
        try:
            act()
        except HttpError:  # that day was cancelled before
            pass
        finally:
            self.bound.desk.google.faults = faults

    def google_edits(self) -> None:
        if entry := self.entry():
            name, body = entry.id, {"description": self.word()}
            self.by_hand(lambda: self.bound.desk.by_hand(HERS, name, body))

    def google_changes_a_day(self) -> None:
        if entry := self.entry(series=True):
            name, body = self.day_of(entry), {"location": self.word()}
            self.by_hand(lambda: self.bound.desk.by_hand(HERS, name, body))

    def google_cancels_a_day(self) -> None:
        if entry := self.entry(series=True):
            name = self.day_of(entry)
            self.by_hand(lambda: self.bound.desk.cancel(HERS, name))

    def google_moves_a_day(self) -> None:
        if entry := self.entry(series=True):
            name, day = self.day_of(entry), self.dice.choice(MONDAYS)
            times = [
                f"{day[:4]}-{day[4:6]}-{day[6:]}T{self.dice.choice(['15', '16'])}:{minutes}:00"
                for minutes in ("00", "30")
            ]
            start, end = (
                {"dateTime": time[:11] + times[0][11:13] + time[13:], "timeZone": "Europe/Berlin"} for time in times
            )
            self.by_hand(lambda: self.bound.desk.by_hand(HERS, name, {"start": start, "end": end}))

    def google_shifts_a_series(self) -> None:
        if entry := self.entry(series=True):
            name, hour = entry.id, self.dice.choice(["09", "10", "11"])
            day = entry.body["start"]["dateTime"][:10]
            start, end = (
                {"dateTime": f"{day}T{hour}:{minutes}:00", "timeZone": "Europe/Berlin"} for minutes in ("00", "30")
            )
            self.by_hand(lambda: self.bound.desk.by_hand(HERS, name, {"start": start, "end": end}))

    def google_removes(self) -> None:
        if entry := self.entry():
            name = entry.id
            self.by_hand(lambda: self.bound.desk.cancel(HERS, name))

    def google_adds(self) -> None:
        self.bound.desk.put(HERS, summary=self.word())

    # ------------------------------------------------------------ trouble

    def fails(self) -> None:
        self.bound.desk.google.faults.append(self.dice.choice(FAULTS)())

    def expires(self) -> None:
        self.bound.desk.google.calendar.calendars.expire_tokens()


def _with_line(text: str, line: str) -> str:
    """In the first event."""
    name = line.partition(":")[0]
    head, end, tail = text.partition("END:VEVENT")
    lines = [one for one in head.split("\r\n") if not one.startswith(f"{name}:")]
    return "\r\n".join([*lines[:-1], line, ""]) + end + tail


def _hour(text: str) -> str:
    """At which hour the series takes place."""
    master = next(one for one in text.split("BEGIN:VEVENT")[1:] if "RRULE" in one)
    return master.partition("DTSTART;TZID=Europe/Berlin:")[2][9:11]


def _changed_day(text: str, uid: str, day: str, word: str) -> str:
    at = f"{day}T{_hour(text)}0000"
    if any(at in one for one in text.split("\r\n") if one.startswith(("EXDATE", "RECURRENCE-ID"))):
        return text
    own = moved(day, "14", word).replace(f"{day}T090000", at, 1)
    whole = f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{own}END:VEVENT\r\n"
    return text.replace("END:VCALENDAR", f"{whole}END:VCALENDAR")


def _cancelled_day(text: str, day: str) -> str:
    at = f"{day}T{_hour(text)}0000"
    if any(at in one for one in text.split("\r\n") if one.startswith(("EXDATE", "RECURRENCE-ID"))):
        return text
    return _with_line(text, f"EXDATE;TZID=Europe/Berlin:{at}") if "EXDATE" not in text else text


@pytest.mark.parametrize("seed", range(SEEDS))
def test_r21_whatever_happens_both_hold_the_same_in_the_end(seed: int, tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    with events_desk() as desk:
        bound = Bound(desk, world)
        bound.bind()
        Day(bound, seed).live(25)
        desk.google.faults.clear()
        for _ in range(6):
            bound.cycle()
            world.answer("google")
            world.clock.pass_time(hours=1)
        bound.quiet()
        hub = {uid: item.record for uid, item in world.hub().items()}
        there = {}
        connector = desk.connector()
        for found in connector.fetch(HERS, [one.id for one in bound.there()]):
            assert isinstance(found, Changed), found
            there[found.known_as or found.item.uid] = found.item
        assert there.keys() == hub.keys()
        for uid, item in there.items():
            kept = connector.part.kept(hub[uid])
            assert kept is not None
            assert _plain(item) == _plain(Item.of(kept)), uid
        assert all(hidden(one.body, UNFINISHED) == "" for one in bound.there())


def _plain(item: Item) -> list[str]:
    """What it says, in no order."""
    skip = ("DTSTAMP", "PRODID", "SEQUENCE")
    return sorted(line for line in item.text.split("\r\n") if not line.startswith(skip))
