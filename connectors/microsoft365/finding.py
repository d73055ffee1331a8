"""Looking for an item by what we wrote on it (SYNC.md R06)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.microsoft365.extended import KEY, value_of
from connectors.microsoft365.feed import pages
from connectors.microsoft365.places import Place
from connectors.microsoft365.queries import LIST, filtered, has_property, has_uid
from connectors.microsoft365.reading import Reading, extension_of
from connectors.microsoft365.transport import Transport
from sync_engine.item import Item
from sync_engine.model import Kind
from sync_engine.ports import Broken, Changed, Removed


class Finding:
    """Looks in one account."""

    def __init__(self, transport: Transport, reading: Reading) -> None:
        self._transport = transport
        self._reading = reading

    def find(self, place: Place, item: Item, key: str) -> Changed | Broken | None:
        """The item that the creation with this key made; else an event that has this very UID."""
        found = self.by_key(place, key) or (self.by_uid(place, item.uid) if place.kind is Kind.EVENT else "")
        answer = self._reading.one(place, found) if found else None
        return None if isinstance(answer, Removed) else answer

    def by_key(self, place: Place, key: str) -> str:
        """The id of the oldest item with our key: a copy that somebody makes of an item has its key, too."""
        if not key:
            return ""
        if place.kind is Kind.TASK:
            candidates = [one for one in self._listed(place, LIST[place.kind]) if extension_of(one).get("key") == key]
        else:
            query = filtered(place.kind, has_property(KEY, key))
            candidates = [one for one in self._listed(place, query) if value_of(one, KEY) == key]
        oldest = min(candidates, key=lambda one: str(one.get("createdDateTime") or ""), default=None)
        return str(oldest["id"]) if oldest else ""

    def by_uid(self, place: Place, uid: str) -> str:
        """The id of the event that Outlook knows by this UID."""
        listed = self._listed(place, filtered(place.kind, has_uid(uid)))
        return next((str(one["id"]) for one in listed if one.get("iCalUId") == uid), "")

    def _listed(self, place: Place, query: str) -> Iterator[dict[str, Any]]:
        path = self._transport.path(place.items, place.owner) + query
        return (one for page in pages(self._transport, path, place.owner) for one in page)
