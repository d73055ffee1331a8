"""Reading contacts: as the lists tell them, and directly by their ids; and their pictures."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.google_workspace.contact_groups import Groups
from connectors.google_workspace.contact_person import (
    READ_CONTACTS,
    UID,
    Person,
    hidden,
    is_person,
    name_of,
    own_uid,
    photo_url,
    source_of,
)
from connectors.google_workspace.contact_version import Version
from connectors.google_workspace.failures import Gone, read_failure
from connectors.google_workspace.mapping_contacts import PERSON_FIELDS, read_contact
from connectors.google_workspace.places import Place
from connectors.google_workspace.transport import Transport
from connectors.photos import photo_of
from sync_engine.errors import ItemError, SuspectListing, Unavailable, Unreadable
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.model import Contact, Photo
from sync_engine.ports import Broken, Changed, KnownVersions, RemoteRef, Removed

LAG = 600.0
"""Seconds for which lists may not show what was written (P5: "several minutes")."""
_BEHIND = 3600.0  # seconds: a state is not shown any more for so long after another one was written
PHOTO_SIZE = 720  # pixels, the largest that Google keeps; without it a picture comes as a stamp
_TOGETHER = 50  # people in one request: Google takes 200, but so long an address not everybody between
_RAW = 100_000  # characters of what cannot be read that are kept
_POSSIBLE = re.compile(r"people/[\w.~-]+", re.ASCII)  # ids that Google takes a question for
_NOT_FOUND = 5  # google.rpc.Code


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the answer to a write showed."""

    person: Person
    at: float  # on the monotonic clock


@dataclass(frozen=True, slots=True)
class _Deleted:
    """What we deleted."""

    version: Version
    at: float  # on the monotonic clock


