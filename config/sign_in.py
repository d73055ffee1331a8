"""Which settings of an account go together: each is right by itself, some only make sense with others."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from config.settings import AccountSettings

OAUTH = ("device", "web", "app", "desktop")  # ways to sign in that get tokens from Microsoft or Google
GOOGLE = "google_workspace"
_WAYS = {  # connector -> what it can sign in with
    "dav": ("basic", "digest", "bearer"),
    "exchange": ("basic", "ntlm", "bearer", "device", "web", "app"),
    GOOGLE: ("desktop", "web", "app", "bearer"),
    "imap": ("basic", "bearer"),
    "microsoft365": ("device", "web", "app", "bearer"),
    "smtp": ("basic", "bearer"),
}
_MICROSOFT = ("exchange", "microsoft365")
_ONLY_OAUTH = ("tenant", "client_id", "certificate", "authority", "scopes")


def account_problems(account: AccountSettings) -> Iterator[tuple[str, str]]:
    """(setting, what is wrong with it), for the loader to name the line of."""
    ways = _WAYS.get(account.connector)
    if ways and account.auth not in ways:
        said = f"{account.connector} signs in with {', '.join(ways[:-1])} or {ways[-1]}"
        yield "auth", f"{said}; set auth"
    elif account.auth in OAUTH:
        yield from (_missing_at_google(account) if account.connector == GOOGLE else _missing(account))
        if account.authority and urlsplit(account.authority).scheme != "https":
            yield "authority", "a sign-in goes over https only"
    else:
        yield from _of_no_use(account)
    if account.connector == "exchange" and account.auth in {"basic", "ntlm"} and not account.username:
        yield "username", f'auth = "{account.auth}" needs the user name, such as "OFFICE\\\\ada"'
    if account.mailbox:
        yield from _mailbox(account)
    if account.access != "impersonation" and account.connector != "exchange":
        yield "access", "access is only of use with the connector exchange"
    if not _known_zone(account.zone):
        yield "zone", 'there is no time zone of this name; write it like "Europe/Prague"'
    if account.connector == "exchange" and not account.url:
        yield "url", "exchange needs the server's address, such as https://mail.example.org/EWS/Exchange.asmx"


def _missing(account: AccountSettings) -> Iterator[tuple[str, str]]:
    if not account.client_id:
        yield "client_id", f'auth = "{account.auth}" needs the id of the app that you registered at Microsoft'
    if account.auth == "app":
        if not account.tenant and not urlsplit(account.authority).path.strip("/"):
            yield "tenant", 'auth = "app" needs the tenant: the id or a domain of your directory'
        if not account.secret and not account.certificate:
            yield "secret", 'auth = "app" needs a secret or a certificate of the app'
    elif account.auth == "device" and account.certificate:
        yield "certificate", 'auth = "device" uses no certificate; choose "web" or "app", or leave it out'


def _missing_at_google(account: AccountSettings) -> Iterator[tuple[str, str]]:
    for name in ("tenant", "certificate"):
        if getattr(account, name):
            yield name, f"{name} is of no use at Google"
    if account.auth == "app":
        if account.username:
            yield "username", 'username is of no use with auth = "app" at Google; mailbox says for whom it acts'
        if account.client_id:
            yield "client_id", 'auth = "app" takes everything from the JSON key in secret; leave client_id out'
        if not account.secret:
            yield "secret", 'auth = "app" needs the JSON key of a service account'
    else:
        if not account.client_id:
            yield "client_id", f'auth = "{account.auth}" needs the id of the OAuth client that you made at Google'
        if not account.secret:
            yield "secret", f'auth = "{account.auth}" needs the secret of the OAuth client that you made at Google'


def _of_no_use(account: AccountSettings) -> Iterator[tuple[str, str]]:
    """A setting that does nothing is most likely a slip of the pen elsewhere."""
    for name in _ONLY_OAUTH:
        if getattr(account, name):
            yield name, f"{name} is only of use with auth = device, web or app, at Google with desktop, web or app"


def _mailbox(account: AccountSettings) -> Iterator[tuple[str, str]]:
    local, at, domain = account.mailbox.partition("@")
    if account.connector not in (*_MICROSOFT, GOOGLE):
        yield "mailbox", f"mailbox is only of use with the connectors {', '.join(_MICROSOFT)} and {GOOGLE}"
    elif account.connector == GOOGLE and account.auth != "app":
        yield "mailbox", 'at Google only auth = "app" opens the mailbox of somebody else; leave it out'
    elif not (local and at and domain) or any(letter.isspace() or letter in ",;/<>" for letter in account.mailbox):
        yield "mailbox", "a mailbox is named by one e-mail address"


def _known_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: ZoneInfoNotFoundError
        return False
    return True
