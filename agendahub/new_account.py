"""What a new account must be told: from options, or asked for on a terminal. Nothing that is secret is an option."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, fields
from typing import Any

from agendahub.account_zone import MICROSOFT, local_zone
from agendahub.failure import Failure
from agendahub.secret_input import read_secret
from agendahub.texts import _
from config.mail_accounts import MAIL_ONLY
from config.sign_in import GOOGLE, OAUTH


@dataclass(slots=True)
class NewAccount:
    """The options of `agendahub account add`, as they go into the configuration; "" is left out."""

    name: str
    connector: str = "dav"
    url: str = ""
    username: str = ""
    auth: str = ""
    mailbox: str = ""
    zone: str = ""
    tenant: str = ""
    client_id: str = ""
    certificate: str = ""
    authority: str = ""
    ca_file: str = ""
    secret: str = ""
    given: str = field(default="", repr=False)  # a secret that goes into the store

    def values(self) -> dict[str, Any]:
        """For the configuration file."""
        everything = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "given"}
        return {name: value for name, value in everything.items() if value and (name, value) != ("auth", "basic")}


def ask_for_the_rest(account: NewAccount) -> None:
    """What is missing. Raises Failure where nobody can be asked."""
    if account.connector == GOOGLE:
        from agendahub.google_account import ask_at_google

        ask_at_google(account, _ask, lambda what, option: _ask(what, option, needed=False))
        return
    account.auth = account.auth or ("device" if account.connector == "microsoft365" else "basic")
    if account.connector != "microsoft365" and account.connector != "memory":
        account.url = account.url or _ask(_("Address of the server"), "--url")
    if account.auth in OAUTH:
        account.client_id = account.client_id or _ask(_("Application (client) id of the registered app"), "--client-id")
        if account.auth == "app":
            if not account.authority:
                account.tenant = account.tenant or _ask(_("Directory (tenant) id or domain"), "--tenant")
            account.mailbox = account.mailbox or _ask(_("Address of the mailbox"), "--mailbox", needed=False)
        else:
            account.tenant = account.tenant or _ask(
                _("Directory (tenant) id or domain; empty for any"), "", needed=False
            )
    if account.connector == "imap" or (account.connector == "smtp" and account.auth == "bearer"):
        account.username = account.username or _ask(_("User name, often the address of the mailbox"), "--username")
    if account.connector == "exchange" and account.auth in {"basic", "ntlm"}:
        account.username = account.username or _ask(_("User name, such as OFFICE\\ada"), "--username")
    if account.connector in MICROSOFT:
        zone = _("Time zone, for events that name none")
        account.zone = account.zone or _ask(zone, "", needed=False, usual=local_zone()) or _zone_of_this_machine()


def secret_of(account: NewAccount) -> str:
    """The password, token or app's secret to keep in the store; "" where the account needs none of us."""
    if account.secret or account.given:
        return account.given
    if account.auth == "app":
        return "" if account.certificate else read_secret(_("Secret of the app"))
    if account.auth in OAUTH:
        return ""
    if account.auth == "bearer" and account.connector in (*MICROSOFT, GOOGLE, *MAIL_ONLY):
        return read_secret(_("Token"))
    return read_secret(_("Password for {user}").format(user=account.username)) if account.username else ""


def _zone_of_this_machine() -> str:
    """Servers are often in UTC and people seldom are: that is not taken without being asked for."""
    found = local_zone()
    return "" if found == "UTC" else found


def _ask(what: str, option: str, *, needed: bool = True, usual: str = "") -> str:
    if not sys.stdin.isatty():
        if needed:
            raise Failure(_("{option} is needed: {what}.").format(option=option, what=what))
        return ""
    import typer

    answer = str(typer.prompt(what, default=usual, show_default=bool(usual))).strip()
    if needed and not answer:
        raise Failure(_("Nothing was given; nothing was changed."))
    return answer
