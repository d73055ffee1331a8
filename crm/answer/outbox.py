"""The outbox: a mail is put into it in the transaction that says why, and sent later, once."""

from __future__ import annotations

from crm.actor import Actor
from crm.answer.model import Outgoing, Waiting
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


def put(unit: SqlUnitOfWork, settings: CrmSettings, mail: Outgoing, *, actor: Actor) -> int:
    """Make the mail and let it wait; gives its id (of `messages`). Asks nobody's rights: the caller has.

    Raises `Invalid` for what cannot be a mail: no recipient, a line break in a header, files over the limits.
    """
    raise NotImplementedError


def outbox(unit: SqlUnitOfWork, actor: Actor, *, states: tuple[str, ...] = (), limit: int = 100) -> list[Waiting]:
    """What waits, is in doubt or failed; the newest first."""
    raise NotImplementedError


def decide(unit: SqlUnitOfWork, actor: Actor, message_id: int, *, was_sent: bool) -> None:
    """A person says what became of a mail in doubt, or that one that failed is to be tried again (`was_sent` False).

    Raises `Refused` for a mail that is neither in doubt nor failed.
    """
    raise NotImplementedError
