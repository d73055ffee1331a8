"""Delivery reports: a mail of ours that did not arrive says so at its request."""

from __future__ import annotations

from crm.actor import Actor
from crm.answer.model import Bounced
from crm.mail.model import Mail
from storage.unit_of_work import SqlUnitOfWork


def take_report(unit: SqlUnitOfWork, actor: Actor, message_id: int, mail: Mail) -> Bounced | None:
    """Tie a report (`message_id` is its own row of `messages`, `mail` what was read of it) to the mail it is about.

    Sets the report's `bounce_of_id` and `request_id`, the state of our mail, `bounced_addresses` and the request's
    history; a closed request stays closed. None where it is about no mail of ours.
    """
    raise NotImplementedError
