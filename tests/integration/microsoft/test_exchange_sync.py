"""The engine with the Exchange connector: a hub, a phone and Outlook hold the same, and then it is quiet."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import etree

from connectors.memory import Account
from sync_engine.errors import OutcomeUnknown, SyncError
from sync_engine.item import Item
from sync_engine.model import Contact, title_of
from sync_engine.ports import Policy
from tests.contract.connector_contract import task
from tests.integration.microsoft.exchange_desk import Desk, Trouble, desk_of_ada
from tests.integration.microsoft.microsoft365_desk import card, event, moved, weekly, without
from tests.servers.microsoft.ews_xml import stored as as_xml
from tests.servers.microsoft.ews_xml import t
from tests.servers.microsoft.mailbox import Item as Stored
from tests.world import Side, World

FACE = base64.b64encode(b"\xff\xd8\xff\xe0 a face").decode()
MUCH = (
    f"PHOTO;ENCODING=b;TYPE=JPEG:{FACE}\r\nEMAIL:a@x.cz\r\nEMAIL:b@x.cz\r\nEMAIL:c@x.cz\r\nEMAIL:d@x.cz\r\n"
    "X-OUR-OWN:1\r\nTEL;TYPE=CELL:+41 79 000 00 00\r\nORG:Engines;Analytical\r\n"
)
KINDS = ("contacts", "calendar", "tasks")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made


def bound(world: World, desk: Desk, where: str, name: str = "outlook") -> Side:
    """Outlook's folder is bound to the hub's collection."""
    side = Side(name, Account(), where, world.add_binding(name, where), Policy(), desk.connector)
    world.sides[name] = side
    return side


def summaries(world: World) -> list[str]:
    return sorted(title_of(item.record) for item in world.hub().values())


def shown(desk: Desk, where: str) -> list[str]:
    """What people see in Outlook."""
    return sorted(_text(one, "DisplayName") or _text(one, "Subject") for one in desk.stored(where))


def _text(one: Stored, name: str) -> str:
    return (etree.fromstring(one.fields[name]).text or "") if name in one.fields else ""


def quiet(world: World, desk: Desk) -> None:
    """SYNC.md R21: three more cycles are one request each, and no write."""
    world.settle()
    for _ in range(3):
        desk.asked()
        for name in world.sides:
            assert world.cycle(name).changes == 0
        assert desk.asked() == ["SyncFolderItems"] * len(world.sides)


def test_r21_what_the_hub_has_arrives_whole_and_then_it_is_quiet(desk: Desk, tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    bound(world, desk, desk.contacts)
    with_photo = card("Ada", "a", MUCH)
    for item in (with_photo, card("Bob", "b")):
        world.phone_put(item)
    quiet(world, desk)
    assert world.hub()["a"].text == with_photo.text, "what Outlook has no place for stays in the hub"


@pytest.mark.parametrize("sparse", [False, True], ids=["full", "sparse"])
def test_r14_r21_series_and_tasks_arrive_whole_and_then_it_is_quiet(desk: Desk, tmp_path: Path, sparse: bool) -> None:
    desk.site.mood.sparse = sparse
    series = weekly("s", more=without("20260330"), overrides=(moved("20260323"),))
    milk = Item.read(task("Milk", "t").text.replace("SUMMARY", "LOCATION:shop\r\nSUMMARY"))
    for where, items in ((desk.calendar, [series, event("Lunch", "e", LOCATION="here")]), (desk.tasks, [milk])):
        folder = tmp_path / where.partition("/")[0]
        folder.mkdir()
        world = World.sqlite(folder)
        bound(world, desk, where)
        for item in items:
            world.phone_put(item)
        before = {uid: item.text for uid, item in world.hub().items()}
        quiet(world, desk)
        assert {uid: item.text for uid, item in world.hub().items()} == before
        assert len(desk.stored(where)) == len(items)


def test_r07_both_sides_edit_and_both_edits_stay(desk: Desk, tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    bound(world, desk, desk.contacts)
    world.phone_put(card("Ada", "a", MUCH))
    quiet(world, desk)
    (stored,) = desk.stored(desk.contacts)
    desk.ada.update(stored.id, {"JobTitle": as_xml(t("JobTitle", "Countess"))})
    world.phone_edit("a", lambda text: text.replace("+41 79 000 00 00", "+41 79 111 11 11"))
    quiet(world, desk)
    record = world.hub()["a"].record
    assert isinstance(record, Contact)
    assert (record.title, len(record.emails), len(record.phones), len(record.extra)) == ("Countess", 4, 1, 1)
    assert record.photo is not None
    assert "+41 79 111 11 11" in stored.fields["PhoneNumbers"]
    assert len(stored.fields["_attachments"]) == 1


def test_r03_deletions_go_both_ways_and_nothing_else_does(desk: Desk, tmp_path: Path) -> None:
    world, where = World.sqlite(tmp_path), desk.calendar
    bound(world, desk, where)
    for n in range(6):
        world.phone_put(event(f"e{n}", f"u{n}"))
    quiet(world, desk)
    world.phone_remove("u0")
    desk.ada.delete(next(one for one in desk.stored(where) if _text(one, "Subject") == "e1").id)
    quiet(world, desk)
    assert summaries(world) == shown(desk, where) == ["e2", "e3", "e4", "e5"]


def test_r37_a_copy_in_outlook_is_a_new_item(desk: Desk, tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    bound(world, desk, desk.contacts)
    world.phone_put(card("Ada", "a"))
    quiet(world, desk)
    (stored,) = desk.stored(desk.contacts)
    fields = {**stored.fields, "DisplayName": as_xml(t("DisplayName", "Ada's copy"))}
    desk.ada.create(stored.collection, fields, extended=stored.extended)
    quiet(world, desk)
    assert summaries(world) == ["Ada", "Ada's copy"]


def test_r11_a_lost_link_table_doubles_nothing(desk: Desk, tmp_path: Path) -> None:
    for kind in KINDS:
        folder = tmp_path / kind
        folder.mkdir()
        world, where = World.sqlite(folder), getattr(desk, kind)
        bound(world, desk, where)
        for n in range(4):
            world.phone_put(_simple(kind, f"c{n}", f"u{n}"))
        quiet(world, desk)
        world.unbind("outlook")
        bound(world, desk, where)
        quiet(world, desk)
        assert summaries(world) == shown(desk, where) == ["c0", "c1", "c2", "c3"]


@pytest.mark.parametrize(("kind", "writes"), [("contacts", 4), ("calendar", 5), ("tasks", 3)])
def test_r05_r06_any_answer_may_get_lost(desk: Desk, tmp_path: Path, kind: str, writes: int) -> None:
    """New, changed and deleted items, of one request and of several; the n-th write's answer is lost, for each n."""
    world, where = World.sqlite(tmp_path), getattr(desk, kind)
    bound(world, desk, where)
    for n in range(1, writes + 1):
        world.phone_put(_many_steps(kind, f"series {n}", f"s{n}"))
        world.phone_put(_simple(kind, f"single {n}", f"u{n}"))
        if n > 1:
            world.phone_put(_simple(kind, f"changed {n - 1}", f"u{n - 1}"))
        if n > 2:
            world.phone_remove(f"u{n - 2}")
        desk.listening.lose = n
        for _ in range(3):
            try:
                world.cycle("outlook")
            except OutcomeUnknown:
                continue
        desk.listening.lose = 0
        quiet(world, desk)
        kept = [f"changed {n - 1}"] if n > 1 else []
        expected = sorted([*(f"series {i}" for i in range(1, n + 1)), *kept, f"single {n}"])
        assert summaries(world) == shown(desk, where) == expected
    assert not any("Unfinished" in name for one in desk.stored(where) for name in one.extended)


