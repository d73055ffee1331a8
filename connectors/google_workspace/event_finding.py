"""Looking for an event by what we wrote on it (SYNC.md R06)."""

from __future__ import annotations

from collections.abc import Sequence

from googleapiclient.http import HttpRequest

from connectors.google_workspace.event_documents import KEY, Event, Whole, hidden, is_cancelled, orphans, series_id
from connectors.google_workspace.event_documents import whole_series as series_in
from connectors.google_workspace.event_plans import LONGEST_UID
from connectors.google_workspace.event_reading import PAGE, Reading
from connectors.google_workspace.places import Place
from sync_engine.item import Item
from sync_engine.ports import Broken, Changed


class Finding:
    """Looks in one account."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def find(self, place: Place, item: Item, key: str) -> Changed | Broken | None:
        """The event that the creation with this key made; else one that has this very UID."""
        whole = self.whole(place, item, key)
        return self._reading.read(place, whole) if whole is not None else None

    def whole(self, place: Place, item: Item, key: str) -> Whole | None:
        """As `find`, as Google tells it."""
        asked = [self._with_key(place, key)] if key else []
        if len(item.uid) <= LONGEST_UID:
            asked.append(self._with_uid(place, item.uid))
        found = [one for events in self._reading.lists(asked) for one in events if not is_cancelled(one)]
        head = _oldest([one for one in found if key and hidden(one, KEY) == key], item.uid)
        head = head or _oldest([one for one in found if one.get("iCalUID") == item.uid], item.uid)
        return self._around(place, head, found) if head is not None else None

    def _around(self, place: Place, head: Event, found: Sequence[Event]) -> Whole | None:
        """All that belongs to what was found."""
        series = series_id(head) or str(head["id"])
        uid = str(head.get("iCalUID") or "")
        if head.get("recurrence") or series_id(head):
            (found,) = self._reading.with_uids(place, [uid])
            return series_in(series, found) or orphans(series, found)
        return Whole(series, head)

    def _with_uid(self, place: Place, uid: str) -> HttpRequest:
        return self._reading.events.list(calendarId=place.id, iCalUID=uid, maxResults=PAGE)

    def _with_key(self, place: Place, key: str) -> HttpRequest:
        wanted = f"{KEY}={key}"
        return self._reading.events.list(calendarId=place.id, privateExtendedProperty=wanted, maxResults=PAGE)


def _oldest(events: Sequence[Event], uid: str) -> Event | None:
    """A copy that somebody makes of an event has its hidden properties, too: it is younger, and has another UID."""
    return min(
        events,
        key=lambda one: (one.get("iCalUID") != uid, bool(series_id(one)), str(one.get("created") or "")),
        default=None,
    )
