"""Testing an account at Exchange or Microsoft 365 step by step. Of use to the wiring, not to the connectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from connectors.microsoft.sign_in import OAUTH, token_source
from connectors.microsoft.sign_in_scopes import GRAPH, Resource, authority_of, resource_of
from connectors.probing import At, Step, StepFailed, network, step, tried
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
from sync_engine.ports import Connector

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
_NO_MAILBOX = "For a fan-out that is right: go on with agendahub fanout add. Else set the account's mailbox."


def probe(
    settings: ConnectorSettings,
    connect: Callable[[ConnectorSettings], Connector],
    collection: str = "",
    *,
    write: bool = False,
    resource: Resource | None = None,
) -> Iterator[Step]:
    """Test an account; ends with the first step that fails, and raises nothing.

    `write`: also make and delete one item in `collection` (an id or a name), or in the first that can be written.
    """
    try:
        if settings.auth in OAUTH:
            yield from _signed_in(settings, resource or resource_of(settings))
        yield from network(At.of(settings.url or GRAPH), settings)
        if settings.auth == "app" and not settings.mailbox:
            yield Step("mailbox", True, "Not tried: the account names none.", _NO_MAILBOX)
            return
        connector = connect(replace(settings, max_wait=0.0))
        try:
            yield from tried(connector, collection, _ADVICE, write=write)
        finally:
            connector.close()
    except StepFailed as failed:
        yield failed.step


def _signed_in(settings: ConnectorSettings, resource: Resource) -> Iterator[Step]:
    place = At.of(authority_of(settings))
    for found in network(place, settings):
        yield replace(found, name=f"sign-in service, {found.name}")

    def token() -> str:
        token_source(settings, resource).token()
        return f"A token was given by {place.host}."

    yield step("sign-in", token, _SIGN_IN)
