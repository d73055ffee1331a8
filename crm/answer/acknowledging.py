"""The automatic "we got your mail": at most one for a request and three a day to a sender (REQUESTS.md 7, 8)."""

from __future__ import annotations

from crm.mail.model import Mail
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


def acknowledge(
    unit: SqlUnitOfWork,
    settings: CrmSettings,
    mailbox: str,
    request_id: int,
    message_id: int,
    mail: Mail,
    *,
    backlog: bool,
) -> int | None:
    """Put the acknowledgement of the mail that opened a request into the outbox; None where none is to be sent.

    None for automatic mail, reports, backlog, our own addresses, addresses that bounced, senders that are not exactly
    one address, a mailbox that does not acknowledge, and over the limits.
    """
    raise NotImplementedError
