"""One transaction of the store in memory. `sync_engine.ports.UnitOfWork` says what the methods do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from storage.errors import StoreRefused
from storage.limits import check_item, check_remote, clean, cut, trusted
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
    LinkState,
    Origin,
    Role,
    Trouble,
)
from tests.simulation.memory_state import LONG_AGO, Conflict, Hold, Revision, State


class MemoryUnit:
    """Implements `UnitOfWork`."""

    def __init__(self, state: State, *, writing: bool, now: datetime = LONG_AGO) -> None:
        self.state = state
        self.now = now
        self._writing = writing

    def _to_write(self) -> State:
        if not self._writing:
            raise StoreRefused("A view for reading cannot write.")
        return self.state

    # ------------------------------------------------------------ bindings

    def binding(self, binding_id: int) -> Binding:
        if binding_id not in self.state.bindings:
            raise StoreRefused(f"There is no binding {binding_id}.")
        return self.state.bindings[binding_id]

    def _change_binding(self, binding_id: int, **new: object) -> None:
        bindings = self._to_write().bindings
        if binding_id in bindings:
            bindings[binding_id] = replace(bindings[binding_id], **new)  # type: ignore[arg-type]

    def set_cursor(self, binding_id: int, cursor: Cursor | None) -> None:
        self._change_binding(binding_id, cursor=cursor)

    def set_hub_cursor(self, binding_id: int, seq: int) -> None:
        self._change_binding(binding_id, hub_cursor=seq)

    def use_up_approval(self, binding_id: int) -> None:
        self._change_binding(binding_id, approved=False)
        self.state.answers = {key: value for key, value in self.state.answers.items() if key[0] != binding_id}

    def hold(self, binding_id: int, side: str, reason: str, samples: Sequence[str], item_ids: Sequence[int]) -> None:
        self._to_write().holds[binding_id, side] = Hold(reason, tuple(samples), frozenset(item_ids))

    def held(self, binding_id: int, side: str) -> frozenset[int]:
        found = self.state.holds.get((binding_id, side))
        return found.item_ids if found else frozenset()

    def approved_items(self, binding_id: int, side: str) -> frozenset[int]:
        return self._answered(binding_id, side, "approve")

    def refused_items(self, binding_id: int) -> frozenset[int]:
        return self._answered(binding_id, "hub", "discard")

    def _answered(self, binding_id: int, side: str, verdict: str) -> frozenset[int]:
        said, ids = self.state.answers.get((binding_id, side), ("", frozenset()))
        return ids if said == verdict else frozenset()

    def release_hold(self, binding_id: int, side: str) -> None:
        self._to_write().holds.pop((binding_id, side), None)

    # ------------------------------------------------------------ links

    def links(self, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Link]:
        wanted = set(remote_ids)
        return {k.remote_id: k for k in self._links_of(binding_id) if k.remote_id in wanted}

    def links_of_items(self, binding_id: int, item_ids: Sequence[int]) -> dict[int, Link]:
        wanted = set(item_ids)
        return {k.item_id: k for k in self._links_of(binding_id) if k.item_id in wanted}

    def linked_remote_ids(self, binding_id: int) -> list[str]:
        not_there = (LinkState.MISSING, LinkState.LEFT)
        return [k.remote_id for k in self._links_of(binding_id) if k.state not in not_there]

    def missing_links(self, binding_id: int) -> list[Link]:
        return [k for k in self._links_of(binding_id) if k.state is LinkState.MISSING]

    def count_links(self, binding_id: int) -> int:
        return sum(k.state is not LinkState.LEFT for k in self._links_of(binding_id))

    def meeting_links(self, binding_id: int, item_ids: Sequence[int]) -> dict[int, list[Link]]:
        found: dict[int, list[Link]] = {}
        for k in self.state.links.values():
            if k.item_id in item_ids and k.binding_id != binding_id and k.role and k.state is not LinkState.LEFT:
                found.setdefault(k.item_id, []).append(k)
        return found

    def let_go(self, item_ids: Sequence[int]) -> None:
        links = self._to_write().links
        for k in list(links.values()):
            if k.item_id in item_ids and k.role is Role.GUEST:
                links[k.id] = replace(k, state=LinkState.LEFT)

    def _links_of(self, binding_id: int) -> list[Link]:
        return [k for k in self.state.links.values() if k.binding_id == binding_id]

    def save_link(self, link: Link) -> Link:
        check_remote(link.remote_id, link.remote_uid)
        state = self._to_write()
        link = replace(link, remote_version=trusted(link.remote_version))
        if link.id and link.id not in state.links:
            raise StoreRefused(f"There is no link {link.id}.")
        others = [k for k in self._links_of(link.binding_id) if k.id != link.id]
        if any(k.item_id == link.item_id or k.remote_id == link.remote_id for k in others):
            raise StoreRefused("An item has one link in a binding.")
        link = link if link.id else replace(link, id=state.new_id())
        state.links[link.id] = link
        return link

    def delete_link(self, link_id: int) -> None:
        self._to_write().links.pop(link_id, None)

    # ------------------------------------------------------------ items

    def lock_collection(self, collection_id: int) -> None:
        """There is one writer at a time."""

    def items(self, item_ids: Sequence[int]) -> dict[int, HubItem]:
        return {i: self.state.items[i] for i in dict.fromkeys(item_ids) if i in self.state.items}

    def items_by_uid(self, collection_id: int, uids: Sequence[str]) -> dict[str, HubItem]:
        wanted = set(uids)
        found: dict[str, HubItem] = {}
        for item in self._by_seq(collection_id):
            if item.uid in wanted and (item.uid not in found or found[item.uid].deleted):
                found[item.uid] = item
        return found

    def items_by_remote_uid(self, collection_id: int, uids: Sequence[str]) -> dict[str, HubItem]:
        links = [(k.remote_uid, self.state.items[k.item_id]) for k in self.state.links.values() if k.remote_uid in uids]
        here = [(uid, item) for uid, item in links if item.collection_id == collection_id and item.uid != uid]
        return dict(sorted(here, key=lambda pair: (not pair[1].deleted, pair[1].seq)))

    def look_alikes(self, binding_id: int, collection_id: int, fingerprints: Sequence[str]) -> dict[str, list[HubItem]]:
        linked = {k.item_id for k in self._links_of(binding_id)}
        found: dict[str, list[HubItem]] = {}
        for item in self.state.items.values():
            known = self.state.prints[item.id]
            free = item.collection_id == collection_id and not item.deleted and item.id not in linked
            if free and known and known in fingerprints:
                found.setdefault(known, []).append(item)
        return found

    def texts(self, revision_ids: Sequence[int]) -> dict[int, str]:
        return {r: self.state.revisions[r].text for r in revision_ids if r in self.state.revisions}

    def revived(self, item_ids: Sequence[int]) -> set[int]:
        wanted = set(item_ids)
        return {r.item_id for r in self.state.revisions.values() if r.role == "deleted" and r.item_id in wanted}

    def actors(self, revision_ids: Sequence[int]) -> dict[int, str]:
        return {r: self.state.revisions[r].actor for r in revision_ids if r in self.state.revisions}

    def collection_seq(self, collection_id: int) -> int:
        if collection_id not in self.state.seqs:
            raise StoreRefused(f"There is no collection {collection_id}.")
        return self.state.seqs[collection_id]

    def changed_items(self, collection_id: int, after_seq: int, limit: int) -> list[HubItem]:
        return [item for item in self._by_seq(collection_id) if item.seq > after_seq][:limit]

    def _by_seq(self, collection_id: int) -> list[HubItem]:
        mine = (item for item in self.state.items.values() if item.collection_id == collection_id)
        return sorted(mine, key=lambda item: item.seq)

    def create_item(self, collection_id: int, item: Item, origin: Origin) -> HubItem:
        check_item(item)
        state = self._to_write()
        self._refuse_second(collection_id, item.uid, 0)
        number = state.new_id()
        revision = self._revision(number, item.text, "current", origin)
        hub = HubItem(number, collection_id, item.kind, item.uid, revision, self._next_seq(collection_id))
        state.prints[number] = fingerprint(item.record)
        state.items[number] = hub
        return hub

    def update_item(self, item_id: int, item: Item, origin: Origin) -> HubItem:
        check_item(item)
        state, old = self._to_write(), self._item(item_id)
        if not old.deleted and state.revisions[old.revision_id].text == item.text:
            return old
        self._refuse_second(old.collection_id, item.uid, item_id)
        revision = self._revision(item_id, item.text, "current", origin)
        seq = self._next_seq(old.collection_id)
        hub = HubItem(item_id, old.collection_id, item.kind, item.uid, revision, seq)
        state.prints[item_id] = fingerprint(item.record)
        state.items[item_id] = hub
        return hub

    def delete_item(self, item_id: int, origin: Origin) -> HubItem:
        state, old = self._to_write(), self._item(item_id)
        if old.deleted:
            return old
        self._revision(item_id, state.revisions[old.revision_id].text, "deleted", origin)
        state.items[item_id] = replace(old, deleted=True, seq=self._next_seq(old.collection_id))
        return state.items[item_id]

    def keep_revision(self, item_id: int, text: str, origin: Origin) -> int:
        return self._revision(item_id, text, "remote", origin)

    def _item(self, item_id: int) -> HubItem:
        if item_id not in self.state.items:
            raise StoreRefused(f"There is no item {item_id}.")
        return self.state.items[item_id]

    def _refuse_second(self, collection_id: int, uid: str, itself: int) -> None:
        for other in self.state.items.values():
            if (other.collection_id, other.uid) == (collection_id, uid) and not other.deleted and other.id != itself:
                raise StoreRefused("Two living items cannot share a UID.")

    def _next_seq(self, collection_id: int) -> int:
        self.state.seqs[collection_id] += 1
        return self.state.seqs[collection_id]

    def _revision(self, item_id: int, text: str, role: str, origin: Origin) -> int:
        state = self._to_write()
        number = state.new_id()
        state.revisions[number] = Revision(item_id, text, role, origin.actor, self.now)
        return number

    # ------------------------------------------------------------ the outbox

    def add_intents(self, intents: Iterable[Intent]) -> None:
        state = self._to_write()
        newest = {(i.binding_id, i.item_id): i for i in intents}
        open_ones = {(i.binding_id, i.item_id): i for i in state.intents.values()}
        for key, intent in newest.items():
            old = open_ones.get(key)
            if old is not None and old.state is IntentState.SENT:
                continue
            if old is not None:
                del state.intents[old.id]
            number = state.new_id()
            state.intents[number] = replace(intent, id=number)

    def intents(self, binding_id: int, states: Sequence[IntentState], limit: int) -> list[Intent]:
        return [i for i in self.state.intents.values() if i.binding_id == binding_id and i.state in states][:limit]

    def set_intent_state(self, intent_ids: Sequence[int], state: IntentState, at: datetime | None = None) -> None:
        intents = self._to_write().intents
        for number in intent_ids:
            if number in intents:
                tries = intents[number].tries + (state is IntentState.SENT)
                intents[number] = replace(
                    intents[number], state=state, tries=tries, sent_at=at or intents[number].sent_at
                )

    def delete_intents(self, intent_ids: Sequence[int]) -> None:
        for number in intent_ids:
            self._to_write().intents.pop(number, None)

    # ------------------------------------------------------------ conflicts and quarantine

    def add_conflict(
        self,
        binding_id: int,
        item_id: int,
        fields: Sequence[FieldConflict],
        hub_revision: int,
        remote_revision: int,
        base_revision: int | None = None,
    ) -> None:
        self._to_write().conflicts += (Conflict(binding_id, item_id, tuple(fields), hub_revision, remote_revision),)

    def quarantine(self, binding_id: int, trouble: Trouble) -> None:
        subject = f"remote:{trouble.remote_id}" if trouble.remote_id else f"item:{trouble.item_id}"
        version = trusted(trouble.remote_version)
        kept = replace(trouble, remote_version=version, raw=clean(trouble.raw), message=cut(trouble.message, 2000))
        self._to_write().quarantine[binding_id, subject] = kept

    def quarantined(self, binding_id: int, remote_ids: Sequence[str]) -> dict[str, Trouble]:
        wanted = {i for i in remote_ids if i}
        return {t.remote_id: t for t in self._troubles(binding_id) if t.remote_id in wanted}

    def quarantined_uids(self, binding_id: int, uids: Sequence[str]) -> dict[str, Trouble]:
        wanted = {uid for uid in uids if uid}
        found = (t for t in self._troubles(binding_id) if t.uid in wanted and t.remote_id and t.operation == "read")
        return {t.uid: t for t in found}

    def unread_remote_ids(self, binding_id: int) -> list[str]:
        return [t.remote_id for t in self._troubles(binding_id) if t.operation == "read" and t.remote_id]

    def to_read_again(self, binding_id: int) -> list[str]:
        found = (t for t in self._troubles(binding_id) if t.operation == "read" and not t.remote_version)
        return [t.remote_id for t in found if t.remote_id]

    def release(self, binding_id: int, *, remote_ids: Sequence[str] = (), item_ids: Sequence[int] = ()) -> None:
        state = self._to_write()
        subjects = {f"remote:{i}" for i in remote_ids}
        over = {
            key
            for key, t in state.quarantine.items()
            if key[0] == binding_id and (key[1] in subjects or (t.item_id is not None and t.item_id in item_ids))
        }
        state.quarantine = {key: t for key, t in state.quarantine.items() if key not in over}

    def _troubles(self, binding_id: int) -> list[Trouble]:
        return [t for key, t in self.state.quarantine.items() if key[0] == binding_id]
