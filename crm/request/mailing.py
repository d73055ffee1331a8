"""What mails do to a request. No mail is written here: the intake and the outbox do that.

Call these after the message's row is written: its words are then found by the search.
"""

from __future__ import annotations

from datetime import datetime

from crm.actor import Actor
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


def takes(unit: SqlUnitOfWork, settings: CrmSettings, request_id: int, at: datetime) -> int | None:
    """The request that a mail for this one goes into: where it was merged to; None when it was closed too long ago.

    Then open a new one with `NewRequest.continues`. Not for automatic mails: they go into a closed one, too.
    """
    raise NotImplementedError


def message_came(
    unit: SqlUnitOfWork, settings: CrmSettings, actor: Actor, request_id: int, *, at: datetime, automatic: bool
) -> None:
    """A message came into an open or closed request, or opened it.

    A person's mail reopens a closed one, and takes a waiting or completed one back to open; an automatic mail leaves
    the status alone (REQUESTS.md 3, 7).
    """
    raise NotImplementedError


def answered(unit: SqlUnitOfWork, actor: Actor, request_id: int, at: datetime) -> None:
    """A person's answer went out. Takes no version away from whoever looks at the request."""
    raise NotImplementedError


def message_added(unit: SqlUnitOfWork, request_id: int) -> None:
    """For messages that are neither: the search shall find their words."""
    raise NotImplementedError