@pytest.mark.parametrize(
    ("operation", "done"),
    [("GetItem", False), ("CreateItem", False), ("CreateItem", True), ("UpdateItem", True), ("DeleteItem", False)],
)
def test_r05_a_server_that_fails_anywhere_loses_and_doubles_nothing(
    desk: Desk, tmp_path: Path, operation: str, done: bool
) -> None:
    world, where = World.sqlite(tmp_path), desk.calendar
    bound(world, desk, where)
    for n in range(2):
        world.phone_put(weekly(f"s{n}", f"series {n}", without("20260330"), (moved("20260323", summary=f"x{n}"),)))
        world.phone_put(event(f"single {n}", f"u{n}"))
        for _ in range(n + 1):
            desk.fail(Trouble(operation, 504, done=done))
        for _ in range(4):
            try:
                world.cycle("outlook")
            except SyncError:
                continue
        desk.listening.troubles.clear()
        quiet(world, desk)
        assert len(desk.stored(where)) == 2 * (n + 1)
    series = [one for one in desk.stored(where) if "Recurrence" in one.fields]
    assert [(len(one.exceptions), len(one.cancelled)) for one in series] == [(1, 1)] * 2


def test_a_first_sync_is_few_requests(desk: Desk, tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    bound(world, desk, desk.contacts)
    for n in range(120):
        world.phone_put(card(f"c{n}", f"u{n}"))
    desk.asked()
    world.settle()
    asked = desk.asked()
    assert asked.count("CreateItem") == 3
    assert len(asked) <= 16, asked


def _simple(kind: str, name: str, uid: str) -> Item:
    make: dict[str, Callable[[str, str], Item]] = {"contacts": card, "calendar": event, "tasks": task}
    return make[kind](name, uid)


def _many_steps(kind: str, name: str, uid: str) -> Item:
    if kind == "contacts":
        return card(name, uid, MUCH)
    return weekly(uid, name, without("20260330"), (moved("20260323"),)) if kind == "calendar" else task(name, uid)
