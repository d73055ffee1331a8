"""What becomes of a calendar part (REQUESTS.md 9). Pure.

Only the organiser may change or cancel, only an attendee may answer for himself, and the newer one counts: the higher
SEQUENCE, of equal ones the later DTSTAMP. Who is meant is what the agenda has, not what the part says of itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crm.invitation.parts import Told


class Do(StrEnum):
    """What is done in the agenda."""

    NOTHING = "nothing"
    PUT = "put"  # the event, or a change of it
    CANCEL = "cancel"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Sender:
    """Of the mail. From is no proof, but what is not even in From is surely not from there."""

    address: str  # lower case; "" where From has not exactly one
    verified: bool  # exactly one address stands in From
    forged: bool  # our own mail server says that From is not true (DMARC)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the UID that a part is about."""

    there: bool  # the agenda has it, or had it
    living: bool = False
    organizer: str = ""  # as the agenda has it
    sent_by: str = ""
    ours: bool = False  # we are the organiser
    by_account: bool = False  # a mailbox that is synced has this meeting: its own program takes changes over
    attendees: frozenset[str] = frozenset()
    newest: tuple[int, datetime] | None = None  # sequence and stamp of what was followed last
    newest_reply: tuple[int, datetime] | None = None  # of this attendee
    invited: int | None = None  # sequence of the last invitation that we sent


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is done, how the part is called from now on, and what people are told."""

    do: Do
    state: str
    reason: str = ""


_FORGED = "It may be forged: our mail server says that it is not from its sender (DMARC)."
_SHOWN = {
    "COUNTER": "Another time is proposed. Nothing was changed: move the meeting if it suits.",
    "PUBLISH": "It is an announcement, not an invitation.",
    "ADD": "It adds occurrences to a series; ask the organiser to send all of it.",
    "REFRESH": "Somebody asks for the newest version of our meeting: invite once more.",
    "DECLINECOUNTER": "The organiser does not take another time.",
}


def decide(told: Told, sender: Sender, known: Known, own: frozenset[str]) -> Verdict:
    """`own`: our addresses."""
    if told.method in _SHOWN:
        return Verdict(Do.NOTHING, "unread", _SHOWN[told.method])
    if told.method == "REPLY":
        return _reply(told, sender, known)
    if not told.organizer:
        return Verdict(Do.NOTHING, "unread", "It names no organiser with a mail address.")
    if told.organizer in own:
        return Verdict(Do.NOTHING, "refused", "It names ourselves as the organiser: our meetings are changed here.")
    return _request(told, sender, known) if told.method == "REQUEST" else _cancel(told, sender, known)


def _request(told: Told, sender: Sender, known: Known) -> Verdict:
    if not known.there and sender.forged:
        return Verdict(Do.NOTHING, "refused", _FORGED)
    if not known.there and known.newest is not None and (told.sequence, told.stamped_at) <= known.newest:
        return Verdict(Do.NOTHING, "outdated", "It was called off before it came.")
    if not known.there:
        return Verdict(Do.PUT, "tentative", _warning(told, sender))
    if refused := _not_the_organizer(told, sender, known):
        return Verdict(Do.NOTHING, "refused", refused)
    if known.newest is not None and (told.sequence, told.stamped_at) <= known.newest:
        same = (told.sequence, told.stamped_at) == known.newest
        return Verdict(Do.NOTHING, "outdated", "It is known already." if same else "A newer version came before.")
    if known.by_account:
        return Verdict(Do.NOTHING, "tentative", "The calendar of a synced mailbox has this meeting, and follows it.")
    return Verdict(Do.PUT, "tentative")


def _warning(told: Told, sender: Sender) -> str:
    if sender.verified and sender.address == told.organizer:
        return ""
    if sender.verified and sender.address == told.sent_by:
        return f"{sender.address} sent it on behalf of its organiser, {told.organizer}."
    return f"It was not sent by its organiser, {told.organizer}, but by {sender.address or 'an unclear sender'}."


def _not_the_organizer(told: Told, sender: Sender, known: Known) -> str:
    """Why this sender may not change the event; "" when he may."""
    if not known.organizer or told.organizer != known.organizer:
        who = f"by {known.organizer}" if known.organizer else "by nobody else"
        return f"The agenda has another event with this UID, organised {who}."
    if sender.forged:
        return _FORGED
    if not sender.verified or sender.address not in (known.organizer, known.sent_by):
        return f"Only the organiser, {known.organizer}, may change it; this came from {sender.address or 'elsewhere'}."
    return ""


def _cancel(told: Told, sender: Sender, known: Known) -> Verdict:
    if not known.there:
        return _cancel_first(told, sender)
    refused = _not_the_organizer(told, sender, known)
    if refused:
        return Verdict(Do.NOTHING, "refused", refused)
    if known.newest is not None and (told.sequence, told.stamped_at) < known.newest:
        return Verdict(Do.NOTHING, "outdated", "A newer version came before.")
    if known.by_account:
        return Verdict(Do.NOTHING, "applied", "The calendar of a synced mailbox has this meeting, and follows it.")
    if not known.living:
        return Verdict(Do.NOTHING, "applied", "It is out of the agenda already.")
    return Verdict(Do.CANCEL, "applied")


def _cancel_first(told: Told, sender: Sender) -> Verdict:
    """A cancellation may overtake the invitation: the organiser's is remembered."""
    trusted = sender.verified and not sender.forged and sender.address == told.organizer
    state = "applied" if trusted else "refused"
    return Verdict(Do.NOTHING, state, "The agenda does not have the meeting that it cancels.")


def _reply(told: Told, sender: Sender, known: Known) -> Verdict:
    if not known.there or not known.ours:
        return Verdict(Do.NOTHING, "refused", "It answers a meeting that is not ours.")
    if unproven := whose_answer(told, sender):
        return unproven
    if told.attendee not in known.attendees:
        return Verdict(Do.NOTHING, "refused", f"{told.attendee} is not invited to this meeting.")
    if known.invited is not None and told.sequence < known.invited:
        return Verdict(Do.NOTHING, "outdated", "It answers an earlier version of the meeting.")
    if known.newest_reply is not None and (told.sequence, told.stamped_at) <= known.newest_reply:
        return Verdict(Do.NOTHING, "outdated", "A newer answer came before.")
    if not known.living:
        return Verdict(Do.NOTHING, "outdated", "The meeting is out of the agenda.")
    return Verdict(Do.REPLY, "applied")


def whose_answer(told: Told, sender: Sender) -> Verdict | None:
    """Why it is not clear that whoever answers has sent it; None when it is."""
    if not told.attendee:
        return Verdict(Do.NOTHING, "unread", "It does not say who answers.")
    if sender.forged or not sender.verified or sender.address != told.attendee:
        said = f"{told.attendee} is answered for by {sender.address or 'an unclear sender'}; nothing was changed."
        return Verdict(Do.NOTHING, "refused", said)
    return None
