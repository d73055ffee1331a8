"""The other side in the simulation: accounts as unkind as the real ones, each in its own way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from random import Random

from connectors.fields import ALL_FIELDS
from sync_engine.errors import CursorExpired, VersionConflict
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import Contact, ContentLine, Event
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

LOSSY = ("description", "note", "categories", "extra")  # what one kind of remote has no place for
_CASES = "abcdefghij"


def cased(number: int) -> str:
    """A name that differs from others by case only."""
    return "".join(c.upper() if number >> n & 1 else c for n, c in enumerate(_CASES))


@dataclass(frozen=True)
class Nature:
    """How unkind a remote is."""

    own_ids: bool = False  # a create makes a new item each time; ids differ by case only
    own_uids: bool = False  # ... under a UID of the server's
    lag: int = 0  # so many of the newest changes are not yet in the feed
    versions: str = "strong"  # strong, hash, none
    quiet: bool = False  # a write does not tell the version
    rewrites: str = ""  # "": nothing, drops: X- properties go, alters: one comes and one changes
    lossy: bool = False  # holds fewer fields, and its connector says so
    page: int = 100
    no_feed: bool = False  # lists everything each time
    cursor_at_end: bool = True  # else every page has one
    moves: bool = False  # an edit in its own web page gives the item another id


@dataclass
class Remote:
    """The stored side: items by id, and a log of ids in the order of their changes."""

    name: str
    nature: Nature
    quirks: Random = field(default_factory=lambda: Random(0))  # of the running step
    items: dict[str, tuple[Item, int]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    forgotten: int = 0
    lag: int = 0
    born: dict[str, int] = field(default_factory=dict)  # id -> where its creation stands in the log
    shown: int = 0  # the feed has caught up to here
    keys: dict[str, str] = field(default_factory=dict)  # idempotency key -> id
    numbers: int = 0

    def __post_init__(self) -> None:
        self.lag = self.nature.lag

    # ------------------------------------------------------------ storing

    def new_id(self, uid: str) -> str:
        self.numbers += 1
        if not self.nature.own_ids:
            return f"/{uid}"
        return cased(self.numbers)

    def put(self, remote_id: str, item: Item) -> None:
        self.numbers += 1
        if remote_id not in self.items:
            self.born[remote_id] = len(self.log)
        self.items[remote_id] = (item, self.numbers)
        self.log.append(remote_id)

    def drop(self, remote_id: str) -> None:
        del self.items[remote_id]
        self.log.append(remote_id)

    def version(self, remote_id: str) -> str:
        item, number = self.items[remote_id]
        kind = self.nature.versions
        return "" if kind == "none" else f"#{item.digest}" if kind == "hash" else f'"{number}"'

    def read(self, remote_id: str) -> Changed | None:
        if remote_id not in self.items:
            return None
        return Changed(RemoteRef(remote_id, self.version(remote_id)), self.items[remote_id][0])

    def expire(self) -> None:
        """No cursor given out until now is good any more."""
        self.log.append("")
        self.forgotten = len(self.log)

    # ------------------------------------------------------------ what it makes of what it is sent

    def kept(self, item: Item) -> Item:
        if self.nature.lossy:
            item = Item.read(without(item.text))
        return Item.read(_rewritten(item.text, self.nature.rewrites))

    # ------------------------------------------------------------ the feed

    def visible(self) -> int:
        return max(len(self.log) - self.lag, self.forgotten, self.shown)

    def listed(self) -> list[str]:
        """What a listing shows: the newest items are missing where the feed lags."""
        return [i for i in self.items if self.born[i] < self.visible() or not self.lag]

    def since(self, cursor: Cursor) -> list[str]:
        start = int(cursor)
        if not self.forgotten <= start <= len(self.log):
            raise CursorExpired("The account does not know this place in its change log any more.")
        return [i for i in dict.fromkeys(self.log[start : self.visible()]) if i]


@lru_cache(maxsize=4096)
def without(text: str) -> str:
    record = Item.read(text).record
    if isinstance(record, Contact):
        return Item.of(replace(record, note="", categories=(), extra=())).text
    assert isinstance(record, Event)
    assert record.master is not None
    master = replace(record.master, description="", categories=(), extra=())
    return Item.of(replace(record, master=master)).text


@lru_cache(maxsize=4096)
def _rewritten(text: str, how: str) -> str:
    if not how:
        return text
    text = re.sub(r"(?m)^X-[^\r]*\r\n", "", text) if how == "drops" else text.replace("X-KEEP:", "X-KEEP:changed ")
    record = Item.read(text).record
    added = (ContentLine("X-SERVER", "1"),) if how == "alters" else ()
    if isinstance(record, Contact):
        return Item.of(replace(record, extra=_with(record.extra, added))).text
    assert isinstance(record, Event)
    assert record.master is not None
    return Item.of(replace(record, master=replace(record.master, extra=_with(record.master.extra, added)))).text


def _with(extra: tuple[ContentLine, ...], added: tuple[ContentLine, ...]) -> tuple[ContentLine, ...]:
    return tuple(line for line in extra if line.name != "X-SERVER") + added


class SimConnector:
    """Speaks to a `Remote` as a connector must: idempotent by key, conditional writes."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.carries = ALL_FIELDS - set(LOSSY) if remote.nature.lossy else ALL_FIELDS

    def collections(self) -> Sequence[RemoteCollection]:
        return []

    def close(self) -> None:
        """Nothing to give back."""

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        remote, nature = self.remote, self.remote.nature
        whole = since is None
        end = remote.visible()
        ids = remote.listed() if since is None else remote.since(since)
        if not whole and not ids:
            return
        if remote.quirks.random() < 0.5:
            remote.quirks.shuffle(ids)
        if ids and remote.quirks.random() < 0.3:
            ids.append(remote.quirks.choice(ids))
        cursor = None if nature.no_feed else str(max(end, int(since or 0)))
        for start in range(0, len(ids), nature.page):
            states = self._states(ids[start : start + nature.page], known)
            last = start + nature.page >= len(ids)
            if last and nature.cursor_at_end:
                yield Page(states, cursor, complete=whole)
                return
            yield Page(states, since if not whole else None)
        yield Page((), cursor, complete=whole)

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
            return self.remote.read(self.remote.keys.get(key, "?"))
        found = self.remote.read(f"/{item.uid}")
        return found if found and found.item.uid == item.uid else None

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        remote_id = self.remote.new_id(item.uid)
        if remote_id in self.remote.items:
            raise VersionConflict(f"An item with the UID {item.uid} is already there.")
        if self.remote.nature.own_uids:
            item = Item.of(with_uid(item.record, f"{remote_id}@{self.remote.name}"))
        self.remote.keys[key] = remote_id
        self.remote.put(remote_id, self.remote.kept(item))
        return self._told(remote_id)

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        found = self.remote.read(ref.id)
        if found is None or not _unchanged(found, ref, base):
            raise VersionConflict(f"The item {ref.id} was changed or deleted at the account.")
        self.remote.put(ref.id, self.remote.kept(item))
        return self._told(ref.id)

    def delete(self, collection: str, ref: RemoteRef) -> None:
        found = self.remote.read(ref.id)
        if found is None:
            return
        if ref.version != found.ref.version:
            raise VersionConflict(f"The item {ref.id} was changed at the account.")
        self.remote.drop(ref.id)

    def _told(self, remote_id: str) -> RemoteRef:
        return RemoteRef(remote_id, "" if self.remote.nature.quiet else self.remote.version(remote_id))


class ReadingConnector(SimConnector):
    """For remotes that keep something else than they were sent."""

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        return self.fetch(collection, ids)


def connector_for(remote: Remote) -> SimConnector:
    """The right one."""
    return ReadingConnector(remote) if remote.nature.rewrites else SimConnector(remote)


def _unchanged(found: Changed, ref: RemoteRef, base: Item | None) -> bool:
    if ref.version and found.ref.version:
        return ref.version == found.ref.version
    return base is not None and with_uid(found.item.record, base.uid) == base.record
