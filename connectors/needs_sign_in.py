"""Words for an account for which somebody has to sign in, and what its admin types."""

from __future__ import annotations

import re

from connectors.settings import ConnectorSettings
from sync_engine.errors import NotAuthorised

AGAIN = "sign in again: agendahub account sign-in {account}"


def account_of(settings: ConnectorSettings) -> str:
    """What the admin calls the account, as it would be typed."""
    name = settings.options.get("account", "NAME")
    return name if re.fullmatch(r"[\w.@-]+", name) else f'"{name}"'


def not_signed_in(settings: ConnectorSettings) -> NotAuthorised:
    """Nobody has signed in yet, or somebody signed out."""
    name = account_of(settings)
    return NotAuthorised(f"Needs sign-in: nobody has signed in for this account; agendahub account sign-in {name}.")
