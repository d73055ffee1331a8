"""The reference connector: an account that lives in this process.

It is the shortest complete answer to `sync_engine.ports.Connector`, and the other side in tests and in the
simulation. An `Account` holds the items and can be reached by any number of `MemoryConnector`s, from any thread. The
switches of `Unkind` make it behave as the less pleasant real systems do.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from connectors.capabilities import Person
from connectors.fields import ALL_FIELDS
from connectors.settings import ConnectorSettings
from sync_engine.errors import CollectionGone, CursorExpired, Rejected, Unavailable, VersionConflict
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.meetings import with_own_fields
from sync_engine.model import Event, Kind
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
    Role,
)


@dataclass(slots=True)
class Unkind:
    """Ways in which this account is like a difficult server."""

    no_versions: bool = False  # no entity tags at all: versions are hashes of the content
    quiet_writes: bool = False  # a write does not tell the new version
    lag: int = 0  # this many of the newest changes are not yet in the feed
    lag_seconds: float = 0.0  # for so long: what the feed does not show is not found by its key either
    page_size: int = 100
    own_uids: bool = False  # every new item gets an id and a UID of the account's own, and hides the one it was sent
    owner: str = ""  # address: whose mailbox it is. In meetings he has a role, and a guest may not change them


@dataclass(slots=True)
class _Stored:
    item: Item
    version: int
    known_as: str = ""  # the UID that is hidden on it


@dataclass(slots=True)
class _Collection:
    about: RemoteCollection
    items: dict[str, _Stored] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)  # ids, in the order of their changes
    forgotten: int = 0  # cursors before this place in the log have expired


class Account:
    """The stored side. All methods may be called by any thread."""

    def __init__(self) -> None:
        self.unkind = Unkind()
        self.lock = threading.RLock()
        self.keys: dict[str, str] = {}  # idempotency key -> id of the item that was made with it
        self._collections: dict[str, _Collection] = {}
        self._versions = 0
        self._numbers = 0

    def add_collection(self, name: str, *kinds: Kind, read_only: bool = False) -> str:
        """Make a collection and return its id."""
        about = RemoteCollection(f"/{name}/", name, frozenset(kinds or Kind), read_only)
        with self.lock:
            self._collections[about.id] = _Collection(about)
        return about.id

    def drop_collection(self, collection: str) -> None:
        """Remove a collection and all in it."""
        with self.lock:
            self._held(collection)
            del self._collections[collection]

    def expire_cursors(self, collection: str) -> None:
        """Make every cursor given out until now invalid."""
        with self.lock:
            held = self._held(collection)
            held.log.append("")
            held.forgotten = len(held.log)

    def about(self) -> list[RemoteCollection]:
        """All collections."""
        with self.lock:
            return [held.about for held in self._collections.values()]

    def items(self, collection: str) -> dict[str, Item]:
        """What a collection holds now, by remote id."""
        with self.lock:
            return {remote_id: stored.item for remote_id, stored in self._held(collection).items.items()}

    def put(self, collection: str, remote_id: str, item: Item, known_as: str | None = None) -> str:
        """Store without asking; returns the new version. What is hidden on it stays, unless it is told."""
        with self.lock:
            held = self._held(collection)
            self._versions += 1
            before = held.items.get(remote_id)
            hidden = known_as if known_as is not None else before.known_as if before else ""
            held.items[remote_id] = _Stored(item, self._versions, hidden)
            held.log.append(remote_id)
            return self._tag(held.items[remote_id])

    def make(self, collection: str, item: Item, known_as: str = "", key: str = "") -> str:
        """A new item under an id and a UID of the account's own; returns the id."""
        with self.lock:
            self._numbers += 1
            own = with_uid(item.record, f"{self._numbers:04} {self.unkind.owner or 'account'}")
            remote_id = f"{collection}#{self._numbers:04}"
            self.put(collection, remote_id, Item.read(Item.of(own).text), known_as)
            if key:
                self.keys[key] = remote_id
            return remote_id

    def copy(self, collection: str, remote_id: str) -> str:
        """What a person's copy makes: another item, with all that is hidden on the first; returns its id."""
        with self.lock:
            stored = self._held(collection).items[remote_id]
            return self.make(collection, stored.item, stored.known_as)

    def remove(self, collection: str, remote_id: str) -> None:
        """Delete without asking."""
        with self.lock:
            held = self._held(collection)
            del held.items[remote_id]
            held.log.append(remote_id)

    def read(self, collection: str, remote_id: str) -> Changed | None:
        """One item with its version."""
        with self.lock:
            stored = self._held(collection).items.get(remote_id)
            if stored is None:
                return None
            role = role_of(stored.item, self.unkind.owner)
            if role is Role.GUEST and stored.known_as:  # an appointment that we made: no text makes it an invitation
                role = Role.NONE
            return Changed(RemoteRef(remote_id, self._tag(stored)), stored.item, stored.known_as, role)

    def since(self, collection: str, cursor: Cursor | None) -> tuple[list[str], Cursor]:
        """Ids that changed after the cursor (all ids without one), and the cursor of now."""
        with self.lock:
            held = self._held(collection)
            end = max(len(held.log) - self.unkind.lag, held.forgotten, 0)
            if cursor is None:
                return list(held.items), str(end)
            start = int(cursor)
            if not held.forgotten <= start <= len(held.log):
                raise CursorExpired("The account does not know this place in its change log any more.")
            return list(dict.fromkeys(held.log[start:end])), str(max(start, end))

    def is_shown(self, collection: str, remote_id: str) -> bool:
        """Whether reads show an item by now; those by its id always do."""
        with self.lock:
            log = self._held(collection).log
            return not self.unkind.lag_seconds or remote_id in log[: max(len(log) - self.unkind.lag, 0)]

    def writable(self, collection: str) -> None:
        """Raises Rejected for a read-only collection."""
        with self.lock:
            if self._held(collection).about.read_only:
                raise Rejected(f"The collection {collection} is read-only.", server_said="read-only")

    def _held(self, collection: str) -> _Collection:
        if collection not in self._collections:
            raise CollectionGone(f"The collection {collection} does not exist at the account.")
        return self._collections[collection]

    def _tag(self, stored: _Stored) -> str:
        return f"hash:{stored.item.digest}" if self.unkind.no_versions else f'"{stored.version}"'


