"""POST /accounts/NAME/sign-in: begin a sign-in in a browser. DELETE /accounts/NAME/sign-in: sign out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from agendahub.addresses import base_url
from agendahub.api_call import ApiError, Call
from agendahub.push_farewell import farewell
from agendahub.refusals import Missing
from agendahub.sign_ins import LIFETIME, callback_of
from agendahub.signing_in import system_of
from agendahub.texts import _
from agendahub.workspace import utc_now
from config.settings import AccountSettings

_HERE = {"localhost", "127.0.0.1", "::1"}


def begin(call: Call) -> Any:
    """The address that a person opens in a browser, within ten minutes."""
    call.only()
    account = _account(call)
    redirect_uri = base_url(call.workspace.settings.server).rstrip("/") + callback_of(account)
    check_way_back(account, redirect_uri)
    url = call.daemon.sign_ins.begin(call.workspace, account, redirect_uri)
    return {"url": url, "redirect_uri": redirect_uri, "expires_at": utc_now() + timedelta(seconds=LIFETIME)}


def check_way_back(account: AccountSettings, redirect_uri: str) -> None:
    """Raises ApiError for an address that nobody is sent back to."""
    parts, system = urlsplit(redirect_uri), system_of(account)
    if parts.hostname in _HERE:
        return
    if parts.scheme != "https":
        said = _("{system} sends people back over https only: set [server] base_url to the hub's https address.")
        raise ApiError(422, said.format(system=system))
    if account.auth == "desktop":
        said = _(
            "An OAuth client of the type desktop sends people back to their own machine only: use `agendahub account "
            'sign-in {name}`, or a client of the type web with auth = "web".'
        )
        raise ApiError(422, said.format(name=account.name))


def end(call: Call) -> Any:
    """Forget the tokens."""
    call.only()
    account = _account(call)
    farewell(call.workspace, account)
    return {"signed_out": call.workspace.tokens(account).forget()}


def _account(call: Call) -> AccountSettings:
    found = call.workspace.settings.account(call.path["account"])
    if found is None:
        raise Missing(_("There is no account {name}.").format(name=call.path["account"]))
    return found
