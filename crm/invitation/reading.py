"""Invitations, one or many."""

from __future__ import annotations

from collections.abc import Sequence

from crm.actor import Actor
from crm.invitation.model import Invitation
from storage.unit_of_work import SqlUnitOfWork


def invitation(unit: SqlUnitOfWork, actor: Actor, invitation_id: int) -> Invitation:
    """One. Raises `NotThere`."""
    raise NotImplementedError


def invitations_of(unit: SqlUnitOfWork, actor: Actor, request_id: int) -> Sequence[Invitation]:
    """Those of a request, in the order in which they came. Raises `NotThere`."""
    raise NotImplementedError
