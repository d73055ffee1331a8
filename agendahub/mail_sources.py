"""From a mailbox of the configuration to its source of mails."""

from __future__ import annotations

from dataclasses import replace

from agendahub.failure import Failure
from agendahub.workspace import Workspace
from config.mailbox_checks import opened_mailbox
from config.settings import MailboxSettings
from connectors.mail import After, MailSource
from crm.intake.reader import Reading


def source_of(workspace: Workspace, box: MailboxSettings) -> MailSource:
    """A new one; of one thread. Raises Failure when its account cannot be used, StoreError."""
    from connectors.mail_registry import mail_source

    account = workspace.account(box.account)
    settings = replace(workspace.connector_settings(account), mailbox=opened_mailbox(account, box))
    try:
        return mail_source(account.connector, settings)
    except ValueError as err:
        raise Failure(str(err)) from err


def reading_of(box: MailboxSettings) -> Reading:
    """What is read of it, and what becomes of its mails at their server."""
    after = {
        "nothing": None,
        "seen": After(seen=True),
        "keyword": After(keyword=box.keyword),
        "move": After(move_to=box.move_to),
    }[box.after]
    return Reading(box.name, box.folders, after)
