"""Testing an account at Exchange or Microsoft 365 step by step. Of use to the wiring, not to the connectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from connectors.mail import MailSource
from connectors.mail_registry import mail_source
from connectors.mailbox_probe import Connect, MailboxProbe, signed_in
from connectors.microsoft.sign_in import OAUTH, token_source
from connectors.microsoft.sign_in_scopes import GRAPH, Resource, authority_of, resource_of
from connectors.probing import At, Step, step
from connectors.settings import ConnectorSettings
from sync_engine.errors import (
    CollectionGone,
    NoAccess,
    NotAuthorised,
    OutcomeUnknown,
    Rejected,
    SuspectListing,
    Throttled,
    Unavailable,
)

_SIGN_IN = (
    (NotAuthorised, "See docs/microsoft365.md, troubleshooting."),
    (Throttled, "Wait as long as Microsoft asks for, then test again."),
)
_ADVICE = (
    (NoAccess, "See docs/exchange.md or docs/microsoft365.md: which rights are needed, and for which mailbox."),
    (NotAuthorised, "Check user name and password, or the app's permissions."),
    (CollectionGone, "Check the address and the mailbox; is there a mailbox for this user?"),
    (SuspectListing, "Check the address: something answers there, but not as Exchange does."),
    (Throttled, "Wait as long as the server asks for, then test again."),
    (Rejected, "See the server's words; the folder may be read-only or full."),
    (OutcomeUnknown, "Look into the mailbox for an item of this name and delete it; then test again."),
    (Unavailable, "Check the account's url; if it is right, test again later."),
)


def probe(
    settings: ConnectorSettings,
    connect: Connect,
    collection: str = "",
    *,
    write: bool = False,
    resource: Resource | None = None,
) -> Iterator[Step]:
    """As `MailboxProbe.run`."""
    resource = resource or resource_of(settings)
    signing_in = partial(_signed_in, resource) if settings.auth in OAUTH else None
    system = MailboxProbe(GRAPH, _ADVICE, "the account names none.", signing_in, partial(_mails, resource))
    return system.run(settings, connect, collection, write=write)


def _mails(resource: Resource, settings: ConnectorSettings) -> Iterator[Step]:
    """Whether mails can be read; none is marked, and none is sent."""
    kind = "exchange" if resource is Resource.EWS else "microsoft365"
    source = mail_source(kind, replace(settings, max_wait=0.0))
    try:
        yield step("mails", lambda: _folders(source), _ADVICE)
    finally:
        source.close()


def _folders(source: MailSource) -> str:
    names = [folder.id for folder in source.folders()]
    return f"{len(names)} folders: {', '.join(names[:20])}"


def _signed_in(resource: Resource, settings: ConnectorSettings) -> Iterator[Step]:
    place = At.of(authority_of(settings))

    def token() -> str:
        token_source(settings, resource).token()
        return f"A token was given by {place.host}."

    return signed_in(place, settings, token, _SIGN_IN)
