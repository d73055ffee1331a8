"""Accounts that only mail goes through: what their settings must be, and what cannot be tied to them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from config.lines import Path as KeyPath
from config.settings import AccountSettings, Settings

MAIL_ONLY = {"imap": ("imaps", "imap"), "smtp": ("smtps", "smtp")}
"""Connector -> how the address of its server begins; the second is encrypted by STARTTLS."""

_NO_USE = ("proxy", "other_hosts")


def inconsistencies(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Where, and what is wrong there."""
    for number, account in enumerate(settings.accounts):
        yield from ((("accounts", number, name), said) for name, said in _problems(account))
    mail_only = {account.name: account.connector for account in settings.accounts if account.connector in MAIL_ONLY}
    for section in ("bindings", "fanouts"):
        for number, entry in enumerate(getattr(settings, section)):
            if entry.account in mail_only:
                said = f"{mail_only[entry.account]} is for mail only: it has no calendars and no address books"
                yield (section, number, "account"), said


def _problems(account: AccountSettings) -> Iterator[tuple[str, str]]:
    schemes = MAIL_ONLY.get(account.connector)
    parts = urlsplit(account.url)
    if schemes is None:
        if account.url and parts.scheme not in {"http", "https"}:
            yield "url", f"{account.connector} needs an address that starts with https:// (or http://)"
        return
    if parts.scheme not in schemes:
        yield "url", f"{account.connector} needs the server's address, such as {schemes[0]}://mail.example.org"
    elif parts.path.strip("/") or parts.query or parts.username:
        yield "url", "write only the server and its port here; the user goes into username, folders into [[mailboxes]]"
    if not account.username and (account.connector == "imap" or account.auth == "bearer"):
        yield "username", "write who signs in"
    if account.username and not account.secret:
        yield "secret", "a password or a token is needed; agendahub account add asks for it"
    for name in _NO_USE:
        if getattr(account, name):
            yield name, f"{name} is of no use with the connector {account.connector}"
