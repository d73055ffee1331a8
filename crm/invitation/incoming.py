"""The calendar parts of a mail that came in (REQUESTS.md 9). Nothing is accepted by itself, nothing is sent."""

from __future__ import annotations

from crm.mail.model import Mail
from crm.settings import CrmSettings
from storage.unit_of_work import SqlUnitOfWork


def take_invitations(
    unit: SqlUnitOfWork, settings: CrmSettings, message_id: int, request_id: int | None, mail: Mail
) -> None:
    """Each part becomes a row of `invitations`, and does in the agenda what it may. Never raises for what a part says.

    `message_id`, `request_id`: ids of rows. Call it after both rows were written.
    """
    raise NotImplementedError
