"""Servers that rewrite what they are sent and tell no version: what only the server changed is nobody's edit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from connectors.memory import Account, Unkind
from storage import tables as t
from sync_engine.decide import own_rewriting
from sync_engine.errors import OutcomeUnknown
from sync_engine.item import Item
from sync_engine.model import Event, Moment
from sync_engine.ports import Broken, Changed, Cursor, KnownVersions, Page, RemoteRef, Removed
from tests import samples
from tests.faults import Fault, FaultyConnector, ReadingBack, Script
from tests.world import Side, World

QUIET = Unkind(quiet_writes=True)
_C = TypeVar("_C", bound=FaultyConnector)


def _without_x(text: str) -> str:
    return re.sub(r"(?m)^X-[^\r]*\r\n", "", text)


def _item() -> Item:
    text = samples.event(extra="X-KEEP:1\r\n").text
    return Item.read(text.replace("TRIGGER:-PT10M\r\n", "TRIGGER:-PT10M\r\nX-BELL:soft\r\n"))


def _world(folder: Path, kind: type[_C], mood: Unkind) -> tuple[World, Side, _C]:
    world = World.sqlite(folder)
    a, b = world.bind("a"), world.bind("b")
    b.account.unkind = mood
    connector = kind(b.account)
    connector.keeps = _without_x
    b.connector = connector
    a.put(_item())
    return world, b, connector


def test_r20_a_server_that_drops_an_x_property_of_an_alarm_is_not_a_person(tmp_path: Path) -> None:
    world, b, connector = _world(tmp_path, ReadingBack, QUIET)
    world.settle()
    b.account.expire_cursors(b.collection)
    world.settle()
    assert "X-BELL:soft" not in b.texts()["ev-1"]
    assert "X-BELL:soft" in world.hub()["ev-1"].text
    assert "X-BELL:soft" in world.sides["a"].texts()["ev-1"]
    assert connector.writes() == ["create"]


def test_another_trigger_of_an_alarm_is_a_persons_edit() -> None:
    sent = _item().record
    other = Item.read(_item().text.replace("TRIGGER:-PT10M", "TRIGGER:-PT5M")).record
    assert not own_rewriting(sent, other)
    assert own_rewriting(sent, Item.read(_without_x(_item().text)).record)


def test_r14_a_cancelled_occurrence_that_had_been_moved_is_a_persons_edit() -> None:
    sent = samples.series().record
    assert isinstance(sent, Event)
    assert sent.master is not None
    cancelled = replace(sent.master, exception_dates=(Moment("20260310T080000", "UTC"),))
    assert not own_rewriting(sent, replace(sent, master=cancelled, overrides=()))
    assert own_rewriting(sent, replace(sent, overrides=()))


class WithoutVersions(ReadingBack):
    """Never tells a version, and lists everything each time."""

    def __init__(self, account: Account, script: Script | None = None) -> None:
        super().__init__(account, script)
        self.keeps = _without_x
        self.refusals = 0

    def _judge(self, item: Item) -> None:
        self.refusals += item.uid in self.refuses
        super()._judge(item)

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        for page in super().changes(collection, None, lambda _ids: {}):
            yield replace(page, changes=list(_plain(page.changes)), cursor=None)

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        yield from _plain(super().fetch(collection, ids))

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        yield from _plain(super().read_back(collection, ids))


def _plain(answers: Iterable[object]) -> Iterator[Changed]:
    for answer in answers:
        assert isinstance(answer, Changed)
        yield Changed(RemoteRef(answer.ref.id, ""), answer.item)


def test_r35_without_any_version_a_rewritten_item_is_stored_once(tmp_path: Path) -> None:
    world, _b, connector = _world(tmp_path, WithoutVersions, QUIET)
    world.settle()
    before = world.rows(t.revisions)
    for _ in range(3):
        assert world.cycle("b").changes == 0
    assert world.rows(t.revisions) == before
    assert connector.writes() == ["create"]


def test_r06_an_update_that_was_lost_is_not_taken_for_one_that_the_server_cut(tmp_path: Path) -> None:
    """The item stands there as it was, rewritten. A server that had lost the new words would look the same."""
    world, b, connector = _world(tmp_path, FaultyConnector, replace(QUIET, lag=1))
    world.settle()
    world.phone_edit("ev-1", lambda text: text.replace("SUMMARY:", "URL:https://example.org/\r\nSUMMARY:"))
    connector.script = Script(Fault.LOST_REQUEST, 1)  # the call after the feed
    world.cycle("b")
    assert connector.script.calls == ["changes", "update"]
    connector.script = Script()
    b.account.unkind = QUIET
    with suppress(OutcomeUnknown):
        world.settle()
    assert "URL:https://example.org/" in b.texts()["ev-1"]
    assert "X-KEEP:1" in world.hub()["ev-1"].text


def test_r09_without_any_version_a_refused_item_is_not_sent_in_every_cycle(tmp_path: Path) -> None:
    world, b, connector = _world(tmp_path, WithoutVersions, QUIET)
    world.settle()
    connector.refuses = {"ev-1"}
    world.phone_edit("ev-1", lambda text: text.replace("Room 1", "Room 2"))
    world.cycle("b")
    before, asked = world.rows(t.intents), connector.refusals
    assert asked > 0
    for _ in range(3):
        assert world.cycle("b").quarantined == 0
    assert (world.rows(t.intents), connector.refusals) == (before, asked)
    connector.refuses = set()
    world.phone_edit("ev-1", lambda text: text.replace("Room 2", "Room 3"))
    world.settle()
    assert "Room 3" in b.texts()["ev-1"]
