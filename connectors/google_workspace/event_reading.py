"""Reading events: many in one request, each series with its exceptions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from googleapiclient.http import HttpRequest

from connectors.google_workspace.answers import Answer
from connectors.google_workspace.batch import MOST, Asked
from connectors.google_workspace.event_calendars import Calendars, gone
from connectors.google_workspace.event_documents import (
    Event,
    Whole,
    hidden_uid,
    is_cancelled,
    is_read,
    is_series,
    orphans,
    role_of,
    series_id,
    whole_series,
)
from connectors.google_workspace.failures import Gone, is_gone, read_failure
from connectors.google_workspace.feeds import next_page, pages
from connectors.google_workspace.mapping_events import read_event
from connectors.google_workspace.places import Place
from connectors.google_workspace.transport import Transport
from sync_engine.errors import CursorExpired, ItemError, SuspectListing, Unreadable
from sync_engine.item import Item
from sync_engine.ports import Broken, Changed, KnownVersions, RemoteRef, Removed

PAGE = 2500
_RAW = 100_000  # characters of what cannot be read that are kept
Answered: TypeAlias = Changed | Broken | Removed


@dataclass(slots=True)
class Touched:
    """A series of which something changed."""

    uid: str = ""  # its iCalUID, where that was told
    occurrences: list[str] = field(default_factory=list)  # ids


class Reading:
    """Reads the events of one account."""

    def __init__(self, transport: Transport, calendars: Calendars) -> None:
        self._transport = transport
        self._calendars = calendars
        self._resource: Any = None

    @property
    def events(self) -> Any:
        """Google's resource, made once."""
        if self._resource is None:
            self._resource = self._transport.calendar.events()
        return self._resource

    # ------------------------------------------------------------ by id

    def fetch(self, place: Place, ids: Sequence[str]) -> Iterator[Answered]:
        """One answer for each id. `Removed` only when Google says that it is not there."""
        for start in range(0, len(ids), MOST):
            some = ids[start : start + MOST]
            documents = self._documents(place, some)
            lists = self._lists_of(place, documents)
            for item_id in some:
                yield self._answered(place, item_id, documents[item_id], lists.get(item_id))

    def _lists_of(
        self, place: Place, documents: Mapping[str, dict[str, Any] | Removed | Broken]
    ) -> dict[str, list[Event]]:
        """What else has the iCalUID of those events that are not all of an item."""
        many = {i: str(one["iCalUID"]) for i, one in documents.items() if isinstance(one, dict) and _is_many(one)}
        return dict(zip(many, self.with_uids(place, list(many.values())), strict=True))

    def one(self, place: Place, item_id: str) -> Answered:
        """One item, as `fetch`."""
        return next(self.fetch(place, [item_id]))

    def whole(self, place: Place, item_id: str) -> Whole | None:
        """An item as Google tells it; None where it is not. Raises the errors of a read."""
        found = self.wholes(place, [item_id])[item_id]
        if isinstance(found, ItemError):
            raise found
        return found

    def wholes(self, place: Place, ids: Sequence[str]) -> dict[str, Whole | ItemError | None]:
        """As `whole`, of many; an error where an event is not given out."""
        documents = self._documents(place, ids) if ids else {}
        lists = self._lists_of(place, documents)
        return {i: self._told(i, one, lists.get(i, [])) for i, one in documents.items()}

    def _told(
        self, item_id: str, document: dict[str, Any] | Removed | Broken, listed: Sequence[Event]
    ) -> Whole | ItemError | None:
        if isinstance(document, Broken):
            return document.error
        return None if isinstance(document, Removed) else self._whole(item_id, document, listed)

    def _documents(self, place: Place, ids: Sequence[str]) -> dict[str, dict[str, Any] | Removed | Broken]:
        asked = [Asked(self.events.get(calendarId=place.id, eventId=one)) for one in ids]
        answers = self._transport.batch(asked, writing=False)
        if any(is_gone(one) for one in answers):
            self._calendars.ask(place)  # raises CollectionGone: nothing of what is in it is gone then
        return {item_id: _document(item_id, answer) for item_id, answer in zip(ids, answers, strict=True)}

    def _answered(
        self, place: Place, item_id: str, document: dict[str, Any] | Removed | Broken, listed: list[Event] | None
    ) -> Answered:
        if isinstance(document, Removed | Broken):
            return document
        whole = self._whole(item_id, document, listed or [])
        return Removed(item_id) if whole is None else self.read(place, whole)

    @staticmethod
    def _whole(item_id: str, document: Event, listed: Sequence[Event]) -> Whole | None:
        if is_series(document):
            return whole_series(item_id, listed)
        series = series_id(document)
        if not series:
            return Whole(item_id, document)
        return None if whole_series(series, listed) else orphans(series, listed, [item_id])

    # ------------------------------------------------------------ by iCalUID

    def with_uids(self, place: Place, uids: Sequence[str], *, deleted: bool = False) -> list[list[Event]]:
        """For each iCalUID all events that have it: masters, exceptions, cancelled occurrences of what is there.

        `deleted`: those that are not there any more, too. Raises CollectionGone and the errors of a read.
        """
        more = {"showDeleted": True} if deleted else {}
        return self.lists([self.events.list(calendarId=place.id, iCalUID=one, maxResults=PAGE, **more) for one in uids])

    def lists(self, requests: Sequence[HttpRequest]) -> list[list[Event]]:
        """The events of each of these lists, to their last pages. Raises as `with_uids`."""
        answers = self._transport.batch([Asked(one) for one in requests], writing=False) if requests else []
        return [self._to_the_end(one, answer) for one, answer in zip(requests, answers, strict=True)]

    def _to_the_end(self, request: HttpRequest, answer: Answer) -> list[Event]:
        found = _events_of(answer)
        if answer.document.get("nextPageToken"):
            following = next_page(request, answer.document)
            rest = pages(self._transport, following, next_page)
            found += [one for page in rest for one in page.records("items")]
        return found

    # ------------------------------------------------------------ series of which something changed

    def touched(self, place: Place, series: Mapping[str, Touched], known: KnownVersions) -> Iterator[Answered]:
        """What became of each. Raises CursorExpired where that cannot be told."""
        unnamed = [one for one, what in series.items() if not what.uid]
        masters = self._documents(place, unnamed) if unnamed else {}
        uids = [what.uid or _uid(masters.get(one)) for one, what in series.items()]
        for one, listed in zip(series, self.with_uids(place, uids), strict=True):
            yield from self._became(place, one, series[one], [e for e in listed if is_read(e)], known)

    def _became(
        self, place: Place, series: str, what: Touched, listed: Sequence[Event], known: KnownVersions
    ) -> Iterator[Answered]:
        """A series; or occurrences without one. Whatever else of it was an item is gone."""
        own = [str(one["id"]) for one in listed if series_id(one) == series]
        before = known(list(dict.fromkeys([series, *what.occurrences, *own])))
        whole = whole_series(series, listed) or orphans(series, listed, before)
        if whole is not None:
            yield self.read(place, whole)
        yield from (Removed(one) for one in before if whole is None or one != whole.id)

    # ------------------------------------------------------------ items

    def read(self, place: Place, whole: Whole) -> Changed | Broken:
        """The item that events are."""
        calendar = self._calendars.about(place)
        ref = RemoteRef(whole.id, replace(whole, blind=calendar.blind).version)
        try:
            record = read_event(whole.master, whole.exceptions, whole.uid, calendar.zone, calendar.defaults)
            item = Item.of(record)
        except ItemError as err:
            return Broken(ref, json.dumps(whole.parts, ensure_ascii=False)[:_RAW], err)
        known_as = hidden_uid(whole.head)
        return Changed(ref, item, known_as if known_as != item.uid else "", role_of(whole.head))


