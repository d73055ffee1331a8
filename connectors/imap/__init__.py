"""Mailboxes at IMAP servers: mail is read, flagged and moved there, never deleted."""

from __future__ import annotations

from connectors.imap.source import ImapSource
from connectors.settings import ConnectorSettings


def connect(settings: ConnectorSettings) -> ImapSource:
    """The mailbox of an account. No connection is made yet."""
    return ImapSource(settings)
