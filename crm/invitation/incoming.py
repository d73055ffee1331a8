"""The calendar parts of a mail that came in (REQUESTS.md 9). Nothing is accepted by itself, nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from crm.activity import keeping
from crm.actor import AGENDA
from crm.agenda.collection import agenda_collection
from crm.errors import Refused
from crm.invitation import agenda_event
from crm.invitation.agenda_event import merged, tamed, without
from crm.invitation.deciding import Do, Sender, Verdict, decide, whose_answer
from crm.invitation.known import Found, look
from crm.invitation.own_calendars import Heard
from crm.invitation.parts import Told, Unread, told_by
from crm.mail.model import Mail
from crm.request.history import note
from crm.settings import CrmSettings
from storage.crm import invitation_rows
from storage.crm.invitation_rows import EPOCH
from storage.unit_of_work import SqlUnitOfWork
from sync_engine.errors import ItemError
from sync_engine.item import Item
from sync_engine.model import Event
from sync_engine.ports import Origin

_ANSWERS = ("ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED")
_MOST_PARTS, _MOST_TOLD = 20, 40  # of one mail
_SPAM = "The mail is no request, or spam: nothing of it goes into the agenda."


@dataclass(frozen=True, slots=True)
class Case:
    """A calendar part of one mail."""

    unit: SqlUnitOfWork
    settings: CrmSettings
    message_id: int
    request_id: int | None
    sender: Sender
    wanted: bool  # the mail is a request that somebody works on


def take_invitations(
    unit: SqlUnitOfWork, settings: CrmSettings, message_id: int, request_id: int | None, mail: Mail
) -> None:
    """Each part becomes a row of `invitations`, and does in the agenda what it may. Never raises for what a part says.

    `message_id`, `request_id`: ids of rows. Call it after both rows were written.
    """
    if not mail.calendars:
        return
    wanted = request_id is not None and not invitation_rows.is_spam(unit.session.connection, request_id)
    case = Case(unit, settings, message_id, request_id, sender_of(mail), wanted)
    for told in islice(_once(mail), _MOST_TOLD):
        if isinstance(told, Unread):
            _row(case, {"method": told.method, "uid": "", "state": "unread", "reason": told.reason})
        else:
            _take(case, told)


def sender_of(mail: Mail) -> Sender:
    """Who says what a mail's calendar says."""
    return Sender(mail.sender.address, mail.verified, mail.forged)


def _once(mail: Mail) -> Iterable[Told | Unread]:
    """Programs send a part twice: for reading, and as a file."""
    seen: set[tuple[Any, ...]] = set()
    for part in mail.calendars[:_MOST_PARTS]:
        for told in told_by(part):
            if isinstance(told, Unread):
                key: tuple[Any, ...] = (told.method, told.reason)
            else:
                key = (told.method, told.uid, told.occurrence, told.sequence, told.stamped_at)
            if key not in seen:
                seen.add(key)
                yield told


def _take(case: Case, told: Told) -> None:
    try:
        case.unit.lock_collection(agenda_collection(case.unit, case.settings))
        found = look(case.unit, case.settings, told)
        verdict = decide(told, case.sender, found.known, case.settings.own_addresses)
        if told.method == "REPLY" and not found.known.ours:
            verdict = _to_own_calendar(case, told, verdict)
        if not case.wanted and told.method == "REQUEST" and not found.known.there:
            verdict = Verdict(Do.NOTHING, "unread", _SPAM)
        item_id, verdict = _done(case, told, found, verdict)
    except (ItemError, Refused) as err:
        item_id, verdict = None, Verdict(Do.NOTHING, "unread", f"The agenda cannot hold it: {err}")
    _written(case, told, verdict, item_id)


def _done(case: Case, told: Told, found: Found, verdict: Verdict) -> tuple[int | None, Verdict]:
    """Do it; gives the event's item, and what is to be told."""
    item_id = found.item.id if found.item else None
    if verdict.do is Do.PUT:
        item_id, done = _put(case, told, found)
        return item_id, replace(done, reason=done.reason or verdict.reason)
    if verdict.do is Do.CANCEL:
        _cancel(case, told, found)
    return item_id, _reply(case, told, found) if verdict.do is Do.REPLY else verdict


_HEARD = {
    Heard.TAKEN: ("applied", "{}: {}, in the organiser's own calendar."),
    Heard.UNINVITED: ("refused", "{} is not invited to this meeting."),
    Heard.OLDER: ("outdated", "It answers an earlier version of the meeting."),
    Heard.NOTHING: ("unread", "It gives no answer."),
}


