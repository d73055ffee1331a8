"""What changed in a calendar, and what is in it at all.

A list of everything brings series together with their exceptions; a feed brings single events, each as it is now, and
for each series of which something changed the series is read. Birthdays and working locations are left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.google_workspace import event_cursor as cursors
from connectors.google_workspace.event_calendars import Calendars
from connectors.google_workspace.event_cursor import Cursor
from connectors.google_workspace.event_documents import (
    BUSY,
    READ_TYPES,
    Event,
    Whole,
    is_cancelled,
    is_read,
    is_series,
    mark_of,
    orphans,
    series_id,
    stem_of,
    stem_of_day,
    whole_series,
)
from connectors.google_workspace.event_reading import PAGE, Reading, Touched
from connectors.google_workspace.feeds import TokenPage, next_page, token_pages
from connectors.google_workspace.places import Place
from connectors.google_workspace.transport import Transport
from connectors.paging import TOGETHER, in_pages, versions_of
from sync_engine.errors import CursorExpired, NoAccess, SuspectListing
from sync_engine.ports import Change, Changed, KnownVersions, Listed, Page, RemoteRef, Removed

MOST_CHANGES = 10_000  # that are held together, some 50 MB; a full list goes page by page


@dataclass(slots=True)
class _Round:
    """What one feed told, each event as it was told last."""

    events: dict[str, Event] = field(default_factory=dict)

    def note(self, told: Iterable[Event]) -> None:
        """Take down a page."""
        for one in told:
            if not one.get("id"):
                raise SuspectListing("Google sent an event without an id; it is read again later.")
            if is_cancelled(one) or is_read(one):
                self.events[str(one["id"])] = one

    @property
    def singles(self) -> list[Whole]:
        """Events that are all of an item."""
        alone = (one for one in self.events.values() if not series_id(one) and not is_series(one))
        return [Whole(str(one["id"]), one) for one in alone if not is_cancelled(one)]

    @property
    def gone(self) -> list[str]:
        """Ids of events and series that were deleted."""
        return [i for i, one in self.events.items() if is_cancelled(one) and not series_id(one)]

    @property
    def strays(self) -> list[str]:
        """Days that were deleted without a word of the series they are of, which is not told either."""
        told = {stem_of(one) for one in self.events} | {stem_of(one) for one in self.touched}
        return [one for one in self.gone if (stem := stem_of_day(one)) and stem not in told]

    @property
    def touched(self) -> dict[str, Touched]:
        """The series of which something changed, other than that they went."""
        found: dict[str, Touched] = {}
        for item_id, one in self.events.items():
            series = series_id(one) or (item_id if is_series(one) and not is_cancelled(one) else "")
            if not series:
                continue
            what = found.setdefault(series, Touched())
            what.uid = what.uid or str(one.get("iCalUID") or "")
            if series_id(one):
                what.occurrences.append(item_id)
        living = {series_id(one) for one in self.events.values() if not is_cancelled(one)}  # also of a series that went
        told = {i for i, one in self.events.items() if (i not in living if is_cancelled(one) else not is_series(one))}
        return {series: what for series, what in found.items() if series not in told}


class Listing:
    """Answers `changes`."""

    def __init__(
        self, transport: Transport, calendars: Calendars, reading: Reading, now: Callable[[], float] = time.time
    ) -> None:
        self._transport = transport
        self._calendars = calendars
        self._reading = reading
        self._now = now

    def since(self, place: Place, text: str, known: KnownVersions) -> Iterator[Page]:
        """What changed after a cursor. Raises CursorExpired and the errors of a read."""
        cursor, now = cursors.read(text), self._now()
        found, token = _Round(), ""
        for page in self._pages(place, syncToken=cursor.token):
            found.note(page.records("items"))
            if len(found.events) > MOST_CHANGES:
                raise CursorExpired("So much changed in this calendar that everything is listed once.")
            token = page.sync_token
        following = Cursor(token, int(now)).text
        if found.events:
            yield from in_pages(self._changes(place, found, known), following)
        elif cursor.worn(now):
            yield Page((), following)

    def _changes(self, place: Place, found: _Round, known: KnownVersions) -> Iterator[Change]:
        if found.strays:
            raise CursorExpired("Google does not say of which invitation a day went; everything is listed once.")
        singles, touched = found.singles, found.touched
        versions = versions_of(known, [*(one.id for one in singles), *touched])
        yield from (Removed(one) for one in found.gone if one not in touched)
        yield from self._read(place, singles, versions)
        for answer in self._reading.touched(place, touched, known):
            if isinstance(answer, Changed):
                _still_seen(versions.get(answer.ref.id, ""), answer.ref.version)
            same = isinstance(answer, Changed) and versions.get(answer.ref.id) == answer.ref.version
            yield Listed(answer.ref) if isinstance(answer, Changed) and same and answer.ref.version else answer

    def _read(self, place: Place, items: Iterable[Whole], versions: dict[str, str]) -> Iterator[Change]:
        """Only what is not known in this version."""
        blind = self._calendars.about(place).blind
        for one in (replace(item, blind=blind) for item in items):
            _still_seen(versions.get(one.id, ""), one.version)
            if one.version and versions.get(one.id) == one.version:
                yield Listed(RemoteRef(one.id, one.version))
            else:
                yield self._reading.read(place, one)

    # ------------------------------------------------------------ everything

    def afresh(self, place: Place, known: KnownVersions) -> Iterator[Page]:
        """All that is there, ending in a complete page. Raises CollectionGone and the errors of a read."""
        now, token = self._now(), ""
        rest = _Round()  # of series, which may come in any order
        for page in self._pages(place):
            told = _Round()
            told.note(page.records("items"))
            token = page.sync_token
            rest.note(one for one in told.events.values() if series_id(one) or is_series(one))
            singles = told.singles
            changes = self._read(place, singles, versions_of(known, [one.id for one in singles]))
            yield from _full_pages(changes)
        series = _put_together(rest.events.values(), known)
        changes = self._read(place, series, versions_of(known, [one.id for one in series]))
        yield from in_pages(changes, Cursor(token, int(now)).text, complete=True)

    def _pages(self, place: Place, **more: Any) -> Iterator[TokenPage]:
        events = self._reading.events
        first = events.list(calendarId=place.id, maxResults=PAGE, eventTypes=READ_TYPES, **more)
        for page in token_pages(self._transport, first, next_page):
            self._calendars.note(place, page.document)
            yield page


def _still_seen(before: str, now: str) -> None:
    """Who may see only when somebody is busy any more, does not hear that all texts were deleted. Raises NoAccess."""
    if '"' in before and mark_of(now) == BUSY != mark_of(before):  # an entity tag, of what was read
        raise NoAccess(
            "Google shows only busy times of this calendar now; ask its owner to share it again, or unbind it."
        )


def _put_together(events: Iterable[Event], known: KnownVersions) -> list[Whole]:
    """Series and their exceptions; and occurrences of series that the user does not see."""
    by_series: dict[str, list[Event]] = {}
    for one in events:
        by_series.setdefault(series_id(one) or str(one["id"]), []).append(one)
    found = []
    for series, own in by_series.items():
        whole = whole_series(series, own)
        if whole is None:
            whole = orphans(series, own, versions_of(known, [str(one["id"]) for one in own]))
        if whole is not None:
            found.append(whole)
    return found


def _full_pages(changes: Iterable[Change]) -> Iterator[Page]:
    some: list[Change] = []
    for change in changes:
        some.append(change)
        if len(some) >= TOGETHER:
            yield Page(some)
            some = []
    if some:
        yield Page(some)
