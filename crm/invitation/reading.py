"""Invitations, one or many."""

from __future__ import annotations

from collections.abc import Sequence

from crm.actor import Actor
from crm.errors import NotThere
from crm.invitation.model import Invitation
from crm.request.reading import subject_of
from crm.rights import authorise
from storage.crm import invitation_rows
from storage.unit_of_work import SqlUnitOfWork

_MOST = 500


def invitation(unit: SqlUnitOfWork, actor: Actor, invitation_id: int, action: str = "request.read") -> Invitation:
    """One; of a mail that became no request for those who may see such mails. Raises `NotThere`, `Forbidden`."""
    row = invitation_rows.one(unit.session.connection, invitation_id)
    if row is None:
        raise NotThere("There is no such invitation.")
    found = Invitation(**row)
    if found.request_id is None:
        authorise(actor, "mail.unplaced")
    else:
        authorise(actor, action, subject_of(unit, found.request_id))
    return found


def invitations_of(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> Sequence[Invitation]:
    """Those of a request, in the order in which they came, at most 500. Raises `NotThere`."""
    authorise(actor, "request.read", subject_of(unit, request_id))
    return [Invitation(**row) for row in invitation_rows.of_request(unit.session.connection, request_id, _MOST)]
