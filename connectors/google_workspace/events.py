"""Google's calendars, by the Calendar API: the user's own and those that are shared with him.

Ids are those of single events and of masters; a series is one item with its exceptions. Versions: `event_documents`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from connectors.google_workspace.event_batches import BatchWriting
from connectors.google_workspace.event_calendars import Calendars
from connectors.google_workspace.event_finding import Finding
from connectors.google_workspace.event_listing import Listing
from connectors.google_workspace.event_plans import without_guests
from connectors.google_workspace.event_reading import Reading
from connectors.google_workspace.event_steps import Steps
from connectors.google_workspace.event_writing import Writing
from connectors.google_workspace.mapping_events import kept_event
from connectors.google_workspace.places import Place
from connectors.google_workspace.transport import Transport
from connectors.people import people_in
from connectors.settings import ConnectorSettings
from connectors.unfinished import may_have_steps
from sync_engine.errors import ItemError
from sync_engine.item import Item
from sync_engine.model import Event, Record
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


class Events:
    """The Part for calendars."""

    lag = 0.0

    def __init__(self, transport: Transport, settings: ConnectorSettings, now: Callable[[], float] = time.time) -> None:
        self._zone = settings.zone
        self._calendars = Calendars(transport, settings.shared)
        self._reading = Reading(transport, self._calendars)
        self._listing = Listing(transport, self._calendars, self._reading, now)
        self._finding = Finding(self._reading)
        self._steps = Steps(transport, self._reading, settings.zone)
        self._writing = Writing(transport, self._calendars, self._reading, self._steps, settings.zone)
        self._batches = BatchWriting(transport, self._calendars, self._reading, self._writing)

    def collections(self) -> Sequence[RemoteCollection]:
        """The user's list of calendars, and the shared ones that he named."""
        return self._calendars.collections()

    def changes(self, place: Place, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """By sync tokens; see `event_listing`."""
        return self._listing.afresh(place, known) if since is None else self._listing.since(place, since, known)

    def fetch(self, place: Place, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """Fifty in one request, and one more for all series among them."""
        return self._reading.fetch(place, ids)

    def kept(self, record: Record) -> Record | None:
        """What will be read of an event that is written; None where it is not known whose calendar it is."""
        if not isinstance(record, Event):
            return None
        people, owners = people_in(record), self._calendars.known_owners
        try:
            if not people or people & owners:
                return kept_event(record, self._zone)
            return kept_event(without_guests(record), self._zone) if owners else None
        except ItemError:
            return None

    def find(self, place: Place, item: Item, key: str) -> Changed | Broken | None:
        """By the key that is hidden on it, or by its UID."""
        return self._finding.find(place, item, key)

    def create(self, place: Place, item: Item, key: str) -> RemoteRef:
        """Under its own UID, by an import."""
        return self._writing.create(place, item, key)

    def update(self, place: Place, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """Patch what differs, with ``If-Match``."""
        return self._writing.update(place, ref, item, base)

    def delete(self, place: Place, ref: RemoteRef) -> None:
        """Delete, with ``If-Match``."""
        self._writing.delete(place, ref)

    def write(self, place: Place, writes: Sequence[Write]) -> Iterator[Written]:
        """Many in few requests."""
        return self._batches.write(place, writes)

    def finish(self, place: Place, ref: RemoteRef | None, item: Item, key: str) -> None:
        """Go on with occurrences of a series that were not written any more."""
        if not may_have_steps(item, new=ref is None):
            return
        if ref is not None:
            self._steps.finish(place, ref.id, item)
        elif (whole := self._finding.whole(place, item, key)) is not None:
            self._steps.finish(place, whole.id, item)
