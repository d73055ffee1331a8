"""Google's tasks: ids are the ids of tasks, versions their entity tags.

No UID or key of ours can be hidden on a task: what a lost answer made is found by its looks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from connectors.google_workspace.lists import listed
from connectors.google_workspace.mapping_tasks import kept_task
from connectors.google_workspace.places import LISTS, Place
from connectors.google_workspace.task_listing import TaskListing
from connectors.google_workspace.task_reading import TaskReading, read
from connectors.google_workspace.task_writing import TaskWriting, task_in
from connectors.google_workspace.transport import Transport
from connectors.outcomes import in_order
from connectors.settings import ConnectorSettings
from sync_engine.errors import AccountError, ItemError
from sync_engine.item import Item
from sync_engine.model import Kind, Record, Task
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


class Tasks:
    """The Part for tasks."""

    lag = 0.0

    def __init__(
        self,
        transport: Transport,
        settings: ConnectorSettings,  # noqa: ARG002 - as every part
        now: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._reading = TaskReading(transport)
        self._listing = TaskListing(self._reading, now)
        self._writing = TaskWriting(transport, self._reading)
        self._known: dict[Place, KnownVersions] = {}  # what the hub has of each list, as it told

    def collections(self) -> Sequence[RemoteCollection]:
        """All task lists."""
        lists = listed(self._transport, self._transport.tasks.tasklists(), {"maxResults": 100}, "items")
        kinds = frozenset({Kind.TASK})
        return [
            RemoteCollection(Place(LISTS, str(one["id"])).collection, str(one.get("title") or ""), kinds)
            for one in lists
        ]

    def changes(self, place: Place, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """By the time of the last change; see `task_listing`."""
        self.knows(place, known)
        return self._listing.afresh(place, known) if since is None else self._listing.since(place, since, known)

    def knows(self, place: Place, known: KnownVersions) -> None:
        """Of two equal tasks `find` takes the one that the hub has not."""
        self._known[place] = known

    def fetch(self, place: Place, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """Fifty in one request."""
        return self._reading.fetch(place, ids)

    def kept(self, record: Record) -> Record | None:
        """What will be read of a task that is written."""
        try:
            return kept_task(record) if isinstance(record, Task) else None
        except ItemError:
            return None

    def find(self, place: Place, item: Item, key: str) -> Changed | Broken | None:
        """The one that this process made with the key; else the newest that looks so and that the hub has not."""
        if made := self._writing.made(key):
            (found,) = self._reading.fetch(place, [made])
            if not isinstance(found, Removed):
                return found
            self._writing.forget(key)
        if (found_alike := self._alike(place, item)) is not None:
            self._writing.remember(key, found_alike.ref.id)
        return found_alike

    def _alike(self, place: Place, item: Item) -> Changed | None:
        wanted = self.kept(task_in(item))
        if wanted is None:
            return None
        documents = sorted(self._reading.documents(place), key=lambda one: str(one.get("updated") or ""), reverse=True)
        found = [one for one in map(read, documents) if isinstance(one, Changed)]
        alike = [one for one in found if _look(one.item.record, wanted) == _look(wanted, wanted)]
        known = self._known.get(place)
        others = {*self._writing.all_made(), *(known([one.ref.id for one in alike]) if known else ())}
        return next((one for one in alike if one.ref.id not in others), None)

    # ------------------------------------------------------------ writes

    def create(self, place: Place, item: Item, key: str) -> RemoteRef:
        """Google gives it an id; there is no second one for a key as long as this process remembers."""
        made = self._alone(place, Write(None, item, key=key))
        assert made is not None
        return made

    def update(self, place: Place, ref: RemoteRef, item: Item, base: Item | None) -> RemoteRef:
        """What differs, if it is still in that version."""
        made = self._alone(place, Write(ref, item, base))
        assert made is not None
        return made

    def delete(self, place: Place, ref: RemoteRef) -> None:
        """If it is still in that version; what is below it stays."""
        self._alone(place, Write(ref, None))

    def _alone(self, place: Place, write: Write) -> RemoteRef | None:
        (told,) = self._writing.write(place, [write])
        if isinstance(told, ItemError | AccountError):
            raise told
        return told

    def write(self, place: Place, writes: Sequence[Write]) -> Iterator[Written]:
        """Many in few requests."""
        return in_order(self._writing.write(place, writes))

    def finish(self, place: Place, ref: RemoteRef | None, item: Item, key: str) -> None:
        """Nothing: every write is one request."""


def _look(record: Record, wanted: Record) -> Record | None:
    """What tells a task, under one UID. When it was done Google says by itself, if nobody told it."""
    if not (isinstance(record, Task) and isinstance(wanted, Task) and record.master and wanted.master):
        return None
    said = wanted.master.completed is not None
    return replace(record, uid="", master=record.master if said else replace(record.master, completed=None))
