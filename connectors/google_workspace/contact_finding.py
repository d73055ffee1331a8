"""Looking for a contact by the key that we hid on it (SYNC.md R06).

Google cannot be asked for a key: all contacts are listed with their keys, once for several questions. A contact that
was made some minutes ago may not be in the list (P5); the engine knows for how long.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from connectors.google_workspace.contact_person import KEY, READ_CONTACTS, hidden, name_of, source_of
from connectors.google_workspace.contact_reading import Reading
from connectors.google_workspace.contact_writing import Writing
from connectors.google_workspace.feeds import pages
from connectors.google_workspace.places import OTHER_CONTACTS, Place
from connectors.google_workspace.transport import Transport
from sync_engine.ports import Broken, Changed, Removed

_FRESH = 20.0  # seconds for which one list answers: those of several lost answers are asked for one after the other
_PAGE = 1000


class Finding:
    """Looks among the contacts of one user."""

    def __init__(
        self,
        transport: Transport,
        reading: Reading,
        writing: Writing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._reading = reading
        self._writing = writing
        self._clock = clock
        self._listed: dict[str, str] = {}  # id by key
        self._until = 0.0  # on the clock

    def find(self, place: Place, key: str) -> Changed | Broken | None:
        """The contact that the creation with this key made."""
        found = self.by_key(key) if place.sort != OTHER_CONTACTS else ""
        while found:
            (answer,) = self._reading.fetch(place, [found])
            if not isinstance(answer, Removed):
                return answer
            self._writing.forget(key)
            gone, found = found, self.by_key(key)  # it may have another id by now
            if found == gone:
                return None
        return None

    def by_key(self, key: str) -> str:
        """Its id; "" where none is seen."""
        if not key:
            return ""
        if made := self._writing.made(key):
            return made.id
        if self._clock() >= self._until:
            self._listed = self._keys()
            self._until = self._clock() + _FRESH
        return self._listed.get(key, "")

    def _keys(self) -> dict[str, str]:
        """The oldest of several is the one that was made: a copy that somebody makes of it may have its key, too."""
        ours = self._transport.people.people().connections()
        first = ours.list(
            resourceName="people/me", personFields="clientData,metadata", sources=READ_CONTACTS, pageSize=_PAGE
        )
        people = [one for page in pages(self._transport, first, ours.list_next) for one in page.records("connections")]
        people.sort(key=lambda one: str(source_of(one).get("updateTime") or ""), reverse=True)
        return {key: name_of(one) for one in people if (key := hidden(one, KEY))}
