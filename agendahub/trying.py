"""`agendahub account test`: which steps an account of its kind is tested by."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from agendahub.account_zone import what_it_means, what_to_do, zone_is_open
from agendahub.failure import Failure
from agendahub.sign_in_end import advice, end_of, sentence
from agendahub.signing_in import GOOGLE, RESOURCES
from agendahub.texts import _
from agendahub.workspace import Workspace
from config.mail_accounts import MAIL_ONLY
from config.settings import AccountSettings
from connectors import registry
from connectors.dav import probe as dav
from connectors.microsoft import probe as microsoft
from connectors.probing import Step


def steps_of(workspace: Workspace, account: AccountSettings, collection: str, write: bool | None) -> Iterator[Step]:
    """`write`: None is what is usual: DAV servers are written to, mailboxes of people are not. Raises Failure.

    `collection`: at an IMAP server, the folder to read.
    """
    settings = workspace.connector_settings(account)
    if account.connector == "dav":
        return dav.probe(settings, collection, write=write is not False)
    if account.connector in MAIL_ONLY:
        from connectors import mail_probe

        return mail_probe.probe(settings, account.connector, collection)
    connect = partial(registry.connect, account.connector)
    if account.connector == GOOGLE:
        from connectors.google_workspace import probe as google  # its library is slow to load

        return _and_its_end(workspace, account, google.probe(settings, connect, collection, write=bool(write)))
    if account.connector not in RESOURCES:
        raise Failure(_("Accounts of this kind cannot be tested step by step."))
    resource = RESOURCES[account.connector]
    steps = microsoft.probe(settings, connect, collection, write=bool(write), resource=resource)
    return _and_its_zone(account, steps) if settings.options.get("syncs") else steps  # mails have times of their own


def _and_its_end(workspace: Workspace, account: AccountSettings, steps: Iterator[Step]) -> Iterator[Step]:
    """After the sign-in went well: a word about it if it does not last."""
    for step in steps:
        yield step
        if step.name == "sign-in" and step.ok and (end := end_of(workspace, account)):
            yield Step("sign-in lasts", True, sentence(account.name, end), advice())


def _and_its_zone(account: AccountSettings, steps: Iterator[Step]) -> Iterator[Step]:
    """After all that went well: a word about the zone if nobody said it."""
    well = True
    for step in steps:
        well = well and step.ok
        yield step
    if well and zone_is_open(account):
        yield Step("time zone", True, what_it_means(account.name, account.connector), what_to_do())
