"""Implicit scheduling (RFC 6638 3.2): what storing, changing, moving or deleting a meeting tells others.

Only in own calendars that no binding syncs: for those that one syncs the outside system invites (docs/decisions/
meetings.md), and in the company's and in those that somebody else shared nobody invites by himself. Meetings that are
in a shared calendar already are changed for all who take part.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dav_gateway.answers import Refused
from dav_gateway.elements import href
from dav_gateway.paths import Area, Place
from dav_gateway.preconditions import matches
from dav_gateway.scheduling.delivery import Delivery, involved, people_of
from dav_gateway.scheduling.itip_attendee import answers, declining, is_forced, may_change, still_called_off, within
from dav_gateway.scheduling.itip_organizer import settled, stamped, with_reply_status, with_status
from dav_gateway.scheduling.itip_share import changes, forced, is_attended, is_organized
from dav_gateway.scheduling.people import guests, keys_of, organizers, parts
from dav_gateway.site import Call
from storage import dav_scheduling as store
from storage.dav_items import Leaf, leaf_at, texts
from storage.dav_scheduling import Person
from storage.dav_store import Shelf
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import ItemError
from sync_engine.item import Item
from sync_engine.model import Event, Kind

_MARK = "ORGANIZER"


@dataclass(frozen=True, slots=True)
class Desk:
    """A calendar in which meetings are scheduled, within one request."""

    call: Call
    unit: SqlUnitOfWork
    shelf: Shelf
    owner: Person  # who invites and answers by what is written here

    @property
    def own(self) -> frozenset[str]:
        """What the owner is called."""
        return keys_of(self.owner.name, self.owner.address)

    def delivery(self, *events: Event | None) -> Delivery:
        """The way to all who take part."""
        keys = {key for event in events for key in guests(event, self.own)}
        keys |= {key for event in events if event for key in organizers(event)}
        known = people_of(self.unit, keys - self.own)
        return Delivery(self.unit, self.owner, self.call.site.outsiders, known)

    def stored(self, leaf: Leaf) -> Event | None:
        """What an item of this calendar says now."""
        return stored_event(self.unit, leaf)


def stored_event(unit: SqlUnitOfWork, leaf: Leaf) -> Event | None:
    """The event of an item, if it may be a meeting."""
    if leaf.kind != Kind.EVENT:
        return None
    text = texts(unit.session.connection, [leaf.revision_id]).get(leaf.revision_id, "")
    return _event(Item.stored(Kind.EVENT, leaf.uid, text)) if may_be(text) else None


def may_be(text: str) -> bool:
    """Whether a text may be a meeting: a look that costs nothing."""
    return _MARK in text.upper()


def _event(item: Item) -> Event | None:
    try:
        record = item.record
    except ItemError:
        return None
    return record if isinstance(record, Event) else None


def desk_of(call: Call, unit: SqlUnitOfWork, shelf: Shelf, *, tag: str = "") -> Desk | None:
    """None where nobody schedules by writing into this collection.

    `tag`: the Schedule-Tag of what is there. To whom the calendar was given he changes its meetings for all who take
    part, as its owner would: they must not miss that one was moved. What he makes there himself invites nobody.
    """
    if shelf.owner_id is None or not (tag or call.home_at(unit).user_id == shelf.owner_id):
        return None
    known = store.desks(unit.session.connection, shelf.owner_id)
    if not any(desk.id == shelf.id and desk.schedules for desk in known):
        return None
    owner = store.person(unit.session.connection, shelf.owner)
    return Desk(call, unit, shelf, owner) if owner else None


# ---------------------------------------------------------------- before anything is read under the lock


def lock(call: Call, unit: SqlUnitOfWork, shelf: Shelf, item: Item | None, also: Collection[int]) -> None:
    """Lock a collection, `also` others, and all that this write may reach.

    In one order: two who invite each other do not meet. With a meeting all calendars of its owner, so that it does not
    come into two of them.
    """
    leaf = leaf_at(unit.session.connection, shelf.id, call.place.href) if item is None or may_be(item.text) else None
    known = stored_event(unit, leaf) if leaf is not None and not leaf.deleted else None
    event = _event(item) if item is not None and item.kind is Kind.EVENT and may_be(item.text) else None
    numbers = {shelf.id, *also}
    desk = desk_of(call, unit, shelf, tag=leaf.schedule_tag if leaf else "") if event or known else None
    for one in (event, known):
        if desk is not None and one is not None:
            numbers |= involved(unit, one, desk.own)
            numbers |= {own.id for own in store.desks(unit.session.connection, desk.owner.id) if own.schedules}
    for number in sorted(numbers):
        unit.lock_collection(number)


# ---------------------------------------------------------------- PUT and COPY


def writing(call: Call, unit: SqlUnitOfWork, shelf: Shelf, here: Leaf | None, item: Item) -> Item:
    """See `dav_gateway.effects.writing`."""
    if call.method not in ("COPY", "MOVE"):  # there it is about the source
        check_tag(call, here)
    if item.kind is not Kind.EVENT or not (may_be(item.text) or (here and here.schedule_tag)):
        return item
    new, old = _event(item), stored_event(unit, here) if here else None
    desk = desk_of(call, unit, shelf, tag=here.schedule_tag if here else "") if new or old else None
    if desk is None or (here and is_spare(desk, here.schedule_tag, item.uid)):
        return item
    _check_organizers(new)
    if is_attended(old, desk.own):
        return _change_as_guest(desk, here, old, new, item)
    if is_organized(old, desk.own) or is_organized(new, desk.own):
        return _organize(desk, here, old, new, item)
    if is_attended(new, desk.own):
        return _take_as_guest(desk, here, new, item)
    return item


def check_tag(call: Call, here: Leaf | None) -> None:
    """If-Schedule-Tag-Match (RFC 6638 8.3). Raises `Refused` (412)."""
    wanted = call.headers.get("if-schedule-tag-match", "")
    if not wanted:
        return
    tag = here.schedule_tag if here else ""
    if not tag or not matches(wanted, tag):
        raise Refused(412, "The meeting was changed by its organiser meanwhile; read it again.")


def _check_organizers(event: Event | None) -> None:
    if event is not None and len(organizers(event)) > 1:
        condition = "<C:same-organizer-in-all-components/>"
        raise Refused(403, "All parts of a meeting must have the same organiser.", condition=condition)


def _elsewhere(desk: Desk, uid: str) -> store.Copy | None:
    """The same meeting in another calendar of its owner, who invites or answers from there."""
    connection = desk.unit.session.connection
    others = [one for one in store.desks(connection, desk.owner.id) if one.schedules and one.id != desk.shelf.id]
    return next((one for one in store.copies(connection, [one.id for one in others], uid) if one.schedule_tag), None)


def is_spare(desk: Desk, tag: str, uid: str) -> bool:
    """Whether it is a copy (of a whole calendar) beside the meeting itself: what becomes of it is nobody's matter."""
    return not tag and _elsewhere(desk, uid) is not None


