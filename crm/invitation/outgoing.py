"""Inviting customers to a meeting of ours, and calling it off. Only a person's word sends such a mail."""

from __future__ import annotations

from dataclasses import replace

from crm.activity import keeping
from crm.activity.absorbing import absorb
from crm.activity.model import CANCELLED, Activity
from crm.activity.records import People, people_in
from crm.actor import Actor
from crm.answer.model import Calendar, Outgoing
from crm.answer.outbox import put
from crm.errors import Refused
from crm.invitation import texts
from crm.invitation.answering import mailbox
from crm.rights import authorise
from crm.settings import CrmSettings
from storage.crm import invitation_rows
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.model import CalendarUser, Event, EventDetails
from sync_engine.ports import HubItem


def invite(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, text: str = "") -> int:
    """Mail a REQUEST to the guests of an activity, as it is now; gives the id of the message.

    Once more after a change: the same event with a higher SEQUENCE; who said yes to another time is asked again.
    Raises `Refused` without guests, a time, a request.
    """
    meeting = _meeting(unit, settings, actor, activity_id)
    if meeting.activity.state == CANCELLED or meeting.item.deleted:
        raise Refused("This activity is cancelled; plan it again first.")
    before = invitation_rows.newest(unit.session.connection, meeting.event.uid, ["REQUEST", "CANCEL"], [""])
    if before is not None and before["starts_at"] != meeting.activity.starts_at:
        meeting = _asked_again(unit, settings, actor, activity_id, meeting)
    now = unit.session.now()
    said = texts.request(meeting.event, meeting.outward, meeting.sequence, now)
    return _send(unit, settings, actor, meeting, "REQUEST", said, "Invitation", text)


def call_off(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, text: str = "") -> int:
    """Mail a CANCEL to the guests of an activity that was cancelled; gives the id of the message.

    Raises `Refused` where nobody was invited, or the activity is not cancelled.
    """
    meeting = _meeting(unit, settings, actor, activity_id)
    if meeting.activity.state != CANCELLED:
        raise Refused("Cancel the activity first; then its guests can be told.")
    sent = invitation_rows.newest(unit.session.connection, meeting.event.uid, ["REQUEST", "CANCEL"], [""])
    if sent is None or sent["method"] == "CANCEL":
        raise Refused("Nobody was invited to it, or the guests were told already.")
    now = unit.session.now()
    said = texts.cancellation(meeting.event, meeting.outward, meeting.sequence, now)
    return _send(unit, settings, actor, meeting, "CANCEL", said, "Cancelled", text)


class _Meeting:
    """An activity whose event has guests."""

    def __init__(self, activity: Activity, item: HubItem, event: Event, master: EventDetails, sequence: int) -> None:
        self.activity = activity
        self.item = item
        self.event = event
        self.people: People = people_in(event)
        self.sequence = sequence  # of the next mail
        # What customers see is the title and the text, not the way to the request.
        self.outward = replace(master, summary=activity.title, description=activity.text)


def _meeting(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int) -> _Meeting:
    seen = keeping.load(unit, activity_id)
    authorise(actor, "answer.write", keeping.subject(unit, seen.request_id, seen.assigned_id))
    kept = keeping.open_to_change(unit, settings, actor, activity_id, seen.version)
    event = keeping.record(unit, kept.item) if kept.item is not None else None
    if kept.activity.request_id is None:
        raise Refused("This activity belongs to no request; a mail needs one.")
    if kept.item is None or not isinstance(event, Event) or event.master is None or event.master.start is None:
        raise Refused("This activity has no time to invite to.")
    if not people_in(event).guests:
        raise Refused("Nobody is invited to this activity.")
    activity = absorb(unit, kept)
    sent = invitation_rows.newest(unit.session.connection, event.uid, ["REQUEST", "CANCEL"], [""])
    sequence = event.master.sequence if sent is None else max(event.master.sequence, sent["sequence"] + 1)
    return _Meeting(activity, kept.item, event, event.master, sequence)


def _asked_again(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, activity_id: int, meeting: _Meeting
) -> _Meeting:
    """It is at another time now: nobody has said yes to that."""
    master = meeting.event.master
    assert master is not None
    asked = replace(master, attendees=tuple(_open(user) for user in master.attendees))
    if asked == master:
        return meeting
    item = keeping.write_item(unit, actor, meeting.item, replace(meeting.event, master=asked))
    keeping.know(unit, meeting.activity, item)
    return _meeting(unit, settings, actor, activity_id)


def _open(user: CalendarUser) -> CalendarUser:
    kept = tuple(one for one in user.params if one[0] not in ("PARTSTAT", "RSVP"))
    return replace(user, params=tuple(sorted((*kept, ("PARTSTAT", ("NEEDS-ACTION",)), ("RSVP", ("TRUE",))))))


def _send(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    actor: Actor,
    meeting: _Meeting,
    method: str,
    said: str,
    word: str,
    text: str,
) -> int:
    activity = meeting.activity
    assert activity.request_id is not None
    when = texts.time_of(meeting.event, meeting.outward)
    words = (text.strip(), activity.title, when, meeting.outward.location, "" if text.strip() else activity.text)
    mail = Outgoing(
        request_id=activity.request_id,
        mailbox=mailbox(unit, settings, activity.request_id).name,
        to=meeting.people.guests,
        subject=f"{word}: {activity.title}"[:200],
        text="\n\n".join(part for part in words if part),
        calendar=Calendar(method, said),
    )
    message_id = put(unit, settings, mail, actor=actor)
    row = {
        "message_id": message_id,
        "request_id": activity.request_id,
        "method": method,
        "uid": meeting.event.uid,
        "sequence": meeting.sequence,
        "stamped_at": unit.session.now(),
        "organizer": meeting.people.organizer.address,
        "summary": activity.title,
        "starts_at": activity.starts_at,
        "item_id": meeting.item.id,
        "state": "applied",
    }
    invitation_rows.add(unit.session.connection, row)
    return message_id
