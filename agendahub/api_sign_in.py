"""POST /accounts/NAME/sign-in: begin a sign-in in a browser. DELETE /accounts/NAME/sign-in: sign out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from agendahub.addresses import base_url
from agendahub.api_call import ApiError, Call
from agendahub.refusals import Missing
from agendahub.sign_ins import CALLBACK, LIFETIME
from agendahub.texts import _
from agendahub.workspace import utc_now
from config.settings import AccountSettings

_HERE = {"localhost", "127.0.0.1", "::1"}


def begin(call: Call) -> Any:
    """The address that a person opens in a browser, within ten minutes."""
    call.only()
    account = _account(call)
    redirect_uri = base_url(call.workspace.settings.server).rstrip("/") + CALLBACK
    parts = urlsplit(redirect_uri)
    if parts.scheme != "https" and parts.hostname not in _HERE:
        said = _("Microsoft sends people back over https only: set [server] base_url to the hub's https address.")
        raise ApiError(422, said)
    url = call.daemon.sign_ins.begin(call.workspace, account, redirect_uri)
    return {"url": url, "redirect_uri": redirect_uri, "expires_at": utc_now() + timedelta(seconds=LIFETIME)}


def end(call: Call) -> Any:
    """Forget the tokens."""
    call.only()
    return {"signed_out": call.workspace.tokens(_account(call)).forget()}


def _account(call: Call) -> AccountSettings:
    found = call.workspace.settings.account(call.path["account"])
    if found is None:
        raise Missing(_("There is no account {name}.").format(name=call.path["account"]))
    return found
