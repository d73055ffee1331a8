"""The Google connector: a user's contacts, calendars and task lists, each by the service that has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.capabilities import Person
from connectors.google_workspace.contacts import Contacts
from connectors.google_workspace.directory import DirectoryReading
from connectors.google_workspace.events import Events
from connectors.google_workspace.making import CollectionMaking
from connectors.google_workspace.mapping_contacts import CONTACT_FIELDS
from connectors.google_workspace.mapping_events import EVENT_FIELDS
from connectors.google_workspace.mapping_tasks import TASK_FIELDS
from connectors.google_workspace.part import Part
from connectors.google_workspace.places import OTHER_CONTACTS, Place, place_of
from connectors.google_workspace.sign_in_scopes import Right, offers
from connectors.google_workspace.tasks import Tasks
from connectors.google_workspace.transport import Transport
from connectors.settings import ConnectorSettings
from sync_engine.errors import NoAccess
from sync_engine.item import Item
from sync_engine.model import Contact, Event, Kind, Record
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

_RIGHTS = {Kind.CONTACT: Right.CONTACTS, Kind.EVENT: Right.CALENDAR, Kind.TASK: Right.TASKS}
MOST_WRITES = 50  # calls in one batch request (Calendar API, "Sending batch requests")


class GoogleWorkspaceConnector:
    """One user. Ids and versions: see the services; ids of collections: see `places`."""

    carries = CONTACT_FIELDS | EVENT_FIELDS | TASK_FIELDS
    most_writes = MOST_WRITES

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self.transport = Transport(settings)
        self._parts: Mapping[Kind, Part] = {
            Kind.CONTACT: Contacts(self.transport, settings),
            Kind.EVENT: Events(self.transport, settings),
            Kind.TASK: Tasks(self.transport, settings),
        }
        self._directory = DirectoryReading(self.transport)
        self._making = CollectionMaking(self.transport)
        self.closed: Sequence[NoAccess] = ()  # of the last `collections`

    def collections(self) -> Sequence[RemoteCollection]:
        """Contacts, labels that we made, other contacts, calendars, task lists. Raises the errors of a read.

        Without those that the account's scopes leave out, and of services that are closed: not switched on in the
        project, or by the company; `closed` says why. Raises NoAccess when all are.
        """
        found: list[RemoteCollection] = []
        self.closed = closed = list[NoAccess]()
        for part in (part for kind, part in self._parts.items() if offers(self._settings, _RIGHTS[kind])):
            try:
                found += part.collections()
            except NoAccess as err:
                closed.append(err)
        if closed and not found:
            raise closed[0]
        return found if offers(self._settings, Right.OTHER_CONTACTS) else [c for c in found if c.id != OTHER_CONTACTS]

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """By sync tokens; tasks by the time of their last change."""
        part, place = self._at(collection)
        return part.changes(place, since, known)

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """Read items, many in one request."""
        part, place = self._at(collection)
        return part.fetch(place, ids)

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """What Google keeps of items that were just written: it has no place for all that the hub has."""
        return self.fetch(collection, ids)

    def kept(self, record: Record) -> Record | None:
        """What will be read of a record that is written."""
        kind = Kind.CONTACT if isinstance(record, Contact) else Kind.EVENT if isinstance(record, Event) else Kind.TASK
        return self._parts[kind].kept(record)

    def lag(self, collection: str) -> float:
        """Seconds for which a read may not show what was written: People's lists are minutes behind."""
        part, _ = self._at(collection)
        return part.lag

    def knows(self, collection: str, known: KnownVersions) -> None:
        """What the hub has, for where no key can be hidden."""
        part, place = self._at(collection)
        if isinstance(part, Tasks):
            part.knows(place, known)

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:
        """By the key that `create` hides on the item, or by an id that follows from it."""
        part, place = self._at(collection)
        return part.find(place, item, key)

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:
        """Once for each key."""
        part, place = self._at(collection)
        return part.create(place, item, key)

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """What differs, on the condition that nobody wrote since."""
        part, place = self._at(collection)
        return part.update(place, ref, item, base)

    def delete(self, collection: str, ref: RemoteRef) -> None:
        """On the condition that nobody wrote since."""
        part, place = self._at(collection)
        part.delete(place, ref)

    def write(self, collection: str, writes: Sequence[Write]) -> Iterator[Written]:
        """Many writes in few requests."""
        part, place = self._at(collection)
        return part.write(place, writes)

    def finish(self, collection: str, ref: RemoteRef | None, item: Item, key: str) -> None:
        """Go on with exceptions of a series, or a photo, that were not written any more."""
        part, place = self._at(collection)
        part.finish(place, ref, item, key)

    def people(self) -> Iterator[Person]:
        """All of the domain who have a mailbox."""
        return self._directory.people()

    def members(self, group: str) -> Iterator[Person]:
        """Of a group, also through groups in it."""
        return self._directory.members(group)

    def make_collection(self, name: str, kinds: frozenset[Kind]) -> RemoteCollection:
        """A label, a calendar or a task list: found by its name, or made."""
        return self._making.make(name, kinds)

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()

    def _at(self, collection: str) -> tuple[Part, Place]:
        place = place_of(collection)
        return self._parts[place.kind], place
