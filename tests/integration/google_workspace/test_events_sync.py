"""The engine with calendars at Google: a hub, a phone and Google hold the same, and then it is quiet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.google_workspace.event_documents import UNFINISHED, hidden
from connectors.memory import Account
from sync_engine.errors import SyncError
from sync_engine.item import Item
from sync_engine.model import title_of
from sync_engine.ports import Policy
from tests.integration.google_workspace.events_desk import ADA, BOB, EventsDesk, events_desk
from tests.integration.microsoft.microsoft365_desk import event, moved, weekly, without
from tests.servers.google_workspace.calendar_store import Entry
from tests.servers.google_workspace.protocol import Answer, Call, Fault, GoogleError
from tests.world import Side, World

HERS = f"calendars/{ADA}"
WRITES = ("import", "insert", "patch", "update", "delete")
MUCH = "X-OUR-OWN;X-P=1:kept\r\nCATEGORIES:Golf,Work\r\nCLASS:PRIVATE\r\nPRIORITY:1\r\nLOCATION:here\r\n"


@dataclass
class Bound:
    """A hub, a phone, and Ada's calendar at Google."""

    desk: EventsDesk
    world: World

    def bind(self) -> None:
        """As a new binding."""
        number = self.world.add_binding("google", HERS)
        self.world.sides["google"] = Side("google", Account(), HERS, number, Policy(), self.desk.connector())

    def cycle(self) -> int:
        """One; the changes that it made, -1 if it broke off."""
        try:
            return self.world.cycle("google").changes
        except SyncError:
            return -1

    def there(self) -> list[Entry]:
        """At Google, but for exceptions."""
        return [one for one in self.desk.entries(HERS) if not one.master]

    def both_hold(self, *titles: str) -> None:
        """The hub and Google, and nothing else."""
        in_hub = sorted(title_of(item.record) for item in self.world.hub().values())
        assert (in_hub, sorted(one.body["summary"] for one in self.there())) == (sorted(titles), sorted(titles))

    def quiet(self) -> None:
        """SYNC.md R21: three more cycles are one request each, and no write."""
        self.world.settle()
        for _ in range(3):
            self.desk.asked()
            assert self.world.cycle("google").changes == 0
            assert self.desk.asked() == ["events.list"]


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[Bound]:
    world = World.sqlite(tmp_path)
    with events_desk() as desk:
        made = Bound(desk, world)
        made.bind()
        yield made


def test_r21_what_the_hub_has_arrives_whole_and_then_it_is_quiet(bound: Bound) -> None:
    series = weekly("s", more=without("20260330") + MUCH, overrides=(moved("20260323"), moved("20260413", "16", "Bye")))
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT17M\r\nEND:VALARM\r\nEND:VEVENT"
    people = f"ORGANIZER:mailto:{BOB}\r\nATTENDEE:mailto:{ADA}\r\nATTENDEE:mailto:{BOB}\r\n"
    lunch = Item.read(event("Lunch", "e").text.replace("END:VEVENT", MUCH + alarm))
    meeting = Item.read(event("Meeting", "m").text.replace("END:VEVENT", f"{people}END:VEVENT"))
    days = event("Holiday", "d", DTSTART="", DTEND="", DTSTART__VALUE=" ")
    days = Item.read(days.text.replace("DTSTART;VALUE: ", "DTSTART;VALUE=DATE:20260312\r\nDTEND;VALUE=DATE:20260314"))
    for item in (series, lunch, meeting, days):
        bound.world.phone_put(item)
    before = {uid: item.text for uid, item in bound.world.hub().items()}
    bound.quiet()
    assert {uid: item.text for uid, item in bound.world.hub().items()} == before
    bound.both_hold("Holiday", "Lunch", "Meeting", "Standup")
    assert bound.desk.google.calendar.events(BOB) == [] if BOB in bound.desk.google.world.users else True


def test_r07_both_sides_edit_and_both_edits_stay(bound: Bound) -> None:
    bound.world.phone_put(weekly("s", more=MUCH, overrides=(moved("20260323"),)))
    bound.quiet()
    (series,) = bound.there()
    bound.desk.by_hand(HERS, f"{series.id}_20260323T080000Z", {"location": "Zoo"})
    bound.desk.cancel(HERS, f"{series.id}_20260406T070000Z")
    bound.world.phone_edit("s", lambda text: text.replace("SUMMARY:Standup", "SUMMARY:Sit-down"))
    bound.quiet()
    wanted = weekly(
        "s", "Sit-down", MUCH + without("20260406"), (moved("20260323", summary="Sit-down") + "LOCATION:Zoo\r\n",)
    )
    assert bound.world.hub()["s"].record == wanted.record
    (series,) = bound.there()
    assert series.body["summary"] == "Sit-down"


def test_r03_deletions_go_both_ways_and_nothing_else_does(bound: Bound) -> None:
    for n in range(6):
        bound.world.phone_put(event(f"e{n}", f"u{n}"))
    bound.quiet()
    bound.world.phone_remove("u0")
    bound.desk.cancel(HERS, next(one.id for one in bound.there() if one.body["summary"] == "e1"))
    bound.quiet()
    bound.both_hold("e2", "e3", "e4", "e5")


