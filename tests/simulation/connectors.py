"""Connectors that speak to a `Remote`, as honest as its nature allows: idempotent by key, conditional writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from connectors.fields import ALL_FIELDS
from sync_engine.decide import carried
from sync_engine.errors import VersionConflict
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import Record
from sync_engine.ports import (
    Broken,
    Change,
    Changed,
    Cursor,
    KnownVersions,
    Listed,
    Page,
    RemoteCollection,
    RemoteRef,
    Removed,
)
from tests.simulation.nature import BLIND_FOR, LOSSY
from tests.simulation.remotes import Remote


class SimConnector:
    """For remotes that keep what they are sent, or say what they cannot hold."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.carries = ALL_FIELDS - set(LOSSY) if remote.nature.lossy else ALL_FIELDS
        self.meanwhile: Callable[[], None] = lambda: None  # what others do between a look and a write

    def collections(self) -> Sequence[RemoteCollection]:
        return []

    def close(self) -> None:
        """Nothing to give back."""

    def kept(self, record: Record) -> Record | None:
        """What the remote makes of a record, where that is known."""
        return self.remote.kept(Item.of(record)).record if self.remote.nature.tells else None

    def lag(self, collection: str) -> float:
        return BLIND_FOR if self.remote.nature.blind else 0.0

    # ------------------------------------------------------------ reading

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        remote, nature = self.remote, self.remote.nature
        whole = since is None
        places = dict.fromkeys(remote.listed(), 0) if since is None else remote.since(since)
        if not whole and not places:
            return
        cursor = None if nature.no_feed else str(max(remote.visible(), int(since or 0)))
        ids, in_order = self._disordered([*places])
        for start in range(0, len(ids), nature.page):
            part = ids[start : start + nature.page]
            states = self._states(part, known)
            if start + nature.page >= len(ids) and nature.cursors != "extra":
                yield Page(states, cursor, complete=whole)
                return
            each = nature.cursors == "each" and in_order and not whole
            yield Page(states, str(places[part[-1]]) if each else since)
        yield Page((), cursor, complete=whole)

    def _disordered(self, ids: list[str]) -> tuple[list[str], bool]:
        quirks, in_order = self.remote.quirks, True
        if quirks.random() < 0.5:
            quirks.shuffle(ids)
            in_order = False
        if ids and quirks.random() < 0.3:
            ids.append(quirks.choice(ids))
            in_order = False
        return ids, in_order

    def _states(self, ids: Sequence[str], known: KnownVersions) -> list[Change]:
        versions = known(ids)
        return [self._state(remote_id, versions.get(remote_id, "")) for remote_id in ids]

    def _state(self, remote_id: str, version: str) -> Change:
        found = self.remote.read(remote_id)
        if found is None:
            return Removed(remote_id)
        return Listed(found.ref) if version and version == found.ref.version else found

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        for remote_id in ids:
            yield self.remote.read(remote_id) or Removed(remote_id)

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:
        if self.remote.nature.own_ids:
            made = self.remote.keys.get(key, "?")
            return self.remote.read(made) if self.remote.is_found(made) else None
        found = self.remote.read(f"/{item.uid}")
        return found if found and found.item.uid == item.uid else None

    # ------------------------------------------------------------ writing

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        remote_id = self.remote.new_id(item.uid)
        if remote_id in self.remote.items:
            raise VersionConflict(f"An item with the UID {item.uid} is already there.")
        if self.remote.nature.hides:
            self.remote.sent_as[remote_id] = item.uid
        if self.remote.nature.own_uids:
            item = Item.of(with_uid(item.record, f"{remote_id}@{self.remote.name}"))
        self.remote.keys[key] = remote_id
        self.remote.put(remote_id, self.remote.kept(item))
        return self._touched(self._told(remote_id))

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        found = self.remote.read(ref.id)
        if found is None or not self._unchanged(found, ref, base):
            raise VersionConflict(f"The item {ref.id} was changed or deleted at the account.")
        self._others_go_on(found)
        self.remote.put(ref.id, self.remote.kept(item))
        return self._touched(self._told(ref.id))

    def delete(self, collection: str, ref: RemoteRef) -> None:
        found = self.remote.read(ref.id)
        if found is None:
            return
        if ref.version != found.ref.version:
            raise VersionConflict(f"The item {ref.id} was changed at the account.")
        self._others_go_on(found)
        if ref.id in self.remote.items:
            if not ref.version:  # there is nothing to compare
                self.remote.overwritten.append(self.remote.items[ref.id][0].text)
            self.remote.drop(ref.id)

    def _unchanged(self, found: Changed, ref: RemoteRef, base: Item | None) -> bool:
        if ref.version and found.ref.version:
            return ref.version == found.ref.version
        if base is None:
            return False
        return carried(with_uid(found.item.record, base.uid), base.record, self.carries) == base.record

    def _others_go_on(self, found: Changed) -> None:
        """Without tags that the server compares, somebody may come between our look and our write."""
        remote = self.remote
        if remote.nature.versions not in ("hash", "none"):
            return
        remote.in_gap = True
        try:
            self.meanwhile()
        finally:
            remote.in_gap = False
        now = remote.items.get(found.ref.id)
        if now is None or now[0].text != found.item.text:
            remote.overwritten.append(now[0].text if now else found.item.text)

    def _touched(self, told: RemoteRef) -> RemoteRef:
        if self.remote.nature.touches:
            self.remote.put(told.id, self.remote.items[told.id][0])
        return told

    def _told(self, remote_id: str) -> RemoteRef:
        if self.remote.nature.quiet:
            return RemoteRef(remote_id)
        version, item = self.remote.version(remote_id), self.remote.items[remote_id][0]
        return RemoteRef(remote_id, version, item.uid if self.remote.nature.hides else "")


class ReadingConnector(SimConnector):
    """For remotes that keep something else than they were sent."""

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        return self.fetch(collection, ids)


def connector_for(remote: Remote) -> SimConnector:
    """The right one."""
    return ReadingConnector(remote) if remote.nature.rewrites else SimConnector(remote)
