"""Nobody gets a mail because of a sync (SYNC.md R10, R13). Graph has no switch for that: what could mail is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.microsoft365.extended import EXTENDED
from connectors.microsoft365.mapping_events import could_mail
from connectors.microsoft365.places import Place
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


class Owner:
    """By which addresses the account's mailbox is invited."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._addresses: frozenset[str] = frozenset()

    def is_in(self, people: frozenset[str], place: Place) -> bool:
        """Whether the owner of the mailbox is one of these. Raises the errors of a read."""
        if place.owner:
            return place.owner.lower() in people
        if not self._addresses:
            self._addresses = self._own()
        return bool(people & self._addresses)

    def is_known_out(self, people: frozenset[str]) -> bool:
        """Whether the owner is none of these, as far as that is known without asking."""
        return bool(self._addresses) and not people & self._addresses

    def _own(self) -> frozenset[str]:
        found = {self._transport.mailbox.lower()}
        answer = self._transport.ask("get", self._transport.path("") + "?$select=mail,userPrincipalName")
        if answer.ok:  # an app that may only see the calendar knows the address from its settings
            found |= {str(answer.document.get(name) or "").lower() for name in ("mail", "userPrincipalName")}
        return frozenset(found - {""})


def invitation_missing() -> Rejected:
    """A meeting of this mailbox that is not in it."""
    return Rejected(
        "This meeting has guests and is not in the mailbox yet: the invitation has to arrive by itself, or be sent from"
        " Outlook; the sync invites nobody."
    )
