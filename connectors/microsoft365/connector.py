"""The Microsoft 365 connector: Outlook's contacts and calendars, and To Do, by Graph."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from connectors.capabilities import Person
from connectors.kept import Kept
from connectors.microsoft365.batch import MOST
from connectors.microsoft365.batch_writes import BatchWriting
from connectors.microsoft365.directory import DirectoryReading
from connectors.microsoft365.discovery import Discovery
from connectors.microsoft365.finding import Finding
from connectors.microsoft365.folders import FolderMaking
from connectors.microsoft365.listing import Listing
from connectors.microsoft365.mapping_contacts import CONTACT_FIELDS, kept_contact
from connectors.microsoft365.mapping_events import EVENT_FIELDS
from connectors.microsoft365.mapping_series import kept_event
from connectors.microsoft365.mapping_tasks import TASK_FIELDS, kept_task
from connectors.microsoft365.places import place_of
from connectors.microsoft365.reading import Reading
from connectors.microsoft365.steps import Steps
from connectors.microsoft365.transport import Transport
from connectors.microsoft365.writing import Writing
from connectors.settings import ConnectorSettings
from connectors.unfinished import may_have_steps
from sync_engine.item import Item
from sync_engine.model import Kind, Record
from sync_engine.ports import (
    Broken,
    Changed,
    Cursor,
    KnownVersions,
    Page,
    RemoteCollection,
    RemoteRef,
    Removed,
    Write,
    Written,
)

_KEPT = Kept(kept_contact, kept_event, kept_task)


class Microsoft365Connector:
    """One mailbox. Ids are Graph's immutable ones, versions its entity tags; ids of collections: see `places`."""

    carries = CONTACT_FIELDS | EVENT_FIELDS | TASK_FIELDS | {"photo"}
    most_writes = MOST

    def __init__(self, settings: ConnectorSettings, now: Callable[[], float] = time.time) -> None:
        self.transport = Transport(settings)
        self._zone = settings.zone
        self._shared = frozenset(one.lower() for one in settings.shared)
        self._reading = Reading(self.transport)
        self._listing = Listing(self.transport, self._reading, now)
        self._finding = Finding(self.transport, self._reading)
        self._steps = Steps(self.transport, self._reading, settings.zone)
        self._writing = Writing(self.transport, self._reading, self._finding, self._steps, settings.zone)
        self._batches = BatchWriting(self.transport, self._reading, self._writing)
        self._discovery = Discovery(self.transport, settings.shared)
        self._directory = DirectoryReading(self.transport)
        self._folders = FolderMaking(self.transport, self._discovery.own)

    def collections(self) -> Sequence[RemoteCollection]:
        """Contact folders, calendars, task lists. Raises the errors of a read."""
        return self._discovery.collections()

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """By delta rounds; see `listing`."""
        place = place_of(collection)
        return self._listing.afresh(place, known) if since is None else self._listing.since(place, since, known)

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """Read items, twenty in one request."""
        return self._reading.fetch(place_of(collection), ids)

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """What Outlook keeps of items that were just written: it has no place for all that the hub has."""
        return self.fetch(collection, ids)

    def kept(self, record: Record) -> Record | None:
        """What will be read of a record that is written; None of a meeting that may be the mailbox's own."""
        return _KEPT.of(record, self._zone, self._are_others)

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:
        """By the key that `create` hides on the item."""
        return self._finding.find(place_of(collection), item, key)

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        """Post, with the key; an event that is posted twice under one key is made once."""
        return self._writing.create(place_of(collection), item, key)

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """Patch what differs, with ``If-Match``."""
        return self._writing.update(place_of(collection), ref, item, base)

    def delete(self, collection: str, ref: RemoteRef) -> None:
        """Delete, with ``If-Match``; never a meeting whose guests would get a mail."""
        self._writing.delete(place_of(collection), ref)

    def write(self, collection: str, writes: Sequence[Write]) -> Iterator[Written]:
        """Up to twenty writes in one request."""
        return self._batches.write(place_of(collection), writes)

    def finish(self, collection: str, ref: RemoteRef | None, item: Item, key: str) -> None:
        """Go on with exceptions of a series, or a photo, that were not written any more."""
        place = place_of(collection)
        if not may_have_steps(item, new=ref is None):
            return
        item_id = ref.id if ref is not None else self._finding.by_key(place, key)
        if item_id:
            self._steps.finish(place, item_id, item)

    def people(self) -> Iterator[Person]:
        """All of the tenant who have a mailbox."""
        return self._directory.people()

    def members(self, group: str) -> Iterator[Person]:
        """Of a group, also through groups in it."""
        return self._directory.members(group)

    def make_collection(self, name: str, kinds: frozenset[Kind]) -> RemoteCollection:
        """Found by its name, or made."""
        return self._folders.make(name, kinds)

    def _are_others(self, people: frozenset[str]) -> bool:
        return not people & self._shared and self._writing.owner.is_known_out(people)

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()