class Reading:
    """Reads contacts of one user."""

    def __init__(
        self,
        transport: Transport,
        groups: Groups,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._now = now
        self._transport = transport
        self._groups = groups
        self._clock = clock
        self._written: dict[str, _Seen] = {}
        self._deleted: dict[str, _Deleted] = {}
        self._known: dict[str, KnownVersions] = {}  # by collection
        self._lost: dict[tuple[str, str], str] = {}  # by collection and UID: who is not in its label any more

    # ------------------------------------------------------------ items

    def fetch(self, place: Place, ids: Sequence[str]) -> Iterator[Changed | Removed | Broken]:
        """One answer for each id. `Removed` only when Google says that it is not there, or not in this collection.

        Also of an id that the contact had, once the hub knows it by the one that it has now.
        """
        for start in range(0, len(ids), _TOGETHER):
            some = ids[start : start + _TOGETHER]
            people = self.people(some)
            self._groups.learn(person for person in people.values() if person)
            for one in some:
                yield self._answered(place, one, people[one])

    def _answered(self, place: Place, item_id: str, person: Person | None) -> Changed | Removed | Broken:
        if person is None or self._is_known_as_another(place, name_of(person), item_id):
            return Removed(item_id)
        if not self._groups.has(place, person):
            self._groups.require(place)
            if self._groups.has_lost(place, person):
                self._lost[place.collection, hidden(person, UID)] = name_of(person)
            return Removed(item_id)
        return self.read(place, person, item_id)

    def lost(self, place: Place, uid: str) -> Person | None:
        """The contact that was made in a collection with this UID, if somebody took just its label away."""
        name = self._lost.get((place.collection, uid), "")
        person = self.people([name])[name] if name else None
        return person if person is not None and self._groups.has_lost(place, person) else None

    def tells(self, place: Place, known: KnownVersions) -> None:
        """From now on this is how to ask what the hub knows of a collection."""
        self._known[place.collection] = known

    def _is_known_as_another(self, place: Place, name: str, item_id: str) -> bool:
        """Lists may tell the other id minutes later (P5): until then this one must do."""
        known = self._known.get(place.collection)
        return name != item_id and known is not None and bool(known([name]))

    def read(self, place: Place, person: Person, item_id: str = "") -> Changed | Broken:
        """The item that a person is, with its picture: who cannot give it must not look like one that has none."""
        version = self.version(place, person)
        ref = RemoteRef(item_id or name_of(person), version)
        try:
            photo = self._photo(person)
            record = with_uid(self.record(place, person), own_uid(person))
            item = Item.of(replace(record, photo=photo))
        except ItemError as err:
            return Broken(ref, _raw(person), err)
        except Unavailable as err:
            message = "The picture of this contact cannot be read now; the contact is read again soon."
            return Broken(replace(ref, version=""), _raw(person), Unreadable(message, server_said=err.server_said))
        return Changed(ref, item, hidden(person, UID))

    def record(self, place: Place, person: Person) -> Contact:
        """All but its picture. Raises Unreadable."""
        return read_contact(person, own_uid(person), self._groups.categories(place))

    def version(self, place: Place, person: Person) -> str:
        """What the hub keeps to know this state of it."""
        return Version.of(person, self._groups.names_of(place, person)).text

    def ref(self, place: Place, person: Person) -> RemoteRef:
        """The reference of what was written, by the answer, which shows it."""
        return RemoteRef(name_of(person), self.version(place, person), uid=own_uid(person))

    def _photo(self, person: Person) -> Photo | None:
        url = photo_url(person)
        if not url:
            return None
        joined = f"{url}{'&' if '?' in url else '?'}sz={PHOTO_SIZE}"
        try:
            return photo_of(self._transport.download(joined))
        except Gone as err:
            message = "The picture of this contact is not to be had; the contact is read again when it changes."
            raise Unreadable(message, server_said=err.server_said) from err

    # ------------------------------------------------------------ people

    def people(self, ids: Sequence[str]) -> dict[str, Person | None]:
        """People as they are now; None of those that are not there. Raises the errors of a read."""
        found: dict[str, Person | None] = {}
        possible = [one for one in ids if _POSSIBLE.fullmatch(one)]
        for start in range(0, len(possible), _TOGETHER):
            found |= self._together(possible[start : start + _TOGETHER])
        return {one: self._newest(one, found.get(one)) for one in ids}

    def _together(self, ids: Sequence[str]) -> dict[str, Person | None]:
        if len(ids) == 1:
            return {ids[0]: self._alone(ids[0])}
        request = self._transport.people.people().getBatchGet(
            resourceNames=list(ids), personFields=PERSON_FIELDS, sources=READ_CONTACTS
        )
        answer = self._transport.answer(request, writing=False)
        if answer.status == 400 and answer.is_googles:  # one of the ids is none, and nobody says which
            return {one: self._alone(one) for one in ids}
        if not answer.ok:
            raise read_failure(answer, "contacts")
        responses = answer.document.get("responses") or ()
        told = {str(one.get("requestedResourceName")): one for one in responses}
        return {one: _told(told[one]) if one in told else self._alone(one) for one in ids}

    def _alone(self, item_id: str) -> Person | None:
        request = self._transport.people.people().get(
            resourceName=item_id, personFields=PERSON_FIELDS, sources=READ_CONTACTS
        )
        try:
            person = self._transport.ask(request, writing=False)
        except Gone:
            return None
        return _whole(person)

    # ------------------------------------------------------------ what reads do not show yet (SYNC.md R22)

    def wrote(self, person: Person) -> None:
        """Remember the answer to a write: for some minutes reads may show what was there before it (P5, P6)."""
        self._forget_old()
        self._written[name_of(person)] = _Seen(person, self._clock())

    def deleted(self, item_id: str, version: str) -> None:
        """Remember that we deleted it in this version: lists may show it still."""
        self._forget_old()
        self._written.pop(item_id, None)
        self._deleted[item_id] = _Deleted(Version.read(version), self._clock())

    def is_deleted(self, person: Person) -> bool:
        """Whether this is a state that we deleted a short time ago: not one in which somebody brought it back."""
        gone = self._deleted.get(name_of(person))
        if gone is None or self._clock() - gone.at >= LAG:
            return False
        return not gone.version.is_older(Version.of(person, ()))

    def is_behind(self, person: Person, known: str) -> bool:
        """Whether this is an older state than the one that the hub knows, which was written not long ago."""
        version = Version.read(known)
        return Version.of(person, ()).is_older(version) and version.age(self._now()) < _BEHIND

    def _newest(self, item_id: str, person: Person | None) -> Person | None:
        seen = self._written.get(item_id)
        if person is None or seen is None or self._clock() - seen.at >= LAG:
            return person
        return seen.person if Version.of(person, ()).is_older(Version.of(seen.person, ())) else person

    def _forget_old(self) -> None:
        now = self._clock()
        self._written = {one: seen for one, seen in self._written.items() if now - seen.at < LAG}
        self._deleted = {one: gone for one, gone in self._deleted.items() if now - gone.at < LAG}


def _told(response: Mapping[str, Any]) -> Person | None:
    """Of one person in a list of answers."""
    code = (response.get("status") or {}).get("code") or 0
    if code == _NOT_FOUND or response.get("httpStatusCode") == 404:
        return None
    return _whole(response.get("person") or {})


def _whole(person: Person) -> Person | None:
    """Somebody who is no contact any more, only a profile, is not there."""
    if not is_person(person):
        raise SuspectListing("Google sent something that is no person; it is read again later.")
    return person if source_of(person) else None


def _raw(person: Person) -> str:
    return json.dumps(person, ensure_ascii=False)[:_RAW]