@pytest.mark.parametrize(
    "item", [event("Lunch", "e"), weekly("e", "Lunch", without("20260330"), (moved("20260323", "11", "x"),))]
)
def test_r03_what_was_deleted_comes_back_under_its_uid(item: Item, bound: Bound) -> None:
    bound.world.phone_put(item)
    bound.quiet()
    (first,) = bound.there()
    bound.desk.cancel(HERS, first.id)
    bound.quiet()
    assert bound.world.hub() == {}
    bound.world.phone_put(item)
    bound.quiet()
    (again,) = bound.there()
    assert (again.ical_uid, again.id) == ("e", first.id)
    assert bound.world.hub()["e"].record == item.record
    bound.world.unbind("google")
    bound.bind()
    bound.quiet()
    assert bound.world.hub()["e"].record == item.record


def test_r11_a_lost_link_table_doubles_nothing(bound: Bound) -> None:
    for n in range(4):
        bound.world.phone_put(event(f"e{n}", f"u{n}"))
    bound.quiet()
    bound.world.unbind("google")
    bound.bind()
    bound.quiet()
    bound.both_hold("e0", "e1", "e2", "e3")


def test_r08_an_edit_beats_a_deletion(bound: Bound) -> None:
    bound.world.phone_put(event("Lunch", "e"))
    bound.quiet()
    bound.desk.cancel(HERS, bound.there()[0].id)
    bound.world.phone_edit("e", lambda text: text.replace("SUMMARY:Lunch", "SUMMARY:Dinner"))
    bound.quiet()
    bound.both_hold("Dinner")


def test_r16_a_series_that_is_split_and_shifted_is_the_same_everywhere(bound: Bound) -> None:
    bound.world.phone_put(weekly("s", "Standup", without("20260330"), (moved("20260323"),)))
    bound.quiet()
    bound.world.phone_edit("s", lambda text: text.replace("COUNT=5", "COUNT=3"))
    bound.world.phone_put(
        Item.read(weekly("rest", "Rest").text.replace("20260316", "20260406").replace("COUNT=5", "COUNT=2"))
    )
    bound.quiet()
    bound.world.phone_edit("s", lambda text: text.replace("T090000", "T100000").replace("T093000", "T103000"))
    before = bound.world.hub()["s"].record
    bound.quiet()
    assert bound.world.hub()["s"].record == before
    bound.world.unbind("google")
    bound.bind()
    bound.quiet()
    assert bound.world.hub()["s"].record == before


# ---------------------------------------------------------------- lost answers


class Losing:
    """Does the n-th write, and loses its answer."""

    def __init__(self, desk: EventsDesk) -> None:
        self.at = 0
        for name in WRITES:
            desk.google.handlers[f"calendar.events.{name}"] = self._listening(
                desk, name, desk.google.handlers[f"calendar.events.{name}"]
            )

    def _listening(self, desk: EventsDesk, name: str, handler: Any) -> Any:
        def run(call: Call) -> Answer:
            answer: Answer = handler(call)
            self.at -= 1
            if not self.at:
                raise GoogleError(503, "backendError", "The answer got lost.")
            return answer

        return run


@pytest.mark.parametrize("whole", [False, True])
def test_r05_r06_any_answer_may_get_lost(bound: Bound, whole: bool) -> None:
    """New, changed and deleted events, single and series; the n-th write's answer is lost, or a batch's."""
    losing = Losing(bound.desk)
    for n in range(1, 9):
        bound.world.phone_put(
            weekly(f"s{n}", f"series {n}", without("20260330"), (moved("20260323", summary=f"x{n}"),))
        )
        bound.world.phone_put(event(f"single {n}", f"u{n}"))
        if n > 1:
            bound.world.phone_put(event(f"changed {n - 1}", f"u{n - 1}"))
            bound.world.phone_edit(f"s{n - 1}", lambda text: text.replace("T11", "T12"))
        if n > 2:
            bound.world.phone_remove(f"u{n - 2}")
        losing.at = n
        if whole:
            bound.desk.google.faults.append(Fault(method="batch", drop=True, after=True, times=1 + n % 3))
        for _ in range(4):
            bound.cycle()
        losing.at = 0
        bound.desk.google.faults.clear()
        bound.quiet()
        kept = [f"changed {n - 1}"] if n > 1 else []
        bound.both_hold(*(f"series {i}" for i in range(1, n + 1)), *kept, f"single {n}")
    for one in bound.there():
        assert hidden(one.body, UNFINISHED) == ""
        if one.recurring:
            exceptions = [x for x in bound.desk.entries(HERS) if x.master == one.id]
            assert [x.body["summary"][0] for x in exceptions] == ["x"]


@pytest.mark.parametrize("method", ["list", "get", "import", "patch", "delete", "batch"])
def test_r05_a_server_that_fails_anywhere_loses_and_doubles_nothing(bound: Bound, method: str) -> None:
    for n in range(3):
        bound.world.phone_put(
            weekly(f"s{n}", f"series {n}", without("20260330"), (moved("20260323", summary=f"x{n}"),))
        )
        bound.world.phone_put(event(f"single {n}", f"u{n}"))
        bound.desk.google.faults.append(Fault(503, reason="backendError", method=f"{method}$", times=n + 1))
        for _ in range(4):
            bound.cycle()
        bound.desk.google.faults.clear()
        bound.quiet()
        bound.both_hold(*(f"series {i}" for i in range(n + 1)), *(f"single {i}" for i in range(n + 1)))


def test_r04_an_expired_token_writes_nothing(bound: Bound) -> None:
    bound.world.phone_put(weekly("s", overrides=(moved("20260323"),)))
    bound.world.phone_put(event())
    bound.quiet()
    bound.desk.google.calendar.calendars.expire_tokens()
    bound.desk.asked()
    assert bound.cycle() == 0
    assert set(bound.desk.asked()) == {"events.list"}
    bound.quiet()
