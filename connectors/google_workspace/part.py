"""What each of Google's three services can do for the connector: People, Calendar and Tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from connectors.google_workspace.places import Place
from sync_engine.item import Item
from sync_engine.model import Record
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


class Part(Protocol):
    """One service. All methods as in `sync_engine.ports`, with a place for the collection's id."""

    lag: float  # seconds for which a read may not show what was written (SYNC.md R22); 0 where it does at once

    def collections(self) -> Sequence[RemoteCollection]:
        """Those of this service."""

    def changes(self, place: Place, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """As `Connector.changes`."""

    def fetch(self, place: Place, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """As `Connector.fetch`."""

    def kept(self, record: Record) -> Record | None:
        """As `Keeps.kept`."""

    def find(self, place: Place, item: Item, key: str) -> Changed | Broken | None:
        """As `Connector.find`."""

    def create(self, place: Place, item: Item, key: str) -> RemoteRef:
        """As `Connector.create`."""

    def update(self, place: Place, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """As `Connector.update`."""

    def delete(self, place: Place, ref: RemoteRef) -> None:
        """As `Connector.delete`."""

    def write(self, place: Place, writes: Sequence[Write]) -> Iterator[Written]:
        """As `BatchWrites.write`."""

    def finish(self, place: Place, ref: RemoteRef | None, item: Item, key: str) -> None:
        """As `ManySteps.finish`; nothing where every write is one request."""
