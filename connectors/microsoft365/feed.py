"""Delta rounds (G1-G8): which items changed since a link was given, and the next link.

Only ids and versions are taken from a round: what it says of an item may be a part of it. Of an occurrence it tells
the series. Order means nothing; an id may come twice, also as removed and as there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.microsoft365.answers import Answer
from connectors.microsoft365.failures import expired, has_expired, read_failure
from connectors.microsoft365.places import Place
from connectors.microsoft365.transport import Transport
from sync_engine.errors import SuspectListing
from sync_engine.model import Kind

PAGE = {"Prefer": "odata.maxpagesize=500"}
WINDOW = (timedelta(days=-365), timedelta(days=730))  # of a calendar's view, from today
_OF_A_SERIES = frozenset({"occurrence", "exception"})
_NO_SUCH_THING = frozenset({400, 404, 405, 501})


@dataclass(slots=True)
class Round:
    """What one round told."""

    there: dict[str, str] = field(default_factory=dict)  # id -> version, "" where it did not say
    removed: set[str] = field(default_factory=set)
    link: str = ""  # of the next round
    window: bool = False  # it saw a part of a calendar only

    def note(self, record: Mapping[str, Any]) -> None:
        """Take down one record."""
        item_id = str(record.get("id") or "")
        if not item_id:
            raise SuspectListing("Microsoft 365 sent a change without an id; it is read again later.")
        if "@removed" in record:
            self.removed.add(item_id)
        elif record.get("type") in _OF_A_SERIES and record.get("seriesMasterId"):
            self.there.setdefault(str(record["seriesMasterId"]), "")
        else:
            self.there[item_id] = version_of(record)

    @property
    def empty(self) -> bool:
        """Nothing new."""
        return not self.there and not self.removed


class Feed:
    """Reads delta rounds of one account."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def begin(self, place: Place, now: float) -> Round:
        """The first round of a collection. Raises CollectionGone and the errors of a read."""
        path = self._transport.path(place.items, place.owner)
        if place.kind is not Kind.EVENT:
            return self._follow(place, self._first(place, f"{path}/delta", "id"))
        answer = self._first(place, f"{path}/delta", "id,type,seriesMasterId")
        if answer.status not in _NO_SUCH_THING:
            return self._follow(place, answer)
        today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        start, end = (f"{today + edge:%Y-%m-%dT%H:%M:%SZ}" for edge in WINDOW)
        view = f"{self._transport.path(place.folder, place.owner)}/calendarView/delta"
        found = self._follow(
            place, self._first(place, f"{view}?startDateTime={start}&endDateTime={end}", "id,type,seriesMasterId")
        )
        found.window = True
        return found

    def go_on(self, place: Place, link: str) -> Round:
        """The round after a link. Raises CursorExpired and the errors of a read."""
        return self._follow(place, self._get(place, link))

    def _first(self, place: Place, path: str, select: str) -> Answer:
        """Where the server takes no $select there, without it."""
        join = "&" if "?" in path else "?"
        answer = self._get(place, f"{path}{join}$select={select}")
        if answer.status == 400 and not has_expired(answer) and "select" in answer.words.lower():
            return self._get(place, path)
        return answer

    def _get(self, place: Place, path: str) -> Answer:
        return self._transport.ask("get", path, headers=PAGE, owner=place.owner)

    def _follow(self, place: Place, answer: Answer) -> Round:
        found = Round()
        found.link = follow(
            answer, lambda path: self._get(place, path), found.note, f"changes of {place.items}", self._transport.stored
        )
        return found


def follow(
    answer: Answer,
    get: Callable[[str], Answer],
    note: Callable[[Mapping[str, Any]], None],
    what: str,
    stored: Callable[[str], str],
) -> str:
    """Note each record of a round that begins with this answer; gives the link of the next round.

    Raises CursorExpired, SuspectListing and the errors of a read.
    """
    seen: set[str] = set()
    while True:
        if has_expired(answer):
            raise expired(answer)
        for record in records_of(answer, what):
            note(record)
        following, link = (str(answer.document.get(f"@odata.{name}Link") or "") for name in ("next", "delta"))
        if link:
            return stored(link)
        if not following or following in seen:
            raise SuspectListing("Microsoft 365's list of changes has no end; it is read again later.")
        seen.add(following)
        answer = get(stored(following))


def pages(transport: Transport, path: str, owner: str = "") -> Iterator[list[dict[str, Any]]]:
    """All pages of a list. Raises CollectionGone and the errors of a read."""
    seen: set[str] = set()
    while path and path not in seen:
        seen.add(path)
        answer = transport.ask("get", path, owner=owner)
        yield records_of(answer, path.partition("?")[0])
        following = answer.document.get("@odata.nextLink") or ""
        path = transport.stored(str(following)) if following else ""
    if path:
        raise SuspectListing("Microsoft 365's list has no end; it is read again later.")


def records_of(answer: Answer, what: str) -> list[dict[str, Any]]:
    """The records on a page. Raises SuspectListing for what is no page (SYNC.md R01)."""
    if not answer.ok:
        raise read_failure(answer, what)
    records = answer.document.get("value")
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise SuspectListing(f"Microsoft 365 sent something that is no list ({what}); is the account's URL right?")
    return records


def version_of(record: Mapping[str, Any]) -> str:
    """The entity tag; "" where a sparse record has none."""
    return str(record.get("@odata.etag") or "")
