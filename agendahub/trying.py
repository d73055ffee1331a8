"""`agendahub account test`: which steps an account of its kind is tested by."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from agendahub.failure import Failure
from agendahub.signing_in import RESOURCES
from agendahub.texts import _
from agendahub.workspace import Workspace
from config.settings import AccountSettings
from connectors import registry
from connectors.dav import probe as dav
from connectors.microsoft import probe as microsoft
from connectors.probing import Step


def steps_of(workspace: Workspace, account: AccountSettings, collection: str, write: bool | None) -> Iterator[Step]:
    """`write`: None is what is usual: DAV servers are written to, mailboxes of people are not. Raises Failure."""
    settings = workspace.connector_settings(account)
    if account.connector == "dav":
        return dav.probe(settings, collection, write=write is not False)
    if account.connector not in RESOURCES:
        raise Failure(_("Accounts of this kind cannot be tested step by step."))
    connect = partial(registry.connect, account.connector)
    return microsoft.probe(settings, connect, collection, write=bool(write), resource=RESOURCES[account.connector])
