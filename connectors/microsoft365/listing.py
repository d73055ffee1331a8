"""What changed in a collection, and what is in it at all.

A feed's rounds tell ids and versions; what the hub knows in that version is not read. A listing of everything begins
with the link of the next round, so that nothing falls between; then it reads what is new, in bulk when that is much.

A calendar's feed sees a window of time, unless the server offers one without. What is removed from such a feed may
only have left the window: it is looked for (SYNC.md R23). What changes outside is found when the window is moved on,
once a week, by a listing of everything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.microsoft365 import cursor as cursors
from connectors.microsoft365.cursor import Cursor
from connectors.microsoft365.feed import Feed, Round, pages, version_of
from connectors.microsoft365.places import Place
from connectors.microsoft365.queries import LIST, VERSIONS
from connectors.microsoft365.reading import Reading
from connectors.microsoft365.transport import Transport
from connectors.paging import TOGETHER, in_pages, versions_of
from sync_engine.errors import CursorExpired
from sync_engine.model import Kind
from sync_engine.ports import Change, Changed, KnownVersions, Listed, Page, RemoteRef, Removed

BULK = 0.2  # of the items: from this part on all are read in pages, not each by its id


class Listing:
    """Answers `changes`."""

    def __init__(self, transport: Transport, reading: Reading, now: Callable[[], float] = time.time) -> None:
        self._transport = transport
        self._reading = reading
        self._feed = Feed(transport)
        self._now = now

    def since(self, place: Place, text: str, known: KnownVersions) -> Iterator[Page]:
        """What changed after a cursor. Raises CursorExpired and the errors of a read."""
        cursor, now = cursors.read(text), self._now()
        if cursor.outlived(now):
            raise CursorExpired("The calendar's window is moved on; everything is listed once.")
        found = self._feed.go_on(place, cursor.link)
        following = replace(cursor, link=found.link, at=int(now)).text
        if found.empty:
            if cursor.worn(now):
                yield Page((), following)
            return
        yield from in_pages(self._changes(place, found, known), following)

    def _changes(self, place: Place, found: Round, known: KnownVersions) -> Iterator[Change]:
        gone = found.removed - found.there.keys()
        versions = versions_of(known, [*found.there, *gone])
        both = found.removed & found.there.keys()
        there = {item_id: version for item_id, version in found.there.items() if item_id not in both}
        yield from self._reading.fetch(place, sorted(both))
        if place.kind is Kind.EVENT:
            yield from self._reading.fetch(place, sorted(gone & versions.keys()))
            if gone - versions.keys():
                there |= self._elsewhere(place, known, there.keys())
                versions |= versions_of(known, list(there))
        else:
            yield from (Removed(item_id) for item_id in sorted(gone))
        yield from self._read(place, there, versions)

    def _elsewhere(self, place: Place, known: KnownVersions, seen: Iterable[str]) -> dict[str, str]:
        """Events whose version is not the known one: of one of them an occurrence went, whose id tells nothing."""
        listed = self._versions(place)
        versions = versions_of(known, list(listed))
        return {i: v for i, v in listed.items() if i not in set(seen) and versions.get(i) != v}

    def _read(self, place: Place, there: Mapping[str, str], versions: Mapping[str, str]) -> Iterator[Change]:
        """Only what is not known in this version."""
        to_read: list[str] = []
        for item_id, version in there.items():
            if version and versions.get(item_id) == version:
                yield Listed(RemoteRef(item_id, version))
            else:
                to_read.append(item_id)
        for answer in self._reading.fetch(place, to_read, told_there=True):
            known_now = isinstance(answer, Changed) and bool(answer.ref.version)
            if isinstance(answer, Changed) and known_now and versions.get(answer.ref.id) == answer.ref.version:
                yield Listed(answer.ref)
            else:
                yield answer

    # ------------------------------------------------------------ everything

    def afresh(self, place: Place, known: KnownVersions) -> Iterator[Page]:
        """All that is there, ending in a complete page. Raises CollectionGone and the errors of a read."""
        now = self._now()
        found = self._feed.begin(place, now)
        cursor = Cursor(found.link, int(now), int(now) if found.window else 0)
        there = self._versions(place) if found.window else dict(found.there)
        versions = versions_of(known, list(there))
        new = [i for i, version in there.items() if not version or versions.get(i) != version]
        if len(new) > max(TOGETHER, BULK * len(there)):
            changes = self._in_bulk(place, there, versions)
        else:
            changes = self._read(place, there, versions)
        yield from in_pages((one for one in changes if not isinstance(one, Removed)), cursor.text, complete=True)

    def _in_bulk(self, place: Place, there: Mapping[str, str], versions: Mapping[str, str]) -> Iterator[Change]:
        """By pages of the list; what the list leaves out of the feed's ids is read by its id."""
        seen: set[str] = set()
        series: dict[str, str] = {}
        path = self._transport.path(place.items, place.owner) + LIST[place.kind]
        for page in pages(self._transport, path, place.owner):
            fresh = [one for one in page if str(one.get("id")) not in seen]
            seen.update(str(one.get("id")) for one in fresh)
            masters, whole = _split(fresh)
            series |= masters
            yield from self._known_or(place, whole, versions)
        yield from self._read(place, series | {i: v for i, v in there.items() if i not in seen}, versions)

    def _known_or(
        self, place: Place, documents: Sequence[dict[str, Any]], versions: Mapping[str, str]
    ) -> Iterator[Change]:
        told = {str(one["id"]): version_of(one) for one in documents}
        same = {item_id for item_id, version in told.items() if version and versions.get(item_id) == version}
        yield from (Listed(RemoteRef(item_id, told[item_id])) for item_id in same)
        yield from self._reading.read_all(place, [one for one in documents if str(one["id"]) not in same])

    def _versions(self, place: Place) -> dict[str, str]:
        """The version of each event of a calendar, series as one."""
        path = self._transport.path(place.items, place.owner) + VERSIONS
        listed = (one for page in pages(self._transport, path, place.owner) for one in page)
        return {str(one["id"]): version_of(one) for one in listed}


def _split(documents: Sequence[dict[str, Any]]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Series, whose exceptions a list does not tell, and the rest."""
    masters = {str(one["id"]): version_of(one) for one in documents if one.get("type") == "seriesMaster"}
    return masters, [one for one in documents if one.get("type") != "seriesMaster"]
