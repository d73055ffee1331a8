"""Agendas of people over each other, and when they are free: privacy, grants, series, days, bounds (PRODUCT.md 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm.actor import OUTBOX, Actor
from crm.agenda.free_busy import Busy, free_busy
from crm.agenda.overlay import Agenda, Shown, overlay
from crm.errors import Forbidden, Invalid
from tests.contract.agenda_world import MONDAY, AgendaWorld

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
FROM = MONDAY.replace(hour=0)


class ViewWorld(AgendaWorld):
    """Ada and Bob with a calendar each, and the company's agenda."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.ada = replace(self.ada, unlimited=False, rights={"agenda.read": "all", "activity.plan": "all"})
        self.bob = Actor("bob", self._user("bob"), "bob@example.org", rights={"agenda.read": "all"})
        self.own = self.collection("Ada's", "ada")
        self.bobs = self.collection("Bob's", "bob")
        self.agenda = self.collection("Agenda")

    def see(self, actor: Actor, **more: Any) -> Agenda:
        asked: dict[str, Any] = {"users": [self.ada.user_id, self.bob.user_id], "shared": True, **more}
        start, end = asked.pop("start", FROM), asked.pop("end", FROM + WEEK)
        return self.do(lambda unit: overlay(unit, actor, start, end, **asked))

    def busy(
        self, *who: Actor, start: datetime = FROM, end: datetime = FROM + WEEK, zone: str = "UTC"
    ) -> list[list[Busy]]:
        ids = [one.user_id or 0 for one in who]
        found = self.do(lambda unit: free_busy(unit, self.settings, self.bob, ids, start, end, zone=zone))
        return [list(found[number]) for number in ids]

    def add(self, collection_id: int, *lines: str, who: str = "user ada, device iPhone", kind: str = "VEVENT") -> int:
        self._mails += 1
        body = "\r\n".join([f"UID:u{self._mails}", "DTSTAMP:20260101T000000Z", *lines])
        text = (
            f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:{kind}\r\n{body}\r\nEND:{kind}\r\nEND:VCALENDAR\r\n"
        )
        return self.puts(collection_id, text, who).id


AT_NINE = ("DTSTART:20260309T090000Z", "DTEND:20260309T100000Z")


@pytest.fixture
def world(store_url: str) -> Iterator[ViewWorld]:
    world = ViewWorld(store_url)
    yield world
    world.close()


def words(shown: Sequence[Shown]) -> list[tuple[str, bool]]:
    return [(one.title, one.busy_only) for one in shown]


# ---------------------------------------------------------------- who sees what


def test_the_overlay_shows_own_details_and_of_others_that_they_are_busy(world: ViewWorld) -> None:
    world.add(world.own, "SUMMARY:Dentist", *AT_NINE)
    world.plan("Visit", starts_at=MONDAY + HOUR, location="Milano")
    assert words(world.see(world.ada).shown) == [("Dentist", False), ("Visit", False)]
    seen = world.see(world.bob).shown
    assert words(seen) == [("", True), ("Visit", False)]
    assert (seen[0].starts_at, seen[0].ends_at, seen[0].owner) == (MONDAY, MONDAY + HOUR, "ada")
    assert (seen[0].location, seen[0].collection, seen[0].writable, seen[0].status) == ("", "", False, "")
    assert (seen[1].location, seen[1].collection, seen[1].writable) == ("Milano", "Agenda", True)
    assert words(world.see(world.bob, users=[], shared=True).shown) == [("Visit", False)]
    assert words(world.see(world.bob, shared=False, users=[world.bob.user_id]).shown) == []


def test_a_grant_opens_a_calendar_but_not_what_is_private(world: ViewWorld) -> None:
    world.grant(world.own, world.bob.user_id or 0, "read")
    world.add(world.own, "SUMMARY:Lunch", *AT_NINE)
    for name in ("PRIVATE", "CONFIDENTIAL", "X-SECRET"):
        world.add(world.own, f"SUMMARY:{name}", f"CLASS:{name}", *AT_NINE)
    world.add(world.own, "SUMMARY:Public", "CLASS:PUBLIC", *AT_NINE)
    seen = world.see(world.bob).shown
    assert sorted(words(seen)) == [("", True)] * 3 + [("Lunch", False), ("Public", False)]
    assert {one.writable for one in seen} == {False}
    assert len([one for one in world.see(world.ada).shown if one.title]) == 5
    world.add(world.own, "SUMMARY:Ring", "CLASS:PRIVATE", kind="VTODO")
    world.add(world.own, "SUMMARY:Write", kind="VTODO")
    assert words(world.see(world.bob, kinds=["task"]).shown) == [("Write", False)]


