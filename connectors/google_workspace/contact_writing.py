"""Writes of single contacts, in three parts: what is to be sent, the request, and what follows it.

None is repeated blindly (SYNC.md R06). Each change names the state that it is a change to; of what is deleted, which
Google does without a condition, the state is looked at right before.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from googleapiclient.http import HttpRequest

from connectors.described import Json
from connectors.google_workspace.contact_groups import Groups
from connectors.google_workspace.contact_person import (
    KEY,
    READ_CONTACTS,
    Person,
    groups_of,
    memberships,
    name_of,
    with_hidden,
)
from connectors.google_workspace.contact_plans import (
    DATA,
    LABELS,
    Plan,
    addressed,
    changed_person,
    new_person,
    refuse_others,
    to_create,
    to_update,
)
from connectors.google_workspace.contact_reading import Reading
from connectors.google_workspace.contact_steps import Steps
from connectors.google_workspace.contact_turns import Turns
from connectors.google_workspace.contact_version import Version
from connectors.google_workspace.failures import OVERFLOW, Gone
from connectors.google_workspace.mapping_contacts import PERSON_FIELDS
from connectors.google_workspace.places import CONTACTS, GROUPS, Place
from connectors.google_workspace.transport import Transport
from sync_engine.errors import ItemError, OutcomeUnknown, Rejected, Throttled, VersionConflict
from sync_engine.formats import with_uid
from sync_engine.item import Item
from sync_engine.ports import Changed, RemoteRef, Write

_REMEMBERED = 5000  # keys
_SOON = 60.0  # seconds
_ALL = Place(CONTACTS)


class Full(Rejected):
    """No more contacts can be made; Google says it as if it were a matter of time."""


@dataclass(frozen=True, slots=True)
class First:
    """The first request of a write."""

    name: str = ""  # of the contact; "" of a new one
    body: Mapping[str, Json] = field(default_factory=dict)  # empty: it is to be deleted
    mask: str = ""  # of a change: the names of its fields
    plan: Plan = field(default_factory=Plan)
    key: str = ""  # of a creation
    place: Place = _ALL  # of a creation
    goes: bool = False  # the contact leaves the collection
    version: str = ""  # of what is to be deleted


class Writing:
    """Writes contacts of one user."""

    def __init__(self, transport: Transport, turns: Turns, reading: Reading, groups: Groups, steps: Steps) -> None:
        self._transport = transport
        self._turns = turns
        self._reading = reading
        self._groups = groups
        self._steps = steps
        self._made: dict[str, str] = {}  # id by key: of what this process made

    def carry_out(self, place: Place, write: Write) -> RemoteRef | None:
        """All of one write. Raises as `Connector.create`, `update` and `delete`."""
        refuse_others(place)
        looked = self._reading.people([write.ref.id]) if write.ref and self.needs_look(write) else {}
        first = self.first(place, write, looked)
        if not isinstance(first, First):
            return first
        return self.concluded(place, first, self.send(first))

    # ------------------------------------------------------------ what is to be sent

    def needs_look(self, write: Write) -> bool:
        """Whether what stands there must be looked at: not where nothing is to be sent."""
        if write.ref is None:
            return False
        if write.item is None or write.base is None or not write.ref.version:
            return True
        return bool(to_update(write.base, write.item))

    def first(self, place: Place, write: Write, looked: Mapping[str, Person | None]) -> First | RemoteRef | None:
        """The first request; or what came of the write where none is needed. Raises VersionConflict, Rejected."""
        if write.ref is None:
            return self._creation(place, write.item, write.key) if write.item else None
        if write.item is None:
            return self._deletion(place, write.ref, looked[write.ref.id])
        return self._change(place, write.ref, write.item, write.base, looked)

    def _creation(self, place: Place, item: Item, key: str) -> First | RemoteRef:
        if made := self.made(key):
            return made
        if (person := self._reading.lost(place, item.uid)) is not None:
            return self._given_back(place, person, item, key)
        plan = to_create(item)
        return First(body=new_person(plan, place, item, key, self._groups), plan=plan, key=key, place=place)

    def _given_back(self, place: Place, person: Person, item: Item, key: str) -> First:
        """Its label again: made once more it would stand twice among its owner's contacts."""
        plan = to_update(self._base(place, person, None), item)
        fields = changed_person(plan, person, item, self._groups)
        fields[DATA] = with_hidden({DATA: fields.get(DATA, person.get(DATA))}, {KEY: key})
        fields[LABELS] = memberships(groups_of({LABELS: fields.get(LABELS, person.get(LABELS))}) | {place.collection})
        return First(name_of(person), addressed(person, fields), ",".join(sorted(fields)), plan, key, place)

    def made(self, key: str) -> RemoteRef | None:
        """What this process made with a key."""
        return RemoteRef(self._made[key]) if key in self._made else None

    def forget(self, key: str) -> None:
        """It is not there any more."""
        self._made.pop(key, None)

    def _remember(self, key: str, name: str) -> None:
        self._made[key] = name
        while len(self._made) > _REMEMBERED:
            self._made.pop(next(iter(self._made)))

    def _change(
        self, place: Place, ref: RemoteRef, item: Item, base: Item | None, looked: Mapping[str, Person | None]
    ) -> First | RemoteRef:
        if ref.id not in looked:
            return ref
        person = self._as_known(ref, looked[ref.id])
        if base is None or not ref.version:
            base = self._base(place, person, base)
        plan = to_update(base, item)
        fields = changed_person(plan, person, item, self._groups)
        if not fields:
            return self._reading.ref(place, person)
        return First(ref.id, addressed(person, fields), ",".join(sorted(fields)), plan)

    def _as_known(self, ref: RemoteRef, person: Person | None) -> Person:
        """What stands there, if it is what the hub knows. Raises VersionConflict."""
        if person is None:
            raise Gone("The contact is not at Google any more.")
        if ref.version and self._reading.is_behind(person, ref.version):
            message = "Google does not show yet what was written to a contact a short time ago; it is tried again soon."
            raise Throttled(message, retry_after=_SOON)
        if ref.version and not Version.of(person, ()).same_person(Version.read(ref.version)):
            raise VersionConflict("The contact was changed at Google.")
        return person

    def _base(self, place: Place, person: Person, base: Item | None) -> Item:
        """What stands there, where only a look can tell."""
        found = self._reading.read(place, person)
        if not isinstance(found, Changed):
            raise VersionConflict("What stands at Google cannot be read.")
        if base is not None and with_uid(found.item.record, base.uid) != base.record:
            raise VersionConflict("The contact was changed at Google.")
        return found.item

    def _deletion(self, place: Place, ref: RemoteRef, person: Person | None) -> First | None:
        if person is None or not self._groups.has(place, person):
            return None
        ours = bool(self._groups.mark_of(place))
        self._as_known(ref, person)
        if not ref.version:
            raise VersionConflict("It is not known in which state the contact was to be deleted.")
        if place.sort != GROUPS or ours:
            return First(ref.id, goes=True, version=ref.version)
        fields = {LABELS: memberships(groups_of(person) - {place.collection})}  # its owner's label: the rest is his
        return First(ref.id, addressed(person, fields), LABELS, goes=True)

    # ------------------------------------------------------------ the request

    def send(self, first: First) -> Person | None:
        """Alone; the person as it is now. Raises as `Transport.ask`."""
        people = self._transport.people.people()
        asked: dict[str, Any] = {"personFields": PERSON_FIELDS, "sources": READ_CONTACTS}
        if not first.body:
            with suppress(Gone):
                self._turns.ask(people.deleteContact(resourceName=first.name))
            return None
        if not first.name:
            return self._created(people.createContact(body=first.body, **asked), first.place)
        asked |= {"resourceName": first.name, "updatePersonFields": first.mask}
        return self._turns.ask(people.updateContact(body=first.body, **asked))

    def _created(self, request: HttpRequest, place: Place) -> Person:
        """Raises CollectionGone where it was refused because its collection is no more."""
        try:
            return self._turns.ask(request)
        except ItemError as err:
            if OVERFLOW in err.server_said:
                message = "Google holds no more contacts for this user; delete some there, or bind fewer."
                raise Full(message, server_said=err.server_said) from err
            self._groups.refresh()
            self._groups.require(place)
            raise

    # ------------------------------------------------------------ what follows

    def concluded(self, place: Place, first: First, person: Person | None) -> RemoteRef | None:
        """What came of it, with the steps that follow. Raises OutcomeUnknown, PartlyWritten."""
        if first.goes:
            self._reading.deleted(first.name, first.version) if person is None else self._reading.wrote(person)
            return None
        if person is None or not name_of(person):
            raise OutcomeUnknown("Google did not say what it wrote; it is checked by a read.")
        self._reading.wrote(person)
        if first.key:
            self._remember(first.key, name_of(person))
        self._groups.learn([person])
        return (
            self._steps.carry_out(place, person, first.plan) if first.plan.several else self._reading.ref(place, person)
        )