@dataclass(slots=True)
class Company:
    """Who has a mailbox at a system, and who is in which group."""

    people: list[Person] = field(default_factory=list)
    groups: dict[str, list[Person]] = field(default_factory=dict)
    down: bool = False


class MemoryConnector:
    """Speaks to an `Account`. Ids of items are made from their UID, as the DAV connector does."""

    carries = ALL_FIELDS

    def __init__(self, account: Account, company: Company | None = None) -> None:
        self.account = account
        self._company = company or Company()

    def people(self) -> Iterator[Person]:
        """All of the company."""
        yield from self._told(self._company.people)

    def members(self, group: str) -> Iterator[Person]:
        """Of this group."""
        if group not in self._company.groups and not self._company.down:
            raise Rejected(f"There is no group {group}.")
        yield from self._told(self._company.groups.get(group, []))

    def _told(self, people: list[Person]) -> list[Person]:
        if self._company.down:
            raise Unavailable("The directory does not answer.")
        return people

    def make_collection(self, name: str, kinds: frozenset[Kind]) -> RemoteCollection:
        """The one of this name, or a new one."""
        with self.account.lock:
            if all(about.name != name for about in self.account.about()):
                self.account.add_collection(name, *kinds)
            return next(about for about in self.account.about() if about.name == name)

    def collections(self) -> Sequence[RemoteCollection]:
        """All collections of the account."""
        return self.account.about()

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """The change log from `since` on, newest state of each id once; all items when `since` is None."""
        ids, cursor = self.account.since(collection, since)
        if since is not None and not ids:
            return
        size = self.account.unkind.page_size
        for start in range(0, len(ids), size):
            batch = ids[start : start + size]
            yield Page(self._states(collection, batch, known), None)
        yield Page((), cursor, complete=since is None)

    def _states(self, collection: str, ids: Sequence[str], known: KnownVersions) -> list[Change]:
        versions = known(ids)
        return [self._state(collection, remote_id, versions.get(remote_id)) for remote_id in ids if remote_id]

    def _state(self, collection: str, remote_id: str, version: str | None) -> Change:
        found = self.account.read(collection, remote_id)
        if found is None:
            return Removed(remote_id)
        return Listed(found.ref) if version and version == found.ref.version else found

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """Each item as it is now."""
        for remote_id in ids:
            yield self.account.read(collection, remote_id) or Removed(remote_id)

    def lag(self, collection: str) -> float:  # noqa: ARG002
        """As long as the account's unkindness says."""
        return self.account.unkind.lag_seconds

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:
        """The item that stands where `create` puts this one, if it has the same UID."""
        if self.account.unkind.own_uids:
            made = self.account.keys.get(key, "")
            return self.account.read(collection, made) if self.account.is_shown(collection, made) else None
        found = self.account.read(collection, _id_of(collection, item))
        return found if found and found.item.uid == item.uid else None

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        """Store under an id made from the UID, or under the account's own."""
        remote_id = _id_of(collection, item)
        with self.account.lock:
            self.account.writable(collection)
            if role_of(item, self.account.unkind.owner) is not Role.NONE:
                raise Rejected("Who organises a meeting sends the invitations himself.", server_said="no invitation")
            if self.account.unkind.own_uids:
                made = "" if self.account.unkind.lag_seconds else self.account.keys.get(key, "")
                return self._written(collection, made or self.account.make(collection, item, item.uid, key))
            if self.account.read(collection, remote_id):
                raise VersionConflict(f"An item with the UID {item.uid} is already there.")
            self.account.put(collection, remote_id, item)
            return self._written(collection, remote_id)

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """Store if the version is still the same; without a version, if the content is still `base`."""
        with self.account.lock:
            self.account.writable(collection)
            found = self.account.read(collection, ref.id)
            if found is None or not _unchanged(found, ref, base):
                raise VersionConflict(f"The item {ref.id} was changed or deleted at the account.")
            if found.role is Role.GUEST and with_own_fields(item.record, found.item.record) != found.item.record:
                raise Rejected("Only the organiser of a meeting can change it.", server_said="not the organiser")
            own = Item.read(Item.of(with_uid(item.record, found.item.uid)).text)
            self.account.put(collection, ref.id, own if self.account.unkind.own_uids else item)
            return self._written(collection, ref.id)

    def delete(self, collection: str, ref: RemoteRef) -> None:
        """Delete if the version is still the same."""
        with self.account.lock:
            self.account.writable(collection)
            found = self.account.read(collection, ref.id)
            if found is None:
                return
            if found.ref.version != ref.version:
                raise VersionConflict(f"The item {ref.id} was changed at the account.")
            self.account.remove(collection, ref.id)

    def close(self) -> None:
        """Nothing to give back."""

    def _written(self, collection: str, remote_id: str) -> RemoteRef:
        found = self.account.read(collection, remote_id)
        return RemoteRef(remote_id) if found is None or self.account.unkind.quiet_writes else found.as_written


