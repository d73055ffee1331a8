"""A message reaches its people: our users' calendars and inboxes, and outsiders through the port (RFC 6638 3.2, 4)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dav_gateway.scheduling import itip_text
from dav_gateway.scheduling.itip_attendee import Answer, answered, called_off, following
from dav_gateway.scheduling.itip_share import Change, is_attended, is_organized, share
from dav_gateway.scheduling.itip_told import answer_of, instants
from dav_gateway.scheduling.messages import drop_into_inbox
from dav_gateway.scheduling.outsiders import Letter, Outsiders
from dav_gateway.scheduling.people import attendee, guests, key_of, keys_of, organizers, parts
from storage import dav_scheduling as store
from storage.dav_scheduling import Copy, Desk, Person
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import ItemError
from sync_engine.item import Item
from sync_engine.model import Event, Kind, title_of
from sync_engine.ports import Origin

DELIVERED, DONE, SENT = "1.2", "2.0", "1.1"  # RFC 6638 3.2.9, RFC 5546 3.6
UNKNOWN, NOT_DELIVERED, NO_WAY, REJECTED = "3.7", "5.1", "5.2", "5.3"
_FEW = 20  # guests who see each other's answers


def event_of(copy: Copy, uid: str) -> Event | None:
    """What a stored copy says; None for one that cannot be read any more."""
    try:
        record = Item.stored(Kind.EVENT, uid, copy.text).record
    except ItemError:
        return None
    return record if isinstance(record, Event) else None


def people_of(unit: SqlUnitOfWork, keys: Iterable[str]) -> dict[str, Person]:
    """Our users among calendar users, by key."""
    wanted = set(keys)
    names = {key.removeprefix("user:") for key in wanted if key.startswith("user:")}
    mails = {key for key in wanted if "@" in key}
    found = store.people(unit.session.connection, sorted(mails), sorted(names))
    return {key: one for one in found for key in keys_of(one.name, one.address) & wanted}


@dataclass(slots=True)
class Delivery:
    """What one request brings about, in its transaction."""

    unit: SqlUnitOfWork
    sender: Person
    outsiders: Outsiders
    known: Mapping[str, Person] = field(default_factory=dict)  # our users among those who take part, by key

    @property
    def _origin(self) -> Origin:
        return Origin(f"scheduling for user {self.sender.name}")

    def _letter(self, key: str, method: str, event: Event, text: str) -> str:
        """Give a message to the port; gives its SCHEDULE-STATUS."""
        if "@" not in key:
            return UNKNOWN
        name = self.sender.display_name or self.sender.name
        letter = Letter(self.sender.name, name, self.sender.address, key, method, title_of(event), text)
        return SENT if self.outsiders.send(self.unit, letter) else NO_WAY

    # ------------------------------------------------------------ to guests

    def tell(self, change: Change) -> str:
        """Tell one guest; gives the SCHEDULE-STATUS."""
        person = self.known.get(change.key)
        return self._mail(change) if person is None else self._tell(person, change)

    def _mail(self, change: Change) -> str:
        now, status = self.unit.session.now(), NO_WAY
        if change.cancelled:
            text = itip_text.cancellation(change.cancelled, change.user, now)
            status = self._letter(change.key, "CANCEL", change.cancelled, text)
        if change.requested:
            status = self._letter(change.key, "REQUEST", change.requested, itip_text.request(change.requested, now))
        return status

    def _tell(self, person: Person, change: Change) -> str:
        event = change.after or change.before
        assert event is not None
        desks = store.desks(self.unit.session.connection, person.id)
        places = [desk for desk in desks if not desk.role]
        found = store.copies(self.unit.session.connection, [desk.id for desk in places], event.uid)
        mine = next((copy for copy in found if _takes(places, copy) and self._is_ours(copy, event.uid)), None)
        if not found and not _is_news(change, keys_of(person.name, person.address)):
            return DELIVERED
        if mine is not None or not found:
            try:
                self._place(person, desks, mine, change)
            except ItemError:
                return REJECTED
        self._inform(person, change)
        return DELIVERED

    def _is_ours(self, copy: Copy, uid: str) -> bool:
        """Whether the sender may change it: he organises what it is a copy of, and nobody else."""
        event = event_of(copy, uid)
        return event is not None and _organizes(self.sender, event)

    def _place(self, person: Person, desks: Sequence[Desk], copy: Copy | None, change: Change) -> None:
        """Write the guest's copy: where he has it, else into his default calendar."""
        connection = self.unit.session.connection
        item = Item.of(self._copy(person, copy, change))
        if copy is None:
            desk = store.default_of(person, desks)
            now = self.unit.session.now()
            number = desk.id if desk else store.make_default(connection, person.id, secrets.token_hex(16), now)
            made = self.unit.create_item(number, item, replace(self._origin, user_id=person.id))
        else:
            made = self.unit.update_item(copy.id, item, self._origin)
        store.set_schedule_tag(connection, made.id, item.digest)

    def _copy(self, person: Person, copy: Copy | None, change: Change) -> Event:
        now, keys = self.unit.session.now(), keys_of(person.name, person.address)
        uid = (change.after or change.before or Event("")).uid
        mine = event_of(copy, uid) if copy else None
        if change.after is None:
            assert mine is not None
            assert change.before is not None
            return called_off(mine, change.before, now)
        fresh = following(mine, change.before, change.after, keys, now)
        gone = change.cancelled
        if mine is None or gone is None or gone.master is not None:
            return fresh
        off = tuple(one for at, one in instants(called_off(mine, gone, now)).items() if at in instants(gone))
        return replace(fresh, overrides=(*fresh.overrides, *off))

    def _inform(self, person: Person, change: Change) -> None:
        now = self.unit.session.now()
        if change.requested is not None:
            text = itip_text.request(change.requested, now)
            drop_into_inbox(self.unit, person, change.requested.uid, text, self._origin)
        elif change.cancelled is not None:
            text = itip_text.cancellation(change.cancelled, change.user, now)
            drop_into_inbox(self.unit, person, change.cancelled.uid, text, self._origin)

    # ------------------------------------------------------------ to the organiser

    def invited_to(self, event: Event) -> Event | None:
        """What the organiser of a meeting invites the sender to now; None where he is none of ours, or has it not."""
        person = self.known.get(_owner(event))
        meeting = self._meeting(person, event.uid) if person else None
        return share(meeting[1], self._key_in(meeting[1])) if meeting else None

    def reply(self, event: Event, said: Sequence[Answer]) -> str:
        """Tell the organiser what a guest, the sender, answers; gives the SCHEDULE-STATUS."""
        owner = _owner(event)
        text = itip_text.reply(event, said, self.unit.session.now())
        person = self.known.get(owner)
        meeting = self._meeting(person, event.uid) if person else None
        if person is None or meeting is None:
            status = self._letter(owner, "REPLY", event, text)
            return NOT_DELIVERED if person and status != SENT else status
        copy, theirs = meeting
        key = self._key_in(theirs)
        if not key:
            return REJECTED  # nobody has invited him
        self.unit.update_item(copy.id, Item.of(answered(theirs, key, said, DONE)), self._origin)
        drop_into_inbox(self.unit, person, event.uid, text, self._origin, about=key)
        self._spread(person, theirs, key, said)
        return DONE

    def _spread(self, owner: Person, event: Event, key: str, said: Sequence[Answer]) -> None:
        """Show the other guests of a small meeting who comes; without a message, for nothing is asked of them."""
        keys = keys_of(owner.name, owner.address)
        others = set(guests(event, keys)) - {key}
        if len(others) > _FEW:
            return
        for person in people_of(self.unit, others).values():
            places = [desk for desk in store.desks(self.unit.session.connection, person.id) if desk.schedules]
            found = store.copies(self.unit.session.connection, [desk.id for desk in places], event.uid)
            for copy in found:
                theirs = event_of(copy, event.uid)
                fresh = answered(theirs, key, said) if theirs and _organizes(owner, theirs) else theirs
                if fresh is not None and fresh != theirs:
                    self.unit.update_item(copy.id, Item.of(fresh), self._origin)

    def _key_in(self, event: Event) -> str:
        keys = keys_of(self.sender.name, self.sender.address)
        users = (attendee(one, keys) for one in parts(event))
        return next((key_of(user.address) for user in users if user), "")

    def _meeting(self, person: Person, uid: str) -> tuple[Copy, Event] | None:
        """The organiser's own copy."""
        connection = self.unit.session.connection
        places = [desk.id for desk in store.desks(connection, person.id) if desk.schedules]
        for copy in store.copies(connection, places, uid):
            event = event_of(copy, uid)
            if event is not None and is_organized(event, keys_of(person.name, person.address)):
                return copy, event
        return None


