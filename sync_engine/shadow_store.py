"""A store for rehearsals: reads through to the hub's store and keeps what is written to itself.

A cycle that runs on it finds everything as a real one would, its own changes too, and leaves the hub as it is: not one
statement that writes is sent, nothing is locked, no row is made (SYNC.md R33).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync_engine.item import Item
from sync_engine.matching import fingerprint
from sync_engine.ports import (
    Binding,
    Cursor,
    FieldConflict,
    HubItem,
    Intent,
    IntentState,
    Link,
    Origin,
    Store,
    Trouble,
    UnitOfWork,
)
from sync_engine.shadow_rows import ShadowCases, ShadowLinks, ShadowOutbox


class ShadowStore:
    """The hub's store, for one rehearsal of one binding."""

    def __init__(self, store: Store, binding: Binding | None = None) -> None:
        """`binding`: as it would be, where its row is not made yet (id 0; collection 0 where there is none either)."""
        self._store = store
        self._state = ShadowState(binding)

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """As `Store.begin`."""
        with self._store.read() as real:
            yield ShadowUnit(real, self._state)

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """As `Store.read`."""
        return self.begin()


class ShadowState:
    """What was changed in the rehearsal."""

    def __init__(self, binding: Binding | None) -> None:
        self._last_id = 0
        self.binding = binding
        self.links = ShadowLinks(self.new_id)
        self.outbox = ShadowOutbox(self.new_id)
        self.cases = ShadowCases()
        self.items: dict[int, HubItem] = {}
        self.prints: dict[int, str] = {}  # fingerprints of changed items
        self.texts: dict[int, str] = {}
        self.actors: dict[int, str] = {}
        self.seqs: dict[int, int] = {}

    def new_id(self) -> int:
        """Never the id of a row."""
        self._last_id -= 1
        return self._last_id


