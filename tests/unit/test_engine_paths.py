"""Paths of the engine that no single rule names: races with phones, many items, systems that hold less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storage import tables as t
from sync_engine import push
from sync_engine.context import Stopped
from sync_engine.cycle import run_cycle
from sync_engine.errors import OutcomeUnknown
from sync_engine.item import Item
from sync_engine.model import Contact
from sync_engine.ports import Page
from tests import samples
from tests.faults import FaultyConnector
from tests.world import Side, World


def _world(folder: Path) -> tuple[World, Side, FaultyConnector]:
    world = World.sqlite(folder)
    a = world.bind("a")
    world.bind("b")
    for item in (samples.event(), samples.card(), samples.task()):
        a.put(item)
    world.settle()
    connector = FaultyConnector(a.account)
    a.connector = connector
    return world, a, connector


# ---------------------------------------------------------------- races with a phone


@pytest.mark.parametrize("operation", ["create", "update"])
def test_what_a_phone_edits_while_the_item_is_being_sent_goes_out_too(tmp_path: Path, operation: str) -> None:
    world, a, connector = _world(tmp_path)
    if operation == "create":
        world.phone_put(samples.event("mine"))
        uid = "mine"
    else:
        uid = "ev-1"
        world.phone_edit(uid, lambda text: text.replace("Room 1", "Room 2"))
    whole = getattr(connector, operation)

    def meanwhile(*args: Any) -> Any:
        setattr(connector, operation, whole)
        world.phone_edit(uid, lambda text: text.replace("Bring coffee", "Bring tea"))
        return whole(*args)

    setattr(connector, operation, meanwhile)
    world.settle()
    assert "Bring tea" in a.texts()[uid]
    assert a.items()[uid].record == world.hub()[uid].record
    a.edit(uid, lambda text: text.replace("Stand-up", "Sit-down"))
    world.settle()
    assert "Sit-down" in world.hub()[uid].text
    assert "Bring tea" in world.hub()[uid].text
    assert world.rows(t.conflicts) == []


def test_what_a_phone_deletes_while_it_is_being_made_goes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, connector = _world(tmp_path)
    world.phone_put(samples.event("mine"))
    whole = connector.create

    def meanwhile(*args: Any) -> Any:
        world.phone_remove("mine")
        return whole(*args)

    monkeypatch.setattr(connector, "create", meanwhile)
    world.settle()
    assert "mine" not in a.items()
    assert world.rows(t.intents) == []


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("then", ["edit", "delete"])
def test_what_a_phone_does_while_a_write_is_in_doubt_is_not_lost(
    tmp_path: Path, done: bool, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, connector = _world(tmp_path)
    world.phone_edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))
    whole = connector.update

    def lost(*args: Any) -> Any:
        monkeypatch.setattr(connector, "update", whole)
        if done:
            whole(*args)
        raise OutcomeUnknown("The connection broke.")

    monkeypatch.setattr(connector, "update", lost)
    world.cycle("a")
    if then == "edit":
        world.phone_edit("ev-1", lambda text: text.replace("Bring coffee", "Bring tea"))
    else:
        world.phone_remove("ev-1")
    world.settle()
    world.settle()
    if then == "edit":
        assert "Bring tea" in a.texts()["ev-1"]
        assert a.items()["ev-1"].record == world.hub()["ev-1"].record
    else:
        assert "ev-1" not in {**a.items(), **world.hub()}
    assert world.rows(t.intents) == world.rows(t.quarantine) == world.rows(t.conflicts) == []


def test_a_deletion_in_doubt_is_not_repeated_when_the_phone_brought_the_item_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, connector = _world(tmp_path)
    item = world.hub()["ev-1"]
    world.phone_remove("ev-1")
    whole = connector.delete

    def lost(*_: Any) -> Any:
        raise OutcomeUnknown("The connection broke.")

    monkeypatch.setattr(connector, "delete", lost)
    world.cycle("a")
    monkeypatch.setattr(connector, "delete", whole)
    world.phone_put(Item.read(item.text.replace("Room 1", "Room 2")))
    world.settle()
    assert "delete" not in connector.writes()
    assert "Room 2" in a.texts()["ev-1"]


def test_an_edit_that_is_collected_while_an_older_one_is_in_doubt_goes_out_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, a, connector = _world(tmp_path)
    world.phone_edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))
    world.phone_edit("ca-1", lambda text: text.replace("Likes numbers", "Likes engines"))
    whole = connector.update

    def troubled(collection: str, ref: Any, item: Item, base: Any) -> Any:
        monkeypatch.setattr(connector, "update", whole)
        whole(collection, ref, item, base)
        world.phone_edit("ev-1", lambda text: text.replace("Bring coffee", "Bring tea"))
        a.edit("ca-1", lambda text: text.replace("FN:Ada Lovelace", "FN:Ada King"))  # the next write is refused once
        raise OutcomeUnknown("The connection broke.")

    monkeypatch.setattr(connector, "update", troubled)
    world.settle()
    world.settle()
    assert "Bring tea" in a.texts()["ev-1"]
    assert "Likes engines" in a.texts()["ca-1"]
    assert "FN:Ada King" in world.hub()["ca-1"].text
    assert world.rows(t.intents) == world.rows(t.quarantine) == []


# ---------------------------------------------------------------- many items, and stopping


def test_more_changes_than_fit_in_one_transaction_all_go_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "_PAGE", 3)
    monkeypatch.setattr(push, "_BATCH", 2)
    world, a, _ = _world(tmp_path)
    for n in range(10):
        world.phone_put(samples.task(f"t{n}"))
    assert world.cycle("a").pushed_new == 10
    assert len(a.items()) == 13


def test_a_cycle_may_be_stopped_anywhere_and_goes_on_later(tmp_path: Path) -> None:
    world, a, connector = _world(tmp_path)
    for n in range(4):
        world.phone_put(samples.task(f"t{n}"))
    for _ in range(20):
        looks = iter([False, False, True])
        cycle = world.context("a")
        cycle.stopping = lambda looks=looks: next(looks, True)  # type: ignore[misc]
        try:
            run_cycle(cycle)
        except Stopped:
            continue
        break
    assert connector.writes() == ["create"] * 4
    assert len(a.items()) == 7
    assert world.rows(t.intents) == []


def test_troubles_of_the_server_itself_end_the_cycle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, a, connector = _world(tmp_path)
    for n in range(10):
        world.phone_put(samples.task(f"t{n}"))
    tried = []

    def lost(*args: Any) -> Any:
        tried.append(args)
        raise OutcomeUnknown("The connection broke.")

    whole = connector.create
    monkeypatch.setattr(connector, "create", lost)
    with pytest.raises(OutcomeUnknown):
        world.cycle("a")
    assert len(tried) == 3
    monkeypatch.setattr(connector, "create", whole)
    world.cycle("a")
    assert len(a.items()) == 13
    assert connector.writes() == ["create"] * 10


# ---------------------------------------------------------------- systems that hold less


def test_what_a_system_cannot_hold_is_unknown_there_and_never_deleted(tmp_path: Path) -> None:
    world = World.sqlite(tmp_path)
    a, b = world.bind("a"), world.bind("b")
    poor = FaultyConnector(a.account)
    poor.carries = frozenset({"uid", "full_name", "name", "phones"})
    poor.keeps = _poor
    a.connector = poor
    b.put(samples.card())
    world.settle()
    assert "ORG" not in a.texts()["ca-1"]
    a.edit("ca-1", lambda text: text.replace("+41 79 111 22 33", "+41 79 999 99 99"))
    a.account.expire_cursors(a.collection)
    world.settle()
    record = b.items()["ca-1"].record
    whole = samples.card().record
    assert isinstance(record, Contact)
    assert isinstance(whole, Contact)
    assert record.phones[0].value == "+41 79 999 99 99"
    assert (record.note, record.photo, record.emails, record.extra) == (
        whole.note, whole.photo, whole.emails, whole.extra,
    )  # fmt: skip
    assert poor.writes() == ["create"]


def _poor(text: str) -> str:
    kept = ("BEGIN", "VERSION", "UID", "FN", "N:", "TEL", "END")
    return "\r\n".join(line for line in text.split("\r\n") if line.startswith(kept)) + "\r\n"


# ---------------------------------------------------------------- feeds that repeat themselves


class _Repeating(FaultyConnector):
    """Mentions every change several times, in one page, as feeds under load do."""

    def changes(self, collection: str, since: str | None, known: Any) -> Any:
        for page in super().changes(collection, since, known):
            yield Page([*page.changes, *page.changes], page.cursor, page.complete)


def test_a_feed_that_mentions_changes_twice_makes_nothing_twice(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    a.connector = _Repeating(a.account)
    a.put(samples.event("new"))
    a.edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))
    a.remove("ta-1")
    counts = world.cycle("a")
    assert (counts.pulled_new, counts.pulled_changed, counts.pulled_deleted) == (1, 1, 1)
    assert world.settle() == 1
    assert world.rows(t.quarantine) == []
    assert set(world.hub()) == set(a.items()) == {"new", "ev-1", "ca-1"}


def test_an_item_deleted_and_made_again_between_two_looks_is_an_edit(tmp_path: Path) -> None:
    world, a, _ = _world(tmp_path)
    item, place = a.items()["ev-1"], a.id_of("ev-1")
    a.remove("ev-1")
    a.account.put(a.collection, place, Item.read(item.text.replace("Room 1", "Room 2")))
    counts = world.cycle("a")
    assert (counts.pulled_changed, counts.changes) == (1, 1)
    world.settle()
    assert "Room 2" in world.sides["b"].texts()["ev-1"]
