"""A phone: it keeps what it saw last, asks for changes by token, and writes under a condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sync_engine.item import Item
from sync_engine.ports import Origin
from tests.simulation.memory_store import MemoryStore
from tests.simulation.memory_unit import MemoryUnit

PHONE = Origin("user ada, device phone")
_LIMIT = 3  # items in one answer (RFC 6578 3.6)


class Stale(Exception):
    """412: the item is not what the phone last saw."""


@dataclass(frozen=True)
class Snapshot:
    """A token, and what the phone held then."""

    seq: int | None = None  # None: never synced
    items: dict[int, int] = field(default_factory=dict)  # item -> revision


def synced(store: MemoryStore, collection: int, last: Snapshot) -> Snapshot:
    """All changes since a token, in parts. A token that is too old is refused, and everything is listed."""
    known = last.seq is not None and last.seq >= store.state.floors.get(collection, 0)
    seq, items = (last.seq or 0, dict(last.items)) if known else (0, {})
    with store.read() as unit:
        while part := unit.changed_items(collection, seq, _LIMIT):
            for item in part:
                items.pop(item.id, None)
                if not item.deleted:
                    items[item.id] = item.revision_id
            seq = part[-1].seq
        return Snapshot(unit.collection_seq(collection), items)


def differs(store: MemoryStore, now: Snapshot) -> str:
    """What a phone that has just synced should not see; "" for nothing."""
    live = {item.id: item.revision_id for item in store.state.items.values() if not item.deleted}
    return "" if now.items == live else f"sees {now.items}, not {live}"


@dataclass
class Phone:
    """What it holds between two syncs."""

    last: Snapshot = field(default_factory=Snapshot)
    texts: dict[int, str] = field(default_factory=dict)

    def sync(self, store: MemoryStore, collection: int) -> Snapshot:
        """Bring it up to date."""
        self.last = synced(store, collection, self.last)
        with store.read() as unit:
            texts = unit.texts(list(self.last.items.values()))
        self.texts = {item: texts[revision] for item, revision in self.last.items.items()}
        return self.last

    def update(self, item_id: int, item: Item) -> Callable[[MemoryUnit], object]:
        """A PUT with If-Match. Raises Stale when it is carried out too late."""

        def work(unit: MemoryUnit) -> None:
            self._check(unit, item_id)
            unit.update_item(item_id, item, PHONE)

        return work

    def delete(self, item_id: int) -> Callable[[MemoryUnit], object]:
        """A DELETE with If-Match."""

        def work(unit: MemoryUnit) -> None:
            self._check(unit, item_id)
            unit.delete_item(item_id, PHONE)

        return work

    def _check(self, unit: MemoryUnit, item_id: int) -> None:
        there = unit.items([item_id]).get(item_id)
        if there is None or there.deleted or there.revision_id != self.last.items.get(item_id):
            raise Stale

    def wrote(self, store: MemoryStore, item_id: int) -> None:
        """The answer carried the new entity tag: no need to read it again. The token stays."""
        there = store.state.items[item_id]
        items = {i: r for i, r in self.last.items.items() if i != item_id}
        self.texts.pop(item_id, None)
        if not there.deleted:
            items[item_id] = there.revision_id
            self.texts[item_id] = store.state.revisions[there.revision_id].text
        self.last = replace(self.last, items=items)
