"""The engine with Google's contacts and tasks, where Google goes its own ways: lists that lag, pictures it rewrites."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.memory import Account
from sync_engine.errors import SyncError
from sync_engine.model import Contact, title_of
from sync_engine.ports import Policy
from tests.integration.google_workspace.contacts_desk import OnePart, PartsDesk, card, parts_desk, to_do
from tests.integration.google_workspace.people_desk import Clock
from tests.servers.google_workspace.protocol import Fault
from tests.world import Side, World

FACE = b"\xff\xd8\xff\xe0 one face"
MUCH = (
    f"PHOTO;ENCODING=b;TYPE=JPEG:{base64.b64encode(FACE).decode()}\r\nTEL;TYPE=CELL:+41 79 000 00 00\r\n"
    "TEL;TYPE=HOME:+41 44 000 00 00\r\nEMAIL;TYPE=WORK:ada@example.org\r\nORG:Engines;Analytical\r\nBDAY:--1210\r\n"
    "CATEGORIES:Golf,Work\r\nitem1.URL:https://example.org\r\nitem1.X-ABLabel:Blog\r\nX-OUR-OWN;X-P=1:kept\r\n"
    "NOTE:first\\nsecond\r\nADR;TYPE=HOME:;;Street 1;Town;;8000;Switzerland\r\nNICKNAME:Countess\r\n"
)


class HubClock(Clock):
    """The server's time is the hub's."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self) -> datetime:
        return self.world.clock.now

    def turn(self, **by: float) -> None:
        self.world.clock.pass_time(**by)


@dataclass
class Bound:
    """A hub, a phone, and Ada's contacts at Google."""

    desk: PartsDesk
    world: World
    part: OnePart
    collection: str = "contacts"

    def bind(self) -> None:
        """As a new binding."""
        number = self.world.add_binding("google", self.collection)
        self.world.sides["google"] = Side("google", Account(), self.collection, number, Policy(), self.part)

    def cycle(self) -> int:
        """One; the changes that it made, -1 if it broke off."""
        try:
            return self.world.cycle("google").changes
        except SyncError:
            return -1

    def minutes(self, count: int, each: int = 1) -> None:
        """So many cycles, and minutes after each."""
        for _ in range(count):
            self.cycle()
            self.desk.clock.turn(minutes=each)

    def titles(self) -> list[str]:
        """In the hub."""
        return sorted(title_of(item.record) for item in self.world.hub().values())

    def there(self) -> list[str]:
        """At Google."""
        living = self.desk.book.contacts.living()
        return sorted(one.fields.get("names", [{}])[0].get("givenName", "") for one in living)

    def both_hold(self, *titles: str) -> None:
        assert (self.titles(), self.there()) == (sorted(titles), sorted(titles))

    def quiet(self) -> None:
        """SYNC.md R21: three more cycles are one request each, and no write."""
        self.world.settle()
        for _ in range(3):
            self.desk.asked()
            assert self.world.cycle("google").changes == 0
            assert self.desk.asked() == ["people.connections.list"]

    def contact(self, uid: str) -> Contact:
        """In the hub."""
        record = self.world.hub()[uid].record
        assert isinstance(record, Contact)
        return record


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[Bound]:
    world = World.sqlite(tmp_path)
    with parts_desk(HubClock(world)) as desk:
        made = Bound(desk, world, desk.contacts())
        made.bind()
        yield made


def test_contacts_go_both_ways_and_then_it_is_quiet(bound: Bound) -> None:
    bound.world.phone_put(card("Ada", "ada", MUCH))
    bound.desk.book.add({"names": [{"givenName": "Bob"}], "phoneNumbers": [{"value": "1"}]}, photo=FACE)
    bound.cycle()
    bound.both_hold("Ada", "Bob")
    bound.quiet()
    (ada,) = (one for one in bound.desk.book.contacts.living() if one.fields["names"][0]["givenName"] == "Ada")
    assert bound.desk.book.photos[ada.photo] == FACE
    bound.desk.book.change(ada.name, {"nicknames": [{"value": "Lady"}]})
    bound.cycle()
    assert bound.contact("ada").nicknames == ("Lady",)
    before = card("Ada", "ada", MUCH.replace("Countess", "Lady")).record
    assert bound.contact("ada") == before, "of all the rest nothing is lost"
    bound.quiet()


