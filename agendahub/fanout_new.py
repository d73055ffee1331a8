"""A folder that is not made yet, for plans: nothing is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sync_engine.errors import CollectionGone
from sync_engine.item import Item
from sync_engine.ports import (
    Broken,
    Changed,
    Connector,
    Cursor,
    KnownVersions,
    Page,
    RemoteCollection,
    RemoteRef,
    Removed,
)


class NewFolder:
    """Reads as an empty collection; a plan writes nothing."""

    def __init__(self, connector: Connector) -> None:
        self.carries = connector.carries
        self._connector = connector

    def collections(self) -> Sequence[RemoteCollection]:
        """Those that are there."""
        return self._connector.collections()

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:  # noqa: ARG002
        """None."""
        yield Page((), None, complete=True)

    def fetch(self, collection: str, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:  # noqa: ARG002
        """None is there."""
        yield from (Removed(remote_id) for remote_id in ids)

    def find(self, collection: str, item: Item, key: str) -> Changed | Broken | None:  # noqa: ARG002
        """Never."""
        return None

    def create(self, collection: str, item: Item, key: str) -> RemoteRef:  # noqa: ARG002
        """Not in a plan."""
        raise CollectionGone("The folder is not made yet.")

    def update(self, collection: str, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:  # noqa: ARG002
        """Not in a plan."""
        raise CollectionGone("The folder is not made yet.")

    def delete(self, collection: str, ref: RemoteRef) -> None:  # noqa: ARG002
        """Not in a plan."""
        raise CollectionGone("The folder is not made yet.")

    def close(self) -> None:
        """The other one is closed by whoever made it."""
