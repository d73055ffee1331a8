"""Mail goes out through SMTP servers."""

from __future__ import annotations

from connectors.settings import ConnectorSettings
from connectors.smtp.sender import SmtpSender


def connect(settings: ConnectorSettings) -> SmtpSender:
    """The way out of an account. No connection is made yet."""
    return SmtpSender(settings)