def test_r32_an_exception_of_a_private_series_is_private_too(world: ViewWorld) -> None:
    world.grant(world.own, world.bob.user_id or 0, "read")
    series = ("SUMMARY:Doctor", "CLASS:PRIVATE", *AT_NINE, "RRULE:FREQ=DAILY;COUNT=3", "END:VEVENT")
    moved = ("DTSTART:20260310T110000Z", "DTEND:20260310T120000Z", "SUMMARY:Doctor, later")
    world.add(
        world.own,
        *series,
        "BEGIN:VEVENT",
        "UID:u1",
        "RECURRENCE-ID:20260310T090000Z",
        "DTSTAMP:20260101T000000Z",
        *moved,
    )
    assert words(world.see(world.bob, shared=False).shown) == [("", True)] * 3
    assert [one.title for one in world.see(world.ada, shared=False).shown] == ["Doctor", "Doctor, later", "Doctor"]


def test_private_in_the_shared_agenda_is_for_who_made_it_or_does_it(world: ViewWorld) -> None:
    world.add(world.agenda, "SUMMARY:By Ada", "CLASS:PRIVATE", *AT_NINE, who="user ada, device iPhone")
    world.add(world.agenda, "SUMMARY:By Adam", "CLASS:PRIVATE", *AT_NINE, who="user adam")
    made = world.plan("For Bob", starts_at=MONDAY, assigned_id=world.bob.user_id)
    world.edits(made.item_id, ("STATUS:CONFIRMED", "CLASS:PRIVATE"), who="account office")
    assert [one.title for one in world.see(world.ada).shown] == ["By Ada", "", "For Bob"]
    assert [one.title for one in world.see(world.bob).shown] == ["", "", "For Bob"]
    assert [one.title for one in world.see(OUTBOX).shown] == ["", "", ""]  # a program is nobody
    assert world.see(world.bob).shown[0].busy_only


def test_of_a_closed_calendar_nothing_is_told_but_taken_time(world: ViewWorld) -> None:
    world.add(world.own, "SUMMARY:Holiday of others", "TRANSP:TRANSPARENT", *AT_NINE)
    world.add(world.own, "SUMMARY:Off", "STATUS:CANCELLED", *AT_NINE)
    world.add(world.own, "SUMMARY:Ring", kind="VTODO")
    assert world.see(world.bob).shown == ()
    assert len(world.see(world.ada).shown) == 3


def test_who_may_not_see_the_agenda(world: ViewWorld) -> None:
    client = replace(world.bob, rights={"request.read": "part"})
    with pytest.raises(Forbidden):
        world.see(client)
    with pytest.raises(Forbidden):
        world.do(lambda unit: free_busy(unit, world.settings, client, [1], FROM, FROM + DAY))


# ---------------------------------------------------------------- when


def test_series_come_as_occurrences_with_their_changes(world: ViewWorld) -> None:
    master = ("SUMMARY:Every day", "RRULE:FREQ=DAILY", "EXDATE:20260311T090000Z", *AT_NINE)
    once = "SEQUENCE:0\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20260101T000000Z"
    moved = ("RECURRENCE-ID:20260310T090000Z", "DTSTART:20260310T150000Z", "DTEND:20260310T160000Z")
    world.add(world.own, *master, once, *moved, "SUMMARY:Once", "CLASS:PRIVATE")
    seen = world.see(world.ada, end=FROM + 4 * DAY).shown
    at = [(one.title, (one.starts_at or FROM) - MONDAY) for one in seen]
    assert at == [("Every day", 0 * HOUR), ("Once", 30 * HOUR), ("Every day", 72 * HOUR)]
    assert all(one.recurring for one in seen)
    world.grant(world.own, world.bob.user_id or 0, "read")
    assert [one.title for one in world.see(world.bob, end=FROM + 4 * DAY).shown] == ["Every day", "", "Every day"]


def test_days_are_days_where_the_viewer_is(world: ViewWorld) -> None:
    world.add(world.own, "SUMMARY:Fair", "DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260312")
    auckland = datetime(2026, 3, 9, 11, tzinfo=UTC)  # the 10th begins there
    seen = world.see(world.ada, start=auckland, end=auckland + HOUR, zone="Pacific/Auckland").shown
    assert [(one.all_day, one.starts_at, one.ends_at) for one in seen] == [(True, FROM + DAY, FROM + 3 * DAY)]
    assert world.see(world.ada, start=auckland, end=auckland + HOUR).shown == ()
    assert world.busy(world.ada, zone="Pacific/Auckland") == [[Busy(auckland, auckland + 2 * DAY, tentative=False)]]


