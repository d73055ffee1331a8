"""How users' invitations reach people outside: by mail, from one of our mailboxes, where the configuration says so."""

from __future__ import annotations

from agendahub.crm_settings import crm_settings
from agendahub.workspace import Workspace
from crm.invitation.for_guests import GuestMail, mail_guest
from crm.mail.model import Party
from crm.settings import CrmSettings
from dav_gateway.scheduling.outsiders import Letter, Nobody, Outsiders
from storage.unit_of_work import SqlUnitOfWork


def outsiders_of(workspace: Workspace) -> Outsiders:
    """Raises `StoreError` when the key file cannot be read."""
    mailbox = workspace.settings.server.invite_by_mail
    return ByMail(crm_settings(workspace), mailbox) if mailbox else Nobody()


class ByMail:
    """Puts messages into the outbox of mails."""

    def __init__(self, settings: CrmSettings, mailbox: str) -> None:
        self._settings, self._mailbox = settings, mailbox

    def send(self, unit: SqlUnitOfWork, letter: Letter) -> bool:
        """See `Outsiders`."""
        mail = GuestMail(
            sender=Party(letter.sender_address, letter.sender_name),
            recipient=letter.recipient,
            method=letter.method,
            summary=letter.summary,
            calendar=letter.text,
        )
        return mail_guest(unit, self._settings, self._mailbox, mail)
