"""A canary: an item of our own that shows whether an account still takes writes and still tells of changes (R25).

It is made, must be told of by the change feed, is deleted, and that must be told too. The hub never takes it in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sync_engine.errors import CursorExpired
from sync_engine.model import Kind
from sync_engine.ports import Connector, Cursor, KnownVersions, Page, RemoteRef, Removed
from sync_engine.probe_item import probe_item

_PREFIX = "agendahub-canary-"
_PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0)  # seconds; a feed may lag behind the write a little


def is_canary(uid: str) -> bool:
    """Whether an item is ours, to be left alone: a killed check may have left one."""
    return uid.startswith(_PREFIX)


@dataclass(slots=True)
class Canary:
    """A check of one remote collection. Raises what the connector raises."""

    connector: Connector
    collection: str
    cursor: Cursor | None
    known: KnownVersions
    pause: Callable[[float], None]

    def sing(self, kind: Kind, name: str) -> str:
        """Make, see, delete, see. Gives one sentence on what was not told, "" when all is well."""
        item = probe_item(kind, _PREFIX + name)
        if left := self.connector.find(self.collection, item, item.uid):
            self.connector.delete(self.collection, left.ref)
        ref = self.connector.create(self.collection, item, item.uid)
        try:
            told = self._told(ref.id, present=True)
        finally:
            self._take_away(ref)
        if not told:
            return "A test item was written, and the server's change feed did not tell of it."
        if not self._told(ref.id, present=False):
            return "A test item was deleted, and the server's change feed did not tell of it."
        return ""

    def _take_away(self, ref: RemoteRef) -> None:
        for answer in self.connector.fetch(self.collection, [ref.id]):
            if not isinstance(answer, Removed):
                self.connector.delete(self.collection, answer.ref)

    def _told(self, remote_id: str, *, present: bool) -> bool:
        for seconds in _PAUSES:
            self.pause(seconds)
            if self._look(remote_id) is present:
                return True
        return False

    def _look(self, remote_id: str) -> bool | None:
        """Whether the feed shows the item as there (True), as gone (False), or says nothing about it (None)."""
        shown: bool | None = None
        for page in self._pages():
            for change in page.changes:
                if isinstance(change, Removed):
                    shown = False if change.id == remote_id else shown
                elif change.ref.id == remote_id:
                    shown = True
            if page.complete and shown is None:
                shown = False
            self.cursor = page.cursor or self.cursor
        return shown

    def _pages(self) -> Iterator[Page]:
        try:
            yield from self.connector.changes(self.collection, self.cursor, self.known)
        except CursorExpired:
            yield from self.connector.changes(self.collection, None, self.known)


def tells_of_something(connector: Connector, collection: str, since: Cursor, known: KnownVersions) -> bool:
    """Whether the feed mentions any change since a cursor."""
    try:
        return any(page.changes for page in connector.changes(collection, since, known))
    except CursorExpired:
        return True
