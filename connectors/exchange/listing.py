"""What changed in a folder: SyncFolderItems, page by page (E1).

Its state after each page is a cursor, so an interrupted round goes on where it was. From no state it lists all that is
there; then only its end is a place to go on from, for a listing is complete as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from connectors.exchange import cursor
from connectors.exchange.kinds import SORTS
from connectors.exchange.places import Place
from connectors.exchange.reading import Reading
from connectors.exchange.services import SyncItems, Told
from connectors.exchange.transport import Transport
from sync_engine.errors import SuspectListing
from sync_engine.ports import Change, Cursor, KnownVersions, Listed, Page, RemoteRef, Removed

PAGE = 500
"""Changes of one page; Exchange gives out 512 at most."""
_MOST_EMPTY = 100  # pages without a change, one after the other, after which a server is not believed


class Listing:
    """Lists folders of one account."""

    def __init__(self, transport: Transport, reading: Reading, page: int) -> None:
        self._transport = transport
        self._reading = reading
        self._page = page

    def changes(self, place: Place, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """Nothing new: one request and no page. Raises CursorExpired, SuspectListing."""
        state = "" if since is None else cursor.state_of(since)
        last, empty, number = False, 0, 0
        while not last:
            told, state, last = self._told(place, state)
            empty, number = 0 if told else empty + 1, number + 1
            if since is not None and last and number == empty == 1:
                return  # the old state is as good as the new one
            if empty > _MOST_EMPTY:
                raise SuspectListing("Exchange lists a folder without coming to its end; it is tried again later.")
            checkpoint = cursor.written(state) if since is not None or last else None
            yield Page(self._read(place, told, known), checkpoint, complete=since is None and last)

    def _told(self, place: Place, state: str) -> tuple[list[Told], str, bool]:
        """One page, the state after it, and whether it is the last one."""
        service = SyncItems(account=self._transport.account(place.owner))
        told: list[Told] = self._transport.read(partial(service.page, place.folder, state, self._page), place.owner)
        if not service.sync_state:
            raise SuspectListing("Exchange listed a folder and did not say where to go on; it is tried again later.")
        return told, service.sync_state, bool(service.includes_last_item_in_range)

    def _read(self, place: Place, told: Sequence[Told], known: KnownVersions) -> list[Change]:
        """The newest word on each id; what is not known in its version is read."""
        newest = {one.id: one for one in told if self._counts(place, one)}
        there = [one for one in newest.values() if one.verb != "Delete"]
        versions = known([one.id for one in there])
        changes: list[Change] = [Removed(one.id) for one in newest.values() if one.verb == "Delete"]
        same = [one for one in there if one.version and versions.get(one.id) == one.version]
        changes += [Listed(RemoteRef(one.id, one.version)) for one in same]
        listed = {one.id for one in same}
        changes += self._reading.fetch(place, [one.id for one in there if one.id not in listed])
        return changes

    @staticmethod
    def _counts(place: Place, one: Told) -> bool:
        """Folders hold other things too, such as distribution lists; and nobody asked who has read what."""
        return one.verb != "ReadFlagChange" and one.sort in {"", SORTS[place.kind].tag}
