"""A person answers an invitation: a REPLY goes out, and the event says so."""

from __future__ import annotations

from crm.actor import Actor
from crm.invitation.model import Invitation
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


def answer(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, invitation_id: int, how: str, comment: str = ""
) -> Invitation:
    """`how`: accepted, declined, tentative. Raises `Refused` for what is no open invitation."""
    raise NotImplementedError