def _check_unique(desk: Desk, uid: str) -> None:
    """A meeting is in one of its owner's calendars only (RFC 6638 3.2.4.1)."""
    copy = _elsewhere(desk, uid)
    if copy is not None:
        slug = store.segment(desk.unit.session.connection, desk.owner.id, copy.collection_id)
        there = href(desk.call.address(Place(Area.CALENDARS, desk.owner.name, slug, copy.href)))
        name = "C:unique-scheduling-object-resource"
        raise Refused(403, "This meeting is in another of your calendars.", condition=f"<{name}>{there}</{name}>")


# ---------------------------------------------------------------- as organiser


def _organize(desk: Desk, here: Leaf | None, old: Event | None, new: Event | None, item: Item) -> Item:
    before = old if is_organized(old, desk.own) else None
    after = new if is_organized(new, desk.own) else None
    if before is not None and new is not None and after is None and organizers(new) - desk.own:
        condition = "<C:allowed-organizer-scheduling-object-change/>"
        raise Refused(403, "The organiser of a meeting stays its organiser.", condition=condition)
    if here is None and after is not None:
        _check_unique(desk, item.uid)
    stored = _tell(desk, before, after)
    if stored is None:
        _retag(desk, here, "")
        return item
    if old is not None and here is not None and stored == old:
        text = texts(desk.unit.session.connection, [here.revision_id])[here.revision_id]
        return Item.stored(Kind.EVENT, item.uid, text)
    written = item if new is not None and _same_text(stored, new) else Item.of(stored)
    _retag(desk, here, written.digest)
    return written


def _tell(desk: Desk, before: Event | None, after: Event | None) -> Event | None:
    """Tell all who are to be told; gives what is stored, which says who was reached."""
    delivery = desk.delivery(before, after)
    right = settled(before, after, desk.own, delivery.known) if after else None
    told = {
        change.key: delivery.tell(change) for change in changes(before, right, desk.own, forced(after) if after else ())
    }
    if right is None or not told:
        return right
    return with_status(stamped(right, desk.unit.session.now()), told)


def _same_text(stored: Event, sent: Event) -> bool:
    """Whether what the client sent can stay as it is, octet for octet."""
    numbers = [one.sequence for one in parts(stored)] == [one.sequence for one in parts(sent)]
    stamps = [one.stamps for one in parts(stored)] == [one.stamps for one in parts(sent)]
    return stored == sent and numbers and stamps


def _retag(desk: Desk, here: Leaf | None, tag: str) -> None:
    if here is not None:
        store.set_schedule_tag(desk.unit.session.connection, here.id, tag)


# ---------------------------------------------------------------- as guest


