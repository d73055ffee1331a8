"""A request begins."""

from __future__ import annotations

from crm.actor import Actor
from crm.request.model import NewRequest, Request
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


def open_request(unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, new: NewRequest) -> Request:
    """Number it, write it, note it. A person must name the customer (`Missing`); the intake need not know him."""
    raise NotImplementedError
