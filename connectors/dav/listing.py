"""What changed in a collection: by sync-collection, else by the collection's tag and entity tags, else by hashes of
the texts.

A listing that was not read to its end, or that cannot be true, raises; only what was read in full may say ``complete``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from connectors.dav.collection_state import collection_state, current_ctag
from connectors.dav.cursor import Method, Place, runs_backwards
from connectors.dav.failures import read_failure
from connectors.dav.questions import Questions, Refused
from connectors.dav.reading import Answered, Reading
from connectors.dav.versions import strong_tag
from connectors.dav.xml_bodies import ADDRESS_BOOK, CALENDAR, ETAG, RESOURCE_TYPE, Flavour, propfind, sync_collection
from connectors.dav.xml_reader import Resource
from sync_engine.errors import CursorExpired, SuspectListing
from sync_engine.item import digest_of
from sync_engine.ports import Change, Cursor, KnownVersions, Listed, Page, RemoteRef, Removed

CHUNK = 500  # ids asked for, and listed, at once
_LIST = propfind("d:resourcetype", "d:getetag")
_EXPIRED = frozenset({400, 403, 404, 405, 409, 410, 412, 415, 422, 501, 507})  # answers to a token that is not known
_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(slots=True)
class _Members:
    """A listing: members with their strong tags ("" for none), and members that are gone."""

    there: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    token: str = ""
    more: bool = False  # the server cut it off here; it goes on from the token


class Listing:
    """Finds changes in the collections of one account."""

    def __init__(self, questions: Questions, reading: Reading) -> None:
        self._questions = questions
        self._reading = reading
        self._flavours: dict[str, Flavour] = {}
        self._warned: set[str] = set()

    def changes(self, collection: str, since: Cursor | None, known: KnownVersions) -> Iterator[Page]:
        """As `sync_engine.ports.Connector.changes`."""
        if since is None:
            yield from self._everything(collection, known)
            return
        place = Place.read(since)
        if place.method is Method.SYNC:
            yield from self._synced(collection, place.token, known)
        elif not self._unchanged(collection, place, known):
            raise CursorExpired(f"Something changed in {collection}; this server does not say what, so all is listed.")

    def flavour(self, collection: str) -> Flavour:
        """Calendar or address book. Asks the server once."""
        if collection not in self._flavours:
            self.learn(collection, address_book=collection_state(self._questions, collection).address_book)
        return self._flavours[collection]

    def learn(self, collection: str, *, address_book: bool) -> None:
        """Remember what a collection is."""
        self._flavours[collection] = ADDRESS_BOOK if address_book else CALENDAR

    # ------------------------------------------------------------ all of it

    def _everything(self, collection: str, known: KnownVersions) -> Iterator[Page]:
        state = collection_state(self._questions, collection)
        self.learn(collection, address_book=state.address_book)
        first = self._first_sync(collection) if state.method is Method.SYNC else None
        if first is None:
            yield from self._listed(collection, state.ctag, known)
        else:
            yield from self._all_synced(collection, first, known)

    def _first_sync(self, collection: str) -> _Members | None:
        """The first part of a sync-collection from nothing; None when the server cannot do it after all."""
        try:
            found = self._sync(collection, "")
        except Refused:
            return None
        return found if found.token else None

    def _all_synced(self, collection: str, found: _Members, known: KnownVersions) -> Iterator[Page]:
        while found.more:
            yield from _pages(self._batches(collection, found, known), None)
            found = self._next_part(collection, found.token)
        cursor = Place(Method.SYNC, found.token).written()
        yield from _pages(self._batches(collection, found, known), cursor, complete=True)

    def _listed(self, collection: str, ctag: str, known: KnownVersions) -> Iterator[Page]:
        """By entity tags or hashes. Without a tag of the collection the cursor is a digest of all that was listed."""
        found = self._list(collection)
        if ctag:
            yield from _pages(
                self._batches(collection, found, known), Place(Method.CTAG, ctag).written(), complete=True
            )
            return
        versions: dict[str, str] = {}
        yield from _pages(_noting(self._batches(collection, found, known), versions), None)
        yield Page((), Place(Method.LIST, _digest(found, versions)).written(), complete=True)

    def _list(self, collection: str) -> _Members:
        answer = self._questions.propfind(collection, _LIST, depth=1)
        found, itself = _Members(), False
        for resource in answer.resources:
            member = self._questions.member(collection, resource.href)
            if not member:
                itself = True
                if resource.status >= 400:
                    raise SuspectListing(
                        f"The listing of {collection} is cut off (HTTP {resource.status}); nothing is deleted."
                    )
            elif not _is_folder(member, resource):
                _sort_in(found, member, resource)
        if not itself:
            raise SuspectListing(
                f"The listing of {collection} does not mention the collection itself; nothing is deleted."
            )
        return found

    # ------------------------------------------------------------ since a cursor

    def _unchanged(self, collection: str, place: Place, known: KnownVersions) -> bool:
        """Without sync-collection there is no list of changes, only the news that something did."""
        if place.method is Method.CTAG:
            return bool(place.token) and current_ctag(self._questions, collection) == place.token
        found = self._list(collection)
        versions: dict[str, str] = {}
        if not all(found.there.values()):
            for _ in _noting(self._batches(collection, found, known), versions):
                pass  # only the hashes of the texts are wanted
        return _digest(found, versions) == place.token

    def _synced(self, collection: str, token: str, known: KnownVersions) -> Iterator[Page]:
        while True:
            found = self._next_part(collection, token)
            if found.there or found.gone or found.token != token:
                cursor = Place(Method.SYNC, found.token).written()
                yield from _pages(self._batches(collection, found, known), cursor)
            if not found.more:
                return
            token = found.token

    def _next_part(self, collection: str, token: str) -> _Members:
        """What changed since a token. Raises CursorExpired, SuspectListing for a server that does not get on."""
        try:
            found = self._sync(collection, token)
        except Refused as err:
            raise self._expired(collection, err) from err
        if not found.token or runs_backwards(token, found.token):
            raise CursorExpired(f"The server lost the place where {collection} was last read; it is listed afresh.")
        if found.more and found.token == token:
            raise SuspectListing(
                f"The server cuts the listing of {collection} off and does not go on; nothing is deleted."
            )
        return found

    def _expired(self, collection: str, refused: Refused) -> Exception:
        answer = refused.answer
        about_token = answer.says("valid-sync-token") or answer.status not in {403, 404}
        if answer.status == 404:
            collection_state(self._questions, collection)  # raises CollectionGone when it is
            about_token = True
        if about_token and answer.status in _EXPIRED:
            return CursorExpired(
                f"The server does not know the place where {collection} was last read.", server_said=answer.words
            )
        return read_failure(answer, f"REPORT {collection}")

    # ------------------------------------------------------------ from answers to changes

    def _sync(self, collection: str, token: str) -> _Members:
        answer = self._questions.report(collection, sync_collection(token), depth=0)
        found = _Members(token=answer.sync_token)
        for resource in answer.resources:
            member = self._questions.member(collection, resource.href)
            if not member:
                found.more |= resource.status == 507 or resource.error == "number-of-matches-within-limits"
            elif not _is_folder(member, resource):
                _sort_in(found, member, resource)
        return found

    def _batches(self, collection: str, found: _Members, known: KnownVersions) -> Iterator[Sequence[Change]]:
        if found.there and not any(found.there.values()):
            self._warn(collection)
        yield from _chunks([Removed(remote_id) for remote_id in found.gone])
        for ids in _chunks(list(found.there)):
            versions = known(ids)
            same = [i for i in ids if found.there[i] and versions.get(i) == found.there[i]]
            yield [Listed(RemoteRef(i, found.there[i])) for i in same]
            unread = frozenset(ids).difference(same)
            yield from self._read(collection, [i for i in ids if i in unread], versions)

    def _read(self, collection: str, ids: Sequence[str], versions: Mapping[str, str]) -> Iterator[Sequence[Change]]:
        if not ids:
            return
        for batch in self._reading.batches(collection, self.flavour(collection), ids):
            yield [_listed_if_known(change, versions) for change in batch]

    def _warn(self, collection: str) -> None:
        if collection not in self._warned:
            self._warned.add(collection)
            _log.warning("%s has no usable entity tags: all its texts are read and compared, which is slow", collection)


def _listed_if_known(change: Answered, versions: Mapping[str, str]) -> Change:
    """Without entity tags only the hash of the text that was just read tells that nothing changed."""
    if not isinstance(change, Removed) and change.ref.version and versions.get(change.ref.id) == change.ref.version:
        return Listed(change.ref)
    return change


def _is_folder(member: str, resource: Resource) -> bool:
    kind = resource.found.get(RESOURCE_TYPE)
    return member.endswith("/") or (kind is not None and "{DAV:}collection" in kind.names)


def _sort_in(found: _Members, member: str, resource: Resource) -> None:
    if resource.status in {404, 410}:
        found.gone.append(member)
    else:
        found.there[member] = strong_tag(resource.text(ETAG))


def _chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def _noting(batches: Iterable[Sequence[Change]], versions: dict[str, str]) -> Iterator[Sequence[Change]]:
    """Passes batches on and keeps the versions in them."""
    for batch in batches:
        versions.update((change.ref.id, change.ref.version) for change in batch if not isinstance(change, Removed))
        yield batch


def _digest(found: _Members, hashes: Mapping[str, str]) -> str:
    """Of all members: by their tags, and by the hashes of those that have none."""
    return digest_of("\n".join(f"{i} {tag or hashes.get(i, '')}" for i, tag in sorted(found.there.items())))


def _pages(batches: Iterable[Sequence[Change]], cursor: Cursor | None, *, complete: bool = False) -> Iterator[Page]:
    """Pages of changes; only the last one moves the cursor and ends the listing."""
    held: Sequence[Change] = ()
    for batch in batches:
        if held and batch:
            yield Page(held)
        held = batch or held
    yield Page(held, cursor, complete)