def role_of(item: Item, owner: str) -> Role:
    """What the owner of a mailbox is in an event."""
    record = item.record
    details = (record.master or next(iter(record.overrides), None)) if isinstance(record, Event) else None
    if not owner or details is None or details.organizer is None or not details.attendees:
        return Role.NONE
    if details.organizer.address.removeprefix("mailto:") == owner:
        return Role.ORGANIZER
    return Role.GUEST if f"mailto:{owner}" in {user.address for user in details.attendees} else Role.NONE


def _id_of(collection: str, item: Item) -> str:
    return f"{collection}{item.uid}"


def _unchanged(found: Changed, ref: RemoteRef, base: Item | None) -> bool:
    if ref.version and found.ref.version:
        return ref.version == found.ref.version
    return base is not None and found.item.record == base.record


_accounts: dict[str, Account] = {}
_companies: dict[str, Company] = {}
_registry_lock = threading.Lock()


def account(name: str) -> Account:
    """The account of this name in this process; made when it is first asked for. "system mailbox" is a mailbox."""
    with _registry_lock:
        return _accounts.setdefault(name, Account())


def company(name: str) -> Company:
    """The directory of the system of this name in this process."""
    with _registry_lock:
        return _companies.setdefault(name, Company())


def connect(settings: ConnectorSettings) -> MemoryConnector:
    """For the registry: the system is named by the URL, ``memory:anything``; each of its mailboxes is an account."""
    name = f"{settings.url} {settings.mailbox}".strip()
    return MemoryConnector(account(name), company(settings.url))