def test_r20_a_picture_that_google_rewrites_stays_as_it_was_in_the_hub(bound: Bound) -> None:
    bound.desk.google.people.switches.recoded_photos = True
    bound.world.phone_put(card("Ada", "ada", MUCH))
    bound.quiet()
    assert bound.contact("ada") == card("Ada", "ada", MUCH).record
    bound.world.phone_edit("ada", lambda text: text.replace("Countess", "Lady"))
    bound.quiet()
    (ada,) = bound.desk.book.contacts.living()
    bound.desk.book.change(ada.name, {"nicknames": [{"value": "Queen"}]})
    bound.quiet()
    assert bound.contact("ada") == card("Ada", "ada", MUCH.replace("Countess", "Queen")).record
    bound.desk.book.show_photo(ada.name, FACE + b"another")
    bound.quiet()
    photo = bound.contact("ada").photo
    assert photo is not None
    assert base64.b64decode(photo.data).startswith(FACE + b"another")


@pytest.mark.parametrize(("restarting", "stale_gets"), [(True, False), (False, False), (False, True)])
def test_r22_lists_that_are_minutes_behind_lose_nothing(bound: Bound, restarting: bool, stale_gets: bool) -> None:
    for n in range(4):
        bound.world.phone_put(card(f"c{n}", f"u{n}", MUCH if n == 1 else "NOTE:x\r\n"))
    bound.quiet()
    switches = bound.desk.google.people.switches
    bound.desk.clock.turn(minutes=20)
    switches.lag, switches.stale_gets = timedelta(minutes=5), stale_gets
    name = {one.fields["names"][0]["givenName"]: one.name for one in bound.desk.book.contacts.living()}
    bound.world.phone_edit("u0", lambda text: text.replace("c0", "phone"))
    bound.world.phone_edit("u1", lambda text: text.replace("Countess", "Lady"))
    bound.world.phone_remove("u2")
    bound.world.phone_put(card("new", "u-new", MUCH))
    bound.desk.book.change(name["c3"], {"names": [{"givenName": "google"}]})
    for n in range(14):
        bound.minutes(1)
        if restarting:
            bound.world.sides["google"].connector = bound.desk.contacts()
        if n == 1:
            bound.world.phone_edit("u0", lambda text: text.replace("phone", "phone2"))
        assert "c2" not in bound.titles()
    bound.both_hold("phone2", "c1", "google", "new")
    assert bound.contact("u1").nicknames == ("Lady",)
    bound.quiet()


@pytest.mark.parametrize(
    ("method", "after"),
    [
        ("createContact", True),
        ("updateContact$", False),
        ("updateContactPhoto", True),
        ("batch", True),
        ("batch", False),
        ("get|list", False),
    ],
)
def test_r05_google_failing_anywhere_loses_and_doubles_nothing(bound: Bound, method: str, after: bool) -> None:
    bound.desk.google.people.switches.lag = timedelta(minutes=3)
    for n in range(2):
        bound.world.phone_put(card(f"c{n}", f"u{n}", MUCH))
        bound.world.phone_put(card(f"d{n}", f"v{n}"))
        bound.desk.google.faults.append(Fault(503, "backendError", method=method, after=after, times=n + 1))
        bound.minutes(2)
        bound.desk.google.faults.clear()
        bound.minutes(5, each=3)
        if n:
            bound.world.phone_edit(f"u{n - 1}", lambda text: text.replace("Countess", "Lady"))
            bound.minutes(1)
    bound.minutes(3, each=3)
    bound.both_hold(*(f"{sort}{n}" for sort in "cd" for n in range(2)))
    bound.quiet()
    marks = [one["key"] for state in bound.desk.book.contacts.living() for one in state.fields["clientData"]]
    assert "AgendaHubUnfinished" not in marks


def test_r04_after_a_week_all_is_listed_once_and_nothing_is_written(bound: Bound) -> None:
    for n in range(3):
        bound.world.phone_put(card(f"c{n}", f"u{n}", MUCH))
    bound.quiet()
    gone = bound.desk.book.contacts.living()[0].name
    bound.desk.book.remove(gone)
    bound.desk.clock.turn(days=8)
    bound.desk.asked()
    assert bound.cycle() == 1
    assert not [one for one in bound.desk.asked() if "Contact" in one]
    bound.both_hold("c1", "c2")
    bound.quiet()


