"""What changed in a public folder: Exchange keeps no changes of it (E1, E15), so ids and change keys are compared.

Nothing new is one request for each thousand items.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchangelib import services
from exchangelib.properties import FolderId
from exchangelib.util import TNS

from connectors.exchange.kinds import SORTS
from connectors.exchange.places import Place
from connectors.exchange.reading import Reading
from connectors.exchange.services import OneRequest
from connectors.exchange.transport import Transport
from sync_engine.errors import CursorExpired, SuspectListing
from sync_engine.item import digest_of
from sync_engine.ports import Change, Cursor, KnownVersions, Listed, Page, RemoteRef, Removed

_CHUNK = 500  # items of a page


class FindKeys(OneRequest, services.FindItem):  # type: ignore[misc]
    """Ids and change keys of all that is in a folder, page by page."""

    def all(self, folder: FolderId) -> list[Any]:
        """Elements, or exceptions. A series is one item."""
        found = self._paged_call(
            payload_func=self.get_payload,
            max_items=None,
            folders=[folder],
            additional_fields=None,
            restriction=None,
            order_fields=None,
            shape="IdOnly",
            query_string=None,
            depth="Shallow",
            calendar_view=None,
            page_size=self.page_size,
            offset=0,
        )
        return list(found)


class PublicListing:
    """Lists public folders of one account."""

    def __init__(self, transport: Transport, reading: Reading) -> None:
        self._transport = transport
        self._reading = reading

    def changes(self, place: Place, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """As `sync_engine.ports.Connector.changes`. Raises CursorExpired whenever something changed."""
        there = self._keys(place)
        cursor = _cursor(there)
        if since == cursor:
            return
        if since is not None:
            raise CursorExpired("Something changed in the public folder; Exchange does not say what, so all is listed.")
        ids = list(there)
        for start in range(0, len(ids), _CHUNK):
            yield Page(self._read(place, ids[start : start + _CHUNK], there, known))
        yield Page((), cursor, complete=True)

    def _read(self, place: Place, ids: Sequence[str], there: Mapping[str, str], known: KnownVersions) -> list[Change]:
        versions = known(ids)
        same = {item_id for item_id in ids if there[item_id] and versions.get(item_id) == there[item_id]}
        changes: list[Change] = [Listed(RemoteRef(item_id, there[item_id])) for item_id in ids if item_id in same]
        read = self._reading.fetch(place, [item_id for item_id in ids if item_id not in same])
        return changes + [answer for answer in read if not isinstance(answer, Removed)]

    def _keys(self, place: Place) -> dict[str, str]:
        """The change key of each item. Raises SuspectListing for a listing that was not read in full."""
        account, tag = self._transport.account(place.owner), f"{{{TNS}}}{SORTS[place.kind].tag}"
        elements = self._transport.read(lambda: FindKeys(account=account).all(place.folder), place.owner)
        found: dict[str, str] = {}
        for element in elements:
            if isinstance(element, Exception):
                raise SuspectListing("Exchange listed a part of the public folder only.") from element
            key = element.find(f"{{{TNS}}}ItemId")
            if element.tag == tag and key is not None:
                found[key.get("Id")] = key.get("ChangeKey") or ""
        return found


def _cursor(there: Mapping[str, str]) -> Cursor:
    return "public:" + digest_of(json.dumps(sorted(there.items())))
