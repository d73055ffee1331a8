"""The engine with the Microsoft 365 connector: a hub, a phone and Outlook hold the same, and then it is quiet."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.memory import Account
from sync_engine.errors import OutcomeUnknown, SyncError
from sync_engine.item import Item
from sync_engine.model import Contact, title_of
from sync_engine.ports import Policy
from tests.contract.connector_contract import task
from tests.integration.microsoft.microsoft365_desk import Desk, card, desk_of_ada, event, moved, weekly, without
from tests.servers.microsoft.graph_protocol import Fault
from tests.world import Side, World

FACE = base64.b64encode(b"\xff\xd8\xff\xe0 a face").decode()
MUCH = (
    f"PHOTO;ENCODING=b;TYPE=JPEG:{FACE}\r\nEMAIL:a@x\r\nEMAIL:b@x\r\nEMAIL:c@x\r\nEMAIL:d@x\r\nX-OUR-OWN:1\r\n"
    "TEL;TYPE=CELL:+41 79 000 00 00\r\nORG:Engines;Analytical\r\n"
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_of_ada() as made:
        yield made
        assert made.exchange.outbox == []


def bound(world: World, desk: Desk, where: str, name: str = "outlook") -> Side:
    """Outlook's collection is bound to the hub's."""
    side = Side(name, Account(), where, world.add_binding(name, where), Policy(), desk.connector)
    world.sides[name] = side
    return side


def summaries(world: World) -> list[str]:
    return sorted(title_of(item.record) for item in world.hub().values())


def quiet(world: World, desk: Desk) -> None:
    """SYNC.md R21: three more cycles are one request each, and no write."""
    world.settle()
    for _ in range(3):
        desk.asked()
        for name in world.sides:
            assert world.cycle(name).changes == 0
        asked = desk.asked()
        assert [method for method, _ in asked] == ["GET"] * len(world.sides), asked


@pytest.mark.parametrize("unbounded", [False, True], ids=["view", "unbounded"])
def test_r21_what_the_hub_has_arrives_whole_and_then_it_is_quiet(desk: Desk, tmp_path: Path, unbounded: bool) -> None:
    desk.graph.switches.events_delta = unbounded
    world = World.sqlite(tmp_path)
    bound(world, desk, desk.contacts(), "people")
    with_photo = card("Ada", "a", MUCH)
    for item in (with_photo, card("Bob", "b")):
        world.phone_put(item)
    quiet(world, desk)
    assert world.hub()["a"].text == with_photo.text, "what Outlook has no place for stays in the hub"


def test_r14_r21_series_and_tasks_arrive_whole_and_then_it_is_quiet(desk: Desk, tmp_path: Path) -> None:
    series = weekly("s", more=without("20260330"), overrides=(moved("20260323"),))
    for n, (where, items) in enumerate(
        (
            (desk.calendar(), [series, event("Lunch", "e", LOCATION="here")]),
            (desk.tasks(), [Item.read(task("Milk", "t").text.replace("SUMMARY", "LOCATION:shop\r\nSUMMARY"))]),
        )
    ):
        world = World.sqlite(_folder(tmp_path, n))
        bound(world, desk, where)
        for item in items:
            world.phone_put(item)
        before = {uid: item.text for uid, item in world.hub().items()}
        quiet(world, desk)
        assert {uid: item.text for uid, item in world.hub().items()} == before
        assert len(desk.stored(where)) == len(items)


def test_r07_both_sides_edit_and_both_edits_stay(desk: Desk, tmp_path: Path) -> None:
    world, where = World.sqlite(tmp_path), desk.contacts()
    bound(world, desk, where)
    world.phone_put(card("Ada", "a", MUCH))
    quiet(world, desk)
    (stored,) = desk.stored(where)
    desk.ada.update(stored.id, {"jobTitle": "Countess"})
    world.phone_edit("a", lambda text: text.replace("+41 79 000 00 00", "+41 79 111 11 11"))
    quiet(world, desk)
    record = world.hub()["a"].record
    assert isinstance(record, Contact)
    assert (record.title, len(record.emails), len(record.phones), len(record.extra)) == ("Countess", 4, 1, 1)
    assert record.photo is not None
    assert (stored.fields["mobilePhone"], stored.photo) == ("+41 79 111 11 11", b"\xff\xd8\xff\xe0 a face")


def test_r03_deletions_go_both_ways_and_nothing_else_does(desk: Desk, tmp_path: Path) -> None:
    world, where = World.sqlite(tmp_path), desk.calendar()
    bound(world, desk, where)
    for n in range(6):
        world.phone_put(event(f"e{n}", f"u{n}"))
    quiet(world, desk)
    world.phone_remove("u0")
    gone = next(one for one in desk.stored(where) if one.fields["subject"] == "e1")
    desk.ada.delete(gone.id)
    quiet(world, desk)
    assert summaries(world) == ["e2", "e3", "e4", "e5"]
    assert sorted(one.fields["subject"] for one in desk.stored(where)) == ["e2", "e3", "e4", "e5"]


def test_r37_a_copy_in_outlook_is_a_new_item(desk: Desk, tmp_path: Path) -> None:
    world, where = World.sqlite(tmp_path), desk.contacts()
    bound(world, desk, where)
    world.phone_put(card("Ada", "a"))
    quiet(world, desk)
    (stored,) = desk.stored(where)
    desk.ada.create(stored.collection, {**stored.fields, "displayName": "Ada's copy"}, extended=stored.extended)
    quiet(world, desk)
    assert summaries(world) == ["Ada", "Ada's copy"]


def test_r11_a_lost_link_table_doubles_nothing(desk: Desk, tmp_path: Path) -> None:
    world, where = World.sqlite(tmp_path), desk.contacts()
    bound(world, desk, where)
    for n in range(4):
        world.phone_put(card(f"c{n}", f"u{n}"))
    quiet(world, desk)
    world.unbind("outlook")
    bound(world, desk, where)
    quiet(world, desk)
    assert summaries(world) == ["c0", "c1", "c2", "c3"]
    assert len(desk.stored(where)) == 4


@pytest.mark.parametrize(("kind", "writes"), [("contacts", 5), ("calendar", 7), ("tasks", 3)])
def test_r05_r06_any_answer_may_get_lost(desk: Desk, tmp_path: Path, kind: str, writes: int) -> None:
    """New, changed and deleted items, of one request and of several; the n-th write's answer is lost, for each n."""
    world, where = World.sqlite(tmp_path), getattr(desk, kind)()
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
        assert summaries(world) == sorted([*(f"series {i}" for i in range(1, n + 1)), *kept, f"single {n}"])
        assert sorted(_shown(one.fields) for one in desk.stored(where)) == summaries(world)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_r05_a_server_that_fails_anywhere_loses_and_doubles_nothing(desk: Desk, tmp_path: Path, method: str) -> None:
    world, where = World.sqlite(tmp_path), desk.calendar()
    bound(world, desk, where)
    for n in range(3):
        world.phone_put(weekly(f"s{n}", f"series {n}", without("20260330"), (moved("20260323", summary=f"x{n}"),)))
        world.phone_put(event(f"single {n}", f"u{n}"))
        desk.graph.faults.append(Fault(504, code="GatewayTimeout", method=method, times=n + 1))
        for _ in range(4):
            try:
                world.cycle("outlook")
            except SyncError:
                continue
        desk.graph.faults.clear()
        quiet(world, desk)
        assert len(desk.stored(where)) == 2 * (n + 1)
    series = [one for one in desk.stored(where) if one.recurs]
    assert [(sorted(one.exceptions), one.cancelled) for one in series] == [(["2026-03-23"], {"2026-03-30"})] * 3


def _folder(path: Path, n: int) -> Path:
    made = path / str(n)
    made.mkdir()
    return made


def _simple(kind: str, name: str, uid: str) -> Item:
    make: dict[str, Callable[[str, str], Item]] = {"contacts": card, "calendar": event, "tasks": task}
    return make[kind](name, uid)


def _many_steps(kind: str, name: str, uid: str) -> Item:
    if kind == "contacts":
        return card(name, uid, MUCH)
    return weekly(uid, name, without("20260330"), (moved("20260323"),)) if kind == "calendar" else task(name, uid)


def _shown(fields: dict[str, object]) -> str:
    return str(fields.get("displayName") or fields.get("subject") or fields.get("title"))
