"""The CalDAV and CardDAV connector: RFC 4791, RFC 6352, RFC 6578."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.dav.discovery import Discovery
from connectors.dav.listing import Listing
from connectors.dav.questions import Questions
from connectors.dav.reading import Reading
from connectors.dav.transport import Transport
from connectors.dav.writing import Writing
from connectors.fields import ALL_FIELDS
from connectors.settings import ConnectorSettings
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Broken, Changed, Cursor, KnownVersions, Page, RemoteCollection, RemoteRef, Removed


class DavConnector:
    """One account at a DAV server. Ids are paths on that server (see `hrefs`)."""

    carries = ALL_FIELDS

    def __init__(self, settings: ConnectorSettings) -> None:
        self.transport = Transport(settings)
        self._questions = Questions(self.transport)
        self._reading = Reading(self._questions)
        self._listing = Listing(self._questions, self._reading)
        self._writing = Writing(self._questions, self._reading)
        self._discovery = Discovery(settings, self._questions)

    def collections(self) -> Sequence[RemoteCollection]:
        """All calendars and address books below the account's home sets. Raises the errors of a read."""
        found = self._discovery.collections()
        for collection in found:
            self._listing.learn(collection.id, address_book=Kind.CONTACT in collection.kinds)
        return found

    def principal(self) -> str:
        """The address of the user who is signed in. Raises the errors of a read."""
        return self._discovery.principal(self._discovery.start())[0]

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """By the best method the server knows; see `listing`."""
        return self._listing.changes(collection, since, known)

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """Read items, many in one request."""
        if not ids:
            return
        for batch in self._reading.batches(collection, self._listing.flavour(collection), ids):
            yield from batch

    def read_back(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """What the server made of items that were just written (servers may rewrite them without a word)."""
        return self.fetch(collection, ids)

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:  # noqa: ARG002
        """By the name that `create` gives, else by UID; the key is not needed, for the name is made from the UID."""
        return self._writing.find(collection, item)

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:  # noqa: ARG002
        """Put with ``If-None-Match: *``."""
        return self._writing.create(collection, item)

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:  # noqa: ARG002
        """Put with ``If-Match``; for servers without strong tags, after a look."""
        return self._writing.update(ref, item, base)

    def delete(self, collection: str, ref: RemoteRef) -> None:
        """Delete with ``If-Match``; for servers without strong tags, after a look."""
        self._writing.delete(ref, lambda: self._listing.flavour(collection))

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()
