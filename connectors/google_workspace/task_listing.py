"""What changed in a task list, and what is in it at all.

Google has no sync tokens for tasks: a list is asked for what was changed since the last change that it told, and a
little before, as a task may be written while a list is being read. Deleted tasks are told for some weeks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from connectors.google_workspace.places import Place
from connectors.google_workspace.task_reading import Document, TaskReading, read, reference
from connectors.paging import in_pages, versions_of
from sync_engine.errors import CursorExpired
from sync_engine.ports import Change, KnownVersions, Listed, Page, Removed

OVERLAP = timedelta(minutes=5)
_KEPT = 6 * 3600.0  # seconds after which a cursor that told nothing new is renewed
_OUTLIVED = 14 * 86400.0  # seconds: after that deleted tasks may not be told any more


@dataclass(frozen=True, slots=True)
class Cursor:
    """The stored form is JSON."""

    t: str  # the last change that was told, RFC 3339; "" of a list in which there never was one
    at: int  # when it was asked, seconds since 1970

    @property
    def text(self) -> str:
        """For the store."""
        return json.dumps(asdict(self), separators=(",", ":"))


class TaskListing:
    """Answers `changes`."""

    def __init__(self, reading: TaskReading, now: Callable[[], float] = time.time) -> None:
        self._reading = reading
        self._now = now

    def since(self, place: Place, text: str, known: KnownVersions) -> Iterator[Page]:
        """What changed after a cursor. Raises CursorExpired, CollectionGone and the errors of a read."""
        cursor, now = _cursor(text), self._now()
        if now - cursor.at > _OUTLIVED:
            raise CursorExpired("The list was not asked for weeks; everything is listed once.")
        since = {"updatedMin": _before(cursor.t)} if cursor.t else {}
        documents = self._reading.documents(place, showDeleted=True, **since)
        changes = list(_changes(documents, known, telling_removed=True))
        following = Cursor(max([cursor.t, *map(_updated, documents)], key=_moment), int(now))
        if following.t != cursor.t or now - cursor.at > _KEPT or any(not isinstance(one, Listed) for one in changes):
            yield from in_pages(changes, following.text)

    def afresh(self, place: Place, known: KnownVersions) -> Iterator[Page]:
        """All that is there, ending in a complete page. Raises CollectionGone and the errors of a read."""
        now = self._now()
        documents = self._reading.documents(place)
        cursor = Cursor(max(map(_updated, documents), key=_moment, default=""), int(now))
        yield from in_pages(_changes(documents, known, telling_removed=False), cursor.text, complete=True)


def _changes(documents: Sequence[Document], known: KnownVersions, *, telling_removed: bool) -> Iterator[Change]:
    versions = versions_of(known, [str(one["id"]) for one in documents])
    for document in documents:
        ref = reference(document)
        if document.get("deleted"):
            if telling_removed and ref.id in versions:
                yield Removed(ref.id)
        elif ref.version and versions.get(ref.id) == ref.version:
            yield Listed(ref)
        else:
            yield read(document)


def _cursor(text: str) -> Cursor:
    try:
        told = json.loads(text)
        cursor = Cursor(str(told["t"]), int(told["at"]))
        _moment(cursor.t)
    except (ValueError, KeyError, TypeError) as err:
        raise CursorExpired("The place in the list of changes cannot be read; everything is listed once.") from err
    return cursor


def _updated(document: Document) -> str:
    return str(document.get("updated") or "")


def _moment(stamp: str) -> datetime:
    """Raises ValueError."""
    found = datetime.fromisoformat(stamp or "0001-01-01T00:00:00Z")
    return found.replace(tzinfo=found.tzinfo or UTC)


def _before(stamp: str) -> str:
    return f"{(_moment(stamp).astimezone(UTC) - OVERLAP).isoformat(timespec='milliseconds')[:23]}Z"