def test_categories_follow_the_names_of_labels(bound: Bound) -> None:
    bound.world.phone_put(card("Ada", "ada", MUCH))
    bound.quiet()
    labels = {one.fields["name"]: one.name for one in bound.desk.book.groups.living()}
    assert set(labels) == {"Golf", "Work"}
    bound.desk.book.groups.put(labels["Work"], {"name": "Job"})
    bound.desk.clock.turn(hours=2)
    bound.cycle()
    assert bound.contact("ada").categories == ("Golf", "Job")
    bound.world.phone_edit("ada", lambda text: text.replace("Golf,Job", "Chess,Job"))
    bound.quiet()
    (ada,) = bound.desk.book.contacts.living()
    labels = {one.fields["name"]: one.name for one in bound.desk.book.groups.living()}
    assert {one.name for one in bound.desk.book.contacts.living() if ada in bound.desk.book.members(labels["Chess"])}
    assert not bound.desk.book.members(labels["Golf"])


def test_r11_linked_anew_nothing_is_doubled(bound: Bound) -> None:
    bound.world.phone_put(card("Ada", "ada", MUCH))
    bound.desk.book.add({"names": [{"givenName": "Bob"}], "phoneNumbers": [{"value": "1"}]})
    bound.quiet()
    bound.world.unbind("google")
    bound.bind()
    bound.world.settle()
    bound.both_hold("Ada", "Bob")
    bound.quiet()


def test_tasks_go_both_ways_and_then_it_is_quiet(tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    with parts_desk(HubClock(world)) as desk:
        errands = desk.to_do.add_list("Errands")
        bound = Bound(desk, world, desk.tasks(), f"lists/{errands.id}")
        bound.bind()
        world.phone_put(to_do("milk", "milk", DUE="20260401T100000Z", PRIORITY="1", DESCRIPTION="two litres"))
        theirs = desk.to_do.add(errands, {"title": "bread"})
        world.settle()
        assert bound.titles() == ["bread", "milk"]
        (milk,) = (one for one in errands.tasks.values() if one["title"] == "milk")
        desk.to_do.tick(errands, milk["id"])
        desk.to_do.delete(errands, theirs["id"])
        world.settle()
        assert bound.titles() == ["milk"]
        text = world.hub()["milk"].text
        assert all(line in text for line in ("STATUS:COMPLETED", "PRIORITY:1", "DUE:20260401T100000Z"))
        desk.clock.turn(minutes=20)
        for _ in range(3):
            desk.asked()
            assert bound.cycle() == 0
            assert desk.asked() == ["tasks.list"]


@pytest.mark.parametrize("lines", [{}, {"STATUS": "COMPLETED"}, {"PERCENT-COMPLETE": "100"}])
def test_r05_a_lost_answer_makes_no_second_task(tmp_path: Path, lines: dict[str, str]) -> None:
    """Of one that is done Google says by itself when that was."""
    world = World.sqlite(tmp_path)
    with parts_desk(HubClock(world)) as desk:
        errands = desk.to_do.add_list("Errands")
        bound = Bound(desk, world, desk.tasks(), f"lists/{errands.id}")
        bound.bind()
        desk.to_do.add(errands, {"title": "milk"})
        world.settle()
        for n in range(2):
            world.phone_put(to_do("milk", f"milk {n}", **lines))
        desk.google.faults.append(Fault(503, "backendError", method="tasks.insert", after=True, times=2))
        bound.minutes(3)
        assert bound.titles() == ["milk"] * 3
        assert [one["title"] for one in errands.tasks.values()] == ["milk"] * 3


def test_r05_after_a_restart_a_write_that_was_lost_is_told_from_an_equal_task(tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    with parts_desk(HubClock(world)) as desk:
        errands = desk.to_do.add_list("Errands")
        bound = Bound(desk, world, desk.tasks(), f"lists/{errands.id}")
        bound.bind()
        world.phone_put(to_do("milk", "one"))
        bound.minutes(2)
        world.phone_put(to_do("milk", "two"))
        desk.google.faults.append(Fault(method="tasks.insert|^batch$", drop=True))
        bound.minutes(1)
        world.sides["google"].connector = desk.tasks()
        bound.minutes(3)
        assert bound.titles() == ["milk"] * 2
        assert [one["title"] for one in errands.tasks.values()] == ["milk"] * 2
