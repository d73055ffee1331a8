"""Google's contacts, by the People API: one user's own, those with a label, and the ones that Google remembers.

Ids are resource names (people/c123). A contact has no UID there: ours is hidden in its clientData.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from connectors.google_workspace.contact_batches import BatchWriting
from connectors.google_workspace.contact_finding import Finding
from connectors.google_workspace.contact_groups import Groups
from connectors.google_workspace.contact_listing import Listing
from connectors.google_workspace.contact_reading import LAG, Reading
from connectors.google_workspace.contact_steps import Steps
from connectors.google_workspace.contact_turns import Turns
from connectors.google_workspace.contact_writing import Writing
from connectors.google_workspace.mapping_contacts import kept_contact
from connectors.google_workspace.places import CONTACTS, OTHER_CONTACTS, Place
from connectors.google_workspace.transport import Transport
from connectors.settings import ConnectorSettings
from sync_engine.errors import ItemError
from sync_engine.item import Item
from sync_engine.model import Contact, Kind, Record
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

_KINDS = frozenset({Kind.CONTACT})


class Contacts:
    """The Part for contacts."""

    lag = LAG

    def __init__(
        self,
        transport: Transport,
        settings: ConnectorSettings,  # noqa: ARG002 - as every part
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        turns = Turns(transport)
        self._groups = Groups(transport, turns, now)
        self._reading = Reading(transport, self._groups, clock, now)
        self._listing = Listing(transport, self._reading, self._groups, now)
        self._steps = Steps(transport, turns, self._reading, self._groups)
        self._writing = Writing(transport, turns, self._reading, self._groups, self._steps)
        self._batches = BatchWriting(transport, turns, self._reading, self._writing)
        self._finding = Finding(transport, self._reading, self._writing, clock)

    def collections(self) -> Sequence[RemoteCollection]:
        """All contacts, labels that we made collections of, and other contacts."""
        self._groups.refresh()
        labels = [RemoteCollection(group, name, _KINDS) for group, name in self._groups.collections.items()]
        others = RemoteCollection(OTHER_CONTACTS, "Other contacts", _KINDS, read_only=True)
        return [RemoteCollection(CONTACTS, "Contacts", _KINDS), *labels, others]

    def changes(self, place: Place, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """By sync tokens; see `contact_listing`."""
        self._reading.tells(place, known)
        return self._listing.afresh(place, known) if since is None else self._listing.since(place, since, known)

    def fetch(self, place: Place, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """Fifty in one request; other contacts have no read of their own."""
        if place.sort == OTHER_CONTACTS:
            return self._listing.others(place, ids)
        return self._reading.fetch(place, ids)

    def kept(self, record: Record) -> Record | None:
        """What will be read of a contact that is written."""
        try:
            return kept_contact(record) if isinstance(record, Contact) else None
        except ItemError:
            return None

    def find(self, place: Place, item: Item, key: str) -> Changed | Broken | None:  # noqa: ARG002
        """By the key that is hidden on it."""
        return self._finding.find(place, key)

    def create(self, place: Place, item: Item, key: str) -> RemoteRef:
        """In "My contacts", in its labels, and in the label that the collection is."""
        made = self._writing.carry_out(place, Write(None, item, key=key))
        assert made is not None
        return made

    def update(self, place: Place, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """What differs, if it is still in that version."""
        made = self._writing.carry_out(place, Write(ref, item, base))
        assert made is not None
        return made

    def delete(self, place: Place, ref: RemoteRef) -> None:
        """If it is still in that version."""
        self._writing.carry_out(place, Write(ref, None))

    def write(self, place: Place, writes: Sequence[Write]) -> Iterator[Written]:
        """Many in few requests."""
        return self._batches.write(place, writes)

    def finish(self, place: Place, ref: RemoteRef | None, item: Item, key: str) -> None:
        """Go on with a picture that was not written any more."""
        found = ref.id if ref is not None else self._finding.by_key(key)
        if found and place.sort != OTHER_CONTACTS:
            self._steps.finish(place, found, item)
