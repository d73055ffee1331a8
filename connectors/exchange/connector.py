"""The Exchange connector: contacts, calendars and tasks of a mailbox on premises, by EWS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.capabilities import Person
from connectors.exchange import folders, making_folders, shared_folders
from connectors.exchange.directory import DirectoryReading
from connectors.exchange.finding import Finding
from connectors.exchange.listing import PAGE, Listing
from connectors.exchange.mapping_contacts import CONTACT_FIELDS, kept_contact
from connectors.exchange.mapping_events import EVENT_FIELDS
from connectors.exchange.mapping_series import kept_event
from connectors.exchange.mapping_tasks import TASK_FIELDS, kept_task
from connectors.exchange.places import place_of
from connectors.exchange.public_listing import PublicListing
from connectors.exchange.reading import Reading
from connectors.exchange.steps import Steps
from connectors.exchange.transport import Transport
from connectors.exchange.writing import MOST, Writing
from connectors.kept import Kept
from connectors.settings import ConnectorSettings
from connectors.unfinished import may_have_steps
from sync_engine.errors import VersionConflict
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


class ExchangeConnector:
    """One mailbox. Ids are EWS's item ids, versions its change keys; ids of collections: see `places`."""

    carries = CONTACT_FIELDS | EVENT_FIELDS | TASK_FIELDS
    most_writes = MOST

    def __init__(self, settings: ConnectorSettings, page: int = PAGE) -> None:
        self.transport = Transport(settings)
        self._zone = settings.zone
        self._mailboxes = settings.shared
        self._shared = frozenset(one.lower() for one in settings.shared)
        self._directory = DirectoryReading(self.transport)
        self._reading = Reading(self.transport)
        self._listing = Listing(self.transport, self._reading, page)
        self._public_listing = PublicListing(self.transport, self._reading)
        self._finding = Finding(self.transport, self._reading)
        self._steps = Steps(self.transport, self._reading, settings.zone)
        self._writing = Writing(self.transport, self._reading, self._finding, self._steps, settings.zone)

    def collections(self) -> Sequence[RemoteCollection]:
        """Contacts, calendar and tasks, what is below them, and calendars of others. Raises the errors of a read."""
        return [*folders.collections(self.transport), *shared_folders.collections(self.transport, self._mailboxes)]

    def make_collection(self, name: str, kinds: frozenset[Kind]) -> RemoteCollection:
        """Found by its name, or made."""
        return making_folders.make(self.transport, name, kinds)

    def people(self) -> Iterator[Person]:
        """Not on premises."""
        return self._directory.people()

    def members(self, group: str) -> Iterator[Person]:
        """Of a distribution list, also through lists in it."""
        return self._directory.members(group)

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """By SyncFolderItems; see `listing`. By comparison where Exchange has none: see `public_listing`."""
        place = place_of(collection)
        listing = self._public_listing if place.public else self._listing
        return listing.changes(place, since, known)

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """Read items, a hundred in one request."""
        return self._reading.fetch(place_of(collection), ids)

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """What Exchange keeps of items that were just written: it has no place for all that the hub has."""
        return self.fetch(collection, ids)

    def kept(self, record: Record) -> Record | None:
        """What will be read of a record that is written; None of a meeting that may be the mailbox's own."""
        return _KEPT.of(record, self._zone, self._are_others)

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:
        """By the key that `create` hides on the item, else by its UID."""
        return self._finding.find(place_of(collection), item, key)

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        """Make it, after a look whether it is there. Batches go without this look: see `write`."""
        place = place_of(collection)
        if self._finding.find(place, item, key) is not None:
            raise VersionConflict("This item is in the mailbox already.")
        made = self._writing.alone(place, Write(None, item, key=key))
        assert made is not None
        return made

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """Write what differs, with NeverOverwrite."""
        written = self._writing.alone(place_of(collection), Write(ref, item, base))
        assert written is not None
        return written

    def delete(self, collection: str, ref: RemoteRef) -> None:
        """Move it to Deleted Items, after a look at its version."""
        self._writing.alone(place_of(collection), Write(ref, None))

    def write(self, collection: str, writes: Sequence[Write]) -> Iterator[Written]:
        """One request for all creations, one for all updates, two for all deletions.

        A creation is not preceded by a look: one whose answer was lost is sought by its key before it is sent again.
        """
        return self._writing.write(place_of(collection), writes)

    def finish(self, collection: str, ref: RemoteRef | None, item: Item, key: str) -> None:
        """Go on with exceptions of a series, or a picture, that were not written any more."""
        place = place_of(collection)
        if not may_have_steps(item, new=ref is None):
            return
        item_id = ref.id if ref is not None else self._finding.by_key(place, key)
        if item_id:
            self._steps.finish(place, item_id, item)

    def _are_others(self, people: frozenset[str]) -> bool:
        return not people & self._shared and self._writing.owner.is_known_out(people)

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()