def written(whole: Whole) -> RemoteRef:
    """The reference of what was written, by the answer, which shows it."""
    return RemoteRef(whole.id, whole.version, uid=whole.uid, role=role_of(whole.head))


def _is_many(document: Event) -> bool:
    """Whether there is more to it than this one event."""
    return (is_series(document) or bool(series_id(document))) and bool(document.get("iCalUID"))


def _uid(document: Mapping[str, Any] | Removed | Broken | None) -> str:
    """Of a master; an occurrence that went tells neither its own nor of what it was an occurrence."""
    if isinstance(document, dict) and document.get("iCalUID"):
        return str(document["iCalUID"])
    raise CursorExpired("An invitation to a single day went, and Google does not say which; everything is listed once.")


def _document(item_id: str, answer: Answer) -> dict[str, Any] | Removed | Broken:
    document = answer.document
    if is_gone(answer) or (answer.ok and is_cancelled(document)):
        return Removed(item_id)
    if answer.ok and document.get("id") == item_id:
        return document
    if answer.ok and document.get("id"):
        message = "Google answered with another event than it was asked for."
        return Broken(RemoteRef(item_id, "status:other"), json.dumps(document)[:_RAW], Unreadable(message))
    if 200 <= answer.status < 300:
        raise SuspectListing("Google sent something that is no event; is the account's URL right?")
    if not answer.is_googles:  # somebody in between says so, and nothing of the event (SYNC.md R01)
        raise read_failure(answer, "calendar.events.get")
    message = f"Google does not give this event out (HTTP {answer.status})."
    version = f"status:{answer.status}" if 400 <= answer.status < 500 else ""
    return Broken(RemoteRef(item_id, version), "", Unreadable(message, server_said=answer.words))


def _events_of(answer: Answer) -> list[Event]:
    """Raises CollectionGone, and SuspectListing for what is no list (SYNC.md R01)."""
    if not answer.ok:
        failure = read_failure(answer, "calendar.events.list")
        raise gone(failure) if isinstance(failure, Gone) else failure
    found = answer.document.get("items")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SuspectListing("Google sent something that is no list; is the account's URL right?")
    return list(found)