def test_tasks_without_a_date_come_last_and_done_ones_not(world: ViewWorld) -> None:
    world.plan("Open")
    world.plan("Timed", starts_at=MONDAY)
    world.add(world.agenda, "SUMMARY:Done", "STATUS:COMPLETED", kind="VTODO")
    world.add(world.agenda, "SUMMARY:Due", "DUE:20260310T090000Z", kind="VTODO")
    world.add(world.agenda, "SUMMARY:Due later", "DUE:20260410T090000Z", kind="VTODO")
    seen = world.see(world.ada).shown
    assert [(one.title, one.kind) for one in seen] == [("Timed", "event"), ("Due", "task"), ("Open", "task")]
    assert (seen[2].starts_at, seen[2].activity_id is None) == (None, False)


def test_what_ends_when_the_range_begins_is_not_in_it(world: ViewWorld) -> None:
    world.add(world.own, "SUMMARY:x", *AT_NINE)
    assert len(world.see(world.ada, start=MONDAY, end=MONDAY + HOUR).shown) == 1
    assert world.see(world.ada, start=MONDAY + HOUR, end=MONDAY + 2 * HOUR).shown == ()
    assert world.see(world.ada, start=MONDAY - HOUR, end=MONDAY).shown == ()


def test_the_range_and_the_number_are_bounded(world: ViewWorld) -> None:
    for start, end in ((FROM, FROM), (FROM, FROM + 401 * DAY), (FROM.replace(tzinfo=None), FROM), (FROM, FROM - DAY)):
        with pytest.raises(Invalid):
            world.see(world.ada, start=start, end=end)
    with pytest.raises(Invalid):
        world.see(world.ada, zone="Europe/Atlantis")
    world.add(world.own, "SUMMARY:Each second", "RRULE:FREQ=SECONDLY", *AT_NINE)
    world.add(world.own, "SUMMARY:Each hour", "RRULE:FREQ=HOURLY;UNTIL=20260320T000000Z", *AT_NINE)
    seen = world.see(world.ada, limit=50)
    assert (len(seen.shown), seen.complete) == (50, False)
    for number in range(6):
        world.add(world.bobs, f"SUMMARY:{number}", *AT_NINE)
    assert world.see(world.bob, users=[world.bob.user_id], shared=False, limit=6).complete
    assert not world.see(world.bob, users=[world.bob.user_id], shared=False, limit=5).complete


# ---------------------------------------------------------------- free and busy


def test_free_busy_merges_and_tells_nothing_but_times(world: ViewWorld) -> None:
    world.add(world.own, "SUMMARY:A", "CLASS:PRIVATE", *AT_NINE)
    world.add(world.own, "SUMMARY:B", "DTSTART:20260309T093000Z", "DTEND:20260309T110000Z")
    world.add(world.own, "SUMMARY:Maybe", "STATUS:TENTATIVE", "DTSTART:20260309T080000Z", "DTEND:20260309T120000Z")
    world.add(world.own, "SUMMARY:Free", "TRANSP:TRANSPARENT", "DTSTART:20260310T090000Z", "DTEND:20260310T100000Z")
    world.add(world.own, "SUMMARY:Off", "STATUS:CANCELLED", "DTSTART:20260310T090000Z", "DTEND:20260310T100000Z")
    assert world.busy(world.ada, world.bob) == [
        [
            Busy(MONDAY - HOUR, MONDAY, tentative=True),
            Busy(MONDAY, MONDAY + 2 * HOUR, tentative=False),
            Busy(MONDAY + 2 * HOUR, MONDAY + 3 * HOUR, tentative=True),
        ],
        [],
    ]
    assert world.busy(world.ada, start=MONDAY + HOUR / 2, end=MONDAY + HOUR) == [
        [Busy(MONDAY + HOUR / 2, MONDAY + HOUR, tentative=False)]
    ]


def test_activities_of_the_shared_agenda_take_the_time_of_who_does_them(world: ViewWorld) -> None:
    made = world.plan(starts_at=MONDAY, assigned_id=world.bob.user_id)
    world.plan(starts_at=MONDAY + HOUR)
    assert world.busy(world.ada, world.bob) == [[], [Busy(MONDAY, MONDAY + HOUR, tentative=False)]]
    world.cancel(made)
    assert world.busy(world.bob) == [[]]
