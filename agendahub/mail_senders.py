"""From a mailbox of the configuration to the way out for its mails."""

from __future__ import annotations

from dataclasses import replace

from agendahub.failure import Failure
from agendahub.workspace import Workspace
from config.mailbox_checks import opened_mailbox
from config.settings import AccountSettings, MailboxSettings
from connectors.mail import MailSender


def account_of(workspace: Workspace, box: MailboxSettings) -> AccountSettings:
    """The account that the mails of a mailbox go out through. Raises Failure."""
    return workspace.account(box.send_through or box.account)


def sender_of(workspace: Workspace, box: MailboxSettings) -> MailSender:
    """A new one; of one thread. Raises Failure when its account cannot be used, StoreError."""
    from connectors.mail_registry import mail_sender

    account = account_of(workspace, box)
    settings = replace(workspace.connector_settings(account), mailbox=opened_mailbox(account, box))
    try:
        return mail_sender(account.connector, settings)
    except ValueError as err:
        raise Failure(str(err)) from err
