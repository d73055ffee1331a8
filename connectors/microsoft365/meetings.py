"""Nobody gets a mail because of a sync (SYNC.md R10, R13). Graph has no switch for that: what could mail is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.microsoft365.extended import EXTENDED
from connectors.microsoft365.mapping_events import could_mail
from connectors.microsoft365.plans import Plan
from connectors.microsoft365.queries import REST_OF_EXCEPTIONS
from connectors.microsoft365.transport import Transport
from sync_engine.errors import Rejected


def refuse_mail(document: Mapping[str, Any], plan: Plan) -> None:
    """Before a change of an event. Raises `Rejected` when Graph could tell others of it."""
    parts = [plan.body, *plan.occurrences.values()]
    plain = [{name: value for name, value in part.items() if name != EXTENDED} for part in parts]
    if not (_has_guests(document) or document.get("isOrganizer") is False):
        return
    if not (plan.cancelled or any(could_mail(_AMONG_OTHERS, part) for part in plain)):
        return
    if document.get("isOrganizer") is False:
        raise Rejected("Only the organiser can change this meeting; ask for it, or change your own copy in Outlook.")
    raise Rejected("Microsoft 365 would mail the guests of this meeting; change it in Outlook, and it arrives here.")


_AMONG_OTHERS: Mapping[str, Any] = {"attendees": [{}]}
"""A guest's copy is a meeting, even where its organiser hides who else comes."""


def _has_guests(document: Mapping[str, Any]) -> bool:
    """Of an event, or of one occurrence of it, perhaps one that was not told."""
    return REST_OF_EXCEPTIONS in document or any(
        one.get("attendees") for one in (document, *(document.get("exceptionOccurrences") or ()))
    )


def refuse_cancellation(document: Mapping[str, Any]) -> None:
    """Before a deletion. Raises `Rejected` when Graph would cancel the meeting for all."""
    if _has_guests(document) and document.get("isOrganizer") is not False:
        raise Rejected("Microsoft 365 would mail a cancellation to the guests of this meeting; delete it in Outlook.")


def own_addresses(transport: Transport) -> set[str] | None:
    """By which addresses the account's mailbox is invited; None where it is not known. Raises the errors of a read."""
    answer = transport.ask("get", transport.path("") + "?$select=mail,userPrincipalName")
    if answer.ok:
        return {transport.mailbox, *(str(answer.document.get(name) or "") for name in ("mail", "userPrincipalName"))}
    return {transport.mailbox} if transport.mailbox else None  # an app may be allowed to see the calendar alone


def invitation_missing() -> Rejected:
    """A meeting of this mailbox that is not in it."""
    return Rejected(
        "This meeting has guests and is not in the mailbox yet: the invitation has to arrive by itself, or be sent from"
        " Outlook; the sync invites nobody."
    )
