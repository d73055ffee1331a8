"""Which calendars a user has, and what a calendar says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.google_workspace.failures import Gone
from connectors.google_workspace.feeds import next_page, pages
from connectors.google_workspace.places import CALENDARS, Place
from connectors.google_workspace.transport import Transport
from sync_engine.errors import CollectionGone, NoAccess, SyncError
from sync_engine.model import Kind
from sync_engine.ports import RemoteCollection

_ABOUT = "kind,summary,timeZone,accessRole,defaultReminders"
_SECONDARY = "calendar.google.com"  # the end of the id of a calendar that is nobody's first
_WRITERS = frozenset({"writer", "owner", "writerWithoutPrivateAccess"})
_BLIND = "freeBusyReader"
_EVENTS = frozenset({Kind.EVENT})


@dataclass(frozen=True, slots=True)
class About:
    """What every list of a calendar's events begins with."""

    zone: str = "UTC"  # IANA
    defaults: tuple[Mapping[str, Any], ...] = ()  # reminders of events that have none of their own
    writable: bool = True
    name: str = ""
    blind: bool = False  # the account sees only when it is busy


def about(document: Mapping[str, Any]) -> About:
    """Of a list of events."""
    defaults = tuple(one for one in document.get("defaultReminders") or () if isinstance(one, dict))
    writable = document.get("accessRole", "owner") in _WRITERS
    blind = document.get("accessRole") == _BLIND
    return About(str(document.get("timeZone") or "UTC"), defaults, writable, str(document.get("summary") or ""), blind)


class Calendars:
    """The calendars of one account."""

    def __init__(self, transport: Transport, shared: Sequence[str] = ()) -> None:
        """`shared`: addresses of people whose calendars are open to the account, and not in its list."""
        self._transport = transport
        self._shared = shared
        self._abouts: dict[str, About] = {}
        self._me = transport.mailbox.lower()

    # ------------------------------------------------------------ which there are

    def collections(self) -> list[RemoteCollection]:
        """Those in the user's list, and the shared ones that are open. Raises the errors of a read."""
        listed = list(self._listed())
        seen = {one.id.lower() for one in listed}
        others = (one for one in self._shared if Place(CALENDARS, one).collection.lower() not in seen)
        return [*listed, *(found for address in others for found in self._of(address))]

    def _listed(self) -> Iterator[RemoteCollection]:
        calendars = self._transport.calendar.calendarList()
        for page in pages(self._transport, calendars.list(maxResults=250), next_page):
            for one in page.records("items"):
                if one.get("primary"):
                    self._me = str(one.get("id") or "").lower()
                if not one.get("deleted"):
                    yield _collection(one)

    def _of(self, address: str) -> Iterator[RemoteCollection]:
        """Somebody else's; nothing while it is not open to this account."""
        place = Place(CALENDARS, address)
        try:
            found = self.ask(place)
        except (CollectionGone, NoAccess):
            return
        yield RemoteCollection(place.collection, found.name or address, _EVENTS, read_only=not found.writable)

    # ------------------------------------------------------------ what one says of itself

    def note(self, place: Place, document: Mapping[str, Any]) -> About:
        """Keep what a list of its events said."""
        self._abouts[place.id] = about(document)
        return self._abouts[place.id]

    def about(self, place: Place) -> About:
        """As it was said last; asked when it never was. Raises as `ask`."""
        return self._abouts.get(place.id) or self.ask(place)

    def ask(self, place: Place) -> About:
        """Now. Raises CollectionGone, NoAccess and the errors of a read."""
        events = self._transport.calendar.events()
        try:
            document = self._transport.ask(events.list(calendarId=place.id, maxResults=1, fields=_ABOUT))
        except Gone as err:
            raise gone(err) from err
        return self.note(place, document)

    # ------------------------------------------------------------ whose it is

    def owners(self, place: Place) -> frozenset[str]:
        """By which addresses the owner of a calendar is invited. Raises the errors of a read."""
        if not self._me:
            calendars = self._transport.calendar.calendars()
            self._me = str(self._transport.ask(calendars.get(calendarId="primary")).get("id") or "").lower()
        calendar = place.id.lower()
        own = calendar == self._me or calendar.endswith(_SECONDARY)
        return frozenset({self._me, calendar} if own else {calendar})

    @property
    def known_owners(self) -> frozenset[str]:
        """All that are known without asking; empty as long as the user himself is not."""
        return frozenset({self._me, *(one.lower() for one in self._abouts)}) if self._me else frozenset()


def gone(err: SyncError) -> CollectionGone:
    """The error for a calendar that is not there."""
    message = "The calendar is not at Google any more, or not shared with this account; bind another one."
    return CollectionGone(message, server_said=err.server_said)


def _collection(one: Mapping[str, Any]) -> RemoteCollection:
    color = str(one.get("backgroundColor") or "")
    return RemoteCollection(
        Place(CALENDARS, str(one["id"])).collection,
        str(one.get("summaryOverride") or one.get("summary") or one["id"]),
        _EVENTS,
        read_only=one.get("accessRole") not in _WRITERS,
        color=color.upper() if len(color) == 7 and color.startswith("#") else "",
    )
