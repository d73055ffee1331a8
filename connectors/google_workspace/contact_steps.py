"""The picture of a contact, which is a request of its own.

The request before it marks the contact with what it is to become, the last one takes the mark away: whoever finds the
mark goes on. A picture that is refused for good is left out, and told.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any

from connectors.google_workspace.contact_groups import Groups
from connectors.google_workspace.contact_person import (
    READ_CONTACTS,
    UNFINISHED,
    Person,
    hidden,
    name_of,
    photo_url,
    with_hidden,
)
from connectors.google_workspace.contact_plans import DATA, Plan, addressed, to_update
from connectors.google_workspace.contact_reading import Reading
from connectors.google_workspace.contact_turns import Turns
from connectors.google_workspace.failures import Gone, write_failure
from connectors.google_workspace.mapping_contacts import PERSON_FIELDS
from connectors.google_workspace.places import Place
from connectors.google_workspace.transport import Transport
from connectors.photos import media_type
from connectors.unfinished import later_steps, tell_refused
from sync_engine.errors import ItemError, OutcomeUnknown, Rejected, VersionConflict
from sync_engine.item import Item
from sync_engine.ports import Changed, RemoteRef

_TAKEN = ("image/jpeg", "image/png")


class Steps:
    """Carries out the later steps of writes."""

    def __init__(self, transport: Transport, turns: Turns, reading: Reading, groups: Groups) -> None:
        self._transport = transport
        self._turns = turns
        self._reading = reading
        self._groups = groups

    def carry_out(self, place: Place, person: Person, plan: Plan, *, again: bool = False) -> RemoteRef:
        """All that follows the first request, whose answer is `person`.

        The reference has no version where somebody else wrote between two steps: what is read back tells.

        `again`: it broke off before. A picture at which Google fails then (HTTP 500) counts as refused: it would hold
        up everything else in every cycle. Raises OutcomeUnknown when it breaks off, PartlyWritten when the picture is
        refused.
        """
        with later_steps():
            last, refused = self._with_photo(person, plan.photo, again=again)
            last = self._unmarked(last)
        ref = self._reading.ref(place, last)
        ref = ref if self._is_ours(place, person, last) else replace(ref, version="")
        tell_refused(ref, [refused] if refused is not None else [])
        return ref

    def _with_photo(self, person: Person, photo: bytes | None, *, again: bool) -> tuple[Person, ItemError | None]:
        try:
            return person if photo is None else self._put_photo(person, photo, again=again), None
        except ItemError as err:
            return person, err

    def _is_ours(self, place: Place, first: Person, last: Person) -> bool:
        """Whether all but the picture is as the first request left it."""
        return self._reading.record(place, first) == self._reading.record(place, last)

    def _put_photo(self, person: Person, photo: bytes, *, again: bool) -> Person:
        if photo and media_type(photo) not in _TAKEN:
            raise Rejected("Google takes pictures in JPEG and PNG only; choose another one.")
        people, name = self._transport.people.people(), name_of(person)
        asked: dict[str, Any] = {"personFields": PERSON_FIELDS, "sources": READ_CONTACTS}
        if photo:
            body = {"photoBytes": urlsafe_b64encode(photo).decode("ascii"), **asked}
            answer = self._turns.answer(people.updateContactPhoto(resourceName=name, body=body))
        elif photo_url(person):
            answer = self._turns.answer(people.deleteContactPhoto(resourceName=name, **asked))
        else:
            return person
        if again and answer.status == 500:
            raise Rejected("Google fails each time at the picture.", server_said=answer.words)
        if not answer.ok:
            raise write_failure(answer, "the picture")
        return self._noted(answer.document.get("person") or {})

    def _unmarked(self, person: Person) -> Person:
        """Whoever changes it meanwhile keeps what he wrote; whoever deletes it is seen by the next pull."""
        try:
            return self._without_mark(person)
        except Gone:
            return person
        except VersionConflict:
            there = self._reading.people([name_of(person)])[name_of(person)]
            return person if there is None else self._without_mark(there)

    def _without_mark(self, person: Person) -> Person:
        request = self._transport.people.people().updateContact(
            resourceName=name_of(person),
            updatePersonFields=DATA,
            personFields=PERSON_FIELDS,
            sources=READ_CONTACTS,
            body=addressed(person, {DATA: with_hidden(person, {UNFINISHED: ""})}),
        )
        return self._noted(self._turns.ask(request))

    def _noted(self, person: Person) -> Person:
        if not name_of(person):
            raise OutcomeUnknown("Google did not say what it wrote; it is checked by a read.")
        self._reading.wrote(person)
        self._groups.learn([person])
        return person

    def finish(self, place: Place, item_id: str, item: Item) -> None:
        """Go on with the write of exactly this item, if it broke off there."""
        person = self._reading.people([item_id])[item_id]
        if person is None or hidden(person, UNFINISHED) != item.digest:
            return
        found = self._reading.read(place, person)
        if isinstance(found, Changed):
            self.carry_out(place, person, to_update(found.item, item), again=True)