def _owner(event: Event) -> str:
    """The key of the organiser of a meeting; "" for what has none."""
    return next((key_of(one.organizer.address) for one in parts(event) if one.organizer), "")


def _takes(places: Iterable[Desk], copy: Copy) -> bool:
    """What an outside system, or nobody, may change is left alone."""
    return any(desk.id == copy.collection_id and desk.schedules for desk in places)


def _organizes(person: Person, event: Event) -> bool:
    """Whether this user, and nobody else, organises an event."""
    return bool(organizers(event)) and organizers(event) <= keys_of(person.name, person.address)


def _is_news(change: Change, keys: frozenset[str]) -> bool:
    """Whether somebody without a copy gets one: not of what he has declined and thrown away, or what is over."""
    if change.after is None:
        return False
    users = [attendee(one, keys) for one in parts(change.after)]
    return change.before is None or any(user and answer_of(user) != "DECLINED" for user in users)


def involved(unit: SqlUnitOfWork, event: Event, own: frozenset[str]) -> set[int]:
    """The collections that a change of this meeting may write to: to be locked in one order."""
    keys = {key_of(user.address) for one in parts(event) for user in one.attendees} | organizers(event)
    found: set[int] = set()
    if not (is_organized(event, own) or is_attended(event, own)):
        return found
    for person in set(people_of(unit, keys - own).values()):
        desks = store.desks(unit.session.connection, person.id)
        copies = store.copies(unit.session.connection, [desk.id for desk in desks if not desk.role], event.uid)
        found |= {copy.collection_id for copy in copies if _takes(desks, copy)}
        found |= {desk.id for desk in desks if desk.role == "inbox"}
        default = None if copies else store.default_of(person, desks)
        found |= {default.id} if default else set()
    return found