@dataclass(slots=True)
class ShadowUnit:
    """Implements `UnitOfWork`."""

    real: UnitOfWork
    state: ShadowState = field(repr=False)

    # ------------------------------------------------------------ the binding

    def binding(self, binding_id: int) -> Binding:
        return self.state.binding or self.real.binding(binding_id)

    def set_cursor(self, binding_id: int, cursor: Cursor | None) -> None:
        self.state.binding = replace(self.binding(binding_id), cursor=cursor)

    def set_hub_cursor(self, binding_id: int, seq: int) -> None:
        self.state.binding = replace(self.binding(binding_id), hub_cursor=seq)

    def use_up_approval(self, binding_id: int) -> None:
        self.state.binding = replace(self.binding(binding_id), approved=False)

    def lock_collection(self, collection_id: int) -> None:
        """Nobody else sees what is changed here."""

    # ------------------------------------------------------------ links, planned writes, cases

    def links(self, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Link]:
        return self.state.links.by_remote_id(self.real, binding_id, remote_ids)

    def links_of_items(self, binding_id: int, item_ids: Sequence[int]) -> dict[int, Link]:
        return self.state.links.by_item(self.real, binding_id, item_ids)

    def linked_remote_ids(self, binding_id: int) -> list[str]:
        return self.state.links.remote_ids(self.real, binding_id)

    def missing_links(self, binding_id: int) -> list[Link]:
        return self.state.links.missing(self.real, binding_id)

    def count_links(self, binding_id: int) -> int:
        return self.state.links.count(self.real, binding_id)

    def save_link(self, link: Link) -> Link:
        return self.state.links.save(link)

    def delete_link(self, link_id: int) -> None:
        self.state.links.delete(link_id)

    def meeting_links(self, binding_id: int, item_ids: Sequence[int]) -> dict[int, list[Link]]:
        return self.real.meeting_links(binding_id, [i for i in item_ids if i > 0])

    def let_go(self, item_ids: Sequence[int]) -> None:
        """Links of other bindings are none of this rehearsal's."""

    def add_intents(self, intents: Iterable[Intent]) -> None:
        self.state.outbox.add(self.real, intents)

    def intents(self, binding_id: int, states: Sequence[IntentState], limit: int) -> list[Intent]:
        return self.state.outbox.find(self.real, binding_id, states, limit)

    def set_intent_state(self, intent_ids: Sequence[int], state: IntentState, at: datetime | None = None) -> None:
        self.state.outbox.set_state(intent_ids, state, at)

    def delete_intents(self, intent_ids: Sequence[int]) -> None:
        self.state.outbox.delete(intent_ids)

    def hold(
        self,
        binding_id: int,  # noqa: ARG002
        side: str,
        reason: str,  # noqa: ARG002
        samples: Sequence[str],  # noqa: ARG002
        item_ids: Sequence[int],
    ) -> None:
        self.state.cases.holds[side] = frozenset(item_ids)

    def held(self, binding_id: int, side: str) -> frozenset[int]:
        return self.state.cases.held(self.real, binding_id, side)

    def approved_items(self, binding_id: int, side: str) -> frozenset[int]:
        return self.real.approved_items(binding_id, side)

    def refused_items(self, binding_id: int) -> frozenset[int]:
        return self.real.refused_items(binding_id)

    def release_hold(self, binding_id: int, side: str) -> None:  # noqa: ARG002
        self.state.cases.holds[side] = frozenset()

    def add_conflict(
        self,
        binding_id: int,
        item_id: int,
        fields: Sequence[FieldConflict],
        hub_revision: int,
        remote_revision: int,
        base_revision: int | None = None,
    ) -> None:
        """Nothing in a cycle reads it."""

    def quarantine(self, binding_id: int, trouble: Trouble) -> None:  # noqa: ARG002
        self.state.cases.quarantine(trouble)

    def quarantined(self, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Trouble]:
        return self.state.cases.by_remote_id(self.real, binding_id, remote_ids)

    def quarantined_uids(self, binding_id: int, uids: Sequence[str]) -> dict[str, Trouble]:
        return self.state.cases.by_uid(self.real, binding_id, uids)

    def unread_remote_ids(self, binding_id: int) -> list[str]:
        return self.state.cases.unread(self.real, binding_id)

    def to_read_again(self, binding_id: int) -> list[str]:
        return self.state.cases.to_read(self.real, binding_id)

    def release(self, binding_id: int, *, remote_ids: Sequence[str] = (), item_ids: Sequence[int] = ()) -> None:  # noqa: ARG002
        self.state.cases.release(remote_ids, item_ids)

    # ------------------------------------------------------------ items

    def items(self, item_ids: Sequence[int]) -> dict[int, HubItem]:
        mine = {i: self.state.items[i] for i in item_ids if i in self.state.items}
        rest = [i for i in item_ids if i > 0 and i not in mine]
        return (self.real.items(rest) if rest else {}) | mine

    def items_by_uid(self, collection_id: int, uids: Sequence[str]) -> dict[str, HubItem]:
        known = [self.state.items.get(i.id, i) for i in self.real.items_by_uid(collection_id, uids).values()]
        mine = [i for i in self.state.items.values() if i.collection_id == collection_id]
        found: dict[str, HubItem] = {}
        wanted = set(uids)
        for item in sorted((*known, *mine), key=lambda i: (not i.deleted, i.seq)):  # the best comes last
            if item.uid in wanted:
                found[item.uid] = item
        return found

    def items_by_remote_uid(self, collection_id: int, uids: Sequence[str]) -> dict[str, HubItem]:
        there = self.real.items_by_remote_uid(collection_id, uids) if collection_id else {}
        known = [(uid, self.state.items.get(item.id, item)) for uid, item in there.items()]
        linked = self.state.links.by_remote_uid(uids)
        mine = [(uid, item) for uid, number in linked for item in self.items([number]).values() if item.uid != uid]
        return dict(sorted((*known, *mine), key=lambda pair: (not pair[1].deleted, pair[1].seq)))

    def look_alikes(self, binding_id: int, collection_id: int, fingerprints: Sequence[str]) -> dict[str, list[HubItem]]:
        linked, wanted = self.state.links.linked_items(), set(fingerprints)
        known = self.real.look_alikes(binding_id, collection_id, fingerprints)
        found = {
            p: [i for i in group if i.id not in self.state.items and i.id not in linked] for p, group in known.items()
        }
        for item in self.state.items.values():
            mark = self.state.prints.get(item.id, "")
            if mark and mark in wanted and not item.deleted and item.id not in linked:
                found.setdefault(mark, []).append(item)
        return found

    def texts(self, revision_ids: Sequence[int]) -> dict[int, str]:
        mine = {r: self.state.texts[r] for r in revision_ids if r in self.state.texts}
        rest = [r for r in revision_ids if r > 0]
        return (self.real.texts(rest) if rest else {}) | mine

    def revived(self, item_ids: Sequence[int]) -> set[int]:
        return self.real.revived([i for i in item_ids if i > 0])

    def actors(self, revision_ids: Sequence[int]) -> dict[int, str]:
        mine = {r: self.state.actors[r] for r in revision_ids if r in self.state.actors}
        rest = [r for r in revision_ids if r > 0]
        return (self.real.actors(rest) if rest else {}) | mine

    def collection_seq(self, collection_id: int) -> int:
        if collection_id in self.state.seqs:
            return self.state.seqs[collection_id]
        return self.real.collection_seq(collection_id) if collection_id else 0

    def changed_items(self, collection_id: int, after_seq: int, limit: int) -> list[HubItem]:
        mine = [i for i in self.state.items.values() if i.collection_id == collection_id and i.seq > after_seq]
        more = limit + len(self.state.items)
        known = self.real.changed_items(collection_id, after_seq, more) if collection_id else []
        rest = [i for i in known if i.id not in self.state.items]
        return sorted((*rest, *mine), key=lambda i: i.seq)[:limit]

    def create_item(self, collection_id: int, item: Item, origin: Origin) -> HubItem:
        revision = self._revision(item.text, origin)
        hub = HubItem(self.state.new_id(), collection_id, item.kind, item.uid, revision, self._next_seq(collection_id))
        return self._keep(hub, item)

    def update_item(self, item_id: int, item: Item, origin: Origin) -> HubItem:
        old = self.items([item_id])[item_id]
        same = self.texts([old.revision_id])[old.revision_id] == item.text
        if same and not old.deleted:
            return old
        revision, seq = self._revision(item.text, origin), self._next_seq(old.collection_id)
        return self._keep(replace(old, uid=item.uid, revision_id=revision, seq=seq, deleted=False), item)

    def delete_item(self, item_id: int, origin: Origin) -> HubItem:  # noqa: ARG002
        old = self.items([item_id])[item_id]
        if old.deleted:
            return old
        self.state.items[item_id] = replace(old, seq=self._next_seq(old.collection_id), deleted=True)
        return self.state.items[item_id]

    def keep_revision(self, item_id: int, text: str, origin: Origin) -> int:  # noqa: ARG002
        return self._revision(text, origin)

    def _keep(self, hub: HubItem, item: Item) -> HubItem:
        self.state.items[hub.id] = hub
        self.state.prints[hub.id] = fingerprint(item.record)
        return hub

    def _revision(self, text: str, origin: Origin) -> int:
        number = self.state.new_id()
        self.state.texts[number], self.state.actors[number] = text, origin.actor
        return number

    def _next_seq(self, collection_id: int) -> int:
        self.state.seqs[collection_id] = self.collection_seq(collection_id) + 1
        return self.state.seqs[collection_id]
