"""A person answers an invitation: a REPLY goes out, and the event says so."""

from __future__ import annotations

from crm.activity import keeping
from crm.activity.records import address_of
from crm.actor import Actor
from crm.answer.model import Calendar, Outgoing
from crm.answer.outbox import put
from crm.errors import Invalid, Refused
from crm.invitation import texts
from crm.invitation.agenda_event import STATUS, answered
from crm.invitation.model import ANSWERS, Invitation
from crm.invitation.reading import invitation
from crm.mail.model import Party
from crm.request.history import note
from crm.settings import CrmSettings, Mailbox
from storage.crm import invitation_rows
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.item import Item
from sync_engine.model import CalendarUser, Event
from sync_engine.ports import HubItem

_LONGEST_COMMENT = 4000
_NO_BINDING = 0


def answer(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, invitation_id: int, how: str, comment: str = ""
) -> Invitation:
    """`how`: accepted, declined, tentative; may be changed later. Puts the mail into the outbox, once each time.

    A declined event leaves the agenda. Raises `Refused` for what is no open invitation, `Invalid`.
    """
    seen = invitation(unit, actor, invitation_id, "invitation.answer")
    if how not in ANSWERS:
        raise Invalid(f"An invitation is answered by one of {', '.join(ANSWERS)}.")
    comment = comment.strip()[:_LONGEST_COMMENT]
    item = _locked(unit, seen)
    told = _answerable(invitation(unit, actor, invitation_id, "invitation.answer"))
    event = keeping.record(unit, item) if item is not None else None
    if item is None or not isinstance(event, Event):
        raise Refused("The event of this invitation cannot be read any more; answer with a mail.")
    who = _invited(unit, settings, told, event)
    _send(unit, settings, actor, told, event, who, how, comment)
    _into_agenda(unit, actor, told, item, event, address_of(who), how)
    return _noted(unit, actor, told, how, comment)


def _locked(unit: SqlUnitOfWork, told: Invitation) -> HubItem | None:
    """Two who answer at once: the second waits, and then sees the first one's answer."""
    item = unit.items([told.item_id]).get(told.item_id) if told.item_id is not None else None
    if item is None:
        return None
    unit.lock_collection(item.collection_id)
    return unit.items([item.id]).get(item.id)


def _answerable(told: Invitation) -> Invitation:
    if told.method != "REQUEST" or told.state not in invitation_rows.OPEN:
        said = f" {told.reason}" if told.reason else ""
        raise Refused(f"This cannot be answered: it is no open invitation.{said}")
    if told.request_id is None:
        raise Refused("The mail of this invitation belongs to no request; make one of it first.")
    return told


def _invited(unit: SqlUnitOfWork, settings: CrmSettings, told: Invitation, event: Event) -> CalendarUser:
    """The mailbox that answers: the one that was invited, and where it was through a list, that of the request."""
    box = mailbox(unit, settings, told.request_id)
    order = (frozenset({box.address}), settings.own_addresses)
    found = (texts.attendee(event, told.occurrence, addresses) for addresses in order)
    return next((user for user in found if user is not None), CalendarUser(f"mailto:{box.address}"))


def mailbox(unit: SqlUnitOfWork, settings: CrmSettings, request_id: int | None) -> Mailbox:
    """The one that a request came through. Raises `Refused` where the configuration has none of that name."""
    name = invitation_rows.mailbox_of(unit.session.connection, request_id) if request_id is not None else ""
    if name not in settings.mailboxes:
        raise Refused("The request has no mailbox that this could be sent from; choose one for it.")
    return settings.mailboxes[name]


def _send(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    told: Invitation,
    event: Event,
    who: CalendarUser,
    how: str,
    comment: str,
) -> None:
    assert told.request_id is not None
    meant = texts.named(event, told.occurrence)
    said = texts.reply(event, told.occurrence, who, told.sequence, how, comment, unit.session.now())
    words = (f"{texts.WORDS[how]}: {meant.summary}", texts.time_of(event, meant), comment)
    mail = Outgoing(
        request_id=told.request_id,
        mailbox=mailbox(unit, settings, told.request_id).name,
        to=(Party(told.organizer),),
        subject=" ".join(f"{texts.WORDS[how]}: {meant.summary}".split())[:200],
        text="\n\n".join(word for word in words if word),
        calendar=Calendar("REPLY", said),
        answers=told.message_id,
    )
    put(unit, settings, mail, actor=actor)


def _into_agenda(
    unit: SqlUnitOfWork, actor: Actor, told: Invitation, item: HubItem, event: Event, address: str, how: str
) -> None:
    """The event says what was answered; a declined one is taken out. A synced mailbox's own meeting is left to it."""
    if unit.meeting_links(_NO_BINDING, [item.id]).get(item.id):
        return
    origin = keeping.origin(actor)
    if how == "declined" and not told.occurrence:
        unit.delete_item(item.id, origin)
        return
    status = STATUS.get(how, "CANCELLED")
    changed = answered(event, address, texts.PARTSTAT[how], told.occurrence, status=status) or event
    unit.update_item(item.id, Item.of(changed), origin)


def _noted(unit: SqlUnitOfWork, actor: Actor, told: Invitation, how: str, comment: str) -> Invitation:
    assert told.request_id is not None
    values = {"state": how, "answered_at": unit.session.now(), "answered_by": actor.name}
    invitation_rows.alter(unit.session.connection, told.id, values)
    note(unit, told.request_id, actor, f"invitation {how}", after=told.summary, reason=comment[:1000])
    return Invitation(**(invitation_rows.one(unit.session.connection, told.id) or {}))
