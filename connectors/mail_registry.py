"""The one visible list of systems that mail comes from and goes out through, by the `connector` of an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from connectors.mail import MailSender, MailSource
from connectors.settings import ConnectorSettings

SourceFactory: TypeAlias = Callable[[ConnectorSettings], MailSource]
SenderFactory: TypeAlias = Callable[[ConnectorSettings], MailSender]


def _imap_source(settings: ConnectorSettings) -> MailSource:
    from connectors.imap import connect

    return connect(settings)


def _smtp_sender(settings: ConnectorSettings) -> MailSender:
    from connectors.smtp import connect

    return connect(settings)


def _exchange_source(settings: ConnectorSettings) -> MailSource:
    from connectors.exchange.mail import ExchangeMail

    return ExchangeMail(settings)


def _exchange_sender(settings: ConnectorSettings) -> MailSender:
    from connectors.exchange.mail_sending import ExchangeSender

    return ExchangeSender(settings)


def _microsoft365_source(settings: ConnectorSettings) -> MailSource:
    from connectors.microsoft365.mail import Microsoft365Mail

    return Microsoft365Mail(settings)


def _microsoft365_sender(settings: ConnectorSettings) -> MailSender:
    from connectors.microsoft365.mail_sending import Microsoft365Sender

    return Microsoft365Sender(settings)


def _google_source(settings: ConnectorSettings) -> MailSource:
    from connectors.google_workspace.mail import GmailMail

    return GmailMail(settings)


def _google_sender(settings: ConnectorSettings) -> MailSender:
    from connectors.google_workspace.mail_sending import GmailSender

    return GmailSender(settings)


SOURCES: Mapping[str, SourceFactory] = MappingProxyType(  # large libraries are loaded with their first mailbox
    {
        "imap": _imap_source,
        "exchange": _exchange_source,
        "microsoft365": _microsoft365_source,
        "google_workspace": _google_source,
    }
)

SENDERS: Mapping[str, SenderFactory] = MappingProxyType(
    {
        "exchange": _exchange_sender,
        "microsoft365": _microsoft365_sender,
        "google_workspace": _google_sender,
        "smtp": _smtp_sender,
    }
)


def mail_source(kind: str, settings: ConnectorSettings) -> MailSource:
    """The mailbox of an account. Raises ValueError for a connector that has none."""
    if kind not in SOURCES:
        raise ValueError(f"Mail cannot come from {kind!r}; choose one of {', '.join(sorted(SOURCES))}.")
    return SOURCES[kind](settings)


def mail_sender(kind: str, settings: ConnectorSettings) -> MailSender:
    """The way out of an account. Raises ValueError for a connector that has none."""
    if kind not in SENDERS:
        raise ValueError(f"Mail cannot go out through {kind!r}; choose one of {', '.join(sorted(SENDERS))}.")
    return SENDERS[kind](settings)