def _change_as_guest(desk: Desk, here: Leaf | None, old: Event | None, new: Event | None, item: Item) -> Item:
    kept = still_called_off(old, within(new, desk.delivery(new).invited_to(new))) if old and new else None
    if old is None or kept is None or not may_change(old, kept, desk.own):
        raise _only_the_organizer()
    if here is not None and not here.schedule_tag:
        _retag(desk, here, here.etag)
    return _answer(desk, old, kept, item if kept == new else Item.of(kept))


def _take_as_guest(desk: Desk, here: Leaf | None, new: Event | None, item: Item) -> Item:
    """What a guest stores of a meeting that he has not: the organiser, if he is here, says what it is."""
    assert new is not None
    if here is None:
        _check_unique(desk, item.uid)
    theirs = desk.delivery(new).invited_to(new)
    if theirs is not None and not may_change(theirs, new, desk.own):
        raise _only_the_organizer()
    return _answer(desk, theirs, new, item)


def _only_the_organizer() -> Refused:
    condition = "<C:allowed-attendee-scheduling-object-change/>"
    return Refused(403, "Only the organiser may change this meeting; you may answer it.", condition=condition)


def _answer(desk: Desk, old: Event | None, new: Event, item: Item) -> Item:
    said = answers(old, new, desk.own, forced=is_forced(new))
    if not said:
        return item
    status = desk.delivery(new).reply(new, said)
    return Item.of(with_reply_status(stamped(new, desk.unit.session.now()), status))


# ---------------------------------------------------------------- afterwards, DELETE and MOVE


def written(call: Call, unit: SqlUnitOfWork, shelf: Shelf, item_id: int, item: Item) -> str:
    """The Schedule-Tag of what was written; "" for what is no meeting that is scheduled here."""
    if item.kind is not Kind.EVENT or not may_be(item.text):
        return ""
    tag = store.schedule_tag(unit.session.connection, item_id)
    event, desk = _event(item), desk_of(call, unit, shelf, tag=tag)
    if desk is None or not (is_organized(event, desk.own) or is_attended(event, desk.own)):
        return ""
    if is_spare(desk, tag, item.uid):
        return ""
    if not tag:
        tag = item.digest
        store.set_schedule_tag(unit.session.connection, item_id, tag)
    return tag


def deleting(call: Call, unit: SqlUnitOfWork, shelf: Shelf, leaf: Leaf) -> None:
    """See `dav_gateway.effects.deleting`."""
    check_tag(call, leaf)
    event = stored_event(unit, leaf)
    desk = desk_of(call, unit, shelf, tag=leaf.schedule_tag) if event else None
    if desk is not None and event is not None and not is_spare(desk, leaf.schedule_tag, leaf.uid):
        _withdraw(desk, event)
        _retag(desk, leaf, "")


def _withdraw(desk: Desk, event: Event) -> None:
    """A meeting goes: its guests hear that it is cancelled, or its organiser that this guest does not come."""
    if is_organized(event, desk.own):
        _tell(desk, event, None)
    elif is_attended(event, desk.own) and desk.call.headers.get("schedule-reply", "").strip().upper() != "F":
        said = declining(event, desk.own)
        if said:
            desk.delivery(event).reply(event, said)


def deleting_collection(call: Call, unit: SqlUnitOfWork, shelf: Shelf) -> None:
    """A calendar is about to be deleted with all meetings in it.

    Raises `Refused` for the inbox, and for the calendar that its owner chose for invitations.
    """
    if shelf.role:
        raise Refused(403, "The inbox stays; delete the messages in it.")
    desk = desk_of(call, unit, shelf)
    if desk is None:
        return
    if desk.owner.default_id == shelf.id:
        sentence = "New invitations go into this calendar: choose another one for them first."
        raise Refused(403, sentence, condition="<C:default-calendar-needed/>")
    for copy in store.scheduled(unit.session.connection, shelf.id):
        event = _event(Item.stored(Kind.EVENT, "", copy.text))
        if event is not None:
            _withdraw(desk, event)


def moving(call: Call, unit: SqlUnitOfWork, shelf: Shelf, leaf: Leaf, target: Shelf) -> None:
    """See `dav_gateway.effects.moving`. Between own calendars nobody hears of it.

    Moved to where nothing is scheduled it stays what it is, and nobody is uninvited: it only is not followed any more.
    """
    check_tag(call, leaf)
    event = stored_event(unit, leaf)
    if event is None or shelf.id == target.id:
        return
    source, desk = desk_of(call, unit, shelf, tag=leaf.schedule_tag), desk_of(call, unit, target)
    if source is not None and desk is not None and source.owner == desk.owner:
        return
    if source is not None:
        _retag(source, leaf, "")
    if desk is None:
        return
    _check_organizers(event)
    if is_organized(event, desk.own):
        _check_unique(desk, event.uid)
        _tell(desk, None, event)
    elif is_attended(event, desk.own):
        _check_unique(desk, event.uid)
    else:
        return
    _retag(desk, leaf, leaf.etag)
