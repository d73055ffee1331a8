"""The store of the simulation forgets what the real one forgets, and keeps what that keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage import tables as t
from storage.database import Database
from storage.pruning import prune as prune_real
from sync_engine.item import Item
from sync_engine.ports import FieldConflict, Intent, Link, LinkState, Operation, Origin, Prefer
from tests.databases import TestClock, hub_in
from tests.simulation.memory_pruning import prune
from tests.simulation.memory_store import MemoryStore
from tests.simulation.samples import event

ADA = Origin("user ada")
_LATER = datetime(2026, 6, 1, tzinfo=UTC)


def _text(uid: str, number: int) -> Item:
    return event(uid, uid, f"w{number}w")


def _live(begin: Any) -> None:
    """A life for nine items, each of which something else needs, or nothing."""
    with begin() as unit:
        made = {uid: unit.create_item(1, _text(uid, 0), ADA) for uid in "abcdefghi"}
        unit.save_link(Link(0, 1, made["a"].id, "/a", "1", "a", made["a"].revision_id))
        unit.save_link(Link(0, 1, made["c"].id, "/c", "1", "c", made["c"].revision_id))
        for uid, gone in (("h", datetime(2026, 1, 2, tzinfo=UTC)), ("i", None)):
            link = Link(0, 1, made[uid].id, f"/{uid}", "1", uid, made[uid].revision_id, state=LinkState.LEFT)
            unit.save_link(replace(link, missing_since=gone))
    for number in (1, 2, 3):
        with begin() as unit:
            now = {uid: unit.update_item(made[uid].id, _text(uid, number), ADA) for uid in "abcef"}
            if number == 1:
                link = unit.links(1, ["/a"])["/a"]
                unit.save_link(replace(link, echo_revision=unit.keep_revision(link.item_id, "as it is kept", ADA)))
                conflict = FieldConflict("master.location", "", "1", "2", Prefer.HUB)
                lost = unit.keep_revision(made["b"].id, "what lost", ADA)
                unit.add_conflict(1, made["b"].id, [conflict], now["b"].revision_id, lost)
                unit.add_intents([Intent(0, 1, made["e"].id, Operation.UPDATE, "k", now["e"].revision_id)])
    with begin() as unit:
        for uid in "cdfhi":
            unit.delete_item(made[uid].id, ADA)


def _kept_by_real(database: Database) -> tuple[list[str], list[str], int]:
    with database.engine.connect() as connection:
        texts = sorted(connection.execute(select(t.revisions.c.text)).scalars())
        uids = sorted(connection.execute(select(t.items.c.uid)).scalars())
        return (
            texts,
            uids,
            connection.execute(select(t.collections.c.floor).where(t.collections.c.id == 1)).scalar_one(),
        )


def _kept_in_memory(store: MemoryStore) -> tuple[list[str], list[str], int]:
    state = store.state
    texts = sorted(revision.text for revision in state.revisions.values())
    return texts, sorted(item.uid for item in state.items.values()), state.floors.get(1, 0)


@pytest.mark.parametrize("before", [_LATER, datetime(2026, 1, 1, tzinfo=UTC)])
def test_both_forget_the_same(tmp_path: Path, before: datetime) -> None:
    url = f"sqlite:///{tmp_path}/hub.db"
    made = Database(url)
    t.metadata.create_all(made.engine)
    made.dispose()
    store = MemoryStore(TestClock())
    store.state.seqs = {1: 0}
    store.bind("work", 1, "/cal/")
    store.state.bindings[1] = store.state.bindings.pop(next(iter(store.state.bindings)))
    _live(store.begin)
    with store.begin() as unit:
        prune(unit.state, before)
    with hub_in(url) as hub:
        _live(hub.database.begin)
        prune_real(hub.database, before)
        assert _kept_in_memory(store) == _kept_by_real(hub.database)
    assert (_kept_in_memory(store)[2] > 0) is (before == _LATER)
    assert before == _LATER or len(_kept_in_memory(store)[0]) == 9 + 15 + 2 + 5


def test_what_is_young_stays() -> None:
    store = MemoryStore(TestClock())
    store.state.seqs = {1: 0}
    store.bind("work", 1, "/cal/")
    with store.begin() as unit:
        item = unit.create_item(1, _text("a", 0), ADA)
    with store.begin() as unit:
        unit.update_item(item.id, _text("a", 1), ADA)
        prune(unit.state, unit.now - timedelta(days=1))
        assert len(unit.state.revisions) == 2