def _to_own_calendar(case: Case, told: Told, otherwise: Verdict) -> Verdict:
    """The answer to a meeting that is not of the agenda: a user may have invited to it from his own calendar."""
    connection = case.unit.session.connection
    if whose_answer(told, case.sender):
        return otherwise
    newest = invitation_rows.newest(connection, told.uid, ["REPLY"], [told.occurrence], told.attendee)
    if newest is not None and (told.sequence, told.stamped_at) <= (newest["sequence"], newest["stamped_at"] or EPOCH):
        return Verdict(Do.NOTHING, "outdated", "A newer answer came before.")
    heard = case.settings.own_calendars.reply(case.unit, told.event, told.attendee)
    if heard is Heard.UNKNOWN:
        return otherwise
    state, said = _HEARD[heard]
    answer = agenda_event.answer_of(told.event, told.attendee).lower()
    return Verdict(Do.NOTHING, state, said.format(told.attendee, answer))


def _written(case: Case, told: Told, verdict: Verdict, item_id: int | None) -> None:
    number = _row(
        case,
        {
            "method": told.method,
            "uid": told.uid,
            "occurrence": told.occurrence,
            "sequence": told.sequence,
            "stamped_at": told.stamped_at,
            "organizer": told.organizer,
            "attendee": told.attendee if told.method in ("REPLY", "COUNTER") else "",
            "summary": told.summary,
            "starts_at": told.starts_at,
            "item_id": item_id,
            "state": verdict.state,
            "reason": verdict.reason,
        },
    )
    if told.method in ("REQUEST", "CANCEL") and verdict.state in invitation_rows.COUNTED:
        said = "It was called off." if told.method == "CANCEL" else "A newer version came."
        newer = (told.uid, told.occurrence, told.sequence, number)
        invitation_rows.outdate(case.unit.session.connection, *newer, said)


def _row(case: Case, values: dict[str, Any]) -> int:
    row = {"message_id": case.message_id, "request_id": case.request_id, "answered_by": "", **values}
    number = invitation_rows.add(case.unit.session.connection, row)
    if case.request_id is not None:
        said = " ".join(filter(None, (values.get("method"), values.get("summary", ""))))
        note(case.unit, case.request_id, AGENDA, f"invitation {values['state']}", after=said, reason=values["reason"])
    return number


# ---------------------------------------------------------------- in the agenda


def _put(case: Case, told: Told, found: Found) -> tuple[int | None, Verdict]:
    """The event, or a change of it; gives its item, and how it stands now.

    What a person said of it (accepted, declined, took it out of the agenda) counts on while the times are the same.
    """
    unit, known = case.unit, found.event
    same = known is not None and _same_times(known, told.event)
    state = found.answered if same else "tentative"
    if found.item is not None and found.item.deleted and same and not found.called_off:
        return found.item.id, Verdict(Do.NOTHING, state, "Somebody took it out of the agenda; it stays out.")
    url = keeping.about(unit, case.settings, case.request_id).url
    event = tamed(told.event, "tentative" if state == "declined" else state, url)
    event = merged(known, event) if known is not None else event
    event = _our_answer(event, known, case.settings) if known is not None and same else event
    item, origin = Item.of(event), Origin(AGENDA.name)
    if found.item is None:
        return unit.create_item(agenda_collection(unit, case.settings), item, origin).id, Verdict(Do.PUT, state)
    return unit.update_item(found.item.id, item, origin).id, Verdict(Do.PUT, state)


def _our_answer(event: Event, known: Event, settings: CrmSettings) -> Event:
    """Our PARTSTAT as we gave it: the organiser's own list may not know it yet."""
    for address in settings.own_addresses:
        before = agenda_event.answer_of(known, address)
        if before not in ("", "NEEDS-ACTION"):
            event = agenda_event.answered(event, address, before) or event
    return event


def _same_times(known: Event, told: Event) -> bool:
    one, other = known.master, told.master
    if one is None or other is None:
        return False
    names = ("start", "end", "duration", "rules", "recurrence_dates")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _cancel(case: Case, told: Told, found: Found) -> None:
    """Out of the agenda; of a series the occurrences that are named."""
    assert found.item is not None
    rest = without(found.event, told.event) if found.event is not None else None
    origin = Origin(AGENDA.name)
    if rest is None:
        case.unit.delete_item(found.item.id, origin)
    else:
        case.unit.update_item(found.item.id, Item.of(rest), origin)


def _reply(case: Case, told: Told, found: Found) -> Verdict:
    """What an attendee of our meeting answers."""
    answer = agenda_event.answer_of(told.event, told.attendee)
    changed = None
    if found.event is not None and answer in _ANSWERS:
        changed = agenda_event.answered(found.event, told.attendee, answer, told.occurrence)
    if changed is None or found.item is None:
        return Verdict(Do.NOTHING, "unread", "It gives no answer, or to what the agenda does not have by itself.")
    case.unit.update_item(found.item.id, Item.of(changed), Origin(AGENDA.name))
    return Verdict(Do.REPLY, "applied", f"{told.attendee}: {answer.lower()}")
