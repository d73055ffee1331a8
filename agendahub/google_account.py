"""What an account at Google must be told: most of it stands in the JSON files that Google offers for download."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from agendahub.failure import Failure
from agendahub.new_account import NewAccount
from agendahub.secret_input import read_document
from agendahub.texts import _
from connectors.google_workspace.sign_in_client import downloaded

_AUTH = {"installed": "desktop", "web": "web", "service_account": "app"}  # kind of a file -> auth

Ask = Callable[[str, str], str]
"""(what, option) -> the answer. Raises Failure where nobody can be asked."""


def ask_at_google(account: NewAccount, ask: Ask, ask_if_wanted: Ask) -> None:
    """What is missing; a secret that is given now stays in `account.given`. Raises Failure."""
    if account.auth == "bearer":
        return
    if not account.secret:
        account.given = read_document(_what_secret(account.auth))
    kind, inner = downloaded(account.given or _referenced(account.secret))
    _check_kind(account, kind)
    if account.auth not in {"", *_AUTH.values()}:
        return  # the configuration refuses it, and says which there are
    account.auth = account.auth or _AUTH.get(kind, "desktop")
    if account.auth == "app":
        account.mailbox = account.mailbox or ask_if_wanted(_("Address of the person whose items they are"), "--mailbox")
        return
    found = str(inner.get("client_id", ""))
    if account.client_id and found and account.client_id != found:
        raise Failure(_("The file is of another OAuth client than --client-id; leave that out."))
    account.client_id = account.client_id or found or ask(_("Id of the OAuth client"), "--client-id")


def _what_secret(auth: str) -> str:
    if auth == "app":
        return _("File with the JSON key of the service account")
    return _("Secret of the OAuth client, or the file that was downloaded for it")


def _referenced(reference: str) -> str:
    """What a reference leads to now; "" where it cannot be had yet."""
    way, _colon, name = reference.partition(":")
    if way == "env":
        return os.environ.get(name, "")
    try:
        return Path(name).read_text("utf-8") if way == "file" else ""
    except (OSError, UnicodeDecodeError) as err:
        raise Failure(_("{path} cannot be read ({reason}).").format(path=name, reason=err)) from err


def _check_kind(account: NewAccount, kind: str) -> None:
    """Google has three kinds of files, which look alike."""
    if kind == "other" and account.auth != "app":
        raise Failure(
            _(
                "This is no file of an OAuth client (Clients > Download JSON) and no key of a service account (Keys > "
                "Add key); give the whole file, as it was downloaded."
            )
        )
    if account.auth == "app" and kind != "service_account":
        raise Failure(
            _("--auth app needs the JSON key of a service account, the whole file (Service accounts > Keys > Add key).")
        )
    right = _AUTH.get(kind)
    if right and account.auth and account.auth != right:
        said = _("This file is for --auth {right}, not for --auth {auth}.")
        raise Failure(said.format(right=right, auth=account.auth))
