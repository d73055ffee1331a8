"""What changed among the contacts, and who is there at all.

Lists may be minutes behind (P5): a contact in a state that is older than the known one comes as listed in the known
version; one that the hub does not know is looked at directly, as we may have deleted it just now (SYNC.md R22).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from connectors.google_workspace import contact_cursor as cursors
from connectors.google_workspace.contact_cursor import Cursor, labels_of
from connectors.google_workspace.contact_groups import Groups
from connectors.google_workspace.contact_person import (
    READ_CONTACTS,
    Person,
    former_names,
    is_deleted,
    is_person,
    name_of,
    source_of,
)
from connectors.google_workspace.contact_reading import Reading
from connectors.google_workspace.feeds import token_pages
from connectors.google_workspace.mapping_contacts import PERSON_FIELDS
from connectors.google_workspace.places import OTHER_CONTACTS, Place
from connectors.google_workspace.transport import Transport
from connectors.paging import in_pages, versions_of
from sync_engine.errors import CursorExpired, ItemError, SuspectListing
from sync_engine.ports import Broken, Change, Changed, KnownVersions, Listed, Page, RemoteRef, Removed

_PAGE = 1000  # people in one answer, the most that Google gives
_FEW = 200  # people the hub does not know: up to so many in a list of all are looked at directly
_OTHER_FIELDS = "names,emailAddresses,phoneNumbers,metadata"


class Listing:
    """Answers `changes`."""

    def __init__(
        self, transport: Transport, reading: Reading, groups: Groups, now: Callable[[], float] = time.time
    ) -> None:
        self._transport = transport
        self._reading = reading
        self._groups = groups
        self._now = now

    # ------------------------------------------------------------ changes

    def since(self, place: Place, text: str, known: KnownVersions) -> Iterator[Page]:
        """What changed after a cursor. Raises CursorExpired, CollectionGone and the errors of a read."""
        cursor = cursors.read(text)
        people, token = self._round(place, cursor.t)
        others = place.sort == OTHER_CONTACTS
        if not people and (others or not cursor.due(self._now())):
            return
        renamed = [] if others else self._of_labels(place, cursor, people)
        changes = chain(self._changes(place, people, known), self._again(place, renamed, known))
        yield from in_pages(changes, self._cursor(place, token).text)

    def _round(self, place: Place, token: str) -> tuple[list[Person], str]:
        try:
            found = list(self._pages(place, token))
        except ItemError as err:  # of a list: it can only be the token that Google does not like
            message = "Google does not know any more where we were; everything is listed once."
            raise CursorExpired(message, server_said=err.server_said) from err
        return _each_once(found), found[-1][1]

    def _changes(self, place: Place, people: Sequence[Person], known: KnownVersions) -> Iterator[Change]:
        there = [person for person in people if not is_deleted(person)]
        versions = versions_of(known, [*map(name_of, people), *(name for one in there for name in former_names(one))])
        for person in people:
            if is_deleted(person):
                yield from (Removed(name) for name in (name_of(person), *former_names(person)))
            else:
                yield from (Removed(name) for name in former_names(person) if name in versions)
        yield from self._told(place, self._looked_at(place, there, versions), versions)

    def _looked_at(self, place: Place, people: Sequence[Person], versions: Mapping[str, str]) -> list[Person]:
        """Instead of those that the hub does not know, what a direct look shows: it is not behind."""
        if place.sort == OTHER_CONTACTS:
            return list(people)
        here = [one for one in people if self._groups.has(place, one) or self._groups.has_lost(place, one)]
        new = [name_of(one) for one in here if name_of(one) not in versions]
        if len(new) > _FEW:  # who imports so many has not deleted them just now
            new = [name_of(one) for one in here if self._reading.is_deleted(one) or self._groups.has_lost(place, one)]
        return self._instead(people, new)

    def _instead(self, people: Sequence[Person], names: Collection[str]) -> list[Person]:
        gone = {name_of(one) for one in people if self._reading.is_deleted(one)}
        found = self._reading.people([name for name in names if name not in gone]) if names else {}
        looked = (found.get(name_of(one)) if name_of(one) in names else one for one in people)
        return [one for one in looked if one is not None]

    def _told(self, place: Place, people: Iterable[Person], versions: Mapping[str, str]) -> Iterator[Change]:
        """Only what is not known in this version, or in a later one."""
        for person in people:
            name = name_of(person)
            now, before = self._reading.version(place, person), versions.get(name, "")
            if self._reading.is_behind(person, before):
                yield Listed(RemoteRef(name, before))
            elif not self._groups.has(place, person):
                if name in versions:
                    yield Removed(name)
            elif before and now == before:
                yield Listed(RemoteRef(name, before))
            else:
                yield self._reading.read(place, person)

    # ------------------------------------------------------------ labels

    def _of_labels(self, place: Place, cursor: Cursor, told: Sequence[Person]) -> list[str]:
        """Who is in a label that has another name now, but for those told. Raises CursorExpired when a label went."""
        if any(not is_deleted(one) for one in told) or self._now() - self._groups.at > cursors.LOOK:
            self._groups.refresh()
        self._groups.see(told)
        self._groups.require(place)
        labels = labels_of(self._groups.names)
        if cursor.labels.keys() - labels.keys():
            raise CursorExpired("A label is not there any more; everything is listed once.")
        renamed = [group for group, name in labels.items() if cursor.labels.get(group) != name]
        members = self._members(renamed) if 0 < len(renamed) <= _FEW else set()
        if len(members) > _FEW or len(renamed) > _FEW:
            raise CursorExpired("Labels with many contacts have other names; everything is listed once.")
        return sorted(members - {name_of(person) for person in told})

    def _again(self, place: Place, names: Sequence[str], known: KnownVersions) -> Iterator[Change]:
        """Those whom the list of changes did not tell."""
        people = [person for person in self._reading.people(names).values() if person]
        yield from self._told(place, people, versions_of(known, names))

    def _members(self, groups: Sequence[str]) -> set[str]:
        request = self._transport.people.contactGroups().batchGet(
            resourceNames=list(groups), maxMembers=_FEW + 1, groupFields="name"
        )
        responses = self._transport.ask(request, writing=False).get("responses") or ()
        return {name for one in responses for name in (one.get("contactGroup") or {}).get("memberResourceNames") or ()}

    def _cursor(self, place: Place, token: str) -> Cursor:
        names = {} if place.sort == OTHER_CONTACTS else labels_of(self._groups.names)
        return Cursor(token, int(self._groups.at or self._now()), names)

    # ------------------------------------------------------------ everything

    def afresh(self, place: Place, known: KnownVersions) -> Iterator[Page]:
        """All that is there, ending in a complete page. Raises CollectionGone and the errors of a read."""
        if place.sort != OTHER_CONTACTS:
            self._groups.refresh()
            self._groups.require(place)
        people, token = self._round_of_all(place)
        if place.sort != OTHER_CONTACTS:
            self._groups.see(people)
        versions = versions_of(known, [name_of(person) for person in people])
        if versions:
            people = self._looked_at(place, people, versions)
        else:
            people = self._instead(people, {name_of(one) for one in people if self._groups.has_lost(place, one)})
        changes = self._told(place, people, versions)
        there = (one for one in changes if not isinstance(one, Removed))
        yield from in_pages(there, self._cursor(place, token).text, complete=True)

    def _round_of_all(self, place: Place) -> tuple[list[Person], str]:
        """Each once, in its last state: who is changed while the list is read may be told twice."""
        found = list(self._pages(place, ""))
        people = [one for one in _each_once(found) if not is_deleted(one)]
        return [one for one in people if not self._reading.is_deleted(one)], found[-1][1]

    def others(self, place: Place, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """Some of the other contacts, which cannot be read one by one."""
        people, _ = self._round_of_all(place)
        there = {name_of(person): person for person in people}
        for one in ids:
            yield self._reading.read(place, there[one]) if one in there else Removed(one)

    def _pages(self, place: Place, token: str) -> Iterator[tuple[list[Person], str]]:
        """People of one page, and where the next feed goes on."""
        asked: dict[str, Any] = {"pageSize": _PAGE, "requestSyncToken": True}
        if token:
            asked["syncToken"] = token
        if place.sort == OTHER_CONTACTS:
            ours, name = self._transport.people.otherContacts(), "otherContacts"
            first = ours.list(readMask=_OTHER_FIELDS, **asked)
        else:
            ours, name = self._transport.people.people().connections(), "connections"
            first = ours.list(resourceName="people/me", personFields=PERSON_FIELDS, sources=READ_CONTACTS, **asked)
        for page in token_pages(self._transport, first, ours.list_next):
            people: list[Person] = [*page.records(name)]
            if not all(is_person(one) for one in people):
                raise SuspectListing("Google sent something that is no list of people; it is read again later.")
            yield [one for one in people if is_deleted(one) or source_of(one)], page.sync_token


def _each_once(pages: Iterable[tuple[list[Person], str]]) -> list[Person]:
    return list({name_of(person): person for people, _ in pages for person in people}.values())
