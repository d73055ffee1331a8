"""Sign-ins that end by themselves, however they are used: at Google those of an app that is still in "Testing"."""

from __future__ import annotations

from datetime import UTC, datetime

from agendahub.moments import told
from agendahub.texts import _
from agendahub.workspace import Workspace
from config.settings import AccountSettings
from connectors.kept_sign_in import Kept


def end_of(workspace: Workspace, account: AccountSettings) -> datetime | None:
    """When the present sign-in of an account will end; None for never, or nobody knows. Raises StoreError."""
    if account.auth not in {"desktop", "web"}:
        return None
    ends_at = Kept.read(workspace.tokens(account).load()).ends_at
    return datetime.fromtimestamp(ends_at, UTC) if ends_at else None


def sentence(name: str, end: datetime) -> str:
    """For the admin."""
    return _("The sign-in of account {name} ends by itself on {end}.").format(name=name, end=told(end))


def advice() -> str:
    """What to do about it."""
    return _('If its Google project is in "Testing", publish the app, then sign in again: docs/google.md.')
