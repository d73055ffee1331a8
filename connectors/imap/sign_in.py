"""Signing in: by password (PLAIN, LOGIN) or with a token (OAUTHBEARER, RFC 7628; XOAUTH2)."""

from __future__ import annotations

from collections.abc import Callable

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, LoginError

from connectors.imap.failures import login_failure
from connectors.mail_tokens import TOKEN_WAYS, in_turn
from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised, SyncError


def sign_in(client: IMAPClient, settings: ConnectorSettings, host: str) -> None:
    """Raises NotAuthorised, or what the server asks for instead."""
    try:
        _way(client, settings, host)()
    except LoginError as err:
        cut = err.__context__  # the library makes a refusal of a line that broke, too
        if isinstance(cut, IMAPClientAbortError) and "AUTHENTICATIONFAILED" not in str(cut):
            raise cut from err
        raise login_failure(err, host, settings.username) from err


def _way(client: IMAPClient, settings: ConnectorSettings, host: str) -> Callable[[], object]:
    user, secret = settings.username, settings.secret
    if settings.auth == "bearer":
        for name, answer in TOKEN_WAYS.items():
            if client.has_capability(f"AUTH={name}"):
                return lambda: client.sasl_login(name, in_turn(answer(user, secret)))
        raise _no_way(host, "a token")
    if client.has_capability("AUTH=PLAIN"):
        return lambda: client.plain_login(user, secret)
    if not client.has_capability("LOGINDISABLED") and (user + secret).isascii():
        return lambda: client.login(f'"{_escaped(user)}"', secret)  # the library quotes the password only
    raise _no_way(host, "a password" if secret.isascii() else "a password with letters beyond ASCII")


def _escaped(text: str) -> str:
    """For a quoted string (RFC 3501 4.3). Raises NotAuthorised for what cannot stand in one."""
    if not text.isprintable():
        raise NotAuthorised("A user name has no line ends.")
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _no_way(host: str, what: str) -> SyncError:
    return NotAuthorised(f"{host} lets nobody sign in with {what} here; see docs/mail.md for the other ways.")
